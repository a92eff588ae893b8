// SPDX-License-Identifier: Apache-2.0
/* Protocol towers: [C706] appendix L, [MS-RPCE] 2.1.1 and 3.1.3.5.3. Numbers are little endian but for ports
 * and addresses, which are in network order. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include "serve/m_epm.h"

#define UUID_FLOOR_LEN 19 /* identifier, UUID, major version */
#define LOCAL_HOST     "127.0.0.1"

/* ---- reading ---- */

static void read_uuid_floor(struct rd lhs, struct rd rhs, struct rpc_syntax *ret, bool *ok)
{
    *ok = *ok && lhs.len == UUID_FLOOR_LEN && rhs.len >= 2 && rd_u8(&lhs) == FLOOR_UUID;
    ret->uuid.a = rd_u32(&lhs);
    ret->uuid.b = rd_u16(&lhs);
    ret->uuid.c = rd_u16(&lhs);
    rd_copy(&lhs, ret->uuid.d, sizeof ret->uuid.d);
    ret->major = rd_u16(&lhs);
    ret->minor = rd_u16(&rhs);
}

static struct rd half(struct rd *r)
{
    size_t n = rd_u16(r);
    struct rd sub = rd_sub(r, r->pos, n);
    rd_skip(r, n);
    return sub;
}

enum nt_status epm_tower_read(const uint8_t *p, size_t len, struct epm_tower *ret)
{
    struct epm_tower t = { 0 };
    struct rd r;
    bool ok = true;
    rd_init(&r, p, len);
    unsigned floors = rd_u16(&r);
    if (floors < 3 || floors > EPM_FLOORS_MAX)
        return STATUS_INVALID_PARAMETER;
    for (unsigned i = 0; i < floors && ok; i++) {
        struct rd lhs = half(&r), rhs = half(&r);
        ok = r.st == STATUS_SUCCESS && lhs.len > 0;
        if (i < 2)
            read_uuid_floor(lhs, rhs, i ? &t.transfer : &t.iface, &ok);
        else
            t.protocol[t.n_protocols++] = rd_u8(&lhs);
    }
    if (!ok)
        return STATUS_INVALID_PARAMETER;
    *ret = t;
    return STATUS_SUCCESS;
}

/* Text of a floor: with its terminator, and nothing else in it that is none. */
static bool floor_text(struct rd rhs, char text[EPM_ENDPOINT_MAX])
{
    size_t n = rhs.len;
    if (n < 2 || n > EPM_ENDPOINT_MAX || rhs.base[n - 1] != 0)
        return false;
    for (size_t i = 0; i + 1 < n; i++)
        if (rhs.base[i] < ' ' || rhs.base[i] == 0x7f)
            return false;
    memcpy(text, rhs.base, n);
    return true;
}

enum nt_status epm_tower_endpoint(const uint8_t *p, size_t len, struct serve_endpoint *ret,
                                  char text[EPM_ENDPOINT_MAX])
{
    struct epm_tower t;
    struct serve_endpoint e = SERVE_ENDPOINT_INIT;
    struct rd r, rhs = { 0 };
    enum nt_status st = epm_tower_read(p, len, &t);
    if (st != STATUS_SUCCESS || t.n_protocols < 2)
        return STATUS_INVALID_PARAMETER;
    rd_init(&r, p, len);
    rd_skip(&r, 2);
    for (unsigned i = 0; i < 4; i++) { /* the fourth floor has the endpoint */
        (void)half(&r);
        rhs = half(&r);
    }
    bool co = t.protocol[0] == FLOOR_RPC_CO, ok = false;
    if (co && t.protocol[1] == FLOOR_TCP && rhs.len == 2) {
        e.protseq = "ncacn_ip_tcp";
        ok = rhs.base[0] || rhs.base[1];
        snprintf(text, EPM_ENDPOINT_MAX, "%u", (unsigned)(rhs.base[0] << 8 | rhs.base[1]));
    } else if (co && t.protocol[1] == FLOOR_PIPE) {
        e.protseq = "ncacn_np";
        ok = floor_text(rhs, text);
    } else if (t.protocol[0] == FLOOR_RPC_LOCAL && t.protocol[1] == FLOOR_LOCAL_ENDPOINT) {
        e.protseq = "ncalrpc";
        ok = floor_text(rhs, text);
    }
    if (!ok)
        return STATUS_INVALID_PARAMETER;
    e.iface = t.iface;
    e.endpoint = text;
    *ret = e;
    return STATUS_SUCCESS;
}

