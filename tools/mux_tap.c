// SPDX-License-Identifier: Apache-2.0
/* tern mux tap: what goes over npcmuxd's pipes, as a capture. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <msrpc/npc_tap.h>
#include "capture/tape.h"
#include "mux.h"

/* Octets of the packets of one record: 64 KiB of a pipe, with what is around each of its PDUs, of 16 octets
 * at least. */
#define PACKETS_MAX ((size_t)8 << 20)

struct recorder {
    struct capture_tape tape;
    const char *file;
    int fd;
    uint64_t pdus, pipes, lost, count, last;
    int write_error;
};

static struct nt_cancel *stop;

static void on_signal(int sig)
{
    (void)sig;
    nt_cancel_fire(stop);
}

/* ---- the file ---- */

static bool put(struct recorder *r, struct wr *w)
{
    size_t done = 0;
    if (w->st != STATUS_SUCCESS)
        r->write_error = ENOMEM;
    while (!r->write_error && done < w->len) {
        ssize_t n = write(r->fd, w->base + done, w->len - done);
        if (n > 0)
            done += (size_t)n;
        else if (errno != EINTR)
            r->write_error = errno;
    }
    wr_free_secret(w);
    return !r->write_error;
}

static int file_failed(struct tern *t, const char *file, int e)
{
    char why[400];
    enum nt_status st = e == EEXIST   ? STATUS_OBJECT_NAME_COLLISION
                        : e == ENOENT ? STATUS_OBJECT_PATH_NOT_FOUND
                        : e == EACCES ? STATUS_ACCESS_DENIED
                        : e == ENOSPC ? STATUS_DISK_FULL
                                      : STATUS_UNSUCCESSFUL;
    snprintf(why, sizeof why, "%.300s: %s", file, strerror(e));
    return tern_failed(t, st, why, NULL, e == EEXIST ? "a capture is always a new file" : NULL);
}

/* No file, and no link that somebody has put there, is ever written to. */
static int open_file(struct tern *t, const char *file)
{
    if (strcmp(file, "-") == 0) {
        if (!isatty(STDOUT_FILENO))
            return STDOUT_FILENO;
        tern_usage(t, "a capture is nothing for a terminal");
        return -1;
    }
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
    if (fd < 0)
        file_failed(t, file, errno);
    return fd;
}

static bool put_head(struct recorder *r, const struct npc_tap *t)
{
    struct npc_tap_about a = { .size = sizeof a };
    char where[400];
    struct wr w;
    if (npc_tap_about(t, &a) != STATUS_SUCCESS)
        return false;
    snprintf(where, sizeof where, "%.100s on %.250s, tap %llu", a.program, a.host, (unsigned long long)a.tap);
    wr_init(&w, PACKETS_MAX);
    capture_put_head(&w, "tern mux tap",
                     "Pipes as npcmuxd lent them, in clear text but for what RPC security has sealed. Each "
                     "is a connection "
                     "of its own; server and pipe are real, TCP and SMB are made up around them.",
                     where);
    return put(r, &w);
}

/* ---- records ---- */

static bool on_opened(struct recorder *r, const struct npc_tap_record *rec, struct wr *w)
{
    struct npc_tap_pipe *p = rec->pipe;
    char comment[1400];
    snprintf(comment, sizeof comment, "server=%s peer=%s pipe=%s uid=%u pid=%u", p->server, p->peer, p->name,
             p->uid, p->pid);
    p->user = capture_tape_open(&r->tape, p->server, p->peer, p->name, comment, rec->time, w);
    r->pipes++;
    return p->user;
}

static bool on_record(void *arg, const struct npc_tap_record *rec)
{
    struct recorder *r = arg;
    struct wr w;
    bool ok = true;
    wr_init(&w, PACKETS_MAX);
    r->last = rec->time;
    if (rec->kind == NPC_TAP_OPENED)
        ok = on_opened(r, rec, &w);
    else if (rec->kind == NPC_TAP_OCTETS)
        r->pdus += capture_tape_octets(rec->pipe->user, rec->from_server, rec->time, rec->octets, &w);
    else if (rec->kind == NPC_TAP_CLOSED)
        capture_tape_close(rec->pipe->user, rec->time, &w);
    if (rec->kind == NPC_TAP_LOST) {
        r->lost += rec->records;
        capture_tape_gap(&r->tape);
        capture_put_dropped(&w, rec->time, r->lost);
    }
    if (!ok)
        r->write_error = ENOMEM;
    return put(r, &w) && ok && (!r->count || r->pdus < r->count);
}

