// SPDX-License-Identifier: Apache-2.0
#include "fake_net.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <msrpc/epmapper.h>
#include <msrpc/lsarpc.h>
#include <msrpc/srvsvc.h>
#include <msrpc/wkssvc.h>
#include "ndr/ndr.h"
#include "rpc/m_client.h"
#include "rpc/pdu.h"

#define FRAGMENT 4000 /* stub bytes of a fragment: longer answers come in several */

struct client {
    struct fake_net *f;
    int fd;
    unsigned slot;
};

/* The operations of an interface that this server has. */
static const struct rpc_op *const *ops_of(const struct nt_guid *uuid, size_t *ret_n,
                                          const struct rpc_interface **ret)
{
    static const struct {
        const struct rpc_interface *iface;
        const struct rpc_op *const *ops;
        size_t n;
    } all[] = {
        { &srvsvc_interface, srvsvc_ops, sizeof srvsvc_ops / sizeof *srvsvc_ops },
        { &wkssvc_interface, wkssvc_ops, sizeof wkssvc_ops / sizeof *wkssvc_ops },
        { &epmapper_interface, epmapper_ops, sizeof epmapper_ops / sizeof *epmapper_ops },
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (nt_guid_equal(&all[i].iface->syntax.uuid, uuid)) {
            *ret_n = all[i].n;
            *ret = all[i].iface;
            return all[i].ops;
        }
    return NULL;
}

static bool read_all(int fd, uint8_t *p, size_t n)
{
    while (n) {
        ssize_t k = recv(fd, p, n, 0);
        if (k <= 0)
            return false;
        p += k;
        n -= (size_t)k;
    }
    return true;
}

static bool write_all(int fd, const uint8_t *p, size_t n)
{
    while (n) {
        ssize_t k = send(fd, p, n, MSG_NOSIGNAL);
        if (k <= 0)
            return false;
        p += k;
        n -= (size_t)k;
    }
    return true;
}

static bool send_wr(struct client *c, struct wr *w)
{
    bool good = w->st == STATUS_SUCCESS && write_all(c->fd, w->base, w->len);
    wr_free(w);
    return good;
}

/* Accepts NDR20 of a known interface; gives its operations. */
static bool answer_bind(struct client *c, struct rpc_pdu *pdu, const struct rpc_op *const **ret_ops,
                        size_t *ret_n, const struct rpc_interface **ret_iface)
{
    struct rpc_result results[8] = { 0 };
    unsigned n = pdu->u.bind.n < 8 ? pdu->u.bind.n : 8;
    bool known = false;
    for (unsigned i = 0; i < n; i++) {
        struct rpc_ctx_elem e;
        rpc_get_ctx_elem(&pdu->u.bind.list, &e);
        const struct rpc_op *const *ops = ops_of(&e.abstract.uuid, ret_n, ret_iface);
        bool ndr20 = e.n_transfers && rpc_syntax_equal(&e.transfers[0], &rpc_syntax_ndr20);
        if (ops && ndr20 && !known) {
            *ret_ops = ops;
            known = true;
            results[i].transfer = rpc_syntax_ndr20;
        } else {
            results[i].result = RPC_RESULT_PROVIDER_REJECTION;
            results[i].reason = ops ? RPC_REASON_TRANSFER_SYNTAXES : RPC_REASON_ABSTRACT_SYNTAX;
        }
    }
    struct wr w;
    wr_init(&w, 65536);
    size_t start = rpc_put_ack(&w, pdu->h.ptype == RPC_PT_ALTER ? RPC_PT_ALTER_RESP : RPC_PT_BIND_ACK,
                               RPC_PFC_WHOLE, pdu->h.call_id, 5840, 5840, 77, "", results, n);
    rpc_pdu_end(&w, start, 0);
    return send_wr(c, &w) && known;
}

static void fill_tower(struct fake_net *f, struct epmapper_ept_map *r, struct nt_arena *mem)
{
    /* the tower asked for, with our port in its fourth floor */
    struct epmapper_twr_t *t = nt_arena_obj(mem, struct epmapper_twr_t);
    struct epmapper_twr_t **list = nt_arena_array(mem, 1, sizeof *list);
    *t = *r->in.map_tower;
    t->tower_octet_string = nt_arena_memdup(mem, t->tower_octet_string, t->tower_length);
    if (t->tower_length > 66) {
        t->tower_octet_string[64] = (uint8_t)(f->port >> 8);
        t->tower_octet_string[65] = (uint8_t)f->port;
    }
    list[0] = t;
    r->in.max_towers = 1;
    r->out.num_towers = 1;
    r->out.ITowers = list;
}

static bool send_fault(struct client *c, const struct rpc_pdu *pdu, uint32_t code)
{
    struct wr w;
    wr_init(&w, 65536);
    size_t start = rpc_put_fault(&w, RPC_PFC_WHOLE, pdu->h.call_id, pdu->u.req.ctx, code);
    rpc_pdu_end(&w, start, 0);
    return send_wr(c, &w);
}

static bool send_stub(struct client *c, const struct rpc_pdu *pdu, const struct wr *stub, bool cut)
{
    size_t at = 0;
    do {
        size_t n = stub->len - at < FRAGMENT ? stub->len - at : FRAGMENT;
        unsigned flags = (at == 0 ? RPC_PFC_FIRST : 0u) | (at + n == stub->len ? RPC_PFC_LAST : 0u);
        struct wr w;
        wr_init(&w, 65536);
        uint8_t head[RPC_RSP_LEN] = { 0 };
        wr_bytes(&w, head, sizeof head);
        wr_bytes(&w, stub->base + at, n);
        rpc_fill_response(w.base, flags, pdu->h.call_id, (uint32_t)(stub->len - at), pdu->u.req.ctx);
        rpc_pdu_end(&w, 0, 0);
        if (cut) {
            (void)write_all(c->fd, w.base, w.len / 2);
            wr_free(&w);
            return false;
        }
        if (!send_wr(c, &w))
            return false;
        at += n;
    } while (at < stub->len);
    return true;
}

static bool answer_call(struct client *c, const uint8_t *p, const struct rpc_pdu *pdu,
                        const struct rpc_op *op)
{
    struct fake_net *f = c->f;
    bool mapper = op->iface == &epmapper_interface;
    enum fake_net_end end = mapper ? FAKE_ANSWER : f->end;
    if (!mapper)
        f->calls++;
    if (end == FAKE_HANGUP)
        return false;
    if (end == FAKE_SILENT) { /* until the client has enough of it */
        uint8_t b;
        return recv(c->fd, &b, 1, 0) > 0;
    }
    if (end == FAKE_FAULT)
        return send_fault(c, pdu, f->fault_code);
    struct nt_arena *mem = nt_arena_new(0);
    void *r = calloc(1, op->size);
    struct ndr_pull in;
    struct ndr_push out;
    struct wr w;
    wr_init(&w, 1 << 24);
    ndr_pull_init(&in, mem, p + pdu->body_off, pdu->body_len, pdu->h.drep, false, NULL);
    op->pull_in(&in, r);
    bool good = ndr_pull_status(&in) == STATUS_SUCCESS;
    if (good) {
        if (op == &epmapper_ept_map_op)
            fill_tower(f, r, mem);
        else
            f->fill(f->arg, op, r, mem);
        ndr_push_init(&out, &w, false);
        op->push_out(&out, r);
        good = ndr_push_status(&out) == STATUS_SUCCESS;
    }
    good = good ? send_stub(c, pdu, &w, end == FAKE_CUT) && end != FAKE_LAST : send_fault(c, pdu, 0x6f7);
    wr_free(&w);
    free(r);
    nt_arena_free(mem);
    return good;
}

static void *serve(void *arg)
{
    struct client *c = arg;
    const struct rpc_op *const *ops = NULL;
    const struct rpc_interface *iface = NULL;
    size_t n_ops = 0;
    uint8_t *p = malloc(65536);
    bool good = true;
    while (good && read_all(c->fd, p, RPC_HDR_LEN)) {
        struct rpc_hdr h;
        struct rpc_pdu pdu;
        const char *why;
        if (rpc_hdr_decode(p, &h, &why) != STATUS_SUCCESS ||
            !read_all(c->fd, p + RPC_HDR_LEN, h.frag_len - RPC_HDR_LEN) ||
            rpc_pdu_decode(p, h.frag_len, &pdu, &why) != STATUS_SUCCESS)
            break;
        if (h.ptype == RPC_PT_BIND || h.ptype == RPC_PT_ALTER) {
            good = answer_bind(c, &pdu, &ops, &n_ops, &iface);
            if (iface != &epmapper_interface)
                c->f->conns++;
        } else if (h.ptype == RPC_PT_REQUEST) {
            const struct rpc_op *op = ops && pdu.u.req.opnum < n_ops ? ops[pdu.u.req.opnum] : NULL;
            good = op ? answer_call(c, p, &pdu, op) : send_fault(c, &pdu, 0x1c010002);
        }
    }
    free(p);
    pthread_mutex_lock(&c->f->lock);
    close(c->fd);
    c->f->open[c->slot] = -1;
    pthread_mutex_unlock(&c->f->lock);
    free(c);
    return NULL;
}

static void *accept_all(void *arg)
{
    struct fake_net *f = arg;
    while (!f->stop) {
        struct pollfd pfd = { .fd = f->listener, .events = POLLIN };
        if (poll(&pfd, 1, 20) <= 0)
            continue;
        int fd = accept(f->listener, NULL, NULL);
        if (fd < 0)
            continue;
        pthread_mutex_lock(&f->lock);
        unsigned slot = f->n_threads % 64;
        if (f->n_threads >= 64) { /* the oldest has ended long since */
            if (f->open[slot] >= 0)
                shutdown(f->open[slot], SHUT_RDWR);
            pthread_mutex_unlock(&f->lock);
            pthread_join(f->threads[slot], NULL);
            pthread_mutex_lock(&f->lock);
        }
        struct client *c = malloc(sizeof *c);
        *c = (struct client){ f, fd, slot };
        f->open[slot] = fd;
        f->n_threads++;
        if (pthread_create(&f->threads[slot], NULL, serve, c))
            abort();
        pthread_mutex_unlock(&f->lock);
    }
    return NULL;
}

void fake_net_start(struct fake_net *f)
{
    struct sockaddr_in a = { .sin_family = AF_INET };
    socklen_t len = sizeof a;
    f->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (inet_pton(AF_INET, f->address, &a.sin_addr) != 1 ||
        bind(f->listener, (struct sockaddr *)&a, sizeof a) || listen(f->listener, 64) ||
        getsockname(f->listener, (struct sockaddr *)&a, &len)) {
        perror(f->address);
        abort();
    }
    f->port = ntohs(a.sin_port);
    pthread_mutex_init(&f->lock, NULL);
    if (pthread_create(&f->thread, NULL, accept_all, f))
        abort();
}

void fake_net_stop(struct fake_net *f)
{
    f->stop = true;
    pthread_join(f->thread, NULL);
    pthread_mutex_lock(&f->lock);
    unsigned n = f->n_threads < 64 ? f->n_threads : 64;
    for (unsigned i = 0; i < n; i++)
        if (f->open[i] >= 0)
            shutdown(f->open[i], SHUT_RDWR);
    pthread_mutex_unlock(&f->lock);
    for (unsigned i = 0; i < n; i++)
        pthread_join(f->threads[i], NULL);
    close(f->listener);
    pthread_mutex_destroy(&f->lock);
}
