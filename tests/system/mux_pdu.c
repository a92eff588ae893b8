// SPDX-License-Identifier: Apache-2.0
/*
 * Calls as whole PDUs by libnpc: mux_pdu SERVER COUNT [--ahead] [--keep] [--big] [--own]
 *
 * COUNT times each: srvsvc NetrRemoteTOD, lsarpc LsarOpenPolicy and LsarClose, samr SamrConnect and
 * SamrCloseHandle, each time on a pipe that is opened (or lent) for it and released. Prints for each pipe how
 * it was had the last time, and the status of the last call. --keep: one pipe, and before each call a line of
 * the standard input is awaited. --big: requests in big-endian byte order. --own: not by the muxer, as
 * PDU_USER with PDU_PASSWORD.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <msrpc/npc_pdu.h>

static bool big, ahead, own;

static void put16(uint8_t *p, unsigned v)
{
    p[big ? 1 : 0] = (uint8_t)v;
    p[big ? 0 : 1] = (uint8_t)(v >> 8);
}

static void put32(uint8_t *p, uint32_t v)
{
    put16(p + (big ? 2 : 0), v & 0xffff);
    put16(p + (big ? 0 : 2), v >> 16);
}

static uint32_t last32(const struct nt_blob *b)
{
    const uint8_t *p = b->data + b->len - 4;
    return b->data[4] & 0x10
               ? (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24
               : (uint32_t)p[3] | (uint32_t)p[2] << 8 | (uint32_t)p[1] << 16 | (uint32_t)p[0] << 24;
}

/* One call whose answer is one fragment that ends with a status. */
static enum nt_status call(struct npc_pdu *p, struct nt_arena *mem, unsigned opnum, const uint8_t *stub,
                           size_t len, struct nt_blob *ret)
{
    static uint32_t id = 100;
    uint8_t pdu[256] = { 5, 0, 0, 3, big ? 0 : 0x10 };
    put16(pdu + 8, (unsigned)(24 + len));
    put32(pdu + 12, ++id);
    put32(pdu + 16, (uint32_t)len);
    put16(pdu + 20, 9);
    put16(pdu + 22, opnum);
    memcpy(pdu + 24, stub, len);
    enum nt_status st = npc_pdu_send(p, pdu, 24 + len);
    if (st == STATUS_SUCCESS)
        st = npc_pdu_recv(p, mem, 0, ret);
    if (st != STATUS_SUCCESS)
        return st;
    const uint8_t *b = ret->data;
    uint32_t got =
        b[4] & 0x10 ? (uint32_t)b[12] | (uint32_t)b[13] << 8 | (uint32_t)b[14] << 16 | (uint32_t)b[15] << 24
                    : (uint32_t)b[15] | (uint32_t)b[14] << 8 | (uint32_t)b[13] << 16 | (uint32_t)b[12] << 24;
    if (got != id)
        return STATUS_INVALID_NETWORK_RESPONSE;
    return b[2] == 2 ? (enum nt_status)last32(ret) : STATUS_UNSUCCESSFUL;
}

static enum nt_status with_handle(struct npc_pdu *p, struct nt_arena *mem, unsigned open, const uint8_t *stub,
                                  size_t len, unsigned close)
{
    struct nt_blob ans;
    enum nt_status st = call(p, mem, open, stub, len, &ans);
    if (st != STATUS_SUCCESS || ans.len != 24 + 24)
        return st == STATUS_SUCCESS ? STATUS_INVALID_NETWORK_RESPONSE : st;
    uint8_t handle[20];
    memcpy(handle, ans.data + 24,
           sizeof handle); /* the numbers in it are the server's affair, but for their order */
    if (big != !(ans.data[4] & 0x10)) {
        uint8_t t[8];
        memcpy(t, handle, 8);
        for (int i = 0; i < 4; i++) {
            handle[i] = t[3 - i];
        }
        memcpy(t, handle + 4, 8);
        for (int i = 0; i < 4; i++)
            handle[4 + i] = t[3 - i];
        handle[8] = t[5], handle[9] = t[4], handle[10] = t[7], handle[11] = t[6];
    }
    return call(p, mem, close, handle, sizeof handle, &ans);
}

static enum nt_status srvsvc(struct npc_pdu *p, struct nt_arena *mem)
{
    static const uint8_t no_name[4];
    struct nt_blob ans;
    return call(p, mem, 28, no_name, sizeof no_name, &ans);
}

