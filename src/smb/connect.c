// SPDX-License-Identifier: Apache-2.0
/*
 * How a connection comes to be: NEGOTIATE, SESSION_SETUP as often as the mechanism wants, TREE_CONNECT of
 * IPC$, and below 3.1.1 the check that nobody has changed the negotiation ([MS-SMB2] 3.2.4.2, 3.2.5.2
 * to 3.2.5.5).
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "crypto/crypto.h"
#include "sec/sec.h"
#include "smb/m_client.h"

/* The security context and what it works on. While its item is at work it owns all of this. */
struct smb_auth {
    struct io_item item;
    struct smb_client *client; /* NULL: given up while at work */
    const struct sec_provider *provider;
    struct sec_params params;
    struct sec_creds *creds;
    struct sec_ctx *ctx;
    struct nt_error err;
    uint8_t *in;
    size_t in_len;
    struct wr out;
    enum nt_status status; /* of the last step */
    uint8_t *last;         /* the server's final answer, kept until the keys to check it are there */
    size_t last_len;
    uint16_t session_flags;
    char host[256];
};

/* ---- names for sentences ---- */

const char *npc_dialect_name(enum npc_dialect d)
{
    switch (d) {
    case NPC_SMB_2_0_2:
        return "2.0.2";
    case NPC_SMB_2_1:
        return "2.1";
    case NPC_SMB_3_0:
        return "3.0";
    case NPC_SMB_3_0_2:
        return "3.0.2";
    case NPC_SMB_3_1_1:
        return "3.1.1";
    }
    return "?";
}

const char *smb_cipher_name(enum npc_cipher c)
{
    static const char *const names[] = { "none", "AES-128-CCM", "AES-128-GCM", "AES-256-CCM", "AES-256-GCM" };
    return (unsigned)c < sizeof names / sizeof names[0] ? names[c] : "?";
}

const char *smb_signing_name(enum npc_signing_alg a)
{
    static const char *const names[] = { "HMAC-SHA256", "AES-CMAC", "AES-GMAC" };
    return (unsigned)a < sizeof names / sizeof names[0] ? names[a] : "?";
}

const char *smb_who(struct smb_client *c, char buf[SMB_WHO])
{
    const char *peer = io_peer(&c->stream);
    if (c->dialect)
        snprintf(buf, SMB_WHO, "%.100s (%s%sSMB %s)", c->server, peer, *peer ? ", " : "",
                 npc_dialect_name(c->dialect));
    else if (*peer || !c->o.port)
        snprintf(buf, SMB_WHO, "%.100s%s%s%s", c->server, *peer ? " (" : "", peer, *peer ? ")" : "");
    else
        snprintf(buf, SMB_WHO, "%.100s (port %u)", c->server, c->o.port);
    return buf;
}

/* "STATUS_LOGON_FAILURE (text)" */
static const char *status_words(enum nt_status st, char buf[300])
{
    const char *name = nt_status_name(st), *text = nt_status_text(st);
    if (name)
        snprintf(buf, 300, "%s%s%.200s%s", name, text ? " (" : "", text ? text : "", text ? ")" : "");
    else
        snprintf(buf, 300, "status 0x%08x", (unsigned)st);
    return buf;
}

/* What usually helps. */
static const char *logon_advice(enum nt_status st)
{
    switch (st) {
    case STATUS_LOGON_FAILURE:
    case STATUS_NO_SUCH_USER:
    case STATUS_WRONG_PASSWORD:
        return "; with NTLM also when the server takes none any more";
    case STATUS_ACCESS_DENIED:
        return "; it may require encryption, a newer dialect, or another kind of logon";
    case STATUS_ACCOUNT_RESTRICTION:
    case STATUS_LOGON_TYPE_NOT_GRANTED:
        return "; a policy keeps this account from logging on over the network";
    case STATUS_PASSWORD_EXPIRED:
    case STATUS_PASSWORD_MUST_CHANGE:
        return "; the password has to be changed first";
    case STATUS_NOT_SUPPORTED:
    case STATUS_NTLM_BLOCKED:
        return "; the server does not take NTLM";
    case STATUS_TIME_DIFFERENCE_AT_DC:
        return "; the clocks differ too much";
    default:
        return "";
    }
}

static const char *lost_advice(enum nt_status st, enum smb_state state)
{
    if (state == SMB_ST_VALIDATE)
        return "; a server that drops the connection here has seen another negotiation than we have: "
               "somebody in between "
               "has lowered it";
    if (state == SMB_ST_NEGOTIATE)
        return "; a server that only speaks SMB 1 closes the connection like this";
    if (st == STATUS_IO_TIMEOUT || st == STATUS_HOST_UNREACHABLE || st == STATUS_NETWORK_UNREACHABLE)
        return "; the host is down, or a firewall drops what is sent to it";
    if (st == STATUS_BAD_NETWORK_PATH)
        return "; the name does not resolve to an address";
    return "";
}

