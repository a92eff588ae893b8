// SPDX-License-Identifier: Apache-2.0
/* Sessions: SESSION_SETUP, LOGOFF ([MS-SMB2] 3.3.5.5, 3.3.5.6). */
#include <stdlib.h>
#include "smbd/m_smbd.h"

enum { FLAG_BINDING = 1 }; /* [MS-SMB2] 2.2.5 */

/* ---- life ---- */

struct smbd_session *smbd_session_find(const struct smbd_conn *c, uint64_t id)
{
    struct smbd_session *x = c->sessions;
    while (x && x->id != id)
        x = x->next;
    return x;
}

static struct smbd_session *session_new(struct smbd_conn *c)
{
    struct smbd *s = c->s;
    struct smbd_session *x = c->n_sessions < SMBD_SESSIONS_MAX ? calloc(1, sizeof *x) : NULL;
    if (!x)
        return NULL;
    do /* not to be guessed: a client names sessions of others when it replaces its own */
        if (s->env->random(s->env->arg, &x->id, sizeof x->id) != STATUS_SUCCESS) {
            free(x);
            return NULL;
        }
    while (x->id == 0 || x->id == UINT64_MAX || smbd_session_global(s, x->id));
    x->refs = 1;
    x->c = c;
    x->fresh = true;
    x->expires = NT_TIME_NEVER;
    x->next_tree = 1;
    memcpy(x->preauth, c->preauth, sizeof x->preauth);
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
    sec_free(x->auth);
    free(x->claim);
    smb_keys_done(&x->keys);
    free(x->pipes);
    nt_wipe(x, sizeof *x);
    free(x);
}

void smbd_session_end(struct smbd_session *x)
{
    struct smbd_session **p = &x->c->s->table[x->id % SMBD_HASH];
    *x->link = x->next;
    if (x->next)
        x->next->link = x->link;
    io_cancel(&x->end);
    x->c->n_sessions--;
    x->c->s->n_sessions--;
    smbd_observe_ended(x);
    while (*p != x)
        p = &(*p)->hash_next;
    *p = x->hash_next;
    for (unsigned i = 0; i < x->n_slots; i++) /* nobody finds it any more, so none are added */
        if (x->pipes[i])
            smbd_pipe_close(x->pipes[i]);
    smbd_session_unref(x);
}

bool smbd_session_has_tree(const struct smbd_session *x, uint32_t id)
{
    for (unsigned i = 0; i < SMBD_TREES_MAX; i++)
        if (id && x->trees[i].id == id)
            return true;
    return false;
}

/* ---- authentication ---- */

/* Old clients send the tokens of NTLM without SPNEGO around them. */
static const struct sec_provider *provider_for(struct nt_blob token)
{
    static const char signature[8] = "NTLMSSP";
    bool raw = token.len >= sizeof signature && memcmp(token.data, signature, sizeof signature) == 0;
    return raw ? &sec_ntlm : &sec_spnego;
}

static enum nt_status auth_step(struct smbd_session *x, struct nt_blob token, struct wr *out)
{
    struct smbd *s = x->c->s;
    enum nt_status st = STATUS_SUCCESS;
    if (!x->auth) {
        struct sec_params p = { .role = SEC_SERVER,
                                .flags =
                                    SEC_FLAG_INTEGRITY | (s->o.allow_anonymous ? SEC_FLAG_ANONYMOUS : 0u),
                                .acceptor = s->o.acceptor,
                                .env = s->env,
                                .peer = x->c->peer,
                                .err = &x->err };
        if (s->o.observer && s->o.observer->logon && !x->claim)
            x->claim = calloc(1, sizeof *x->claim); /* without memory a name is not told */
        if (x->claim)
            x->claim->name[0] = 0;
        p.claim = x->claim;
        x->legs = 0;
        st = provider_for(token)->start(&p, &x->auth);
    }
    if (st == STATUS_SUCCESS && ++x->legs > SMBD_LEGS_MAX)
        st = STATUS_LOGON_FAILURE;
    return st == STATUS_SUCCESS ? x->auth->p->step(x->auth, token, out) : st;
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
    if (x->auth->p->query(x->auth, SEC_ITEM_SESSION_KEY, &key) != STATUS_SUCCESS || key.len == 0)
        return STATUS_ACCESS_DENIED;
    smb_derive_keys(&x->keys, c->dialect, c->cipher, c->sign_alg, key, x->preauth, true);
    x->have_keys = true;
    x->sign = !c->s->o.allow_unsigned || c->should_sign;
    x->encrypt = c->s->o.require_encryption;
    return x->encrypt && c->cipher == NPC_CIPHER_NONE ? STATUS_ACCESS_DENIED : STATUS_SUCCESS;
}

/* The context stands: who is it, and may it be? */
static enum nt_status identify(struct smbd_session *x, const struct sec_token **ret)
{
    const struct smbd_options *o = &x->c->s->o;
    const struct sec_token *token = sec_ctx_token(x->auth);
    unsigned flags = granted(x->auth);
    if (!token || (flags & SEC_FLAG_GUEST))
        return STATUS_ACCESS_DENIED;
    if ((flags & SEC_FLAG_ANONYMOUS) || (token->flags & SEC_TOKEN_ANONYMOUS)) {
        *ret = sec_token_anonymous();
        return o->allow_anonymous && !o->require_encryption ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
    }
    *ret = token;
    return token->name[0] ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
}

