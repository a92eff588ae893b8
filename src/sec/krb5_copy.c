// SPDX-License-Identifier: Apache-2.0
/*
 * A Kerberos cache of any type as the octets of a cache file, for a process that cannot read the cache itself.
 * The format is version 4 of "Credential cache file format" in MIT's documentation: big-endian, a principal,
 * then credentials up to the end.
 */
#include <stdio.h>
#include "sec/m_krb5.h"

static void put16(struct wr *w, unsigned v)
{
    const uint8_t b[2] = { (uint8_t)(v >> 8), (uint8_t)v };
    wr_bytes(w, b, sizeof b);
}

static void put32(struct wr *w, uint32_t v)
{
    put16(w, v >> 16);
    put16(w, v & 0xffff);
}

static void put_data(struct wr *w, const void *p, uint32_t n)
{
    put32(w, n);
    wr_bytes(w, p, n);
}

static void put_principal(struct wr *w, krb5_const_principal p)
{
    put32(w, (uint32_t)p->type);
    put32(w, (uint32_t)p->length);
    put_data(w, p->realm.data, p->realm.length);
    for (int i = 0; i < p->length; i++)
        put_data(w, p->data[i].data, p->data[i].length);
}

static void put_addresses(struct wr *w, krb5_address *const *a)
{
    uint32_t n = 0;
    while (a && a[n])
        n++;
    put32(w, n);
    for (uint32_t i = 0; i < n; i++) {
        put16(w, (unsigned)a[i]->addrtype & 0xffff);
        put_data(w, a[i]->contents, a[i]->length);
    }
}

static void put_authdata(struct wr *w, krb5_authdata *const *a)
{
    uint32_t n = 0;
    while (a && a[n])
        n++;
    put32(w, n);
    for (uint32_t i = 0; i < n; i++) {
        put16(w, (unsigned)a[i]->ad_type & 0xffff);
        put_data(w, a[i]->contents, a[i]->length);
    }
}

static void put_cred(struct wr *w, const krb5_creds *c)
{
    put_principal(w, c->client);
    put_principal(w, c->server);
    put16(w, (unsigned)c->keyblock.enctype & 0xffff);
    put_data(w, c->keyblock.contents, c->keyblock.length);
    put32(w, (uint32_t)c->times.authtime);
    put32(w, (uint32_t)c->times.starttime);
    put32(w, (uint32_t)c->times.endtime);
    put32(w, (uint32_t)c->times.renew_till);
    wr_u8(w, c->is_skey != 0);
    put32(w, (uint32_t)c->ticket_flags);
    put_addresses(w, c->addresses);
    put_authdata(w, c->authdata);
    put_data(w, c->ticket.data, c->ticket.length);
    put_data(w, c->second_ticket.data, c->second_ticket.length);
}

static krb5_error_code put_all(krb5_context k, krb5_ccache cache, struct wr *w, struct sec_krb5_copy *ret)
{
    krb5_cc_cursor cursor;
    krb5_creds cred;
    krb5_error_code code = krb5_cc_start_seq_get(k, cache, &cursor);
    if (code)
        return code;
    while (krb5_cc_next_cred(k, cache, &cursor, &cred) == 0) {
        put_cred(w, &cred);
        if (!krb5_is_config_principal(k, cred.server)) {
            ret->tickets++;
            if ((uint32_t)cred.times.endtime > ret->ends)
                ret->ends = (uint32_t)cred.times.endtime;
        }
        krb5_free_cred_contents(k, &cred);
    }
    return krb5_cc_end_seq_get(k, cache, &cursor);
}

/* `cache` is that of sec_krb5_copy, open. */
static krb5_error_code copy(krb5_context k, krb5_ccache cache, struct wr *w, struct sec_krb5_copy *ret)
{
    krb5_principal who = NULL;
    char *name = NULL, *principal = NULL;
    krb5_error_code code = krb5_cc_get_full_name(k, cache, &name);
    if (!code) {
        snprintf(ret->name, sizeof ret->name, "%s", name);
        code = krb5_cc_get_principal(k, cache, &who);
    }
    if (!code)
        code = krb5_unparse_name(k, who, &principal);
    if (!code) {
        snprintf(ret->principal, sizeof ret->principal, "%s", principal);
        put16(w, 0x0504);
        put16(w, 0); /* no fields in the header */
        put_principal(w, who);
        code = put_all(k, cache, w, ret);
    }
    krb5_free_unparsed_name(k, principal);
    krb5_free_principal(k, who);
    krb5_free_string(k, name);
    return code;
}

enum nt_status sec_krb5_copy(const char *name, struct wr *w, struct sec_krb5_copy *ret, struct nt_error *err)
{
    struct sec_krb5_copy own = { .tickets = 0 };
    krb5_context k;
    krb5_ccache cache = NULL;
    krb5_error_code code = krb5_init_context(&k);
    if (code)
        return nt_from_krb5(code, "libkrb5 does not start", NULL, err);
    const char *called = name ? name : krb5_cc_default_name(k);
    snprintf(own.name, sizeof own.name, "%s", called ? called : "");
    code = name ? krb5_cc_resolve(k, name, &cache) : krb5_cc_default(k, &cache);
    if (!code)
        code = copy(k, cache, w, &own);
    if (!code && !own.tickets)
        code = KRB5_CC_END;
    enum nt_status st = w->st;
    if (code) {
        struct sec_krb5_about about = { .cache = own.name };
        const char *text = krb5_get_error_message(k, code);
        st = nt_from_krb5(code, text, &about, err);
        krb5_free_error_message(k, text);
    } else if (st != STATUS_SUCCESS) {
        nt_error_set(err, st, "the tickets in %s are too long", own.name);
    }
    if (cache)
        (void)krb5_cc_close(k, cache);
    krb5_free_context(k);
    if (st == STATUS_SUCCESS)
        *ret = own;
    return st;
}
