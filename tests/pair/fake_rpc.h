// SPDX-License-Identifier: Apache-2.0
/*
 * A scripted RPC server for the memory loop: it echoes, with or without security, and lies in one chosen way.
 * Made of the codec that the client uses, so what it builds honestly is checked against real servers
 * elsewhere.
 */
#ifndef FAKE_RPC_H
#define FAKE_RPC_H

#include "rpc/m_client.h"

enum lie {
    HONEST,
    /* in the answer to the bind */
    ACK_DROPS_AUTH,
    ACK_LEVEL,
    ACK_TYPE,
    ACK_AUTH_CTX,
    ACK_CALL_ID,
    ACK_ONE_RESULT,
    ACK_THREE_RESULTS,
    ACK_SYNTAX,
    ACK_REJECTS_IF,
    ACK_REJECTS_TRANSFER,
    ACK_REJECTS_USER,
    ACK_SMALL_FRAG,
    ACK_NOT_LAST,
    ACK_TRUNCATED,
    ACK_FRAG_LEN_0,
    ACK_FRAG_LEN_15,
    ACK_AUTH_LEN,
    ACK_UNASKED_AUTH,
    ACK_IS_NAK,
    ACK_NAK_TYPE,
    ACK_IS_FAULT,
    ACK_IS_RESPONSE,
    ACK_VERSION,
    ACK_DREP,
    ACK_PTYPE,
    ACK_TWICE,
    ACK_HANGUP,
    ACK_SILENT,
    ACK_NO_HEADER_SIGN,
    ACK_NO_FEATURES,
    /* in the answer to a call */
    RSP_UNSIGNED,
    RSP_SECOND_UNSIGNED,
    RSP_LEVEL,
    RSP_TYPE,
    RSP_AUTH_CTX,
    RSP_FLIP,
    RSP_FLIP_HEADER,
    RSP_FLIP_TOKEN,
    RSP_REPLAY,
    RSP_CALL_ID,
    RSP_CTX,
    RSP_NO_FIRST,
    RSP_TWO_FIRST,
    RSP_PAD,
    RSP_LONG_FRAG,
    RSP_ALLOC_HINT,
    RSP_FAULT,
    RSP_FAULT_ZERO,
    RSP_FAULT_SIGNED,
    RSP_FAULT_MIDDLE,
    RSP_SHORT,
    RSP_COUNT,
    RSP_PTYPE,
    RSP_SILENT,
    RSP_HANGUP,
    RSP_HANGUP_MIDDLE,
    RSP_UNASKED_AUTH,
    RSP_LATE,
    RSP_TWICE,
    RSP_DREP_CHANGES,
    /* in the answer to a further alter_context */
    ALTER_REJECTS,
    ALTER_IS_RESPONSE,
    ALTER_TWO_RESULTS,
    ALTER_FAULT,
    ALTER_UNKNOWN_AUTH,
    LIES
};

/* A request that is kept for fake_answer. */
struct fake_kept {
    uint32_t id;
    uint16_t ctx;
    uint8_t *stub;
    size_t len;
};
#define FAKE_KEPT_MAX 1100u

struct fake {
    struct nt_loop *loop;
    const struct nt_env *env;
    enum lie lie;
    uint8_t ptype;         /* for RSP_PTYPE */
    size_t frag;           /* stub bytes of a fragment of an answer; 0: all */
    bool big;              /* answers big endian (without security only) */
    enum nt_status refuse; /* what dialling gives, if not 0 */
    uint16_t refuse_port;  /* only at this port; 0: at all */
    const uint8_t *raw;    /* after the bind (or at once, raw_bind) these bytes are the answer to anything */
    size_t raw_len;
    bool raw_bind;
    struct nt_blob extended; /* goes with faults and with the refusal of a bind */
    const uint8_t *nt_hash;  /* what the account has */
    bool mpx;                /* takes several requests at a time */
    bool keep;               /* and answers them when fake_answer says so */
    bool no_features;        /* does not answer what it is asked about features */
    bool alter_silent;       /* and alter_contexts after the bind not at all */
    uint32_t hint;           /* of each first fragment, instead of the true one; 0: the true one */
    struct fake_kept kept[FAKE_KEPT_MAX];
    unsigned n_kept;
    void *conn; /* the last one */
    /* seen */
    uint16_t port; /* dialled last */
    unsigned dials, binds, alters, auth3s, requests, fragments, cancels, orphans, trailers;
    enum nt_status problem; /* what the client did wrong, if anything */
    unsigned conns;         /* open now */
};

/* Answers what was kept: in the order of order[], which has n indices into kept (NULL: as it came), each
 * whole or (mixed) a fragment of each in turn. Where code is not 0 the answer is a fault with it, and these
 * flags. */
struct fake_order {
    const unsigned *order;
    unsigned n;
    bool mixed;
    bool begin_only; /* only the first fragment of each */
    uint32_t code;
    unsigned flags;
};
void fake_answer(struct fake *f, const struct fake_order *o);
void fake_forget(struct fake *f); /* what was kept */
/* From now on, dialling on f->loop comes here. */
void fake_listen(struct fake *f);

/* An echo: a counted array there and back. */
struct echo {
    struct {
        uint32_t len;
        const uint8_t *data;
    } in;
    struct {
        uint32_t len;
        uint8_t *data;
    } out;
};
extern const struct rpc_interface fake_iface, fake_iface2;
extern const struct rpc_op echo_op, echo2_op;

#endif
