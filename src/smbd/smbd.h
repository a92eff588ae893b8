// SPDX-License-Identifier: Apache-2.0
/*
 * SMB 2 and 3 server for named pipes ([MS-SMB2]): the IPC$ share and nothing else. One struct smbd belongs to
 * one loop, with all its connections. What stands behind a pipe is the user's: it gets the messages that a
 * client writes and answers with messages of its own.
 */
#ifndef SMBD_SMBD_H
#define SMBD_SMBD_H

#include "io/io.h"
#include "sec/sec.h"
#include "smb/smb.h"

#pragma GCC visibility push(default) /* for libmsrpcd and tests */

struct smbd;
struct smbd_pipe;
struct smbd_share;

/* Room that a message to a client wants in front of it, so that it goes out without a copy: frame, transform
 * header, SMB header, fixed part of an IOCTL response. */
#define SMBD_HEADROOM (SMB_PREFIX + SMB_HDR + 48u)

/* Who stands at the other end; lent as long as the pipe. */
struct smbd_caller {
    const char *peer;              /* "192.0.2.1:49152" */
    const struct sec_token *token; /* SEC_TOKEN_ANONYMOUS for a null session */
    const char *mech;              /* "ntlm", "krb5"; "" for a null session */
    enum npc_dialect dialect;
    enum sec_level level;           /* privacy: all is encrypted; integrity: all is signed; else none */
    const char *local;              /* our end, "192.0.2.7:445"; "" where it is not known */
    struct nt_blob application_key; /* 16 octets; empty for an anonymous session */
};

/* What serves pipes. None of these may free the pipe or run handlers: they queue and mark, as engines do. */
struct smbd_pipe_ops {
    /* name: lower case ASCII, without "\pipe\". STATUS_OBJECT_NAME_NOT_FOUND, STATUS_ACCESS_DENIED ...
     * *ret_up goes to the others. */
    enum nt_status (*open)(void *arg, struct smbd_pipe *p, const char *name, void **ret_up);
    /* Whether there is such a pipe. */
    bool (*exists)(void *arg, const char *name);
    /* What a client wrote or transacted, whole; writable, lent. */
    void (*data)(void *up, uint8_t *data, size_t len);
    /* The client's end is gone; p is not to be used afterwards. */
    void (*closed)(void *up);
    /* The client has taken some of what was queued; NULL: nobody wants to know. */
    void (*taken)(void *up);
};

/* A message for the client, which begins at w->base + SMBD_HEADROOM; taken over, also on failure. */
enum nt_status smbd_pipe_send(struct smbd_pipe *p, struct wr *w);
/* The server's end closes: the client reads what is queued and is then told STATUS_PIPE_DISCONNECTED.
 * `closed` still comes when the client's end goes. */
void smbd_pipe_end(struct smbd_pipe *p);
/* Bytes that the client has not taken. */
size_t smbd_pipe_queued(const struct smbd_pipe *p);
/* For timers and ready items. */
struct io_stream *smbd_pipe_stream(struct smbd_pipe *p);
void smbd_pipe_caller(const struct smbd_pipe *p, struct smbd_caller *ret);

/* What happens, for logs and metrics. Each is called in the middle of the work: it must not block, call the
 * server or end anything. What it is shown is lent; texts are UTF-8, and hostile where they come from
 * clients. NULL: nobody is told. */
struct smbd_seen_session {
    uint32_t id; /* of smbd_session_info */
    const char *peer, *local;
    const char *account;  /* of a logon that failed: who it said it was; "" */
    const char *provider; /* "ntlm", "krb5"; "" */
    enum npc_dialect dialect;
    enum npc_cipher cipher; /* that messages are encrypted with; NONE if they are not */
    enum npc_signing_alg signing;
    bool is_signed, anonymous;
    uint64_t duration_ns; /* of a session that ends */
};
struct smbd_observer {
    void (*connected)(void *arg, const char *peer, const char *local);
    void (*disconnected)(void *arg, const char *peer, const char *local);
    void (*refused)(void *arg, const char *peer); /* too many connections, or no memory */
    /* A logon has ended; again: of a session that is there. why: a sentence, or "". */
    void (*logon)(void *arg, const struct smbd_seen_session *s, enum nt_status st, bool again,
                  const char *why);
    void (*ended)(void *arg, const struct smbd_seen_session *s); /* a session that had been valid */
    void (*tree)(void *arg, const struct smbd_seen_session *s, const char *share, enum nt_status st);
    void (*pipe)(void *arg, const struct smbd_seen_session *s, const char *name, enum nt_status st);
};

