// SPDX-License-Identifier: Apache-2.0
/*
 * Bodies of the muxer's protocol, each way: the first byte says which, the rest is the body. What was taken
 * apart without an error is put together again, and has to come out the same the second time.
 */
#include <stdlib.h>
#include <string.h>
#include "npc/mux.h"
#include "npc/mux_tap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static union {
    struct mux_hello hello;
    struct mux_welcome welcome;
    struct mux_auth auth;
    struct mux_connect connect;
    struct mux_facts facts;
    struct mux_query query;
    struct mux_auth_entry auth_entry;
    struct mux_conn_entry conn_entry;
    struct mux_status status;
    struct mux_tap tap;
    struct mux_tapped tapped;
    struct mux_record record;
} x;

static enum nt_status done(enum nt_status st, const struct rd *r)
{
    return st == STATUS_SUCCESS ? mux_done(r) : st;
}

#define BOTH(name, field)                                                                                    \
    static enum nt_status get_##name(struct rd *r)                                                           \
    {                                                                                                        \
        return mux_get_##name(r, &x.field);                                                                  \
    }                                                                                                        \
    static void put_##name(struct wr *w)                                                                     \
    {                                                                                                        \
        mux_put_##name(w, &x.field);                                                                         \
    }
BOTH(hello, hello)
BOTH(welcome, welcome)
BOTH(auth, auth)
BOTH(connect, connect)
BOTH(query, query)
BOTH(status, status)
BOTH(tap, tap)
BOTH(tapped, tapped)
BOTH(record, record)

static enum nt_status get_facts(struct rd *r)
{
    return mux_get_facts(r, &x.facts);
}
static void put_facts(struct wr *w)
{
    mux_put_facts(w, &x.facts, true);
}
static enum nt_status get_auth_entry(struct rd *r)
{
    mux_get_auth_entry(r, &x.auth_entry);
    return mux_done(r);
}
static void put_auth_entry(struct wr *w)
{
    mux_put_auth_entry(w, &x.auth_entry);
}
static enum nt_status get_conn_entry(struct rd *r)
{
    mux_get_conn_entry(r, &x.conn_entry);
    return mux_done(r);
}
static void put_conn_entry(struct wr *w)
{
    mux_put_conn_entry(w, &x.conn_entry);
}

static const struct {
    enum nt_status (*get)(struct rd *r);
    void (*put)(struct wr *w);
} bodies[] = {
    { get_hello, put_hello },
    { get_welcome, put_welcome },
    { get_auth, put_auth },
    { get_connect, put_connect },
    { get_facts, put_facts },
    { get_query, put_query },
    { get_auth_entry, put_auth_entry },
    { get_conn_entry, put_conn_entry },
    { get_status, put_status },
    { get_tap, put_tap },
    { get_tapped, put_tapped },
    { get_record, put_record },
};

static void put_again(size_t which, struct wr *ret)
{
    wr_init(ret, 4 * MUX_MAX);
    bodies[which].put(ret);
    if (ret->st != STATUS_SUCCESS)
        abort();
}

static void body(size_t which, const uint8_t *p, size_t n)
{
    struct wr first, second;
    struct rd r;
    memset(&x, 0, sizeof x);
    rd_init(&r, p, n);
    if (done(bodies[which].get(&r), &r) != STATUS_SUCCESS)
        return;
    put_again(which, &first);
    memset(&x, 0, sizeof x);
    rd_init(&r, first.base, first.len);
    if (done(bodies[which].get(&r), &r) != STATUS_SUCCESS)
        abort();
    put_again(which, &second);
    if (first.len != second.len || memcmp(first.base, second.base, first.len) != 0)
        abort();
    wr_free(&first);
    wr_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mux_hdr h;
    if (!size)
        return 0;
    if (size > MUX_HDR && mux_length(data + 1) && mux_get_hdr(data + 1, &h) == STATUS_SUCCESS &&
        (h.length < MUX_HDR || h.length > MUX_MAX || !h.id))
        abort();
    body(data[0] % (sizeof bodies / sizeof bodies[0]), data + 1, size - 1);
    return 0;
}
