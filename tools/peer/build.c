// SPDX-License-Identifier: Apache-2.0
/* PDUs as a script describes them ([C706] 12.6.4, [MS-RPCE] 2.2.2). Written here and not by the runtime's
 * codec: every field can be wrong on purpose, and a mistake in the codec is not hidden by the same mistake
 * here. */
#include <ctype.h>
#include <stdlib.h>
#include <msrpc/info.h>
#include "peer.h"

#define FRAG_USUAL 5840

static const struct {
    const char *name;
    uint8_t ptype;
    bool starts; /* takes a call id of its own */
} types[] = {
    { "request", RPC_PT_REQUEST, true },
    { "response", RPC_PT_RESPONSE, false },
    { "fault", RPC_PT_FAULT, false },
    { "bind", RPC_PT_BIND, true },
    { "bind_ack", RPC_PT_BIND_ACK, false },
    { "bind_nak", RPC_PT_BIND_NAK, false },
    { "alter", RPC_PT_ALTER, true },
    { "alter_resp", RPC_PT_ALTER_RESP, false },
    { "auth3", RPC_PT_AUTH3, false },
    { "shutdown", RPC_PT_SHUTDOWN, false },
    { "cancel", RPC_PT_CO_CANCEL, false },
    { "orphaned", RPC_PT_ORPHANED, false },
    { "ping", 1, true },
    { "working", 4, false },
    { "nocall", 5, false },
    { "reject", 6, false },
    { "ack", 7, false },
    { "cl_cancel", 8, false },
    { "fack", 9, false },
    { "cancel_ack", 10, false },
    { "pdu", 0, true },
};

#define N_TYPES (sizeof types / sizeof types[0])

const char *peer_type_name(unsigned ptype)
{
    for (size_t i = 0; i < N_TYPES - 1; i++)
        if (types[i].ptype == ptype)
            return types[i].name;
    return "unknown";
}

static size_t type_of(const char *name)
{
    size_t i = 0;
    while (i < N_TYPES && strcmp(types[i].name, name) != 0)
        i++;
    return i;
}

bool peer_is_pdu(const char *type)
{
    return type_of(type) < N_TYPES;
}

/* ---- syntaxes ---- */

/* NAME/1.0 or UUID/1.0; the version may be left away for names that libmsrpcinfo knows. */
static struct rpc_syntax named_syntax(struct peer *w, const char *s)
{
    struct rpc_syntax ret;
    const char *slash = strchr(s, '/');
    const char *name = peer_text(w->tmp, "%.*s", slash ? (int)(slash - s) : (int)strlen(s), s);
    const struct rpc_info_interface *i = rpc_info_find(name);
    memset(&ret, 0, sizeof ret);
    if (i)
        ret = i->iface->syntax;
    else if (nt_guid_parse(name, &ret.uuid) != STATUS_SUCCESS)
        peer_die(w, "'%s': no interface of that name, and no UUID", name);
    if (slash) {
        const char *dot = strchr(slash, '.');
        const char *major = peer_text(w->tmp, "%.*s", dot ? (int)(dot - slash - 1) : 99, slash + 1);
        ret.major = (uint16_t)peer_need_number(w, "version", major);
        ret.minor = dot ? (uint16_t)peer_need_number(w, "version", dot + 1) : 0;
    }
    return ret;
}

/* [MS-RPCE] 3.3.1.5.3: bind time features are a transfer syntax whose UUID ends with the bits. */
static struct rpc_syntax features(uint8_t bits)
{
    return (struct rpc_syntax){ { 0x6cb71c2c, 0x9812, 0x4540, { bits } }, 1, 0 };
}

struct rpc_syntax peer_syntax(struct peer *w, const char *s)
{
    if (strcmp(s, "ndr20") == 0)
        return rpc_syntax_ndr20;
    if (strcmp(s, "ndr64") == 0)
        return rpc_syntax_ndr64;
    if (strcmp(s, "none") == 0)
        return (struct rpc_syntax){ .major = 0 };
    if (strncmp(s, "features:", 9) == 0)
        return features((uint8_t)peer_need_number(w, "features", s + 9));
    return named_syntax(w, s);
}

