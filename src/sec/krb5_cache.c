// SPDX-License-Identifier: Apache-2.0
/*
 * Where Kerberos credentials come from. Everything ends in a private ccache in memory: libkrb5 stores each
 * service ticket that it gets in the cache that it works on, and a user's own cache is never written to.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sec/m_krb5.h"

/* The ones of Windows first: a peer may pick the first that it knows for the session, and Samba, which knows
 * the others, miscounts their longer signatures (4.17 answers DCERPC_FAULT_OTHER at integrity level). */
const krb5_enctype sec_krb5_allowed[4] = { ENCTYPE_AES256_CTS_HMAC_SHA1_96, ENCTYPE_AES128_CTS_HMAC_SHA1_96,
                                           ENCTYPE_AES256_CTS_HMAC_SHA384_192,
                                           ENCTYPE_AES128_CTS_HMAC_SHA256_128 };

static enum nt_status fail(krb5_context k, krb5_error_code code, const struct sec_krb5_about *about,
                           struct nt_error *err)
{
    const char *text = krb5_get_error_message(k, code);
    enum nt_status st = nt_from_krb5(code, text, about, err);

    krb5_free_error_message(k, text);
    return st;
}

/* ---- realms: from malloc(), NULL when there is none ---- */

static krb5_error_code copy_text(const char *s, char **ret)
{
    *ret = strdup(s);
    return *ret ? 0 : ENOMEM;
}

/* The realm that [domain_realm] maps the host to. Asks no DNS unless krb5.conf says so. */
static krb5_error_code host_realm(krb5_context k, const char *host, char **ret)
{
    char **realms = NULL;
    krb5_error_code code = 0;

    *ret = NULL;
    if (!host || krb5_get_host_realm(k, host, &realms) != 0)
        return 0;
    if (realms[0] && realms[0][0])
        code = copy_text(realms[0], ret);
    krb5_free_host_realm(k, realms);
    return code;
}

/* The default realm if it fits: its name is the host's domain, or its first label the NetBIOS domain. */
static krb5_error_code default_realm(krb5_context k, const char *host, const char *netbios, char **ret)
{
    char *realm = NULL;
    krb5_error_code code = 0;

    *ret = NULL;
    if (krb5_get_default_realm(k, &realm) != 0)
        return 0;
    const char *dot = host ? strchr(host, '.') : NULL;
    if (*netbios ? sec_same_name(netbios, strlen(netbios), realm, strcspn(realm, "."))
                 : dot && sec_same_name(dot + 1, strlen(dot + 1), realm, strlen(realm)))
        code = copy_text(realm, ret);
    krb5_free_default_realm(k, realm);
    return code;
}

/* The realm of a user with a password or keytab. */
static krb5_error_code user_realm(krb5_context k, const struct sec_params *p, char **ret)
{
    const char *domain = p->creds->domain;
    krb5_error_code code = 0;

    *ret = NULL;
    if (strchr(domain, '.') || p->creds->upn) {
        code = copy_text(domain, ret);
        /* Active Directory's realms are in upper case whatever the user writes, and libkrb5 minds */
        for (char *s = *ret; s && *s; s++)
            if (*s >= 'a' && *s <= 'z')
                *s = (char)(*s - 'a' + 'A');
        return code;
    }
    if (!*domain)
        code = host_realm(k, p->host, ret);
    return code || *ret ? code : default_realm(k, p->host, domain, ret);
}

bool sec_krb5_applicable(const struct sec_params *p)
{
    const struct sec_creds *c = p->creds;
    krb5_context k;
    char *realm;

    if (!p->host || sec_is_address(p->host) || !c)
        return false;
    if (c->ccache || c->keytab || (!c->password && !c->has_hash))
        return true;
    if (!c->password)
        return false;
    if (krb5_init_context(&k) != 0)
        return false;
    /* without memory Kerberos is taken, and fails: not a reason for NTLM */
    bool yes = user_realm(k, p, &realm) != 0 || realm;
    krb5_free_context(k);
    free(realm);
    return yes;
}

enum nt_status sec_krb5_target(krb5_context k, const struct sec_params *p, char **ret)
{
    size_t n = strlen(p->host);
    char *realm, *name = NULL;

