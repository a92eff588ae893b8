// SPDX-License-Identifier: Apache-2.0
#include "watch.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "common/http.h"
#include "common/journal.h"
#include "common/prom.h"
#include "npc/mux.h"

#define NS_PER_US 1000u

enum refusal { REFUSED_CEILING, REFUSED_UID, REFUSED_SCRAPER, REFUSALS };
static const char *const refusals[REFUSALS] = { "connections", "uid", "metrics_connections" };

struct watch {
    struct journal *journal;
    struct http_server *http; /* NULL: nobody asks */
    uint16_t port;
    int events; /* enum config_log_events */
    const struct muxd *muxd;
    struct journal_limit limits[REFUSALS];
    struct prom_process process;
    uint64_t refused[REFUSALS];
    uint64_t n[MUXD_EVENTS][2];        /* failed, good */
    struct prom_histogram connects[2]; /* cold, warm */
    uint64_t connected[2];
    struct muxd_counters last; /* when the engine had its end */
};

/* ---- lines ---- */

static const char *const names[MUXD_EVENTS] = {
    [MUXD_ACCEPTED] = "connect",          [MUXD_REFUSED] = "refused",
    [MUXD_CLOSED] = "disconnect",         [MUXD_CRED_SET] = "credentials",
    [MUXD_CRED_CLEARED] = "forgotten",    [MUXD_SESSION] = "session",
    [MUXD_SESSION_ENDED] = "session_end", [MUXD_CONNECT] = "pipe",
    [MUXD_PIPE_ENDED] = "pipe_end",       [MUXD_TAPPED] = "tap",
    [MUXD_TAP_ENDED] = "tap_end",         [MUXD_MISSED] = "replay_miss",
};

static const char *mode_name(const struct muxd_event *e)
{
    return e->mode == MUX_SESSION   ? "session"
           : e->mode == MUX_PROXY   ? "proxy"
           : e->mode == MUX_MESSAGE ? "message"
                                    : "pdu";
}

static const char *kind_name(const struct muxd_event *e)
{
    static const char *const kinds[] = { NULL, "password", "ccache", "keytab", "anonymous" };
    return e->cred_kind < sizeof kinds / sizeof kinds[0] ? kinds[e->cred_kind] : "other";
}

/* The ways in which a pipe or a connection ends that are nobody's fault. */
static bool is_good(const struct muxd_event *e)
{
    bool ends = e->kind == MUXD_PIPE_ENDED || e->kind == MUXD_CLOSED || e->kind == MUXD_SESSION_ENDED ||
                e->kind == MUXD_TAP_ENDED;
    return e->kind != MUXD_REFUSED &&
           (e->st == STATUS_SUCCESS ||
            (ends && (e->st == STATUS_CONNECTION_DISCONNECTED || e->st == STATUS_CONNECTION_RESET ||
                      e->st == STATUS_PIPE_BROKEN || e->st == STATUS_SHUTDOWN_IN_PROGRESS)));
}

static bool is_wanted(const struct watch *w, const struct muxd_event *e)
{
    switch (e->kind) {
    case MUXD_CRED_SET:
    case MUXD_CRED_CLEARED:
    case MUXD_SESSION:
    case MUXD_SESSION_ENDED:
        return w->events >= CONFIG_EVENTS_CHANGES || !is_good(e);
    case MUXD_TAPPED: /* whoever reads others' pipes is seen */
    case MUXD_TAP_ENDED:
    case MUXD_REFUSED:
        return true;
    default:
        return w->events == CONFIG_EVENTS_ALL || !is_good(e);
    }
}

static void put_text(struct line *n, const char *key, const char *text)
{
    line_text(n, key, text && *text ? text : NULL);
}

static void put_who(struct line *n, const struct muxd_event *e)
{
    line_number(n, "uid", e->uid);
    if (e->pid)
        line_number(n, "pid", e->pid);
    put_text(n, "program", e->program);
}

static void put_account(struct line *n, const struct muxd_event *e)
{
    char account[2 * MUX_NAME_MAX + 4];
    bool domain = e->domain && *e->domain;
    if (!e->user)
        return;
    snprintf(account, sizeof account, "%s%s%s", domain ? e->domain : "", domain ? "\\" : "", e->user);
    put_text(n, "account", account);
    put_text(n, "kind", kind_name(e));
    if (e->token)
        line_flag(n, "token", true);
}

static void put_what(struct line *n, const struct muxd_event *e)
{
    bool pipe = e->kind == MUXD_CONNECT || e->kind == MUXD_PIPE_ENDED;
    put_text(n, "pattern", e->pattern);
    put_text(n, "server", e->server);
    if (e->port)
        line_number(n, "port", e->port);
    put_text(n, "peer", e->peer);
    put_account(n, e);
    if (pipe) {
        put_text(n, "pipe", e->pipe);
        line_text(n, "mode", mode_name(e));
        if (e->pipe_id)
            line_number(n, "id", e->pipe_id);
    }
    if (e->kind == MUXD_MISSED)
        put_text(n, "pipe", e->pipe);
    if (e->kind == MUXD_CONNECT)
        line_flag(n, "warm", e->warm);
    if (e->kind == MUXD_PIPE_ENDED) {
        line_number(n, "bytes_in", e->bytes_in);
        line_number(n, "bytes_out", e->bytes_out);
    }
}

