// SPDX-License-Identifier: Apache-2.0
/* Kerberos failures in plain words: which principal, what the KDC or the cache said, what usually helps. */
#include <errno.h>
#include <string.h>

#include "sec/m_krb5.h"

enum subject { ABOUT_NOTHING, ABOUT_CLIENT, ABOUT_SERVER, ABOUT_CACHE };

static const struct {
    long code;
    enum nt_status st;
    enum subject subject;
    const char *text; /* "%s" is the subject */
} rows[] = {
    { KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN, STATUS_LOGON_FAILURE, ABOUT_CLIENT,
      "the KDC does not know the user %s; an account of the server itself is written SERVER\\user" },
    { KRB5KDC_ERR_PREAUTH_FAILED, STATUS_LOGON_FAILURE, ABOUT_CLIENT, "the password or key of %s is wrong" },
    { KRB5KRB_AP_ERR_BAD_INTEGRITY, STATUS_LOGON_FAILURE, ABOUT_CLIENT,
      "the password or key of %s is wrong" },
    { KRB5KDC_ERR_CLIENT_REVOKED, STATUS_ACCOUNT_RESTRICTION, ABOUT_CLIENT,
      "the account of %s is locked out or disabled" },
    { KRB5KDC_ERR_NAME_EXP, STATUS_ACCOUNT_EXPIRED, ABOUT_CLIENT, "the account of %s has expired" },
    { KRB5KDC_ERR_KEY_EXP, STATUS_PASSWORD_EXPIRED, ABOUT_CLIENT,
      "the password of %s has expired and must be changed" },
    { KRB5KDC_ERR_POLICY, STATUS_ACCOUNT_RESTRICTION, ABOUT_CLIENT,
      "the KDC's policy does not let %s log on here or now" },
    { KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN, STATUS_KDC_UNABLE_TO_REFER, ABOUT_SERVER,
      "the KDC does not know the service %s; give the server's full DNS name, or use NTLM for a server "
      "outside the domain" },
    { KRB5KDC_ERR_ETYPE_NOSUPP, STATUS_KDC_UNKNOWN_ETYPE, ABOUT_CLIENT,
      "the KDC has no AES key for %s or the server: changing the password makes one" },
    { KRB5_CONFIG_ETYPE_NOSUPP, STATUS_KDC_UNKNOWN_ETYPE, ABOUT_NOTHING,
      "the Kerberos configuration of this machine allows no AES" },
    { KRB5_CC_NOT_KTYPE, STATUS_KDC_UNKNOWN_ETYPE, ABOUT_SERVER, "there is no AES ticket for %s" },
    { KRB5KRB_AP_ERR_SKEW, STATUS_TIME_DIFFERENCE_AT_DC, ABOUT_NOTHING,
      "the clocks of this machine and the KDC or server differ by more than five minutes" },
    { KRB5_KDCREP_SKEW, STATUS_TIME_DIFFERENCE_AT_DC, ABOUT_NOTHING,
      "the clocks of this machine and the KDC differ by more than five minutes" },
    { KRB5_KDC_UNREACH, STATUS_NO_LOGON_SERVERS, ABOUT_CLIENT, "no KDC answers for %s" },
    { KRB5_REALM_CANT_RESOLVE, STATUS_NO_LOGON_SERVERS, ABOUT_CLIENT,
      "the address of the KDC for %s cannot be found" },
    { KRB5_REALM_UNKNOWN, STATUS_NO_LOGON_SERVERS, ABOUT_CLIENT,
      "no KDC is known for the realm of %s, neither by krb5.conf nor by DNS" },
    { KRB5_CONFIG_NODEFREALM, STATUS_NO_SUCH_DOMAIN, ABOUT_CLIENT,
      "%s has no realm and this machine no default one: write user@REALM" },
    { KRB5KRB_AP_ERR_TKT_EXPIRED, STATUS_NO_SUCH_LOGON_SESSION, ABOUT_CACHE,
      "the Kerberos tickets in %s have expired: kinit gets new ones" },
    { KRB5KRB_AP_ERR_TKT_NYV, STATUS_TIME_DIFFERENCE_AT_DC, ABOUT_CACHE,
      "the Kerberos tickets in %s are not valid yet: is the clock right?" },
    { KRB5_FCC_NOFILE, STATUS_NO_SUCH_LOGON_SESSION, ABOUT_CACHE,
      "there are no Kerberos tickets in %s: kinit gets some" },
    { KRB5_CC_NOTFOUND, STATUS_NO_SUCH_LOGON_SESSION, ABOUT_CACHE, "there is no ticket of this user in %s" },
    { KRB5_CC_END, STATUS_NO_SUCH_LOGON_SESSION, ABOUT_CACHE,
      "there are no Kerberos tickets in %s: kinit gets some" },
    { KRB5_CC_UNKNOWN_TYPE, STATUS_INVALID_PARAMETER, ABOUT_CACHE,
      "%s is not a ccache that this libkrb5 knows" },
    { KRB5_CC_BADNAME, STATUS_INVALID_PARAMETER, ABOUT_CACHE, "%s is not the name of a ccache" },
    { KRB5_CC_FORMAT, STATUS_INVALID_PARAMETER, ABOUT_CACHE, "%s is not a ccache" },
    { KRB5_CCACHE_BADVNO, STATUS_INVALID_PARAMETER, ABOUT_CACHE, "%s is not a ccache" },
    { KRB5_FCC_PERM, STATUS_ACCESS_DENIED, ABOUT_CACHE, "the ccache %s may not be read" },
    { KRB5_KCM_NO_SERVER, STATUS_NO_SUCH_LOGON_SESSION, ABOUT_CACHE,
      "no KCM service runs that would keep %s" },
    { KRB5_KT_NOTFOUND, STATUS_NO_KERB_KEY, ABOUT_CACHE, "there is no fitting key in the keytab %s" },
    { KRB5_KT_UNKNOWN_TYPE, STATUS_INVALID_PARAMETER, ABOUT_CACHE,
      "%s is not a keytab that this libkrb5 knows" },
    { KRB5_KEYTAB_BADVNO, STATUS_INVALID_PARAMETER, ABOUT_CACHE, "%s is not a keytab" },
    { KRB5KRB_AP_ERR_MODIFIED, STATUS_MUTUAL_AUTHENTICATION_FAILED, ABOUT_SERVER,
      "the server cannot read the ticket for %s: its name belongs to another account, or its key has "
      "changed" },
    { KRB5KRB_AP_ERR_REPEAT, STATUS_LOGON_FAILURE, ABOUT_NOTHING,
      "the Kerberos token was sent a second time" },
    { KRB5_PARSE_MALFORMED, STATUS_INVALID_PARAMETER, ABOUT_CLIENT, "%s is not a Kerberos name" },
    { KRB5_PREAUTH_FAILED, STATUS_LOGON_FAILURE, ABOUT_CLIENT,
      "%s cannot log on by password alone, the KDC asks for more" },
    { ENOMEM, STATUS_NO_MEMORY, ABOUT_NOTHING, "no memory for Kerberos" },
    { EACCES, STATUS_ACCESS_DENIED, ABOUT_CACHE, "%s may not be read" },
    { ENOENT, STATUS_NO_SUCH_LOGON_SESSION, ABOUT_CACHE, "%s does not exist" },
};

