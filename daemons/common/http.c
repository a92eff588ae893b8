// SPDX-License-Identifier: Apache-2.0
#include "http.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NS_PER_MS UINT64_C(1000000)
/* The document: some hundred octets for each line of each operation that was ever called. */
#define BODY_MAX ((size_t)16 << 20)

struct http_conn {
    struct http_conn *next, **link;
    struct http_server *s;
    struct io_stream stream;
    struct io_item timer, destroy;
    char in[HTTP_REQUEST_MAX];
    size_t len;
    bool answered;
};

struct http_server {
    struct nt_loop *loop;
    struct http_options o;
    struct io_listener listener;
    struct http_conn *conns;
    unsigned n_conns, refs; /* refs: ours, and one for each connection until it is destroyed */
};

static void server_unref(struct http_server *s)
{
    if (--s->refs == 0)
        free(s);
}

/* ---- answers ---- */

static void put(struct wr *w, const char *text)
{
    wr_bytes(w, text, strlen(text));
}

static void answer(struct http_conn *c, const char *status, const char *type, const struct wr *body,
                   bool head)
{
    struct wr w;
    char text[256];
    c->answered = true;
    wr_init(&w, BODY_MAX + sizeof text);
    snprintf(text, sizeof text,
             "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n"
             "Cache-Control: no-store\r\n\r\n",
             status, type, body->len);
    put(&w, text);
    if (!head && body->len)
        wr_bytes(&w, body->base, body->len);
    (void)io_queue(&c->stream, &w); /* without memory it ends without an answer */
    io_close(&c->stream, STATUS_CONNECTION_DISCONNECTED, true);
}

static void say(struct http_conn *c, const char *status, bool head)
{
    struct wr body;
    wr_init(&body, 256);
    put(&body, status);
    put(&body, "\n");
    put(&body, c->s->o.program);
    put(&body, " serves GET /metrics.\n");
    answer(c, status, "text/plain; charset=utf-8", &body, head);
    wr_free(&body);
}

static void serve(struct http_conn *c, const struct http_request *q)
{
    static const char path[] = "/metrics";
    struct wr body;
    bool head = q->method == HTTP_HEAD;
    if (q->method == HTTP_OTHER) {
        say(c, "405 Method Not Allowed", false);
        return;
    }
    if (q->path_len != sizeof path - 1 || memcmp(q->path, path, q->path_len) != 0) {
        say(c, "404 Not Found", head);
        return;
    }
    wr_init(&body, BODY_MAX);
    c->s->o.body(c->s->o.arg, &body);
    if (body.st == STATUS_SUCCESS)
        answer(c, "200 OK", "text/plain; version=0.0.4; charset=utf-8", &body, head);
    else
        say(c, "500 Internal Server Error", head);
    wr_free(&body);
}

/* ---- connections ---- */

static void conn_close(struct http_conn *c)
{
    if (!c->link)
        return;
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    c->link = NULL;
    c->s->n_conns--;
    io_cancel(&c->timer);
    io_close(&c->stream, STATUS_CONNECTION_DISCONNECTED, false);
    io_loop_defer(c->s->loop, &c->destroy);
}

/* What comes behind a request is read and dropped: closing on unread bytes would take the answer with it. */
static void on_data(void *engine, uint8_t *data, size_t len)
{
    struct http_conn *c = engine;
    struct http_request q;
    size_t room = sizeof c->in - c->len, n = len < room ? len : room;
    if (c->answered)
        return;
    memcpy(c->in + c->len, data, n);
    c->len += n;
    switch (http_parse(c->in, c->len, &q)) {
    case HTTP_MORE:
        break;
    case HTTP_WHOLE:
        serve(c, &q);
        break;
    case HTTP_BAD:
        say(c, "400 Bad Request", false);
        break;
    }
}

static void on_close(void *engine, enum nt_status why)
{
    (void)why;
    conn_close(engine);
}

static const struct io_ops ops = { NULL, on_data, on_close };

static void timer_fn(struct io_item *it)
{
    conn_close(io_container(it, struct http_conn, timer));
}

