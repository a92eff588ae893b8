// SPDX-License-Identifier: Apache-2.0
/*
 * The capture in clear text (key pcap): every PDU of every call, without its protection, as packets of
 * made-up TCP connections between the real addresses. Only on explicit request, for what is in it is whatever
 * clients send.
 */
#ifndef MSRPCD_TAP_H
#define MSRPCD_TAP_H

#include <msrpc/rpc_observe.h>
#include "common/sink.h"

struct tap;

/* Makes the file, which must not be there, with mode 0600; max: octets, 0: no limit. full: is called once,
 * when max has been reached. */
enum nt_status tap_new(const char *file, uint64_t max, void (*full)(void *arg), void *arg, struct tap **ret,
                       struct nt_error *err);
/* Packets wait until then. */
enum nt_status tap_start(struct tap *t);
/* Accepts NULL. */
void tap_free(struct tap *t);
void tap_stats(struct tap *t, struct sink_stats *ret);

/* A connection is known by its tag, which is ours. */
void tap_pdu(struct tap *t, struct rpc_seen_conn *c, bool out, const uint8_t *head, size_t head_len,
             const uint8_t *body, size_t body_len);
void tap_closed(struct tap *t, struct rpc_seen_conn *c);

#endif
