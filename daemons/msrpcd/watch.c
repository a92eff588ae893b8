// SPDX-License-Identifier: Apache-2.0
#include "watch.h"
#include <stdlib.h>
#include "common/http.h"
#include "log.h"
#include "metrics.h"
#include "tap.h"

#define MIB ((uint64_t)1 << 20)

struct watch {
    struct log *log;
    struct metrics *metrics;
    struct http_server *http; /* NULL: nobody asks */
    struct tap *tap;          /* NULL: none */
    const char *pcap;
    uint16_t port;
    uint64_t last_conn;
};

/* ---- what RPC servers tell ---- */

static void opened(void *arg, struct rpc_seen_conn *c)
{
    struct watch *w = arg;
    c->id = ++w->last_conn; /* of all servers */
    metrics_conn(w->metrics, c->protseq, true);
    log_opened(w->log, c);
}

static void closed(void *arg, struct rpc_seen_conn *c)
{
    struct watch *w = arg;
    metrics_conn(w->metrics, c->protseq, false);
    log_closed(w->log, c);
    if (w->tap)
        tap_closed(w->tap, c);
}

static void bound(void *arg, struct rpc_seen_conn *c, const struct rpc_seen_bind *b)
{
    struct watch *w = arg;
    log_bind(w->log, c, b);
}

static void auth(void *arg, struct rpc_seen_conn *c, const struct rpc_seen_auth *a)
{
    struct watch *w = arg;
    metrics_auth(w->metrics, "rpc", a->provider, a->st == STATUS_SUCCESS);
    log_auth(w->log, c, a);
}

static void call_end(void *arg, struct rpc_seen_conn *c, const struct rpc_seen_call *call)
{
    struct watch *w = arg;
    metrics_call(w->metrics, c, call);
    log_call(w->log, c, call);
}

static void refused(void *arg, enum rpc_refusal why, const char *peer)
{
    struct watch *w = arg;
    metrics_refused(w->metrics, why);
    log_refused(w->log, why, refusal_name(why), peer);
}

static void pdu(void *arg, struct rpc_seen_conn *c, bool out, const uint8_t *head, size_t head_len,
                const uint8_t *body, size_t body_len)
{
    struct watch *w = arg;
    tap_pdu(w->tap, c, out, head, head_len, body, body_len);
}

static const struct rpc_server_observer seen = { .size = sizeof seen,
                                                 .opened = opened,
                                                 .closed = closed,
                                                 .bind = bound,
                                                 .auth = auth,
                                                 .call_end = call_end,
                                                 .refused = refused };
static const struct rpc_server_observer seen_and_tapped = { .size = sizeof seen_and_tapped,
                                                            .opened = opened,
                                                            .closed = closed,
                                                            .bind = bound,
                                                            .auth = auth,
                                                            .call_end = call_end,
                                                            .refused = refused,
                                                            .pdu = pdu };

/* ---- what SMB servers tell ---- */

static void connected(void *arg, const char *peer, const char *local)
{
    struct watch *w = arg;
    metrics_conn(w->metrics, NULL, true);
    log_smb_conn(w->log, peer, local, true);
}

static void disconnected(void *arg, const char *peer, const char *local)
{
    struct watch *w = arg;
    metrics_conn(w->metrics, NULL, false);
    log_smb_conn(w->log, peer, local, false);
}

static void smb_refused(void *arg, const char *peer)
{
    struct watch *w = arg;
    metrics_refused(w->metrics, LOG_SLOT_SMB);
    log_refused(w->log, LOG_SLOT_SMB, "smb_connections", peer);
}

static void logon(void *arg, const struct smbd_seen_session *s, enum nt_status st, bool again,
                  const char *why)
{
    struct watch *w = arg;
    metrics_auth(w->metrics, "smb", s->provider, st == STATUS_SUCCESS);
    if (st == STATUS_SUCCESS && !again)
        metrics_session(w->metrics, true);
    log_logon(w->log, s, st, again, why);
}

static void ended(void *arg, const struct smbd_seen_session *s)
{
    struct watch *w = arg;
    metrics_session(w->metrics, false);
    log_ended(w->log, s);
}

static void tree(void *arg, const struct smbd_seen_session *s, const char *share, enum nt_status st)
{
    struct watch *w = arg;
    metrics_tree(w->metrics, st == STATUS_SUCCESS);
    log_tree(w->log, s, share, st);
}