static void gone(void *arg, struct npc_tap_pipe *p)
{
    struct recorder *r = arg;
    struct wr w;
    wr_init(&w, PACKETS_MAX);
    if (p->user)
        capture_tape_close(p->user, r->last, &w);
    (void)put(r, &w);
}

/* ---- the verb ---- */

const struct opt mux_tap_opts[] = {
    { "output", "FILE", "where the capture goes, a new file; -: standard output" },
    { "pipe", "NAME", "only pipes of this name" },
    { "pid", "PID", "only of this process" },
    { "all", NULL, "of all users (root)" },
    { "uid", "UID", "of this user (root)" },
    { "count", "N", "end after so many PDUs" },
    { "seconds", "N", "end after so long" },
    MUX_SOCKET_OPT,
    { NULL },
};

static struct npc_tap *open_tap(struct tern *t)
{
    struct npc_tap_options o = NPC_TAP_OPTIONS_INIT;
    struct npc_tap *tap = NULL;
    struct nt_error err = { "" };
    struct npc_mux *m = mux_open(t, &o.mux);
    if (!m)
        return NULL;
    npc_mux_close(m); /* it was to find out which daemon there is */
    o.server = t->n_args ? t->args[0] : NULL;
    o.pipe = tern_opt(t, "pipe");
    o.all = tern_opt(t, "all") || tern_opt(t, "uid");
    o.uid = tern_number(t, "uid", NPC_TAP_ANY, UINT32_MAX);
    o.pid = tern_number(t, "pid", 0, UINT32_MAX);
    o.timeout_ms = t->timeout_ms;
    o.error = &err;
    enum nt_status st = npc_tap_open(&o, &tap);
    if (st != STATUS_SUCCESS)
        tern_failed(t, st, err.text, NULL, o.all ? "without --all and --uid it records what is yours" : NULL);
    return tap;
}

static int report(struct tern *t, const struct recorder *r, enum nt_status st)
{
    if (r->write_error)
        return file_failed(t, r->file, r->write_error);
    if (st != STATUS_SUCCESS && st != STATUS_IO_TIMEOUT && st != STATUS_CANCELLED)
        return tern_failed(t, st, "npcmuxd has ended the tap", NULL, "what came before is in the file");
    if (r->lost)
        fprintf(stderr, "tern: mux tap: %llu records are missing: we were too slow\n",
                (unsigned long long)r->lost);
    if (r->fd != STDOUT_FILENO)
        return tern_done(t, "%llu PDUs of %llu pipes in %s", (unsigned long long)r->pdus,
                         (unsigned long long)r->pipes, r->file);
    return EXIT_OK;
}

static void catch_signals(void)
{
    struct sigaction a = { .sa_handler = on_signal };
    sigaction(SIGINT, &a, NULL);
    sigaction(SIGTERM, &a, NULL);
    signal(SIGPIPE, SIG_IGN);
}

int mux_tap(struct tern *t)
{
    struct recorder r = { .file = tern_opt(t, "output"), .fd = -1 };
    uint32_t seconds = tern_number(t, "seconds", 0, INT32_MAX / 1000);
    r.count = tern_number(t, "count", 0, UINT32_MAX);
    if (!r.file)
        return tern_usage(t, "where to? --output FILE");
    struct npc_tap *tap = nt_cancel_new(&stop) == STATUS_SUCCESS ? open_tap(t) : NULL;
    if (tap)
        r.fd = open_file(t, r.file);
    int rc = EXIT_FAILED;
    if (r.fd >= 0) {
        catch_signals();
        enum nt_status st = STATUS_SUCCESS;
        if (put_head(&r, tap)) {
            fprintf(stderr, "tern: mux tap: recording\n");
            st = npc_tap_run(tap, on_record, &r, seconds ? (int)seconds * 1000 : -1, stop);
        }
        npc_tap_close(tap, gone, &r);
        tap = NULL;
        rc = report(t, &r, st);
    }
    npc_tap_close(tap, NULL, NULL);
    capture_tape_free(&r.tape);
    if (r.fd > STDERR_FILENO && close(r.fd) != 0 && rc == EXIT_OK) {
        rc = file_failed(t, r.file, errno);
    }
    nt_cancel_unref(stop);
    return rc;
}