/* ---- options ---- */

static const enum npc_dialect all_dialects[] = { NPC_SMB_2_0_2, NPC_SMB_2_1, NPC_SMB_3_0, NPC_SMB_3_0_2,
                                                 NPC_SMB_3_1_1 };
static const enum npc_cipher default_ciphers[] = { NPC_AES256_GCM, NPC_AES128_GCM, NPC_AES256_CCM,
                                                   NPC_AES128_CCM, NPC_CIPHER_NONE };
static const enum npc_signing_alg default_signing[] = { NPC_AES_GMAC, NPC_AES_CMAC, NPC_HMAC_SHA256 };

static bool listed(const uint16_t *list, size_t n, unsigned id)
{
    for (size_t i = 0; i < n; i++)
        if (list[i] == id)
            return true;
    return false;
}

static enum nt_status take_lists(struct smb_client *c, const struct smb_client_options *o)
{
    const enum npc_cipher *ciphers = o->ciphers ? o->ciphers : default_ciphers;
    for (; *ciphers != NPC_CIPHER_NONE; ciphers++) {
        if ((unsigned)*ciphers > NPC_AES256_GCM || c->n_ciphers == SMB_MAX_ALGS)
            return nt_error_set(&c->err, STATUS_INVALID_PARAMETER,
                                "the list of ciphers has an unknown or too many entries");
        c->ciphers[c->n_ciphers++] = (uint16_t)*ciphers;
    }
    const enum npc_signing_alg *algs = o->signing ? o->signing : default_signing;
    size_t n = o->signing ? o->n_signing : sizeof default_signing / sizeof default_signing[0];
    if (n == 0 || n > SMB_MAX_ALGS)
        return nt_error_set(&c->err, STATUS_INVALID_PARAMETER,
                            "the list of signing algorithms is empty or too long");
    for (size_t i = 0; i < n; i++) {
        if ((unsigned)algs[i] > NPC_AES_GMAC)
            return nt_error_set(&c->err, STATUS_INVALID_PARAMETER, "signing algorithm %u is unknown",
                                (unsigned)algs[i]);
        c->signing[c->n_signing++] = (uint16_t)algs[i];
    }
    return STATUS_SUCCESS;
}

/* What NEGOTIATE will offer. Only what the options allow and this file can do. */
static enum nt_status make_offer(struct smb_client *c, const struct smb_client_options *o)
{
    struct smb_negotiate_req *q = &c->offer;
    unsigned lo = o->min_dialect ? o->min_dialect : NPC_SMB_2_0_2,
             hi = o->max_dialect ? o->max_dialect : NPC_SMB_3_1_1;
    for (size_t i = 0; i < sizeof all_dialects / sizeof all_dialects[0]; i++)
        if (all_dialects[i] >= lo && all_dialects[i] <= hi)
            q->dialects[q->n_dialects++] = (uint16_t)all_dialects[i];
    if (!q->n_dialects)
        return nt_error_set(&c->err, STATUS_INVALID_PARAMETER,
                            "no SMB dialect lies between 0x%04x and 0x%04x", lo, hi);
    unsigned top = q->dialects[q->n_dialects - 1];
    if (o->protection == NPC_PROTECT_ENCRYPT && (top < NPC_SMB_3_0 || !c->n_ciphers))
        return nt_error_set(&c->err, STATUS_INVALID_PARAMETER,
                            top < NPC_SMB_3_0
                                ? "encryption is asked for, but no dialect from 3.0 on may be offered"
                                : "encryption is asked for, but no cipher may be offered");
    q->mode = SMB_MODE_SIGN |
              SMB_MODE_SIGN_REQUIRED; /* a session that has a key is signed, whatever the options say */
    if (top > NPC_SMB_2_0_2)
        q->caps = SMB_CAP_LARGE_MTU;
    /* 3.0 and 3.0.2 have AES-128-CCM only; on 3.1.1 Samba looks at this bit before it looks at the contexts
     */
    if ((top >= NPC_SMB_3_0 && listed(c->ciphers, c->n_ciphers, NPC_AES128_CCM)) ||
        (top == NPC_SMB_3_1_1 && c->n_ciphers))
        q->caps |= SMB_CAP_ENCRYPTION;
    q->hashes[q->n_hashes++] = SMB_HASH_SHA512;
    memcpy(q->ciphers, c->ciphers, sizeof q->ciphers);
    q->n_ciphers = c->n_ciphers;
    memcpy(q->signing, c->signing, sizeof q->signing);
    q->n_signing = c->n_signing;
    enum nt_status st = c->stream.env->random(c->stream.env->arg, c->salt, sizeof c->salt);
    if (st == STATUS_SUCCESS && top > NPC_SMB_2_0_2) /* [MS-SMB2] 2.2.3: zero with 2.0.2 alone */
        st = c->stream.env->random(c->stream.env->arg, q->guid, sizeof q->guid);
    q->salt = (struct nt_blob){ c->salt, sizeof c->salt };
    return st;
}