const char *peer_syntax_name(struct nt_arena *a, const struct rpc_syntax *s)
{
    static const struct rpc_syntax none = { .major = 0 };
    char uuid[NT_GUID_STRLEN + 1];
    struct rpc_syntax f = features(s->uuid.d[0]);
    const struct rpc_info_interface *i = rpc_info_find_syntax(s);
    if (rpc_syntax_equal(s, &rpc_syntax_ndr20))
        return "ndr20";
    if (rpc_syntax_equal(s, &rpc_syntax_ndr64))
        return "ndr64";
    if (rpc_syntax_equal(s, &none))
        return "none";
    if (rpc_syntax_equal(s, &f))
        return peer_text(a, "features:%u", s->uuid.d[0]);
    return peer_text(a, "%s/%u.%u", i ? i->name : nt_guid_format(&s->uuid, uuid), s->major, s->minor);
}

unsigned peer_flags(struct peer *w, const char *s)
{
    static const struct {
        const char *name;
        unsigned bit;
    } names[] = { { "first", 1 },          { "last", 2 },   { "whole", 3 },  { "header_sign", 4 },
                  { "pending_cancel", 4 }, { "mpx", 0x10 }, { "dne", 0x20 }, { "maybe", 0x40 },
                  { "object", 0x80 },      { "none", 0 } };
    unsigned flags = 0;
    uint64_t v;
    while (*s) {
        size_t n = strcspn(s, ","), i = 0;
        const char *one = peer_text(w->tmp, "%.*s", (int)n, s);
        while (i < sizeof names / sizeof names[0] && strcmp(names[i].name, one) != 0)
            i++;
        if (i < sizeof names / sizeof names[0])
            flags |= names[i].bit;
        else if (peer_number(one, &v))
            flags |= (unsigned)v;
        else
            peer_die(w, "'%s' is not a flag of a PDU", one);
        s += n + (s[n] == ',');
    }
    return flags;
}

/* ---- one PDU ---- */

struct builder {
    struct peer *w;
    struct peer_args *a;
    struct wr *out;
    bool big;
    uint8_t ptype;
    size_t stub;    /* where it starts; 0: such PDUs have none */
    size_t trailer; /* 0: none */
};

static void u16(struct builder *b, uint64_t v)
{
    wr_u16(b->out, b->big ? __builtin_bswap16((uint16_t)v) : (uint16_t)v);
}

static void u32(struct builder *b, uint64_t v)
{
    wr_u32(b->out, b->big ? __builtin_bswap32((uint32_t)v) : (uint32_t)v);
}

static void patch16(struct builder *b, size_t at, uint64_t v)
{
    wr_fill_u16(b->out, at, b->big ? __builtin_bswap16((uint16_t)v) : (uint16_t)v);
}

static void guid(struct builder *b, const struct nt_guid *g)
{
    u32(b, g->a);
    u16(b, g->b);
    u16(b, g->c);
    wr_bytes(b->out, g->d, sizeof g->d);
}

static void syntax(struct builder *b, const struct rpc_syntax *s)
{
    guid(b, &s->uuid);
    u32(b, (uint32_t)s->major | (uint32_t)s->minor << 16);
}

static uint64_t number(struct builder *b, const char *key, uint64_t otherwise)
{
    return peer_arg_number(b->w, b->a, key, otherwise);
}

static void sizes_and_group(struct builder *b, uint64_t assoc)
{
    uint64_t frag = number(b, "frag", FRAG_USUAL);
    u16(b, number(b, "max_xmit", frag));
    u16(b, number(b, "max_recv", frag));
    u32(b, number(b, "assoc", assoc));
}

/* ---- bind and alter_context ---- */

