// SPDX-License-Identifier: Apache-2.0
/*
 * The ways to a session that are tried in turn: a muxer of the user's, one of the system's, a connection of
 * our own. The session's memory is the same for all, so that who waits for it may give it up at any time.
 */
#include <stdlib.h>
#include <string.h>
#include "npc/m_mux.h"
#include "npc/m_pipe.h"
#include "sec/sec.h"

/* There are four ciphers and three algorithms; a list that is longer repeats itself. */
#define LIST_MAX 8u

struct npc_ways {
    struct npc_mux_choice choice;
    unsigned i; /* of choice.path, the one under way; choice.n: direct */
    char *server, *target;
    struct npc_options o; /* with the lists below */
    enum npc_cipher ciphers[LIST_MAX + 1];
    enum npc_signing_alg signing[LIST_MAX];
};

size_t npc_ways_size(const struct npc_mux_choice *c)
{
    size_t mux = npc_route_mux.size, smb = npc_route_smb.size;
    if (c->use != NPC_MUX_MAYBE)
        return c->use == NPC_MUX_MUST ? mux : smb;
    return mux > smb ? mux : smb;
}

void npc_ways_free(struct npc_session *s)
{
    struct npc_ways *w = s->ways;
    s->ways = NULL;
    if (!w)
        return;
    sec_creds_unref(w->o.creds);
    free(w->server);
    free(w->target);
    free(w);
}

/* The caller's may be gone when the next way is tried. */
static void copy_lists(struct npc_ways *w)
{
    size_t n = 0;
    if (w->o.ciphers) {
        for (; n < LIST_MAX && w->o.ciphers[n] != NPC_CIPHER_NONE; n++)
            w->ciphers[n] = w->o.ciphers[n];
        w->ciphers[n] = NPC_CIPHER_NONE;
        w->o.ciphers = w->ciphers;
    }
    if (w->o.signing) {
        w->o.n_signing = w->o.n_signing < LIST_MAX ? w->o.n_signing : LIST_MAX;
        memcpy(w->signing, w->o.signing, w->o.n_signing * sizeof w->signing[0]);
        w->o.signing = w->signing;
    }
}

static struct npc_ways *ways_new(const char *server, const struct npc_options *o,
                                 const struct npc_mux_choice *c)
{
    struct npc_ways *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->choice = *c;
    w->o = *o;
    w->o.token = c->token;
    w->server = strdup(server);
    w->target = o->target ? strdup(o->target) : NULL;
    if (!w->server || (o->target && !w->target)) {
        free(w->server);
        free(w->target);
        free(w);
        return NULL;
    }
    w->o.target = w->target;
    w->o.creds = o->creds ? sec_creds_ref(o->creds) : NULL;
    copy_lists(w);
    return w;
}

static enum nt_status start(struct npc_session *s)
{
    struct npc_ways *w = s->ways;
    bool mux = w->i < w->choice.n;
    w->o.mux = mux ? w->choice.path[w->i] : NULL;
    s->route = mux ? &npc_route_mux : &npc_route_smb;
    s->elsewhere = false;
    s->why = STATUS_SUCCESS;
    memset(s + 1, 0, s->route->size - sizeof *s);
    return s->route->start(s, w->server, &w->o);
}

/* Whether, for the reason that it failed, another may do. */
static bool another(const struct npc_ways *w)
{
    return w->i + 1 < w->choice.n || (w->i < w->choice.n && w->choice.use == NPC_MUX_MAYBE);
}

bool npc_ways_next(struct npc_session *s)
{
    while (s->ways && s->elsewhere && s->why != STATUS_CANCELLED && another(s->ways)) {
        s->ways->i++;
        s->why = start(s);
        if (s->why == STATUS_SUCCESS)
            return true;
    }
    return false;
}

enum nt_status npc_ways_start(struct npc_session *s, const char *server, const struct npc_options *o,
                              const struct npc_mux_choice *c)
{
    if (c->use == NPC_MUX_NEVER) { /* nothing has to be kept */
        s->route = &npc_route_smb;
        return s->route->start(s, server, o);
    }
    s->ways = ways_new(server, o, c);
    if (!s->ways)
        return nt_error_set(o->error, STATUS_NO_MEMORY, "no memory");
    s->why = start(s);
    if (s->why == STATUS_SUCCESS || npc_ways_next(s))
        return STATUS_SUCCESS;
    npc_ways_free(s);
    return s->why;
}
