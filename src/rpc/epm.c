// SPDX-License-Identifier: Apache-2.0
/*
 * Asking a host's endpoint mapper for the TCP port of an interface: ept_map ([C706] appendix O,
 * [MS-RPCE] 2.2.1.2.5), with towers as in [C706] appendix L. The stubs are written by hand here, because the
 * runtime stands below the generated ones. Only the port is taken from the answer; the host stays the one
 * that the user named.
 */
#include <stdio.h>
#include <stdlib.h>
#include "rpc/m_client.h"
#include "ndr/ndr.h"

enum { /* protocol identifiers of floors, [C706] appendix I */
       FLOOR_UUID = 0x0d,
       FLOOR_RPC_CO = 0x0b,
       FLOOR_TCP = 0x07,
       FLOOR_IP = 0x09,
};

#define EPT_S_NOT_REGISTERED 0x16c9a0d6 /* [C706] appendix E, ept_s_not_registered */
#define UUID_FLOOR_LEN       19         /* identifier, UUID, major version */

/* ---- towers ---- */

static void put_uuid_floor(struct wr *w, const struct rpc_syntax *s)
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

static void put_floor(struct wr *w, uint8_t id, size_t zeros)
{
    wr_u16(w, 1);
    wr_u8(w, id);
    wr_u16(w, (uint16_t)zeros);
    wr_zero(w, zeros);
}

size_t rpc_tower_put(struct wr *w, const struct rpc_syntax *iface)
{
    size_t start = w->len;
    wr_u16(w, 5);
    put_uuid_floor(w, iface);
    put_uuid_floor(w, &rpc_syntax_ndr20);
    put_floor(w, FLOOR_RPC_CO, 2);
    put_floor(w, FLOOR_TCP, 2);
    put_floor(w, FLOOR_IP, 4);
    return w->len - start;
}

static bool floor_is_iface(struct rd lhs, const struct rpc_syntax *s)
{
    struct nt_guid g;
    if (rd_u8(&lhs) != FLOOR_UUID)
        return false;
    g.a = rd_u32(&lhs);
    g.b = rd_u16(&lhs);
    g.c = rd_u16(&lhs);
    rd_copy(&lhs, g.d, sizeof g.d);
    return rd_u16(&lhs) == s->major && lhs.st == STATUS_SUCCESS && nt_guid_equal(&g, &s->uuid);
}

uint16_t rpc_tower_port(const uint8_t *p, size_t len, const struct rpc_syntax *iface)
{
    struct rd r;
    uint16_t port = 0;
    rd_init(&r, p, len);
    unsigned floors = rd_u16(&r);
    if (floors > RPC_FLOORS_MAX) /* [MS-RPCE] 3.1.3.5.3 */
        return 0;
    for (unsigned i = 0; i < floors; i++) {
        size_t n = rd_u16(&r);
        struct rd lhs = rd_sub(&r, r.pos, n);
        rd_skip(&r, n);
        n = rd_u16(&r);
        struct rd rhs = rd_sub(&r, r.pos, n);
        rd_skip(&r, n);
        if (r.st != STATUS_SUCCESS || (i == 0 && !floor_is_iface(lhs, iface)))
            return 0;
        if (i == 3) { /* the port is in network order */
            if (rd_u8(&lhs) != FLOOR_TCP || rhs.len != 2)
                return 0;
            port = __builtin_bswap16(rd_u16(&rhs));
        }
    }
    return port;
}

/* ---- ept_map ---- */

struct ept_map {
    struct {
        const struct rpc_syntax *iface;
        const uint8_t *tower;
        uint32_t tower_len;
        struct nt_guid object; /* nil: none */
    } in;
    struct {
        uint32_t n_towers;
        uint16_t port; /* of the first tower that is ours */
        uint32_t status;
    } out;
};