/* A context element is what stands behind one "ctx=": if=, transfer=, n_transfer=. */
static void put_context(struct builder *b, size_t from, size_t to, uint64_t id)
{
    struct wr list;
    struct rpc_syntax iface = peer_syntax(b->w, "rpcecho");
    uint64_t n = 0, said = UINT64_MAX;
    wr_init(&list, PEER_BYTES_MAX);
    struct builder in = *b;
    in.out = &list;
    for (size_t i = from; i < to; i++) {
        struct peer_arg *a = &b->a->a[i];
        if (strcmp(a->key, "if") == 0) {
            iface = peer_syntax(b->w, a->value);
        } else if (strcmp(a->key, "transfer") == 0) {
            struct rpc_syntax t = peer_syntax(b->w, a->value);
            syntax(&in, &t);
            n++;
        } else if (strcmp(a->key, "n_transfer") == 0) {
            said = peer_need_number(b->w, a->key, a->value);
        } else if (strcmp(a->key, "ctx") != 0) {
            continue;
        }
        a->used = true;
    }
    if (n == 0 && said == UINT64_MAX) {
        syntax(&in, &rpc_syntax_ndr20);
        n = 1;
    }
    u16(b, id);
    wr_u8(b->out, (uint8_t)(said == UINT64_MAX ? n : said));
    wr_u8(b->out, 0);
    syntax(b, &iface);
    wr_bytes(b->out, list.base, list.len);
    wr_free(&list);
}

static void put_bind(struct builder *b)
{
    size_t n = 0, mark, starts[256];
    uint64_t copies = number(b, "copies", 1);
    sizes_and_group(b, 0);
    mark = b->out->len;
    wr_zero(b->out, 4);
    for (size_t i = 0; i < b->a->n && n < 255; i++)
        if (strcmp(b->a->a[i].key, "ctx") == 0)
            starts[n++] = i;
    if (n == 0) {
        starts[n++] = 0;
        put_context(b, 0, b->a->n, 0);
    } else {
        starts[n] = b->a->n;
        for (size_t i = 0; i < n; i++)
            put_context(b, starts[i], starts[i + 1], peer_need_number(b->w, "ctx", b->a->a[starts[i]].value));
    }
    uint64_t last = b->a->n && strcmp(b->a->a[starts[n - 1]].key, "ctx") == 0
                        ? peer_need_number(b->w, "ctx", b->a->a[starts[n - 1]].value)
                        : 0;
    for (uint64_t i = 1; i < copies; i++) /* the last one again, each with the next id */
        put_context(b, starts[n - 1], b->a->n, last + i);
    if (b->out->st == STATUS_SUCCESS)
        b->out->base[mark] = (uint8_t)number(b, "n_ctx", n + copies - 1);
}

/* ---- their answers ---- */

static void put_result(struct builder *b, uint64_t result, uint64_t reason, const struct rpc_syntax *s)
{
    u16(b, result);
    u16(b, reason);
    syntax(b, s);
}

/* What an honest server says to the bind that came last: all that it may mean is accepted. */
static unsigned honest_results(struct builder *b)
{
    const struct peer_conn *c = b->w->conn;
    const struct peer_field *n = peer_field(&c->rx, "n_ctx");
    for (unsigned i = 0; n && i < n->number; i++) {
        const struct peer_field *t = peer_field(&c->rx, peer_text(b->w->tmp, "transfer%u", i));
        struct rpc_syntax none = { .major = 0 };
        if (t && strncmp(t->text, "features:", 9) == 0) {
            put_result(b, RPC_RESULT_NEGOTIATE_ACK, 3, &none);
        } else {
            struct rpc_syntax s = t ? peer_syntax(b->w, t->text) : none;
            put_result(b, RPC_RESULT_ACCEPTANCE, 0, &s);
        }
    }
    return n ? (unsigned)n->number : 0;
}

