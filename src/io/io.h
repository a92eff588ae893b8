// SPDX-License-Identifier: Apache-2.0
/*
 * Engines and drivers. An engine is a protocol state machine; it touches no descriptor, clock or thread.
 * Engines stack on one io_stream, which holds only queues. A driver (poll, memory pair, later uv) moves bytes
 * and time.
 *
 * Rules: no calls up while parsing (finished requests go on the ready list, which runs when the engine has
 * returned); starting never completes (a start function fails at once or calls back later, exactly once);
 * nothing is freed before the step ends.
 */
#ifndef IO_IO_H
#define IO_IO_H

#include <sys/uio.h>
#include <msrpc/loop.h>
#include "base/cursor.h"

#pragma GCC visibility push(default) /* shared between our own libraries, see the *_PRIVATE nodes */

struct io_stream;
struct io_item;

/* Something that is called back later: from the ready list, by a timer, or after blocking work. Embedded in
 * the object it belongs to; at most one of the three is pending at a time. */
struct io_item {
    void (*fn)(struct io_item *it);   /* on the stream's thread */
    void (*work)(struct io_item *it); /* for io_work: may block; owns all that it touches */
    struct io_stream *stream;         /* where it is pending, or NULL */
    struct io_item *prev, *next;
    uint64_t when;
    unsigned state; /* enum io_item_state, private to io */
};

/* The bottom engine of a stream. `data` is lent and writable: an engine may decrypt in place. */
struct io_ops {
    void (*on_open)(void *engine);                            /* the transport is connected; may be NULL */
    void (*on_data)(void *engine, uint8_t *data, size_t len); /* any split of the byte stream */
    void (*on_close)(void *engine, enum nt_status why);       /* exactly once, also when a dial fails */
};

/* High-water mark: a driver stops reading from a peer while this much output waits, so that a peer that does
 * not read cannot make us queue without end. */
#define IO_HIGH_WATER ((size_t)1 << 20)
/* The same in messages: small ones take many times their length in memory. */
#define IO_MANY_OUT 1024u
/* What io_on_drain waits for: so much is still on its way that the transport does not idle meanwhile. */
#define IO_LOW_WATER                    ((size_t)64 << 10)

#define io_container(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

struct io_out {
    struct io_out *next;
    struct wr w;
    size_t sent;
};

enum io_state { IO_IDLE, IO_DIALING, IO_OPEN, IO_CLOSED };

struct io_stream {
    const struct io_ops *ops;
    void *engine;
    const struct nt_env *env;
    struct nt_loop *loop; /* the loop it is attached to; NULL under tests */
    void *drv;            /* the driver's half */
    enum io_state state;
    enum nt_status why; /* once closed */
    unsigned depth;     /* > 0 while an engine or callback of this stream runs */
    bool close_after;   /* close when the output queue is empty */
    bool held;          /* the driver does not read: io_hold */
    bool secret;        /* what comes is zeroed in the loop's buffer when the engine has had it */
    bool reads_on;      /* the driver reads however much output waits: the engine bounds what it queues, and
                           the peer may have to be read before it takes more */
    uint64_t now;       /* as of the current step */
    bool lingers;       /* io_linger */
    uint64_t linger_until; /* the driver's; 0: it has not looked yet */
    size_t queued;      /* bytes waiting */
    unsigned n_out;     /* in so many messages, the first of them maybe in part */
    uint64_t moved;     /* bytes that the transport has taken so far */
    const void *kin;    /* for whom its work is done; NULL: nobody in particular */
    size_t *account[2]; /* sums of what waits in several streams; outlive this one; NULL: none */
    struct io_out *out_head, *out_tail;
    struct io_out *out_spare;           /* one empty record kept for the next message */
    struct io_item ready, timers, work; /* list heads */
    struct io_item close_item;
    struct io_item *drain; /* of io_on_drain */
    bool *gone;            /* set for io_step when a callback ends the stream */
};

/* env NULL: system. The stream is embedded in, and outlived by, the bottom engine's owner. */
void io_stream_init(struct io_stream *s, const struct io_ops *ops, void *engine, const struct nt_env *env);
/* Drops queues and pending items without calling anything; detaches from the driver. Allowed in any callback
 * that io_step runs, after which the stream's memory may be freed; not inside on_data and on_open. */
void io_stream_done(struct io_stream *s);
void io_item_init(struct io_item *it, void (*fn)(struct io_item *it));

/* ---- used by engines: these only queue ---- */

/* Queues bytes and takes them over (out is empty afterwards), also on failure. Nothing is sent on a closed
 * stream. STATUS_NO_MEMORY, or the writer's own failure. */
enum nt_status io_queue(struct io_stream *s, struct wr *out);
/* The same, but the first `skip` bytes are room that was not needed and are not sent. */
enum nt_status io_queue_from(struct io_stream *s, struct wr *out, size_t skip);
void io_timer(struct io_stream *s, struct io_item *it, uint64_t when); /* monotonic ns; re-arms if pending */
void io_ready(struct io_stream *s, struct io_item *it);                /* callback after this step */
/* Callback once no more than IO_LOW_WATER bytes of output wait; one item of a stream, NULL: none any more. */
void io_on_drain(struct io_stream *s, struct io_item *it);
/* More output is about to come, which is what the peer waits for: what there is may be kept back by the driver for
 * IO_LINGER_NS, so that it goes in one piece and wakes the peer once. It is not for longer, nor more than IO_LINGER_MOST
 * bytes; `off` ends it. */
