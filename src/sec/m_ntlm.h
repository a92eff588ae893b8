// SPDX-License-Identifier: Apache-2.0
/* NTLMSSP, [MS-NLMP]: messages, keys and the context that both roles share. NTLMv2 with extended session
 * security and 128-bit keys only. */
#ifndef SEC_M_NTLM_H
#define SEC_M_NTLM_H

#include <nettle/arcfour.h>
#include <nettle/hmac.h>

#include "sec/m_sec.h"
#include "sec/token.h"

/* NEGOTIATE flags, [MS-NLMP] 2.2.2.5 */
enum {
    NTLM_UNICODE = 0x00000001,
    NTLM_REQUEST_TARGET = 0x00000004,
    NTLM_SIGN = 0x00000010,
    NTLM_SEAL = 0x00000020,
    NTLM_DATAGRAM = 0x00000040,
    NTLM_NTLM = 0x00000200,
    NTLM_ANONYMOUS = 0x00000800,
    NTLM_ALWAYS_SIGN = 0x00008000,
    NTLM_TARGET_DOMAIN = 0x00010000,
    NTLM_TARGET_SERVER = 0x00020000,
    NTLM_ESS = 0x00080000, /* extended session security */
    NTLM_TARGET_INFO = 0x00800000,
    NTLM_VERSION = 0x02000000,
    NTLM_128 = 0x20000000,
    NTLM_KEY_EXCH = 0x40000000,
};

/* What neither role does without. */
#define NTLM_REQUIRED ((uint32_t)(NTLM_UNICODE | NTLM_NTLM | NTLM_ESS | NTLM_128))

/* AV_PAIR identifiers, [MS-NLMP] 2.2.2.1 */
enum {
    AV_EOL,
    AV_NB_COMPUTER,
    AV_NB_DOMAIN,
    AV_DNS_COMPUTER,
    AV_DNS_DOMAIN,
    AV_DNS_TREE,
    AV_FLAGS,
    AV_TIMESTAMP,
    AV_SINGLE_HOST,
    AV_TARGET_NAME,
    AV_CHANNEL_BINDINGS,
};
#define AV_FLAG_MIC        0x2u
#define AV_FLAG_UNVERIFIED 0x4u /* the target name came from an untrusted source */

/* Ceiling of a peer's target information: five names of at most 255 characters, and a margin. It must leave
 * room for our own pairs in the 16-bit length of the response that carries it back. */
#define NTLM_TARGET_INFO_MAX 8192u
/* Ceiling of the NEGOTIATE message that an acceptor keeps for the MIC: header and two short OEM names. */
#define NTLM_NEGOTIATE_MAX 2048u
/* Fixed part of the messages, up to the payload */
#define NTLM_CHALLENGE_HEADER 56u
#define NTLM_AUTH_HEADER      88u
#define NTLM_MIC_OFFSET       72u
#define NTLM_SIGNATURE_SIZE   16u /* NTLMSSP_MESSAGE_SIGNATURE, [MS-NLMP] 2.2.2.9.2 */

/* What AV pairs say; names lend UTF-16LE from the message. */
struct ntlm_av {
    struct nt_blob nb_computer, nb_domain, dns_computer, dns_domain, target_name, channel_bindings;
    bool has_timestamp, has_flags;
    uint64_t timestamp;
    uint32_t flags; /* all AV_FLAGS pairs together: a second one cannot hide the first (CVE-2019-1166) */
};

struct ntlm_challenge {
    uint32_t flags;
    uint8_t challenge[8];
    struct nt_blob target_info;
    struct ntlm_av av;
};

struct ntlm_auth {
    uint32_t flags;
    struct nt_blob lm, nt, domain, user, workstation, key;
    uint8_t mic[16];
    bool has_mic_field;
    /* from the NTLMv2 response */
    struct nt_blob proof, temp;
    struct ntlm_av av;
};

enum nt_status ntlm_parse_negotiate(struct nt_blob in, uint32_t *ret_flags);
enum nt_status ntlm_parse_challenge(struct nt_blob in, struct ntlm_challenge *ret);
enum nt_status ntlm_parse_auth(struct nt_blob in, struct ntlm_auth *ret);
enum nt_status ntlm_parse_av(struct nt_blob in, struct ntlm_av *ret);

void ntlm_put_header(struct wr *w, uint32_t type);
void ntlm_put_version(struct wr *w);
/* A length, maximum and offset triple; `len` bytes will be at offset `at`. */
void ntlm_put_fields(struct wr *w, size_t len, size_t at);
void ntlm_put_av(struct wr *w, uint16_t id, const void *value, size_t len);
void ntlm_put_av_name(struct wr *w, uint16_t id, const char *utf8);

/* NTOWFv2, [MS-NLMP] 3.3.2; user (in upper case) and domain as UTF-16LE. */
void ntlm_v2_key(const uint8_t nt_hash[16], struct nt_blob upper_user, struct nt_blob domain,
                 uint8_t ret[16]);
/* NTProofStr over server challenge and temp, and the SessionBaseKey. */
void ntlm_v2_proof(const uint8_t key[16], const uint8_t challenge[8], struct nt_blob temp,
                   uint8_t ret_proof[16], uint8_t ret_base_key[16]);
/* `auth` has zeros where the MIC goes. */
void ntlm_mic(const uint8_t exported[16], struct nt_blob negotiate, struct nt_blob challenge,
              struct nt_blob auth, uint8_t ret[16]);

/* One direction of session security, [MS-NLMP] 3.4. */
struct ntlm_dir {
    struct hmac_md5_ctx sign; /* keyed by the SignKey */
    struct arcfour_ctx seal;  /* key stream of the SealKey; goes on from message to message */
    uint8_t seal_key[16];
    uint32_t seq;
};

enum ntlm_state {
    NTLM_START,     /* client: sends NEGOTIATE; acceptor: awaits it */
    NTLM_EXCHANGED, /* client: awaits CHALLENGE; acceptor: awaits AUTHENTICATE */
    NTLM_READY,
    NTLM_FAILED,
};

struct ntlm_ctx {
    struct sec_ctx base;
    enum sec_role role;
    enum ntlm_state state;
    unsigned wanted;  /* SEC_FLAG_* asked for */
    unsigned granted; /* SEC_FLAG_*, once ready */
    uint32_t offered; /* flags of the NEGOTIATE */
    uint32_t flags;   /* flags of the CHALLENGE, then negotiated */
    struct sec_creds *creds;
    bool anonymous, has_bindings;
    uint8_t bindings[16];
    char *service, *host;
    const struct sec_acceptor *acceptor;
    const struct nt_env *env;
    struct nt_error *err;
    struct wr negotiate, challenge; /* as they were on the wire, for the MIC */
    uint8_t server_challenge[8];
    uint64_t timestamp; /* acceptor: the one sent */
    uint8_t exported[16];
    struct ntlm_dir tx, rx;
    const char *peer_address;
    struct sec_claim *claim; /* NULL: nobody wants it */
    struct sec_token *token; /* acceptor, once ready */
};

/* Keys for both directions from the ExportedSessionKey. */
void ntlm_set_keys(struct ntlm_ctx *c);
enum nt_status ntlm_protect(struct sec_ctx *c, enum sec_level level, struct sec_iov *iov, size_t n);
enum nt_status ntlm_unprotect(struct sec_ctx *c, enum sec_level level, struct sec_iov *iov, size_t n);

enum nt_status ntlm_client_step(struct ntlm_ctx *c, struct nt_blob in, struct wr *out);
enum nt_status ntlm_server_step(struct ntlm_ctx *c, struct nt_blob in, struct wr *out);

#endif
