// SPDX-License-Identifier: Apache-2.0
/* The addresses that "*" stands for, for whoever asks at which ones this server is. */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include "msrpcd.h"

struct found {
    const char **list;
    unsigned n, max;
};

static void add(struct found *f, const char *text, struct nt_arena *mem)
{
    const char *copy = f->n < f->max ? nt_arena_strdup(mem, text) : NULL;
    for (unsigned i = 0; copy && i < f->n; i++)
        if (strcmp(f->list[i], copy) == 0)
            return;
    if (copy)
        f->list[f->n++] = copy;
}

static bool means_all(const char *address, int *ret_family)
{
    *ret_family = strcmp(address, "0.0.0.0") == 0 ? AF_INET
                  : strcmp(address, "::") == 0    ? AF_INET6
                                                  : AF_UNSPEC;
    return *ret_family != AF_UNSPEC || strcmp(address, "*") == 0;
}

/* One of an interface that is up, as text; not a loopback's unless asked for, and not one that means nothing
 * without its interface. */
static bool text_of(const struct ifaddrs *i, int family, bool loopback, char *text, socklen_t size)
{
    if (!i->ifa_addr || !(i->ifa_flags & IFF_UP) || !(i->ifa_flags & IFF_LOOPBACK) == loopback)
        return false;
    int kind = i->ifa_addr->sa_family;
    if ((kind != AF_INET && kind != AF_INET6) || (family != AF_UNSPEC && kind != family))
        return false;
    const struct sockaddr_in *four = (const void *)i->ifa_addr;
    const struct sockaddr_in6 *six = (const void *)i->ifa_addr;
    if (kind == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&six->sin6_addr))
        return false;
    return inet_ntop(kind, kind == AF_INET ? (const void *)&four->sin_addr : (const void *)&six->sin6_addr,
                     text, size);
}

static void add_all(struct found *f, int family, struct nt_arena *mem)
{
    struct ifaddrs *all = NULL;
    char text[INET6_ADDRSTRLEN];
    unsigned before = f->n;
    if (getifaddrs(&all) != 0)
        return;
    for (int loopback = 0; loopback < 2 && f->n == before; loopback++)
        for (const struct ifaddrs *i = all; i; i = i->ifa_next)
            if (text_of(i, family, loopback, text, sizeof text))
                add(f, text, mem);
    freeifaddrs(all);
}

unsigned addresses_of(const struct config *c, struct nt_arena *mem, const char **ret, unsigned max)
{
    struct found f = { .list = ret, .max = max };
    int family;
    for (unsigned i = 0; i < c->n_listen; i++)
        if (means_all(c->listen[i], &family))
            add_all(&f, family, mem);
        else
            add(&f, c->listen[i], mem);
    return f.n;
}
