// SPDX-License-Identifier: Apache-2.0
#include "capture/flow.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "npc/pdu_head.h"

static bool parse(const char *text, struct capture_peer *ret)
{
    const char *colon = text ? strrchr(text, ':') : NULL;
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

static void here(struct capture_peer *p, bool v6)
{
    static const uint8_t v4[4] = { 127, 0, 0, 1 };
    memset(p->addr, 0, sizeof p->addr);
    p->v6 = v6;
    if (v6)
        p->addr[15] = 1;
    else
        memcpy(p->addr, v4, sizeof v4);
}

/* Who has no address is shown at one of this machine, with a port that counts. */
static void make_up(struct capture_flows *fs, struct capture_conn *c, bool only_client)
{
    here(&c->client, only_client && c->server.v6);
    fs->last_port = fs->last_port < 1024 ? 1024 : (uint16_t)(fs->last_port + 1);
    c->client.port = fs->last_port;
    if (only_client)
        return;
    here(&c->server, false);
    c->server.port = 1;
}

struct capture_flow *capture_flow_get(struct capture_flows *fs, const char *peer, const char *local,
                                      bool shared, const char *comment, uint64_t time, struct wr *w)
{
    struct capture_flow *f = fs->first;
    while (f && !(shared && f->shared && strcmp(f->peer, peer) == 0 && strcmp(f->local, local) == 0))
        f = f->next;
    if (!f) {
        f = calloc(1, sizeof *f);
        if (!f)
            return NULL;
        snprintf(f->peer, sizeof f->peer, "%s", peer ? peer : "");
        snprintf(f->local, sizeof f->local, "%s", local);
        f->shared = shared;
        bool server = parse(local, &f->c.server), client = parse(peer, &f->c.client);
        if (!server || !client || f->c.client.v6 != f->c.server.v6)
            make_up(fs, &f->c, server && !peer);
        fs->last_isn += UINT32_C(0x9e3779b9); /* the golden ratio of 2^32: consecutive ones are far apart */
        f->c.seq[0] = f->c.seq[1] = fs->last_isn;
        f->next = fs->first;
        fs->first = f;
        capture_put_open(w, &f->c, time, comment);
    }
    f->refs++;
    return f;
}

void capture_flow_unref(struct capture_flows *fs, struct capture_flow *f, uint64_t time, struct wr *w)
{
    struct capture_flow **p = &fs->first;
    if (--f->refs)
        return;
    capture_put_close(w, &f->c, time);
    while (*p != f)
        p = &(*p)->next;
    *p = f->next;
    free(f);
}

void capture_flows_free(struct capture_flows *fs)
{
    while (fs->first) {
        struct capture_flow *f = fs->first;
        fs->first = f->next;
        free(f);
    }
}

size_t capture_trim_pdu(uint8_t *pdu, size_t len)
{
    const size_t trailer_len = 8;    /* [MS-RPCE] 2.2.2.11 */
    bool big = (pdu[4] & 0xf0) == 0; /* the sender's byte order */
    size_t auth = (size_t)pdu[10 + !big] << 8 | pdu[10 + big];
    if (pdu[2] == RPC_PT_AUTH3)
        return 0;
    if (!auth || pdu[2] < RPC_PT_BIND || pdu[2] > RPC_PT_ALTER_RESP || len < RPC_HDR_LEN + trailer_len + auth)
        return len;
    size_t trailer = len - auth - trailer_len, pad = pdu[trailer + 2];
    len = trailer - (pad <= trailer - RPC_HDR_LEN ? pad : 0);
    pdu[8 + big] = (uint8_t)len;
    pdu[8 + !big] = (uint8_t)(len >> 8);
    pdu[10] = pdu[11] = 0;
    return len;
}