static void push_in(struct ndr_push *n, const void *p)
{
    const struct ept_map *r = p;
    ndr_push_full(n, &r->in.object); /* obj */
    if (ndr_push_full_first(n, &r->in.object))
        ndr_push_guid(n, &r->in.object);
    ndr_push_full(n, r->in.tower); /* map_tower, a conformant structure */
    if (ndr_push_full_first(n, r->in.tower)) {
        ndr_push_size(n, r->in.tower_len);
        ndr_push_u32(n, r->in.tower_len);
        ndr_push_elements(n, r->in.tower, r->in.tower_len, 1);
    }
    ndr_push_handle(n, &(struct ndr_handle){ 0 }); /* entry_handle */
    ndr_push_u32(n, RPC_TOWERS_MAX);               /* max_towers */
}

static void pull_tower(struct ndr_pull *n, struct ept_map *r)
{
    size_t size = ndr_pull_size(n);
    uint32_t len = ndr_pull_u32(n);
    ndr_pull_match(n, size, len);
    ndr_pull_range(n, len, 0, RPC_TOWER_BYTES_MAX);
    const uint8_t *p = ndr_pull_lend(n, len, 1);
    if (p && r->out.port == 0)
        r->out.port = rpc_tower_port(p, len, r->in.iface);
}

static void pull_out(struct ndr_pull *n, void *p)
{
    struct ept_map *r = p;
    struct ndr_handle entry;
    void *towers[RPC_TOWERS_MAX];
    ndr_pull_handle(n, &entry);
    r->out.n_towers = ndr_pull_u32(n);
    ndr_pull_range(n, r->out.n_towers, 0, RPC_TOWERS_MAX);
    size_t size = ndr_pull_size(n);
    size_t len = ndr_pull_length(n, size);
    ndr_pull_range(n, (int64_t)len, 0, RPC_TOWERS_MAX);
    if (ndr_pull_status(n) != STATUS_SUCCESS)
        return;
    for (size_t i = 0; i < len; i++)
        towers[i] = ndr_pull_full(n, 0);
    for (size_t i = 0; i < len; i++)
        if (towers[i] && ndr_pull_full_first(n, towers[i]))
            pull_tower(n, r);
    r->out.status = ndr_pull_u32(n);
}

/* The server side of this operation is generated; these are never called. */
static void pull_in(struct ndr_pull *n, void *r)
{
    (void)r;
    ndr_pull_fail(n, RPC_NT_CANNOT_SUPPORT);
}

static void push_out(struct ndr_push *n, const void *r)
{
    (void)r;
    ndr_push_fail(n, RPC_NT_CANNOT_SUPPORT);
}

static const struct rpc_interface epmapper = {
    RPC_TABLE_VERSION,
    8,
    "epmapper",
    { { 0xe1af8308, 0x5d1f, 0x11c9, { 0x91, 0xa4, 0x08, 0x00, 0x2b, 0x14, 0xa0, 0xfa } }, 3, 0 },
    NULL,
};
static const struct rpc_op map_op = {
    RPC_TABLE_VERSION,
    3,
    0,
    &epmapper,
    "ept_map",
    sizeof(struct ept_map),
    offsetof(struct ept_map, out),
    push_in,
    pull_in,
    push_out,
    pull_out,
};

/* ---- the request ---- */

struct mapping {
    struct rpc_conn *c; /* NULL: nobody waits any more */
    struct rpc_conn *mapper;
    bool calling; /* mapped() will come */
    struct nt_arena *mem;
    struct ept_map r;
    struct wr tower;
    struct nt_error err;
};

static void mapping_free(struct mapping *m)
{
    rpc_close(m->mapper);
    nt_arena_free(m->mem);
    wr_free(&m->tower);
    free(m);
}

static void mapping_end(struct mapping *m, enum nt_status st, const char *why)
{
    struct rpc_conn *c = m->c;
    if (c) {
        c->mapping = NULL;
        rpc_conn_mapped(c, st, m->r.out.port, why);
    }
    mapping_free(m);
}

