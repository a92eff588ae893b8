// SPDX-License-Identifier: Apache-2.0
/*
 * SMB 2 and 3 ([MS-SMB2]): codec of the commands that named pipes need, for both roles; keys, signing and
 * encryption; and the client engine, which stands on one io_stream.
 *
 * Codec: a message begins with its 64-byte header. smb_put_NAME appends a body to a writer whose last 64
 * bytes are the header (offsets on the wire are counted from there); smb_get_NAME reads a whole message,
 * header included, and lends from it. A get function fails with STATUS_INVALID_NETWORK_RESPONSE.
 */
#ifndef SMB_SMB_H
#define SMB_SMB_H

#include <nettle/ccm.h>
#include <nettle/cmac.h>
#include <nettle/gcm.h>
#include <nettle/hmac.h>
#include <msrpc/sec.h>
#include <msrpc/smb.h>
#include "base/cursor.h"
#include "io/io.h"

/* ---- sizes and limits ---- */

#define SMB_FRAME     4u  /* direct TCP framing: a zero byte, 24-bit length, big endian ([MS-SMB2] 2.1) */
#define SMB_TRANSFORM 52u /* [MS-SMB2] 2.2.41 */
#define SMB_HDR       64u /* [MS-SMB2] 2.2.1 */
#define SMB_PREFIX    (SMB_FRAME + SMB_TRANSFORM) /* room in front of each message that we build */
#define SMB_IOCTL_FIX 56u                         /* [MS-SMB2] 2.2.31 without the buffer */
#define SMB_WRITE_FIX 48u                         /* [MS-SMB2] 2.2.21 without the buffer */

/* The largest payload of a transact or a read: servers refuse more on a pipe, and one credit pays for it. */
#define SMB_MAX_PAYLOAD 65536u
/* The largest write: several credits, still far below the 16 MiB of a frame. */
#define SMB_MAX_WRITE (1u << 20)
/* The largest message taken from a server: the largest payload that we ask for, and as much again for headers
 * and for answers that a server chains together. */
#define SMB_MAX_MESSAGE (2 * SMB_MAX_PAYLOAD)
/* Answers chained in one message. We send no chains, so more than a handful is an attack. */
#define SMB_MAX_CHAIN 32
/* What a server must be able to carry; RPC fragments are below it, and every known server offers 64 KiB. */
#define SMB_MIN_PAYLOAD 8192u
/* Credits that we ask for and the most that we keep: enough for any number of pipes that a loop drives, small
 * enough that the server's grants cannot run the numbers up. */
#define SMB_CREDITS_WANTED 64u
#define SMB_CREDITS_MAX    8192u
/* Requests that wait for credits; beyond it a caller is told at once. */
#define SMB_MAX_WAITING 4096u
/* Interim answers to one request ([MS-SMB2] 3.3.4.2 has one); a server that sends more keeps us busy on
 * purpose. */
#define SMB_MAX_INTERIM 8u
/* Legs of a session setup: NTLM takes 2, Kerberos 1 or 2, SPNEGO one more. */
#define SMB_MAX_LEGS 8u
/* Signals that nobody asked for (oplock breaks and notifications) in the life of a connection: we hold no
 * oplock. */
#define SMB_MAX_UNSOLICITED 256u
#define SMB_MAX_DIALECTS    8u
#define SMB_MAX_ALGS        8u
/* After a cancel, how long the server may take to say so. */
#define SMB_CANCEL_GRACE_NS UINT64_C(2000000000)

/* ---- constants of the wire ---- */

enum smb_command { /* [MS-SMB2] 2.2.1.2 */
                   SMB_NEGOTIATE = 0,
                   SMB_SESSION_SETUP = 1,
                   SMB_LOGOFF = 2,
                   SMB_TREE_CONNECT = 3,
                   SMB_TREE_DISCONNECT = 4,
                   SMB_CREATE = 5,
                   SMB_CLOSE = 6,
                   SMB_FLUSH = 7,
                   SMB_READ = 8,
                   SMB_WRITE = 9,
                   SMB_IOCTL = 11,
                   SMB_CANCEL = 12,
                   SMB_ECHO = 13,
                   SMB_OPLOCK_BREAK = 18,
                   SMB_NOTIFICATION = 19,
};

