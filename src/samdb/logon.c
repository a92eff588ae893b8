// SPDX-License-Identifier: Apache-2.0
/*
 * Logging on. Reading the count, judging the password and writing the count is one transaction of the one
 * writer, so attempts of any number of processes come one after the other.
 */
#include <stdlib.h>
#include <msrpc/unistr.h>
#include "samdb/m_samdb.h"

#define MEMORY_MAX ((size_t)1 << 20)
/* A time of the last logon that is not older is left alone: a write costs a disk's flush, and nobody asks to
 * the second. */
#define LOGON_GRAIN (60 * NT_TIME_PER_SECOND)

/* A lockout that lies ahead is from before the clock was set back: it holds, and count_from_now ends that. */
bool locked_now(const struct samdb_policy *p, uint64_t locked, uint64_t now)
{
    if (!locked || !p->lockout_count)
        return false;
    return now < locked || p->lockout_span == NT_TIME_NEVER || now - locked < p->lockout_span;
}

/* ---- may this user log on now, from there? ---- */

/* [MS-SAMR] 2.2.6.5: bit 0 is the first hour of Sunday, UTC. */
static bool hours_ok(struct nt_blob hours, uint64_t now)
{
    if (hours.len != 21)
        return true;
    uint64_t hour = now / NT_TIME_PER_SECOND / 3600 + 24; /* 1601-01-01 was a Monday */
    unsigned bit = (unsigned)(hour % 168);
    return (hours.data[bit / 8] >> (bit % 8)) & 1;
}

static bool same_name(const char *a, size_t a_len, const char *b)
{
    char16_t x[257], y[257];
    size_t x_len, y_len;
    return ustr_from_utf8_wtf_buf(a, a_len, x, 257, &x_len) == STATUS_SUCCESS &&
           ustr_from_utf8_wtf_buf(b, strlen(b), y, 257, &y_len) == STATUS_SUCCESS &&
           ustr_casecmp_len(x, x_len, y, y_len) == 0;
}

static bool workstation_ok(const char *list, const char *name)
{
    while (*list) {
        size_t n = strcspn(list, ",");
        if (same_name(list, n, name))
            return true;
        list += n + (list[n] == ',');
    }
    return false;
}

/* What keeps out somebody who knows the password; in the order of [MS-APDS] 3.1.5. */
static enum nt_status restrictions(const struct samdb_user *u, const char *workstation, uint64_t now)
{
    if (u->control & UF_DISABLED)
        return STATUS_ACCOUNT_DISABLED;
    if (u->expires && u->expires <= now)
        return STATUS_ACCOUNT_EXPIRED;
    if (!hours_ok(u->hours, now))
        return STATUS_INVALID_LOGON_HOURS;
    if (u->workstations[0] && !workstation_ok(u->workstations, workstation))
        return STATUS_INVALID_WORKSTATION;
    if (u->must_change)
        return STATUS_PASSWORD_MUST_CHANGE;
    return u->control & UF_PASSWORD_EXPIRED ? STATUS_PASSWORD_EXPIRED : STATUS_SUCCESS;
}

/* ---- counting ---- */

static enum nt_status count_wrong(struct samdb *d, const struct samdb_user *u, const struct samdb_policy *p,
                                  uint64_t now)
{
    struct query q;
    bool passed =
        now >= u->bad_time && p->lockout_window != NT_TIME_NEVER && now - u->bad_time >= p->lockout_window;
    bool fresh = !u->bad_time || passed || u->locked; /* a lockout that does not hold any more */
    uint32_t n = fresh ? 1 : u->bad_count + (u->bad_count < UINT32_MAX);
    q_open(&q, d,
           "UPDATE user SET bad_count = ?, bad_time = ?, locked = ? WHERE id ="
           " (SELECT id FROM principal WHERE place = 0 AND rid = ?)");
    q_int(&q, 1, n);
    q_int(&q, 2, now);
    q_int(&q, 3, p->lockout_count && n >= p->lockout_count ? now : 0);
    q_int(&q, 4, u->rid);
    return q_run(&q);
}

