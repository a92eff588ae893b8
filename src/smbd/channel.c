// SPDX-License-Identifier: Apache-2.0
/*
 * Sessions of several connections ([MS-SMB2] 3.3.5.5): each connection has a signing key of its own, and what
 * is open belongs to all of them. A session ends with its last connection; the one where it began stays in
 * memory until then, for timers and names hang on it.
 */
#include <stdlib.h>
#include "smbd/m_smbd.h"

struct smbd_channel *smbd_channel_find(const struct smbd_session *x, const struct smbd_conn *c)
{
    struct smbd_channel *ch = x->channels;
    while (ch && ch->c != c)
        ch = ch->more;
    return ch;
}

struct smb_signer *smbd_signer(struct smbd_session *x, const struct smbd_conn *c)
{
    struct smbd_channel *ch = x->c == c ? NULL : smbd_channel_find(x, c);
    return ch && ch->valid ? &ch->signer : &x->keys.signer;
}

struct smbd_login *smbd_login_of(struct smbd_session *x, const struct smbd_conn *c)
{
    struct smbd_channel *ch = x->c == c ? NULL : smbd_channel_find(x, c);
    return ch ? &ch->login : &x->login;
}

bool smbd_session_lives(const struct smbd_session *x)
{
    const struct smbd_channel *ch = x->channels;
    while (ch && !ch->valid)
        ch = ch->more;
    return ch || !x->c->gone;
}

/* ---- binding ---- */

bool smbd_wants_binding(const struct smbd_req *q)
{
    enum { FLAGS_AT = SMB_HDR + 2, BINDING = 1 }; /* [MS-SMB2] 2.2.5 */
    return q->h.command == SMB_SESSION_SETUP && q->h.session_id && q->len > FLAGS_AT &&
           (q->msg[FLAGS_AT] & BINDING);
}

/* AES-GMAC on one side only: Windows finds that before anything else, and says so in these words. */
static enum nt_status same_gmac(const struct smbd_session *x, const struct smbd_conn *c)
{
    bool was = x->have_keys && x->keys.signer.alg == NPC_AES_GMAC, is = c->sign_alg == NPC_AES_GMAC;
    return was == is ? STATUS_SUCCESS : was ? STATUS_REQUEST_OUT_OF_SEQUENCE : STATUS_NOT_SUPPORTED;
}

/* In the order of [MS-SMB2] 3.3.5.5; ciphers and AES-GMAC as on Windows. */
static enum nt_status may_bind(const struct smbd_req *q)
{
    const struct smbd_conn *c = q->chain->c;
    const struct smbd_session *x = q->session;
    enum nt_status st = x ? same_gmac(x, c) : STATUS_SUCCESS;
    if (st != STATUS_SUCCESS)
        return st;
    if (c->dialect < NPC_SMB_3_0 || !(c->caps & SMB_CAP_MULTI_CHANNEL))
        return STATUS_REQUEST_NOT_ACCEPTED;
    if (!x)
        return STATUS_USER_SESSION_DELETED;
    if (x->c->dialect != c->dialect || x->c->cipher != c->cipher || !(q->h.flags & SMB_FLAG_SIGNED))
        return STATUS_INVALID_PARAMETER;
    if (x->state == SMBD_SETUP)
        return STATUS_REQUEST_NOT_ACCEPTED;
    if (x->state == SMBD_EXPIRED)
        return STATUS_NETWORK_SESSION_EXPIRED;
    if (x->anonymous)
        return STATUS_NOT_SUPPORTED;
    return smbd_session_find(c, x->id) ? STATUS_REQUEST_NOT_ACCEPTED : STATUS_SUCCESS;
}

/* Who has the session's key gets a signed refusal; but not by AES-GMAC, whose nonces this connection would
 * use again. */
enum nt_status smbd_may_bind(struct smbd_req *q)
{
    struct smbd_session *x = q->session;
    enum nt_status st = may_bind(q);
    if (st != STATUS_SUCCESS && x && x->have_keys && x->keys.signer.alg != NPC_AES_GMAC &&
        (q->h.flags & SMB_FLAG_SIGNED))
        q->is_signed = smb_check_signature(&x->keys.signer, q->msg, q->len, false);
    return st;
}

