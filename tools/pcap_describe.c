// SPDX-License-Identifier: Apache-2.0
/* Names of interfaces and operations. */
#include <strings.h>
#include <msrpc/epmapper.h>
#include <msrpc/lsarpc.h>
#include <msrpc/mgmt.h>
#include <msrpc/rpcecho.h>
#include <msrpc/samr.h>
#include <msrpc/srvsvc.h>
#include <msrpc/wkssvc.h>
#include "pcap.h"

static const struct {
    const struct rpc_interface *iface;
    const struct rpc_op *const *ops;
} known[] = {
    { &epmapper_interface, epmapper_ops }, { &lsarpc_interface, lsarpc_ops },
    { &mgmt_interface, mgmt_ops },         { &rpcecho_interface, rpcecho_ops },
    { &samr_interface, samr_ops },         { &srvsvc_interface, srvsvc_ops },
    { &wkssvc_interface, wkssvc_ops },
};

static int find(const struct rpc_syntax *s)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (nt_guid_equal(&known[i].iface->syntax.uuid, &s->uuid) && known[i].iface->syntax.major == s->major)
            return (int)i;
    return -1;
}

const char *describe_iface(const struct rpc_syntax *iface)
{
    int i = find(iface);
    return i < 0 ? NULL : known[i].iface->name;
}

const char *describe_op(const struct rpc_syntax *iface, uint16_t opnum)
{
    int i = find(iface);
    return i < 0 || opnum >= known[i].iface->n_ops || !known[i].ops[opnum] ? NULL : known[i].ops[opnum]->name;
}

bool describe_matches(const char *name, const struct rpc_syntax *iface)
{
    struct nt_guid g;
    const char *known_name = describe_iface(iface);
    if (nt_guid_parse(name, &g) == STATUS_SUCCESS)
        return nt_guid_equal(&g, &iface->uuid);
    return known_name && strcasecmp(name, known_name) == 0;
}

const char *describe_side(const struct capture_call *c, bool response, enum pcap_form form, size_t max,
                          struct nt_arena *mem, const char **ret_why)
{
    (void)c;
    (void)response;
    (void)form;
    (void)max;
    (void)mem;
    *ret_why = NULL;
    return NULL;
}

const char *describe_result(const struct capture_call *c, struct nt_arena *mem)
{
    (void)c;
    (void)mem;
    return NULL;
}
