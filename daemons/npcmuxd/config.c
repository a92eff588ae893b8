// SPDX-License-Identifier: Apache-2.0
/* The table of keys. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include "npcmuxd.h"

static const struct conf_word locks[] = {
    { "required", CONFIG_LOCK_REQUIRED }, { "try", CONFIG_LOCK_TRY }, { "no", CONFIG_LOCK_NO }, { 0 }
};
static const struct conf_word events[] = { { "all", CONFIG_EVENTS_ALL },
                                           { "changes", CONFIG_EVENTS_CHANGES },
                                           { "failed", CONFIG_EVENTS_FAILED },
                                           { 0 } };

#define CONNS_MAX   1000000u
#define PER_UID_MAX 100000u

#define AT(member)  offsetof(struct config, member)
#define LIVE        true
#define AT_START    false

/* In the order of npcmuxd.conf(5). */
static const struct conf_key keys[] = {
    { "socket", PATH, AT(socket), "/run/npcmux/socket", AT_START, "where clients come" },
    { "socket_mode", MODE, AT(socket_mode), "0666", AT_START, "permissions of the socket", .least = 0600,
      .most = 0666 },
    { "run_as", TEXT, AT(run_as), NULL, AT_START, "user to become once the socket is open" },
    { "sandbox", SWITCH, AT(sandbox), "yes", AT_START, "give up system calls and files that are not needed" },
    { "lock_memory", WORD, AT(lock_memory), "try", AT_START, "keep secrets out of swap: required, try or no",
      locks },
    { "max_connections", NUMBER, AT(max_connections), "10000", LIVE, "local connections at a time",
      .least = 1, .most = CONNS_MAX },
    { "max_connections_per_uid", NUMBER, AT(max_connections_per_uid), "0", LIVE,
      "of one user; 0: a quarter of max_connections", .most = CONNS_MAX },
    { "max_credentials_per_uid", NUMBER, AT(max_credentials_per_uid), "64", LIVE, "credentials of one user",
      .least = 1, .most = PER_UID_MAX },
    { "max_sessions_per_uid", NUMBER, AT(max_sessions_per_uid), "256", LIVE, "sessions of one user",
      .least = 1, .most = PER_UID_MAX },
    { "max_bound_per_session", NUMBER, AT(max_bound_per_session), "64", LIVE,
      "bound pipes of a session that wait to be lent", .least = 1, .most = PER_UID_MAX },
    { "max_bound_per_uid", NUMBER, AT(max_bound_per_uid), "256", LIVE, "of all sessions of one user", .least = 1,
      .most = PER_UID_MAX },
    { "bound_idle", NUMBER, AT(bound_idle), "30", LIVE, "seconds that they wait", .least = 1,
      .most = CONF_SECONDS_MAX },
    { "workers", NUMBER, AT(workers), "8", AT_START, "threads that wait for KDCs", .least = 1, .most = 256 },
    { "session_idle", NUMBER, AT(session_idle), "60", LIVE, "seconds that a session stays without pipes",
      .least = 1, .most = CONF_SECONDS_MAX },
    { "hello_timeout", NUMBER, AT(hello_timeout), "10", LIVE,
      "seconds that a client has for its first message", .least = 1, .most = 3600 },
    { "exit_idle", NUMBER, AT(exit_idle), "600", LIVE,
      "seconds without anything to keep, then an instance that was started by its socket ends; 0: never",
      .most = CONF_SECONDS_MAX },
    { "drain_timeout", NUMBER, AT(drain_timeout), "10", LIVE,
      "seconds that what is under way has when the end comes", .most = CONF_SECONDS_MAX },
    { "log_format", WORD, AT(log_format), "text", LIVE, "text or json", conf_log_formats },
    { "log_file", PATH, AT(log_file), NULL, LIVE, "where the log goes, instead of standard error" },
    { "log_events", WORD, AT(log_events), "changes", LIVE, "what is in the log: all, changes or failed",
      events },
    { "metrics", PLACE, AT(metrics), NULL, AT_START, "socket or address:port for Prometheus; off: none" },
};
#define N_KEYS (sizeof keys / sizeof keys[0])
_Static_assert(N_KEYS <= CONF_KEYS_MAX, "CONF_KEYS_MAX is too small");

/* What differs in a user's own instance. */
static bool begin(struct conf *c, const void *options)
{
    const struct options *o = options;
    const char *dir = getenv("XDG_RUNTIME_DIR");
    static const char name[] = "/npcmux/socket";
    if (!o->own)
        return true;
    if (!conf_set_name(c, "socket_mode", "0600", false))
        return false;
    if (!dir || dir[0] != '/')
        return true; /* judge says so */
    size_t size = strlen(dir) + sizeof name;
    char *path = nt_arena_raw(c->mem, size, 1);
    if (!path)
        return false;
    snprintf(path, size, "%s%s", dir, name);
    return conf_set_name(c, "socket", path, false);
}

/* What is wrong with several keys together. */
static void judge(struct conf_reader *r, const struct conf *base, const void *options)
{
    const struct config *c = (const void *)base;
    const struct options *o = options;
    const char *dir = getenv("XDG_RUNTIME_DIR");
    struct sockaddr_un a;
    if (o->own && !conf_was_set(r, "socket") && (!dir || dir[0] != '/'))
        conf_complain(r, "XDG_RUNTIME_DIR does not say where the socket is to be; --socket does");
    if (strlen(c->socket) >= sizeof a.sun_path)
        conf_complain(r, "socket: the path of a socket has at most %zu bytes", sizeof a.sun_path - 1);
    if (o->own && c->run_as)
        conf_complain(r, "run_as: a user's own instance stays who it is");
    if (o->own && (c->socket_mode & 077))
        conf_complain(r, "socket_mode: a user's own instance serves nobody else");
    if (c->max_connections_per_uid > c->max_connections)
        conf_complain(r, "max_connections_per_uid is more than max_connections");
}

const struct conf_table config_table = {
    .program = "npcmuxd",
    .keys = keys,
    .n = N_KEYS,
    .size = sizeof(struct config),
    .begin = begin,
    .judge = judge,
};

bool config_read(const struct options *o, conf_complain_fn *complain, void *arg, struct config **ret)
{
    struct conf *c = NULL;
    if (!conf_read(&config_table, &o->base, o, complain, arg, &c))
        return false;
    *ret = (struct config *)(void *)c;
    return true;
}

void config_free(struct config *c)
{
    conf_free(c ? &c->base : NULL);
}
