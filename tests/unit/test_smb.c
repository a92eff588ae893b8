// SPDX-License-Identifier: Apache-2.0
/* Codec, keys, signing and encryption of SMB 2 and 3. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* cmocka last */
#include <cmocka.h>
#include "smb/smb.h"

/* ---- keys and protection: expected values from an independent implementation (Python's cryptography, and
 * impacket for the key derivation) of [MS-SMB2] 3.1.4.1 to 3.1.4.3, for the inputs that are made below ----
 */

static const uint8_t sig_hmac[16] = {
    0x23, 0xc3, 0xde, 0xea, 0xd4, 0xd8, 0xbd, 0x3f, 0x85, 0xe1, 0xa4, 0xcc, 0xba, 0x9f, 0x91, 0x20,
};
static const uint8_t sig_cmac30[16] = {
    0x80, 0xd2, 0xb3, 0x14, 0xc6, 0xb1, 0x9b, 0x44, 0x01, 0x40, 0x92, 0xfc, 0xd3, 0xa4, 0xc0, 0x70,
};
static const uint8_t sig_cmac311[16] = {
    0x82, 0x7e, 0x02, 0x67, 0x4d, 0x6a, 0x4a, 0xeb, 0x00, 0x33, 0xf6, 0x2b, 0x6b, 0x67, 0xcb, 0x51,
};
static const uint8_t sig_gmac_client[16] = {
    0x14, 0x67, 0xb0, 0x1e, 0x89, 0x7d, 0x88, 0x12, 0x10, 0xa9, 0x57, 0xba, 0xa8, 0x5a, 0x4d, 0xb1,
};
static const uint8_t sig_gmac_server[16] = {
    0x7e, 0x9c, 0x77, 0x26, 0x3e, 0x30, 0x4e, 0x72, 0x8f, 0x14, 0x25, 0x44, 0x78, 0x6e, 0x87, 0x67,
};
static const uint8_t sig_gmac_cancel[16] = {
    0x0f, 0x45, 0x76, 0xfe, 0xaa, 0x13, 0xe0, 0xe3, 0xb8, 0xdb, 0xe7, 0x77, 0x70, 0xe9, 0xe3, 0xbf,
};
static const uint8_t app30[16] = {
    0x20, 0x61, 0xe3, 0x1c, 0xbe, 0x99, 0xe5, 0xc6, 0x49, 0x3e, 0x3f, 0xbb, 0xd4, 0xfa, 0xf4, 0x95,
};
static const uint8_t app311[16] = {
    0x67, 0x51, 0x4b, 0x55, 0x62, 0xe8, 0x42, 0x84, 0x79, 0x8a, 0xc9, 0x0e, 0xe2, 0xc8, 0xef, 0x4e,
};
static const uint8_t sealed30_ccm[153] = {
    0xfd, 0x53, 0x4d, 0x42, 0xf9, 0xb4, 0x30, 0xbe, 0x78, 0x53, 0x44, 0xcb, 0x5c, 0xa5, 0xef, 0x03, 0x2b,
    0x5c, 0x4b, 0xbf, 0x0c, 0x0b, 0x0a, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x65, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22,
    0x11, 0xc0, 0x60, 0xf4, 0x58, 0xc4, 0x0f, 0xc5, 0x15, 0x2e, 0x35, 0xbb, 0x64, 0x5a, 0x37, 0x2c, 0x0f,
    0x54, 0x9f, 0x1f, 0xb8, 0xdd, 0xd5, 0x40, 0xc8, 0x94, 0x03, 0xa2, 0x54, 0x75, 0x29, 0x44, 0x68, 0x90,
    0xa0, 0x83, 0xb8, 0xa1, 0xd4, 0x66, 0x22, 0xff, 0x16, 0x2e, 0xe2, 0x85, 0xc6, 0x90, 0x3d, 0x1a, 0xf7,
    0x82, 0x9d, 0x3a, 0xeb, 0x6e, 0x33, 0x28, 0x42, 0x7a, 0x05, 0x95, 0xdb, 0x23, 0x4d, 0x94, 0xe6, 0x73,
    0x9d, 0x8f, 0x12, 0x9f, 0x97, 0x97, 0xbd, 0x95, 0x28, 0x51, 0x78, 0x1c, 0x59, 0xa5, 0xb6, 0x24, 0x7e,
    0xb1, 0x8c, 0xb4, 0x0a, 0x16, 0x36, 0x6c, 0x8d, 0x4a, 0x19, 0x44, 0x48, 0x1b, 0x97, 0x03, 0xef, 0xb7,
};
static const uint8_t sealed128_ccm[153] = {
    0xfd, 0x53, 0x4d, 0x42, 0xac, 0x19, 0x9b, 0x3b, 0x68, 0x47, 0x19, 0x75, 0xb6, 0x86, 0x49, 0xa4, 0xcd,
    0xc0, 0x54, 0x0a, 0x0c, 0x0b, 0x0a, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x65, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22,
    0x11, 0x8b, 0x82, 0xb1, 0x78, 0x15, 0xa0, 0x8d, 0x58, 0xcb, 0x71, 0xfe, 0x4c, 0x81, 0x9f, 0xa9, 0xb5,
    0xe8, 0x4f, 0xf9, 0xf2, 0x03, 0xfc, 0xea, 0xae, 0xa7, 0x84, 0x49, 0x72, 0x1f, 0xd9, 0x39, 0x51, 0x52,
    0xd4, 0x34, 0xfa, 0x92, 0xdb, 0x3d, 0x85, 0x0d, 0x29, 0xc3, 0x56, 0x53, 0x98, 0xdf, 0x23, 0x2b, 0x0a,
    0x75, 0x0c, 0xc3, 0x54, 0x61, 0x9e, 0x55, 0x2b, 0x70, 0x78, 0xc7, 0x0d, 0x98, 0xdb, 0x9b, 0x36, 0x0a,
    0x30, 0x89, 0x4d, 0x18, 0x7a, 0x33, 0xfc, 0xeb, 0x5d, 0x0b, 0x04, 0xdd, 0x78, 0x5d, 0x18, 0xee, 0xef,
    0x95, 0x4c, 0x6a, 0x0b, 0x73, 0x2a, 0xcd, 0x70, 0xbc, 0x68, 0x14, 0xc1, 0x0d, 0xff, 0xf3, 0x52, 0xf5,
};
static const uint8_t sealed128_gcm[153] = {
    0xfd, 0x53, 0x4d, 0x42, 0x7f, 0xe0, 0xbf, 0x66, 0xf5, 0xe1, 0x32, 0xe7, 0x6f, 0x2b, 0xf9, 0x5e, 0x4d,
    0x6b, 0x09, 0x36, 0x0c, 0x0b, 0x0a, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x65, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22,
    0x11, 0x38, 0x76, 0xd5, 0x05, 0x30, 0x76, 0x20, 0x04, 0x51, 0x0f, 0xaf, 0xe0, 0xbd, 0x56, 0x36, 0x47,
    0xd2, 0x12, 0x8a, 0x43, 0x37, 0x93, 0x5c, 0xac, 0xef, 0xf1, 0x7c, 0xd3, 0x61, 0xe5, 0xe9, 0xc8, 0x54,
    0x1e, 0xa3, 0x3a, 0xec, 0x22, 0xaf, 0x75, 0x8c, 0xf9, 0xbb, 0x58, 0x1a, 0x73, 0x16, 0x08, 0xd2, 0x6b,
    0x51, 0x41, 0x14, 0x42, 0x62, 0x97, 0x97, 0xe7, 0xf9, 0xee, 0x21, 0x7c, 0x3c, 0xc1, 0x2b, 0x7d, 0xab,
    0x14, 0xf4, 0xd2, 0x8d, 0xa2, 0xdb, 0x46, 0xfc, 0xa8, 0xe0, 0xc8, 0x19, 0xd5, 0x3c, 0x16, 0x49, 0x7c,
    0xfa, 0x0f, 0xc6, 0x49, 0x6b, 0x3c, 0xef, 0x5e, 0xce, 0xd8, 0x20, 0xef, 0x61, 0xae, 0x33, 0x70, 0x77,
};
static const uint8_t sealed256_ccm[153] = {
    0xfd, 0x53, 0x4d, 0x42, 0xca, 0xb1, 0xc0, 0x44, 0x03, 0xe4, 0x8d, 0x98, 0x32, 0x1f, 0xe0, 0x34, 0x6c,
    0xff, 0xd2, 0x1f, 0x0c, 0x0b, 0x0a, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x65, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22,
    0x11, 0x7d, 0x49, 0x7d, 0x00, 0x17, 0x9e, 0xfc, 0x3d, 0x1c, 0x13, 0x74, 0x14, 0x1c, 0xc5, 0x59, 0xc5,
    0x37, 0x71, 0x42, 0x51, 0xc2, 0x34, 0xbb, 0x90, 0x18, 0x04, 0x9b, 0x13, 0x92, 0xba, 0x70, 0x07, 0xe4,
    0x55, 0x1f, 0x1b, 0x93, 0x6a, 0xdd, 0x3a, 0x5c, 0x8f, 0x5f, 0x07, 0xfa, 0xc1, 0x8b, 0xac, 0xb2, 0xca,
    0xa6, 0xba, 0x51, 0xae, 0x4f, 0xaa, 0x5a, 0x0a, 0x2a, 0xac, 0x32, 0xe1, 0x65, 0xc5, 0x27, 0xac, 0xe3,
    0x77, 0xfa, 0x93, 0xe7, 0xb7, 0xd1, 0xcd, 0xb1, 0xec, 0x94, 0x7b, 0x1b, 0xbd, 0x77, 0x88, 0xe6, 0xf9,
    0x0a, 0x65, 0xbf, 0xfc, 0x54, 0x57, 0x11, 0xf7, 0x8f, 0x55, 0x7a, 0x8f, 0x94, 0x38, 0x3d, 0x56, 0xfc,
};
static const uint8_t sealed256_gcm[153] = {
    0xfd, 0x53, 0x4d, 0x42, 0xd2, 0x7f, 0x6d, 0xbe, 0xe5, 0x69, 0xbc, 0xb7, 0x3e, 0x3b, 0xdb, 0xf6, 0xba,
    0xc8, 0xd5, 0x9c, 0x0c, 0x0b, 0x0a, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x65, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22,
    0x11, 0x7e, 0xe3, 0x55, 0x55, 0xec, 0x97, 0x81, 0x13, 0x66, 0xed, 0x33, 0xf8, 0x63, 0x00, 0xca, 0x52,
    0x0b, 0x6b, 0x98, 0x20, 0xe6, 0x88, 0xc7, 0x50, 0x5f, 0xd2, 0x4b, 0xdf, 0xcc, 0xc5, 0xde, 0x37, 0x43,
    0xdb, 0xdc, 0xfd, 0x12, 0xbc, 0xb8, 0x8e, 0x83, 0x4b, 0x90, 0xd1, 0xc2, 0x06, 0x51, 0x90, 0x47, 0x47,
    0x17, 0x32, 0xf1, 0x3d, 0x2a, 0xc8, 0x4f, 0x0d, 0xd0, 0xfe, 0xa5, 0xc8, 0xe7, 0x9b, 0x59, 0x72, 0x53,
    0xf1, 0xc4, 0x10, 0x2d, 0x50, 0xdb, 0xb2, 0xb2, 0x54, 0x25, 0x2b, 0x62, 0x5c, 0x46, 0xaa, 0xff, 0x54,
    0x3f, 0x5c, 0x08, 0x8f, 0xc2, 0xa7, 0x7d, 0x78, 0x3f, 0x5b, 0xaf, 0x7c, 0xf9, 0x69, 0x45, 0x90, 0x7d,
};
static const uint8_t preauth2[64] = {
    0x53, 0x9c, 0x8c, 0x0f, 0x0e, 0x54, 0x90, 0xe6, 0x00, 0x1c, 0xd0, 0xf9, 0xa6, 0xe0, 0x25, 0xeb,
    0x1d, 0x4f, 0xce, 0x72, 0x6b, 0x16, 0x87, 0x5a, 0x6f, 0xd2, 0xce, 0x9f, 0x04, 0x7a, 0xeb, 0x00,
    0xe8, 0xf3, 0x1c, 0x68, 0x34, 0x15, 0x05, 0xbf, 0x60, 0xa8, 0xe2, 0xac, 0xad, 0x84, 0xa7, 0xcc,
    0x26, 0x72, 0xb2, 0x9d, 0x36, 0x14, 0x02, 0xb2, 0xf7, 0x0b, 0xef, 0xa8, 0x6c, 0xb0, 0x66, 0x07,
};

