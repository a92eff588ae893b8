// SPDX-License-Identifier: Apache-2.0
/*
 * One call, as a fuzzer or a test has it, through everything that must agree: what is pulled can be pushed,
 * and pulled again; its JSON gives the same bytes; traces never fail.
 */
#include "info/m_info.h"
#include "ndr/ndr.h"

/* Keeps a run short; what needs more is not looked at. */
#define CHECK_BYTES ((size_t)4 << 20)
#define CHECK_MEM   (64 * CHECK_BYTES)

struct check {
    const struct rpc_info_interface *iface;
    const struct rpc_info_op *op;
    enum rpc_info_side side;
    bool ndr64, aliases;
    struct nt_arena *mem;
    struct nt_error *why;
};

static bool found(struct check *c, const char *what, const char *more)
{
    nt_error_set(c->why, STATUS_INTERNAL_ERROR, "%s.%s %s, %s: %s%.200s", c->iface->name, c->op->name,
                 c->side == RPC_INFO_REQUEST ? "in" : "out", c->ndr64 ? "NDR64" : "NDR20", what, more);
    return false;
}

static bool out_of_room(enum nt_status st)
{
    return st == STATUS_NO_MEMORY || st == STATUS_INSUFFICIENT_RESOURCES || st == STATUS_BUFFER_TOO_SMALL;
}

static enum nt_status pull(struct check *c, struct nt_blob stub, uint8_t drep, void *r)
{
    struct ndr_pull n;
    struct ndr_budget budget = { .bytes = CHECK_BYTES };
    ndr_pull_init(&n, c->mem, stub.data, stub.len, drep, c->ndr64, &budget);
    (c->side == RPC_INFO_RESPONSE ? c->op->op->pull_out : c->op->op->pull_in)(&n, r);
    enum nt_status st = ndr_pull_status(&n);
    return st == STATUS_SUCCESS ? info_hold_pipes(c->op, c->side, r, c->mem) : st;
}

/* Room for an operation, with the request of r where the response is at stake. */
static void *another(struct check *c, const void *r)
{
    void *p = rpc_info_new(c->op, c->mem);
    if (p && c->side == RPC_INFO_RESPONSE)
        memcpy(p, r, c->op->op->out_offset);
    return p;
}

