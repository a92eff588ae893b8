// SPDX-License-Identifier: Apache-2.0
/* Sessions: SESSION_SETUP, LOGOFF ([MS-SMB2] 3.3.5.5, 3.3.5.6). */
#include <stdlib.h>
#include "smbd/m_smbd.h"

/* ---- life ---- */

struct smbd_session *smbd_session_find(const struct smbd_conn *c, uint64_t id)
{
    struct smbd_session *x = c->sessions;
    while (x && x->id != id)
        x = x->next;
    for (const struct smbd_channel *ch = c->channels; ch && !x; ch = ch->next)
        if (ch->valid && ch->x->id == id)
            x = ch->x;
    return x;
}

void smbd_login_done(struct smbd_login *l)
{
    sec_free(l->auth);
    l->auth = NULL;
}

static struct smbd_session *session_new(struct smbd_conn *c)
{
    struct smbd *s = c->s;
    unsigned most = smbd_is_known(c) ? SMBD_SESSIONS_MAX : SMBD_STRANGER_SESSIONS;
    struct smbd_session *x = c->n_sessions < most ? calloc(1, sizeof *x) : NULL;
    if (!x)
        return NULL;
    do /* not to be guessed: a client names sessions of others when it replaces its own. Some clients keep 32
          bits */
        if (s->env->random(s->env->arg, &x->id, sizeof(uint32_t)) != STATUS_SUCCESS) {
            free(x);
            return NULL;
        }
    while (x->id == 0 || smbd_session_global(s, x->id));
    x->refs = 1;
    x->c = c;
    x->fresh = true;
    x->expires = NT_TIME_NEVER;
    x->mech = "";
    x->next_tree = 1;
    memcpy(x->login.preauth, c->preauth, sizeof x->login.preauth);
    x->next = c->sessions;
    x->link = &c->sessions;
    if (x->next)
        x->next->link = &x->next;
    c->sessions = x;
    smbd_session_listed(x);
    c->n_sessions++;
    s->n_sessions++;
    x->hash_next = s->table[x->id % SMBD_HASH];
    s->table[x->id % SMBD_HASH] = x;
    return x;
}

void smbd_session_unref(struct smbd_session *x)
{
    if (--x->refs)
        return;
    sec_token_unref(x->token);
    free(x->claim);
    smbd_login_done(&x->login);
    while (x->channels)
        smbd_channel_free(x->channels);
    smb_keys_done(&x->keys);
    free(x->pipes);
    nt_wipe(x, sizeof *x);
    free(x);
}

/* Nobody finds the session by them any more. They stay for what is still to be signed. */
static void drop_channels(struct smbd_session *x)
{
    for (struct smbd_channel *ch = x->channels; ch; ch = ch->more) {
        smbd_channel_unlink(ch);
        smbd_conn_touch(ch->c);
    }
}

void smbd_session_end(struct smbd_session *x)
{
    struct smbd_conn *c = x->c;
    struct smbd_session **p = &c->s->table[x->id % SMBD_HASH];
    *x->link = x->next;
    if (x->next)
        x->next->link = x->link;
    io_cancel(&x->end);
    c->n_sessions--;
    c->s->n_sessions--;
    smbd_observe_ended(x);
    while (*p != x)
        p = &(*p)->hash_next;
    *p = x->hash_next;
    drop_channels(x);
    for (unsigned i = 0; i < x->n_slots; i++) /* nobody finds it any more, so none are added */
        if (x->pipes[i])
            smbd_pipe_close(x->pipes[i]);
    smbd_session_unref(x);
    smbd_conn_touch(c); /* without anybody on it, it is a stranger's again */
    smbd_conn_release(c);
}

const struct smbd_tree *smbd_session_tree(const struct smbd_session *x, uint32_t id)
{
    for (unsigned i = 0; i < SMBD_TREES_MAX; i++)
        if (id && x->trees[i].id == id)
            return &x->trees[i];
    return NULL;
}

/* ---- authentication ---- */

/* Old clients send the tokens of NTLM without SPNEGO around them. */
static const struct sec_provider *provider_for(struct nt_blob token)
{
    static const char signature[8] = "NTLMSSP";
    bool raw = token.len >= sizeof signature && memcmp(token.data, signature, sizeof signature) == 0;
    return raw ? &sec_ntlm : &sec_spnego;
}

