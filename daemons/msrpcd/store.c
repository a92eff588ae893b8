// SPDX-License-Identifier: Apache-2.0
/*
 * The account store of the daemon: opened, and for an instance of its own made and given a password; and the
 * thread that changes it. The loop serves everybody, so it waits for no disk and no other program: its handle
 * reads, and counts logons; all other changes are made by the worker.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <msrpc/unistr.h>
#include "crypto/crypto.h"
#include "msrpcd.h"

#define PASSWORD_VARIABLE "MSRPCD_ADMIN_PASSWORD"
#define RID_ADMIN         500

/* Two names. */
#define STORE_MEMORY ((size_t)1 << 16)

/* The password leaves the environment, which others may read, as soon as it is known. Free it with drop.
 * NULL: there is none. */
static char *take_password(void)
{
    char *there = getenv(PASSWORD_VARIABLE);
    char *copy = there && *there ? strdup(there) : NULL;
    if (there)
        nt_wipe(there, strlen(there));
    unsetenv(PASSWORD_VARIABLE);
    return copy;
}

static void drop(char *password)
{
    if (password)
        nt_wipe(password, strlen(password));
    free(password);
}

static void untidy(void *arg);

static enum nt_status make(const struct config *c, const char *password, struct nt_error *err)
{
    const struct samdb_options so = { .error = err };
    struct samdb_init init = { .machine = c->name ? c->name : "SERVER",
                               .workgroup = c->workgroup ? c->workgroup : "WORKGROUP",
                               .admin = "admin",
                               .admin_password = password };
    if (!password)
        return nt_error_set(err, STATUS_WRONG_PASSWORD,
                            PASSWORD_VARIABLE " is not set: the account admin needs a password");
    enum nt_status st = samdb_create(c->store, &init, &so);
    return st == STATUS_OBJECT_NAME_COLLISION ? STATUS_SUCCESS : st;
}

/* NTLM's hash of a password ([MS-NLMP] 3.3.1). */
static enum nt_status hash_of(const char *password, uint8_t ret[16])
{
    char16_t *wide;
    size_t len;
    enum nt_status st = ustr_from_utf8(password, strlen(password), &wide, &len);
    if (st != STATUS_SUCCESS)
        return st;
    for (size_t i = 0; i < len; i++)
        put_le16((uint8_t *)&wide[i], wide[i]);
    cr_md4(wide, 2 * len, ret);
    nt_wipe(wide, 2 * len);
    free(wide);
    return STATUS_SUCCESS;
}

/* A password that is there already is not set again: that would be a change, with another key version. */
static enum nt_status set_password(struct samdb *db, const char *password, struct nt_arena *mem)
{
    struct samdb_keys k;
    uint8_t hash[16];
    enum nt_status st = hash_of(password, hash);
    if (st == STATUS_SUCCESS)
        st = samdb_keys(db, RID_ADMIN, mem, &k);
    if (st == STATUS_SUCCESS && (!k.has_nt || memcmp(k.nt_hash, hash, sizeof hash) != 0))
        st = samdb_password_set(db, RID_ADMIN, password, strlen(password), SAMDB_PASSWORD_FORCE, false);
    nt_wipe(hash, sizeof hash);
    nt_wipe(&k, sizeof k);
    return st;
}

static enum nt_status open_it(const struct config *c, bool scratch, const char *password, struct store *s,
                              struct nt_error *err)
{
    struct samdb_options so = { .error = err, .on_loop = true, .untidy = untidy, .untidy_arg = s };
    struct samdb_domain domain;
    watch_store_options(s->watch, &so);
    enum nt_status st = samdb_open(c->store, &so, &s->db);
    if (st == STATUS_OBJECT_NAME_NOT_FOUND && scratch) {
        st = make(c, password, err);
        if (st == STATUS_SUCCESS)
            st = samdb_open(c->store, &so, &s->db);
    } else if (st == STATUS_OBJECT_NAME_NOT_FOUND) {
        return nt_error_set(err, st, "%s: there is no store; msrpcd init makes one", c->store);
    }
    if (st == STATUS_SUCCESS)
        st = samdb_second(s->db, 0, &s->writer);
    if (st == STATUS_SUCCESS && scratch && password)
        st = set_password(s->writer, password, s->mem);
    if (st == STATUS_SUCCESS)
        st = samdb_domain(s->db, s->mem, &domain);
    if (st == STATUS_SUCCESS) {
        s->machine = domain.machine;
        s->workgroup = domain.workgroup;
    }
    return st;
}

enum nt_status store_open(const struct config *c, bool scratch, struct watch *watch, struct store *s,
                          struct nt_error *err)
{
    char *password = take_password();
    uint8_t hash[16];
    *s = (struct store){ .mem = nt_arena_new_secret(STORE_MEMORY), .watch = watch };
    enum nt_status st = s->mem ? STATUS_SUCCESS : STATUS_NO_MEMORY;
    if (st == STATUS_SUCCESS && password && hash_of(password, hash) != STATUS_SUCCESS)
        st = nt_error_set(err, STATUS_WRONG_PASSWORD, PASSWORD_VARIABLE " is not UTF-8");
    nt_wipe(hash, sizeof hash);
    if (st == STATUS_SUCCESS)
        st = open_it(c, scratch, password, s, err);
    drop(password);
    if (st != STATUS_SUCCESS)
        store_close(s);
    return st;
}

/* ---- the worker ---- */

static void *work(void *loop)
{
    (void)!nt_loop_worker_run(loop);
    return NULL;
}

enum nt_status store_serve(struct store *s, struct nt_loop *loop)
{
    sigset_t all, before;
    pthread_t thread;
    enum nt_status st = nt_loop_share(loop);
    if (st != STATUS_SUCCESS)
        return st;
    sigfillset(&all); /* signals are the loop's */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&thread, NULL, work, loop);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    s->loop = loop;
    s->thread = thread;
    return STATUS_SUCCESS;
}

static void tidy_there(void *arg)
{
    samdb_tidy(((struct store *)arg)->writer);
}

static void tidy_back(void *arg)
{
    ((struct store *)arg)->tidying = false;
}

/* Comes from the loop, in a logon. */
static void untidy(void *arg)
{
    struct store *s = arg;
    if (s->loop && !s->tidying)
        s->tidying = io_loop_work(s->loop, tidy_there, tidy_back, s);
}

void store_close(struct store *s)
{
    if (s->loop) {
        nt_loop_workers_stop(s->loop);
        pthread_join(s->thread, NULL);
    }
    samdb_close(s->writer);
    samdb_close(s->db);
    nt_arena_free(s->mem);
    *s = (struct store){ .db = NULL };
}