/* The same account, by its SID where it has one. */
static bool same_user(const struct sec_token *a, const struct sec_token *b)
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
    if (!old || !old->token || !same_user(old->token, x->token))
        return;
    if (old->c == x->c || old->c->n_sessions > 1)
        smbd_session_end(old);
    else
        smbd_hang_up(old->c); /* the client has lost that connection */
}

static void take_mech(struct smbd_session *x)
{
    struct nt_blob b;
    x->mech[0] = 0;
    if (!x->anonymous && x->auth->p->query(x->auth, SEC_ITEM_MECH, &b) == STATUS_SUCCESS &&
        b.len < sizeof x->mech) {
        memcpy(x->mech, b.data, b.len);
        x->mech[b.len] = 0;
    }
}

static enum nt_status complete(struct smbd_session *x, const struct smb_setup_req *in, uint16_t *ret_flags)
{
    const struct sec_token *token;
    enum nt_status st = identify(x, &token);
    /* another user on the same session would inherit its pipes */
    if (st == STATUS_SUCCESS && !x->fresh && !same_user(token, x->token))
        st = STATUS_ACCESS_DENIED;
    x->anonymous = st == STATUS_SUCCESS && (token->flags & SEC_TOKEN_ANONYMOUS);
    if (st == STATUS_SUCCESS && x->fresh && !x->anonymous)
        st = make_keys(x);
    if (st != STATUS_SUCCESS)
        return st;
    take_mech(x);
    const struct sec_token *old = x->token;
    x->token = sec_token_ref(token);
    sec_token_unref(old);
    x->expires = token->expires;
    sec_free(x->auth); /* the session has keys of its own: an idle one holds nothing else */
    x->auth = NULL;
    x->state = SMBD_VALID;
    x->c->s->counters.sessions += x->fresh;
    x->fresh = false;
    *ret_flags = (uint16_t)((x->anonymous ? SMB_SESSION_NULL : 0) | (x->encrypt ? SMB_SESSION_ENCRYPT : 0));
    replace_previous(x, in->previous_session);
    return STATUS_SUCCESS;
}

static enum nt_status session_for(struct smbd_req *q, const struct smb_setup_req *in,
                                  struct smbd_session **ret)
{
    struct smbd_conn *c = q->chain->c;
    if (in->flags & FLAG_BINDING) /* one channel a session ([MS-SMB2] 3.3.5.5) */
        return STATUS_REQUEST_NOT_ACCEPTED;
    if (q->h.session_id == 0) {
        *ret = session_new(c);
        return *ret ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
    }
    *ret = q->session;
    return *ret ? STATUS_SUCCESS : STATUS_USER_SESSION_DELETED;
}

enum nt_status smbd_session_setup(struct smbd_req *q)
{
    struct smb_setup_req in;
    struct smbd_session *x = NULL;
    struct wr token;
    uint16_t flags = 0;
    if (smb_get_setup_req(q->msg, q->len, &in) != STATUS_SUCCESS)
        return STATUS_INVALID_PARAMETER;
    enum nt_status st = session_for(q, &in, &x);
    if (st != STATUS_SUCCESS)
        return st;
    if (!q->session)
        smbd_req_session(q, x);
    q->h.session_id = x->id;
    if (x->fresh)
        smb_preauth(x->preauth, q->msg, q->len);
    wr_init(&token, UINT16_MAX);
    bool again = !x->fresh;
    st = auth_step(x, in.token, &token);
    if (st == STATUS_SUCCESS)
        st = token.st == STATUS_SUCCESS ? complete(x, &in, &flags) : token.st;
    if (st != STATUS_MORE_PROCESSING_REQUIRED)
        smbd_observe_logon(x, st, again);
    if (st != STATUS_SUCCESS && st != STATUS_MORE_PROCESSING_REQUIRED) {
        x->c->s->counters.refused_logons++;
        smbd_session_end(x); /* also one that was valid: whoever signs for it cannot prove who it is */
    } else {
        struct smb_setup_rsp out = { flags, { token.base, token.len } };
        q->body = true;
        q->is_signed |= st == STATUS_SUCCESS && x->have_keys;
        smb_put_setup_rsp(smbd_body(q), &out);
    }
    wr_free_secret(&token);
    return nt_ok(st) && st != STATUS_SUCCESS && st != STATUS_MORE_PROCESSING_REQUIRED ? STATUS_LOGON_FAILURE
                                                                                      : st;
}

enum nt_status smbd_logoff(struct smbd_req *q)
{
    if (smb_get_empty(q->msg, q->len) != STATUS_SUCCESS)
        return STATUS_INVALID_PARAMETER;
    smbd_session_end(q->session); /* the request holds it: its key signs the answer */
    smb_put_empty(smbd_body(q));
    return STATUS_SUCCESS;
}