/* The clock was set back behind the lockout: its span is counted from now on. */
static enum nt_status count_from_now(struct samdb *d, const struct samdb_user *u, uint64_t now)
{
    struct query q;
    if (u->locked <= now)
        return STATUS_SUCCESS;
    q_open(&q, d,
           "UPDATE user SET bad_time = ?1, locked = ?1 WHERE id ="
           " (SELECT id FROM principal WHERE place = 0 AND rid = ?2)");
    q_int(&q, 1, now);
    q_int(&q, 2, u->rid);
    return q_run(&q);
}

static enum nt_status count_right(struct samdb *d, const struct samdb_user *u, bool in, uint64_t now)
{
    struct query q;
    bool due = in && (now < u->last_logon || now - u->last_logon >= LOGON_GRAIN);
    if (!due && !u->bad_count && !u->locked)
        return STATUS_SUCCESS;
    q_open(
        &q, d,
        "UPDATE user SET bad_count = 0, locked = 0, last_logon = iif(?1, ?2, last_logon),"
        " logon_count = logon_count + ?1 WHERE id = (SELECT id FROM principal WHERE place = 0 AND rid = ?3)");
    q_int(&q, 1, due);
    q_int(&q, 2, now);
    q_int(&q, 3, u->rid);
    return q_run(&q);
}

static enum nt_status find_user(struct samdb *d, const char *name, struct nt_arena *mem,
                                struct samdb_user *ret)
{
    struct samdb_name n;
    enum nt_status st = db_read_begin(d);
    if (st != STATUS_SUCCESS)
        return st;
    st = samdb_find(d, SAMDB_ACCOUNT, name, mem, &n);
    if (st == STATUS_NONE_MAPPED || (st == STATUS_SUCCESS && n.kind != SAMDB_USER))
        st = STATUS_NO_SUCH_USER;
    if (st == STATUS_SUCCESS)
        st = samdb_user_get(d, n.rid, mem, ret);
    db_read_end(d);
    return st;
}

/* *ret: what the caller is told; what is returned says whether the transaction holds. */
static enum nt_status judge(struct samdb *d, const struct samdb_user *u, const char *workstation,
                            samdb_verify_fn *verify, void *arg, struct nt_arena *mem, enum nt_status *ret)
{
    struct samdb_policy p;
    struct samdb_keys k;
    uint64_t now = db_now(d);
    enum nt_status st = policy_get(d, &p);
    if (st == STATUS_SUCCESS)
        st = samdb_keys(d, u->rid, mem, &k);
    if (st != STATUS_SUCCESS)
        return st;
    if (locked_now(&p, u->locked, now)) {
        *ret = STATUS_ACCOUNT_LOCKED_OUT;
        st = count_from_now(d, u, now);
    } else if (!verify(arg, &k)) {
        *ret = STATUS_WRONG_PASSWORD;
        st = count_wrong(d, u, &p, now);
    } else {
        *ret = restrictions(u, workstation, now);
        st = count_right(d, u, *ret == STATUS_SUCCESS, now);
    }
    nt_wipe(&k, sizeof k);
    return st;
}

/* ---- what could not be counted ---- */

/* Counts one of them; it is forgotten when that is kept. */
static enum nt_status pay(struct samdb *d, unsigned at, struct nt_arena *mem)
{
    struct samdb_policy p;
    struct samdb_user u;
    enum nt_status st = samdb_begin(d);
    if (st != STATUS_SUCCESS)
        return st;
    st = policy_get(d, &p);
    if (st == STATUS_SUCCESS)
        st = samdb_user_get(d, d->debt[at], mem, &u);
    if (st == STATUS_SUCCESS && !locked_now(&p, u.locked, db_now(d)))
        st = count_wrong(d, &u, &p, db_now(d));
    else if (st == STATUS_NO_SUCH_USER) /* has gone meanwhile */
        st = STATUS_SUCCESS;
    st = samdb_end(d, st);
    if (st == STATUS_SUCCESS)
        d->debt[at] = d->debt[--d->n_debts];
    return st;
}

