// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "confine.h"
#include "common/sandbox.h"

/* Descriptors besides connections: the store with its log, log files, listeners, one second's accepted
 * sockets that are refused. A reload may raise max_connections as far as the limit of the start. */
#define SPARE_DESCRIPTORS 1024u
#define LEAST_DESCRIPTORS 16384u

/* Root without a user may be meant in an instance for a test, which is root's from then on. A service that
 * forgot the key is not to find out later. */
static enum nt_status find_user(struct confine *f, const struct options *o, const struct config *c,
                                struct nt_error *err)
{
    if (!c->user && geteuid() == 0 && !o->scratch)
        return nt_error_set(
            err, STATUS_INVALID_PARAMETER,
            "user is not set, and this is root: say who is to serve (user = root, if it has to be)");
    if (!c->user)
        return STATUS_SUCCESS;
    f->changes = true;
    return privilege_find(c->user, &f->user, err);
}

static enum nt_status make_directories(const struct confine *f, const struct options *o,
                                       const struct config *c, struct nt_error *err)
{
    const struct privilege_user *user = f->changes ? &f->user : NULL;
    char *dir = sandbox_directory(c->store);
    if (!dir)
        return STATUS_NO_MEMORY;
    enum nt_status st = privilege_directory(c->run_dir, o->scratch ? 0700 : 0755, user, err);
    if (st == STATUS_SUCCESS && access(dir, F_OK) != 0 && errno == ENOENT)
        st = privilege_directory(dir, 0700, user, err);
    free(dir);
    return st;
}

/* Wherever the user can read the file, it is read at each logon, and keys that are added later count at once.
 */
static enum nt_status hold_keytab(struct confine *f, struct config *c, struct nt_error *err)
{
    const char *path = keytab_path(c->keytab);
    if (c->keytab)
        keytab_warm_up();
    if (!path || !f->changes || geteuid() != 0 || f->user.uid == 0 || privilege_may_read(path, &f->user))
        return STATUS_SUCCESS;
    f->keytab_name = strdup(c->keytab);
    enum nt_status st = f->keytab_name ? keytab_hold(c->keytab, &f->keytab, err) : STATUS_NO_MEMORY;
    if (st == STATUS_SUCCESS)
        c->keytab = KEYTAB_IN_MEMORY;
    return st;
}

static const struct activate_kind kinds[SOCKETS] = {
    [SOCKET_SMB] = { "smb", true, false },
    [SOCKET_EPMAPPER] = { "epmapper", true, false },
    [SOCKET_RPC] = { "rpc", true, false },
    [SOCKET_METRICS] = { "metrics", true, true },
};

static int port_of(const struct activate *a, unsigned name)
{
    for (unsigned i = 0; i < a->n; i++)
        if (a->sockets[i].kind == name)
            return a->sockets[i].port;
    return CONF_PORT_OFF;
}

bool confine_serves(const struct activate *a)
{
    return a->n > activate_count(a, SOCKET_METRICS);
}

/* What clients are told of addresses and ports comes from the configuration. */
static void tell_config(const struct activate *a, struct config *c)
{
    if (!confine_serves(a))
        return;
    c->port_smb = port_of(a, SOCKET_SMB);
    c->port_epm = port_of(a, SOCKET_EPMAPPER);
    c->port_tcp = port_of(a, SOCKET_RPC);
    c->n_listen = 0;
    for (unsigned i = 0; i < a->n && c->n_listen < CONFIG_LISTEN_MAX; i++) {
        const struct activate_socket *s = &a->sockets[i];
        if (s->kind == SOCKET_SMB || (s->kind == SOCKET_RPC && c->port_smb == CONF_PORT_OFF))
            c->listen[c->n_listen++] = s->address;
    }
}