enum nt_status smb_client_init(struct smb_client *c, const struct smb_client_options *o)
{
    memset(c, 0, sizeof *c);
    io_stream_init(&c->stream, &smb_client_ops, c, o->env);
    io_item_init(&c->end, smb_client_end);
    c->o = *o;
    c->o.ciphers = NULL;
    c->o.signing = NULL;
    c->o.creds = o->creds ? sec_creds_ref(o->creds) : NULL;
    c->credits = 1; /* [MS-SMB2] 3.2.4.1.6 */
    c->server = strdup(o->server);
    c->target = strdup(o->target ? o->target : o->server);
    if (!c->server || !c->target)
        return nt_error_set(&c->err, STATUS_NO_MEMORY, "no memory");
    enum nt_status st = take_lists(c, o);
    return st != STATUS_SUCCESS ? st : make_offer(c, o);
}

void smb_client_start(struct smb_client *c, uint64_t deadline)
{
    c->deadline = deadline;
}

/* ---- NEGOTIATE ---- */

/* Sends one of the requests of this file; failing to is the end of the connection. */
static void send_own(struct smb_client *c, struct wr *w, enum smb_command cmd,
                     void (*done)(struct smb_req *r), enum smb_state state)
{
    smb_set_state(c, state);
    c->own.command = (uint16_t)cmd;
    c->own.done = done;
    enum nt_status st = smb_send(c, &c->own, w, SMB_PREFIX, 0, c->deadline);
    if (st != STATUS_SUCCESS)
        smb_client_fail(c, st, "no request could be sent to %s while connecting", c->server);
}

static void negotiate_done(struct smb_req *r);

void smb_connect(struct smb_client *c)
{
    struct wr w, name;
    struct smb_negotiate_req q = c->offer;
    wr_init(&name, UINT16_MAX);
    if (smb_put_utf16(&name, c->server, NULL) ==
        STATUS_SUCCESS) /* [MS-SMB2] 2.2.3.1.4; left out if it is not UTF-8 */
        q.netname = (struct nt_blob){ name.base, name.len };
    smb_begin(&w, SMB_MAX_PAYLOAD);
    smb_put_negotiate_req(&w, &q);
    wr_free(&name);
    send_own(c, &w, SMB_NEGOTIATE, negotiate_done, SMB_ST_NEGOTIATE);
}

/* A request that ended without an answer; true if there is one to look at. */
static bool has_answer(struct smb_req *r, const char *doing)
{
    struct smb_client *c = r->client;
    char who[SMB_WHO], words[300];
    if (c->dead || c->closing)
        return false;
    if (r->msg)
        return true;
    if (r->status == STATUS_IO_TIMEOUT)
        smb_client_fail(c, r->status, "%s %s: no answer in time; a firewall may drop what it sends", doing,
                        smb_who(c, who));
    else
        smb_client_fail(c, r->status, "%s %s: %s", doing, smb_who(c, who), status_words(r->status, words));
    return false;
}

/* The server must have picked what was offered ([MS-SMB2] 3.2.5.2). */
static enum nt_status check_algorithms(struct smb_client *c, const struct smb_negotiate_rsp *p,
                                       const char **ret_what)
{
    bool v311 = p->dialect == NPC_SMB_3_1_1;
    *ret_what = "dialect";
    if (!listed(c->offer.dialects, c->offer.n_dialects, p->dialect))
        return STATUS_INVALID_NETWORK_RESPONSE;
    *ret_what = "preauthentication hash";
    if (v311 && p->hash != SMB_HASH_SHA512)
        return STATUS_INVALID_NETWORK_RESPONSE;
    *ret_what = "cipher";
    if (v311 && p->has_cipher && p->cipher && !listed(c->ciphers, c->n_ciphers, p->cipher))
        return STATUS_INVALID_NETWORK_RESPONSE;
    *ret_what = "signing algorithm";
    if (v311 && p->has_signing && !listed(c->signing, c->n_signing, p->signing))
        return STATUS_INVALID_NETWORK_RESPONSE;
    c->dialect = (enum npc_dialect)p->dialect;
    c->sign_alg = c->dialect < NPC_SMB_3_0 ? NPC_HMAC_SHA256
                  : v311 && p->has_signing ? (enum npc_signing_alg)p->signing
                                           : NPC_AES_CMAC;
    if (!listed(c->signing, c->n_signing, c->sign_alg))
        return STATUS_NOT_SUPPORTED;
    if (v311)
        c->cipher = p->has_cipher ? (enum npc_cipher)p->cipher : NPC_CIPHER_NONE;
    else if (c->dialect >= NPC_SMB_3_0 && (p->caps & SMB_CAP_ENCRYPTION) &&
             listed(c->ciphers, c->n_ciphers, NPC_AES128_CCM))
        c->cipher = NPC_AES128_CCM;
    return STATUS_SUCCESS;
}