/* Before anybody is judged. */
static enum nt_status pay_for(struct samdb *d, uint32_t rid, struct nt_arena *mem)
{
    enum nt_status st = STATUS_SUCCESS;
    for (unsigned i = d->n_debts; i-- && st == STATUS_SUCCESS;)
        if (d->debt[i] == rid || d->n_debts == SAMDB_DEBTS)
            st = pay(d, i, mem);
    return st;
}

/* Nothing of the file is in doubt, but nothing can be written to it. */
static bool only_unwritten(enum nt_status st)
{
    return st == STATUS_DISK_FULL || st == STATUS_IO_DEVICE_ERROR || st == STATUS_MEDIA_WRITE_PROTECTED ||
           st == STATUS_ACCESS_DENIED;
}

/* What is told when the transaction that had the answer in it was not kept. */
static enum nt_status unkept(struct samdb *d, uint32_t rid, enum nt_status answer, enum nt_status st)
{
    if (answer == STATUS_WRONG_PASSWORD && d->n_debts < SAMDB_DEBTS)
        d->debt[d->n_debts++] = rid;
    /* a right one, and one that was not judged, leave nothing behind that others could use */
    return answer != STATUS_WRONG_PASSWORD && only_unwritten(st) ? answer : st;
}

static enum nt_status logon(struct samdb *d, const char *name, const char *workstation,
                            samdb_verify_fn *verify, void *arg, struct nt_arena *mem, uint32_t *ret_rid)
{
    struct samdb_user u = { 0 };
    enum nt_status answer = STATUS_PENDING; /* not judged */
    enum nt_status st = find_user(d, name, mem, &u);
    if (st != STATUS_SUCCESS)
        return st;
    *ret_rid = u.rid;
    st = pay_for(d, u.rid, mem);
    if (st == STATUS_SUCCESS)
        st = samdb_begin(d);
    if (st != STATUS_SUCCESS)
        return st;
    st = samdb_user_get(d, u.rid, mem, &u); /* as of this transaction */
    if (st == STATUS_SUCCESS)
        st = judge(d, &u, workstation, verify, arg, mem, &answer);
    st = samdb_end(d, st);
    if (st == STATUS_SUCCESS || answer == STATUS_PENDING)
        return st == STATUS_SUCCESS ? answer : st;
    return unkept(d, u.rid, answer, st);
}

enum nt_status samdb_logon(struct samdb *d, const char *name, const char *workstation,
                           samdb_verify_fn *verify, void *arg, uint32_t *ret_rid)
{
    struct nt_arena *mem = nt_arena_new_secret(MEMORY_MAX);
    enum nt_status st = mem ? logon(d, name, workstation, verify, arg, mem, ret_rid) : STATUS_NO_MEMORY;
    nt_arena_free(mem);
    return st;
}

/* ---- for acceptors ---- */

static enum nt_status groups_of(struct samdb *d, const struct samdb_domain *dom, const struct samdb_user *u,
                                struct nt_arena *mem, struct sec_account *ret)
{
    /* Aliases count for whoever is these, too: every logon from the network is ([MS-DTYP] 2.4.2.4). */
    struct nt_sid self[] = { { 0 },
                             { 1, 1, { 0, 0, 0, 0, 0, 1 }, { 0 } },
                             { 1, 1, { 0, 0, 0, 0, 0, 5 }, { 2 } },
                             { 1, 1, { 0, 0, 0, 0, 0, 5 }, { 11 } } };
    struct nt_sid *in;
    unsigned n;
    enum nt_status st = nt_sid_append(&dom->sid, u->rid, &self[0]);
    if (st == STATUS_SUCCESS)
        st = nt_sid_append(&dom->sid, u->primary, &ret->primary);
    if (st == STATUS_SUCCESS)
        st = samdb_memberships(d, self, 4, mem, &in, &n);
    if (st != STATUS_SUCCESS)
        return st;
    struct sec_group *g = nt_arena_array(mem, n, sizeof *g);
    if (!g)
        return STATUS_NO_MEMORY;
    for (unsigned i = 0; i < n; i++)
        g[i] = (struct sec_group){ in[i], SEC_GROUP_USUAL };
    ret->user = self[0];
    ret->groups = g;
    ret->n_groups = n;
    return STATUS_SUCCESS;
}

