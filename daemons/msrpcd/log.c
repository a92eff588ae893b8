// SPDX-License-Identifier: Apache-2.0
#include "log.h"
#include <stdio.h>
#include <stdlib.h>
#include "common/journal.h"
#include "sec/sec.h"

#define NS_PER_US 1000u

struct log {
    struct journal *j;
    int calls; /* enum config_log_calls */
    struct journal_limit refused[LOG_SLOTS];
};

/* ---- what events are called ---- */

static bool is_good(enum rpc_seen_result kind, uint32_t result)
{
    enum { MORE_DATA = 234 }; /* "call again": as good as the warnings among the other kinds */
    switch (kind) {
    case RPC_SEEN_NTSTATUS:
        return (result >> 30) != 3; /* severity error, [MS-ERREF] 2.3 */
    case RPC_SEEN_WIN32:
        return result == 0 || result == MORE_DATA;
    case RPC_SEEN_HRESULT:
        return !(result >> 31);
    case RPC_SEEN_NONE:
        break;
    }
    return true;
}

enum call_result call_result(const struct rpc_seen_call *call)
{
    switch (call->outcome) {
    case RPC_SEEN_ANSWERED:
        return is_good(call->kind, call->result) ? CALL_OK : CALL_ERROR;
    case RPC_SEEN_MAYBE:
        return CALL_OK;
    case RPC_SEEN_FAULT:
        return CALL_FAULT;
    case RPC_SEEN_CANCELLED:
        return CALL_CANCELLED;
    case RPC_SEEN_LOST:
        break;
    }
    return CALL_LOST;
}

const char *call_result_name(enum call_result r)
{
    static const char *const names[CALL_RESULTS] = { "ok", "error", "fault", "cancelled", "lost" };
    return names[r];
}

const char *refusal_name(enum rpc_refusal why)
{
    static const char *const names[RPC_REFUSED_CAUSES] = {
        [RPC_REFUSED_CONNS] = "connections",
        [RPC_REFUSED_PEER_CONNS] = "connections_of_peer",
        [RPC_REFUSED_PEER_STRANGERS] = "strangers_of_peer",
        [RPC_REFUSED_MEMORY] = "memory",
        [RPC_REFUSED_CONN_CALLS] = "calls_of_connection",
        [RPC_REFUSED_CALLS] = "calls",
        [RPC_REFUSED_PEER_CALLS] = "calls_of_peer",
        [RPC_REFUSED_STUBS] = "request_bytes",
        [RPC_REFUSED_OUTPUT] = "answer_bytes",
        [RPC_REFUSED_DRAINING] = "draining",
        [RPC_REFUSED_STALLED] = "stalled",
    };
    return names[why];
}

/* ---- lines ---- */

static void put_result(struct line *n, enum rpc_seen_result kind, uint32_t result)
{
    char hex[16];
    const char *name = kind == RPC_SEEN_WIN32 ? werror_name((enum werror)result) : NULL;
    snprintf(hex, sizeof hex, "0x%08x", (unsigned)result);
    if (kind == RPC_SEEN_NTSTATUS)
        journal_status(n, "status", (enum nt_status)result);
    else if (kind != RPC_SEEN_NONE)
        line_text(n, "status", name ? name : hex);
}

static void put_syntax(struct line *n, const struct rpc_syntax *s, const struct rpc_interface *i)
{
    char uuid[NT_GUID_STRLEN + 1], version[16];
    if (nt_guid_is_null(&s->uuid))
        return;
    nt_guid_format(&s->uuid, uuid);
    snprintf(version, sizeof version, "%u.%u", s->major, s->minor);
    line_text(n, "interface", i ? i->name : "other");
    line_text(n, "uuid", uuid);
    line_text(n, "version", version);
}

static void put_conn(struct line *n, const struct rpc_seen_conn *c)
{
    if (c->id)
        line_number(n, "conn", c->id);
    line_text(n, "transport", c->protseq);
    line_text(n, "peer", c->peer);
    line_text(n, "local", c->local[0] ? c->local : NULL);
    line_text(n, "endpoint", c->endpoint[0] ? c->endpoint : NULL);
}

static void put_who(struct line *n, const char *account, const char *provider, enum sec_level level)
{
    line_text(n, "account", account);
    line_text(n, "provider", provider && provider[0] ? provider : NULL);
    line_text(n, "level", sec_level_name(level));
}

/* ---- RPC ---- */

void log_opened(struct log *l, const struct rpc_seen_conn *c)
{
    struct line n;
    if (l->calls != CONFIG_CALLS_ALL)
        return;
    journal_begin(l->j, &n, JOURNAL_INFO, "connect");
    put_conn(&n, c);
    if (c->provider)
        put_who(&n, c->account, c->provider, c->level);
    journal_end(l->j, &n);
}

