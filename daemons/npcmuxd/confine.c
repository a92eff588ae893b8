// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "common/os_error.h"
#include "common/sandbox.h"
#include "confine.h"
#include "warm.h"

/* Descriptors besides local connections: sessions, contents of credentials, the log, one second's accepted
 * sockets that are refused. A reload may raise max_connections as far as the limit of the start. */
#define SPARE_DESCRIPTORS 8192u
#define LEAST_DESCRIPTORS 16384u

/* Root without a user may be meant by who names a socket, for a test. A service that forgot the key is not to
 * find out later. */
static enum nt_status find_user(struct confine *f, const struct options *o, const struct config *c,
                                struct nt_error *err)
{
    if (!c->run_as && geteuid() == 0 && o->base.file && !o->own)
        return nt_error_set(
            err, STATUS_INVALID_PARAMETER,
            "run_as is not set, and this is root: say who is to serve (run_as = root, if it has to be)");
    if (!c->run_as)
        return STATUS_SUCCESS;
    f->changes = true;
    return privilege_find(c->run_as, &f->user, err);
}

/* Whoever may write there may put another socket in its place. Clients look whose it is, but would find
 * nobody. */
static enum nt_status look_at(const char *dir, const struct confine *f, bool own, struct nt_error *err)
{
    struct stat st;
    if (lstat(dir, &st) != 0)
        return os_error(err, errno, dir);
    if (S_ISLNK(st.st_mode) && stat(dir, &st) != 0)
        return os_error(err, errno, dir);
    if (!S_ISDIR(st.st_mode))
        return nt_error_set(err, STATUS_ACCESS_DENIED, "%s: not a directory", dir);
    bool ours =
        st.st_uid == geteuid() || (!own && (st.st_uid == 0 || (f->changes && st.st_uid == f->user.uid)));
    if (!ours)
        return nt_error_set(err, STATUS_ACCESS_DENIED, "%s: belongs to user %u: the socket cannot be there",
                            dir, (unsigned)st.st_uid);
    if (own && (st.st_mode & 077))
        return nt_error_set(err, STATUS_ACCESS_DENIED, "%s: others may go there; chmod 700", dir);
    if (st.st_mode & (S_IWGRP | S_IWOTH))
        return nt_error_set(err, STATUS_ACCESS_DENIED,
                            "%s: others may write there; chmod go-w, or take another directory", dir);
    return STATUS_SUCCESS;
}

static enum nt_status socket_directory(const struct confine *f, const struct options *o,
                                       const struct config *c, struct nt_error *err)
{
    char *dir = sandbox_directory(c->socket);
    struct stat st;
    enum nt_status status = STATUS_SUCCESS;
    if (!dir)
        return STATUS_NO_MEMORY;
    if (stat(dir, &st) != 0 && errno == ENOENT)
        status = privilege_directory(dir, o->own ? 0700 : 0755, f->changes ? &f->user : NULL, err);
    if (status == STATUS_SUCCESS)
        status = look_at(dir, f, o->own, err);
    free(dir);
    return status;
}

/* ---- memory ---- */

/* All of it, as far as it is used: passwords and keys pass through libraries, whose buffers nobody knows.
 * With a limit that would end in failing allocations, so there the few places that we know are locked one by
 * one (creds.c of the muxer). */
static enum nt_status lock_memory(struct confine *f, const struct config *c, struct nt_error *err)
{
    struct rlimit l = { RLIM_INFINITY, RLIM_INFINITY };
    if (c->lock_memory == CONFIG_LOCK_NO)
        return STATUS_SUCCESS;
    (void)!setrlimit(RLIMIT_MEMLOCK, &l); /* root may, and a unit has done so */
    if (getrlimit(RLIMIT_MEMLOCK, &l) != 0 || l.rlim_cur != RLIM_INFINITY)
        f->unlocked = "RLIMIT_MEMLOCK is in the way (LimitMEMLOCK=infinity in a unit)";
    else if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) != 0)
        f->unlocked = strerror(errno);
    if (f->unlocked && c->lock_memory == CONFIG_LOCK_REQUIRED)
        return nt_error_set(err, STATUS_WORKING_SET_QUOTA,
                            "memory cannot be locked: %s; lock_memory = try goes on all the same",
                            f->unlocked);
    return STATUS_SUCCESS;
}