static void put_tap(struct line *n, const struct muxd_event *e)
{
    if (!e->tap)
        return;
    line_number(n, "tap", e->tap);
    if (e->tap_all)
        line_text(n, "of_uid", "all");
    else
        line_number(n, "of_uid", e->tap_uid);
    if (e->tap_pid)
        line_number(n, "of_pid", e->tap_pid);
    put_text(n, "pipe", e->pipe);
    if (e->kind == MUXD_TAP_ENDED) {
        line_number(n, "records", e->records);
        line_number(n, "lost", e->lost);
    }
}

static void put_end(struct line *n, const struct muxd_event *e)
{
    if (e->duration_ns)
        line_number(n, "duration_us", e->duration_ns / NS_PER_US);
    if (e->kind == MUXD_CRED_SET || e->kind == MUXD_SESSION || e->kind == MUXD_CONNECT)
        line_text(n, "result", is_good(e) ? "ok" : "failed");
    if (!is_good(e))
        journal_status(n, "status", e->st);
    put_text(n, "why", e->why);
}

static void put_refused(struct watch *w, enum refusal r, const struct muxd_event *e, const char *peer)
{
    struct line n;
    uint64_t count;
    w->refused[r]++;
    if (!journal_may(&w->limits[r], &count))
        return;
    journal_begin(w->journal, &n, JOURNAL_WARNING, "refused");
    line_text(&n, "ceiling", refusals[r]);
    if (e)
        put_who(&n, e);
    if (e && e->count)
        line_number(&n, "connections", e->count);
    put_text(&n, "peer", peer);
    line_number(&n, "count", count);
    journal_end(w->journal, &n);
}

void watch_event(void *arg, const struct muxd_event *e)
{
    struct watch *w = arg;
    struct line n;
    w->n[e->kind][is_good(e)]++;
    if (e->kind == MUXD_CONNECT && e->st == STATUS_SUCCESS) {
        prom_count_time(&w->connects[e->warm], e->duration_ns);
        w->connected[e->warm]++;
    }
    if (e->kind == MUXD_REFUSED) {
        put_refused(w, e->st == STATUS_ACCESS_DENIED ? REFUSED_UID : REFUSED_CEILING, e, NULL);
        return;
    }
    if (!is_wanted(w, e))
        return;
    journal_begin(w->journal, &n, is_good(e) ? JOURNAL_INFO : JOURNAL_NOTICE, names[e->kind]);
    put_who(&n, e);
    put_what(&n, e);
    put_tap(&n, e);
    put_end(&n, e);
    journal_end(w->journal, &n);
}

void watch_say(struct watch *w, enum nt_trace_level level, const char *sentence)
{
    journal_say(w->journal, level, sentence);
}

/* ---- metrics ---- */

static void put_results(struct wr *w, const char *name, const char *help, const uint64_t n[2])
{
    prom_head(w, name, "counter", help);
    for (unsigned k = 0; k < 2; k++)
        prom_say(w, "%s{result=\"%s\"} %" PRIu64 "\n", name, k ? "ok" : "failed", n[k]);
}

static void put_gauges(struct wr *w, const struct muxd_counters *n)
{
    prom_single(w, "npcmuxd_connections", "gauge", "Local connections.", n->conns);
    prom_single(w, "npcmuxd_connections_total", "counter", "Local connections that were let in.",
                n->accepted);
    prom_single(w, "npcmuxd_users", "gauge", "Users who have a connection, a credential or a session.",
                n->owners);
    prom_single(w, "npcmuxd_sessions", "gauge", "SMB sessions, those included that are being opened.",
                n->sessions);
    prom_single(w, "npcmuxd_pipes", "gauge", "Pipes that are lent.", n->pipes);
}

static void put_connects(struct wr *w, const struct watch *x)
{
    prom_head(w, "npcmuxd_connects_total", "counter", "Connects that were answered, by what they found.");
    for (unsigned k = 0; k < 2; k++)
        prom_say(w, "npcmuxd_connects_total{result=\"%s\"} %" PRIu64 "\n", k ? "warm" : "cold",
                 x->connected[k]);
    prom_say(w, "npcmuxd_connects_total{result=\"failed\"} %" PRIu64 "\n", x->n[MUXD_CONNECT][0]);
    prom_head(w, "npcmuxd_connect_duration_seconds", "histogram",
              "From a Connect to its answer, where that was good.");
    prom_histogram(w, "npcmuxd_connect_duration_seconds", "session=\"cold\"", &x->connects[0]);
    prom_histogram(w, "npcmuxd_connect_duration_seconds", "session=\"warm\"", &x->connects[1]);
}