static bool check_negotiated(struct smb_client *c, const struct smb_negotiate_rsp *p)
{
    char who[SMB_WHO];
    const char *what;
    enum nt_status st = check_algorithms(c, p, &what);
    if (st == STATUS_NOT_SUPPORTED)
        smb_client_fail(c, st, "%s signs with %s, which the options do not allow", smb_who(c, who),
                        smb_signing_name(c->sign_alg));
    else if (st != STATUS_SUCCESS)
        smb_client_fail(c, st, "%s picked a %s that was not offered (dialect 0x%04x, cipher %u, signing %u)",
                        smb_who(c, who), what, p->dialect, p->cipher, p->signing);
    else if (c->o.protection == NPC_PROTECT_ENCRYPT && c->cipher == NPC_CIPHER_NONE)
        smb_client_fail(c, STATUS_ACCESS_DENIED,
                        "%s cannot encrypt with any of the ciphers offered, and encryption is asked for",
                        smb_who(c, who));
    else if (p->max_transact < SMB_MIN_PAYLOAD || p->max_read < SMB_MIN_PAYLOAD ||
             p->max_write < SMB_MIN_PAYLOAD)
        smb_client_fail(c, STATUS_INVALID_NETWORK_RESPONSE,
                        "%s carries at most %u bytes at once, too few for RPC", smb_who(c, who),
                        p->max_transact);
    return !c->dead;
}

static void step_auth(struct smb_client *c, struct nt_blob token);

static uint32_t at_most(uint32_t v, uint32_t limit)
{
    return v < limit ? v : limit;
}

static void negotiate_done(struct smb_req *r)
{
    struct smb_client *c = r->client;
    struct smb_negotiate_rsp p;
    char who[SMB_WHO], words[300];
    if (!has_answer(r, "negotiating with"))
        return;
    if (r->status != STATUS_SUCCESS) {
        smb_client_fail(c, r->status, "%s refused to negotiate SMB %s to %s: %s%s", smb_who(c, who),
                        npc_dialect_name((enum npc_dialect)c->offer.dialects[0]),
                        npc_dialect_name((enum npc_dialect)c->offer.dialects[c->offer.n_dialects - 1]),
                        status_words(r->status, words),
                        r->status == STATUS_INVALID_PARAMETER ? "; it may have none of the ciphers offered"
                        : r->status == STATUS_NOT_SUPPORTED   ? "; it has none of these dialects"
                                                              : "");
        return;
    }
    if (smb_get_negotiate_rsp(r->msg, r->len, &p) != STATUS_SUCCESS) {
        smb_client_fail(c, STATUS_INVALID_NETWORK_RESPONSE, "%s sent a NEGOTIATE answer that cannot be read",
                        smb_who(c, who));
        return;
    }
    if (!check_negotiated(c, &p))
        return;
    smb_preauth(c->preauth, r->msg, r->len);
    c->server_mode = p.mode;
    c->server_caps = p.caps;
    memcpy(c->server_guid, p.guid, 16);
    c->max_transact = at_most(p.max_transact, SMB_MAX_PAYLOAD);
    c->max_read = at_most(p.max_read, SMB_MAX_PAYLOAD);
    c->multi_credit = c->dialect > NPC_SMB_2_0_2 && (p.caps & SMB_CAP_LARGE_MTU);
    c->max_write = at_most(p.max_write, c->multi_credit ? SMB_MAX_WRITE : SMB_MAX_PAYLOAD);
    step_auth(c, (struct nt_blob){ NULL, 0 });
}

/* ---- SESSION_SETUP ---- */

static void auth_free(struct smb_auth *a)
{
    sec_free(a->ctx);
    sec_creds_unref(a->creds);
    wr_free_secret(&a->out);
    free(a->in);
    free(a->last);
    free(a);
}