/* Each "result=" begins an element; reason= and syntax= behind it belong to it. */
static unsigned said_results(struct builder *b)
{
    unsigned n = 0;
    for (size_t i = 0; i < b->a->n; i++) {
        struct rpc_syntax s = rpc_syntax_ndr20;
        uint64_t result, reason = 0;
        if (strcmp(b->a->a[i].key, "result") != 0)
            continue;
        b->a->a[i].used = true;
        result = peer_need_number(b->w, "result", b->a->a[i].value);
        if (result != RPC_RESULT_ACCEPTANCE)
            s = (struct rpc_syntax){ .major = 0 };
        for (size_t k = i + 1; k < b->a->n && strcmp(b->a->a[k].key, "result") != 0; k++) {
            if (strcmp(b->a->a[k].key, "reason") == 0)
                reason = peer_need_number(b->w, "reason", b->a->a[k].value);
            else if (strcmp(b->a->a[k].key, "syntax") == 0)
                s = peer_syntax(b->w, b->a->a[k].value);
            else
                continue;
            b->a->a[k].used = true;
        }
        put_result(b, result, reason, &s);
        n++;
    }
    return n;
}

static void put_ack(struct builder *b)
{
    sizes_and_group(b, 0x1234);
    const char *addr = peer_arg(b->a, "addr", b->ptype == RPC_PT_BIND_ACK ? "135" : "");
    uint64_t len = number(b, "addr_len", *addr ? strlen(addr) + 1 : 0);
    u16(b, len);
    wr_bytes(b->out, addr, *addr ? strlen(addr) + 1 : 0);
    wr_align(b->out, 4);
    size_t mark = b->out->len;
    wr_zero(b->out, 4);
    unsigned n = said_results(b);
    if (n == 0)
        n = honest_results(b);
    if (b->out->st == STATUS_SUCCESS)
        b->out->base[mark] = (uint8_t)number(b, "n_results", n);
}

static void put_nak(struct builder *b)
{
    u16(b, number(b, "reason", RPC_NAK_NOT_SPECIFIED));
    wr_u8(b->out, 1);
    wr_u8(b->out, 5);
    wr_u8(b->out, 0);
}

/* ---- calls ---- */

static void put_stub(struct builder *b, size_t hint_at)
{
    b->stub = b->out->len;
    peer_bytes(b->w, peer_arg(b->a, "stub", ""), b->out);
    uint64_t hint = number(b, "alloc_hint", b->out->len - b->stub);
    wr_fill_u32(b->out, hint_at, b->big ? __builtin_bswap32((uint32_t)hint) : (uint32_t)hint);
}

static void put_request(struct builder *b)
{
    size_t hint = b->out->len;
    const char *object = peer_arg(b->a, "object", NULL);
    wr_zero(b->out, 4);
    u16(b, number(b, "ctx", 0));
    u16(b, number(b, "op", 0));
    if (object) {
        struct nt_guid g;
        if (nt_guid_parse(object, &g) != STATUS_SUCCESS)
            peer_die(b->w, "'%s' is not a UUID", object);
        guid(b, &g);
    }
    put_stub(b, hint);
}

static void put_response(struct builder *b)
{
    size_t hint = b->out->len;
    const struct peer_field *ctx = peer_field(&b->w->conn->rx, "ctx");
    wr_zero(b->out, 4);
    u16(b, number(b, "ctx", ctx ? ctx->number : 0));
    wr_u8(b->out, (uint8_t)number(b, "cancels", 0));
    wr_u8(b->out, 0);
    if (b->ptype == RPC_PT_FAULT) {
        const char *status = peer_arg(b->a, "status", "unk_if");
        uint64_t code;
        if (!peer_code(status, &code))
            peer_die(b->w, "status=%s is no code of a fault", status);
        u32(b, code);
        wr_zero(b->out, 4);
    }
    put_stub(b, hint);
}

static void put_body(struct builder *b)
{
    switch (b->ptype) {
    case RPC_PT_BIND:
    case RPC_PT_ALTER:
        put_bind(b);
        break;
    case RPC_PT_BIND_ACK:
    case RPC_PT_ALTER_RESP:
        put_ack(b);
        break;
    case RPC_PT_BIND_NAK:
        put_nak(b);
        break;
    case RPC_PT_AUTH3:
        wr_zero(b->out, 4);
        break;
    case RPC_PT_REQUEST:
        put_request(b);
        break;
    case RPC_PT_RESPONSE:
    case RPC_PT_FAULT:
        put_response(b);
        break;
    default:
        break;
    }
}

