// SPDX-License-Identifier: Apache-2.0
#include "metrics.h"
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "common/prom.h"

/* Interfaces that can have rows of their own: more than are served. */
#define IFACES_MAX 24u
/* Fault codes likewise: those that the runtime makes, and some of the services'. */
#define FAULTS_MAX  32u
#define SERVERS_MAX 8u

enum transport { TCP, NP, LOCAL, TRANSPORTS };
static const char *const transports[TRANSPORTS] = { "ncacn_ip_tcp", "ncacn_np", "ncalrpc" };
enum provider { P_NTLM, P_KRB5, P_SPNEGO, P_SCHANNEL, P_OTHER, PROVIDERS };
static const char *const providers[PROVIDERS] = { "ntlm", "krb5", "spnego", "schannel", "other" };
enum over { OVER_RPC, OVER_SMB, OVERS };
static const char *const overs[OVERS] = { "rpc", "smb" };

struct op_row {
    const char *name;
    uint64_t calls[TRANSPORTS][CALL_RESULTS];
    uint64_t bytes[2]; /* in, out */
    struct prom_histogram time;
};

struct iface_row {
    const struct rpc_interface *iface; /* NULL: other */
    struct op_row **ops;               /* n_ops, and one for what is none of them; NULL: never called */
    uint32_t n_ops;
};

struct fault_row {
    uint32_t code;
    uint64_t n;
};

struct metrics {
    struct metrics_options o;
    struct iface_row ifaces[IFACES_MAX];
    unsigned n_ifaces, last; /* where the last one was found */
    struct fault_row faults[FAULTS_MAX];
    unsigned n_faults;
    uint64_t other_faults;
    uint64_t conns[TRANSPORTS + 1], conns_ever[TRANSPORTS + 1]; /* the last: SMB itself */
    uint64_t logons[OVERS][PROVIDERS][2];                       /* failed, good */
    uint64_t refused[LOG_SLOTS];
    uint64_t sessions, sessions_ever, trees[2], pipes[2];
    uint64_t lost_rows;
    pthread_mutex_t lock; /* for the next two */
    struct prom_histogram store;
    uint64_t store_errors;
    const struct rpc_server *servers[SERVERS_MAX];
    const struct smbd *smbds[SERVERS_MAX];
    uint64_t past[2], smb_past[2]; /* bytes of servers that are gone: in, out */
    struct prom_process process;
};

/* ---- counting ---- */

static enum transport transport_of(const char *protseq)
{
    return strcmp(protseq, transports[NP]) == 0 ? NP : strcmp(protseq, transports[TCP]) == 0 ? TCP : LOCAL;
}

/* The row of an interface that is served, by its table; all others share one. */
static struct iface_row *iface_of(struct metrics *m, const struct rpc_interface *iface)
{
    if (m->n_ifaces && m->ifaces[m->last].iface == iface)
        return &m->ifaces[m->last];
    unsigned i = 0;
    while (i < m->n_ifaces && m->ifaces[i].iface != iface)
        i++;
    if (i == IFACES_MAX)
        return NULL;
    if (i == m->n_ifaces) {
        uint32_t n = iface ? iface->n_ops : 0;
        struct op_row **ops = calloc((size_t)n + 1, sizeof *ops);
        if (!ops)
            return NULL;
        m->ifaces[m->n_ifaces++] = (struct iface_row){ iface, ops, n };
    }
    m->last = i;
    return &m->ifaces[i];
}

/* Memory is taken when an operation is called for the first time. */
static struct op_row *row_of(struct metrics *m, const struct rpc_seen_call *call)
{
    struct iface_row *f = iface_of(m, call->iface);
    if (!f)
        return NULL;
    uint32_t at = call->op && call->opnum < f->n_ops ? call->opnum : f->n_ops;
    if (!f->ops[at]) {
        f->ops[at] = calloc(1, sizeof *f->ops[at]);
        if (f->ops[at])
            f->ops[at]->name = at < f->n_ops ? call->op->name : "other";
    }
    return f->ops[at];
}

static void count_fault(struct metrics *m, uint32_t code)
{
    unsigned i = 0;
    while (i < m->n_faults && m->faults[i].code != code)
        i++;
    if (i == FAULTS_MAX) {
        m->other_faults++;
        return;
    }
    if (i == m->n_faults)
        m->faults[m->n_faults++].code = code;
    m->faults[i].n++;
}