enum nt_status confine_begin(struct confine *f, const struct options *o, struct config *c,
                             struct nt_error *err)
{
    unsigned wanted = 2 * c->max_connections + SPARE_DESCRIPTORS; /* over SMB, and without */
    privilege_prepare(wanted > LEAST_DESCRIPTORS ? wanted : LEAST_DESCRIPTORS);
    notify_open(&f->notify);
    enum nt_status st = activate_read(kinds, SOCKETS, &f->sockets, err);
    if (st == STATUS_SUCCESS) {
        tell_config(&f->sockets, c);
        st = find_user(f, o, c, err);
    }
    if (st == STATUS_SUCCESS)
        st = make_directories(f, o, c, err);
    return st == STATUS_SUCCESS ? hold_keytab(f, c, err) : st;
}

void confine_again(const struct confine *f, struct config *c)
{
    if (f->keytab && c->keytab && strcmp(c->keytab, f->keytab_name) == 0)
        c->keytab = KEYTAB_IN_MEMORY;
}

enum nt_status confine_drop(const struct confine *f, struct nt_error *err)
{
    return privilege_drop(f->changes ? &f->user : NULL, err);
}

/* ---- the sandbox ---- */

static void tell(const struct options *o, const struct sandbox_state *s)
{
    if (s->none)
        fprintf(stderr, "msrpcd: no filter of system calls: %s\n", s->none);
    else if (o->base.verbose)
        fprintf(stderr, "msrpcd: sandbox: %u system calls\n", s->calls);
    if (o->base.verbose && s->landlock)
        fprintf(stderr, "msrpcd: sandbox: files by Landlock %u\n", s->landlock);
}

/* Where libkrb5 keeps what it has seen of tickets ([RFC 4120] 3.2.3): MIT's documentation of replay caches.
 */
static const char *replay_directory(void)
{
    const char *dir = getenv("KRB5RCACHEDIR");
    if (!dir)
        dir = getenv("TMPDIR");
    return dir ? dir : "/var/tmp";
}

/* Where libkrb5 is to look for its configuration, if not below /etc: the first of the files that the variable
 * names. */
static char *krb5_directory(void)
{
    const char *list = getenv("KRB5_CONFIG");
    char *first = list ? strndup(list, strcspn(list, ":")) : NULL, *dir = sandbox_directory(first);
    free(first);
    return dir;
}

enum nt_status confine_enter(const struct options *o, const struct config *c, struct nt_error *err)
{
    enum { STORE, LOG, PCAP, METRICS, FILE_OF, KEYTAB, KRB5, DIRECTORIES };
    const char *metrics = c->metrics && c->metrics[0] == '/' ? c->metrics : NULL;
    char *dir[DIRECTORIES] = { sandbox_directory(c->store),
                               sandbox_directory(c->log_file),
                               sandbox_directory(c->pcap),
                               sandbox_directory(metrics),
                               sandbox_directory(o->base.file),
                               sandbox_directory(keytab_path(c->keytab)),
                               c->keytab ? krb5_directory() : NULL };
    struct sandbox_path paths[DIRECTORIES + 2];
    static const struct sandbox_rules rules = { .program = "msrpcd" };
    struct sandbox_state s = { 0 };
    for (unsigned i = 0; i < DIRECTORIES; i++)
        paths[i] = (struct sandbox_path){ dir[i], i <= METRICS };
    paths[DIRECTORIES] = (struct sandbox_path){ c->run_dir, true };
    paths[DIRECTORIES + 1] = (struct sandbox_path){ c->keytab ? replay_directory() : NULL, true };
    enum nt_status st = c->sandbox ? sandbox_enter(&rules, paths, DIRECTORIES + 2, &s, err) : STATUS_SUCCESS;
    for (unsigned i = 0; i < DIRECTORIES; i++)
        free(dir[i]);
    if (st == STATUS_SUCCESS && c->sandbox)
        tell(o, &s);
    return st;
}

void confine_end(struct confine *f)
{
    notify_close(&f->notify);
    keytab_free(f->keytab);
    free(f->keytab_name);
    f->keytab = NULL;
    f->keytab_name = NULL;
}