enum { MESSAGE = SMB_HDR + 37 };

static void make_message(uint8_t msg[MESSAGE])
{
    struct smb_hdr h = { .command = SMB_IOCTL,
                         .flags = SMB_FLAG_SIGNED,
                         .mid = 0x0102,
                         .session_id = UINT64_C(0x1122334455667788) };
    smb_put_hdr(msg, &h);
    for (unsigned i = 0; i < 37; i++)
        msg[SMB_HDR + i] = (uint8_t)(i ^ 0x55);
}

static void make_keys(struct smb_keys *k, enum npc_dialect d, enum npc_cipher c, enum npc_signing_alg a,
                      bool server)
{
    uint8_t key[32], preauth[64];
    bool v311 = d == NPC_SMB_3_1_1;
    for (unsigned i = 0; i < 32; i++)
        key[i] = (uint8_t)(v311 ? 0x40 + i : i);
    for (unsigned i = 0; i < 64; i++)
        preauth[i] = (uint8_t)(i * 3);
    memset(k, 0, sizeof *k);
    smb_derive_keys(k, d, c, a, (struct nt_blob){ key, v311 ? 32 : 16 }, preauth, server);
}

static void signing(void **state)
{
    static const struct {
        enum npc_dialect d;
        enum npc_signing_alg a;
        bool server;
        uint16_t command;
        const uint8_t *want;
    } t[] = {
        { NPC_SMB_2_0_2, NPC_HMAC_SHA256, false, SMB_IOCTL, sig_hmac },
        { NPC_SMB_2_1, NPC_HMAC_SHA256, true, SMB_IOCTL, sig_hmac },
        { NPC_SMB_3_0, NPC_AES_CMAC, false, SMB_IOCTL, sig_cmac30 },
        { NPC_SMB_3_0_2, NPC_AES_CMAC, true, SMB_IOCTL, sig_cmac30 },
        { NPC_SMB_3_1_1, NPC_AES_CMAC, false, SMB_IOCTL, sig_cmac311 },
        { NPC_SMB_3_1_1, NPC_AES_GMAC, false, SMB_IOCTL, sig_gmac_client },
        { NPC_SMB_3_1_1, NPC_AES_GMAC, true, SMB_IOCTL, sig_gmac_server },
        { NPC_SMB_3_1_1, NPC_AES_GMAC, false, SMB_CANCEL, sig_gmac_cancel },
    };
    (void)state;
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct smb_keys k;
        uint8_t msg[MESSAGE], keep[MESSAGE];
        make_keys(&k, t[i].d, NPC_CIPHER_NONE, t[i].a, false);
        for (int round = 0; round < 2; round++) { /* a key schedule may be used again */
            make_message(msg);
            put_le16(msg + 12, t[i].command);
            assert_true(smb_sign_message(&k.signer, msg, sizeof msg, t[i].server));
            assert_memory_equal(msg + 48, t[i].want, 16);
        }
        memcpy(keep, msg, sizeof msg);
        assert_true(smb_check_signature(&k.signer, msg, sizeof msg, t[i].server));
        for (size_t at = 0; at < sizeof msg; at++) { /* no byte may change */
            memcpy(msg, keep, sizeof msg);
            msg[at] ^= 0x10;
            assert_false(smb_check_signature(&k.signer, msg, sizeof msg, t[i].server));
        }
        memcpy(msg, keep, sizeof msg);
        if (t[i].a == NPC_AES_GMAC) /* nor may a message be sent back to its sender */
            assert_false(smb_check_signature(&k.signer, msg, sizeof msg, !t[i].server));
        smb_keys_done(&k);
    }
}

