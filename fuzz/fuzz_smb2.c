// SPDX-License-Identifier: Apache-2.0
/*
 * The SMB client against a server whose answers the input changes: under a valid signature and encryption, so
 * that the parsers behind them are reached too, or as raw bytes.
 *
 * Input: one byte that picks dialect and algorithms, then for each answer an operation and its arguments (see
 * change); answers after the end of the input are honest.
 */
#include <stdlib.h>
#include <string.h>
#include "common/fake_smb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rd in;

enum { KEEP, BODY, PATCH, CUT, APPEND, RAW, DROP, N_OPS };

static uint8_t pending_op;

/* Before protection: the body behind the header, single bytes, the length. */
static bool change(struct fake_smb *f, const struct smb_hdr *req, struct wr *msg)
{
    (void)f;
    (void)req;
    pending_op = rd_left(&in) ? rd_u8(&in) % N_OPS : KEEP;
    size_t n, at;
    const uint8_t *p;
    switch (pending_op) {
    case BODY:
    case APPEND:
        n = rd_u16(&in);
        n = n < rd_left(&in) ? n : rd_left(&in);
        p = rd_bytes(&in, n);
        if (pending_op == BODY)
            msg->len = SMB_PREFIX + SMB_HDR;
        if (p)
            wr_bytes(msg, p, n);
        break;
    case PATCH:
        at = SMB_PREFIX + rd_u16(&in);
        n = rd_u8(&in);
        n = n < rd_left(&in) ? n : rd_left(&in);
        p = rd_bytes(&in, n);
        for (size_t i = 0; p && i < n && at + i < msg->len; i++)
            msg->base[at + i] = p[i];
        break;
    case CUT:
        n = SMB_PREFIX + rd_u16(&in);
        if (n < msg->len && n >= SMB_PREFIX + SMB_HDR)
            msg->len = n;
        break;
    default:
        break;
    }
    return msg->st == STATUS_SUCCESS && pending_op != DROP;
}

/* On the wire: other bytes altogether. */
static bool replace(struct fake_smb *f, const struct smb_hdr *req, struct wr *wire)
{
    (void)f;
    (void)req;
    if (pending_op != RAW)
        return true;
    size_t n = rd_u16(&in);
    n = n < rd_left(&in) ? n : rd_left(&in);
    const uint8_t *p = rd_bytes(&in, n);
    wire->len = 0;
    if (p)
        wr_bytes(wire, p, n);
    return n != 0;
}

static void use(struct npc_session *s)
{
    struct npc_pipe *p;
    struct nt_arena *mem = nt_arena_new(0);
    struct nt_blob ans;
    uint8_t buf[64];
    size_t n;
    if (mem && npc_pipe_open(s, "fuzz", NULL, &p) == STATUS_SUCCESS) {
        if (npc_pipe_transact(p, mem, "0123456789", 10, &ans) == STATUS_SUCCESS &&
            npc_pipe_write(p, "abc", 3) == STATUS_SUCCESS)
            (void)!npc_pipe_read(p, buf, sizeof buf, &n);
        npc_pipe_close(p);
    }
    nt_arena_free(mem);
}

static bool closed(void *arg)
{
    return ((struct fake_smb *)arg)->closed;
}

static void session(const struct fake_script *script, struct sec_creds *creds)
{
    struct io_mem_options mo = { .env = fake_env(), .start = 1000 };
    struct nt_error err;
    struct nt_loop *loop;
    struct npc_session *s;
    struct npc_options o = NPC_OPTIONS_INIT;
    struct fake_smb *f = fake_smb_new(script, fake_env());
    if (f && io_mem_loop_new(&mo, &loop) == STATUS_SUCCESS) {
        io_mem_on_dial(loop, fake_smb_accept, f);
        o.loop = loop;
        o.env = fake_env();
        o.creds = creds;
        o.error = &err;
        o.timeout_ms = 300;
        if (npc_session_open("fuzz", &o, &s) == STATUS_SUCCESS) {
            use(s);
            npc_session_unref(s);
            (void)!io_wait(loop, closed, f, io_loop_now(loop) + UINT64_C(60000000000), NULL);
        }
        for (int i = 0; i < 4; i++)
            (void)!nt_loop_run(loop, 0);
        fake_smb_free(f);
        nt_loop_free(loop);
    } else {
        fake_smb_free(f);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct fake_script scripts[] = {
        { .dialect = NPC_SMB_2_0_2 },
        { .dialect = NPC_SMB_2_1 },
        { .dialect = NPC_SMB_3_0, .cipher = NPC_AES128_CCM },
        { .dialect = NPC_SMB_3_0_2 },
        { .dialect = NPC_SMB_3_1_1, .signing = NPC_AES_GMAC },
        { .dialect = NPC_SMB_3_1_1, .signing = NPC_AES_CMAC, .cipher = NPC_AES256_GCM },
        { .dialect = NPC_SMB_3_1_1, .signing = NPC_HMAC_SHA256, .pending = 1 },
        { .dialect = NPC_SMB_3_1_1, .signing = NPC_AES_CMAC, .cipher = NPC_AES128_GCM, .first_piece = 4 },
    };
    static struct sec_creds *creds; /* the same for all inputs */
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    co.mech = SEC_MECH_NTLM;
    co.user = FAKE_USER;
    co.password = FAKE_PASSWORD;
    if (size == 0 || (!creds && sec_creds_new(&co, &creds, NULL) != STATUS_SUCCESS))
        return 0;
    struct fake_script script = scripts[data[0] % (sizeof scripts / sizeof scripts[0])];
    script.before = change;
    script.after = replace;
    rd_init(&in, data + 1, size - 1);
    session(&script, creds);
    return 0;
}