static void pipe_open(void *arg, const struct smbd_seen_session *s, const char *name, enum nt_status st)
{
    struct watch *w = arg;
    metrics_pipe(w->metrics, st == STATUS_SUCCESS);
    log_pipe(w->log, s, name, st);
}

static const struct smbd_observer smbd_seen = { connected, disconnected, smb_refused, logon,
                                                ended,     tree,         pipe_open };

/* ---- for who makes servers ---- */

void watch_rpc_options(struct watch *w, struct rpc_server_options *o)
{
    o->observer = w->tap ? &seen_and_tapped : &seen;
    o->observer_arg = w;
}

void watch_smbd_options(struct watch *w, struct smbd_options *o)
{
    o->observer = &smbd_seen;
    o->observer_arg = w;
}

void watch_store_options(struct watch *w, struct samdb_options *o)
{
    o->wrote = metrics_store;
    o->wrote_arg = w->metrics;
}

void watch_rpc(struct watch *w, const struct rpc_server *s)
{
    metrics_rpc(w->metrics, s);
}

void watch_smbd(struct watch *w, const struct smbd *s)
{
    metrics_smbd(w->metrics, s);
}

void watch_rpc_gone(struct watch *w, const struct rpc_server *s)
{
    metrics_rpc_gone(w->metrics, s);
}

void watch_smbd_gone(struct watch *w, const struct smbd *s)
{
    metrics_smbd_gone(w->metrics, s);
}

void watch_say(struct watch *w, enum nt_trace_level level, const char *sentence)
{
    log_say(w->log, level, sentence);
}

uint16_t watch_port(const struct watch *w)
{
    return w->port;
}

/* ---- life ---- */

static bool capture_stats(void *arg, struct sink_stats *ret)
{
    struct watch *w = arg;
    if (w->tap)
        tap_stats(w->tap, ret);
    return w->tap;
}

static void capture_full(void *arg)
{
    struct watch *w = arg;
    log_capture(w->log, w->pcap, true);
}

static void http_refused(void *arg, const char *peer)
{
    struct watch *w = arg;
    metrics_refused(w->metrics, LOG_SLOT_HTTP);
    log_refused(w->log, LOG_SLOT_HTTP, "metrics_connections", peer);
}

static void http_body(void *arg, struct wr *to)
{
    struct watch *w = arg;
    metrics_put(w->metrics, to);
}

static enum nt_status open_all(struct nt_loop *loop, struct watch *w, const struct config *c, int metrics_fd,
                               struct nt_error *err)
{
    enum nt_status st = log_new(c, &w->log, err);
    if (st != STATUS_SUCCESS)
        return st;
    struct metrics_options mo = {
        .version = TERN_VERSION, .log = w->log, .capture = capture_stats, .capture_arg = w
    };
    st = metrics_new(&mo, &w->metrics);
    struct http_options ho = {
        .program = "msrpcd", .where = c->metrics, .fd = metrics_fd, .body = http_body, .refused = http_refused, .arg = w
    };
    if (st == STATUS_SUCCESS && (c->metrics || metrics_fd >= 0))
        st = http_new(loop, &ho, &w->http, &w->port, err);
    if (st == STATUS_SUCCESS && c->pcap) {
        st = tap_new(c->pcap, c->pcap_max * MIB, capture_full, w, &w->tap, err);
        if (st == STATUS_SUCCESS)
            log_capture(w->log, c->pcap, false);
    }
    return st;
}

enum nt_status watch_new(struct nt_loop *loop, const struct config *c, int metrics_fd, struct watch **ret,
                         struct nt_error *err)
{
    struct watch *w = calloc(1, sizeof *w);
    if (!w)
        return STATUS_NO_MEMORY;
    w->pcap = c->pcap;
    enum nt_status st = open_all(loop, w, c, metrics_fd, err);
    if (st != STATUS_SUCCESS) {
        watch_free(w);
        return st;
    }
    *ret = w;
    return STATUS_SUCCESS;
}

enum nt_status watch_start(struct watch *w)
{
    enum nt_status st = log_start(w->log);
    return st == STATUS_SUCCESS && w->tap ? tap_start(w->tap) : st;
}

enum nt_status watch_reload(struct watch *w, const struct config *c, struct nt_error *err)
{
    enum nt_status st = log_reload(w->log, c, err);
    if (st == STATUS_SUCCESS)
        w->pcap = c->pcap; /* the same name; the old configuration goes */
    return st;
}

void watch_free(struct watch *w)
{
    if (!w)
        return;
    http_free(w->http);
    tap_free(w->tap);
    metrics_free(w->metrics);
    log_free(w->log);
    free(w);
}
