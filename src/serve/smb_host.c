// SPDX-License-Identifier: Apache-2.0
/* What an SMB server of ours tells srvsvc: struct serve_server_ops over a struct smbd. */
#include <stdio.h>
#include <string.h>
#include "serve/host.h"

/* As much as a server has at a time, by its own ceilings; lists are built while it stands still. */
struct list {
    struct nt_arena *mem;
    void *at;
    size_t size;
    unsigned n, room;
    bool short_of;
    uint64_t now; /* monotonic */
};

/* Room for one more; what was there moves, and stays in the arena until the call ends. */
static void *next(struct list *l)
{
    if (l->n == l->room) {
        unsigned room = l->room ? 2 * l->room : 16;
        void *more = nt_arena_array(l->mem, room, l->size);
        if (!more) {
            l->short_of = true;
            return NULL;
        }
        if (l->n)
            memcpy(more, l->at, l->n * l->size);
        l->at = more;
        l->room = room;
    }
    return (char *)l->at + l->size * l->n++;
}

static const char *keep(struct list *l, const char *s)
{
    const char *copy = s ? nt_arena_strdup(l->mem, s) : NULL;
    l->short_of |= !copy;
    return copy;
}

/* "192.0.2.1:49152", "[2001:db8::1]:49152": the address. */
static const char *address_of(struct list *l, const char *peer)
{
    char *copy = nt_arena_strdup(l->mem, peer);
    l->short_of |= !copy;
    if (copy)
        copy[io_host_len(copy)] = 0;
    if (copy && *copy == '[') {
        copy[strlen(copy) - 1] = 0;
        copy++;
    }
    return copy;
}

static uint32_t seconds(const struct list *l, uint64_t since)
{
    return (uint32_t)((l->now - since) / 1000000000);
}

static void on_session(void *arg, const struct smbd_session_info *i)
{
    static const struct nt_sid guests = { 1, 2, { 0, 0, 0, 0, 0, 5 }, { 32, 546 } };
    struct list *l = arg;
    struct serve_session *s = next(l);
    if (s)
        *s = (struct serve_session){ .id = i->id,
                                     .client = address_of(l, i->peer),
                                     .user = keep(l, i->token->account),
                                     .transport = "tcp",
                                     .opens = i->opens,
                                     .age = seconds(l, i->opened),
                                     .idle = seconds(l, i->used),
                                     .guest = sec_token_has(i->token, &guests) };
}

static void on_tree(void *arg, const struct smbd_tree_info *i)
{
    struct list *l = arg;
    struct serve_connection *c = next(l);
    if (c)
        *c = (struct serve_connection){ .id = i->id,
                                        .opens = i->opens,
                                        .age = seconds(l, i->opened),
                                        .share = "IPC$",
                                        .user = keep(l, i->session->token->account),
                                        .client = address_of(l, i->session->peer) };
}

static void on_pipe(void *arg, const struct smbd_pipe_info *i)
{
    struct list *l = arg;
    struct serve_open *o = next(l);
    char path[300] = "\\PIPE\\";
    size_t n = strlen(i->name);
    memcpy(path + 6, i->name, n < sizeof path - 7 ? n : sizeof path - 7);
    if (o)
        *o = (struct serve_open){ i->id, keep(l, path), keep(l, i->session->token->account) };
}

static struct list list_of(const struct smbd *s, struct nt_arena *mem, size_t size)
{
    return (struct list){ .mem = mem, .size = size, .now = smbd_now(s) };
}

static enum nt_status sessions(void *arg, struct nt_arena *mem, struct serve_session **ret, unsigned *ret_n)
{
    struct list l = list_of(arg, mem, sizeof **ret);
    smbd_each_session(arg, on_session, &l);
    if (l.short_of)
        return STATUS_NO_MEMORY;
    *ret = l.at;
    *ret_n = l.n;
    return STATUS_SUCCESS;
}

static enum nt_status connections(void *arg, struct nt_arena *mem, struct serve_connection **ret,
                                  unsigned *ret_n)
{
    struct list l = list_of(arg, mem, sizeof **ret);
    smbd_each_tree(arg, on_tree, &l);
    if (l.short_of)
        return STATUS_NO_MEMORY;
    *ret = l.at;
    *ret_n = l.n;
    return STATUS_SUCCESS;
}

static enum nt_status opens(void *arg, struct nt_arena *mem, struct serve_open **ret, unsigned *ret_n)
{
    struct list l = list_of(arg, mem, sizeof **ret);
    smbd_each_pipe(arg, on_pipe, &l);
    if (l.short_of)
        return STATUS_NO_MEMORY;
    *ret = l.at;
    *ret_n = l.n;
    return STATUS_SUCCESS;
}

static enum nt_status end_session(void *arg, uint32_t id)
{
    return smbd_end_session(arg, id);
}

static enum nt_status end_open(void *arg, uint32_t id)
{
    return smbd_end_pipe(arg, id);
}

static void counters(void *arg, struct serve_counters *ret)
{
    struct smbd_counters c;
    smbd_counters(arg, &c);
    ret->sessions = c.sessions;
    ret->timed_out = c.timed_out;
    ret->broken = c.broken;
    ret->bad_passwords = c.refused_logons;
    ret->refused = c.refused_shares;
    ret->bytes_in = c.bytes_in;
    ret->bytes_out = c.bytes_out;
    ret->opens = c.pipes;
}

const struct serve_server_ops serve_smbd_ops = {
    sessions, connections, opens, end_session, end_open, counters
};
