// SPDX-License-Identifier: Apache-2.0
/*
 * Who may come: an address has a share of the connections, and when there is no room for one more the oldest
 * on which nobody has logged on goes (io/guests.h).
 */
#include "smbd/m_smbd.h"

/* ---- addresses ---- */

static unsigned *host_bucket(struct smbd *s, const uint8_t key[IO_PEER_KEY])
{
    uint32_t h = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < IO_PEER_KEY; i++)
        h = (h ^ key[i]) * 16777619u;
    return &s->hosts[(h ^ h >> 16) % SMBD_HOSTS];
}

void smbd_host_count(struct smbd_conn *c, int by)
{
    *host_bucket(c->s, c->key) += (unsigned)by;
}

/* One address has a part of the connections at most, as in the RPC server: nobody is to keep all others
 * out. A bucket has no fewer connections than each address in it: few walks are made. */
static bool has_share_left(struct smbd *s, const char *peer)
{
    uint8_t key[IO_PEER_KEY];
    unsigned n = 0, most = s->o.max_peer_conns ? s->o.max_peer_conns : s->o.max_conns / SMBD_PEER_SHARE;
    io_peer_key(peer, key);
    if (!most || *host_bucket(s, key) < most)
        return true;
    for (const struct smbd_conn *c = s->conns; c && n < most; c = c->next)
        n += !c->gone && memcmp(c->key, key, sizeof key) == 0;
    return n < most;
}

/* ---- strangers ---- */

static void make_go(struct io_guest *g)
{
    struct smbd_conn *c = io_container(g, struct smbd_conn, guest);
    c->s->counters.timed_out++;
    smbd_conn_close(c);
}

void smbd_stranger_holds(struct smbd_conn *c, size_t bytes)
{
    struct io_guest *old;
    while ((old = io_guest_holds(&c->s->guests, &c->guest, bytes)))
        make_go(old);
}

bool smbd_may_come(struct smbd *s, const char *peer)
{
    if (!has_share_left(s, peer))
        return false;
    if (s->n_conns < s->o.max_conns)
        return true;
    struct io_guest *old = s->guests.all.first;
    if (!old || !io_guest_may_go(&s->guests, old, s->o.max_conns, smbd_now(s)))
        return false;
    make_go(old);
    return true;
}