void log_closed(struct log *l, const struct rpc_seen_conn *c)
{
    struct line n;
    if (l->calls != CONFIG_CALLS_ALL)
        return;
    journal_begin(l->j, &n, JOURNAL_INFO, "disconnect");
    put_conn(&n, c);
    line_number(&n, "calls", c->calls);
    line_number(&n, "bytes_in", c->bytes_in);
    line_number(&n, "bytes_out", c->bytes_out);
    line_number(&n, "duration_us", c->duration_ns / NS_PER_US);
    journal_end(l->j, &n);
}

void log_bind(struct log *l, const struct rpc_seen_conn *c, const struct rpc_seen_bind *b)
{
    struct line n;
    bool good = b->ok && b->accepted;
    if (l->calls == CONFIG_CALLS_NONE || (l->calls == CONFIG_CALLS_FAILED && good))
        return;
    journal_begin(l->j, &n, good ? JOURNAL_INFO : JOURNAL_NOTICE, b->alter ? "alter" : "bind");
    put_conn(&n, c);
    put_syntax(&n, &b->first, b->iface);
    line_number(&n, "offered", b->offered);
    line_number(&n, "accepted", b->accepted);
    line_text(&n, "result", b->ok ? (b->accepted ? "ok" : "unknown") : "refused");
    if (!b->ok)
        line_number(&n, "reason", b->reason);
    journal_end(l->j, &n);
}

void log_auth(struct log *l, const struct rpc_seen_conn *c, const struct rpc_seen_auth *a)
{
    struct line n;
    bool good = a->st == STATUS_SUCCESS;
    if (good && l->calls != CONFIG_CALLS_ALL)
        return;
    journal_begin(l->j, &n, good ? JOURNAL_INFO : JOURNAL_NOTICE, "logon");
    put_conn(&n, c);
    put_who(&n, a->account, a->provider, a->level);
    if (a->anonymous)
        line_flag(&n, "anonymous", true);
    line_text(&n, "result", good ? "ok" : "failed");
    journal_status(&n, "status", a->st);
    line_text(&n, "why", a->why[0] ? a->why : NULL);
    journal_end(l->j, &n);
}

/* Apart from the question whether there is to be a line: a line has 2 KiB, which the compiler's flags fill.
 */
__attribute__((noinline)) static void put_call(struct log *l, const struct rpc_seen_conn *c,
                                               const struct rpc_seen_call *call, enum call_result r)
{
    struct line n;
    char uuid[NT_GUID_STRLEN + 1];
    journal_begin(l->j, &n, r == CALL_OK ? JOURNAL_INFO : JOURNAL_NOTICE, "call");
    put_conn(&n, c);
    line_number(&n, "call", call->call_id);
    put_syntax(&n, &call->syntax, call->iface);
    line_number(&n, "opnum", call->opnum);
    line_text(&n, "operation", call->op ? call->op->name : "other");
    put_who(&n, call->account, call->provider, call->level);
    if (call->object) {
        nt_guid_format(call->object, uuid);
        line_text(&n, "object", uuid);
    }
    line_text(&n, "result", call_result_name(r));
    if (call->outcome == RPC_SEEN_FAULT) {
        journal_status(&n, "status", call->status);
        line_number(&n, "fault", call->fault);
    } else {
        put_result(&n, call->kind, call->result);
    }
    line_flag(&n, "executed", call->executed);
    if (call->cancelled)
        line_flag(&n, "cancelled", true);
    line_number(&n, "bytes_in", call->bytes_in);
    line_number(&n, "bytes_out", call->bytes_out);
    line_number(&n, "duration_us", call->duration_ns / NS_PER_US);
    journal_end(l->j, &n);
}

void log_call(struct log *l, const struct rpc_seen_conn *c, const struct rpc_seen_call *call)
{
    enum call_result r = call_result(call);
    if (l->calls == CONFIG_CALLS_ALL || (l->calls == CONFIG_CALLS_FAILED && r != CALL_OK))
        put_call(l, c, call, r);
}

void log_refused(struct log *l, unsigned slot, const char *ceiling, const char *peer)
{
    struct line n;
    uint64_t count;
    if (!journal_may(&l->refused[slot], &count))
        return;
    journal_begin(l->j, &n, JOURNAL_WARNING, "refused");
    line_text(&n, "ceiling", ceiling);
    line_text(&n, "peer", peer);
    line_number(&n, "count", count);
    journal_end(l->j, &n);
}

/* ---- SMB ---- */

void log_smb_conn(struct log *l, const char *peer, const char *local, bool opened)
{
    struct line n;
    if (l->calls != CONFIG_CALLS_ALL)
        return;
    journal_begin(l->j, &n, JOURNAL_INFO, opened ? "connect" : "disconnect");
    line_text(&n, "transport", "smb");
    line_text(&n, "peer", peer);
    line_text(&n, "local", local[0] ? local : NULL);
    journal_end(l->j, &n);
}

