// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>
#include "keytab.h"
#ifdef MSRPCD_KRB5
#include <gssapi/gssapi.h>
#include <krb5.h>
#endif

const char *keytab_path(const char *name)
{
    static const char kind[] = "FILE:";
    if (name && strncmp(name, kind, sizeof kind - 1) == 0)
        name += sizeof kind - 1;
    return name && name[0] == '/' ? name : NULL;
}

#ifdef MSRPCD_KRB5
struct keytab {
    krb5_context ctx;
    krb5_keytab copy;
};

static krb5_error_code copy_all(krb5_context ctx, krb5_keytab from, krb5_keytab to)
{
    krb5_kt_cursor cursor;
    krb5_keytab_entry e;
    krb5_error_code code = krb5_kt_start_seq_get(ctx, from, &cursor), end;
    if (code)
        return code;
    while (!(code = krb5_kt_next_entry(ctx, from, &e, &cursor))) {
        code = krb5_kt_add_entry(ctx, to, &e);
        (void)krb5_free_keytab_entry_contents(ctx, &e);
        if (code)
            break;
    }
    end = krb5_kt_end_seq_get(ctx, from, &cursor);
    return code == KRB5_KT_END ? end : code;
}

static krb5_error_code copy(struct keytab *k, const char *name)
{
    krb5_keytab from;
    krb5_error_code code = krb5_kt_resolve(k->ctx, name, &from);
    if (code)
        return code;
    code = krb5_kt_resolve(k->ctx, KEYTAB_IN_MEMORY, &k->copy);
    if (!code)
        code = copy_all(k->ctx, from, k->copy);
    (void)krb5_kt_close(k->ctx, from);
    return code;
}

enum nt_status keytab_hold(const char *name, struct keytab **ret, struct nt_error *err)
{
    struct keytab *k = calloc(1, sizeof *k);
    if (!k || krb5_init_context(&k->ctx) != 0) {
        free(k);
        return STATUS_NO_MEMORY;
    }
    krb5_error_code code = copy(k, name);
    if (code) {
        const char *text = krb5_get_error_message(k->ctx, code);
        enum nt_status st = nt_error_set(err, STATUS_NO_KERB_KEY, "keytab %s: %s", name, text);
        krb5_free_error_message(k->ctx, text);
        keytab_free(k);
        return st;
    }
    *ret = k;
    return STATUS_SUCCESS;
}

void keytab_warm_up(void)
{
    OM_uint32 minor;
    gss_OID_set mechs;
    if (gss_indicate_mechs(&minor, &mechs) == GSS_S_COMPLETE)
        (void)gss_release_oid_set(&minor, &mechs);
}

void keytab_free(struct keytab *k)
{
    if (!k)
        return;
    if (k->copy)
        (void)krb5_kt_close(k->ctx, k->copy);
    krb5_free_context(k->ctx);
    free(k);
}
#else
struct keytab {
    char none;
};

enum nt_status keytab_hold(const char *name, struct keytab **ret, struct nt_error *err)
{
    (void)ret;
    return nt_error_set(err, STATUS_NOT_SUPPORTED, "keytab %s: built without Kerberos", name);
}

void keytab_warm_up(void)
{
}

void keytab_free(struct keytab *k)
{
    free(k);
}
#endif