static void application_keys(void **state)
{
    struct smb_keys k;
    (void)state;
    make_keys(&k, NPC_SMB_3_0, NPC_CIPHER_NONE, NPC_AES_CMAC, false);
    assert_memory_equal(k.application, app30, 16);
    make_keys(&k, NPC_SMB_3_1_1, NPC_AES256_GCM, NPC_AES_CMAC, false);
    assert_memory_equal(k.application, app311, 16);
    make_keys(&k, NPC_SMB_2_1, NPC_CIPHER_NONE, NPC_HMAC_SHA256, false);
    assert_memory_equal(k.application, k.session, 16);
    for (unsigned i = 0; i < 16; i++)
        assert_int_equal(k.session[i], i);
    /* a short key is padded with zeros ([MS-SMB2] 3.2.5.3.1) */
    smb_derive_keys(&k, NPC_SMB_2_1, NPC_CIPHER_NONE, NPC_HMAC_SHA256,
                    (struct nt_blob){ (const uint8_t *)"abcdefgh", 8 }, preauth2, false);
    assert_memory_equal(k.session, "abcdefgh\0\0\0\0\0\0\0\0", 16);
}

static void encryption(void **state)
{
    static const struct {
        enum npc_dialect d;
        enum npc_cipher c;
        const uint8_t *want;
    } t[] = {
        { NPC_SMB_3_0, NPC_AES128_CCM, sealed30_ccm },    { NPC_SMB_3_0_2, NPC_AES128_CCM, sealed30_ccm },
        { NPC_SMB_3_1_1, NPC_AES128_CCM, sealed128_ccm }, { NPC_SMB_3_1_1, NPC_AES128_GCM, sealed128_gcm },
        { NPC_SMB_3_1_1, NPC_AES256_CCM, sealed256_ccm }, { NPC_SMB_3_1_1, NPC_AES256_GCM, sealed256_gcm },
    };
    (void)state;
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct smb_keys client, server;
        uint8_t wire[SMB_TRANSFORM + MESSAGE], msg[MESSAGE], keep[sizeof wire];
        make_keys(&client, t[i].d, t[i].c, NPC_AES_CMAC, false);
        make_keys(&server, t[i].d, t[i].c, NPC_AES_CMAC, true);
        make_message(msg);
        for (int round = 0; round < 2; round++) {
            memcpy(wire + SMB_TRANSFORM, msg, MESSAGE);
            assert_true(smb_seal(&client.seal, wire, wire + SMB_TRANSFORM, MESSAGE, 0x0a0b0c,
                                 UINT64_C(0x1122334455667788)));
            assert_memory_equal(wire, t[i].want, sizeof wire);
        }
        memcpy(keep, wire, sizeof wire);
        assert_true(smb_unseal(&server.open, wire, wire + SMB_TRANSFORM, MESSAGE));
        assert_memory_equal(wire + SMB_TRANSFORM, msg, MESSAGE);
        memcpy(wire, keep, sizeof wire);
        assert_false(
            smb_unseal(&client.open, wire, wire + SMB_TRANSFORM, MESSAGE)); /* not its own direction */
        for (size_t at = 4; at < sizeof wire; at++) {
            memcpy(wire, keep, sizeof wire);
            wire[at] ^= 0x20;
            assert_false(smb_unseal(&server.open, wire, wire + SMB_TRANSFORM, MESSAGE));
        }
        memcpy(wire, keep, sizeof wire);
        assert_false(smb_unseal(&server.open, wire, wire + SMB_TRANSFORM, MESSAGE - 1));
        smb_keys_done(&client);
        smb_keys_done(&server);
    }
    struct smb_cipher none = { .id = NPC_CIPHER_NONE };
    uint8_t t0[SMB_TRANSFORM] = { 0 }, m[4] = { 0 };
    assert_false(smb_unseal(&none, t0, m, sizeof m));
}

