// SPDX-License-Identifier: Apache-2.0
/* Sessions of our own: a connection of the SMB client. */
#include <stdio.h>
#include <string.h>
#include "npc/m_pipe.h"

#define DEFAULT_PORT 445 /* [MS-SMB2] 1.9 */

static struct smb_session *of(struct npc_session *s)
{
    return io_container(s, struct smb_session, base);
}

static const struct smb_client *client_in(const struct npc_session *s)
{
    return &((const struct smb_session *)s)->client;
}

/* "srv1 (192.0.2.1:445, SMB 3.1.1, AES-256-GCM)" */
const char *npc_where(struct smb_session *s, char buf[NPC_WHERE])
{
    const struct smb_client *c = &s->client;
    const char *how = c->sealing      ? smb_cipher_name(c->cipher)
                      : c->signing_on ? smb_signing_name(c->sign_alg)
                                      : "unsigned";
    snprintf(buf, NPC_WHERE, "%.100s (%s, SMB %s, %s)", c->server, s->base.peer, npc_dialect_name(c->dialect),
             how);
    return buf;
}

/* ---- opening ---- */

static void on_ready(void *arg, enum nt_status st)
{
    struct smb_session *s = arg;
    snprintf(s->base.peer, sizeof s->base.peer, "%s", io_peer(&s->client.stream));
    if (st == STATUS_SUCCESS) {
        npc_session_opened(&s->base);
        return;
    }
    nt_error_set(s->base.open_error, st, "%s", s->client.err.text);
    s->base.why = st;
    smb_client_close(&s->client); /* on_closed tells the caller, when nothing is left */
}

static void on_closed(void *arg)
{
    npc_session_closed(&((struct smb_session *)arg)->base);
}

static enum nt_status find_creds(const char *server, const struct npc_options *o, struct sec_creds **ret)
{
    if (o->creds) {
        *ret = sec_creds_ref(o->creds);
        return STATUS_SUCCESS;
    }
    if (!o->auth)
        return nt_error_set(o->error, STATUS_INVALID_PARAMETER,
                            "neither credentials nor a function that gives them");
    enum nt_status st = o->auth(o->auth_arg, server, 0, ret);
    if (st != STATUS_SUCCESS)
        nt_error_set(o->error, st, "no credentials for %s were given", server);
    return st;
}

static enum nt_status smb_start(struct npc_session *base, const char *server, const struct npc_options *o)
{
    struct smb_session *s = of(base);
    struct sec_creds *creds = NULL;
    enum nt_status st = find_creds(server, o, &creds);
    if (st != STATUS_SUCCESS)
        return st;
    uint16_t port = o->port ? o->port : DEFAULT_PORT;
    struct smb_client_options co = {
        .server = server,
        .port = port,
        .target = o->target,
        .creds = creds,
        .protection = o->protection,
        .allow_unsigned = o->allow_unsigned,
        .min_dialect = o->min_dialect,
        .max_dialect = o->max_dialect,
        .ciphers = o->ciphers,
        .signing = o->signing,
        .n_signing = o->n_signing,
        .env = o->env ? o->env : io_loop_env(o->loop),
        .arg = s,
        .on_ready = on_ready,
        .on_closed = on_closed,
    };
    st = smb_client_init(&s->client, &co);
    sec_creds_unref(creds);
    if (st == STATUS_SUCCESS) {
        struct io_addr to = { .host = server, .port = port };
        uint64_t deadline = npc_deadline(base, 0);
        smb_client_start(&s->client, deadline);
        st = io_dial(base->loop, &s->client.stream, &to, deadline);
        if (st != STATUS_SUCCESS)
            nt_error_set(&s->client.err, st, "the address %s cannot be dialled", server);
    }
    if (st != STATUS_SUCCESS) {
        nt_error_set(o->error, st, "%s", s->client.err.text);
        smb_client_done(&s->client);
    }
    return st;
}

/* ---- facts ---- */

static void smb_facts(const struct npc_session *base, struct npc_facts *ret)
{
    const struct smb_client *c = client_in(base);
    *ret = (struct npc_facts){
        .dialect = c->dialect,
        .cipher = c->sealing ? c->cipher : NPC_CIPHER_NONE,
        .signing = c->sign_alg,
        .signed_ = c->signing_on,
        .encrypted = c->sealing,
        .guest = c->guest,
        .anonymous = c->anonymous,
        .transact_refused = ((const struct smb_session *)base)->transact_refused,
        .max_transact = c->max_transact,
        .max_read = c->max_read,
        .max_write = c->max_write,
        .mech = c->mech,
        .server = c->server,
        .principal = c->principal,
        .session_key_len = c->have_keys ? (unsigned)c->session_key_len : 0,
        .application_key_len = c->have_keys ? sizeof c->keys.application : 0,
    };
    ret->server_guid.a = le32(c->server_guid);
    ret->server_guid.b = le16(c->server_guid + 4);
    ret->server_guid.c = le16(c->server_guid + 6);
    memcpy(ret->server_guid.d, c->server_guid + 8, 8);
}

static enum nt_status smb_key(const struct npc_session *s, bool application, struct nt_blob *ret)
{
    const struct smb_client *c = client_in(s);
    if (!c->have_keys)
        return STATUS_NO_USER_SESSION_KEY;
    *ret = application ? (struct nt_blob){ c->keys.application, sizeof c->keys.application }
                       : (struct nt_blob){ c->session_key, c->session_key_len };
    return STATUS_SUCCESS;
}

static struct io_stream *smb_stream(struct npc_session *s)
{
    return &of(s)->client.stream;
}

static const char *smb_error(const struct npc_session *s)
{
    return client_in(s)->err.text;
}

/* Why the connection ended tells more than what failed after it. */
static void smb_set_error(struct npc_session *s, const struct nt_error *e)
{
    if (!of(s)->client.dead)
        of(s)->client.err = *e;
}

static void smb_close(struct npc_session *s)
{
    smb_client_close(&of(s)->client);
}

static void smb_done(struct npc_session *s)
{
    smb_client_done(&of(s)->client);
}

const struct npc_route npc_route_smb = {
    .size = sizeof(struct smb_session),
    .start = smb_start,
    .open_pipe = npc_smb_open_pipe,
    .facts = smb_facts,
    .key = smb_key,
    .stream = smb_stream,
    .error = smb_error,
    .set_error = smb_set_error,
    .close = smb_close,
    .done = smb_done,
};