    if (n > 1 && p->host[n - 1] == '.') /* a name that is known to be complete */
        n--;
    if (host_realm(k, p->host, &realm) != 0 ||
        asprintf(&name, "%s/%.*s@%s", p->service, (int)n, p->host, realm ? realm : "") < 0)
        name = NULL;
    free(realm);
    if (!name)
        return nt_error_set(p->err, STATUS_NO_MEMORY, "no memory for Kerberos");
    *ret = name;
    return STATUS_SUCCESS;
}

/* ---- initial credentials ---- */

/* user@REALM; without a realm libkrb5's default one, or its complaint that there is none */
static enum nt_status client_principal(krb5_context k, const struct sec_params *p, krb5_principal *ret)
{
    struct sec_krb5_about about = { .client = p->creds->user };
    char *realm, *def = NULL;
    krb5_error_code code = user_realm(k, p, &realm);

    if (!code && !realm && *p->creds->domain)
        code = copy_text(p->creds->domain, &realm);
    if (!code && !realm)
        code = krb5_get_default_realm(k, &def);
    const char *name = realm ? realm : def;
    if (!code)
        code = krb5_build_principal(k, ret, (unsigned)strlen(name), name, p->creds->user, (char *)NULL);
    krb5_free_default_realm(k, def);
    free(realm);
    return code ? fail(k, code, &about, p->err) : STATUS_SUCCESS;
}

static krb5_error_code log_on(krb5_context k, const struct sec_creds *c, krb5_principal who,
                              krb5_ccache cache)
{
    krb5_get_init_creds_opt *opt = NULL;
    krb5_keytab keytab = NULL;
    krb5_creds got;
    krb5_enctype etypes[SEC_KRB5_ALLOWED];

    memset(&got, 0, sizeof(got));
    memcpy(etypes, sec_krb5_allowed, sizeof(etypes));
    krb5_error_code code = krb5_get_init_creds_opt_alloc(k, &opt);
    if (code)
        return code;
    krb5_get_init_creds_opt_set_canonicalize(opt, 1);
    krb5_get_init_creds_opt_set_etype_list(opt, etypes, SEC_KRB5_ALLOWED);
    krb5_get_init_creds_opt_set_change_password_prompt(opt, 0);
    code = krb5_get_init_creds_opt_set_out_ccache(k, opt, cache);
    if (!code && c->keytab)
        code = krb5_kt_resolve(k, c->keytab, &keytab);
    if (!code && keytab) /* otherwise a missing file looks like a failed preauthentication */
        code = krb5_kt_have_content(k, keytab);
    if (!code)
        code = keytab ? krb5_get_init_creds_keytab(k, &got, who, keytab, 0, NULL, opt)
                      : krb5_get_init_creds_password(k, &got, who, c->password, NULL, NULL, 0, NULL, opt);
    krb5_free_cred_contents(k, &got);
    if (keytab)
        (void)krb5_kt_close(k, keytab);
    krb5_get_init_creds_opt_free(k, opt);
    return code;
}

static enum nt_status from_secret(krb5_context k, const struct sec_params *p, const char *server,
                                  krb5_ccache cache)
{
    krb5_principal who = NULL;
    char *name = NULL;
    enum nt_status st = client_principal(k, p, &who);

    if (!nt_ok(st))
        return st;
    if (krb5_unparse_name(k, who, &name) != 0)
        name = NULL;
    struct sec_krb5_about about = { .client = name ? name : p->creds->user,
                                    .server = server,
                                    .cache = p->creds->keytab };
    krb5_error_code code = log_on(k, p->creds, who, cache);
    if (code == KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN) /* krbtgt: the realm, not the service */
        code = KRB5_REALM_UNKNOWN;
    if (code)
        st = fail(k, code, &about, p->err);
    krb5_free_unparsed_name(k, name);
    krb5_free_principal(k, who);
    return st;
}

/* ---- tickets that are there already ---- */

/* libkrb5 makes the directory of a DIR cache, and its file "primary", just by looking: so look first. */
static krb5_error_code check_dir(const char *name)
{
    char *primary;

    if (!name || strncmp(name, "DIR:", 4) != 0 || name[4] == ':')
        return 0;
    if (asprintf(&primary, "%s/primary", name + 4) < 0)
        return ENOMEM;
    int there = access(primary, R_OK);
    free(primary);
    return there == 0 ? 0 : KRB5_FCC_NOFILE;
}

