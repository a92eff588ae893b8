// SPDX-License-Identifier: Apache-2.0
/* NetUseAdd and NetUseDel: on Unix the way to say as whom this process talks to a server. */
#include <stdlib.h>
#include <string.h>
#include "netapi/m_netapi.h"

enum nt_status net_default_creds(struct sec_creds **ret, struct nt_error *err)
{
    struct sec_creds_options o = SEC_CREDS_OPTIONS_INIT;
    o.mech = SEC_MECH_KRB5; /* without a name and a secret there is nothing but the cache */
    return sec_creds_new(&o, ret, err);
}

/* "\\\\server\\IPC$" (or only the server) to the server's name, UTF-8, from malloc. */
static enum nt_status remote_server(const WCHAR *remote, char **ret)
{
    const char16_t *s = (const char16_t *)remote;
    if (!s || s[0] != u'\\' || s[1] != u'\\')
        return STATUS_BAD_NETWORK_NAME;
    s += 2;
    const char16_t *end = ustr_chr(s, u'\\');
    size_t n = end ? (size_t)(end - s) : ustr_len(s);
    if (n == 0 || n > NET_MAX_SERVER || (end && ustr_casecmp(end, u"\\IPC$") != 0))
        return STATUS_BAD_NETWORK_NAME;
    return ustr_to_utf8(s, n, ret, NULL);
}

static void free_secret(char *s)
{
    if (s)
        nt_wipe(s, strlen(s));
    free(s);
}

/* NULL stays NULL; the empty string stays empty. */
static enum nt_status wide(const WCHAR *w, char **ret)
{
    *ret = NULL;
    return w ? ustr_to_utf8((const char16_t *)w, USTR_NUL, ret, NULL) : STATUS_SUCCESS;
}

static enum nt_status use_creds(const USE_INFO_2 *u, struct sec_creds **ret, struct nt_error *err)
{
    char *user = NULL, *domain = NULL, *password = NULL;
    enum nt_status st = wide(u->ui2_username, &user);
    if (st == STATUS_SUCCESS)
        st = wide(u->ui2_domainname, &domain);
    if (st == STATUS_SUCCESS)
        st = wide(u->ui2_password, &password);
    if (st == STATUS_SUCCESS) {
        struct sec_creds_options o = SEC_CREDS_OPTIONS_INIT;
        bool named = user && user[0];
        o.mech = named                              ? SEC_MECH_AUTO
                 : user && password && !password[0] ? SEC_MECH_ANONYMOUS
                                                    : SEC_MECH_KRB5;
        o.user = named ? user : NULL;
        o.domain = named ? domain : NULL;
        o.password = named ? password : NULL;
        st = sec_creds_new(&o, ret, err);
    }
    free(user);
    free(domain);
    free_secret(password);
    return st;
}

/* Proves the credentials at once, as Windows does: a wrong password is an answer of NetUseAdd, not of the
 * first call that needs them. */
static enum nt_status use_connect(struct net_call *c, const char *server)
{
    char16_t *name;
    enum nt_status st = ustr_from_utf8(server, USTR_NUL, &name, NULL);
    if (st != STATUS_SUCCESS)
        return st;
    const char *fn = c->name;
    st = net_begin(c, (const WCHAR *)name, fn);
    free(name);
    return st == STATUS_SUCCESS ? net_connect(c) : st;
}

static enum nt_status use_add(struct net_call *c, const USE_INFO_2 *u, const char *server)
{
    struct sec_creds *creds = NULL, *there = NULL;
    enum nt_status st = use_creds(u, &creds, &c->err);
    if (st == STATUS_SUCCESS)
        st = net_use_set(server, creds, &there);
    if (st == STATUS_SUCCESS && there && !sec_creds_equal(there, creds))
        st = nt_error_set(&c->err, STATUS_NETWORK_CREDENTIAL_CONFLICT,
                          "%s is in use as %s already; NetUseDel ends that use", server,
                          sec_creds_user(there));
    else if (st == STATUS_SUCCESS && (st = use_connect(c, server)) != STATUS_SUCCESS && !there)
        net_use_drop(server);
    sec_creds_unref(there);
    sec_creds_unref(creds);
    return st;
}

NET_API_STATUS NET_API_FUNCTION NetUseAdd(LMSTR UncServerName, DWORD Level, LPBYTE Buf, LPDWORD ParmError)
{
    struct net_call c = { .name = "NetUseAdd" };
    if (UncServerName)
        return net_end(&c, STATUS_NOT_SUPPORTED);
    if (Level != 1 && Level != 2)
        return net_end(&c, STATUS_INVALID_LEVEL);
    if (!Buf)
        return net_end(&c, STATUS_INVALID_PARAMETER);
    USE_INFO_2 u = { 0 };
    memcpy(&u, Buf,
           Level == 1 ? sizeof(USE_INFO_1) : sizeof(USE_INFO_2)); /* level 1 is the beginning of level 2 */
    if (Level == 1)
        u.ui2_username = u.ui2_domainname = NULL;
    DWORD bad = PARM_ERROR_NONE;
    char *server = NULL;
    enum nt_status st = STATUS_SUCCESS;
    if (u.ui2_local && u.ui2_local[0])
        bad = USE_LOCAL_PARMNUM;
    else if (u.ui2_asg_type != USE_IPC && u.ui2_asg_type != USE_WILDCARD)
        bad = USE_ASGTYPE_PARMNUM;
    else if ((st = remote_server(u.ui2_remote, &server)) != STATUS_SUCCESS)
        bad = USE_REMOTE_PARMNUM;
    if (bad == USE_ASGTYPE_PARMNUM)
        st = nt_error_set(&c.err, nt_from_werror(W_NERR_BadAsgType),
                          "only uses of \\\\server\\IPC$ are known here");
    else if (bad == USE_LOCAL_PARMNUM)
        st = nt_error_set(&c.err, STATUS_INVALID_PARAMETER,
                          "there are no drive letters to connect on this system");
    else if (bad == PARM_ERROR_NONE)
        st = use_add(&c, &u, server);
    if (ParmError)
        *ParmError = bad;
    free(server);
    return net_end(&c, st);
}

NET_API_STATUS NET_API_FUNCTION NetUseDel(LMSTR UncServerName, LMSTR UseName, DWORD ForceCond)
{
    struct net_call c = { .name = "NetUseDel" };
    if (UncServerName)
        return net_end(&c, STATUS_NOT_SUPPORTED);
    if (!UseName || ForceCond > USE_LOTS_OF_FORCE)
        return net_end(&c, STATUS_INVALID_PARAMETER);
    char *server = NULL;
    enum nt_status st = remote_server(UseName, &server);
    if (st == STATUS_SUCCESS && !net_use_drop(server))
        st =
            nt_error_set(&c.err, nt_from_werror(W_NERR_UseNotFound), "this process has no use of %s", server);
    free(server);
    return net_end(&c, st);
}