void smb_drop_auth(struct smb_client *c)
{
    struct smb_auth *a = c->auth;
    if (!a)
        return;
    c->auth = NULL;
    a->client = NULL;
    if (io_cancel(&a->item)) /* else its worker comes back to auth_item, which frees it */
        auth_free(a);
}

static void auth_work(struct io_item *it)
{
    struct smb_auth *a = io_container(it, struct smb_auth, item);
    a->status = STATUS_SUCCESS;
    if (!a->ctx)
        a->status = a->provider->start(&a->params, &a->ctx);
    if (a->status == STATUS_SUCCESS)
        a->status = a->provider->step(a->ctx, (struct nt_blob){ a->in, a->in_len }, &a->out);
    if (a->out.st != STATUS_SUCCESS &&
        (a->status == STATUS_SUCCESS || a->status == STATUS_MORE_PROCESSING_REQUIRED))
        a->status = a->out.st;
}

static void setup_done(struct smb_req *r);
/* Who we are to the server: what the mechanism says, else what the credentials do. A name that is too long is none: cut, it might
 * be somebody else's, and no UTF-8 any more. */
static void take_principal(struct smb_client *c, struct smb_auth *a)
{
    const struct sec_creds *creds = c->o.creds;
    const char *user = creds ? sec_creds_user(creds) : "", *domain = creds ? sec_creds_domain(creds) : "";
    struct nt_blob b;
    int n = 0;
    c->principal[0] = '\0';
    if (c->anonymous)
        return;
    if (a->provider->query(a->ctx, SEC_ITEM_SELF, &b) == STATUS_SUCCESS)
        n = snprintf(c->principal, sizeof c->principal, "%.*s", (int)b.len, (const char *)b.data);
    else
        n = snprintf(c->principal, sizeof c->principal, "%s%s%s", domain, *domain ? "\\" : "", user);
    if (n < 0 || (size_t)n >= sizeof c->principal)
        c->principal[0] = '\0';
}

static void established(struct smb_client *c);

/* Back from a step: what it said goes to the server, or is the end of setting up. */
static void auth_item(struct io_item *it)
{
    struct smb_auth *a = io_container(it, struct smb_auth, item);
    struct smb_client *c = a->client;
    char who[SMB_WHO], words[300];
    if (!c) {
        auth_free(a);
        return;
    }
    if (c->dead || c->closing)
        return;
    bool done = a->status == STATUS_SUCCESS;
    if (!done && a->status != STATUS_MORE_PROCESSING_REQUIRED) {
        smb_client_fail(c, a->status, "authenticating to %s%s%s: %s%s%s", smb_who(c, who),
                        *sec_creds_user(a->creds) ? " as " : "", sec_creds_user(a->creds),
                        status_words(a->status, words), *a->err.text ? "; " : "", a->err.text);
        return;
    }
    if (a->last) {
        if (done)
            established(c);
        else
            smb_client_fail(c, STATUS_INVALID_NETWORK_RESPONSE,
                            "%s ended the logon although the security mechanism was not done",
                            smb_who(c, who));
        return;
    }
    if (!a->out.len) {
        smb_client_fail(c, STATUS_INVALID_NETWORK_RESPONSE,
                        "%s wants more of a security mechanism that is done", smb_who(c, who));
        return;
    }
    struct wr w;
    struct smb_setup_req q = {
        .mode = SMB_MODE_SIGN | SMB_MODE_SIGN_REQUIRED,
        .token = { a->out.base, a->out.len },
    };
    smb_begin(&w, SMB_MAX_MESSAGE);
    smb_put_setup_req(&w, &q);
    wr_free_secret(&a->out);
    wr_init(&a->out, UINT16_MAX);
    send_own(c, &w, SMB_SESSION_SETUP, setup_done, SMB_ST_SETUP);
}

static struct smb_auth *auth_new(struct smb_client *c)
{
    struct smb_auth *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    io_item_init(&a->item, auth_item);
    a->item.work = auth_work;
    a->client = c;
    a->provider = &sec_spnego;
    a->creds = sec_creds_ref(c->o.creds);
    wr_init(&a->out, UINT16_MAX);
    snprintf(a->host, sizeof a->host, "%s", c->target);
    a->params = (struct sec_params){
        .role = SEC_CLIENT,
        .creds = a->creds,
        .service = "cifs",
        .host = a->host,
        .flags = SEC_FLAG_MUTUAL | SEC_FLAG_INTEGRITY,
        .env = c->stream.env,
        .err = &a->err,
    };
    return a;
}

