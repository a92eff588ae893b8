// SPDX-License-Identifier: Apache-2.0
/* A pipe as a descriptor: the connection to the muxer itself, which is the pipe from then on. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <msrpc/npc_mux.h>
#include "npc/m_mux.h"

static enum nt_status from_errno(int e)
{
    switch (e) {
    case EAGAIN:
        return STATUS_IO_TIMEOUT;
    case ENOENT:
        return STATUS_OBJECT_NAME_NOT_FOUND;
    case EACCES:
        return STATUS_ACCESS_DENIED;
    case ECONNREFUSED:
        return STATUS_CONNECTION_REFUSED;
    case EMFILE:
    case ENFILE:
        return STATUS_INSUFFICIENT_RESOURCES;
    default:
        return STATUS_CONNECTION_DISCONNECTED;
    }
}

static enum nt_status dial(const char *path, unsigned timeout_ms, int *ret)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    struct timeval limit = { .tv_sec = timeout_ms / 1000,
                             .tv_usec = (suseconds_t)(timeout_ms % 1000) * 1000 };
    if (strlen(path) >= sizeof to.sun_path)
        return STATUS_INVALID_PARAMETER;
    memcpy(to.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return from_errno(errno);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0 ||
        connect(fd, (const struct sockaddr *)&to, sizeof to) != 0) {
        enum nt_status st = from_errno(errno);
        close(fd);
        return st;
    }
    *ret = fd;
    return STATUS_SUCCESS;
}

static enum nt_status send_all(int fd, struct wr *w)
{
    enum nt_status st = w->st;
    mux_end(w);
    for (size_t done = 0; st == STATUS_SUCCESS && done < w->len;) {
        ssize_t n = send(fd, w->base + done, w->len - done, MSG_NOSIGNAL);
        if (n > 0)
            done += (size_t)n;
        else if (errno != EINTR)
            st = from_errno(errno);
    }
    wr_free_secret(w);
    return st;
}

static enum nt_status recv_all(int fd, uint8_t *to, size_t len)
{
    while (len) {
        ssize_t n = recv(fd, to, len, 0);
        if (n == 0)
            return STATUS_CONNECTION_DISCONNECTED;
        if (n < 0 && errno != EINTR)
            return from_errno(errno);
        to += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return STATUS_SUCCESS;
}

/* One whole message and not an octet more: what follows is the pipe's. */
static enum nt_status recv_answer(int fd, unsigned type, struct wr *w, struct rd *ret, struct nt_error *err)
{
    uint8_t head[MUX_HDR];
    struct mux_hdr h;
    char why[256];
    enum nt_status st = recv_all(fd, head, sizeof head);
    if (st != STATUS_SUCCESS)
        return nt_error_set(err, st, "the muxer: %s", nt_status_text(st));
    if (!mux_length(head) || mux_get_hdr(head, &h) != STATUS_SUCCESS || h.type != (type | MUX_ANSWER))
        return nt_error_set(err, STATUS_INVALID_NETWORK_RESPONSE, "the muxer's answer makes no sense");
    size_t len = h.length - MUX_HDR;
    uint8_t *body = wr_room(w, len);
    st = w->st;
    if (st == STATUS_SUCCESS && len)
        st = recv_all(fd, body, len);
    if (st != STATUS_SUCCESS)
        return nt_error_set(err, st, "the muxer: %s", nt_status_text(st));
    rd_init(ret, body, len);
    if (h.status == STATUS_SUCCESS)
        return st;
    mux_get_str(ret, why, sizeof why);
    return nt_error_set(err, nt_ok(h.status) ? STATUS_INVALID_NETWORK_RESPONSE : h.status, "%s", why);
}

static enum nt_status ask(int fd, const struct mux_connect *to, struct mux_facts *ret, struct nt_error *err)
{
    struct mux_hello hello;
    struct mux_welcome welcome;
    struct wr w, in;
    struct rd r;
    mux_our_hello(&hello);
    mux_begin(&w, MUX_HELLO, 1, STATUS_SUCCESS);
    mux_put_hello(&w, &hello);
    enum nt_status st = send_all(fd, &w);
    mux_begin(&w, MUX_CONNECT, 2, STATUS_SUCCESS);
    mux_put_connect(&w, to);
    if (st == STATUS_SUCCESS)
        st = send_all(fd, &w);
    else
        wr_free_secret(&w);
    if (st != STATUS_SUCCESS)
        return nt_error_set(err, st, "the muxer: %s", nt_status_text(st));
    wr_init(&in, 2 * MUX_MAX);
    st = recv_answer(fd, MUX_HELLO, &in, &r, err);
    if (st == STATUS_SUCCESS && mux_get_welcome(&r, &welcome) != STATUS_SUCCESS)
        st = nt_error_set(err, STATUS_INVALID_NETWORK_RESPONSE, "the muxer's answer makes no sense");
    if (st == STATUS_SUCCESS)
        st = recv_answer(fd, MUX_CONNECT, &in, &r, err);
    if (st == STATUS_SUCCESS && mux_get_facts(&r, ret) != STATUS_SUCCESS)
        st = nt_error_set(err, STATUS_INVALID_NETWORK_RESPONSE, "the muxer's answer makes no sense");
    wr_free_secret(&in);
    return st;
}