void io_linger(struct io_stream *s, bool on);
#define IO_LINGER_MOST ((size_t)64 << 10)
#define IO_LINGER_NS   UINT64_C(1000000) /* longer than most answers take, shorter than anybody notices */
/* Nothing more is to be read from the peer until it is called with false: what has come cannot be taken yet.
 */
void io_hold(struct io_stream *s, bool held);
/* it->work elsewhere (a thread in nt_loop_worker_run; in place where there is none), then it->fn here */
void io_work(struct io_stream *s, struct io_item *it);
/* Owner's thread, any time; idempotent. False while the work of an io_work item still runs elsewhere: then
 * it->fn is called at its end with a NULL stream, only to free what the item owns. */
bool io_cancel(struct io_item *it);
/* The engine wants the transport closed: on_close(why) comes from the ready list; queued output is dropped,
 * or sent first when `flush`. */
void io_close(struct io_stream *s, enum nt_status why, bool flush);
static inline uint64_t io_now(const struct io_stream *s)
{
    return s->now;
}

/* ---- used by drivers, tests and fuzzers ---- */

void io_opened(struct io_stream *s, uint64_t now);
/* Gives bytes to the engine and then runs the ready list, before it returns: so what an engine lends from
 * `data` (an answer, decrypted in place) is valid in the callbacks of that list. */
void io_feed(struct io_stream *s, uint8_t *data, size_t len, uint64_t now);
int io_pending(const struct io_stream *s, struct iovec *iov, int max);
void io_sent(struct io_stream *s, size_t n);
uint64_t io_deadline(const struct io_stream *s); /* UINT64_MAX: none; 0: something is ready now */
void io_step(struct io_stream *s, uint64_t now); /* runs timers that are due and the ready list */
struct io_item *io_take_work(struct io_stream *s);
void io_work_done(struct io_stream *s, struct io_item *it, uint64_t now);
void io_hangup(struct io_stream *s, enum nt_status why, uint64_t now);

/* ---- loops ---- */

/* Where to dial. host: a name or numeric address (IPv6 with or without zone id and brackets); for a unix
 * socket `path` instead. The strings are copied. deadline: monotonic ns for resolving and connecting. */
struct io_addr {
    const char *host;
    uint16_t port;
    const char *path;
};

/* Attaches s to l and connects; on_open or on_close comes later. Resolves with c-ares under the deadline (a
 * numeric address asks nobody), then tries IPv6 and IPv4 in turn, 250 ms apart (RFC 8305). Fails at once only
 * for want of memory or a malformed address. */
enum nt_status io_dial(struct nt_loop *l, struct io_stream *s, const struct io_addr *to, uint64_t deadline);
/* Attaches a connected socket, which the stream then owns; -1: a stream without a transport, for its timers
 * and ready items, on any loop. */
enum nt_status io_attach(struct nt_loop *l, struct io_stream *s, int fd);
/* The numeric address that a stream is connected to, for error sentences: "192.0.2.1:445"; "" if none. */
const char *io_peer(const struct io_stream *s);
/* The descriptor of a stream that is open, which stays the stream's; -1: it has none, or is in memory. */
int io_fd(const struct io_stream *s);
/* That text of an address; IPv4 inside of IPv6, as sockets for both have it, is IPv4. "" for other families than these and
 * unix sockets. */
struct sockaddr;
void io_peer_text(const struct sockaddr *addr, char *buf, size_t size);
/* The same of our end of a connected socket. */
void io_here(int fd, char *buf, size_t size);
/* What a peer is counted by: an IPv4 address, the first 64 bits of an IPv6 address, or (text that is neither) its
 * beginning. */
#define IO_PEER_KEY 16u
void io_peer_key(const char *peer, uint8_t ret[IO_PEER_KEY]);
/* Length of such a text without the port: what tells one peer from another. */
static inline size_t io_host_len(const char *peer)
{
    const char *colon = strrchr(peer, ':');
    return colon ? (size_t)(colon - peer) : strlen(peer);
}

/* A listening socket on a loop. `accepted` takes over each connected descriptor (close-on-exec), with the
 * text of its address as io_peer has it; it may end this listener. */
struct io_listener {
    void (*accepted)(struct io_listener *l, int fd, const char *peer);
    struct io_listener *next, **link; /* private */
    struct nt_loop *loop;
    int fd;
    bool watched;    /* by epoll */
    bool called;     /* somebody wants to connect, says epoll */
    uint64_t resume; /* accept failed for want of descriptors: not before then */
    char *path;      /* of a unix socket, and which file it was when it was made */
    uint64_t dev, ino;
};
/* Listens on host (numeric; NULL: all addresses) and port (0: a free one, told in *ret_port). Only for loops
 * over descriptors: STATUS_NOT_SUPPORTED. STATUS_ADDRESS_ALREADY_ASSOCIATED where somebody has it. */
