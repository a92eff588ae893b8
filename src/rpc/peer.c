// SPDX-License-Identifier: Apache-2.0
/* Who is at the other end of a server's connection: address, or uid of a local socket. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "rpc/m_server.h"

union addr {
    struct sockaddr sa;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_un un;
};

static enum nt_status identify_local(struct rpc_sconn *c, int fd, const union addr *own)
{
    struct ucred u;
    socklen_t len = sizeof u;
    c->local = true;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &u, &len) == 0 && len == sizeof u && u.uid != (uid_t)-1) {
        c->cred = (struct rpc_cred){ true, u.uid, u.gid, u.pid };
        snprintf(c->peer, sizeof c->peer, RPC_UID_PREFIX "%u,pid:%d", (unsigned)u.uid, (int)u.pid);
    }
    if (own->un.sun_path[0]) { /* else a socket pair, say */
        c->endpoint = strndup(own->un.sun_path, sizeof own->un.sun_path);
        if (!c->endpoint)
            return STATUS_NO_MEMORY;
    }
    return STATUS_SUCCESS;
}

static enum nt_status take_addresses(struct rpc_sconn *c, int fd)
{
    union addr own = { .un = { .sun_path = "" } };
    socklen_t len = sizeof own;
    if (getsockname(fd, &own.sa, &len) != 0)
        return STATUS_CONNECTION_INVALID;
    if (own.sa.sa_family == AF_UNIX)
        return identify_local(c, fd, &own);
    if (own.sa.sa_family != AF_INET && own.sa.sa_family != AF_INET6)
        return STATUS_CONNECTION_INVALID;
    snprintf(c->peer, sizeof c->peer, "%s", io_peer(c->tp->stream));
    io_peer_text(&own.sa, c->here, sizeof c->here);
    c->endpoint = strdup(c->here + io_host_len(c->here) + 1); /* the port */
    return c->endpoint ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

enum nt_status rpc_sconn_identify(struct rpc_sconn *c, int fd)
{
    uint8_t key[RPC_PEER_KEY];
    enum nt_status st = take_addresses(c, fd);
    if (st == STATUS_SUCCESS)
        st = rpc_peer_key(fd, key);
    return st == STATUS_SUCCESS ? rpc_peer_enter(c, key) : st;
}

enum sec_level rpc_local_level(const struct rpc_sconn *c, const struct rpc_served *served)
{
    bool trusted = false;
    if (c->carried)
        return c->carried_level;
    if (!c->local || !c->cred.known)
        return SEC_LEVEL_NONE;
    switch (served->local) {
    case RPC_LOCAL_TRUST_OWNER:
        trusted = c->cred.uid == 0 || c->cred.uid == geteuid();
        break;
    case RPC_LOCAL_TRUST_ALL:
        trusted = true;
        break;
    case RPC_LOCAL_TRUST_NOBODY:
    default:
        break;
    }
    return trusted ? SEC_LEVEL_PRIVACY : SEC_LEVEL_NONE;
}
