// SPDX-License-Identifier: Apache-2.0
/*
 * Setting and changing passwords over samr. Which of its three forms a password takes is decided here and
 * told in docs/passwords.md: what the server announces is used, and a weaker form only after the server has
 * said that it does not know the stronger one.
 */
#include <string.h>

#include <msrpc/samr.h>
#include "msrpc/samr_password.h"
#include "netapi/m_sam.h"

enum nt_status sam_password(struct net_call *c, const WCHAR *s, struct sam_password *ret)
{
    *ret = (struct sam_password){ (const char16_t *)s, s ? ustr_len((const char16_t *)s) : 0 };
    return samr_password_check(ret->units, &c->err);
}

/* The key that both ends of an SMB session know; passwords go nowhere without it. */
static enum nt_status session_key(struct net_call *c, const uint8_t **ret)
{
    struct rpc_conn *conn;
    struct nt_blob key;
    enum nt_status st = net_rpc(c, &samr_interface, &conn);
    if (st != STATUS_SUCCESS)
        return st;
    st = rpc_conn_session_key(conn, &key);
    if (st == STATUS_SUCCESS && key.len < SAMR_KEY_SIZE)
        st = STATUS_NO_USER_SESSION_KEY;
    if (st != STATUS_SUCCESS)
        return nt_error_set(
            &c->err, STATUS_NO_USER_SESSION_KEY,
            "%s: passwords need a named pipe (ncacn_np) without RPC security: only an SMB session has the "
            "key that hides them",
            c->srv->name);
    *ret = key.data;
    return STATUS_SUCCESS;
}

/* What a server says of a level of SamrSetInformationUser2 that it has never heard of. */
static bool unknown_level(enum nt_status st)
{
    return st == STATUS_INVALID_INFO_CLASS || st == RPC_NT_INVALID_TAG ||
           st == RPC_NT_ENUM_VALUE_OUT_OF_RANGE;
}

static enum nt_status set_level(struct net_call *c, const struct ndr_handle *h,
                                enum samr_USER_INFORMATION_CLASS level,
                                const union samr_SAMPR_USER_INFO_BUFFER *b)
{
    struct samr_SamrSetInformationUser2 r = { .in.UserHandle = *h,
                                              .in.UserInformationClass = level,
                                              .in.Buffer = *b };
    enum nt_status st = sam_run(c, &samr_SamrSetInformationUser2_op, &r, &r.out.result);
    nt_wipe(&r, sizeof r);
    return st;
}

static void lend_aes(struct samr_SAMPR_ENCRYPTED_PASSWORD_AES *to, struct samr_aes_password *p,
                     uint64_t iterations)
{
    memcpy(to->AuthData, p->auth_data, sizeof to->AuthData);
    memcpy(to->Salt, p->salt, sizeof to->Salt);
    to->cbCipher = sizeof p->cipher;
    to->Cipher = p->cipher;
    to->PBKDF2Iterations = iterations;
}

static enum nt_status set_aes(struct net_call *c, const struct ndr_handle *h,
                              const struct samr_SAMPR_USER_ALL_INFORMATION *all, const struct sam_password *p,
                              const uint8_t *key)
{
    union samr_SAMPR_USER_INFO_BUFFER b = { .Internal8.I1 = *all };
    struct samr_aes_password aes;
    enum nt_status st = samr_password_aes(key, p->s, p->units, NULL, NULL, &aes);
    if (st == STATUS_SUCCESS) {
        lend_aes(&b.Internal8.UserPassword, &aes,
                 0); /* the key comes from no password: [MS-SAMR] 3.1.5.6.4.6 */
        st = set_level(c, h, samr_UserInternal8Information, &b);
    }
    return st;
}

static enum nt_status set_rc4(struct net_call *c, const struct ndr_handle *h,
                              const struct samr_SAMPR_USER_ALL_INFORMATION *all, const struct sam_password *p,
                              const uint8_t *key)
{
    union samr_SAMPR_USER_INFO_BUFFER b = { .Internal4New.I1 = *all };
    enum nt_status st =
        samr_password_rc4_salted(key, p->s, p->units, NULL, b.Internal4New.UserPassword.Buffer);
    if (st == STATUS_SUCCESS)
        st = set_level(c, h, samr_UserInternal4InformationNew, &b);
    if (!unknown_level(st))
        return st;
    c->err.text[0] = 0;
    b = (union samr_SAMPR_USER_INFO_BUFFER){ .Internal4.I1 = *all };
    st = samr_password_rc4(key, p->s, p->units, NULL, b.Internal4.UserPassword.Buffer);
    return st == STATUS_SUCCESS ? set_level(c, h, samr_UserInternal4Information, &b) : st;
}

enum nt_status sam_set_user(struct net_call *c, const struct ndr_handle *h,
                            struct samr_SAMPR_USER_ALL_INFORMATION *all, const struct sam_password *p)
{
    if (!p->s) {
        union samr_SAMPR_USER_INFO_BUFFER b = { .All = *all };
        return all->WhichFields ? set_level(c, h, samr_UserAllInformation, &b) : STATUS_SUCCESS;
    }
    const uint8_t *lent;
    uint8_t key[SAMR_KEY_SIZE];
    enum nt_status st = session_key(c, &lent);
    if (st != STATUS_SUCCESS)
        return st;
    memcpy(key, lent, sizeof key);
    all->WhichFields |= samr_USER_ALL_NTPASSWORDPRESENT;
    st = sam_has_aes(c) ? set_aes(c, h, all, p, key) : set_rc4(c, h, all, p, key);
    nt_wipe(key, sizeof key);
    return st;
}