/* What is said of the account is of one moment. */
static enum nt_status collect(struct samdb *d, const struct samdb_user *u, struct samdb_domain *dom,
                              struct samdb_keys *k, struct nt_arena *mem, struct sec_account *ret)
{
    enum nt_status st = db_read_begin(d);
    if (st != STATUS_SUCCESS)
        return st;
    st = samdb_domain(d, mem, dom);
    if (st == STATUS_SUCCESS)
        st = samdb_keys(d, u->rid, mem, k);
    if (st == STATUS_SUCCESS && !k->has_nt) /* an account without a password lets nobody in from the network */
        st = STATUS_ACCOUNT_RESTRICTION;
    if (st == STATUS_SUCCESS)
        st = groups_of(d, dom, u, mem, ret);
    db_read_end(d);
    return st;
}

static enum nt_status fill(struct samdb *d, const struct samdb_user *u, struct nt_arena *mem,
                           struct sec_account *ret)
{
    struct samdb_domain dom;
    struct samdb_keys k;
    enum nt_status st = collect(d, u, &dom, &k, mem, ret);
    if (st != STATUS_SUCCESS)
        return st;
    memcpy(ret->nt_hash, k.nt_hash, sizeof ret->nt_hash);
    nt_wipe(&k, sizeof k);
    ret->account = u->name;
    ret->domain = dom.machine;
    ret->full_name = u->full_name;
    ret->logon_server = dom.machine;
    ret->control = u->control;
    ret->kickoff_time = u->expires;
    return st;
}

/* A logon's workstation in UTF-8; one that is no text is nobody's. */
static const char *workstation_of(const struct sec_logon *who, struct nt_arena *mem)
{
    size_t n, room = 3 * who->workstation_len + 1;
    char *s = nt_arena_raw(mem, room, 1);
    if (!s || ustr_to_utf8_wtf_buf(who->workstation, who->workstation_len, s, room, &n) != STATUS_SUCCESS)
        return "";
    return s;
}

/* For samdb_logon. */
static bool asks(void *arg, const struct samdb_keys *k)
{
    const struct sec_logon *who = arg;
    return k->has_nt && who->knows(who->knows_arg, k->nt_hash);
}

/* Without a way to ask, whoever calls compares the hash by itself: nothing is counted. */
static enum nt_status admit(struct samdb *d, const struct sec_logon *who, const char *name,
                            struct nt_arena *mem)
{
    struct samdb_user u;
    uint32_t rid;
    if (who->size > offsetof(struct sec_logon, knows_arg) && who->knows)
        return samdb_logon(d, name, workstation_of(who, mem), asks, (void *)(uintptr_t)who, &rid);
    enum nt_status st = find_user(d, name, mem, &u);
    if (st != STATUS_SUCCESS)
        return st;
    return u.control & UF_LOCKED ? STATUS_ACCOUNT_LOCKED_OUT
                                 : restrictions(&u, workstation_of(who, mem), db_now(d));
}

enum nt_status samdb_account(void *samdb, const struct sec_logon *who, struct nt_arena *mem,
                             struct sec_account *ret)
{
    struct samdb *d = samdb;
    struct samdb_user u;
    char name[3 * SAMDB_USER_NAME_MAX + 1];
    size_t n;
    if (who->user_len > SAMDB_USER_NAME_MAX ||
        ustr_to_utf8_wtf_buf(who->user, who->user_len, name, sizeof name, &n) != STATUS_SUCCESS)
        return STATUS_NO_SUCH_USER;
    enum nt_status st = admit(d, who, name, mem);
    if (st == STATUS_IO_TIMEOUT || only_unwritten(st))
        st = STATUS_NO_LOGON_SERVERS;
    if (st == STATUS_SUCCESS)
        st = find_user(d, name, mem, &u);
    return st == STATUS_SUCCESS ? fill(d, &u, mem, ret) : st;
}