/* ---- the common header ---- */

static uint64_t usual_call_id(struct builder *b, bool starts)
{
    struct peer_conn *c = b->w->conn;
    const struct peer_field *rx = peer_field(&c->rx, "call_id");
    if (c->accepted)
        return rx ? rx->number : 1;
    return starts ? c->call_id : c->call_id - 1;
}

static unsigned usual_flags(struct builder *b)
{
    unsigned flags = RPC_PFC_WHOLE;
    const char *s = peer_arg(b->a, "auth", NULL);
    const struct peer_sec *sec = s && strcmp(s, "none") != 0 ? peer_find_sec(b->w, s) : NULL;
    bool binds = b->ptype >= RPC_PT_BIND && b->ptype <= RPC_PT_AUTH3;
    if (binds && sec && sec->header_sign)
        flags |= RPC_PFC_HEADER_SIGN;
    if (b->ptype == RPC_PT_REQUEST && peer_arg(b->a, "object", NULL))
        flags |= RPC_PFC_OBJECT;
    return flags;
}

static void put_header(struct builder *b, bool starts)
{
    const char *version = peer_arg(b->a, "version", "5.0"), *flags = peer_arg(b->a, "flags", NULL);
    const char *drep = peer_arg(b->a, "drep", NULL);
    const char *dot = strchr(version, '.');
    wr_u8(b->out, (uint8_t)atoi(version));
    wr_u8(b->out, (uint8_t)(dot ? atoi(dot + 1) : 0));
    wr_u8(b->out, (uint8_t)number(b, "ptype", b->ptype));
    wr_u8(b->out, (uint8_t)(flags ? peer_flags(b->w, flags) : usual_flags(b)));
    if (drep) {
        size_t at = b->out->len;
        peer_bytes(b->w, drep, b->out);
        if (b->out->len != at + 4)
            peer_die(b->w, "drep= takes four bytes");
    } else {
        wr_u32(b->out, b->big ? 0 : 0x10);
    }
    wr_zero(b->out, 4); /* lengths */
    uint64_t id = number(b, "call_id", usual_call_id(b, starts));
    u32(b, id);
    if (starts && !b->w->conn->accepted)
        b->w->conn->call_id = (uint32_t)id + 1;
}

static void put_lengths(struct builder *b, size_t token)
{
    patch16(b, 8, number(b, "frag_length", b->out->len));
    patch16(b, 10, number(b, "auth_length", token));
}

/* ---- trailers and tampering ---- */

/* A trailer that no provider has a hand in: token= with auth_type=, auth_level=, auth_ctx=. */
static void bare_trailer(struct builder *b, const char *token)
{
    size_t align = b->stub ? 16 : 4, from = b->stub ? b->stub : 0;
    size_t pad = (0 - (b->out->len - from)) & (align - 1);
    wr_zero(b->out, pad);
    b->trailer = b->out->len;
    wr_u8(b->out, (uint8_t)number(b, "auth_type", 10));
    wr_u8(b->out, (uint8_t)number(b, "auth_level", 6));
    wr_u8(b->out, (uint8_t)number(b, "auth_pad", pad));
    wr_u8(b->out, 0);
    u32(b, number(b, "auth_ctx", 0));
    peer_bytes(b->w, token, b->out);
    put_lengths(b, b->out->len - b->trailer - RPC_TRAILER_LEN);
}

/* 17, stub+4, trailer+1, token+0, end-1 */
static size_t place(struct builder *b, const char *s)
{
    const struct {
        const char *name;
        size_t at;
    } names[] = { { "stub", b->stub },
                  { "trailer", b->trailer },
                  { "token", b->trailer ? b->trailer + RPC_TRAILER_LEN : 0 },
                  { "end", b->out->len } };
    size_t n = strcspn(s, "+-");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i].name) == n && strncmp(s, names[i].name, n) == 0) {
            uint64_t d = s[n] ? peer_need_number(b->w, "place", s + n + 1) : 0;
            return names[i].at + (size_t)(s[n] == '-' ? 0 - d : d);
        }
    return (size_t)peer_need_number(b->w, "place", s);
}