static enum nt_status lsarpc(struct npc_pdu *p, struct nt_arena *mem)
{
    uint8_t stub[32] = { 0 };
    put32(stub + 4, 24);
    put32(stub + 28, 0x00000001); /* POLICY_VIEW_LOCAL_INFORMATION */
    return with_handle(p, mem, 6, stub, sizeof stub, 0);
}

static enum nt_status samr(struct npc_pdu *p, struct nt_arena *mem)
{
    uint8_t stub[8] = { 0 };
    put32(stub + 4, 0x00000020); /* SAM_SERVER_LOOKUP_DOMAIN */
    return with_handle(p, mem, 0, stub, sizeof stub, 1);
}

static const struct {
    const char *pipe;
    struct npc_interface iface;
    enum nt_status (*run)(struct npc_pdu *p, struct nt_arena *mem);
} services[] = {
    { "srvsvc",
      { { 0x4b324fc8, 0x1670, 0x01d3, { 0x12, 0x78, 0x5a, 0x47, 0xbf, 0x6e, 0xe1, 0x88 } }, 3, 0 },
      srvsvc },
    { "lsarpc",
      { { 0x12345778, 0x1234, 0xabcd, { 0xef, 0x00, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab } }, 0, 0 },
      lsarpc },
    { "samr",
      { { 0x12345778, 0x1234, 0xabcd, { 0xef, 0x00, 0x01, 0x23, 0x45, 0x67, 0x89, 0xac } }, 1, 0 },
      samr },
};

static bool say(const char *pipe, struct npc_pdu *p, enum nt_status st, const char *why)
{
    struct npc_pdu_facts f = { .size = sizeof f };
    const char *name = nt_status_name(st);
    if (p && npc_pdu_facts(p, &f) != STATUS_SUCCESS)
        memset(&f, 0, sizeof f);
    printf("%s mux=%d warm=%d bound=%d %s%s%s\n", pipe, f.by_mux, f.warm, f.bound, name ? name : "?",
           st == STATUS_SUCCESS ? "" : ": ", st == STATUS_SUCCESS ? "" : why);
    fflush(stdout);
    return st == STATUS_SUCCESS;
}

static bool times(const char *server, unsigned i, int count, bool keep)
{
    struct nt_error err = { "" };
    struct npc_options o = NPC_OPTIONS_INIT;
    struct nt_arena *mem = nt_arena_new(0);
    struct npc_pdu *p = NULL;
    bool good = true;
    char line[16];
    o.error = &err;
    if (own) {
        struct sec_creds_options so = SEC_CREDS_OPTIONS_INIT;
        so.user = getenv("PDU_USER");
        so.password = getenv("PDU_PASSWORD");
        o.mux = "off";
        if (sec_creds_new(&so, &o.creds, &err) != STATUS_SUCCESS)
            return say("credentials", NULL, STATUS_INVALID_PARAMETER, err.text);
    }
    for (int n = 0; n < count && good; n++) {
        enum nt_status st = STATUS_SUCCESS;
        if (keep && n && !fgets(line, sizeof line, stdin))
            break;
        if (!p)
            st = (ahead ? npc_pdu_open_ahead : npc_pdu_open)(server, services[i].pipe, &services[i].iface, &o,
                                                             &p);
        bool opened = st == STATUS_SUCCESS;
        if (opened)
            st = services[i].run(p, mem);
        if (n == count - 1 || keep || st != STATUS_SUCCESS)
            good = say(services[i].pipe, p, st, opened ? npc_pdu_error(p) : err.text);
        if (opened && !keep) {
            npc_pdu_release(p);
            p = NULL;
        }
    }
    npc_pdu_release(p);
    nt_arena_free(mem);
    sec_creds_unref(o.creds);
    return good;
}

int main(int argc, char **argv)
{
    bool keep = false, good = true;
    if (argc < 3)
        return 2;
    for (int i = 3; i < argc; i++) {
        ahead = ahead || strcmp(argv[i], "--ahead") == 0;
        keep = keep || strcmp(argv[i], "--keep") == 0;
        own = own || strcmp(argv[i], "--own") == 0;
        big = big || strcmp(argv[i], "--big") == 0;
    }
    for (unsigned i = 0; i < (keep ? 1 : sizeof services / sizeof services[0]); i++)
        good = times(argv[1], i, atoi(argv[2]), keep) && good;
    return !good;
}