enum {
    SMB_FLAG_RESPONSE = 0x1, /* SMB2_FLAGS_SERVER_TO_REDIR */
    SMB_FLAG_ASYNC = 0x2,
    SMB_FLAG_RELATED = 0x4,
    SMB_FLAG_SIGNED = 0x8,
};
enum { SMB_MODE_SIGN = 1, SMB_MODE_SIGN_REQUIRED = 2 }; /* 2.2.3 SecurityMode */
enum {
    SMB_CAP_DFS = 0x1,
    SMB_CAP_LARGE_MTU = 0x4,
    SMB_CAP_MULTI_CHANNEL = 0x8,
    SMB_CAP_ENCRYPTION = 0x40
};                                                                               /* 2.2.3 */
enum { SMB_SESSION_GUEST = 1, SMB_SESSION_NULL = 2, SMB_SESSION_ENCRYPT = 4 };   /* 2.2.6 SessionFlags */
enum { SMB_SHARE_DISK = 1, SMB_SHARE_PIPE = 2, SMB_SHAREFLAG_ENCRYPT = 0x8000 }; /* 2.2.10 */
enum { SMB_HASH_SHA512 = 1 };                                                    /* 2.2.3.1.1 */

#define SMB_MID_UNSOLICITED UINT64_MAX /* MessageId of what is no answer */

enum {
    FSCTL_PIPE_TRANSCEIVE = 0x0011C017,
    FSCTL_PIPE_WAIT = 0x00110018,
    FSCTL_VALIDATE_NEGOTIATE_INFO = 0x00140204,
    FSCTL_QUERY_NETWORK_INTERFACE_INFO = 0x001401FC,
};

/* ---- header, framing, errors: header.c ---- */

struct smb_hdr {
    uint16_t credit_charge;
    uint16_t command; /* enum smb_command */
    uint16_t credits; /* requested or granted */
    uint32_t status;  /* requests: channel sequence */
    uint32_t flags;
    uint32_t next; /* bytes to the next header of a chain, 0 in the last */
    uint64_t mid;
    uint64_t async_id; /* with SMB_FLAG_ASYNC */
    uint32_t tree_id;  /* without */
    uint64_t session_id;
    uint8_t signature[16];
};

/* Writer over n bytes of somebody else's memory; it fails at their end and must not be freed. */
static inline struct wr smb_over(uint8_t *p, size_t n)
{
    return (struct wr){ p, 0, n, n, STATUS_SUCCESS };
}

#pragma GCC visibility push(default) /* shared between our own libraries, see the *_PRIVATE nodes */

void smb_put_hdr(uint8_t to[SMB_HDR], const struct smb_hdr *h);
enum nt_status smb_get_hdr(const uint8_t *msg, size_t len, struct smb_hdr *ret);
void smb_put_frame(uint8_t to[SMB_FRAME], size_t len);
/* Length of the message behind a frame header. Fails if the first byte is not 0 or the length is over
 * SMB_MAX_MESSAGE or under a header. */
enum nt_status smb_get_frame(const uint8_t from[SMB_FRAME], size_t *ret_len);
/* Body of LOGOFF, TREE_DISCONNECT, ECHO and CANCEL, both directions: StructureSize 4 and two bytes. */
void smb_put_empty(struct wr *w);
enum nt_status smb_get_empty(const uint8_t *msg, size_t len);

/* SMB2 ERROR response ([MS-SMB2] 2.2.2): with contexts on 3.1.1, plain data elsewhere, or the one byte
 * variant. */
struct smb_error {
    uint32_t id;         /* of the first context, 0 if there is none */
    struct nt_blob data; /* of the first context, or the plain data */
};
void smb_put_error(struct wr *w, const struct smb_error *e, bool contexts);
enum nt_status smb_get_error(const uint8_t *msg, size_t len, struct smb_error *ret);
/* UTF-8 to little endian UTF-16. STATUS_OBJECT_NAME_INVALID for what is not UTF-8; counts units in *ret_units
 * if it is not NULL. */
enum nt_status smb_put_utf16(struct wr *w, const char *s, size_t *ret_units);

/* ---- NEGOTIATE: cmd_negotiate.c ---- */