struct smbd_channel *smbd_channel_new(struct smbd_session *x, struct smbd_conn *c)
{
    bool full = x->n_channels + 1 >= SMBD_CHANNELS_MAX || c->n_sessions >= SMBD_SESSIONS_MAX;
    struct smbd_channel *ch = full ? NULL : calloc(1, sizeof *ch);
    if (!ch)
        return NULL;
    ch->c = c;
    ch->x = x;
    memcpy(ch->login.preauth, c->preauth, sizeof ch->login.preauth);
    ch->next = c->channels;
    ch->link = &c->channels;
    if (ch->next)
        ch->next->link = &ch->next;
    c->channels = ch;
    c->n_sessions++;
    ch->more = x->channels;
    ch->place = &x->channels;
    if (ch->more)
        ch->more->place = &ch->more;
    x->channels = ch;
    x->n_channels++;
    return ch;
}

enum nt_status smbd_channel_complete(struct smbd_channel *ch)
{
    struct smbd_conn *c = ch->c;
    struct nt_blob key;
    struct sec_ctx *auth = ch->login.auth;
    if (auth->p->query(auth, SEC_ITEM_SESSION_KEY, &key) != STATUS_SUCCESS || key.len == 0)
        return STATUS_ACCESS_DENIED;
    smb_derive_signer(&ch->signer, c->dialect, c->sign_alg, key, ch->login.preauth);
    ch->valid = true;
    return STATUS_SUCCESS;
}

void smbd_channel_unlink(struct smbd_channel *ch)
{
    if (!ch->link)
        return;
    *ch->link = ch->next;
    if (ch->next)
        ch->next->link = ch->link;
    ch->link = NULL;
    ch->c->n_sessions--;
}

void smbd_channel_free(struct smbd_channel *ch)
{
    *ch->place = ch->more;
    if (ch->more)
        ch->more->place = ch->place;
    ch->x->n_channels--;
    smbd_channel_unlink(ch);
    smbd_login_done(&ch->login);
    smb_signer_done(&ch->signer);
    nt_wipe(ch, sizeof *ch);
    free(ch);
}

/* ---- what comes late ---- */

/* Outstanding are those that wait: all others have ended before the next is looked at. */
static bool earlier_waits(const struct smbd_pipe *p)
{
    const struct smbd_wait *w = p->transact ? p->transact : p->readers;
    while (w && (uint16_t)w->req.h.status == p->sequence)
        w = w->pipe_next;
    return w;
}

enum nt_status smbd_check_sequence(const struct smbd_req *q, struct smbd_pipe *p)
{
    enum { REPLAY = 0x20000000, AHEAD = 0x7fff };
    uint16_t sequence = (uint16_t)q->h.status, c = q->h.command;
    bool changes = c == SMB_WRITE || c == SMBD_SET_INFO || c == SMB_IOCTL;
    if (q->chain->c->dialect < NPC_SMB_3_0)
        return STATUS_SUCCESS;
    if ((uint16_t)(sequence - p->sequence) > AHEAD)
        return changes ? STATUS_FILE_NOT_AVAILABLE : STATUS_SUCCESS;
    p->sequence = sequence;
    return changes && (q->h.flags & REPLAY) && earlier_waits(p) ? STATUS_FILE_NOT_AVAILABLE : STATUS_SUCCESS;
}

/* ---- clients ---- */

static struct smbd_conn **client_bucket(const struct smbd_conn *c)
{
    return &c->s->clients[le32(c->offer.guid) % SMBD_HASH];
}

bool smbd_client_known(struct smbd_conn *c)
{
    struct smbd_conn **bucket = client_bucket(c);
    if (c->client_link || c->dialect == NPC_SMB_2_0_2)
        return true;
    for (const struct smbd_conn *o = *bucket; o; o = o->client_next)
        if (memcmp(o->offer.guid, c->offer.guid, sizeof c->offer.guid) == 0) {
            if (o->dialect != c->dialect)
                return false;
            break; /* they all have the same */
        }
    c->client_next = *bucket;
    c->client_link = bucket;
    if (c->client_next)
        c->client_next->client_link = &c->client_next;
    *bucket = c;
    return true;
}

void smbd_client_forget(struct smbd_conn *c)
{
    if (!c->client_link)
        return;
    *c->client_link = c->client_next;
    if (c->client_next)
        c->client_next->client_link = c->client_link;
    c->client_link = NULL;
}