void metrics_call(struct metrics *m, const struct rpc_seen_conn *c, const struct rpc_seen_call *call)
{
    struct op_row *r = row_of(m, call);
    if (call->outcome == RPC_SEEN_FAULT)
        count_fault(m, call->fault);
    if (!r) {
        m->lost_rows++;
        return;
    }
    r->calls[transport_of(c->protseq)][call_result(call)]++;
    r->bytes[0] += call->bytes_in;
    r->bytes[1] += call->bytes_out;
    prom_count_time(&r->time, call->duration_ns);
}

/* protseq NULL: SMB itself. */
void metrics_conn(struct metrics *m, const char *protseq, bool opened)
{
    unsigned at = protseq ? (unsigned)transport_of(protseq) : TRANSPORTS;
    m->conns[at] += opened ? 1 : (uint64_t)-1;
    m->conns_ever[at] += opened;
}

/* "spnego/krb5" is krb5; "spnego" alone did not get so far. */
void metrics_auth(struct metrics *m, const char *over, const char *provider, bool good)
{
    const char *slash = provider ? strrchr(provider, '/') : NULL, *name = slash      ? slash + 1
                                                                          : provider ? provider
                                                                                     : "";
    unsigned i = 0;
    while (i < P_OTHER && strcmp(providers[i], name) != 0)
        i++;
    m->logons[strcmp(over, overs[OVER_SMB]) == 0][i][good]++;
}

void metrics_refused(struct metrics *m, unsigned slot)
{
    m->refused[slot]++;
}

void metrics_session(struct metrics *m, bool opened)
{
    m->sessions += opened ? 1 : (uint64_t)-1;
    m->sessions_ever += opened;
}

void metrics_tree(struct metrics *m, bool good)
{
    m->trees[good]++;
}

void metrics_pipe(struct metrics *m, bool good)
{
    m->pipes[good]++;
}

void metrics_store(void *arg, uint64_t ns, enum nt_status st)
{
    struct metrics *m = arg;
    pthread_mutex_lock(&m->lock);
    prom_count_time(&m->store, ns);
    m->store_errors += !nt_ok(st);
    pthread_mutex_unlock(&m->lock);
}

/* ---- servers ---- */

void metrics_rpc(struct metrics *m, const struct rpc_server *s)
{
    for (unsigned i = 0; i < SERVERS_MAX; i++)
        if (!m->servers[i]) {
            m->servers[i] = s;
            return;
        }
}

void metrics_smbd(struct metrics *m, const struct smbd *s)
{
    for (unsigned i = 0; i < SERVERS_MAX; i++)
        if (!m->smbds[i]) {
            m->smbds[i] = s;
            return;
        }
}

static void add_rpc(const struct rpc_server *s, uint64_t sum[2])
{
    struct rpc_server_stats st = { .size = sizeof st };
    if (s && rpc_server_stats(s, &st) == STATUS_SUCCESS) {
        sum[0] += st.bytes_in;
        sum[1] += st.bytes_out;
    }
}

static void add_smbd(const struct smbd *s, uint64_t sum[2])
{
    struct smbd_counters c;
    if (!s)
        return;
    smbd_counters(s, &c);
    sum[0] += c.bytes_in;
    sum[1] += c.bytes_out;
}

void metrics_rpc_gone(struct metrics *m, const struct rpc_server *s)
{
    for (unsigned i = 0; s && i < SERVERS_MAX; i++)
        if (m->servers[i] == s) {
            add_rpc(s, m->past);
            m->servers[i] = NULL;
        }
}

void metrics_smbd_gone(struct metrics *m, const struct smbd *s)
{
    for (unsigned i = 0; s && i < SERVERS_MAX; i++)
        if (m->smbds[i] == s) {
            add_smbd(s, m->smb_past);
            m->smbds[i] = NULL;
        }
}

/* ---- text ---- */

static void put_op_calls(struct wr *w, const char *iface, const struct op_row *r)
{
    for (unsigned t = 0; t < TRANSPORTS; t++)
        for (unsigned k = 0; k < CALL_RESULTS; k++)
            if (r->calls[t][k])
                prom_say(w,
                    "msrpcd_calls_total{interface=\"%s\",operation=\"%s\",transport=\"%s\",result=\"%s\"} "
                    "%" PRIu64 "\n",
                    iface, r->name, transports[t], call_result_name(k), r->calls[t][k]);
}

