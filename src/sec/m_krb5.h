// SPDX-License-Identifier: Apache-2.0
/* Kerberos through MIT's libkrb5 and GSSAPI: where credentials come from, and what errors mean. */
#ifndef SEC_M_KRB5_H
#define SEC_M_KRB5_H

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <krb5.h>

#include "sec/m_sec.h"
#include "sec/token.h"

/* Encryption types that we agree to, in order of preference. RC4 and DES are out (CVE-2026-20833 and before).
 */
extern const krb5_enctype sec_krb5_allowed[4];
#define SEC_KRB5_ALLOWED ((int)(sizeof(sec_krb5_allowed) / sizeof(sec_krb5_allowed[0])))
extern const gss_OID_desc sec_krb5_oid;

/* What the sentence of a failure speaks of; any may be NULL. */
struct sec_krb5_about {
    const char *client; /* principal or user */
    const char *server; /* target principal */
    const char *cache;  /* ccache or keytab */
};

/* A krb5 error as status and sentence; `text` is the library's own. */
enum nt_status nt_from_krb5(long code, const char *text, const struct sec_krb5_about *about,
                            struct nt_error *err);
/* The same for a failed GSSAPI call of the krb5 mechanism. */
enum nt_status nt_from_gss(OM_uint32 major, OM_uint32 minor, const struct sec_krb5_about *about,
                           struct nt_error *err);

/* A private credential cache in memory that nobody else knows, with what the credentials give: the tickets of
 * a ccache (only read), or initial ones by password or keytab, which asks a KDC. The caller destroys
 * *ret_cache. */
enum nt_status sec_krb5_cache(krb5_context k, const struct sec_params *p, const char *server,
                              krb5_ccache *ret_cache);
/* "service/host@REALM", the realm as configured for the host, or empty for libkrb5 to find by referrals. The
 * caller frees it. */
enum nt_status sec_krb5_target(krb5_context k, const struct sec_params *p, char **ret);

/* The PAC of an accepted ticket; data empty: there is none. */
struct sec_krb5_pac {
    struct nt_blob data;
    const char *principal; /* the client's */
    krb5_timestamp authtime;
    const char *keytab, *kdc_keytab; /* the latter NULL: the KDC's signature is not looked at */
    struct nt_error *err;
};
/* Server signature by an AES key of the keytab, the client's name and time, and the KDC's signature where its
 * keytab is given. STATUS_ACCESS_DENIED, STATUS_NO_KERB_KEY with a sentence. */
enum nt_status sec_krb5_verify_pac(krb5_context k, const struct sec_krb5_pac *p);
/* The caller's token; a PAC has been verified before. */
enum nt_status sec_krb5_token(const struct sec_krb5_pac *p, const struct sec_acceptor *a, struct nt_blob key,
                              uint64_t now, uint64_t expires, struct sec_token **ret);

#endif