enum nt_status sam_set_lm_hash(struct net_call *c, const struct ndr_handle *h, const uint8_t hash[16])
{
    const uint8_t *key;
    enum nt_status st = session_key(c, &key);
    if (st != STATUS_SUCCESS)
        return st;
    union samr_SAMPR_USER_INFO_BUFFER b = { .Internal1.LmPasswordPresent = 1 };
    uint8_t hidden[16];
    samr_hash_under_key(key, hash, hidden);
    memcpy(b.Internal1.EncryptedLmOwfPassword.data, hidden, sizeof hidden);
    return set_level(c, h, samr_UserInternal1Information, &b);
}

/* ---- by the owner of the password ---- */

static enum nt_status change_aes(struct net_call *c, const struct dtyp_RPC_UNICODE_STRING *server,
                                 const struct dtyp_RPC_UNICODE_STRING *user, const uint8_t old_hash[16],
                                 const struct sam_password *fresh)
{
    const struct nt_env *env = nt_env_system();
    uint8_t salt[16], key[SAMR_KEY_SIZE];
    struct samr_aes_password aes;
    enum nt_status st = env->random(env->arg, salt, sizeof salt);
    if (st == STATUS_SUCCESS)
        st = samr_change_key(old_hash, salt, SAMR_PBKDF2_ITERATIONS, key);
    if (st == STATUS_SUCCESS)
        st = samr_password_aes(key, fresh->s, fresh->units, salt, NULL, &aes);
    nt_wipe(key, sizeof key);
    if (st != STATUS_SUCCESS)
        return st;
    struct samr_SamrUnicodeChangePasswordUser4 r = { 0 };
    r.in.ServerName = (struct dtyp_RPC_UNICODE_STRING *)(uintptr_t)server;
    r.in.UserName = *user;
    lend_aes(&r.in.EncryptedPassword, &aes, SAMR_PBKDF2_ITERATIONS);
    return sam_run(c, &samr_SamrUnicodeChangePasswordUser4_op, &r, &r.out.result);
}

/* [MS-SAMR] 3.1.5.10.3: the new password under the old hash, the old hash under the new one. No LM hash:
 * servers that insist on one are older than NT 4. */
static enum nt_status change_rc4(struct net_call *c, const struct dtyp_RPC_UNICODE_STRING *server,
                                 const struct dtyp_RPC_UNICODE_STRING *user, const uint8_t old_hash[16],
                                 const struct sam_password *fresh)
{
    struct samr_SAMPR_ENCRYPTED_USER_PASSWORD hidden;
    struct samr_ENCRYPTED_LM_OWF_PASSWORD proof;
    uint8_t new_hash[16], crossed[16];
    enum nt_status st = samr_password_rc4(old_hash, fresh->s, fresh->units, NULL, hidden.Buffer);
    if (st == STATUS_SUCCESS)
        st = samr_nt_hash(fresh->s, fresh->units, new_hash);
    if (st != STATUS_SUCCESS)
        return st;
    samr_hash_under_key(new_hash, old_hash, crossed);
    memcpy(proof.data, crossed, sizeof crossed);
    nt_wipe(new_hash, sizeof new_hash);
    struct samr_SamrUnicodeChangePasswordUser2 r = { 0 };
    r.in.ServerName = (struct dtyp_RPC_UNICODE_STRING *)(uintptr_t)server;
    r.in.UserName = *user;
    r.in.NewPasswordEncryptedWithOldNt = &hidden;
    r.in.OldNtOwfPasswordEncryptedWithNewNt = &proof;
    return sam_run(c, &samr_SamrUnicodeChangePasswordUser2_op, &r, &r.out.result);
}

/* "No such operation" is a fault, and a fault may come without a signature (rpc/call.c says why), so over TCP
 * somebody in between can make one. Then the weaker form may only go where he cannot read it: sealed, or in
 * an SMB session, where nothing comes from anybody but the server. */
static bool weaker_form_ok(const struct net_call *c)
{
    const struct net_options *o = net_call_options(c);
    struct rpc_facts f = { .size = sizeof f };
    if (o->protseq && strcmp(o->protseq, "ncacn_ip_tcp") == 0)
        return o->level == SEC_LEVEL_DEFAULT || o->level == SEC_LEVEL_PRIVACY;
    return !c->conn || (rpc_conn_facts(c->conn, &f) == STATUS_SUCCESS && (f.session_signed || f.session_encrypted));
}

enum nt_status sam_change_password(struct net_call *c, const WCHAR *username, const struct sam_password *old,
                                   const struct sam_password *fresh)
{
    struct dtyp_RPC_UNICODE_STRING user, server;
    uint8_t hash[16];
    const char16_t *name = net_server_name(c);
    enum nt_status st = name ? sam_string(c, username, UNLEN, &user) : STATUS_NO_MEMORY;
    if (st == STATUS_SUCCESS)
        st = sam_string(c, (const WCHAR *)name, SAM_MAX_STRING, &server);
    if (st == STATUS_SUCCESS)
        st = samr_nt_hash(old->s, old->units, hash);
    if (st != STATUS_SUCCESS)
        return st;
    /* The keys come from the passwords themselves, so TCP will do, too; there RPC seals it, as everything. */
    st = change_aes(c, &server, &user, hash, fresh);
    if (st == RPC_NT_PROCNUM_OUT_OF_RANGE && !weaker_form_ok(c)) {
        st = nt_error_set(&c->err, STATUS_DOWNGRADE_DETECTED,
                          "%s has no AES form of this operation, or somebody in between says so; the older "
                          "form is only sent "
                          "over a signed named pipe, or sealed",
                          c->srv->name);
    } else if (st == RPC_NT_PROCNUM_OUT_OF_RANGE) { /* a server that has no AES form */
        c->err.text[0] = 0;
        st = change_rc4(c, &server, &user, hash, fresh);
    }
    nt_wipe(hash, sizeof hash);
    return st;
}
