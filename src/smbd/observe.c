// SPDX-License-Identifier: Apache-2.0
/* What an observer of the SMB server is told. */
#include <stdio.h>
#include <stdlib.h>
#include <msrpc/unistr.h>
#include "smbd/m_smbd.h"

/* The observer's function of that name, if there is one. */
#define LISTENS(s, fn) ((s)->o.observer && (s)->o.observer->fn)

static struct smbd_seen_session see(const struct smbd_session *x)
{
    const struct smbd_conn *c = x->c;
    return (struct smbd_seen_session){ .id = x->global_id,
                                       .peer = c->peer,
                                       .local = c->here,
                                       .account = x->token ? x->token->name : "",
                                       .provider = x->mech,
                                       .dialect = c->dialect,
                                       .cipher = x->encrypt ? c->cipher : NPC_CIPHER_NONE,
                                       .signing = c->sign_alg,
                                       .is_signed = x->sign,
                                       .anonymous = x->anonymous };
}

void smbd_observe_connected(const struct smbd_conn *c)
{
    if (LISTENS(c->s, connected))
        c->s->o.observer->connected(c->s->o.observer_arg, c->peer, c->here);
}

void smbd_observe_disconnected(const struct smbd_conn *c)
{
    if (LISTENS(c->s, disconnected))
        c->s->o.observer->disconnected(c->s->o.observer_arg, c->peer, c->here);
}

void smbd_observe_refused(const struct smbd *s, const char *peer)
{
    if (LISTENS(s, refused))
        s->o.observer->refused(s->o.observer_arg, peer);
}

void smbd_observe_logon(const struct smbd_req *q, enum nt_status st, bool again)
{
    struct smbd_session *x = q->session;
    struct sec_ctx *auth = smbd_login_of(x, q->chain->c)->auth;
    const struct smbd *s = x->c->s;
    struct nt_blob b;
    char mech[16] = "";
    if (!LISTENS(s, logon))
        return;
    struct smbd_seen_session v = see(x);
    v.peer = q->chain->c->peer; /* of several connections the one by which it came */
    v.local = q->chain->c->here;
    if (st != STATUS_SUCCESS) { /* whoever had the session before is not who failed to get it */
        v.account = x->claim ? x->claim->name : "";
        if (auth && auth->p->query(auth, SEC_ITEM_MECH, &b) == STATUS_SUCCESS && b.len < sizeof mech)
            memcpy(mech, b.data, b.len);
        v.provider = mech;
    }
    s->o.observer->logon(s->o.observer_arg, &v, st, again, st == STATUS_SUCCESS ? "" : x->err.text);
}

void smbd_observe_ended(const struct smbd_session *x)
{
    const struct smbd *s = x->c->s;
    if (!x->token || !LISTENS(s, ended))
        return;
    struct smbd_seen_session v = see(x);
    uint64_t now = smbd_now(s);
    v.duration_ns = now > x->opened ? now - x->opened : 0;
    s->o.observer->ended(s->o.observer_arg, &v);
}

/* A name as it came, in UTF-8; "" where that cannot be done. Owned. */
static char *text_of(struct nt_blob wire)
{
    size_t n = wire.len / 2;
    char *text = NULL;
    char16_t *units = calloc(n + 1, sizeof *units);
    for (size_t i = 0; units && i < n; i++)
        units[i] = (char16_t)le16(wire.data + 2 * i);
    if (units && ustr_to_utf8_lossy(units, n, &text, NULL) != STATUS_SUCCESS)
        text = NULL;
    free(units);
    return text;
}

void smbd_observe_tree(const struct smbd_req *q, enum nt_status st)
{
    const struct smbd *s = q->chain->c->s;
    struct nt_blob path;
    if (!LISTENS(s, tree) || !q->session || smb_get_tree_req(q->msg, q->len, &path) != STATUS_SUCCESS)
        return;
    char *text = text_of(path);
    struct smbd_seen_session v = see(q->session);
    s->o.observer->tree(s->o.observer_arg, &v, text ? text : "", st);
    free(text);
}

void smbd_observe_pipe(const struct smbd_req *q, enum nt_status st)
{
    const struct smbd *s = q->chain->c->s;
    struct smb_create_req in;
    if (!LISTENS(s, pipe) || !q->session || smb_get_create_req(q->msg, q->len, &in) != STATUS_SUCCESS)
        return;
    char *text = text_of(in.wire_name);
    struct smbd_seen_session v = see(q->session);
    s->o.observer->pipe(s->o.observer_arg, &v, text ? text : "", st);
    free(text);
}