static const char own_file[] = "FILE:/proc/self/fd/";

static const char *subject_of(enum subject s, const struct sec_krb5_about *a)
{
    const char *name = s == ABOUT_CLIENT ? a->client : s == ABOUT_SERVER ? a->server : a->cache;

    if (s == ABOUT_CACHE && name && strncmp(name, own_file, sizeof own_file - 1) == 0)
        return "the copy that was sent"; /* to npcmuxd(8): a file without a name that anybody knows */
    if (name && *name)
        return name;
    return s == ABOUT_CLIENT ? "this user" : s == ABOUT_SERVER ? "this server" : "the default ccache";
}

enum nt_status nt_from_krb5(long code, const char *text, const struct sec_krb5_about *about,
                            struct nt_error *err)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].code != code)
            continue;
        const char *mark = strstr(rows[i].text, "%s");

        if (!mark)
            return nt_error_set(err, rows[i].st, "%s", rows[i].text);
        return nt_error_set(err, rows[i].st, "%.*s%s%s", (int)(mark - rows[i].text), rows[i].text,
                            subject_of(rows[i].subject, about), mark + 2);
    }
    return nt_error_set(err, STATUS_LOGON_FAILURE, "Kerberos from %s to %s failed: %s",
                        subject_of(ABOUT_CLIENT, about), subject_of(ABOUT_SERVER, about),
                        text && *text ? text : "for an unknown reason");
}

static enum nt_status from_major(OM_uint32 major, enum nt_status st)
{
    switch (GSS_ROUTINE_ERROR(major)) {
    case GSS_S_BAD_SIG:
        return STATUS_ACCESS_DENIED;
    case GSS_S_DEFECTIVE_TOKEN:
        return STATUS_INVALID_NETWORK_RESPONSE;
    case GSS_S_BAD_BINDINGS:
        return STATUS_BAD_BINDINGS;
    default:
        return st;
    }
}

enum nt_status nt_from_gss(OM_uint32 major, OM_uint32 minor, const struct sec_krb5_about *about,
                           struct nt_error *err)
{
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    OM_uint32 ignored, more = 0;
    char copy[200] = "";

    /* the mechanism's text when it has one, else that of the routine */
    if (minor ? GSS_ERROR(gss_display_status(&ignored, minor, GSS_C_MECH_CODE,
                                             (gss_OID)(uintptr_t)&sec_krb5_oid, &more, &text))
              : GSS_ERROR(gss_display_status(&ignored, major, GSS_C_GSS_CODE, GSS_C_NO_OID, &more, &text)))
        text.length = 0;
    if (text.length) {
        size_t n = text.length < sizeof(copy) - 1 ? text.length : sizeof(copy) - 1;

        memcpy(copy, text.value, n);
        copy[n] = '\0';
    }
    (void)gss_release_buffer(&ignored, &text);
    /* krb5 codes are signed 32-bit numbers, minor codes unsigned */
    enum nt_status st = nt_from_krb5((long)(int32_t)minor, copy, about, err);
    return st == STATUS_LOGON_FAILURE ? from_major(major, st) : st;
}