static enum nt_status fill(const char *server, const char *pipe, const struct npc_options *o, bool keys,
                           struct mux_connect *ret)
{
    char plain[NPC_NAME_SIZE];
    size_t target = o->target ? strlen(o->target) : 0, host = server ? strlen(server) : 0;
    if (host == 0 || host > MUX_NAME_MAX || target > MUX_NAME_MAX)
        return nt_error_set(o->error, STATUS_INVALID_PARAMETER, "names of hosts have 1 to 255 bytes");
    enum nt_status st = npc_pipe_name(pipe, plain);
    if (st != STATUS_SUCCESS)
        return nt_error_set(o->error, st, "\"%.100s\" is not the name of a pipe", pipe);
    *ret = (struct mux_connect){ .mode = MUX_PROXY,
                                 .keys = keys,
                                 .protection = (uint8_t)o->protection,
                                 .allow_unsigned = o->allow_unsigned,
                                 .port = o->port,
                                 .least = (uint16_t)o->min_dialect,
                                 .greatest = (uint16_t)o->max_dialect,
                                 .timeout_ms = o->timeout_ms,
                                 .token = npc_mux_token() };
    snprintf(ret->server, sizeof ret->server, "%s", server);
    snprintf(ret->target, sizeof ret->target, "%s", o->target ? o->target : "");
    snprintf(ret->pipe, sizeof ret->pipe, "%s", plain);
    return STATUS_SUCCESS;
}

static void give(const struct mux_facts *f, struct npc_facts *ret_facts, uint8_t *key, size_t *key_len)
{
    if (ret_facts) {
        size_t size = ret_facts->size < sizeof *ret_facts ? ret_facts->size : sizeof *ret_facts;
        struct npc_facts own = f->f;
        own.size = ret_facts->size;
        own.peer = own.server = NULL;
        own.mech = strcmp(f->mech, "krb5") == 0 ? "krb5" : strcmp(f->mech, "ntlm") == 0 ? "ntlm" : "";
        memcpy(ret_facts, &own, size);
    }
    if (key && key_len) {
        size_t n = f->f.application_key_len < *key_len ? f->f.application_key_len : *key_len;
        memcpy(key, f->application_key, n);
        *key_len = n;
    }
}

enum nt_status npc_mux_connect(const char *server, const char *pipe, const struct npc_options *o, int *ret_fd,
                               struct npc_facts *ret_facts, uint8_t *key, size_t *key_len)
{
    struct npc_options own = NPC_OPTIONS_INIT;
    struct mux_connect to;
    struct mux_facts f;
    struct timeval none = { 0, 0 };
    int fd = -1;
    memcpy(&own, o, o->size < sizeof own ? o->size : sizeof own);
    const char *path = npc_mux_path(own.mux);
    unsigned limit = own.timeout_ms ? own.timeout_ms : NPC_DEFAULT_TIMEOUT_MS;
    if (!path)
        return nt_error_set(own.error, STATUS_INVALID_PARAMETER, "TERN_NPC says that there is no muxer");
    enum nt_status st = fill(server, pipe, &own, key && key_len, &to);
    if (st != STATUS_SUCCESS)
        return st;
    st = dial(path, limit, &fd);
    if (st != STATUS_SUCCESS)
        return nt_error_set(own.error, st, "the muxer at %.107s: %s", path, nt_status_text(st));
    st = ask(fd, &to, &f, own.error);
    if (st == STATUS_SUCCESS && (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof none) != 0 ||
                                 setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof none) != 0))
        st = from_errno(errno);
    if (st != STATUS_SUCCESS) {
        close(fd);
        return st;
    }
    give(&f, ret_facts, key, key_len);
    nt_wipe(&f, sizeof f);
    *ret_fd = fd;
    return STATUS_SUCCESS;
}