static enum nt_status auth_step(struct smbd_session *x, const struct smbd_conn *c, struct nt_blob token,
                                struct wr *out)
{
    struct smbd *s = c->s;
    struct smbd_login *l = smbd_login_of(x, c);
    enum nt_status st = STATUS_SUCCESS;
    if (!l->auth) {
        struct sec_params p = { .role = SEC_SERVER,
                                .flags =
                                    SEC_FLAG_INTEGRITY | (s->o.allow_anonymous ? SEC_FLAG_ANONYMOUS : 0u),
                                .acceptor = s->o.acceptor,
                                .env = s->env,
                                .peer = c->peer,
                                .err = &x->err };
        if (s->o.observer && s->o.observer->logon && !x->claim)
            x->claim = calloc(1, sizeof *x->claim); /* without memory a name is not told */
        if (x->claim)
            x->claim->name[0] = 0;
        p.claim = x->claim;
        l->legs = 0;
        st = provider_for(token)->start(&p, &l->auth);
    }
    if (st == STATUS_SUCCESS && ++l->legs > SMBD_LEGS_MAX)
        st = STATUS_LOGON_FAILURE;
    return st == STATUS_SUCCESS ? l->auth->p->step(l->auth, token, out) : st;
}

static unsigned granted(struct sec_ctx *c)
{
    struct nt_blob b;
    unsigned flags = 0;
    if (c->p->query(c, SEC_ITEM_FLAGS, &b) == STATUS_SUCCESS && b.len == sizeof flags)
        memcpy(&flags, b.data, sizeof flags);
    return flags;
}

/* The keys of a new session, from the whole exchange so far ([MS-SMB2] 3.3.5.5.3). */
static enum nt_status make_keys(struct smbd_session *x)
{
    struct smbd_conn *c = x->c;
    struct nt_blob key;
    struct sec_ctx *auth = x->login.auth;
    if (auth->p->query(auth, SEC_ITEM_SESSION_KEY, &key) != STATUS_SUCCESS || key.len == 0)
        return STATUS_ACCESS_DENIED;
    smb_derive_keys(&x->keys, c->dialect, c->cipher, c->sign_alg, key, x->login.preauth, true);
    x->have_keys = true;
    x->sign = !c->s->o.allow_unsigned || c->should_sign;
    x->encrypt = c->s->o.require_encryption;
    return x->encrypt && c->cipher == NPC_CIPHER_NONE ? STATUS_ACCESS_DENIED : STATUS_SUCCESS;
}

/* The context stands: who is it, and may it be? */
static enum nt_status identify(const struct smbd *s, struct sec_ctx *auth, const struct sec_token **ret)
{
    const struct smbd_options *o = &s->o;
    const struct sec_token *token = sec_ctx_token(auth);
    unsigned flags = granted(auth);
    if (!token || (flags & SEC_FLAG_GUEST))
        return STATUS_ACCESS_DENIED;
    if ((flags & SEC_FLAG_ANONYMOUS) || (token->flags & SEC_TOKEN_ANONYMOUS)) {
        *ret = sec_token_anonymous();
        return o->allow_anonymous && !o->require_encryption ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
    }
    *ret = token;
    return token->name[0] ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
}

bool smbd_same_user(const struct sec_token *a, const struct sec_token *b)
{
    if ((a->flags | b->flags) & SEC_TOKEN_ANONYMOUS)
        return false;
    if ((a->flags | b->flags) & SEC_TOKEN_NAME_ONLY)
        return (a->flags & b->flags & SEC_TOKEN_NAME_ONLY) && strcmp(a->name, b->name) == 0;
    return nt_sid_equal(&a->user, &b->user);
}

/* A session that this one replaces ([MS-SMB2] 3.3.5.5.3): of the same user only. */
static void replace_previous(struct smbd_session *x, uint64_t id)
{
    struct smbd_session *old = id && id != x->id ? smbd_session_global(x->c->s, id) : NULL;
    if (!old || !old->token || !smbd_same_user(old->token, x->token))
        return;
    smbd_session_end(old);
}

static const char *mech_of(struct sec_ctx *auth, const struct sec_token *token)
{
    static const char *const names[] = { "ntlm", "krb5" };
    struct nt_blob b;
    if ((token->flags & SEC_TOKEN_ANONYMOUS) || auth->p->query(auth, SEC_ITEM_MECH, &b) != STATUS_SUCCESS)
        return "";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (b.len == strlen(names[i]) && memcmp(b.data, names[i], b.len) == 0)
            return names[i];
    return "";
}

/* A new session. */
static enum nt_status establish(struct smbd_session *x, const struct sec_token *token)
{
    x->anonymous = token->flags & SEC_TOKEN_ANONYMOUS;
    if (!smbd_client_known(x->c))
        return STATUS_USER_SESSION_DELETED;
    enum nt_status st = x->anonymous ? STATUS_SUCCESS : make_keys(x);
    if (st != STATUS_SUCCESS)
        return st;
    x->c->s->counters.sessions++;
    x->fresh = false;
    return STATUS_SUCCESS;
}