/* One step of the mechanism, where blocking is allowed. */
static void step_auth(struct smb_client *c, struct nt_blob token)
{
    struct smb_auth *a = c->auth ? c->auth : (c->auth = auth_new(c));
    uint8_t *in = a && token.len ? malloc(token.len) : NULL;
    if (!a || (token.len && !in)) {
        smb_client_fail(c, STATUS_NO_MEMORY, "no memory to authenticate to %s", c->server);
        return;
    }
    if (token.len)
        memcpy(in, token.data, token.len);
    free(a->in);
    a->in = in;
    a->in_len = token.len;
    smb_set_state(c, SMB_ST_AUTH);
    io_work(&c->stream, &a->item);
}

/* The server has said its last word; it can be checked once the mechanism has given a key. */
static void last_leg(struct smb_client *c, struct smb_req *r, const struct smb_setup_rsp *p)
{
    struct smb_auth *a = c->auth;
    a->last = malloc(r->len);
    if (!a->last) {
        smb_client_fail(c, STATUS_NO_MEMORY, "no memory to authenticate to %s", c->server);
        return;
    }
    memcpy(a->last, r->msg, r->len);
    a->last_len = r->len;
    a->session_flags = p->flags;
    if (a->status == STATUS_MORE_PROCESSING_REQUIRED)
        step_auth(c, p->token);
    else
        established(c);
}

static void setup_failed(struct smb_client *c, enum nt_status st)
{
    char who[SMB_WHO], words[300];
    struct nt_blob mech;
    const char *name = "SPNEGO";
    char buf[16];
    if (c->auth->ctx && c->auth->provider->query(c->auth->ctx, SEC_ITEM_MECH, &mech) == STATUS_SUCCESS) {
        snprintf(buf, sizeof buf, "%.*s", (int)mech.len, (const char *)mech.data);
        name = buf;
    }
    smb_client_fail(c, st, "logging on to %s as %s%s%s with %s: %s%s", smb_who(c, who),
                    sec_creds_domain(c->o.creds), *sec_creds_domain(c->o.creds) ? "\\" : "",
                    *sec_creds_user(c->o.creds)             ? sec_creds_user(c->o.creds)
                    : c->auth->ctx && !strcmp(name, "krb5") ? "the owner of the ticket cache"
                                                            : "nobody",
                    name, status_words(st, words), logon_advice(st));
}

static void setup_done(struct smb_req *r)
{
    struct smb_client *c = r->client;
    struct smb_setup_rsp p;
    char who[SMB_WHO];
    if (!has_answer(r, "logging on to"))
        return;
    bool more = r->status == STATUS_MORE_PROCESSING_REQUIRED;
    if (r->status != STATUS_SUCCESS && !more) {
        setup_failed(c, r->status);
        return;
    }
    if (smb_get_setup_rsp(r->msg, r->len, &p) != STATUS_SUCCESS || r->hdr.session_id == 0 ||
        (c->session_id && r->hdr.session_id != c->session_id) || ++c->legs > SMB_MAX_LEGS) {
        smb_client_fail(c, STATUS_INVALID_NETWORK_RESPONSE,
                        "%s sent a SESSION_SETUP answer that makes no sense", smb_who(c, who));
        return;
    }
    c->session_id = r->hdr.session_id;
    if (!more) {
        last_leg(c, r, &p);
    } else {
        smb_preauth(c->preauth, r->msg, r->len);
        step_auth(c, p.token);
    }
}

static void tree_connect(struct smb_client *c);

/* A session without a key: nothing on it is protected. */
static void unprotected(struct smb_client *c)
{
    char who[SMB_WHO];
    const char *kind = c->guest ? "a guest" : "an anonymous";
    if (!c->o.allow_unsigned || c->o.protection == NPC_PROTECT_ENCRYPT)
        smb_client_fail(
            c, STATUS_ACCESS_DENIED,
            "%s made this %s session, which can be neither signed nor encrypted, and the options ask for "
            "protection; check the account, or allow unsigned sessions",
            smb_who(c, who), kind);
    else if (c->server_mode & SMB_MODE_SIGN_REQUIRED)
        smb_client_fail(c, STATUS_ACCESS_DENIED,
                        "%s requires signing but made this %s session, which has no key to sign with",
                        smb_who(c, who), kind);
    else
        tree_connect(c);
}