static void put_log(struct wr *w, struct journal *j)
{
    struct sink_stats st;
    journal_stats(j, &st);
    prom_single(w, "npcmuxd_log_lines_total", "counter", "Lines of the log that were written.", st.written);
    prom_single(w, "npcmuxd_log_dropped_total", "counter", "Lines of the log that were lost.", st.dropped);
    prom_single(w, "npcmuxd_log_errors_total", "counter", "Writes of the log that failed.", st.errors);
}

static void http_body(void *arg, struct wr *w)
{
    struct watch *x = arg;
    struct muxd_counters n = x->last;
    if (x->muxd)
        muxd_count(x->muxd, &n);
    put_gauges(w, &n);
    prom_head(w, "npcmuxd_refused_total", "counter",
              "Connections that were not let in, by what was in the way.");
    for (unsigned i = 0; i < REFUSALS; i++)
        prom_say(w, "npcmuxd_refused_total{ceiling=\"%s\"} %" PRIu64 "\n", refusals[i], x->refused[i]);
    put_results(w, "npcmuxd_credentials_total", "Credentials that were set.", x->n[MUXD_CRED_SET]);
    put_results(w, "npcmuxd_sessions_total", "Logons to servers.", x->n[MUXD_SESSION]);
    put_connects(w, x);
    prom_single(w, "npcmuxd_bound_pipes", "gauge", "Bound pipes that wait to be lent.", n.pooled);
    prom_head(w, "npcmuxd_lent_total", "counter", "Bound pipes that were lent, by whether one had been bound before.");
    prom_say(w, "npcmuxd_lent_total{pipe=\"reused\"} %" PRIu64 "\n", n.reused);
    prom_say(w, "npcmuxd_lent_total{pipe=\"new\"} %" PRIu64 "\n", n.lent - n.reused);
    prom_single(w, "npcmuxd_tap_lost_total", "counter", "Records that a tap had no room for.", n.tap_lost);
    prom_single(w, "npcmuxd_taps_total", "counter", "Taps that were begun.", x->n[MUXD_TAPPED][1]);
    prom_head(w, "npcmuxd_bytes_total", "counter", "Octets through pipes: out to servers, in from them.");
    prom_say(w, "npcmuxd_bytes_total{direction=\"out\"} %" PRIu64 "\n", n.bytes_out);
    prom_say(w, "npcmuxd_bytes_total{direction=\"in\"} %" PRIu64 "\n", n.bytes_in);
    prom_single(w, "npcmuxd_messages_total", "counter", "PDUs and messages that went to servers.",
                n.pdus_out);
    put_log(w, x->journal);
    prom_process(w, &x->process, "npcmuxd", TERN_VERSION);
}

static void http_refused(void *arg, const char *peer)
{
    put_refused(arg, REFUSED_SCRAPER, NULL, peer);
}

/* ---- life ---- */

static struct journal_options journal_of(const struct config *c)
{
    return (struct journal_options){ .json = c->log_format == CONF_LOG_JSON, .file = c->log_file };
}

enum nt_status watch_new(struct nt_loop *loop, const struct config *c, int metrics_fd, struct watch **ret,
                         struct nt_error *err)
{
    const struct journal_options jo = journal_of(c);
    struct watch *w = calloc(1, sizeof *w);
    if (!w)
        return STATUS_NO_MEMORY;
    const struct http_options ho = { .program = "npcmuxd",
                                     .where = c->metrics,
                                     .fd = metrics_fd,
                                     .body = http_body,
                                     .refused = http_refused,
                                     .arg = w };
    w->events = c->log_events;
    prom_process_begin(&w->process);
    enum nt_status st = journal_new(&jo, &w->journal, err);
    if (st == STATUS_SUCCESS && (c->metrics || metrics_fd >= 0))
        st = http_new(loop, &ho, &w->http, &w->port, err);
    if (st != STATUS_SUCCESS) {
        watch_free(w);
        return st;
    }
    *ret = w;
    return STATUS_SUCCESS;
}

enum nt_status watch_start(struct watch *w)
{
    return journal_start(w->journal);
}

enum nt_status watch_reload(struct watch *w, const struct config *c, struct nt_error *err)
{
    const struct journal_options jo = journal_of(c);
    enum nt_status st = journal_reload(w->journal, &jo, err);
    if (st == STATUS_SUCCESS)
        w->events = c->log_events;
    return st;
}

void watch_muxd(struct watch *w, const struct muxd *d)
{
    if (!d && w->muxd)
        muxd_count(w->muxd, &w->last);
    w->muxd = d;
}

uint16_t watch_port(const struct watch *w)
{
    return w->port;
}

void watch_free(struct watch *w)
{
    if (!w)
        return;
    http_free(w->http);
    prom_process_end(&w->process);
    journal_free(w->journal);
    free(w);
}
