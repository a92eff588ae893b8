// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "notify.h"

static bool read_address(const char *text, struct notify *n)
{
    size_t len = text ? strlen(text) : 0;
    if (!len || len >= sizeof n->to.sun_path || (text[0] != '/' && text[0] != '@'))
        return false;
    n->to.sun_family = AF_UNIX;
    memcpy(n->to.sun_path, text, len);
    n->to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    if (text[0] == '@') /* a name in no file system, which has no end but the address's */
        n->to.sun_path[0] = 0;
    else
        n->to_len++;
    return true;
}

static uint64_t read_number(const char *name)
{
    const char *text = getenv(name);
    char *end;
    uint64_t value = text && *text >= '0' && *text <= '9' ? strtoull(text, &end, 10) : 0;
    return value && !*end ? value : 0;
}

void notify_open(struct notify *n)
{
    memset(n, 0, sizeof *n);
    n->fd = -1;
    if (read_address(getenv("NOTIFY_SOCKET"), n))
        n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    uint64_t usec = read_number("WATCHDOG_USEC"), pid = read_number("WATCHDOG_PID");
    if (usec && usec < UINT64_MAX / 1000 && (!pid || pid == (uint64_t)getpid()))
        n->watchdog = usec * 1000 / 2; /* twice in the time that is given */
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

void notify_say(const struct notify *n, const char *text)
{
    if (n->fd >= 0)
        (void)!sendto(n->fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&n->to, n->to_len);
}

void notify_ready(const struct notify *n)
{
    notify_say(n, "READY=1\nSTATUS=Serving");
}

/* The time tells this reload from an earlier one. */
void notify_reloading(const struct notify *n)
{
    char text[96];
    const struct nt_env *env = nt_env_system();
    snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\nSTATUS=Reading the configuration",
             env->monotonic(env->arg) / 1000);
    notify_say(n, text);
}

void notify_stopping(const struct notify *n)
{
    notify_say(n, "STOPPING=1\nSTATUS=Waiting for calls to end");
}

static void on_tick(struct io_item *it)
{
    struct notify *n = io_container(it, struct notify, tick);
    notify_say(n, "WATCHDOG=1");
    io_timer(&n->alive, &n->tick, io_now(&n->alive) + n->watchdog);
}

static void no_data(void *engine, uint8_t *data, size_t len)
{
    (void)engine;
    (void)data;
    (void)len;
}

static void no_close(void *engine, enum nt_status why)
{
    (void)engine;
    (void)why;
}

enum nt_status notify_watchdog(struct notify *n, struct nt_loop *loop)
{
    static const struct io_ops ops = { .on_data = no_data, .on_close = no_close };
    if (n->fd < 0 || !n->watchdog)
        return STATUS_SUCCESS;
    io_stream_init(&n->alive, &ops, n, io_loop_env(loop));
    io_item_init(&n->tick, on_tick);
    enum nt_status st = io_attach(loop, &n->alive, -1);
    if (st == STATUS_SUCCESS)
        io_timer(&n->alive, &n->tick, io_loop_now(loop) + n->watchdog);
    else
        n->watchdog = 0;
    return st;
}

void notify_close(struct notify *n)
{
    if (n->alive.ops)
        io_stream_done(&n->alive);
    n->alive.ops = NULL;
    if (n->fd >= 0)
        close(n->fd);
    n->fd = -1;
}