/* Also another user may come on the same session: it has the keys, and so is the one that had them before.
 * What is open stays who it was opened by. */
static enum nt_status complete(struct smbd_req *q, const struct smb_setup_req *in, uint16_t *ret_flags)
{
    struct smbd_session *x = q->session;
    struct smbd_login *l = smbd_login_of(x, q->chain->c);
    const struct sec_token *token, *old = x->token;
    enum nt_status st = identify(x->c->s, l->auth, &token);
    if (st == STATUS_SUCCESS && q->binding)
        st = smbd_same_user(token, x->token) ? smbd_channel_complete(smbd_channel_find(x, q->chain->c))
                                             : STATUS_ACCESS_DENIED; /* as on Windows */
    else if (st == STATUS_SUCCESS && x->fresh)
        st = establish(x, token);
    if (st == STATUS_SUCCESS && !q->binding) {
        x->mech = mech_of(l->auth, token);
        x->token = sec_token_ref(token);
        sec_token_unref(old);
        x->expires = token->expires;
        x->state = SMBD_VALID;
    }
    if (st != STATUS_SUCCESS)
        return st;
    smbd_login_done(l); /* the session has keys of its own: an idle one holds nothing else */
    bool null = x->anonymous;
    *ret_flags = (uint16_t)((null ? SMB_SESSION_NULL : 0) | (x->encrypt ? SMB_SESSION_ENCRYPT : 0));
    replace_previous(x, in->previous_session);
    return STATUS_SUCCESS;
}

static enum nt_status session_for(struct smbd_req *q, struct smbd_session **ret)
{
    struct smbd_conn *c = q->chain->c;
    if (q->binding) {
        *ret = q->session;
        bool there = smbd_channel_find(*ret, c) || smbd_channel_new(*ret, c);
        return there ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
    }
    if (q->h.session_id == 0) {
        *ret = session_new(c);
        return *ret ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
    }
    *ret = q->session;
    return *ret ? STATUS_SUCCESS : STATUS_USER_SESSION_DELETED;
}

/* A binding that failed leaves the session to those who have it; else the session ends, also one that was
 * valid: whoever signs for it cannot prove who it is. */
static void refuse(struct smbd_req *q)
{
    struct smbd_session *x = q->session;
    x->c->s->counters.refused_logons++;
    if (q->binding)
        smbd_channel_free(smbd_channel_find(x, q->chain->c));
    else
        smbd_session_end(x);
}

static enum nt_status setup(struct smbd_req *q, const struct smb_setup_req *in, struct wr *token)
{
    struct smbd_session *x = q->session;
    uint16_t flags = 0;
    bool again = !x->fresh;
    enum nt_status st = auth_step(x, q->chain->c, in->token, token);
    if (st == STATUS_SUCCESS)
        st = token->st == STATUS_SUCCESS ? complete(q, in, &flags) : token->st;
    if (st != STATUS_MORE_PROCESSING_REQUIRED)
        smbd_observe_logon(q, st, again);
    if (st != STATUS_SUCCESS && st != STATUS_MORE_PROCESSING_REQUIRED) {
        refuse(q);
        return nt_ok(st)                               ? STATUS_LOGON_FAILURE
               : st == STATUS_INVALID_NETWORK_RESPONSE ? STATUS_INVALID_PARAMETER
                                                       : st;
    }
    struct smb_setup_rsp out = { flags, { token->base, token->len } };
    q->body = true;
    q->is_signed |= st == STATUS_SUCCESS && x->have_keys;
    smb_put_setup_rsp(smbd_body(q), &out);
    return st;
}

enum nt_status smbd_session_setup(struct smbd_req *q)
{
    struct smb_setup_req in;
    struct smbd_session *x = NULL;
    struct wr token;
    if (smb_get_setup_req(q->msg, q->len, &in) != STATUS_SUCCESS)
        return STATUS_INVALID_PARAMETER;
    enum nt_status st = session_for(q, &x);
    if (st != STATUS_SUCCESS)
        return st;
    if (!q->session)
        smbd_req_session(q, x);
    q->h.session_id = x->id;
    if (x->fresh || q->binding)
        smb_preauth(smbd_login_of(x, q->chain->c)->preauth, q->msg, q->len);
    wr_init(&token, UINT16_MAX);
    st = setup(q, &in, &token);
    wr_free_secret(&token);
    return st;
}

enum nt_status smbd_logoff(struct smbd_req *q)
{
    if (smb_get_empty(q->msg, q->len) != STATUS_SUCCESS)
        return STATUS_INVALID_PARAMETER;
    smbd_session_end(q->session); /* the request holds it: its key signs the answer */
    smb_put_empty(smbd_body(q));
    return STATUS_SUCCESS;
}
