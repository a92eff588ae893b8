// SPDX-License-Identifier: Apache-2.0
/* A pipe as a descriptor: the connection to the muxer itself, which is the pipe from then on. */
#include <fcntl.h>
#include <string.h>
#include <msrpc/npc_channel.h>
#include "npc/m_mux.h"

enum nt_status npc_mux_take_pipe(struct npc_session *base, int *ret_fd, struct npc_channel_id *ret)
{
    struct mux_session *s = io_container(base, struct mux_session, base);
    int fd = io_fd(&s->line.stream);
    if (fd < 0)
        return STATUS_NOT_SUPPORTED; /* in memory */
    if (s->line.in.len || s->dead)
        return STATUS_INVALID_NETWORK_RESPONSE; /* bytes of a pipe to which nothing was said */
    fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return STATUS_TOO_MANY_OPENED_FILES;
    s->dead = true;
    io_close(&s->line.stream, STATUS_SUCCESS, false);
    ret->pipe = s->facts.pipe;
    memcpy(ret->cookie, s->facts.cookie, sizeof ret->cookie);
    *ret_fd = fd;
    return STATUS_SUCCESS;
}
