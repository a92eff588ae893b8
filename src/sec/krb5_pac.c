// SPDX-License-Identifier: Apache-2.0
/*
 * The acceptor's look at a ticket's PAC ([MS-PAC]), and the token that comes of it. gss_accept_sec_context()
 * checks the server signature and the client's name and time, but lets a ticket whose PAC fails the check go
 * on as one whose PAC is marked as unverified. Here such a ticket is refused, and the check is made again
 * with the keytab's AES keys: a signature by an RC4 key can be forged (CVE-2022-37967).
 */
#include <stdlib.h>

#include "sec/m_krb5.h"
#include "sec/token.h"

/* Keys of one keytab that are tried: some service names with two versions of two keys each. */
#define KEYS_MAX 64u

struct keys {
    krb5_keyblock list[KEYS_MAX];
    unsigned n;
};

static bool is_aes(krb5_enctype e)
{
    for (int i = 0; i < SEC_KRB5_ALLOWED; i++)
        if (sec_krb5_allowed[i] == e)
            return true;
    return false;
}

static void keys_free(krb5_context k, struct keys *keys)
{
    while (keys->n)
        krb5_free_keyblock_contents(k, &keys->list[--keys->n]); /* wiped by the library */
}

static krb5_error_code keys_load(krb5_context k, const char *name, struct keys *ret)
{
    krb5_keytab kt;
    krb5_kt_cursor cursor;
    krb5_keytab_entry e;
    krb5_error_code code = krb5_kt_resolve(k, name, &kt);

    ret->n = 0;
    if (code)
        return code;
    code = krb5_kt_start_seq_get(k, kt, &cursor);
    if (code) {
        (void)krb5_kt_close(k, kt);
        return code;
    }
    while (ret->n < KEYS_MAX && krb5_kt_next_entry(k, kt, &e, &cursor) == 0) {
        if (is_aes(e.key.enctype) && krb5_copy_keyblock_contents(k, &e.key, &ret->list[ret->n]) == 0)
            ret->n++;
        (void)krb5_free_keytab_entry_contents(k, &e);
    }
    (void)krb5_kt_end_seq_get(k, kt, &cursor);
    (void)krb5_kt_close(k, kt);
    return ret->n ? 0 : KRB5_KT_NOTFOUND;
}

static bool verified(krb5_context k, const struct sec_krb5_pac *p, krb5_pac pac, krb5_const_principal who,
                     const struct keys *server, const struct keys *kdc)
{
    for (unsigned i = 0; i < server->n; i++) {
        if (krb5_pac_verify(k, pac, p->authtime, who, &server->list[i], NULL) != 0)
            continue;
        for (unsigned j = 0; kdc && j < kdc->n; j++)
            if (krb5_pac_verify(k, pac, p->authtime, who, &server->list[i], &kdc->list[j]) == 0)
                return true;
        return !kdc;
    }
    return false;
}

static enum nt_status refuse(const struct sec_krb5_pac *p, const char *what)
{
    return nt_error_set(p->err, STATUS_ACCESS_DENIED, "the ticket of %s has a PAC whose %s", p->principal,
                        what);
}

static enum nt_status no_key(krb5_context k, krb5_error_code code, const char *keytab, struct nt_error *err)
{
    const struct sec_krb5_about about = { .cache = keytab };
    const char *text = krb5_get_error_message(k, code);
    enum nt_status st = nt_from_krb5(code, text, &about, err);

    krb5_free_error_message(k, text);
    return st;
}

static enum nt_status verify(krb5_context k, const struct sec_krb5_pac *p, const struct keys *server,
                             const struct keys *kdc)
{
    krb5_principal who = NULL;
    krb5_pac pac = NULL;
    enum nt_status st = STATUS_SUCCESS;

    if (krb5_parse_name(k, p->principal, &who) != 0 ||
        krb5_pac_parse(k, p->data.data, p->data.len, &pac) != 0)
        st = refuse(p, "form is wrong");
    else if (!verified(k, p, pac, who, server, kdc))
        st = refuse(p, "signature is wrong, not by an AES key, or of another client");
    if (pac)
        krb5_pac_free(k, pac);
    krb5_free_principal(k, who);
    return st;
}

enum nt_status sec_krb5_verify_pac(krb5_context k, const struct sec_krb5_pac *p)
{
    struct keys *keys = calloc(2, sizeof(*keys));

    if (!keys)
        return STATUS_NO_MEMORY;
    const char *which = p->keytab;
    enum nt_status st = STATUS_SUCCESS;
    krb5_error_code code = keys_load(k, p->keytab, &keys[0]);
    if (!code && p->kdc_keytab) {
        which = p->kdc_keytab;
        code = keys_load(k, p->kdc_keytab, &keys[1]);
    }
    if (code)
        st = no_key(k, code, which, p->err);
    else
        st = verify(k, p, &keys[0], p->kdc_keytab ? &keys[1] : NULL);
    keys_free(k, &keys[0]);
    keys_free(k, &keys[1]);
    free(keys);
    return st;
}

/* Without a PAC, or with nobody to decode it, a principal is all that is known. */
enum nt_status sec_krb5_token(const struct sec_krb5_pac *p, const struct sec_acceptor *a, struct nt_blob key,
                              uint64_t now, uint64_t expires, struct sec_token **ret)
{
    struct sec_account account = { .size = sizeof(account) };
    struct sec_token_source s = { .mech = "krb5",
                                  .name = p->principal,
                                  .account = &account,
                                  .session_key = key,
                                  .now = now,
                                  .expires = expires };
    const struct sec_pac pac = { sizeof(pac), p->data, p->principal, p->kdc_keytab != NULL };
    struct nt_arena *mem = nt_arena_new_secret(0);
    enum nt_status st = STATUS_SUCCESS;

    if (!mem)
        return STATUS_NO_MEMORY;
    if (p->data.len && p->kdc_keytab)
        s.flags |= SEC_TOKEN_KDC_SIGNED;
    if (p->data.len && a->pac) {
        st = a->pac(a->pac_arg, &pac, mem, &account);
        if (st != STATUS_SUCCESS)
            st = nt_error_set(p->err, nt_ok(st) ? STATUS_ACCESS_DENIED : st,
                              "what the PAC of %s says is not believed (%s)", p->principal,
                              nt_status_name(st));
    }
    if (nt_ok(st))
        st = sec_token_new(&s, ret);
    nt_wipe(&account, sizeof(account));
    nt_arena_free(mem);
    return st;
}