static bool same(struct nt_blob a, struct nt_blob b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static bool check_json(struct check *c, const void *r, struct nt_blob bytes)
{
    struct nt_error err = { "" };
    const char *text, *again;
    struct nt_blob pushed;
    enum nt_status st = rpc_json_write(c->op, c->side, r, 0, c->mem, &text, &err);
    if (out_of_room(st))
        return true;
    if (st != STATUS_SUCCESS)
        return found(c, "no JSON: ", err.text);
    void *copy = another(c, r);
    if (!copy)
        return true;
    st = rpc_json_read(c->op, c->side, copy, text, strlen(text), c->mem, &err);
    if (out_of_room(st))
        return true;
    if (st != STATUS_SUCCESS)
        return found(c, "our own JSON is refused: ", err.text);
    st = rpc_info_push(c->op, c->side, copy, c->ndr64, c->mem, &pushed);
    if (out_of_room(st))
        return true;
    if (st != STATUS_SUCCESS || (!c->aliases && !same(bytes, pushed)))
        return found(c, "JSON gives other bytes: ", text);
    st = rpc_json_write(c->op, c->side, copy, 0, c->mem, &again, &err);
    if (!out_of_room(st) && (st != STATUS_SUCCESS || strcmp(text, again) != 0))
        return found(c, "JSON gives other JSON: ", text);
    return true;
}

static bool check_side(struct check *c, struct nt_blob stub, uint8_t drep, void *r)
{
    struct nt_blob first, second;
    if (pull(c, stub, drep, r) != STATUS_SUCCESS) {
        memset(info_at(r, c->side == RPC_INFO_RESPONSE ? c->op->op->out_offset : 0), 0,
               c->side == RPC_INFO_RESPONSE ? c->op->op->size - c->op->op->out_offset
                                            : c->op->op->out_offset);
        return true;
    }
    enum nt_status st = rpc_info_push(c->op, c->side, r, c->ndr64, c->mem, &first);
    if (st != STATUS_SUCCESS)
        return out_of_room(st) || found(c, "what was pulled cannot be pushed", "");
    void *copy = another(c, r);
    if (!copy)
        return true;
    st = pull(c, first, 0x10, copy);
    if (out_of_room(st))
        return true;
    if (st != STATUS_SUCCESS ||
        rpc_info_push(c->op, c->side, copy, c->ndr64, c->mem, &second) != STATUS_SUCCESS ||
        !same(first, second))
        return found(c, "what was pushed is not what is pulled", "");
    const char *line = rpc_trace_line(c->iface, c->op, c->side, r, 300, c->mem);
    if (!line || strlen(line) > 300)
        return found(c, "no trace", "");
    return check_json(c, r, first);
}

/* Types that were looked at already; with more of them an operation counts as one that has aliases. */
#define MAX_SEEN 256

struct seen {
    const struct rpc_info_type *types[MAX_SEEN];
    unsigned n;
};

static bool has_aliases(struct seen *s, const struct rpc_info_node *n)
{
    for (; n; n = n->to) {
        unsigned k = 0;
        if (n->flags & RPC_INFO_FULL)
            return true;
        if (!n->type)
            continue;
        while (k < s->n && s->types[k] != n->type)
            k++;
        if (k < s->n)
            continue;
        if (s->n == MAX_SEEN)
            return true;
        s->types[s->n++] = n->type;
        for (uint32_t i = 0; i < n->type->n_members; i++)
            if (has_aliases(s, n->type->members[i].node))
                return true;
    }
    return false;
}

/* Equal referent ids become two objects in JSON. */
static bool op_has_aliases(const struct rpc_info_op *op)
{
    struct seen s = { .n = 0 };
    for (uint32_t i = 0; i < op->n_params; i++)
        if (has_aliases(&s, op->params[i].node))
            return true;
    return false;
}

bool rpc_info_check(const struct rpc_info_interface *i, const struct rpc_info_op *op, struct nt_blob request,
                    struct nt_blob response, unsigned flags, struct nt_error *ret_why)
{
    struct check c = {
        .iface = i, .op = op, .ndr64 = flags & RPC_CHECK_NDR64, .aliases = op_has_aliases(op), .why = ret_why
    };
    uint8_t drep = flags & RPC_CHECK_BIG ? 0x00 : 0x10;
    c.mem = nt_arena_new(CHECK_MEM);
    void *r = c.mem ? rpc_info_new(op, c.mem) : NULL;
    bool ok = true;
    if (r) {
        c.side = RPC_INFO_REQUEST;
        ok = check_side(&c, request, drep, r);
        c.side = RPC_INFO_RESPONSE;
        ok = ok && check_side(&c, response, drep, r);
    }
    nt_arena_free(c.mem);
    return ok;
}

/* Interface, operation in two bytes, flags, length of the request in two bytes, request, response. */
bool rpc_info_check_input(const struct rpc_info_file *f, const uint8_t *data, size_t size,
                          struct nt_error *ret_why)
{
    if (size < 6 || size > 65536 || f->n_interfaces == 0)
        return true;
    const struct rpc_info_interface *i = &f->interfaces[data[0] % f->n_interfaces];
    if (i->n_ops == 0)
        return true;
    const struct rpc_info_op *op = &i->ops[le16(data + 1) % i->n_ops];
    size_t in = le16(data + 4), left = size - 6;
    in = in < left ? in : left;
    return rpc_info_check(i, op, (struct nt_blob){ data + 6, in },
                          (struct nt_blob){ data + 6 + in, left - in }, data[3], ret_why);
}