static void preauthentication(void **state)
{
    uint8_t v[64] = { 0 };
    (void)state;
    smb_preauth(v, "request", 7);
    smb_preauth(v, "response", 8);
    assert_memory_equal(v, preauth2, 64);
}

/* ---- codec ---- */

/* A writer with a header already in it, at an odd place so that offsets must be counted from the header. */
static void begin(struct wr *w)
{
    struct smb_hdr h = { .command = 1 };
    wr_init(w, SMB_MAX_MESSAGE);
    wr_zero(w, 5);
    uint8_t *p = wr_room(w, SMB_HDR);
    assert_non_null(p);
    smb_put_hdr(p, &h);
}

static const uint8_t *msg_of(const struct wr *w)
{
    assert_int_equal(w->st, STATUS_SUCCESS);
    return w->base + 5;
}

static size_t len_of(const struct wr *w)
{
    return w->len - 5;
}

/* Runs a get function over every shorter form of a message, in a buffer of that very size: none may read
 * behind it, and those before `least` must fail. */
#define EACH_CUT(w, least, call)                                                                             \
    for (size_t cut_ = 0; cut_ <= len_of(w); cut_++) {                                                       \
        uint8_t *msg = malloc(cut_ ? cut_ : 1);                                                              \
        size_t len = cut_;                                                                                   \
        assert_non_null(msg);                                                                                \
        memcpy(msg, msg_of(w), cut_);                                                                        \
        enum nt_status st_ = (call);                                                                         \
        if (cut_ < (least))                                                                                  \
            assert_int_equal(st_, STATUS_INVALID_NETWORK_RESPONSE);                                          \
        else                                                                                                 \
            assert_int_equal(st_, STATUS_SUCCESS);                                                           \
        free(msg);                                                                                           \
    }