struct smbd_options {
    const struct nt_env *env;
    const struct sec_acceptor *acceptor; /* must outlive the server */
    const struct smbd_pipe_ops *pipes;
    void *pipes_arg;
    uint8_t guid[16];
    enum npc_dialect min_dialect, max_dialect; /* 0: all */
    const enum npc_cipher *ciphers;            /* in order of preference; NULL: all four */
    size_t n_ciphers;
    const enum npc_signing_alg *signing; /* in order of preference; NULL: GMAC, CMAC, HMAC */
    size_t n_signing;
    bool require_encryption;  /* sessions encrypt all; dialects below 3.0 are refused */
    bool allow_unsigned;      /* clients may leave messages unsigned */
    bool allow_anonymous;     /* null sessions, whose pipes say so */
    unsigned auth_timeout_ms; /* until a connection has a session; 0: 30 000 */
    unsigned idle_timeout_ms; /* without requests; 0: never */
    unsigned max_conns;       /* 0: 10 000 */
    /* May whoever it is connect to the share "IPC$"? NULL: everybody who has a session. */
    bool (*connect)(void *arg, const char *share, const struct sec_token *token);
    void *connect_arg;
    const struct smbd_observer *observer; /* NULL: none; outlives the server */
    void *observer_arg;
    /* Numeric addresses that clients may reach the server at besides; those of all interfaces for "0.0.0.0"
     * and
     * "::". Then a session may have several connections (multichannel) and clients that ask are told of them;
     * none: it has one, and nobody is told anything. */
    const char *const *addresses;
    size_t n_addresses;
    unsigned max_peer_conns; /* of one IPv4 address, or of the first 64 bits of an IPv6 address; 0: a quarter
                                of max_conns */
    struct smbd_share *disk; /* of test programs (smbd/disk.h); NULL: pipes only */
};

enum nt_status smbd_new(struct nt_loop *loop, const struct smbd_options *o, struct smbd **ret);
/* Takes from o what may change: dialects, ciphers, signing, require_encryption, allow_unsigned,
 * allow_anonymous, limits and time-outs; for connections and sessions that come later. What smbd_new would
 * refuse is refused, and changes nothing. */
enum nt_status smbd_reconfigure(struct smbd *s, const struct smbd_options *o);
/* Ends each connection as soon as what is queued for it has gone, or five seconds later. */
void smbd_hang_up_all(struct smbd *s);
/* Ends all connections; `closed` of each pipe comes before this returns. Not from a callback. */
void smbd_free(struct smbd *s);
/* Serves a connected socket, which the server then owns, also on failure. peer: as io_listener tells. */
enum nt_status smbd_accept(struct smbd *s, int fd, const char *peer);
/* Serves a stream of a memory loop: joins it to `client`. */
enum nt_status smbd_join(struct smbd *s, struct nt_loop *loop, struct io_stream *client, const char *peer);

struct smbd_stats {
    unsigned conns, sessions, pipes;
    uint64_t accepted, refused, requests;
};
void smbd_stats(const struct smbd *s, struct smbd_stats *ret);

/* ---- for whoever manages it ---- */

/* Since the server began. */
struct smbd_counters {
    uint64_t sessions, pipes;   /* opened */
    uint64_t timed_out, broken; /* connections: idle for too long; ended by the client or the network */
    uint64_t refused_logons, refused_shares;
    uint64_t bytes_in, bytes_out;
};
void smbd_counters(const struct smbd *s, struct smbd_counters *ret);
/* The clock of the times below: monotonic, in ns. */
uint64_t smbd_now(const struct smbd *s);

/* All of it is lent for the callback. Ids have 32 bits and are not used twice. */
struct smbd_session_info {
    uint32_t id;
    const char *peer; /* "192.0.2.1:49152" */
    const struct sec_token *token;
    enum npc_dialect dialect;
    unsigned opens;
    uint64_t opened, used;
};
struct smbd_tree_info {
    uint32_t id;
    unsigned opens;
    uint64_t opened;
    const struct smbd_session_info *session;
};
struct smbd_pipe_info {
    uint32_t id;
    const char *name;
    const struct smbd_session_info *session;
};
/* None of these may end anything while it runs. */
void smbd_each_session(const struct smbd *s, void (*fn)(void *arg, const struct smbd_session_info *i),
                       void *arg);
void smbd_each_tree(const struct smbd *s, void (*fn)(void *arg, const struct smbd_tree_info *i), void *arg);
void smbd_each_pipe(const struct smbd *s, void (*fn)(void *arg, const struct smbd_pipe_info *i), void *arg);
/* Ends it once the loop has come back, so that it may be the one that asks. STATUS_NOT_FOUND. */
enum nt_status smbd_end_session(struct smbd *s, uint32_t id);
enum nt_status smbd_end_pipe(struct smbd *s, uint32_t id);

#pragma GCC visibility pop

#endif
