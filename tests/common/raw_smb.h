// SPDX-License-Identifier: Apache-2.0
/*
 * An SMB client for tests of the server that sends whatever it is told to: any header, any body, signed,
 * encrypted, or not. It authenticates by NTLM and knows its keys, so that bad requests come from a good
 * session.
 */
#ifndef TESTS_RAW_SMB_H
#define TESTS_RAW_SMB_H

#include "sec/sec.h"
#include "smb/smb.h"

struct raw_answer {
    struct smb_hdr h;
    uint8_t msg[1024]; /* header and what fits of the body */
    size_t len;
    bool sealed, signature_ok;
};

struct raw_smb {
    struct io_stream stream;
    bool open, closed;
    uint8_t in[1 << 19];
    size_t in_len;
    enum npc_dialect dialect;
    enum npc_cipher cipher;
    enum npc_signing_alg alg;
    uint8_t preauth[64];
    struct smb_keys keys;
    bool have_keys;
    uint64_t session_id, next_mid, nonce;
    uint32_t tree_id;
    uint8_t file_id[SMB_FILE_ID];
    struct raw_answer answers[64];
    unsigned n_answers;
    uint64_t previous; /* session to be replaced */
    bool binding;      /* the session is another connection's, and is to be this one's, too */
    struct smb_negotiate_req offer;
};

void raw_init(struct raw_smb *r, const struct nt_env *env);
void raw_done(struct raw_smb *r);
/* A request in w behind SMB_PREFIX and SMB_HDR, as smb_begin leaves it. Message id, session and tree are
 * filled in where h has zeros; how: 0 as it is, 1 signed, 2 encrypted. */
enum { RAW_PLAIN, RAW_SIGNED, RAW_SEALED };
void raw_send(struct raw_smb *r, struct wr *w, struct smb_hdr h, int how);
/* Bytes as they are, frame included. */
void raw_bytes(struct raw_smb *r, const void *p, size_t n);
/* The next step of each: the loop has to run between them. Sends NEGOTIATE; SESSION_SETUP legs. */
void raw_negotiate(struct raw_smb *r, enum npc_dialect d, enum npc_cipher cipher, enum npc_signing_alg alg);
/* One leg: *ctx NULL starts. Takes the last answer's token. STATUS_SUCCESS when it is complete. */
enum nt_status raw_setup(struct raw_smb *r, struct sec_creds *creds, const struct nt_env *env,
                         struct sec_ctx **ctx, int how);
/* Takes session and keys of another connection, to bind to it by raw_setup. */
void raw_share(struct raw_smb *r, const struct raw_smb *other);
void raw_tree(struct raw_smb *r, int how);
void raw_create(struct raw_smb *r, const char *name, int how);
/* The last answer. */
const struct raw_answer *raw_last(const struct raw_smb *r);

#endif