static void header(void **state)
{
    struct smb_hdr h = { .credit_charge = 3,
                         .command = 11,
                         .credits = 77,
                         .status = 0xc0000022,
                         .flags = 9,
                         .next = 128,
                         .mid = UINT64_C(0x0102030405060708),
                         .tree_id = 0x11223344,
                         .session_id = UINT64_C(0xa1a2a3a4a5a6a7a8) },
                   got;
    static const uint8_t want[SMB_HDR] = {
        0xfe, 'S', 'M', 'B', 64,   0,    3,    0,    0x22, 0,    0,    0xc0, 11,   0,    77,   0,
        9,    0,   0,   0,   128,  0,    0,    0,    8,    7,    6,    5,    4,    3,    2,    1,
        0,    0,   0,   0,   0x44, 0x33, 0x22, 0x11, 0xa8, 0xa7, 0xa6, 0xa5, 0xa4, 0xa3, 0xa2, 0xa1,
    };
    uint8_t b[SMB_HDR];
    (void)state;
    smb_put_hdr(b, &h);
    assert_memory_equal(b, want, SMB_HDR);
    assert_int_equal(smb_get_hdr(b, SMB_HDR, &got), STATUS_SUCCESS);
    assert_true(got.credit_charge == h.credit_charge && got.command == h.command &&
                got.credits == h.credits && got.status == h.status && got.flags == h.flags &&
                got.next == h.next && got.mid == h.mid && got.tree_id == h.tree_id &&
                got.session_id == h.session_id);
    h.flags |= SMB_FLAG_ASYNC;
    h.tree_id = 0;
    h.async_id = UINT64_C(0x9988776655443322);
    smb_put_hdr(b, &h);
    assert_int_equal(smb_get_hdr(b, SMB_HDR, &got), STATUS_SUCCESS);
    assert_int_equal(got.async_id, h.async_id);
    assert_int_equal(got.tree_id, 0);
    assert_int_equal(smb_get_hdr(b, SMB_HDR - 1, &got), STATUS_INVALID_NETWORK_RESPONSE);
    b[4] = 65;
    assert_int_equal(smb_get_hdr(b, SMB_HDR, &got), STATUS_INVALID_NETWORK_RESPONSE);
    b[4] = 64;
    b[0] = 0xff;
    assert_int_equal(smb_get_hdr(b, SMB_HDR, &got), STATUS_INVALID_NETWORK_RESPONSE);
}

static void frames(void **state)
{
    uint8_t b[SMB_FRAME];
    size_t n;
    (void)state;
    smb_put_frame(b, 0x012345);
    assert_memory_equal(b, "\0\x01\x23\x45", 4);
    smb_put_frame(b, SMB_HDR);
    assert_int_equal(smb_get_frame(b, &n), STATUS_SUCCESS);
    assert_int_equal(n, SMB_HDR);
    smb_put_frame(b, SMB_MAX_MESSAGE);
    assert_int_equal(smb_get_frame(b, &n), STATUS_SUCCESS);
    smb_put_frame(b, SMB_MAX_MESSAGE + 1);
    assert_int_equal(smb_get_frame(b, &n), STATUS_INVALID_NETWORK_RESPONSE);
    smb_put_frame(b, SMB_HDR - 1);
    assert_int_equal(smb_get_frame(b, &n), STATUS_INVALID_NETWORK_RESPONSE);
    smb_put_frame(b, SMB_HDR);
    b[0] = 0x81; /* NetBIOS session request */
    assert_int_equal(smb_get_frame(b, &n), STATUS_INVALID_NETWORK_RESPONSE);
}

static void errors(void **state)
{
    struct wr w;
    struct smb_error e = { 0, { NULL, 0 } }, got;
    (void)state;
    begin(&w);
    smb_put_error(&w, &e, true);
    assert_int_equal(len_of(&w), SMB_HDR + 9);
    EACH_CUT(&w, SMB_HDR + 8, smb_get_error(msg, len, &got));
    assert_int_equal(smb_get_error(msg_of(&w), len_of(&w), &got), STATUS_SUCCESS);
    assert_int_equal(got.data.len, 0);
    wr_free(&w);
    e = (struct smb_error){ 0x72645253, { (const uint8_t *)"share", 5 } };
    for (int contexts = 0; contexts < 2; contexts++) {
        begin(&w);
        smb_put_error(&w, &e, contexts);
        EACH_CUT(&w, len_of(&w), smb_get_error(msg, len, &got));
        assert_int_equal(smb_get_error(msg_of(&w), len_of(&w), &got), STATUS_SUCCESS);
        assert_int_equal(got.data.len, 5);
        assert_memory_equal(got.data.data, "share", 5);
        assert_int_equal(got.id, contexts ? e.id : 0);
        wr_free(&w);
    }
}

static void empty_bodies(void **state)
{
    struct wr w;
    (void)state;
    begin(&w);
    smb_put_empty(&w);
    EACH_CUT(&w, SMB_HDR + 4, smb_get_empty(msg, len));
    wr_free(&w);
}

static const struct smb_negotiate_req full_request = {
    .mode = SMB_MODE_SIGN,
    .caps = SMB_CAP_LARGE_MTU | SMB_CAP_ENCRYPTION,
    .guid = { 1, 2, 3 },
    .dialects = { 0x0202, 0x0210, 0x0300, 0x0302, 0x0311 },
    .n_dialects = 5,
    .hashes = { SMB_HASH_SHA512 },
    .n_hashes = 1,
    .ciphers = { 4, 2, 3, 1 },
    .n_ciphers = 4,
    .signing = { 2, 1, 0 },
    .n_signing = 3,
    .salt = { (const uint8_t *)"0123456789abcdef0123456789abcdef", 32 },
    .netname = { (const uint8_t *)"s\0r\0v\0", 6 },
};

