// SPDX-License-Identifier: Apache-2.0
/* Names and arguments, by the descriptions of libmsrpcinfo. */
#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include "pcap.h"

const char *describe_iface(const struct rpc_syntax *iface)
{
    const struct rpc_info_interface *i = rpc_info_find_syntax(iface);
    return i ? i->name : NULL;
}

const char *describe_op(const struct rpc_syntax *iface, uint16_t opnum)
{
    const struct rpc_info_interface *i = rpc_info_find_syntax(iface);
    const struct rpc_info_op *op = i ? rpc_info_opnum(i, opnum) : NULL;
    return op ? op->name : NULL;
}

bool describe_matches(const char *name, const struct rpc_syntax *iface)
{
    struct nt_guid g;
    const char *known = describe_iface(iface);
    if (nt_guid_parse(name, &g) == STATUS_SUCCESS)
        return nt_guid_equal(&g, &iface->uuid);
    return known && strcasecmp(name, known) == 0;
}

/* ---- stubs ---- */

/* Why a side cannot be decoded whatever its description says; NULL: it may. */
static const char *obstacle(const struct capture_call *c, const struct capture_side *s)
{
    if (s->sealed)
        return "sealed";
    if (!s->complete)
        return "incomplete";
    if (s->truncated)
        return "too long to be kept";
    if (!c->iface_known)
        return "the bind was not seen";
    if (!c->opnum_known)
        return "the request was not seen";
    if (c->syntax == CAPTURE_NDR_OTHER || c->syntax == CAPTURE_NDR_UNKNOWN)
        return "unknown transfer syntax";
    return NULL;
}

static const char *pull(struct described *d, const struct capture_call *c, bool response,
                        struct nt_arena *mem)
{
    const struct capture_side *s = response ? &c->rsp : &c->req;
    const char *why = obstacle(c, s);
    if (why)
        return why;
    if (!d->iface)
        return "unknown interface";
    if (!d->op || !d->op->op)
        return "unknown operation";
    if (!d->r && !(d->r = rpc_info_new(d->op, mem)))
        return "out of memory";
    enum nt_status st = rpc_info_pull(d->op, response ? RPC_INFO_RESPONSE : RPC_INFO_REQUEST, d->r, s->stub,
                                      s->drep, c->syntax == CAPTURE_NDR64, mem, NULL);
    if (st == STATUS_SUCCESS)
        return NULL;
    return st == STATUS_NO_MEMORY ? "more memory than a stub may take" : "not as its description says";
}

void describe_call(struct described *d, const struct capture_call *c, struct nt_arena *mem)
{
    *d = (struct described){ .iface = c->iface_known ? rpc_info_find_syntax(&c->iface) : NULL };
    if (d->iface && c->opnum_known)
        d->op = rpc_info_opnum(d->iface, c->opnum);
    d->why[0] = c->req.seen ? pull(d, c, false, mem) : "not seen";
    d->why[1] = c->outcome != CAPTURE_ANSWERED ? "no answer" : pull(d, c, true, mem);
}

const char *describe_side(const struct described *d, bool response, enum pcap_form form, size_t max,
                          struct nt_arena *mem)
{
    enum rpc_info_side side = response ? RPC_INFO_RESPONSE : RPC_INFO_REQUEST;
    const char *text = NULL;
    if (d->why[response])
        return NULL;
    if (form == PCAP_JSON)
        return rpc_json_write(d->op, side, d->r, 0, mem, &text, NULL) == STATUS_SUCCESS ? text : NULL;
    text = form == PCAP_FULL ? rpc_trace_full(d->iface, d->op, side, d->r, mem)
                             : rpc_trace_line(d->iface, d->op, side, d->r, max, mem);
    return text ? strchr(text, '{') : NULL; /* the line has the names already */
}

/* ---- results ---- */

static const char *number(struct nt_arena *mem, const char *fmt, uint32_t v)
{
    char buf[16];
    snprintf(buf, sizeof buf, fmt[0] == 'x' ? "0x%08" PRIx32 : "%" PRIu32, v);
    return nt_arena_strdup(mem, buf);
}

const char *describe_result(const struct described *d, struct nt_arena *mem)
{
    const char *name = NULL;
    uint32_t v;
    if (d->why[1] || !d->op->result || d->op->result->size != sizeof v)
        return NULL;
    memcpy(&v, (const char *)d->r + d->op->result_offset, sizeof v);
    switch (d->op->result->base) {
    case RPC_INFO_NTSTATUS:
        name = nt_status_name((enum nt_status)v);
        break;
    case RPC_INFO_WERROR:
        name = werror_name((enum werror)v);
        break;
    case RPC_INFO_I32: /* HRESULT */
        return number(mem, "x", v);
    default:
        return number(mem, "u", v);
    }
    return name ? name : number(mem, "x", v);
}
