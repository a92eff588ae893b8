// SPDX-License-Identifier: Apache-2.0
/*
 * A scripted SMB server for tests of the client: it answers what a pipe client asks, over a memory loop, and
 * can be told to do each step wrong. It stands on the codec and the keys of src/smb in the server's role.
 */
#ifndef TESTS_FAKE_SMB_H
#define TESTS_FAKE_SMB_H

#include "npc/npc.h"
#include "sec/sec.h"
#include "smb/smb.h"

struct fake_smb;

struct fake_script {
    enum npc_dialect dialect;
    enum npc_cipher cipher;
    enum npc_signing_alg signing;
    bool no_signing_context; /* 3.1.1 without SIGNING_CAPABILITIES */
    uint16_t session_flags, mode;
    uint32_t share_flags;
    uint16_t grant;   /* credits of each answer; 0: 32 */
    bool no_credits;  /* never grants any */
    unsigned pending; /* interim answers before each final one to a pipe */
    bool pending_signed;
    bool refuse_sealed_transact;
    bool old_validate;          /* answers FSCTL_VALIDATE_NEGOTIATE_INFO with STATUS_FILE_CLOSED */
    bool lie_validate;          /* confirms another dialect */
    unsigned busy;              /* CREATE is refused so often ... */
    enum nt_status busy_status; /* ... with this */
    size_t first_piece;         /* a transact gives so many bytes, the rest comes by READ; 0: all */
    enum nt_status setup_status, tree_status; /* refuse with this */
    bool silent;                              /* never answers a transact */
    bool wrong_key;                           /* signs and encrypts with another key */
    size_t answer_len;                        /* length of the answer to a transact; 0: echo */
    /* Changes an answer before it is protected, or as it lies on the wire (frame included). false: not sent.
     */
    bool (*before)(struct fake_smb *f, const struct smb_hdr *req, struct wr *msg);
    bool (*after)(struct fake_smb *f, const struct smb_hdr *req, struct wr *wire);
    unsigned param; /* for those two */
};

struct fake_smb {
    struct io_stream stream;
    struct fake_script script;
    struct nt_env env;
    bool closed;
    uint8_t in[SMB_MAX_WRITE];
    size_t in_len;
    struct sec_acceptor acceptor;
    struct sec_ctx *sec;
    uint8_t preauth[64];
    struct smb_keys keys;
    bool have_keys, sign;
    uint16_t client_mode;
    struct smb_negotiate_req offer;
    uint64_t nonce;
    uint8_t rest[SMB_MAX_PAYLOAD]; /* what READ gives */
    size_t rest_len;
    /* what was seen */
    unsigned commands[32];
    unsigned sealed, signed_, cancels;
    uint64_t last_mid;
    bool sequence_broken;
    uint64_t next_mid;
};

#define FAKE_SESSION  UINT64_C(0x1122334455667788)
#define FAKE_TREE     7u
#define FAKE_USER     "alice"
#define FAKE_PASSWORD "Fake-Passw0rd"

struct fake_smb *fake_smb_new(const struct fake_script *script, const struct nt_env *env);
void fake_smb_free(struct fake_smb *f);
/* For io_mem_on_dial; arg is the struct fake_smb. */
enum nt_status fake_smb_accept(void *arg, struct io_stream *s, const struct io_addr *to);
/* Clock that stands, random bytes that count. */
const struct nt_env *fake_env(void);

#endif
