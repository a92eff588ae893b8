// SPDX-License-Identifier: Apache-2.0
/* The frame of Net* calls: connections of a server, sentences, results. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "netapi/m_netapi.h"
#include "npc/npc.h"

/* Steps of a look at an idle connection: a peer that keeps sending does not hold a call up. */
#define LOOK_STEPS 16

static _Thread_local struct {
    struct nt_error err;
    enum nt_status st;
} last;

/* ---- connections of a server ---- */

/* Everything of a server goes when one connection of it is dead: pipes share the session, handles the
 * connection. */
void net_server_reset(struct net_server *s)
{
    if (s->sam_free)
        s->sam_free(s->sam);
    s->sam = NULL;
    s->sam_free = NULL;
    for (size_t k = 0; k < NET_MAX_CONNS; k++) {
        rpc_close(s->conns[k].conn);
        s->conns[k].conn = NULL;
    }
    npc_session_unref(s->session);
    s->session = NULL;
}

static bool session_alive(const struct net_server *s)
{
    return s->session && npc_session_stream(s->session)->state == IO_OPEN;
}

void net_server_look(struct net_server *s)
{
    struct nt_loop *l = s->session ? npc_session_loop(s->session) : s->loop;
    for (unsigned i = 0; i < LOOK_STEPS && nt_loop_run(l, 0) == STATUS_SUCCESS; i++)
        ;
}

bool net_server_connected(const struct net_server *s)
{
    if (s->session && !session_alive(s))
        return false;
    bool any = s->session != NULL;
    for (size_t k = 0; k < NET_MAX_CONNS; k++)
        if (s->conns[k].conn) {
            if (!rpc_conn_alive(s->conns[k].conn))
                return false;
            any = true;
        }
    return any;
}

static struct net_conn *slot(struct net_server *s, const struct rpc_interface *i)
{
    struct net_conn *free_slot = NULL;
    for (size_t k = 0; k < NET_MAX_CONNS; k++) {
        if (s->conns[k].conn && s->conns[k].iface == i)
            return &s->conns[k];
        if (!s->conns[k].conn && !free_slot)
            free_slot = &s->conns[k];
    }
    return free_slot;
}

static bool wants_tcp(const struct net_options *o)
{
    return o->protseq && strcmp(o->protseq, "ncacn_ip_tcp") == 0;
}

static struct npc_options session_options(struct net_call *c, const struct net_options *o,
                                          struct sec_creds *creds)
{
    struct npc_options n = NPC_OPTIONS_INIT;
    if (o->npc)
        n = *o->npc;
    n.creds = creds;
    n.auth = NULL;
    n.loop = NULL; /* its own, so that the end of the session is waited for */
    n.error = &c->err;
    if (o->target)
        n.target = o->target;
    if (o->smb_port)
        n.port = o->smb_port;
    if (o->timeout_ms)
        n.timeout_ms = o->timeout_ms;
    if (o->cancel)
        n.cancel = o->cancel;
    if (o->mux)
        n.mux = o->mux;
    return n;
}

static enum nt_status open_session(struct net_call *c, const struct net_options *o, struct sec_creds *creds)
{
    struct npc_options n = session_options(c, o, creds);
    return npc_session_open(c->srv->name, &n, &c->srv->session);
}

/* By npcmuxd each interface borrows a pipe of its own, in the session that is kept there. */
static bool may_borrow(const struct net_call *c, const struct net_options *o, const struct npc_options *n)
{
    return !wants_tcp(o) && !c->srv->session && o->level <= SEC_LEVEL_NONE && !o->provider &&
           npc_mux_possible(n);
}

/* NetUseAdd's credentials come before those of the options: they were given later, and for this server. */
static enum nt_status call_creds(struct net_call *c, struct sec_creds **ret)
{
    struct sec_creds *creds = c->srv->use_creds ? c->srv->use_creds : net_call_options(c)->creds;
    if (!creds)
        return net_default_creds(ret, &c->err);
    *ret = sec_creds_ref(creds);
    return STATUS_SUCCESS;
}

/* What did not come to an answer is an error, also when the peer found a code for it that callers would take
 * for success or for a list that goes on. */