static void put_op_bytes(struct wr *w, const char *iface, const struct op_row *r)
{
    for (unsigned d = 0; d < 2; d++)
        prom_say(w, "msrpcd_call_bytes_total{interface=\"%s\",operation=\"%s\",direction=\"%s\"} %" PRIu64 "\n",
            iface, r->name, d ? "out" : "in", r->bytes[d]);
}

static void put_op_time(struct wr *w, const char *iface, const struct op_row *r)
{
    char labels[256];
    snprintf(labels, sizeof labels, "interface=\"%s\",operation=\"%s\"", iface, r->name);
    prom_histogram(w, "msrpcd_call_duration_seconds", labels, &r->time);
}

static void each_op(const struct metrics *m, struct wr *w,
                    void (*fn)(struct wr *w, const char *iface, const struct op_row *r))
{
    for (unsigned i = 0; i < m->n_ifaces; i++)
        for (uint32_t k = 0; k <= m->ifaces[i].n_ops; k++)
            if (m->ifaces[i].ops[k])
                fn(w, m->ifaces[i].iface ? m->ifaces[i].iface->name : "other", m->ifaces[i].ops[k]);
}

static void put_calls(const struct metrics *m, struct wr *w)
{
    prom_head(w, "msrpcd_calls_total", "counter", "Calls that have ended, by how they did.");
    each_op(m, w, put_op_calls);
    prom_head(w, "msrpcd_call_bytes_total", "counter",
         "Octets of stubs: arguments and results without what is around them.");
    each_op(m, w, put_op_bytes);
    prom_head(w, "msrpcd_call_duration_seconds", "histogram",
         "From the first fragment of a request until its answer was queued.");
    each_op(m, w, put_op_time);
    prom_head(w, "msrpcd_faults_total", "counter", "Faults by their code on the wire.");
    for (unsigned i = 0; i < m->n_faults; i++)
        prom_say(w, "msrpcd_faults_total{code=\"0x%08" PRIx32 "\"} %" PRIu64 "\n", m->faults[i].code,
            m->faults[i].n);
    prom_say(w, "msrpcd_faults_total{code=\"other\"} %" PRIu64 "\n", m->other_faults);
}

static void put_conns(const struct metrics *m, struct wr *w)
{
    prom_head(w, "msrpcd_connections", "gauge", "Connections that are open; of ncacn_np, open pipes.");
    for (unsigned t = 0; t <= TRANSPORTS; t++)
        prom_say(w, "msrpcd_connections{transport=\"%s\"} %" PRIu64 "\n", t < TRANSPORTS ? transports[t] : "smb",
            m->conns[t]);
    prom_head(w, "msrpcd_connections_total", "counter", "Connections that were let in.");
    for (unsigned t = 0; t <= TRANSPORTS; t++)
        prom_say(w, "msrpcd_connections_total{transport=\"%s\"} %" PRIu64 "\n",
            t < TRANSPORTS ? transports[t] : "smb", m->conns_ever[t]);
    prom_single(w, "msrpcd_smb_sessions", "gauge", "SMB sessions that are open.", m->sessions);
    prom_single(w, "msrpcd_smb_sessions_total", "counter", "SMB sessions that were opened.", m->sessions_ever);
    prom_head(w, "msrpcd_smb_trees_total", "counter", "Tree connects.");
    for (unsigned k = 0; k < 2; k++)
        prom_say(w, "msrpcd_smb_trees_total{result=\"%s\"} %" PRIu64 "\n", k ? "ok" : "refused", m->trees[k]);
    prom_head(w, "msrpcd_smb_opens_total", "counter", "Opens of pipes.");
    for (unsigned k = 0; k < 2; k++)
        prom_say(w, "msrpcd_smb_opens_total{result=\"%s\"} %" PRIu64 "\n", k ? "ok" : "refused", m->pipes[k]);
}

static void put_auth(const struct metrics *m, struct wr *w)
{
    prom_head(w, "msrpcd_logons_total", "counter",
         "Authentications that have ended, those of RPC and those of SMB sessions.");
    for (unsigned o = 0; o < OVERS; o++)
        for (unsigned p = 0; p < PROVIDERS; p++)
            for (unsigned k = 0; k < 2; k++)
                prom_say(w, "msrpcd_logons_total{over=\"%s\",provider=\"%s\",result=\"%s\"} %" PRIu64 "\n",
                    overs[o], providers[p], k ? "ok" : "failed", m->logons[o][p][k]);
    prom_head(w, "msrpcd_refused_total", "counter", "Connections and calls that a ceiling was in the way of.");
    for (unsigned i = 0; i < LOG_SLOTS; i++)
        prom_say(w, "msrpcd_refused_total{ceiling=\"%s\"} %" PRIu64 "\n",
            i < LOG_SLOT_SMB    ? refusal_name((enum rpc_refusal)i)
            : i == LOG_SLOT_SMB ? "smb_connections"
                                : "metrics_connections",
            m->refused[i]);
}

