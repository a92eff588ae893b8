// SPDX-License-Identifier: Apache-2.0
/* Where else clients reach the server: FSCTL_QUERY_NETWORK_INTERFACE_INFO ([MS-SMB2] 3.3.5.15.11). */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include "smbd/m_smbd.h"

/* More addresses than a machine has that anybody administers; 64 answers of 152 bytes fit what a client asks
 * for. */
#define IFACES_MAX 64u
/* Of 2.2.32.5. The speed is not known without asking the driver; all the same means that none is preferred.
 */
#define INFO_LEN   152u
#define LINK_SPEED UINT64_C(1000000000)

enum { FAMILY_V4 = 2, FAMILY_V6 = 0x17 };

static bool add(struct smbd *s, unsigned index, bool v6, const void *addr)
{
    struct smbd_iface *p =
        s->n_ifaces < IFACES_MAX ? realloc(s->ifaces, (s->n_ifaces + 1) * sizeof(*p)) : NULL;
    if (!p)
        return s->n_ifaces == IFACES_MAX; /* the rest is not told of */
    s->ifaces = p;
    p[s->n_ifaces] = (struct smbd_iface){ .index = index, .v6 = v6 };
    memcpy(p[s->n_ifaces++].addr, addr, v6 ? 16 : 4);
    return true;
}

struct want {
    bool v4, v6, any;
    uint8_t addr[16];
};

/* false: nothing that could be told of, as an address with a zone. */
static bool parse(const char *text, struct want *ret)
{
    static const uint8_t zero[16];
    *ret = (struct want){ 0 };
    ret->any = ret->v4 = ret->v6 = strcmp(text, "*") == 0;
    if (ret->any)
        return true;
    ret->v6 = strchr(text, ':');
    ret->v4 = !ret->v6;
    if (inet_pton(ret->v6 ? AF_INET6 : AF_INET, text, ret->addr) != 1)
        return false;
    ret->any = memcmp(ret->addr, zero, sizeof zero) == 0;
    return true;
}

static bool in_net(const uint8_t *a, const uint8_t *b, const uint8_t *mask, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((a[i] ^ b[i]) & mask[i])
            return false;
    return true;
}

/* One address of an interface. An address that is asked for by itself counts when it lies in the interface's
 * net: all of 127.0.0.0/8 is the loopback's. */
static bool take(struct smbd *s, const struct want *w, const struct ifaddrs *i, bool *found)
{
    bool v6 = i->ifa_addr->sa_family == AF_INET6;
    const void *addr = v6 ? (const void *)&((const struct sockaddr_in6 *)(const void *)i->ifa_addr)->sin6_addr
                          : (const void *)&((const struct sockaddr_in *)(const void *)i->ifa_addr)->sin_addr;
    const void *mask =
        v6 ? (const void *)&((const struct sockaddr_in6 *)(const void *)i->ifa_netmask)->sin6_addr
           : (const void *)&((const struct sockaddr_in *)(const void *)i->ifa_netmask)->sin_addr;
    unsigned index = if_nametoindex(i->ifa_name);
    if (!(v6 ? w->v6 : w->v4) || !index || *found)
        return true;
    if (w->any) {
        bool local = v6 && IN6_IS_ADDR_LINKLOCAL((const struct in6_addr *)addr); /* means nothing elsewhere */
        return local || (i->ifa_flags & IFF_LOOPBACK) || add(s, index, v6, addr);
    }
    *found = in_net(w->addr, addr, mask, v6 ? 16 : 4);
    return !*found || add(s, index, v6, w->addr);
}

enum nt_status smbd_ifaces(struct smbd *s, const struct smbd_options *o)
{
    struct ifaddrs *all = NULL;
    bool ok = true;
    if (!o->n_addresses || getifaddrs(&all) != 0)
        return STATUS_SUCCESS; /* then one connection has to do */
    for (size_t k = 0; k < o->n_addresses && ok; k++) {
        struct want w;
        bool found = false;
        if (!parse(o->addresses[k], &w))
            continue;
        for (const struct ifaddrs *i = all; i && ok; i = i->ifa_next)
            if (i->ifa_addr && i->ifa_netmask && (i->ifa_flags & IFF_UP) &&
                (i->ifa_addr->sa_family == AF_INET || i->ifa_addr->sa_family == AF_INET6))
                ok = take(s, &w, i, &found);
    }
    freeifaddrs(all);
    return ok ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

/* [MS-SMB2] 2.2.32.5, 2.2.32.5.1 */
static void put_info(struct wr *w, const struct smbd_iface *i, bool last)
{
    size_t from = w->len;
    wr_u32(w, last ? 0 : INFO_LEN);
    wr_u32(w, i->index);
    wr_u32(w, 0); /* neither RSS nor RDMA */
    wr_u32(w, 0);
    wr_u64(w, LINK_SPEED);
    wr_u16(w, i->v6 ? FAMILY_V6 : FAMILY_V4);
    wr_u16(w, 0); /* port */
    if (i->v6)
        wr_u32(w, 0); /* flow */
    wr_bytes(w, i->addr, i->v6 ? 16 : 4);
    wr_zero(w, from + INFO_LEN - w->len);
}

enum nt_status smbd_interface_info(struct smbd_req *q, const struct smb_ioctl *in)
{
    const struct smbd *s = q->chain->c->s;
    if (!(q->chain->c->caps & SMB_CAP_MULTI_CHANNEL))
        return STATUS_NOT_SUPPORTED;
    if (in->max_out < s->n_ifaces * INFO_LEN)
        return STATUS_BUFFER_TOO_SMALL;
    smbd_put_ioctl_fix(smbd_body(q), q, s->n_ifaces * INFO_LEN);
    for (size_t i = 0; i < s->n_ifaces; i++)
        put_info(smbd_body(q), &s->ifaces[i], i + 1 == s->n_ifaces);
    return STATUS_SUCCESS;
}