static void destroy_fn(struct io_item *it)
{
    struct http_conn *c = io_container(it, struct http_conn, destroy);
    io_stream_done(&c->stream);
    server_unref(c->s);
    free(c);
}

static void accepted(struct io_listener *l, int fd, const char *peer)
{
    struct http_server *s = io_container(l, struct http_server, listener);
    struct http_conn *c = s->n_conns < HTTP_CONNS_MAX ? calloc(1, sizeof *c) : NULL;
    if (!c) {
        close(fd);
        s->o.refused(s->o.arg, peer);
        return;
    }
    c->s = s;
    io_stream_init(&c->stream, &ops, c, NULL);
    io_item_init(&c->timer, timer_fn);
    io_item_init(&c->destroy, destroy_fn);
    if (io_attach(s->loop, &c->stream, fd) != STATUS_SUCCESS) {
        close(fd);
        io_stream_done(&c->stream);
        free(c);
        return;
    }
    s->refs++;
    s->n_conns++;
    c->next = s->conns;
    c->link = &s->conns;
    if (c->next)
        c->next->link = &c->next;
    s->conns = c;
    io_timer(&c->stream, &c->timer, io_loop_now(s->loop) + HTTP_TIMEOUT_MS * NS_PER_MS);
}

/* ---- the server ---- */

/* ADDRESS:PORT into its parts. */
static const char *split(const char *where, char *host, size_t size, uint16_t *ret_port)
{
    const char *colon = strrchr(where, ':');
    char *end;
    uint8_t addr[16];
    if (!colon || colon == where)
        return "a path or ADDRESS:PORT is needed";
    size_t len = (size_t)(colon - where);
    bool six = where[0] == '[' && where[len - 1] == ']';
    snprintf(host, size, "%.*s", (int)(six ? len - 2 : len), where + six);
    if (inet_pton(six ? AF_INET6 : AF_INET, host, addr) != 1)
        return "a numeric address is needed, IPv6 in brackets";
    unsigned long port = strtoul(colon + 1, &end, 10);
    if (*end || colon[1] < '0' || colon[1] > '9' || port > UINT16_MAX)
        return "not a port number";
    *ret_port = (uint16_t)port;
    return NULL;
}

const char *http_check(const char *where)
{
    char host[64];
    uint16_t port;
    if (where[0] == '/')
        return strlen(where) <= 107 ? NULL : "the path of a socket has at most 107 bytes";
    return split(where, host, sizeof host, &port);
}

enum nt_status http_new(struct nt_loop *loop, const struct http_options *o, struct http_server **ret,
                        uint16_t *ret_port, struct nt_error *err)
{
    char host[64];
    uint16_t port = 0;
    const char *wrong = o->fd < 0 ? http_check(o->where) : NULL;
    if (wrong)
        return nt_error_set(err, STATUS_INVALID_PARAMETER, "metrics %s: %s", o->where, wrong);
    struct http_server *s = calloc(1, sizeof *s);
    if (!s)
        return STATUS_NO_MEMORY;
    s->loop = loop;
    s->o = *o;
    s->refs = 1;
    enum nt_status st = STATUS_SUCCESS;
    if (o->fd >= 0)
        st = io_listen_fd(loop, &s->listener, o->fd, accepted, &port);
    else if (o->where[0] == '/')
        st = io_listen_local(loop, &s->listener, o->where, 0660, accepted);
    else if (!split(o->where, host, sizeof host, &port))
        st = io_listen(loop, &s->listener, host, port, accepted, &port);
    if (st != STATUS_SUCCESS) {
        free(s);
        return nt_error_set(err, st, "metrics %s: %s (%s)", o->fd < 0 ? o->where : "socket",
                            nt_status_name(st), nt_status_text(st));
    }
    *ret_port = port;
    *ret = s;
    return STATUS_SUCCESS;
}

void http_free(struct http_server *s)
{
    if (!s)
        return;
    io_listen_stop(&s->listener);
    while (s->conns)
        conn_close(s->conns);
    server_unref(s);
}
