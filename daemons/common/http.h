// SPDX-License-Identifier: Apache-2.0
/*
 * As much of HTTP/1.x (RFC 9112) as it takes to answer a scraper: one request without a body on a connection,
 * then the connection ends. Everything is bounded: connections, bytes of a request, time.
 */
#ifndef COMMON_HTTP_H
#define COMMON_HTTP_H

#include "io/io.h"

/* Scrapers are one or two; the rest is for people with curl. */
#define HTTP_CONNS_MAX 8u
/* Request line and headers: what Prometheus sends has 300 octets. */
#define HTTP_REQUEST_MAX 8192u
/* From accept to the last octet that the client has taken. */
#define HTTP_TIMEOUT_MS 10000u

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_OTHER };
struct http_request {
    enum http_method method;
    const char *path; /* lent from buf: up to the query, percent signs as they came */
    size_t path_len;
};
enum http_result { HTTP_MORE, HTTP_WHOLE, HTTP_BAD };
/* What is there of a request. HTTP_MORE: so far it can be one. */
enum http_result http_parse(const char *buf, size_t len, struct http_request *ret);

struct http_server;
/* Appends the document that is served. */
typedef void http_body_fn(void *arg, struct wr *w);
struct http_options {
    const char *program; /* what it calls itself */
    const char
        *where; /* absolute path of a unix socket, made with mode 0660; else ADDRESS:PORT, IPv6 in brackets */
    int fd;     /* a socket that listens already, instead; taken over. -1: none */
    http_body_fn *body;
    void (*refused)(void *arg, const char *peer); /* too many connections */
    void *arg;
};
/* Whether `where` can be one; what is wrong with it, or NULL. */
const char *http_check(const char *where);
/* STATUS_INVALID_PARAMETER and what io_listen says, with a sentence. */
enum nt_status http_new(struct nt_loop *loop, const struct http_options *o, struct http_server **ret,
                        uint16_t *ret_port, struct nt_error *err);
/* Accepts NULL. */
void http_free(struct http_server *s);

#endif