static uint8_t *byte_at(struct builder *b, const char *s, size_t n)
{
    size_t at = place(b, s);
    if (at > b->out->len || n > b->out->len - at)
        peer_die(b->w, "'%s' is not in this PDU of %zu bytes", s, b->out->len);
    return b->out->base + at;
}

/* tamper=PLACE:HEX, flip=PLACE (its lowest bit); both may be there again and again. */
static void tamper(struct builder *b)
{
    for (size_t i = 0; i < b->a->n; i++) {
        struct peer_arg *a = &b->a->a[i];
        if (strcmp(a->key, "flip") == 0) {
            *byte_at(b, a->value, 1) ^= 1;
        } else if (strcmp(a->key, "tamper") == 0) {
            const char *colon = strchr(a->value, ':');
            struct wr bytes;
            wr_init(&bytes, PEER_BYTES_MAX);
            if (!colon)
                peer_die(b->w, "tamper=PLACE:BYTES");
            peer_bytes(b->w, colon + 1, &bytes);
            const char *where = peer_text(b->w->tmp, "%.*s", (int)(colon - a->value), a->value);
            if (bytes.len)
                memcpy(byte_at(b, where, bytes.len), bytes.base, bytes.len);
            wr_free(&bytes);
        } else {
            continue;
        }
        a->used = true;
    }
    peer_bytes(b->w, peer_arg(b->a, "append", ""), b->out);
    uint64_t cut = number(b, "cut", b->out->len);
    if (cut < b->out->len)
        b->out->len = (size_t)cut;
}

static void protect(struct builder *b)
{
    const char *auth = peer_arg(b->a, "auth", "none"), *token = peer_arg(b->a, "token", NULL);
    if (strcmp(auth, "none") == 0) {
        if (token)
            bare_trailer(b, token);
        else
            put_lengths(b, 0);
        return;
    }
    size_t before = b->out->len;
    put_lengths(b, 0);
    peer_protect(b->w, peer_find_sec(b->w, auth), b->a, b->big, b->stub, b->out);
    uint16_t auth_len = le16(b->out->base + 10);
    if (b->big)
        auth_len = __builtin_bswap16(auth_len);
    if (b->out->len > before && (size_t)auth_len + RPC_TRAILER_LEN <= b->out->len)
        b->trailer = b->out->len - auth_len - RPC_TRAILER_LEN;
}

/* What `set` says comes first, so that the line's own words win. */
static struct peer_args with_defaults(struct peer *w, const struct peer_args *a)
{
    struct peer_args all = { peer_alloc(w->tmp, (w->defaults.n + a->n + 1) * sizeof *all.a),
                             w->defaults.n + a->n };
    if (w->defaults.n)
        memcpy(all.a, w->defaults.a, w->defaults.n * sizeof *all.a);
    memcpy(all.a + w->defaults.n, a->a, a->n * sizeof *all.a);
    return all;
}

void peer_build(struct peer *w, const char *type, struct peer_args *a, struct wr *out)
{
    size_t t = type_of(type);
    struct peer_args all = with_defaults(w, a);
    const char *order = peer_arg(&all, "order", "little");
    struct builder b = { .w = w, .a = &all, .out = out, .big = strcmp(order, "big") == 0 };
    if (t == N_TYPES)
        peer_die(w, "'%s' is not a kind of PDU", type);
    b.ptype = strcmp(type, "pdu") == 0 ? (uint8_t)number(&b, "ptype", 255) : types[t].ptype;
    wr_init(out, PEER_BYTES_MAX);
    put_header(&b, types[t].starts);
    put_body(&b);
    peer_bytes(w, peer_arg(&all, "body", ""), out);
    if (out->st != STATUS_SUCCESS)
        peer_die(w, "a PDU longer than anything");
    protect(&b);
    tamper(&b);
    memcpy(a->a, all.a + w->defaults.n, a->n * sizeof *a->a); /* which words were used */
    if (out->st != STATUS_SUCCESS)
        peer_die(w, "a PDU longer than anything");
}