enum nt_status io_listen(struct nt_loop *loop, struct io_listener *l, const char *host, uint16_t port,
                         void (*accepted)(struct io_listener *l, int fd, const char *peer),
                         uint16_t *ret_port);
/* The same on a unix stream socket: `path` is made with the permissions of `mode`. A socket file at which
 * nobody listens any more is replaced; STATUS_ADDRESS_ALREADY_ASSOCIATED where somebody does, or where the
 * file is no socket. STATUS_INVALID_PARAMETER for a path that is too long. */
enum nt_status io_listen_local(struct nt_loop *loop, struct io_listener *l, const char *path, unsigned mode,
                               void (*accepted)(struct io_listener *l, int fd, const char *peer));
/* The same on a socket that listens already, TCP or unix, which the listener owns from then on; on failure it is left
 * to the caller. It is made close-on-exec and non-blocking. A unix socket's file stays when the listener ends: who made
 * it takes it away. STATUS_INVALID_PARAMETER for a descriptor that is no listening stream socket. */
enum nt_status io_listen_fd(struct nt_loop *loop, struct io_listener *l, int fd,
                            void (*accepted)(struct io_listener *l, int fd, const char *peer),
                            uint16_t *ret_port);
/* Idempotent on a zeroed or started one. Takes a unix socket's file away if it is still the one made here. */
void io_listen_stop(struct io_listener *l);

/* What a listener's sockets have, for a TCP socket that comes from elsewhere: no delay, keep-alive, an end of
 * waiting for a peer that takes nothing. */
void io_tcp_options(int fd);

/* The sync facade: runs the loop until done(arg), the deadline (monotonic ns, UINT64_MAX: none) or the cancel
 * token. STATUS_SUCCESS, STATUS_IO_TIMEOUT, STATUS_CANCELLED; STATUS_INVALID_DEVICE_STATE from a callback. */
enum nt_status io_wait(struct nt_loop *l, bool (*done)(void *arg), void *arg, uint64_t deadline,
                       struct nt_cancel *cancel);
uint64_t io_loop_now(struct nt_loop *l);
const struct nt_env *io_loop_env(struct nt_loop *l);
/* Runs it->fn when no callback of this loop is on the stack any more (at once if none is now): for freeing
 * what a caller further up may still look at. */
void io_loop_defer(struct nt_loop *l, struct io_item *it);

/* Waiting on a cancel token without anybody blocking for it: fn is called once, from a turn of the loop,
 * after the token was fired, and the watch has ended by then. Embedded in the object it belongs to, zeroed
 * before its first use. */
struct io_watch {
    void (*fn)(struct io_watch *w);
    struct io_watch *next, **link; /* private */
    struct nt_cancel *cancel;      /* holds a reference while it is watched */
    struct nt_loop *loop;
};
/* With a NULL token nothing is watched. */
void io_watch_start(struct nt_loop *l, struct io_watch *w, struct nt_cancel *cancel,
                    void (*fn)(struct io_watch *w));
void io_watch_stop(struct io_watch *w); /* idempotent */

/* Blocking work that belongs to no stream: work(arg) on a thread that is in nt_loop_worker_run, then
 * done(arg) on the loop's, from a turn or, at the latest, from nt_loop_free. False: there is no such thread
 * (or no memory), and the caller does it itself. */
bool io_loop_work(struct nt_loop *l, void (*work)(void *arg), void (*done)(void *arg), void *arg);
/* The same for somebody: of those for whom most work is running others go first, and nobody gets all threads as
 * long as there are two. io_work does it for the stream's `kin`. */
bool io_loop_work_of(struct nt_loop *l, const void *kin, void (*work)(void *arg), void (*done)(void *arg), void *arg);
/* What no thread has begun is given up: neither work nor done is called. False: there is no such work any more. */
bool io_loop_unwork(struct nt_loop *l, const void *arg);

/* ---- memory pair, for tests and fuzzers ---- */

/* A loop without descriptors: streams are joined in pairs, bytes move when the loop runs, time is a number
 * that moves only when nothing else can happen (straight to the next deadline). chunk: how many bytes are
 * handed over at once (0: all). Everything that takes a loop works on it, io_wait included. */
struct io_mem_options {
    const struct nt_env *env;
    size_t chunk;
    uint64_t start;   /* monotonic ns at the beginning */
    size_t cut_after; /* hang up both ends once so many bytes went to the first of a pair; SIZE_MAX: never */
};
enum nt_status io_mem_loop_new(const struct io_mem_options *o, struct nt_loop **ret);
/* Both streams attached and joined; on_open of both is called from the next run. */
enum nt_status io_mem_join(struct nt_loop *l, struct io_stream *a, struct io_stream *b);
/* What io_dial does on a memory loop: calls `accept` with the dialling stream, which joins it to a peer of
 * its own or fails the dial with a status. */
void io_mem_on_dial(struct nt_loop *l,
                    enum nt_status (*accept)(void *arg, struct io_stream *s, const struct io_addr *to),
                    void *arg);

#pragma GCC visibility pop

#endif