static enum nt_status not_done(struct net_call *c, enum nt_status st)
{
    NET_API_STATUS seen = nt_to_net_api(st);
    if (st == STATUS_SUCCESS || (seen != NERR_Success && seen != ERROR_MORE_DATA))
        return st;
    if (!c->err.text[0])
        nt_error_set(&c->err, RPC_NT_PROTOCOL_ERROR, "%s refused with a code that is none of a refusal",
                     c->srv->name);
    return RPC_NT_PROTOCOL_ERROR;
}

enum nt_status net_connect(struct net_call *c)
{
    const struct net_options *o = net_call_options(c);
    if (wants_tcp(o) || session_alive(c->srv))
        return STATUS_SUCCESS; /* TCP proves credentials with each bind */
    net_server_reset(c->srv);
    struct sec_creds *creds;
    enum nt_status st = call_creds(c, &creds);
    if (st != STATUS_SUCCESS)
        return st;
    st = open_session(c, o, creds);
    sec_creds_unref(creds);
    return not_done(c, st);
}

static enum nt_status open_conn(struct net_call *c, const struct rpc_interface *i, struct rpc_conn **ret)
{
    const struct net_options *o = net_call_options(c);
    struct sec_creds *creds;
    enum nt_status st = call_creds(c, &creds);
    if (st != STATUS_SUCCESS)
        return st;
    struct rpc_options ro = RPC_OPTIONS_INIT;
    ro.creds = creds;
    ro.level = o->level;
    ro.provider = o->provider;
    ro.target = o->target;
    ro.tcp_port = o->epm_port;
    ro.timeout_ms = o->timeout_ms;
    ro.cancel = o->cancel;
    ro.loop = wants_tcp(o) ? c->srv->loop : NULL; /* pipes: that of the session */
    ro.error = &c->err;
    struct rpc_binding *b = NULL;
    st = rpc_binding_new(wants_tcp(o) ? "ncacn_ip_tcp" : "ncacn_np", c->srv->name, NULL, &b, &c->err);
    struct npc_options n = session_options(c, o, creds);
    if (may_borrow(c, o, &n)) {
        ro.lend = RPC_LEND_AHEAD; /* a call follows at once */
        ro.npc = &n;
        ro.mux = o->mux;
        ro.loop = c->srv->loop;
    } else if (st == STATUS_SUCCESS && !wants_tcp(o) && !c->srv->session) {
        st = open_session(c, o, creds);
    }
    ro.session = c->srv->session;
    if (st == STATUS_SUCCESS && (st = rpc_open(b, i, &ro, ret)) == RPC_NT_SEC_PKG_ERROR) {
        /* all that a server says of a failed logon over TCP */
        struct nt_error said = c->err;
        const char *user = sec_creds_user(creds);
        nt_error_set(&c->err, st, "%.400s; usually the user name or the password (of %s) is wrong", said.text,
                     user[0] ? user : "the owner of the Kerberos cache");
    }
    rpc_binding_unref(b);
    sec_creds_unref(creds);
    if (st == STATUS_SUCCESS && o->cancel) { /* the token above was that of opening */
        struct rpc_call_options co = RPC_CALL_OPTIONS_INIT;
        co.cancel = o->cancel;
        rpc_conn_set(*ret, &co);
    }
    return st;
}

enum nt_status net_rpc(struct net_call *c, const struct rpc_interface *i, struct rpc_conn **ret)
{
    struct net_conn *s = slot(c->srv, i);
    if ((s && s->conn && !rpc_conn_alive(s->conn)) || (c->srv->session && !session_alive(c->srv))) {
        net_server_reset(c->srv);
        s = slot(c->srv, i);
    }
    if (!s)
        return STATUS_INTERNAL_ERROR; /* NET_MAX_CONNS is the number of interfaces that netapi uses */
    if (!s->conn) {
        struct rpc_conn *conn = NULL;
        enum nt_status st = open_conn(c, i, &conn);
        if (st != STATUS_SUCCESS)
            return not_done(c, st);
        s->iface = i;
        s->conn = conn;
    }
    *ret = c->conn = s->conn;
    return STATUS_SUCCESS;
}