static void put_bytes(const struct metrics *m, struct wr *w)
{
    uint64_t rpc[2] = { m->past[0], m->past[1] }, smb[2] = { m->smb_past[0], m->smb_past[1] };
    for (unsigned i = 0; i < SERVERS_MAX; i++) {
        add_rpc(m->servers[i], rpc);
        add_smbd(m->smbds[i], smb);
    }
    prom_head(w, "msrpcd_bytes_total", "counter",
         "Octets of RPC on all transports, and of SMB, in which those of pipes are.");
    for (unsigned d = 0; d < 2; d++) {
        prom_say(w, "msrpcd_bytes_total{over=\"rpc\",direction=\"%s\"} %" PRIu64 "\n", d ? "out" : "in", rpc[d]);
        prom_say(w, "msrpcd_bytes_total{over=\"smb\",direction=\"%s\"} %" PRIu64 "\n", d ? "out" : "in", smb[d]);
    }
}

static void put_log(const struct metrics *m, struct wr *w)
{
    struct sink_stats st;
    log_stats(m->o.log, &st);
    prom_single(w, "msrpcd_log_lines_total", "counter", "Lines of the log that were written.", st.written);
    prom_single(w, "msrpcd_log_dropped_total", "counter", "Lines of the log that were lost.", st.dropped);
    prom_single(w, "msrpcd_log_errors_total", "counter", "Writes of the log that failed.", st.errors);
    memset(&st, 0, sizeof st);
    bool runs = m->o.capture && m->o.capture(m->o.capture_arg, &st);
    prom_single(w, "msrpcd_capture_running", "gauge", "1 while calls are written in clear text.",
           runs && !st.full);
    prom_single(w, "msrpcd_capture_bytes_total", "counter", "Octets of the capture.", st.bytes);
    prom_single(w, "msrpcd_capture_dropped_total", "counter", "Packets that the capture does not have.",
           st.dropped);
}

static void put_store(struct metrics *m, struct wr *w)
{
    pthread_mutex_lock(&m->lock);
    struct prom_histogram h = m->store;
    uint64_t errors = m->store_errors;
    pthread_mutex_unlock(&m->lock);
    prom_head(w, "msrpcd_store_write_seconds", "histogram",
         "Transactions of the store that write, until the disk has them.");
    prom_histogram(w, "msrpcd_store_write_seconds", "", &h);
    prom_single(w, "msrpcd_store_errors_total", "counter", "Transactions of the store that failed.", errors);
}

static void put_process(const struct metrics *m, struct wr *w)
{
    prom_process(w, &m->process, "msrpcd", m->o.version);
    prom_single(w, "msrpcd_metrics_lost_total", "counter", "Calls without a row of their own, for want of memory.",
                m->lost_rows);
}

void metrics_put(void *arg, struct wr *w)
{
    struct metrics *m = arg;
    put_calls(m, w);
    put_conns(m, w);
    put_auth(m, w);
    put_bytes(m, w);
    put_store(m, w);
    put_log(m, w);
    put_process(m, w);
}

/* ---- life ---- */

enum nt_status metrics_new(const struct metrics_options *o, struct metrics **ret)
{
    struct metrics *m = calloc(1, sizeof *m);
    if (!m)
        return STATUS_NO_MEMORY;
    m->o = *o;
    pthread_mutex_init(&m->lock, NULL);
    prom_process_begin(&m->process);
    *ret = m;
    return STATUS_SUCCESS;
}

void metrics_free(struct metrics *m)
{
    if (!m)
        return;
    for (unsigned i = 0; i < m->n_ifaces; i++) {
        for (uint32_t k = 0; k <= m->ifaces[i].n_ops; k++)
            free(m->ifaces[i].ops[k]);
        free(m->ifaces[i].ops);
    }
    prom_process_end(&m->process);
    pthread_mutex_destroy(&m->lock);
    free(m);
}