static void negotiate_requests(void **state)
{
    struct smb_negotiate_req q = full_request, got;
    struct wr w;
    (void)state;
    begin(&w);
    smb_put_negotiate_req(&w, &q);
    EACH_CUT(&w, len_of(&w), smb_get_negotiate_req(msg, len, &got));
    assert_int_equal(smb_get_negotiate_req(msg_of(&w), len_of(&w), &got), STATUS_SUCCESS);
    assert_int_equal(got.mode, q.mode);
    assert_int_equal(got.caps, q.caps);
    assert_memory_equal(got.guid, q.guid, 16);
    assert_int_equal(got.n_dialects, 5);
    assert_memory_equal(got.dialects, q.dialects, 10);
    assert_int_equal(got.n_ciphers, 4);
    assert_memory_equal(got.ciphers, q.ciphers, 8);
    assert_int_equal(got.n_signing, 3);
    assert_memory_equal(got.signing, q.signing, 6);
    assert_int_equal(got.n_hashes, 1);
    assert_int_equal(got.salt.len, 32);
    assert_memory_equal(got.salt.data, q.salt.data, 32);
    assert_int_equal(got.netname.len, 6);
    assert_memory_equal(got.netname.data, q.netname.data, 6);
    /* contexts begin at multiples of 8 from the header */
    size_t at = le32(msg_of(&w) + SMB_HDR + 28);
    assert_int_equal(at % 8, 0);
    assert_int_equal(le16(msg_of(&w) + at), 1);
    assert_int_equal(le16(msg_of(&w) + SMB_HDR + 32), 4);
    wr_free(&w);
    q.n_dialects = 2; /* nothing of this without 3.1.1 */
    begin(&w);
    smb_put_negotiate_req(&w, &q);
    assert_int_equal(len_of(&w), SMB_HDR + 36 + 4);
    assert_int_equal(le64(msg_of(&w) + SMB_HDR + 28), 0);
    wr_free(&w);
}

static const struct smb_negotiate_rsp full_response = {
    .mode = 3,
    .dialect = 0x0311,
    .caps = 0x47,
    .guid = { 9, 8, 7 },
    .max_transact = 1 << 20,
    .max_read = 2 << 20,
    .max_write = 3 << 20,
    .time = 123456789,
    .start_time = 5,
    .token = { (const uint8_t *)"token", 5 },
    .has_cipher = true,
    .has_signing = true,
    .hash = SMB_HASH_SHA512,
    .cipher = 2,
    .signing = 1,
    .salt = { (const uint8_t *)"salt", 4 },
};

static void negotiate_responses(void **state)
{
    struct smb_negotiate_rsp p = full_response, got;
    struct wr w;
    (void)state;
    begin(&w);
    smb_put_negotiate_rsp(&w, &p);
    EACH_CUT(&w, len_of(&w), smb_get_negotiate_rsp(msg, len, &got));
    assert_int_equal(smb_get_negotiate_rsp(msg_of(&w), len_of(&w), &got), STATUS_SUCCESS);
    assert_int_equal(got.dialect, p.dialect);
    assert_int_equal(got.mode, p.mode);
    assert_int_equal(got.caps, p.caps);
    assert_memory_equal(got.guid, p.guid, 16);
    assert_int_equal(got.max_transact, p.max_transact);
    assert_int_equal(got.max_read, p.max_read);
    assert_int_equal(got.max_write, p.max_write);
    assert_int_equal(got.time, p.time);
    assert_int_equal(got.token.len, 5);
    assert_memory_equal(got.token.data, "token", 5);
    assert_true(got.has_cipher && got.has_signing);
    assert_int_equal(got.cipher, 2);
    assert_int_equal(got.signing, 1);
    assert_int_equal(got.hash, SMB_HASH_SHA512);
    /* the contexts: twice the same, none, two algorithms, offset into the middle of nowhere
     * ([MS-SMB2] 3.2.5.2) */
    uint8_t *m = w.base + 5;
    size_t at = le32(m + SMB_HDR + 60), n = len_of(&w);
    size_t cipher = (at + 8 + 2 + 2 + 2 + 4 + 7) & ~(size_t)7, sign = (cipher + 8 + 4 + 7) & ~(size_t)7;
    assert_int_equal(le16(m + cipher), 2);
    assert_int_equal(le16(m + sign), 8);
    put_le16(m + sign, 2); /* two cipher contexts */
    assert_int_equal(smb_get_negotiate_rsp(m, n, &got), STATUS_INVALID_NETWORK_RESPONSE);
    put_le16(m + sign, 0x1234); /* unknown: ignored */
    assert_int_equal(smb_get_negotiate_rsp(m, n, &got), STATUS_SUCCESS);
    assert_false(got.has_signing);
    put_le16(m + at, 0x1234); /* no preauthentication integrity */
    assert_int_equal(smb_get_negotiate_rsp(m, n, &got), STATUS_INVALID_NETWORK_RESPONSE);
    put_le16(m + at, 1);
    put_le16(m + at + 8, 2); /* two hashes */
    assert_int_equal(smb_get_negotiate_rsp(m, n, &got), STATUS_INVALID_NETWORK_RESPONSE);
    put_le16(m + at + 8, 0);
    assert_int_equal(smb_get_negotiate_rsp(m, n, &got), STATUS_INVALID_NETWORK_RESPONSE);
    put_le16(m + at + 8, 1);
    put_le16(m + cipher + 8, 0);
    assert_int_equal(smb_get_negotiate_rsp(m, n, &got), STATUS_INVALID_NETWORK_RESPONSE);
    put_le16(m + cipher + 8, 1);
    assert_int_equal(smb_get_negotiate_rsp(m, n, &got), STATUS_SUCCESS);
    put_le32(m + SMB_HDR + 60, (uint32_t)at + 4);
    assert_int_equal(smb_get_negotiate_rsp(m, n, &got), STATUS_INVALID_NETWORK_RESPONSE);
    put_le32(m + SMB_HDR + 60, 0xfffffff8);
    assert_int_equal(smb_get_negotiate_rsp(m, n, &got), STATUS_INVALID_NETWORK_RESPONSE);
    put_le32(m + SMB_HDR + 60, (uint32_t)at);
    put_le16(m + SMB_HDR + 6, 0xffff); /* count */
    assert_int_equal(smb_get_negotiate_rsp(m, n, &got), STATUS_INVALID_NETWORK_RESPONSE);
    wr_free(&w);
}

