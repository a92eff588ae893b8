// SPDX-License-Identifier: Apache-2.0
#include "tap.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "capture/write.h"

/* Octets of a PDU's packets: the longest PDU twice, with what is around it. */
#define PACKETS_MAX ((size_t)1 << 18)
/* Where a PDU says how long it and its token are ([C706] 12.6.3.1). */
enum { FRAG_LEN = 8, AUTH_LEN = 10, HDR = 16 };

/* A TCP connection, with all of its pipes. */
struct flow {
    struct flow *next;
    char peer[80], local[80];
    unsigned refs;
    struct capture_conn c;
};

/* What a connection's tag points at. */
struct tapped {
    struct flow *flow;
    uint64_t id; /* of the pipe */
    bool pipe;
};

struct tap {
    struct sink *sink;
    struct flow *flows;
    uint64_t last_id;
    uint32_t last_isn;  /* a port that is used again begins elsewhere, or nobody could tell the connections apart */
    uint16_t last_port; /* of local callers, who have none */
    bool told;
    void (*full)(void *arg);
    void *arg;
};

static uint64_t now(void)
{
    struct timespec t = { 0, 0 };
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* All packets of one event are one record: they are in the file together or not at all. */
static void give(struct tap *t, struct wr *w)
{
    struct sink_stats st;
    if (w->st == STATUS_SUCCESS && w->len && !sink_put(t->sink, w->base, w->len) && !t->told) {
        sink_stats(t->sink, &st);
        t->told = st.full;
        if (st.full)
            t->full(t->arg);
    }
    wr_free_secret(w);
}

/* ---- connections ---- */

/* "192.0.2.1:445", "[2001:db8::1]:445" */
static bool parse(const char *text, struct capture_peer *ret)
{
    const char *colon = strrchr(text, ':');
    char host[64];
    if (!colon)
        return false;
    size_t len = (size_t)(colon - text);
    ret->v6 = text[0] == '[' && len > 2;
    snprintf(host, sizeof host, "%.*s", (int)(ret->v6 ? len - 2 : len), text + ret->v6);
    host[strcspn(host, "%")] = 0; /* a zone is not in a packet */
    ret->port = (uint16_t)strtoul(colon + 1, NULL, 10);
    return inet_pton(ret->v6 ? AF_INET6 : AF_INET, host, ret->addr) == 1;
}

/* Who has no address is shown at one of this machine, with a port that counts. */
static void made_up(struct tap *t, struct capture_conn *c)
{
    static const uint8_t here[4] = { 127, 0, 0, 1 };
    *c = (struct capture_conn){ .client = { .port = 0 } };
    memcpy(c->client.addr, here, sizeof here);
    memcpy(c->server.addr, here, sizeof here);
    t->last_port = t->last_port < 1024 ? 1024 : (uint16_t)(t->last_port + 1);
    c->client.port = t->last_port;
    c->server.port = 1;
}

static struct flow *flow_get(struct tap *t, const struct rpc_seen_conn *c, struct wr *w)
{
    struct flow *f = t->flows;
    bool pipe = strcmp(c->protseq, "ncacn_np") == 0;
    while (f && !(pipe && strcmp(f->peer, c->peer) == 0 && strcmp(f->local, c->local) == 0))
        f = f->next;
    if (!f) {
        f = calloc(1, sizeof *f);
        if (!f)
            return NULL;
        snprintf(f->peer, sizeof f->peer, "%s", c->peer);
        snprintf(f->local, sizeof f->local, "%s", c->local);
        if (!parse(c->peer, &f->c.client) || !parse(c->local, &f->c.server) ||
            f->c.client.v6 != f->c.server.v6)
            made_up(t, &f->c);
        t->last_isn += UINT32_C(0x9e3779b9); /* the golden ratio of 2^32: consecutive ones are far apart */
        f->c.seq[0] = f->c.seq[1] = t->last_isn;
        f->next = t->flows;
        t->flows = f;
        capture_put_open(w, &f->c, now());
    }
    f->refs++;
    return f;
}

static void flow_unref(struct tap *t, struct flow *f, struct wr *w)
{
    struct flow **p = &t->flows;
    if (--f->refs)
        return;
    capture_put_close(w, &f->c, now());
    while (*p != f)
        p = &(*p)->next;
    *p = f->next;
    free(f);
}

static struct tapped *tapped(struct tap *t, struct rpc_seen_conn *c, struct wr *w)
{
    struct tapped *x = c->tag;
    if (x)
        return x;
    x = calloc(1, sizeof *x);
    struct flow *f = x ? flow_get(t, c, w) : NULL;
    if (!f) {
        free(x);
        return NULL;
    }
    x->flow = f;
    x->id = ++t->last_id;
    x->pipe = strcmp(c->protseq, "ncacn_np") == 0;
    if (x->pipe) {
        const char *name = strrchr(c->endpoint, '\\');
        capture_put_pipe_open(w, &f->c, now(), x->id, name ? name + 1 : "unknown");
    }
    c->tag = x;
    return x;
}

/* ---- events ---- */

void tap_pdu(struct tap *t, struct rpc_seen_conn *c, bool out, const uint8_t *head, size_t head_len,
             const uint8_t *body, size_t body_len)
{
    struct wr w, pdu;
    if (t->told || !c->id)
        return;
    wr_init(&w, PACKETS_MAX);
    wr_init(&pdu, UINT16_MAX);
    wr_bytes(&pdu, head, head_len);
    if (body_len)
        wr_bytes(&pdu, body, body_len);
    struct tapped *x = tapped(t, c, &w);
    if (x && pdu.st == STATUS_SUCCESS && pdu.len >= HDR) {
        bool big = (pdu.base[4] & 0xf0) == 0; /* the sender's byte order */
        pdu.base[FRAG_LEN + big] = (uint8_t)pdu.len;
        pdu.base[FRAG_LEN + !big] = (uint8_t)(pdu.len >> 8);
        pdu.base[AUTH_LEN] = pdu.base[AUTH_LEN + 1] = 0;
        struct nt_blob data = { pdu.base, pdu.len };
        if (x->pipe)
            capture_put_pipe_data(&w, &x->flow->c, out, now(), x->id, data);
        else
            capture_put_data(&w, &x->flow->c, out, now(), data);
    }
    wr_free_secret(&pdu);
    give(t, &w);
}

void tap_closed(struct tap *t, struct rpc_seen_conn *c)
{
    struct tapped *x = c->tag;
    struct wr w;
    if (!x)
        return;
    wr_init(&w, PACKETS_MAX);
    if (x->pipe)
        capture_put_pipe_close(&w, &x->flow->c, now(), x->id);
    flow_unref(t, x->flow, &w);
    free(x);
    c->tag = NULL;
    give(t, &w);
}

/* ---- life ---- */

/* O_EXCL: no file, and no link that somebody has put there, is ever written to. */
enum nt_status tap_new(const char *file, uint64_t max, void (*full)(void *arg), void *arg, struct tap **ret,
                       struct nt_error *err)
{
    struct wr w;
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
    if (fd < 0)
        return nt_error_set(err, STATUS_OBJECT_NAME_COLLISION, "pcap %s: %s", file, strerror(errno));
    struct sink_options so = { .fd = fd, .max = max, .whole = true };
    struct tap *t = calloc(1, sizeof *t);
    if (!t || sink_new(&so, &t->sink) != STATUS_SUCCESS) {
        close(fd);
        free(t);
        return STATUS_NO_MEMORY;
    }
    t->full = full;
    t->arg = arg;
    wr_init(&w, 1024);
    capture_put_head(
        &w, "msrpcd",
        "Calls as msrpcd saw them, without their protection. Addresses are real; TCP and SMB are made up "
        "around them.");
    give(t, &w);
    *ret = t;
    return STATUS_SUCCESS;
}

enum nt_status tap_start(struct tap *t)
{
    return sink_start(t->sink);
}

void tap_stats(struct tap *t, struct sink_stats *ret)
{
    sink_stats(t->sink, ret);
}

void tap_free(struct tap *t)
{
    if (!t)
        return;
    while (t->flows) { /* connections that outlive us have no tag to look at any more */
        struct flow *f = t->flows;
        t->flows = f->next;
        free(f);
    }
    (void)sink_free(t->sink);
    free(t);
}