/* ---- the steps ---- */

static const struct activate_kind kinds[SOCKETS] = {
    [SOCKET_CLIENTS] = { "npcmux", false, true },
    [SOCKET_METRICS] = { "metrics", true, true },
};

bool confine_activated(const struct confine *f)
{
    return activate_count(&f->sockets, SOCKET_CLIENTS) > 0;
}

enum nt_status confine_begin(struct confine *f, const struct options *o, const struct config *c,
                             struct nt_error *err)
{
    unsigned wanted = c->max_connections + SPARE_DESCRIPTORS;
    privilege_prepare(wanted > LEAST_DESCRIPTORS ? wanted : LEAST_DESCRIPTORS);
    notify_open(&f->notify);
    enum nt_status st = activate_read(kinds, SOCKETS, &f->sockets, err);
    if (st == STATUS_SUCCESS)
        st = find_user(f, o, c, err);
    if (st == STATUS_SUCCESS && !confine_activated(f))
        st = socket_directory(f, o, c, err);
    return st == STATUS_SUCCESS ? lock_memory(f, c, err) : st;
}

enum nt_status confine_drop(const struct confine *f, struct nt_error *err)
{
    return privilege_drop(f->changes ? &f->user : NULL, err);
}

/* ---- the sandbox ---- */

static void tell(const struct options *o, const struct sandbox_state *s, conf_complain_fn *say, void *arg)
{
    char line[128];
    if (s->none)
        snprintf(line, sizeof line, "no filter of system calls: %s", s->none);
    else
        snprintf(line, sizeof line, "sandbox: %u system calls, files by Landlock %u", s->calls, s->landlock);
    if (s->none || o->base.verbose)
        say(arg, line);
}

/* The directory of a file that libkrb5 finds by a variable: the first of a list. */
static char *krb5_directory(const char *variable)
{
    const char *list = getenv(variable);
    if (list && strncmp(list, "FILE:", 5) == 0)
        list += 5;
    char *first = list && *list == '/' ? strndup(list, strcspn(list, ":")) : NULL, *dir = sandbox_directory(first);
    free(first);
    return dir;
}

/* A user's own instance reads what its user names, and libkrb5 writes tickets into his caches. */
enum nt_status confine_enter(const struct options *o, const struct config *c, conf_complain_fn *say,
                             void *arg, struct nt_error *err)
{
    enum { SOCKET, LOG, METRICS, CACHE, FILE_OF, KRB5, DIRECTORIES };
    static const char *const resolver[] = { "/run/systemd/resolve", "/run/resolvconf",
                                            "/run/NetworkManager" };
    const char *metrics = c->metrics && c->metrics[0] == '/' ? c->metrics : NULL;
    char *dir[DIRECTORIES] = { sandbox_directory(c->socket),    sandbox_directory(c->log_file),
                               sandbox_directory(metrics),      o->own ? krb5_directory("KRB5CCNAME") : NULL,
                               sandbox_directory(o->base.file), krb5_directory("KRB5_CONFIG") };
    struct sandbox_path paths[DIRECTORIES + 6];
    struct sandbox_state s = { 0 };
    unsigned n = 0;
    const struct sandbox_rules rules = {
        .program = "npcmuxd", .connects = true, .memory_files = true, .keyrings = o->own
    };
    for (; n < DIRECTORIES; n++)
        paths[n] = (struct sandbox_path){ dir[n], n <= CACHE };
    for (unsigned i = 0; i < 3; i++)
        paths[n++] = (struct sandbox_path){ resolver[i], false };
    if (o->own) {
        paths[n++] = (struct sandbox_path){ "/", false };
        paths[n++] = (struct sandbox_path){ "/tmp", true };
        paths[n++] = (struct sandbox_path){ getenv("XDG_RUNTIME_DIR"), true };
    }
    if (c->sandbox)
        warm_up();
    enum nt_status st = c->sandbox ? sandbox_enter(&rules, paths, n, &s, err) : STATUS_SUCCESS;
    for (unsigned i = 0; i < DIRECTORIES; i++)
        free(dir[i]);
    if (st == STATUS_SUCCESS && c->sandbox)
        tell(o, &s, say, arg);
    return st;
}

void confine_end(struct confine *f)
{
    notify_close(&f->notify);
}