static void sessions(void **state)
{
    struct smb_setup_req q = { .mode = 1,
                               .caps = 2,
                               .previous_session = 77,
                               .token = { (const uint8_t *)"abc", 3 } },
                         gq;
    struct smb_setup_rsp p = { .flags = 4, .token = { (const uint8_t *)"defg", 4 } }, gp;
    struct wr w;
    (void)state;
    begin(&w);
    smb_put_setup_req(&w, &q);
    EACH_CUT(&w, len_of(&w), smb_get_setup_req(msg, len, &gq));
    assert_int_equal(smb_get_setup_req(msg_of(&w), len_of(&w), &gq), STATUS_SUCCESS);
    assert_int_equal(gq.previous_session, 77);
    assert_memory_equal(gq.token.data, "abc", 3);
    wr_free(&w);
    begin(&w);
    smb_put_setup_rsp(&w, &p);
    EACH_CUT(&w, len_of(&w), smb_get_setup_rsp(msg, len, &gp));
    assert_int_equal(smb_get_setup_rsp(msg_of(&w), len_of(&w), &gp), STATUS_SUCCESS);
    assert_int_equal(gp.flags, 4);
    assert_memory_equal(gp.token.data, "defg", 4);
    wr_free(&w);
}

static void trees(void **state)
{
    struct smb_tree_rsp p = { SMB_SHARE_PIPE, 0x8030, 0x10, 0x1f01ff }, got;
    struct nt_blob path;
    struct wr w;
    (void)state;
    begin(&w);
    assert_int_equal(smb_put_tree_req(&w, "\\\\s\xc3\xa4\\IPC$"), STATUS_SUCCESS);
    EACH_CUT(&w, len_of(&w), smb_get_tree_req(msg, len, &path));
    assert_int_equal(smb_get_tree_req(msg_of(&w), len_of(&w), &path), STATUS_SUCCESS);
    assert_int_equal(path.len, 18);
    assert_memory_equal(path.data, "\\\0\\\0s\0\xe4\0\\\0I\0P\0C\0$\0", 18);
    wr_free(&w);
    begin(&w);
    assert_int_equal(smb_put_tree_req(&w, "\xff"), STATUS_OBJECT_NAME_INVALID);
    wr_free(&w);
    begin(&w);
    smb_put_tree_rsp(&w, &p);
    EACH_CUT(&w, SMB_HDR + 16, smb_get_tree_rsp(msg, len, &got));
    assert_int_equal(smb_get_tree_rsp(msg_of(&w), len_of(&w), &got), STATUS_SUCCESS);
    assert_true(got.type == p.type && got.flags == p.flags && got.caps == p.caps && got.access == p.access);
    wr_free(&w);
}

static void files(void **state)
{
    struct smb_create_req q = { 2, 0x12019f, 0x80, 3, 1, 0x40, "pipe\xf0\x9f\x98\x80", { NULL, 0 } }, gq;
    struct smb_create_rsp p = { .action = 1, .attributes = 0x80 }, gp;
    static const uint8_t id[SMB_FILE_ID] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
    uint8_t got_id[SMB_FILE_ID];
    struct wr w;
    (void)state;
    begin(&w);
    assert_int_equal(smb_put_create_req(&w, &q), STATUS_SUCCESS);
    EACH_CUT(&w, len_of(&w), smb_get_create_req(msg, len, &gq));
    assert_int_equal(smb_get_create_req(msg_of(&w), len_of(&w), &gq), STATUS_SUCCESS);
    assert_true(gq.impersonation == 2 && gq.access == 0x12019f && gq.attributes == 0x80 && gq.share == 3 &&
                gq.disposition == 1 && gq.options == 0x40);
    assert_int_equal(gq.wire_name.len, 12);
    assert_memory_equal(gq.wire_name.data, "p\0i\0p\0e\0\x3d\xd8\x00\xde", 12);
    wr_free(&w);
    memcpy(p.file_id, id, sizeof id);
    begin(&w);
    smb_put_create_rsp(&w, &p);
    EACH_CUT(&w, SMB_HDR + 88, smb_get_create_rsp(msg, len, &gp));
    assert_int_equal(smb_get_create_rsp(msg_of(&w), len_of(&w), &gp), STATUS_SUCCESS);
    assert_true(gp.action == 1 && gp.attributes == 0x80 && gp.oplock == 0);
    assert_memory_equal(gp.file_id, id, sizeof id);
    wr_free(&w);
    begin(&w);
    smb_put_close_req(&w, id);
    EACH_CUT(&w, SMB_HDR + 24, smb_get_close_req(msg, len, got_id));
    assert_memory_equal(got_id, id, sizeof id);
    wr_free(&w);
    begin(&w);
    smb_put_close_rsp(&w);
    EACH_CUT(&w, SMB_HDR + 60, smb_get_close_rsp(msg, len));
    wr_free(&w);
}

