// SPDX-License-Identifier: Apache-2.0
/* Requests to the muxer that are no pipes: mux_control.c has the connection and what is in flight on it,
 * mux_ask.c what is asked and what the answers say. */
#ifndef NPC_M_CONTROL_H
#define NPC_M_CONTROL_H

#include <msrpc/npc_mux.h>
#include "npc/m_mux.h"

struct mux_request {
    struct mux_request *next;
    struct npc_mux *m;
    uint32_t id;
    uint16_t type;
    bool answered;
    enum nt_status st; /* why there is no answer */
    struct mux_hdr hdr;
    struct nt_blob body; /* lent until the ready list has run */
    struct io_item item; /* its deadline; then its end */
    struct io_watch watch;
    npc_mux_done *done;
    void *arg;
    /* lists */
    bool all;
    uint32_t first;
    bool (*each_auth)(void *arg, const struct npc_mux_auth_info *i);
    bool (*each_conn)(void *arg, const struct npc_mux_conn_info *i);
    void *each_arg;
    uint8_t what; /* of a query */
};

struct npc_mux {
    struct mux_line line;
    struct nt_loop *loop;
    bool private_loop, dead;
    bool deferred, closed; /* item is on the loop; it was closed meanwhile */
    unsigned timeout_ms;
    struct nt_cancel *cancel;
    struct mux_request *requests;
    enum nt_status why; /* it is dead */
    struct nt_error err;
    /* opening */
    struct npc_mux_choice choice;
    unsigned i; /* of its paths */
    npc_mux_opened *opened;
    void *arg;
    struct nt_error *open_error;
    char texts[4][320];  /* of npc_mux_query_facts */
    struct io_item item; /* its deadline; then its end; then the next way */
};

/* What an answer lends to the callback. */
struct mux_answer_room {
    struct npc_mux_answer a;
    struct npc_mux_counters counters;
    struct mux_facts facts;
};

/* ---- mux_control.c ---- */
/* Begins a request and its message. NULL: *ret_st and m->err say why not. */
struct mux_request *control_begin(struct npc_mux *m, unsigned type, struct wr *ret, enum nt_status *ret_st);
/* Sends it, with r->done set; on failure r is gone. Takes over w. */
enum nt_status control_send(struct mux_request *r, struct wr *w);
/* r goes on with another message: begun, and sent, with STATUS_PENDING as result of ask_read. */
void control_again(struct mux_request *r, struct wr *ret);
enum nt_status control_go_on(struct mux_request *r, struct wr *w);

/* ---- mux_ask.c ---- */
/* The body of a good answer. STATUS_PENDING: another request was made for the rest. */
enum nt_status ask_read(struct mux_request *r, struct rd *body, struct mux_answer_room *room);

#endif