/* Keys, and with them the check of the server's last answer ([MS-SMB2] 3.2.5.3.1). */
static bool take_keys(struct smb_client *c, struct smb_auth *a)
{
    char who[SMB_WHO];
    struct nt_blob key;
    struct smb_hdr h;
    if (a->provider->query(a->ctx, SEC_ITEM_SESSION_KEY, &key) != STATUS_SUCCESS || key.len == 0) {
        smb_client_fail(c, STATUS_NO_USER_SESSION_KEY,
                        "the security mechanism gave no key for the session with %s", smb_who(c, who));
        return false;
    }
    if (key.len > sizeof c->session_key)
        key.len = sizeof c->session_key;
    memcpy(c->session_key, key.data, key.len);
    c->session_key_len = key.len;
    smb_keys_done(&c->keys);
    smb_derive_keys(&c->keys, c->dialect, c->cipher, c->sign_alg, (struct nt_blob){ c->session_key, key.len },
                    c->preauth, false);
    if (smb_get_hdr(a->last, a->last_len, &h) != STATUS_SUCCESS || !(h.flags & SMB_FLAG_SIGNED) ||
        !smb_check_signature(&c->keys.signer, a->last, a->last_len, true)) {
        smb_client_fail(
            c, STATUS_INVALID_SIGNATURE,
            "%s did not prove that it knows the session key (the last answer of the logon is %s); somebody "
            "may have changed the negotiation",
            smb_who(c, who), h.flags & SMB_FLAG_SIGNED ? "wrongly signed" : "not signed");
        return false;
    }
    c->have_keys = c->signing_on = true;
    return true;
}

static void established(struct smb_client *c)
{
    struct smb_auth *a = c->auth;
    struct nt_blob b;
    unsigned flags = 0;
    char who[SMB_WHO];
    if (a->provider->query(a->ctx, SEC_ITEM_MECH, &b) == STATUS_SUCCESS)
        snprintf(c->mech, sizeof c->mech, "%.*s", (int)b.len, (const char *)b.data);
    if (a->provider->query(a->ctx, SEC_ITEM_FLAGS, &b) == STATUS_SUCCESS && b.len == sizeof flags)
        memcpy(&flags, b.data, sizeof flags);
    c->guest = a->session_flags & SMB_SESSION_GUEST;
    c->anonymous = (a->session_flags & SMB_SESSION_NULL) || (flags & SEC_FLAG_ANONYMOUS);
    take_principal(c, a);
    bool keyless = c->guest || c->anonymous;
    bool must_seal = c->dialect >= NPC_SMB_3_0 && (a->session_flags & SMB_SESSION_ENCRYPT);
    bool ok = keyless || take_keys(c, a);
    smb_drop_auth(c);
    if (!ok)
        return;
    if (keyless) {
        unprotected(c);
        return;
    }
    if (must_seal && c->cipher == NPC_CIPHER_NONE) {
        smb_client_fail(c, STATUS_ACCESS_DENIED, "%s requires encryption, but no cipher was negotiated",
                        smb_who(c, who));
        return;
    }
    c->sealing = c->cipher != NPC_CIPHER_NONE && (must_seal || c->o.protection != NPC_PROTECT_SIGN);
    tree_connect(c);
}

/* ---- TREE_CONNECT, FSCTL_VALIDATE_NEGOTIATE_INFO ---- */

static void ready(struct smb_client *c)
{
    smb_set_state(c, SMB_ST_READY);
    c->reported = true;
    c->o.on_ready(c->o.arg, STATUS_SUCCESS);
}

static void validate_done(struct smb_req *r)
{
    struct smb_client *c = r->client;
    struct smb_ioctl p;
    struct smb_validate v;
    char who[SMB_WHO], words[300];
    if (!has_answer(r, "confirming the negotiation with"))
        return;
    /* The answer is authentic: signed or encrypted. A server that is really older than 3.0 may not know the
     * request; one of 3.x must ([MS-SMB2] 3.3.5.15.12). */
    if (r->status != STATUS_SUCCESS) {
        if (c->dialect < NPC_SMB_3_0 && r->status != STATUS_ACCESS_DENIED)
            ready(c);
        else
            smb_client_fail(c, r->status, "%s does not confirm what was negotiated: %s", smb_who(c, who),
                            status_words(r->status, words));
        return;
    }
    if (smb_get_ioctl_rsp(r->msg, r->len, &p) != STATUS_SUCCESS || p.code != FSCTL_VALIDATE_NEGOTIATE_INFO ||
        smb_get_validate(p.data, true, &v) != STATUS_SUCCESS || v.caps != c->server_caps ||
        v.mode != c->server_mode || v.dialects[0] != c->dialect || memcmp(v.guid, c->server_guid, 16) != 0)
        smb_client_fail(
            c, STATUS_ACCESS_DENIED,
            "%s confirms another negotiation than the one seen here: somebody in between has lowered it",
            smb_who(c, who));
    else
        ready(c);
}