struct smb_negotiate_req { /* [MS-SMB2] 2.2.3 */
    uint16_t mode;
    uint32_t caps;
    uint8_t guid[16];
    uint16_t dialects[SMB_MAX_DIALECTS];
    size_t n_dialects;
    /* contexts, put and read only if 3.1.1 is among the dialects */
    uint16_t hashes[SMB_MAX_ALGS], ciphers[SMB_MAX_ALGS], signing[SMB_MAX_ALGS];
    size_t n_hashes, n_ciphers, n_signing;
    struct nt_blob salt, netname; /* netname: little endian UTF-16 */
};
struct smb_negotiate_rsp { /* [MS-SMB2] 2.2.4 */
    uint16_t mode, dialect;
    uint32_t caps;
    uint8_t guid[16];
    uint32_t max_transact, max_read, max_write;
    uint64_t time, start_time;
    struct nt_blob token;
    /* 3.1.1 */
    bool has_cipher, has_signing;
    uint16_t hash, cipher, signing;
    struct nt_blob salt;
};
void smb_put_negotiate_req(struct wr *w, const struct smb_negotiate_req *q);
enum nt_status smb_get_negotiate_req(const uint8_t *msg, size_t len, struct smb_negotiate_req *ret);
void smb_put_negotiate_rsp(struct wr *w, const struct smb_negotiate_rsp *p);
/* For 3.1.1 there must be one hash, at most one cipher and at most one signing algorithm ([MS-SMB2] 3.2.5.2).
 */
enum nt_status smb_get_negotiate_rsp(const uint8_t *msg, size_t len, struct smb_negotiate_rsp *ret);

/* ---- SESSION_SETUP: cmd_session.c; TREE_CONNECT: cmd_tree.c ---- */

struct smb_setup_req { /* [MS-SMB2] 2.2.5 */
    uint8_t flags, mode;
    uint32_t caps;
    uint64_t previous_session;
    struct nt_blob token;
};
struct smb_setup_rsp { /* [MS-SMB2] 2.2.6 */
    uint16_t flags;
    struct nt_blob token;
};
void smb_put_setup_req(struct wr *w, const struct smb_setup_req *q);
enum nt_status smb_get_setup_req(const uint8_t *msg, size_t len, struct smb_setup_req *ret);
void smb_put_setup_rsp(struct wr *w, const struct smb_setup_rsp *p);
enum nt_status smb_get_setup_rsp(const uint8_t *msg, size_t len, struct smb_setup_rsp *ret);

struct smb_tree_rsp { /* [MS-SMB2] 2.2.10 */
    uint8_t type;
    uint32_t flags, caps, access;
};
/* path: UTF-8, "\\server\share" */
enum nt_status smb_put_tree_req(struct wr *w, const char *path);
/* Lends the little endian UTF-16 path. */
enum nt_status smb_get_tree_req(const uint8_t *msg, size_t len, struct nt_blob *ret_path);
void smb_put_tree_rsp(struct wr *w, const struct smb_tree_rsp *p);
enum nt_status smb_get_tree_rsp(const uint8_t *msg, size_t len, struct smb_tree_rsp *ret);

/* ---- CREATE, CLOSE, READ, WRITE: cmd_file.c ---- */

#define SMB_FILE_ID 16u /* persistent and volatile half, opaque to us */

struct smb_create_req { /* [MS-SMB2] 2.2.13, without contexts */
    uint32_t impersonation, access, attributes, share, disposition, options;
    const char *name;         /* put: UTF-8 */
    struct nt_blob wire_name; /* get: little endian UTF-16, lent */
};
struct smb_create_rsp { /* [MS-SMB2] 2.2.14, without contexts */
    uint8_t oplock;
    uint32_t action, attributes;
    uint8_t file_id[SMB_FILE_ID];
};
enum nt_status smb_put_create_req(struct wr *w, const struct smb_create_req *q);
enum nt_status smb_get_create_req(const uint8_t *msg, size_t len, struct smb_create_req *ret);
void smb_put_create_rsp(struct wr *w, const struct smb_create_rsp *p);
enum nt_status smb_get_create_rsp(const uint8_t *msg, size_t len, struct smb_create_rsp *ret);
void smb_put_close_req(struct wr *w, const uint8_t file_id[SMB_FILE_ID]);
enum nt_status smb_get_close_req(const uint8_t *msg, size_t len, uint8_t ret_file_id[SMB_FILE_ID]);
void smb_put_close_rsp(struct wr *w);
enum nt_status smb_get_close_rsp(const uint8_t *msg, size_t len);

