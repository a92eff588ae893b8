// SPDX-License-Identifier: Apache-2.0
/* A server of ours on a memory loop, clients of ours and clients made of bytes: what several tests stand on.
 */
#ifndef PAIR_OWN_SERVER_H
#define PAIR_OWN_SERVER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "rpc/m_server.h"

struct own {
    struct nt_loop *loop;
    struct rpc_server *s;
    struct sec_creds *creds;
    struct rpc_binding *b;
    struct nt_arena *mem;
    struct nt_error err;
    void *user; /* the test's */
};

/* least: what the server asks for; clients log on by NTLM. */
void own_init(struct own *w, size_t chunk, enum sec_level least);
void own_done(struct own *w); /* all connections closed, all calls answered */
void own_turn(struct own *w, int n);
void own_pass(struct own *w, int seconds);
struct rpc_conn *own_open(struct own *w, const struct rpc_interface *i, enum sec_level level, bool ndr64);
/* For rpc_done_fn: arg is an enum nt_status. */
void own_done_fn(void *arg, enum nt_status st);

/* A client made of bytes. */
struct raw {
    struct io_stream s;
    struct wr in;
    bool closed;
};
void raw_start(struct own *w, struct raw *p);
void raw_send(struct own *w, struct raw *p, struct wr *bytes);
void raw_end(struct own *w, struct raw *p);
/* Binds an interface under context 3 in an association group (0: a new one); gives the group. */
uint32_t raw_bind(struct own *w, struct raw *p, const struct rpc_interface *i, uint32_t group, bool mpx);
void raw_put_request(struct wr *w, unsigned flags, uint32_t id, uint16_t opnum, const void *stub, size_t len);
void raw_request(struct own *w, struct raw *p, unsigned flags, uint32_t id, uint16_t opnum, const void *stub,
                 size_t len);
void raw_bare(struct own *w, struct raw *p, enum rpc_ptype type, uint32_t id);
/* The next PDU of what has come; false: there is none. */
bool raw_next(struct raw *p, struct rpc_pdu *ret, const uint8_t **ret_bytes);
/* Expects one fault to this call, and nothing else. */
void raw_expect_fault(struct raw *p, uint32_t id, uint32_t code);

#endif
