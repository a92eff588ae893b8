// SPDX-License-Identifier: Apache-2.0
/* Remote management: [C706] appendix Q, [MS-RPCE] 2.2.1.3. */
#include <string.h>
#include <msrpc/mgmt.h>
#include <msrpc/serve.h>

enum { /* Win32 codes: what Windows puts into `status` ([MS-RPCE] 2.2.1.3 leaves them open) */
       MGMT_OK = 0,
       MGMT_ACCESS_DENIED = 5,            /* ERROR_ACCESS_DENIED */
       MGMT_UNKNOWN_AUTHN_SERVICE = 1747, /* RPC_S_UNKNOWN_AUTHN_SERVICE */
       MGMT_BUFFER_TOO_SMALL = 122,       /* ERROR_INSUFFICIENT_BUFFER */
};

/* [C706] appendix Q: calls received, calls made, packets received, packets sent. */
enum { CALLS_IN, CALLS_OUT, PACKETS_IN, PACKETS_OUT, STATISTICS };

static enum nt_status inq_if_ids(struct rpc_server_call *call, struct mgmt_rpc__mgmt_inq_if_ids *r)
{
    const struct rpc_server *s = rpc_server_arg(call);
    struct nt_arena *mem = rpc_server_mem(call);
    unsigned n = 0;
    while (rpc_server_interface(s, n))
        n++;
    struct mgmt_rpc_if_id_vector_t *v = nt_arena_obj(mem, struct mgmt_rpc_if_id_vector_t);
    struct mgmt_RPC_IF_ID *ids = nt_arena_array(mem, n, sizeof *ids);
    struct mgmt_RPC_IF_ID **list = nt_arena_array(mem, n, sizeof(*list));
    if (!v || !ids || !list)
        return STATUS_NO_MEMORY;
    for (unsigned i = 0; i < n; i++) {
        const struct rpc_syntax *x = &rpc_server_interface(s, i)->syntax;
        ids[i] = (struct mgmt_RPC_IF_ID){ x->uuid, x->major, x->minor };
        list[i] = &ids[i];
    }
    *v = (struct mgmt_rpc_if_id_vector_t){ n, list };
    r->out.if_id_vector = v;
    r->out.status = MGMT_OK;
    return STATUS_SUCCESS;
}

static enum nt_status inq_stats(struct rpc_server_call *call, struct mgmt_rpc__mgmt_inq_stats *r)
{
    struct rpc_server_stats stats = { .size = sizeof stats };
    enum nt_status st = rpc_server_stats(rpc_server_arg(call), &stats);
    if (st != STATUS_SUCCESS)
        return st;
    const uint64_t all[STATISTICS] = { stats.dispatched, 0, stats.packets_in, stats.packets_out };
    uint32_t n = r->in.count < STATISTICS ? r->in.count : STATISTICS;
    r->out.statistics = nt_arena_array(rpc_server_mem(call), n, sizeof(uint32_t));
    if (!r->out.statistics)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < n; i++)
        r->out.statistics[i] = (uint32_t)all[i]; /* they wrap */
    r->out.count = n;
    r->out.status = MGMT_OK;
    return STATUS_SUCCESS;
}

static enum nt_status is_server_listening(struct rpc_server_call *call,
                                          struct mgmt_rpc__mgmt_is_server_listening *r)
{
    (void)call;
    r->out.status = MGMT_OK;
    r->out.result = 1;
    return STATUS_SUCCESS;
}

/* Nobody may, whoever it is: stopping is the affair of the machine's own administrator. */
static enum nt_status stop_server_listening(struct rpc_server_call *call,
                                            struct mgmt_rpc__mgmt_stop_server_listening *r)
{
    (void)call;
    r->out.status = MGMT_ACCESS_DENIED;
    return STATUS_SUCCESS;
}

static enum nt_status inq_princ_name(struct rpc_server_call *call, struct mgmt_rpc__mgmt_inq_princ_name *r)
{
    const char *name = rpc_server_principal(rpc_server_arg(call), r->in.authn_proto);
    if (r->in.princ_name_size == 0)
        return RPC_NT_INVALID_BOUND; /* not even the terminator has room */
    r->out.princ_name = "";
    if (!name)
        r->out.status = MGMT_UNKNOWN_AUTHN_SERVICE;
    else if (strlen(name) >= r->in.princ_name_size)
        r->out.status = MGMT_BUFFER_TOO_SMALL;
    else
        r->out.princ_name = name;
    return STATUS_SUCCESS;
}

static const struct mgmt_handlers handlers = {
    .rpc__mgmt_inq_if_ids = inq_if_ids,
    .rpc__mgmt_inq_stats = inq_stats,
    .rpc__mgmt_is_server_listening = is_server_listening,
    .rpc__mgmt_stop_server_listening = stop_server_listening,
    .rpc__mgmt_inq_princ_name = inq_princ_name,
};

enum nt_status serve_mgmt(struct rpc_server *s)
{
    enum nt_status st = mgmt_register(s, &handlers, s);
    return st == STATUS_SUCCESS ? rpc_server_require(s, &mgmt_interface, SEC_LEVEL_NONE) : st;
}