static void mapped(void *arg, enum nt_status st)
{
    struct mapping *m = arg;
    const char *why = NULL;
    if (st != STATUS_SUCCESS) {
        why = rpc_conn_error(m->mapper);
    } else if (m->r.out.status == EPT_S_NOT_REGISTERED) {
        st = EPT_NT_NOT_REGISTERED;
        why = "the interface is not registered there for TCP";
    } else if (m->r.out.status != 0) {
        st = EPT_NT_CANT_PERFORM_OP;
        why = "the endpoint mapper cannot answer";
    } else if (m->r.out.port == 0) {
        st = EPT_NT_NOT_REGISTERED;
        why = "the endpoint mapper's answer holds no TCP port for the interface";
    } else if (m->r.out.port < RPC_MAPPED_PORT_LEAST && (!m->c || m->r.out.port != m->c->mapper_port)) {
        st = EPT_NT_CANT_PERFORM_OP;
        why = "the endpoint mapper names a port at which no RPC service listens; name one in the binding if "
              "it does";
    }
    mapping_end(m, st, why);
}

static void mapper_open(void *arg, enum nt_status st, struct rpc_conn *mapper)
{
    struct mapping *m = arg;
    m->mapper = mapper;
    if (st == STATUS_SUCCESS)
        st = rpc_send(mapper, &map_op, m->mem, &m->r, mapped, m, NULL);
    if (st == STATUS_SUCCESS)
        m->calling = true;
    else
        mapping_end(m, st, m->err.text[0] ? m->err.text : "the endpoint mapper cannot be asked");
}

static enum nt_status mapper_start(struct rpc_conn *c, struct mapping *m)
{
    char port[8];
    struct rpc_binding *b;
    snprintf(port, sizeof port, "%u", c->mapper_port);
    enum nt_status st = rpc_binding_new("ncacn_ip_tcp", c->binding->host, port, &b, &m->err);
    if (st != STATUS_SUCCESS)
        return st;
    uint64_t now = io_loop_now(c->loop), left = c->open_deadline > now ? c->open_deadline - now : 0;
    struct rpc_options o = RPC_OPTIONS_INIT;
    o.level = SEC_LEVEL_NONE;
    o.loop = c->loop;
    o.env = c->env;
    o.timeout_ms = (unsigned)(left / 1000000) + 1;
    o.error = &m->err;
    st = rpc_open_start(b, &epmapper, &o, mapper_open, m, &m->mapper);
    rpc_binding_unref(b);
    return st;
}

/* The mapper is asked without security: what it says is public, and what we do with it is protected by itself
 * ([MS-RPCE] 3.3.2.6.3 leaves the choice). */
enum nt_status rpc_map(struct rpc_conn *c)
{
    struct mapping *m = calloc(1, sizeof *m);
    if (!m)
        return STATUS_NO_MEMORY;
    m->c = c;
    wr_init(&m->tower, RPC_TOWER_BYTES_MAX);
    m->mem = nt_arena_new(0);
    m->r.in.iface = &c->ctx[0].iface->syntax;
    if (c->binding->has_object)
        m->r.in.object = c->binding->object;
    m->r.in.tower_len = (uint32_t)rpc_tower_put(&m->tower, m->r.in.iface);
    m->r.in.tower = m->tower.base;
    enum nt_status st = m->mem ? m->tower.st : STATUS_NO_MEMORY;
    if (st == STATUS_SUCCESS)
        st = mapper_start(c, m);
    if (st != STATUS_SUCCESS)
        mapping_free(m);
    else
        c->mapping = m;
    return st;
}

void rpc_map_cancel(struct rpc_conn *c)
{
    struct mapping *m = c->mapping;
    c->mapping = NULL;
    if (!m)
        return;
    m->c = NULL;
    if (m->calling)
        rpc_close(m->mapper); /* mapped() is called on the way and frees m */
    else
        mapping_free(m);
}