struct smb_read_req { /* [MS-SMB2] 2.2.19 */
    uint32_t length, minimum;
    uint64_t offset;
    uint8_t file_id[SMB_FILE_ID];
};
void smb_put_read_req(struct wr *w, const struct smb_read_req *q);
enum nt_status smb_get_read_req(const uint8_t *msg, size_t len, struct smb_read_req *ret);
void smb_put_read_rsp(struct wr *w, struct nt_blob data);
enum nt_status smb_get_read_rsp(const uint8_t *msg, size_t len, struct nt_blob *ret_data);

struct smb_write_req { /* [MS-SMB2] 2.2.21 */
    uint8_t file_id[SMB_FILE_ID];
    uint64_t offset;
    struct nt_blob data;
};
/* The fixed part only, into the SMB_WRITE_FIX bytes in front of n bytes of data. */
void smb_fill_write_req(uint8_t to[SMB_WRITE_FIX], const uint8_t file_id[SMB_FILE_ID], size_t n);
void smb_put_write_req(struct wr *w, const struct smb_write_req *q);
enum nt_status smb_get_write_req(const uint8_t *msg, size_t len, struct smb_write_req *ret);
void smb_put_write_rsp(struct wr *w, uint32_t count);
enum nt_status smb_get_write_rsp(const uint8_t *msg, size_t len, uint32_t *ret_count);

/* ---- IOCTL: cmd_ioctl.c ---- */

struct smb_ioctl { /* [MS-SMB2] 2.2.31, 2.2.32 */
    uint32_t code;
    uint8_t file_id[SMB_FILE_ID];
    uint32_t max_out;    /* requests */
    struct nt_blob data; /* request: input; response: output */
};
/* The fixed part only, into the SMB_IOCTL_FIX bytes in front of q->data.len bytes of input (q->data.data
 * unused). */
void smb_fill_ioctl_req(uint8_t to[SMB_IOCTL_FIX], const struct smb_ioctl *q);
void smb_put_ioctl_req(struct wr *w, const struct smb_ioctl *q);
enum nt_status smb_get_ioctl_req(const uint8_t *msg, size_t len, struct smb_ioctl *ret);
void smb_put_ioctl_rsp(struct wr *w, const struct smb_ioctl *p);
enum nt_status smb_get_ioctl_rsp(const uint8_t *msg, size_t len, struct smb_ioctl *ret);

struct smb_validate { /* [MS-SMB2] 2.2.31.4, 2.2.32.6 */
    uint32_t caps;
    uint8_t guid[16];
    uint16_t mode;
    uint16_t dialects[SMB_MAX_DIALECTS]; /* response: one */
    size_t n_dialects;
};
void smb_put_validate(struct wr *w, const struct smb_validate *v, bool response);
enum nt_status smb_get_validate(struct nt_blob data, bool response, struct smb_validate *ret);
/* FSCTL_PIPE_WAIT request ([MS-FSCC] 2.3.49); name without any prefix. */
enum nt_status smb_put_pipe_wait(struct wr *w, const char *name, uint64_t timeout_100ms);

#pragma GCC visibility pop

/* ---- keys, signing, encryption: crypt.c ---- */

/* GCM's tables are 4 KiB for each key, so they are made when a message needs them: a session that encrypts
 * never signs, and one that is idle has done neither often. */
struct smb_signer {
    enum npc_signing_alg alg;
    union {
        struct hmac_sha256_ctx hmac;
        struct cmac_aes128_ctx cmac;
        uint8_t key[16];
    } u;
    struct gcm_aes128_ctx *gmac;
};
struct smb_cipher {
    enum npc_cipher id;
    union {
        struct ccm_aes128_ctx ccm128;
        struct ccm_aes256_ctx ccm256;
        uint8_t key[32];
    } u;
    union {
        void *any;
        struct gcm_aes128_ctx *gcm128;
        struct gcm_aes256_ctx *gcm256;
    } t;
};
/* What one session is protected with. */
struct smb_keys {
    uint8_t session[16], application[16];
    struct smb_signer signer;
    struct smb_cipher seal, open; /* id NONE: the connection has no encryption */
};

/* Releases and wipes; zeroed keys are all right. */
void smb_keys_done(struct smb_keys *k);
/* On zeroed memory, or after smb_signer_done. */
void smb_signer_done(struct smb_signer *s);
void smb_signer_init(struct smb_signer *s, enum npc_signing_alg alg, const uint8_t key[16]);
/* Signature of a message whose signature field is zero ([MS-SMB2] 3.1.4.1). False when memory is short: ret
 * is untouched then. */