static void validate(struct smb_client *c)
{
    struct wr w, in;
    struct smb_validate v = { .caps = c->offer.caps,
                              .mode = c->offer.mode,
                              .n_dialects = c->offer.n_dialects };
    memcpy(v.guid, c->offer.guid, 16);
    memcpy(v.dialects, c->offer.dialects, sizeof v.dialects);
    wr_init(&in, 256);
    smb_put_validate(&in, &v, false);
    struct smb_ioctl q = { .code = FSCTL_VALIDATE_NEGOTIATE_INFO,
                           .max_out = 24,
                           .data = { in.base, in.len } };
    memset(q.file_id, 0xff, sizeof q.file_id);
    smb_begin(&w, SMB_MAX_PAYLOAD);
    smb_put_ioctl_req(&w, &q);
    wr_fail(&w, in.st);
    wr_free(&in);
    send_own(c, &w, SMB_IOCTL, validate_done, SMB_ST_VALIDATE);
}

static void tree_done(struct smb_req *r)
{
    struct smb_client *c = r->client;
    struct smb_tree_rsp p;
    char who[SMB_WHO], words[300];
    if (!has_answer(r, "connecting IPC$ of"))
        return;
    if (r->status != STATUS_SUCCESS) {
        smb_client_fail(c, r->status, "%s refused IPC$ to %s: %s", smb_who(c, who),
                        *sec_creds_user(c->o.creds) ? sec_creds_user(c->o.creds) : "nobody",
                        status_words(r->status, words));
        return;
    }
    if (smb_get_tree_rsp(r->msg, r->len, &p) != STATUS_SUCCESS || p.type != SMB_SHARE_PIPE ||
        (r->hdr.flags & SMB_FLAG_ASYNC)) {
        smb_client_fail(c, STATUS_INVALID_NETWORK_RESPONSE, "%s says that IPC$ is no share for pipes",
                        smb_who(c, who));
        return;
    }
    c->tree_id = r->hdr.tree_id;
    if (c->dialect >= NPC_SMB_3_0 && (p.flags & SMB_SHAREFLAG_ENCRYPT) && !c->sealing) {
        if (c->cipher == NPC_CIPHER_NONE || !c->have_keys) {
            smb_client_fail(c, STATUS_ACCESS_DENIED,
                            "%s requires encryption for IPC$, which this session cannot give",
                            smb_who(c, who));
            return;
        }
        c->sealing = true;
    }
    /* [MS-SMB2] 3.2.5.5: wherever 3.x was offered and something without preauthentication integrity was
     * picked */
    if (c->dialect != NPC_SMB_3_1_1 && c->offer.dialects[c->offer.n_dialects - 1] >= NPC_SMB_3_0 &&
        c->signing_on)
        validate(c);
    else
        ready(c);
}

/* The server's part of a UNC path. A colon cannot stand in one: an IPv6 address is written as
 * ipv6-literal.net names are, with '-' for ':' and 's' for the '%' of a zone ([MS-DTYP] 2.2.57). */
static void unc_host(const char *server, char buf[300])
{
    size_t n = 0;
    if (!strchr(server, ':')) {
        snprintf(buf, 300, "%.255s", server);
        return;
    }
    for (const char *p = server; *p && n < 255; p++)
        if (*p != '[' && *p != ']')
            buf[n++] = *p == ':' ? '-' : *p == '%' ? 's' : *p;
    snprintf(buf + n, 300 - n, ".ipv6-literal.net");
}

static void tree_connect(struct smb_client *c)
{
    struct wr w;
    char host[300], path[320];
    smb_begin(&w, SMB_MAX_PAYLOAD);
    unc_host(c->server, host);
    snprintf(path, sizeof path, "\\\\%s\\IPC$", host);
    enum nt_status st = smb_put_tree_req(&w, path);
    if (st != STATUS_SUCCESS)
        wr_fail(&w, st);
    send_own(c, &w, SMB_TREE_CONNECT, tree_done, SMB_ST_TREE);
}

/* ---- the transport goes away ---- */

void smb_connection_lost(struct smb_client *c, enum nt_status why)
{
    static const char *const doing[] = {
        "connecting to", "negotiating with",   "logging on to",
        "logging on to", "connecting IPC$ of", "confirming the negotiation with",
        "talking to",    "logging off from",   "talking to",
    };
    char who[SMB_WHO], words[300];
    if (!c->dead) {
        c->dead = true;
        c->why = why;
        if (!c->closing)
            nt_error_set(&c->err, why, "%s %s: %s%s", doing[c->state], smb_who(c, who),
                         status_words(why, words), lost_advice(why, c->state));
    }
    smb_set_state(c, SMB_ST_CLOSED);
    smb_drop_auth(c);
    smb_abandon(&c->own);
}
