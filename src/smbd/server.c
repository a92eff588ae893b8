// SPDX-License-Identifier: Apache-2.0
/* What the connections of one loop share: options, the table of sessions, ceilings. */
#include <stdlib.h>
#include <unistd.h>
#include "smbd/m_smbd.h"

#define NS_PER_MS       UINT64_C(1000000)
#define DEFAULT_TIMEOUT 30000u
#define DEFAULT_CONNS   10000u

static const enum npc_cipher all_ciphers[] = { NPC_AES256_GCM, NPC_AES128_GCM, NPC_AES256_CCM,
                                               NPC_AES128_CCM };
static const enum npc_signing_alg all_signing[] = { NPC_AES_GMAC, NPC_AES_CMAC, NPC_HMAC_SHA256 };

static void take_lists(struct smbd *s, const struct smbd_options *o)
{
    const enum npc_cipher *ciphers = o->ciphers ? o->ciphers : all_ciphers;
    const enum npc_signing_alg *signing = o->signing ? o->signing : all_signing;
    s->n_ciphers = o->ciphers ? o->n_ciphers : sizeof all_ciphers / sizeof all_ciphers[0];
    s->n_signing = o->signing ? o->n_signing : sizeof all_signing / sizeof all_signing[0];
    for (size_t i = 0; i < s->n_ciphers; i++)
        s->ciphers[i] = (uint16_t)ciphers[i];
    for (size_t i = 0; i < s->n_signing; i++)
        s->signing[i] = (uint16_t)signing[i];
    s->o.ciphers = NULL; /* the copies count */
    s->o.signing = NULL;
}

static bool makes_sense(const struct smbd_options *o)
{
    enum npc_dialect least =
        o->require_encryption && o->min_dialect < NPC_SMB_3_0 ? NPC_SMB_3_0 : o->min_dialect;
    return (!o->ciphers || o->n_ciphers <= SMB_MAX_ALGS) && (!o->signing || o->n_signing <= SMB_MAX_ALGS) &&
           (!o->max_dialect || least <= o->max_dialect);
}

/* What may change while the server runs. */
static enum nt_status take_options(struct smbd *s, const struct smbd_options *o)
{
    if (!makes_sense(o))
        return STATUS_INVALID_PARAMETER;
    s->o = *o;
    s->auth_timeout = (o->auth_timeout_ms ? o->auth_timeout_ms : DEFAULT_TIMEOUT) * NS_PER_MS;
    s->idle_timeout = o->idle_timeout_ms * NS_PER_MS;
    if (!s->o.min_dialect)
        s->o.min_dialect = NPC_SMB_2_0_2;
    if (!s->o.max_dialect)
        s->o.max_dialect = NPC_SMB_3_1_1;
    if (s->o.require_encryption && s->o.min_dialect < NPC_SMB_3_0)
        s->o.min_dialect = NPC_SMB_3_0;
    if (!s->o.max_conns)
        s->o.max_conns = DEFAULT_CONNS;
    take_lists(s, o);
    return STATUS_SUCCESS;
}

enum nt_status smbd_new(struct nt_loop *loop, const struct smbd_options *o, struct smbd **ret)
{
    struct smbd *s = calloc(1, sizeof *s);
    if (!s)
        return STATUS_NO_MEMORY;
    s->refs = 1;
    s->loop = loop;
    s->env = o->env ? o->env : io_loop_env(loop);
    enum nt_status st = take_options(s, o);
    if (st == STATUS_SUCCESS)
        st = smbd_ifaces(s, o);
    if (st != STATUS_SUCCESS) {
        free(s->ifaces);
        free(s);
        return st;
    }
    *ret = s;
    return STATUS_SUCCESS;
}

enum nt_status smbd_reconfigure(struct smbd *s, const struct smbd_options *o)
{
    struct smbd_options all = *o;
    all.env = s->o.env;
    all.acceptor = s->o.acceptor;
    all.pipes = s->o.pipes;
    all.pipes_arg = s->o.pipes_arg;
    all.connect = s->o.connect;
    all.connect_arg = s->o.connect_arg;
    all.addresses = s->o.addresses;
    all.n_addresses = s->o.n_addresses;
    all.disk = s->o.disk;
    all.observer = s->o.observer;
    all.observer_arg = s->o.observer_arg;
    memcpy(all.guid, s->o.guid, sizeof all.guid);
    return take_options(s, &all);
}

void smbd_hang_up_all(struct smbd *s)
{
    for (struct smbd_conn *c = s->conns; c;
         c = c->next) /* closing comes later; one that has gone stays as it is */
        smbd_hang_up(c);
}

void smbd_unref(struct smbd *s)
{
    if (--s->refs)
        return;
    free(s->spare);
    free(s->ifaces);
    free(s);
}

static struct smbd_conn *open_conn(const struct smbd *s)
{
    struct smbd_conn *c = s->conns;
    while (c && c->gone)
        c = c->next;
    return c;
}

void smbd_free(struct smbd *s)
{
    if (!s)
        return;
    struct smbd_conn *c;
    while ((c = open_conn(s))) /* the last connection of a session takes it along */
        smbd_conn_close(c);
    smbd_unref(s);
}

static enum nt_status conn_for(struct smbd *s, const char *peer, struct smbd_conn **ret)
{
    enum nt_status st = STATUS_INSUFFICIENT_RESOURCES;
    if (smbd_may_come(s, peer))
        st = smbd_conn_new(s, peer, ret);
    if (st != STATUS_SUCCESS) {
        s->refused++;
        smbd_observe_refused(s, peer);
    }
    return st;
}

enum nt_status smbd_accept(struct smbd *s, int fd, const char *peer)
{
    struct smbd_conn *c;
    enum nt_status st = conn_for(s, peer, &c);
    if (st != STATUS_SUCCESS) {
        close(fd);
        return st;
    }
    st = io_attach(s->loop, &c->stream, fd);
    if (st != STATUS_SUCCESS) {
        close(fd);
        smbd_conn_close(c);
        s->refused++;
        smbd_observe_refused(s, peer);
        return st;
    }
    io_here(fd, c->here, sizeof c->here); /* the stream has fd now */
    s->accepted++;
    smbd_observe_connected(c);
    smbd_conn_touch(c);
    return STATUS_SUCCESS;
}

enum nt_status smbd_join(struct smbd *s, struct nt_loop *loop, struct io_stream *client, const char *peer)
{
    struct smbd_conn *c;
    enum nt_status st = conn_for(s, peer, &c);
    if (st != STATUS_SUCCESS)
        return st;
    st = io_mem_join(loop, client, &c->stream);
    if (st != STATUS_SUCCESS)
        smbd_conn_close(c);
    else
        s->accepted++;
    if (st == STATUS_SUCCESS)
        smbd_observe_connected(c);
    return st;
}

struct smbd_session *smbd_session_global(const struct smbd *s, uint64_t id)
{
    struct smbd_session *x = s->table[id % SMBD_HASH];
    while (x && x->id != id)
        x = x->hash_next;
    return x;
}

void smbd_stats(const struct smbd *s, struct smbd_stats *ret)
{
    *ret = (struct smbd_stats){ s->n_conns, s->n_sessions, s->n_pipes, s->accepted, s->refused, s->requests };
}

void smbd_counters(const struct smbd *s, struct smbd_counters *ret)
{
    *ret = s->counters;
}

uint64_t smbd_now(const struct smbd *s)
{
    return s->env->monotonic(s->env->arg);
}