static void put_session(struct line *n, const struct smbd_seen_session *s)
{
    line_text(n, "transport", "smb");
    line_number(n, "session", s->id);
    line_text(n, "peer", s->peer);
    line_text(n, "local", s->local[0] ? s->local : NULL);
    line_text(n, "account", s->account);
}

static void put_protection(struct line *n, const struct smbd_seen_session *s)
{
    line_text(n, "provider", s->provider[0] ? s->provider : NULL);
    line_text(n, "dialect", s->dialect ? npc_dialect_name(s->dialect) : "none");
    line_text(n, "cipher", s->cipher == NPC_CIPHER_NONE ? "none" : smb_cipher_name(s->cipher));
    line_text(n, "signing", s->is_signed ? smb_signing_name(s->signing) : "none");
    if (s->anonymous)
        line_flag(n, "anonymous", true);
}

void log_logon(struct log *l, const struct smbd_seen_session *s, enum nt_status st, bool again,
               const char *why)
{
    struct line n;
    bool good = st == STATUS_SUCCESS;
    if (good && l->calls != CONFIG_CALLS_ALL)
        return;
    journal_begin(l->j, &n, good ? JOURNAL_INFO : JOURNAL_NOTICE, "logon");
    put_session(&n, s);
    put_protection(&n, s);
    if (again)
        line_flag(&n, "again", true);
    line_text(&n, "result", good ? "ok" : "failed");
    journal_status(&n, "status", st);
    line_text(&n, "why", why[0] ? why : NULL);
    journal_end(l->j, &n);
}

void log_ended(struct log *l, const struct smbd_seen_session *s)
{
    struct line n;
    if (l->calls != CONFIG_CALLS_ALL)
        return;
    journal_begin(l->j, &n, JOURNAL_INFO, "logoff");
    put_session(&n, s);
    line_number(&n, "duration_us", s->duration_ns / NS_PER_US);
    journal_end(l->j, &n);
}

static void log_open(struct log *l, const char *event, const char *key, const struct smbd_seen_session *s,
                     const char *name, enum nt_status st)
{
    struct line n;
    bool good = st == STATUS_SUCCESS;
    if (l->calls == CONFIG_CALLS_NONE || (l->calls == CONFIG_CALLS_FAILED && good))
        return;
    journal_begin(l->j, &n, good ? JOURNAL_INFO : JOURNAL_NOTICE, event);
    put_session(&n, s);
    line_text(&n, key, name);
    line_text(&n, "result", good ? "ok" : "refused");
    journal_status(&n, "status", st);
    journal_end(l->j, &n);
}

void log_tree(struct log *l, const struct smbd_seen_session *s, const char *share, enum nt_status st)
{
    log_open(l, "tree", "share", s, share, st);
}

void log_pipe(struct log *l, const struct smbd_seen_session *s, const char *name, enum nt_status st)
{
    log_open(l, "pipe", "pipe", s, name, st);
}

/* ---- the daemon's own ---- */

void log_say(struct log *l, enum nt_trace_level level, const char *sentence)
{
    journal_say(l->j, level, sentence);
}

void log_capture(struct log *l, const char *file, bool stopped)
{
    struct line n;
    journal_begin(l->j, &n, JOURNAL_WARNING, "capture");
    line_text(&n, "file", file);
    line_text(&n, "state", stopped ? "full" : "running");
    line_text(&n, "text",
              stopped ? "pcap_max is reached, nothing more is written" : "calls are written in clear text");
    journal_end(l->j, &n);
}

/* ---- life ---- */

static struct journal_options journal_of(const struct config *c)
{
    return (struct journal_options){ .json = c->log_format == CONF_LOG_JSON, .file = c->log_file };
}

enum nt_status log_new(const struct config *c, struct log **ret, struct nt_error *err)
{
    const struct journal_options o = journal_of(c);
    struct log *l = calloc(1, sizeof *l);
    if (!l)
        return STATUS_NO_MEMORY;
    l->calls = c->log_calls;
    enum nt_status st = journal_new(&o, &l->j, err);
    if (st != STATUS_SUCCESS) {
        free(l);
        return st;
    }
    *ret = l;
    return STATUS_SUCCESS;
}

enum nt_status log_reload(struct log *l, const struct config *c, struct nt_error *err)
{
    const struct journal_options o = journal_of(c);
    enum nt_status st = journal_reload(l->j, &o, err);
    if (st == STATUS_SUCCESS)
        l->calls = c->log_calls;
    return st;
}

enum nt_status log_start(struct log *l)
{
    return journal_start(l->j);
}

void log_stats(struct log *l, struct sink_stats *ret)
{
    journal_stats(l->j, ret);
}

void log_free(struct log *l)
{
    if (!l)
        return;
    journal_free(l->j);
    free(l);
}