enum nt_status net_run(struct net_call *c, const struct rpc_interface *i, const struct rpc_op *op, void *r)
{
    struct rpc_conn *conn;
    enum nt_status st = net_rpc(c, i, &conn);
    if (st != STATUS_SUCCESS)
        return st;
    st = rpc_run(conn, op, c->mem, r);
    if (st != STATUS_SUCCESS)
        nt_error_set(&c->err, st, "%s", rpc_conn_error(conn));
    return not_done(c, st);
}

/* ---- sentences ---- */

static const char *level_name(enum sec_level level)
{
    return level == SEC_LEVEL_PRIVACY     ? "sealed"
           : level == SEC_LEVEL_INTEGRITY ? "signed"
           : level == SEC_LEVEL_CONNECT   ? "level connect"
                                          : "no RPC security";
}

/* "over SMB 3.1.1, encrypted, ntlm", "over TCP, sealed, spnego/krb5": how the peer was reached. */
static void how(const struct net_call *c, char *buf, size_t size)
{
    struct rpc_facts r = { .size = sizeof r };
    buf[0] = 0;
    if (!c->conn || rpc_conn_facts(c->conn, &r) != STATUS_SUCCESS)
        return;
    if (r.dialect)
        snprintf(buf, size, " over SMB %s (%s, %s)", npc_dialect_name(r.dialect),
                 r.session_encrypted ? "encrypted"
                 : r.session_signed  ? "signed"
                                     : "unprotected",
                 r.session_mech ? r.session_mech : "anonymous");
    else
        snprintf(buf, size, " over TCP (%s, %s)", level_name(r.level), r.provider ? r.provider : "anonymous");
}

static const char *who(const struct net_call *c)
{
    const struct sec_creds *creds = c->srv->use_creds ? c->srv->use_creds : net_call_options(c)->creds;
    const char *user = creds ? sec_creds_user(creds) : "";
    struct rpc_facts r = { .size = sizeof r };
    /* the muxer's session may be somebody else's than the credentials here */
    if (c->conn && rpc_conn_facts(c->conn, &r) == STATUS_SUCCESS && r.muxer)
        user = r.session_principal && r.session_principal[0] ? r.session_principal
                                                             : "whom the muxer logged on as";
    return user[0] ? user : "the owner of the Kerberos cache";
}

enum nt_status net_answer(struct net_call *c, enum werror we)
{
    if (we == WERR_OK)
        return STATUS_SUCCESS;
    enum nt_status st = nt_from_werror(we);
    const char *name = werror_name(we), *text = werror_text(we);
    char way[128];
    how(c, way, sizeof way);
    if (we == W_ERROR_ACCESS_DENIED)
        return nt_error_set(&c->err, st, "%s refuses this to %s%s: ERROR_ACCESS_DENIED", c->srv->name, who(c),
                            way);
    return nt_error_set(&c->err, st, "%s answered%s: %s (%u)%s%s", c->srv->name, way, name ? name : "error",
                        (unsigned)we, text ? ", " : "", text ? text : "");
}

enum nt_status net_answer_nt(struct net_call *c, enum nt_status st)
{
    if (nt_ok(st))
        return st;
    const char *name = nt_status_name(st), *text = nt_status_text(st);
    char way[128];
    how(c, way, sizeof way);
    if (st == STATUS_ACCESS_DENIED)
        return nt_error_set(&c->err, st, "%s refuses this to %s%s: STATUS_ACCESS_DENIED", c->srv->name,
                            who(c), way);
    return nt_error_set(&c->err, st, "%s answered%s: %s (0x%08x)%s%s", c->srv->name, way,
                        name ? name : "error", (unsigned)st, text ? ", " : "", text ? text : "");
}

enum nt_status net_caller(struct net_call *c, char16_t **ret)
{
    const struct sec_creds *creds = c->srv->use_creds ? c->srv->use_creds : net_call_options(c)->creds;
    const char *user = creds ? sec_creds_user(creds) : "";
    if (!user[0])
        return nt_error_set(&c->err, STATUS_INVALID_PARAMETER,
                            "the caller's own name is not known here: give the name of the user");
    return ustr_from_utf8(user, USTR_NUL, ret, NULL);
}