bool epm_tower_same_protocols(const struct epm_tower *a, const struct epm_tower *b)
{
    return a->n_protocols == b->n_protocols && memcmp(a->protocol, b->protocol, a->n_protocols) == 0;
}

/* ---- writing ---- */

static void uuid_floor(struct wr *w, const struct rpc_syntax *s)
{
    wr_u16(w, UUID_FLOOR_LEN);
    wr_u8(w, FLOOR_UUID);
    wr_u32(w, s->uuid.a);
    wr_u16(w, s->uuid.b);
    wr_u16(w, s->uuid.c);
    wr_bytes(w, s->uuid.d, sizeof s->uuid.d);
    wr_u16(w, s->major);
    wr_u16(w, 2);
    wr_u16(w, s->minor);
}

static void protocol_floor(struct wr *w, uint8_t id, const void *data, size_t len)
{
    if (len > EPM_TOWER_MAX)
        wr_fail(w, STATUS_INVALID_PARAMETER);
    wr_u16(w, 1);
    wr_u8(w, id);
    wr_u16(w, (uint16_t)len);
    wr_bytes(w, data, len);
}

static void string_floor(struct wr *w, uint8_t id, const char *s)
{
    if (*s)
        protocol_floor(w, id, s, strlen(s) + 1);
    else
        wr_fail(w, STATUS_INVALID_PARAMETER);
}

static void tcp_floor(struct wr *w, const char *endpoint)
{
    char *end;
    unsigned long n = strtoul(endpoint, &end, 10);
    uint16_t port = htons((uint16_t)n);
    if (n == 0 || n > UINT16_MAX || *end || *endpoint < '0' || *endpoint > '9')
        wr_fail(w, STATUS_INVALID_PARAMETER);
    protocol_floor(w, FLOOR_TCP, &port, sizeof port);
}

/* A floor has room for IPv4 only. Clients are not to look at the address ([MS-RPCE] 3.1.3.5.3), so an IPv6
 * server writes zeros. */
static void ip_floor(struct wr *w, const char *host)
{
    struct in_addr a = { 0 };
    struct in6_addr six;
    if (*host && inet_pton(AF_INET, host, &a) != 1 && inet_pton(AF_INET6, host, &six) != 1)
        wr_fail(w, STATUS_INVALID_PARAMETER);
    protocol_floor(w, FLOOR_IP, &a, sizeof a);
}

void epm_tower_write(struct wr *w, const struct serve_endpoint *e, const struct rpc_syntax *transfer,
                     const char *host)
{
    static const uint8_t version[2] = { 0 };
    const char *at = e->host ? e->host : host;
    bool tcp = strcmp(e->protseq, "ncacn_ip_tcp") == 0, pipe = strcmp(e->protseq, "ncacn_np") == 0;
    if (!tcp && !pipe && strcmp(e->protseq, "ncalrpc") != 0)
        wr_fail(w, STATUS_INVALID_PARAMETER);
    wr_u16(w, tcp || pipe ? 5 : 4);
    uuid_floor(w, &e->iface);
    uuid_floor(w, transfer);
    protocol_floor(w, tcp || pipe ? FLOOR_RPC_CO : FLOOR_RPC_LOCAL, version, sizeof version);
    if (tcp) {
        tcp_floor(w, e->endpoint);
        ip_floor(w, at);
    } else if (pipe) {
        string_floor(w, FLOOR_PIPE, e->endpoint);
        string_floor(w, FLOOR_NETBIOS, *at ? at : LOCAL_HOST);
    } else {
        string_floor(w, FLOOR_LOCAL_ENDPOINT, e->endpoint);
    }
}