static void reads_and_writes(void **state)
{
    struct smb_read_req rq = { 4096, 1, 77, { 5 } }, grq;
    struct smb_write_req wq = { { 6 }, 0, { (const uint8_t *)"payload", 7 } }, gwq;
    struct nt_blob data;
    uint32_t n;
    uint8_t fix[SMB_WRITE_FIX];
    struct wr w;
    (void)state;
    begin(&w);
    smb_put_read_req(&w, &rq);
    EACH_CUT(&w, SMB_HDR + 48, smb_get_read_req(msg, len, &grq));
    assert_int_equal(smb_get_read_req(msg_of(&w), len_of(&w), &grq), STATUS_SUCCESS);
    assert_true(grq.length == 4096 && grq.minimum == 1 && grq.offset == 77 && grq.file_id[0] == 5);
    wr_free(&w);
    begin(&w);
    smb_put_read_rsp(&w, wq.data);
    EACH_CUT(&w, len_of(&w), smb_get_read_rsp(msg, len, &data));
    assert_int_equal(smb_get_read_rsp(msg_of(&w), len_of(&w), &data), STATUS_SUCCESS);
    assert_int_equal(data.len, 7);
    assert_memory_equal(data.data, "payload", 7);
    w.base[5 + SMB_HDR + 2] = 0x40; /* data inside the header */
    assert_int_equal(smb_get_read_rsp(msg_of(&w), len_of(&w), &data), STATUS_INVALID_NETWORK_RESPONSE);
    wr_free(&w);
    begin(&w);
    smb_put_write_req(&w, &wq);
    smb_fill_write_req(fix, wq.file_id, 7);
    assert_memory_equal(fix, msg_of(&w) + SMB_HDR, sizeof fix);
    EACH_CUT(&w, len_of(&w), smb_get_write_req(msg, len, &gwq));
    assert_int_equal(smb_get_write_req(msg_of(&w), len_of(&w), &gwq), STATUS_SUCCESS);
    assert_memory_equal(gwq.data.data, "payload", 7);
    assert_int_equal(gwq.file_id[0], 6);
    wr_free(&w);
    begin(&w);
    smb_put_write_rsp(&w, 1234);
    EACH_CUT(&w, SMB_HDR + 16, smb_get_write_rsp(msg, len, &n));
    assert_int_equal(smb_get_write_rsp(msg_of(&w), len_of(&w), &n), STATUS_SUCCESS);
    assert_int_equal(n, 1234);
    wr_free(&w);
}

static void ioctls(void **state)
{
    struct smb_ioctl q = { FSCTL_PIPE_TRANSCEIVE, { 4 }, 65536, { (const uint8_t *)"request", 7 } }, got;
    struct smb_validate v = { 0x44, { 1 }, 1, { 0x202, 0x300 }, 2 }, gv;
    uint8_t fix[SMB_IOCTL_FIX];
    struct wr w;
    (void)state;
    begin(&w);
    smb_put_ioctl_req(&w, &q);
    smb_fill_ioctl_req(fix, &q);
    assert_memory_equal(fix, msg_of(&w) + SMB_HDR, sizeof fix);
    EACH_CUT(&w, len_of(&w), smb_get_ioctl_req(msg, len, &got));
    assert_int_equal(smb_get_ioctl_req(msg_of(&w), len_of(&w), &got), STATUS_SUCCESS);
    assert_true(got.code == q.code && got.max_out == 65536 && got.data.len == 7);
    assert_memory_equal(got.data.data, "request", 7);
    wr_free(&w);
    begin(&w);
    smb_put_ioctl_rsp(&w, &q);
    EACH_CUT(&w, len_of(&w), smb_get_ioctl_rsp(msg, len, &got));
    assert_int_equal(smb_get_ioctl_rsp(msg_of(&w), len_of(&w), &got), STATUS_SUCCESS);
    assert_memory_equal(got.data.data, "request", 7);
    put_le32(w.base + 5 + SMB_HDR + 32, 0x10); /* output inside the header */
    assert_int_equal(smb_get_ioctl_rsp(msg_of(&w), len_of(&w), &got), STATUS_INVALID_NETWORK_RESPONSE);
    put_le32(w.base + 5 + SMB_HDR + 32, 0xfffffff0);
    assert_int_equal(smb_get_ioctl_rsp(msg_of(&w), len_of(&w), &got), STATUS_INVALID_NETWORK_RESPONSE);
    wr_free(&w);
    for (int response = 0; response < 2; response++) {
        wr_init(&w, 100);
        v.n_dialects = response ? 1 : 2;
        smb_put_validate(&w, &v, response);
        assert_int_equal(w.len, response ? 24 : 28);
        assert_int_equal(smb_get_validate((struct nt_blob){ w.base, w.len }, response, &gv), STATUS_SUCCESS);
        assert_true(gv.caps == v.caps && gv.mode == 1 && gv.n_dialects == v.n_dialects &&
                    gv.dialects[0] == 0x202);
        assert_int_equal(smb_get_validate((struct nt_blob){ w.base, w.len - 1 }, response, &gv),
                         STATUS_INVALID_NETWORK_RESPONSE);
        wr_free(&w);
    }
    static const uint8_t wait[] = { 50, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 1, 0, 'a', 0, 'b', 0 };
    wr_init(&w, 100);
    assert_int_equal(smb_put_pipe_wait(&w, "ab", 50), STATUS_SUCCESS);
    assert_int_equal(w.len, sizeof wait);
    assert_memory_equal(w.base, wait, sizeof wait);
    wr_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signing),
        cmocka_unit_test(application_keys),
        cmocka_unit_test(encryption),
        cmocka_unit_test(preauthentication),
        cmocka_unit_test(header),
        cmocka_unit_test(frames),
        cmocka_unit_test(errors),
        cmocka_unit_test(empty_bodies),
        cmocka_unit_test(negotiate_requests),
        cmocka_unit_test(negotiate_responses),
        cmocka_unit_test(sessions),
        cmocka_unit_test(trees),
        cmocka_unit_test(files),
        cmocka_unit_test(reads_and_writes),
        cmocka_unit_test(ioctls),
    };
    return cmocka_run_group_tests_name("smb", tests, NULL, NULL);
}