/* ---- calls ---- */

/* "\\\\host", "host" or NULL (this machine) to UTF-8 without backslashes. */
static enum nt_status server_from_wide(const WCHAR *servername, char *buf, size_t size, struct nt_error *err)
{
    const char16_t *s = (const char16_t *)servername;
    if (!s || !s[0])
        s = u"localhost";
    if (s[0] == u'\\' && s[1] == u'\\')
        s += 2;
    size_t n = ustr_nlen(s, NET_MAX_SERVER + 1);
    if (n == 0 || n > NET_MAX_SERVER)
        return nt_error_set(err, STATUS_INVALID_COMPUTER_NAME,
                            "the server name is empty or longer than %d characters", NET_MAX_SERVER);
    enum nt_status st = ustr_to_utf8_buf(s, n, buf, size, NULL);
    if (st != STATUS_SUCCESS || strpbrk(buf, "\\/ \t\r\n\"<>|"))
        return nt_error_set(err, STATUS_INVALID_COMPUTER_NAME, "the server name is not a name or an address");
    return STATUS_SUCCESS;
}

enum nt_status net_begin(struct net_call *c, const WCHAR *servername, const char *name)
{
    memset(c, 0, sizeof *c);
    c->name = name;
    char server[3 * NET_MAX_SERVER + 1]; /* a UTF-16 unit becomes three bytes at most */
    enum nt_status st = server_from_wide(servername, server, sizeof server, &c->err);
    if (st == STATUS_SUCCESS)
        st = net_server_take(server, &c->srv);
    if (st == STATUS_SUCCESS)
        c->mem = c->srv->mem;
    return st;
}

void net_keep_secret(struct net_call *c)
{
    if (c->mem)
        nt_arena_mark_secret(c->mem);
}

NET_API_STATUS net_end(struct net_call *c, enum nt_status st)
{
    NET_API_STATUS result = nt_to_net_api(st);
    last.st = st;
    last.err.text[0] = 0;
    if (result != NERR_Success && result != ERROR_MORE_DATA) {
        const char *text = nt_status_text(st), *name = nt_status_name(st);
        if (c->err.text[0])
            nt_error_set(&last.err, st, "%s: %.480s", c->name, c->err.text);
        else
            nt_error_set(&last.err, st, "%s%s%s: %s", c->name, c->srv ? " on " : "",
                         c->srv ? c->srv->name : "",
                         text   ? text
                         : name ? name
                                : "an error without a text");
    }
    if (c->srv)
        net_server_put(c->srv);
    c->srv = NULL;
    c->mem = NULL;
    c->conn = NULL;
    return result;
}

const char *net_last_error(void)
{
    return last.err.text;
}

enum nt_status net_last_status(void)
{
    return last.st;
}

void net_close_idle(void)
{
    net_cache_close();
    last.err.text[0] = 0;
    last.st = STATUS_SUCCESS;
}

static const struct net_options no_options = NET_OPTIONS_INIT;

const struct net_options *net_call_options(const struct net_call *c)
{
    return c->srv->entry ? &c->srv->entry->o : &no_options;
}

const char16_t *net_server_name(struct net_call *c)
{
    return c->srv->wide;
}

/* ---- names in arguments ---- */

enum nt_status net_check_name(struct net_call *c, const WCHAR *name, size_t max, const char *what)
{
    const char16_t *s = (const char16_t *)name;
    if (!s || !s[0])
        return nt_error_set(&c->err, STATUS_INVALID_PARAMETER, "%s is missing", what);
    if (ustr_nlen(s, max + 1) > max)
        return nt_error_set(&c->err, STATUS_INVALID_PARAMETER, "%s is longer than %zu characters", what, max);
    return STATUS_SUCCESS;
}

enum nt_status net_check_name_opt(struct net_call *c, const WCHAR *name, size_t max, const char *what)
{
    return name && name[0] ? net_check_name(c, name, max, what) : STATUS_SUCCESS;
}