/* The named cache; else, of the default collection, the user's or the primary one. */
static krb5_error_code open_cache(krb5_context k, const struct sec_params *p, krb5_ccache *ret)
{
    krb5_principal who = NULL;
    krb5_error_code code = check_dir(p->creds->ccache ? p->creds->ccache : krb5_cc_default_name(k));

    if (code)
        return code;
    if (p->creds->ccache)
        return krb5_cc_resolve(k, p->creds->ccache, ret);
    if (!*p->creds->user || !nt_ok(client_principal(k, p, &who)))
        return krb5_cc_default(k, ret);
    code = krb5_cc_cache_match(k, who, ret);
    krb5_free_principal(k, who);
    return code;
}

/* A cache whose tickets have all expired gives a better sentence here than later. */
static krb5_error_code check_lifetime(krb5_context k, krb5_ccache cache)
{
    krb5_cc_cursor cursor;
    krb5_creds cred;
    krb5_timestamp now;
    bool any = false, valid = false;
    krb5_error_code code = krb5_timeofday(k, &now);

    if (!code)
        code = krb5_cc_start_seq_get(k, cache, &cursor);
    if (code)
        return code;
    while (krb5_cc_next_cred(k, cache, &cursor, &cred) == 0) {
        if (!krb5_is_config_principal(k, cred.server)) {
            any = true;
            valid |= (uint32_t)cred.times.endtime > (uint32_t)now; /* unsigned: good until 2106 */
        }
        krb5_free_cred_contents(k, &cred);
    }
    (void)krb5_cc_end_seq_get(k, cache, &cursor);
    return !any ? KRB5_CC_END : valid ? 0 : KRB5KRB_AP_ERR_TKT_EXPIRED;
}

/* A user who is named must be the one whose tickets these are: never log on as somebody else. */
static bool is_user(const struct sec_creds *c, krb5_principal who)
{
    const krb5_data *name = who->length > 0 ? &who->data[0] : NULL;

    return !*c->user || (name && sec_same_name(name->data, name->length, c->user, strlen(c->user)));
}

static enum nt_status from_cache(krb5_context k, const struct sec_params *p, const char *server,
                                 krb5_ccache cache)
{
    struct sec_krb5_about about = { .client = p->creds->user, .server = server, .cache = p->creds->ccache };
    krb5_ccache theirs = NULL;
    krb5_principal who = NULL;
    char *name = NULL;
    enum nt_status st = STATUS_SUCCESS;
    krb5_error_code code = open_cache(k, p, &theirs);

    if (!code && krb5_cc_get_full_name(k, theirs, &name) == 0)
        about.cache = name;
    if (!code)
        code = krb5_cc_get_principal(k, theirs, &who);
    if (!code && !is_user(p->creds, who))
        st = nt_error_set(p->err, STATUS_NO_SUCH_LOGON_SESSION, "the tickets in %s are not those of %s",
                          about.cache, p->creds->user);
    if (!code && nt_ok(st))
        code = check_lifetime(k, theirs);
    if (!code && nt_ok(st))
        code = krb5_cc_initialize(k, cache, who);
    if (!code && nt_ok(st))
        code = krb5_cc_copy_creds(k, theirs, cache);
    if (code)
        st = fail(k, code, &about, p->err);
    krb5_free_string(k, name);
    krb5_free_principal(k, who);
    if (theirs)
        (void)krb5_cc_close(k, theirs);
    return st;
}

enum nt_status sec_krb5_cache(krb5_context k, const struct sec_params *p, const char *server,
                              krb5_ccache *ret_cache)
{
    struct sec_krb5_about about = { .client = p->creds->user, .server = server };
    krb5_ccache cache = NULL;
    krb5_error_code code = krb5_cc_new_unique(k, "MEMORY", NULL, &cache);

    if (code)
        return fail(k, code, &about, p->err);
    enum nt_status st = p->creds->password || p->creds->keytab ? from_secret(k, p, server, cache)
                                                               : from_cache(k, p, server, cache);
    if (!nt_ok(st)) {
        (void)krb5_cc_destroy(k, cache);
        return st;
    }
    *ret_cache = cache;
    return STATUS_SUCCESS;
}
