// SPDX-License-Identifier: Apache-2.0
#include "serve/np.h"
#include <stdio.h>
#include <string.h>

/* What a Windows of today opens under these names is the pipe "lsass". */
const char *const serve_np_lsass[] = { "lsass", "lsarpc", "samr", "netlogon", "protected_storage", NULL };

static const struct serve_np_pipe *find(const struct serve_np *np, const char *name)
{
    const struct serve_np_pipe *p = np->pipes;
    while (p->name && strcmp(p->name, name) != 0)
        p++;
    return p->name ? p : NULL;
}

static bool np_exists(void *arg, const char *name)
{
    return find(arg, name);
}

static enum nt_status np_send(void *pipe, struct wr *w)
{
    return smbd_pipe_send(pipe, w);
}

static void np_end(void *pipe)
{
    smbd_pipe_end(pipe);
}

static size_t np_queued(void *pipe)
{
    return smbd_pipe_queued(pipe);
}

static const struct rpc_carrier carrier = { "ncacn_np", SMBD_HEADROOM, np_send, np_end, np_queued };

static enum nt_status np_open(void *arg, struct smbd_pipe *p, const char *name, void **ret_up)
{
    const struct serve_np_pipe *at = find(arg, name);
    struct smbd_caller c;
    struct rpc_carried *x;
    char endpoint[300];
    if (!at)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    smbd_pipe_caller(p, &c);
    snprintf(endpoint, sizeof endpoint, "\\pipe\\%s", at->alias_of ? at->alias_of : at->name);
    struct rpc_carried_caller who = { c.peer, endpoint, c.mech, c.token, c.level, c.local };
    enum nt_status st = rpc_server_carry(at->server, &carrier, p, smbd_pipe_stream(p), &who, &x);
    if (st == STATUS_SUCCESS)
        *ret_up = x;
    return st == STATUS_INSUFFICIENT_RESOURCES ? STATUS_PIPE_NOT_AVAILABLE : st;
}

static void np_data(void *up, uint8_t *data, size_t len)
{
    rpc_carried_data(up, data, len);
}

static void np_closed(void *up)
{
    rpc_carried_gone(up);
}

static void np_taken(void *up)
{
    rpc_carried_taken(up);
}

const struct smbd_pipe_ops serve_np_ops = { np_open, np_exists, np_data, np_closed, np_taken };
