// SPDX-License-Identifier: Apache-2.0
/* Sessions that lead into a recording instead of to a server. */
#include <stdio.h>
#include "muxd/m_muxd.h"
#include "muxd/replay.h"

static void answer(void *arg, struct wr *w)
{
    npc_served_answer(arg, w);
}

static void broken(void *arg)
{
    npc_served_break(arg);
}

static enum nt_status open_pipe(void *arg, const char *pipe, struct npc_served *p, void **ret,
                                struct nt_error *err)
{
    const struct link *l = arg;
    struct muxd_play *play;
    enum nt_status st = muxd_play_open(l->d->o.replay, l->to.server, pipe, answer, broken, p, &play, err);
    if (st == STATUS_SUCCESS)
        *ret = play;
    return st;
}

static void message(void *handle, const uint8_t *data, size_t len)
{
    muxd_play_message(handle, data, len);
}

static void close_pipe(void *handle)
{
    muxd_play_close(handle);
}

static const struct npc_served_ops ops = { open_pipe, message, close_pipe };

enum nt_status replay_open(struct link *l, npc_session_done *done)
{
    if (!muxd_replay_knows(l->d->o.replay, l->to.server)) {
        replay_miss(l->d, l->to.server, NULL, "no such server was recorded");
        return nt_error_set(&l->err, STATUS_HOST_UNREACHABLE, "the recording has no server %s", l->to.server);
    }
    return npc_session_serve(l->to.server, "recording", l->d->loop, l->d->env, &ops, l, done, l);
}

/* Nobody logs on anywhere, so nobody has to say how. */
struct cred *replay_cred(struct conn *c)
{
    struct mux_auth a = { .kind = MUX_ANONYMOUS, .token = c->to.token ? c->to.token : c->token };
    struct nt_error err;
    snprintf(a.pattern, sizeof a.pattern, "*");
    return cred_set(c->owner, &a, &err) == STATUS_SUCCESS ? cred_find(c->owner, a.token, c->to.server) : NULL;
}

void replay_miss(void *arg, const char *server, const char *pipe, const char *why)
{
    struct muxd_event e = {
        .kind = MUXD_MISSED, .st = STATUS_NOT_FOUND, .server = server, .pipe = pipe, .why = why
    };
    muxd_tell(arg, &e);
}