bool smb_sign(struct smb_signer *s, const uint8_t *msg, size_t len, bool server, uint8_t ret[16]);
/* Signs in place: the header's signature field is overwritten. False: the message must not be sent. */
bool smb_sign_message(struct smb_signer *s, uint8_t *msg, size_t len, bool server);
/* Checks in place; the field is zero afterwards. */
bool smb_check_signature(struct smb_signer *s, uint8_t *msg, size_t len, bool server);

void smb_cipher_init(struct smb_cipher *c, enum npc_cipher id, const uint8_t *key);
size_t smb_cipher_key_len(enum npc_cipher id);
/* False when memory is short: the message is as it was and must not be sent. Encrypts a message in place and
 * fills the transform header in front of it ([MS-SMB2] 3.1.4.3). The counter must never repeat for a key. */
bool smb_seal(struct smb_cipher *c, uint8_t transform[SMB_TRANSFORM], uint8_t *msg, size_t len,
              uint64_t counter, uint64_t session_id);
/* Decrypts what follows a transform header, in place. false: not authentic. */
bool smb_unseal(struct smb_cipher *c, const uint8_t transform[SMB_TRANSFORM], uint8_t *msg, size_t len);

/* Keys of a session ([MS-SMB2] 3.2.5.3.1), into zeroed memory. key: as the mechanism gave it. preauth:
 * of 3.1.1, else unused. `server` swaps the directions. */
void smb_derive_keys(struct smb_keys *k, enum npc_dialect dialect, enum npc_cipher cipher,
                     enum npc_signing_alg alg, struct nt_blob key, const uint8_t preauth[64], bool server);
/* The signing key of a further connection alone, on zeroed memory ([MS-SMB2] 3.3.5.5.3). */
void smb_derive_signer(struct smb_signer *s, enum npc_dialect dialect, enum npc_signing_alg alg,
                       struct nt_blob key, const uint8_t preauth[64]);
/* Preauthentication hash: value = SHA-512(value, message). */
void smb_preauth(uint8_t value[64], const void *msg, size_t len);

/* ---- client engine: client.c, connect.c ---- */

struct smb_client;

enum smb_req_state { SMB_REQ_IDLE, SMB_REQ_WAITING, SMB_REQ_SENT, SMB_REQ_DONE };

/* One request, embedded in its owner. Between smb_send and done the engine owns it. */
struct smb_req {
    struct smb_req *prev, *next; /* in the list that its state says */
    struct io_item item;         /* a timer while in flight, then the way to done */
    struct smb_client *client;
    enum smb_req_state state;
    uint16_t command, charge;
    uint16_t interims;
    bool async, cancelled;
    uint64_t mid, async_id;
    struct wr out; /* WAITING: what will be sent */
    size_t start;  /* of the message in it */
    void (*done)(struct smb_req *r);
    /* the answer; lent until done returns */
    enum nt_status status;
    struct smb_hdr hdr;
    uint8_t *msg; /* from the header; NULL when there was no answer */
    size_t len;
};

enum smb_state {
    SMB_ST_NEW,
    SMB_ST_NEGOTIATE,
    SMB_ST_AUTH,  /* a security step is at work */
    SMB_ST_SETUP, /* a leg is on its way */
    SMB_ST_TREE,
    SMB_ST_VALIDATE,
    SMB_ST_READY,
    SMB_ST_LOGOFF,
    SMB_ST_CLOSED,
};

struct smb_client_options {
    const char *server;      /* as dialled: share path and messages */
    uint16_t port;           /* for messages, until there is a peer */
    const char *target;      /* host of the service principal */
    struct sec_creds *creds; /* referenced */
    enum npc_protection protection;
    bool allow_unsigned;
    enum npc_dialect min_dialect, max_dialect; /* 0: all */
    const enum npc_cipher *ciphers;            /* as in npc_options */
    const enum npc_signing_alg *signing;
    size_t n_signing;
    const struct nt_env *env;
    void *arg;
    void (*on_ready)(void *arg, enum nt_status st); /* once, after smb_client_start */
    void (*on_down)(void *arg, enum nt_status why); /* once, if the connection is lost after it was ready */
    void (*on_closed)(void *arg);                   /* once, after smb_client_close: may be freed now */
};

struct smb_auth; /* a security context on its way through session setup */

/* Bytes of a message that has not come whole. */
struct smb_part {
    uint8_t *base;
    size_t len, cap;
};

struct smb_client {
    struct io_stream stream;
    enum smb_state state;
    bool dead;     /* told the stream to close; nothing more is parsed */
    bool reported; /* on_ready was called */
    bool closing;  /* smb_client_close was called */
    bool down;     /* on_down was called, or need not be */
    struct io_item end;
    enum nt_status why;
    struct nt_error err;
    struct smb_client_options o; /* strings and lists point to copies below */
    char *server, *target;
    uint64_t deadline; /* of connecting */
    /* offered and negotiated */
    struct smb_negotiate_req offer;
    uint16_t ciphers[SMB_MAX_ALGS], signing[SMB_MAX_ALGS];
    size_t n_ciphers, n_signing;
    uint8_t salt[32];
    enum npc_dialect dialect;
    enum npc_cipher cipher;
    enum npc_signing_alg sign_alg;
    uint16_t server_mode;
    uint32_t server_caps;
    uint8_t server_guid[16];
    uint32_t max_transact, max_read, max_write;
    bool multi_credit;
    /* session */
    uint64_t session_id;
    uint32_t tree_id;
    uint8_t preauth[64];
    struct smb_auth *auth;
    unsigned legs;
    struct smb_keys keys;
    uint8_t session_key[64]; /* as the mechanism gave it */
    size_t session_key_len;
    char mech[16];
    char principal[320]; /* who we are to the server; "": nobody */
    bool have_keys, signing_on, sealing, guest, anonymous;
    uint64_t nonce;
    unsigned unsolicited;
    /* requests */
    uint64_t next_mid;
    uint32_t credits;
    struct smb_req *sent, *sent_tail, *waiting, *waiting_tail;
    size_t n_waiting;
    struct smb_req own; /* of connecting and logging off */
    /* receiving: `part` collects, `held` lends the last collected message to the callbacks of the same feed
     */
    struct smb_part part, held;
};

/* Prepares a client; the stream may be dialled then. Strings and lists are copied. STATUS_NO_MEMORY;
 * STATUS_INVALID_PARAMETER for lists or dialects that make no sense (sentence in c->err). */
enum nt_status smb_client_init(struct smb_client *c, const struct smb_client_options *o);
/* Negotiates, authenticates and connects IPC$ as soon as the stream is open; on_ready tells the end of it,
 * also when the dial fails. deadline: monotonic ns. */
void smb_client_start(struct smb_client *c, uint64_t deadline);
/* Logs off if there is a session, closes the stream, then calls on_closed from the ready list. Requests in
 * flight end with STATUS_CONNECTION_ABORTED... first. */
void smb_client_close(struct smb_client *c);
/* Releases what smb_client_init took; only before smb_client_start or after on_closed. */
void smb_client_done(struct smb_client *c);
const char *smb_state_name(enum smb_state st);

/* Sends a request whose message begins at offset `start` of `out`, with SMB_PREFIX bytes of room before it;
 * the header is filled in here. Takes over the bytes, also on failure. payload: the larger of what it carries
 * and what it asks for, for the credit charge. r->command and r->done must be set. STATUS_NO_MEMORY,
 * STATUS_INSUFFICIENT_RESOURCES, or why the connection is down. */
enum nt_status smb_send(struct smb_client *c, struct smb_req *r, struct wr *out, size_t start, size_t payload,
                        uint64_t deadline);
/* A writer with room for SMB_PREFIX and the header. */
void smb_begin(struct wr *w, size_t limit);
/* Asks the server to give up; done still comes, with STATUS_CANCELLED. */
void smb_cancel(struct smb_req *r);
/* The same without haste: the request goes on until the server answers it, be it with STATUS_CANCELLED. */
void smb_ask_cancel(struct smb_req *r);
/* The owner goes away: no done any more, a late answer is dropped. */
void smb_abandon(struct smb_req *r);
/* Closes the connection with a sentence; for answers that cannot be true. */
void smb_client_fail(struct smb_client *c, enum nt_status st, const char *fmt, ...) NT_PRINTF(3, 4);
/* "3.1.1", "AES-256-GCM", "AES-GMAC". */
const char *smb_cipher_name(enum npc_cipher c);
const char *smb_signing_name(enum npc_signing_alg a);

#endif
