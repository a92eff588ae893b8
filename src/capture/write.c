// SPDX-License-Identifier: Apache-2.0
#include "capture/write.h"
#include <stdio.h>
#include <string.h>
#include "smb/smb.h"

/* ---- pcapng: blocks in the byte order of little endian ---- */

enum { BLOCK_SECTION = 0x0a0d0d0a, BLOCK_INTERFACE = 1, BLOCK_STATISTICS = 5, BLOCK_PACKET = 6 };
enum { OPT_END = 0, OPT_COMMENT = 1, OPT_APPLICATION = 4, OPT_NAME = 2, OPT_RESOLUTION = 9, OPT_DROPPED = 5 };
#define MAGIC 0x1a2b3c4du

static void pad(struct wr *w, size_t n)
{
    wr_zero(w, (4 - n % 4) % 4);
}

static void option(struct wr *w, uint16_t code, const void *p, size_t n)
{
    wr_u16(w, code);
    wr_u16(w, (uint16_t)n);
    if (n)
        wr_bytes(w, p, n);
    pad(w, n);
}

static size_t block_begin(struct wr *w, uint32_t type)
{
    size_t at = w->len;
    wr_u32(w, type);
    wr_u32(w, 0);
    return at;
}

static void block_end(struct wr *w, size_t at)
{
    size_t n = w->len - at + 4;
    wr_u32(w, (uint32_t)n);
    if (w->st == STATUS_SUCCESS)
        put_le32(w->base + at + 4, (uint32_t)n);
}

void capture_put_head(struct wr *w, const char *application, const char *comment, const char *where)
{
    static const uint8_t nanoseconds = 9;
    static const char name[] = "msrpc";
    size_t at = block_begin(w, BLOCK_SECTION);
    wr_u32(w, MAGIC);
    wr_u16(w, 1);
    wr_u16(w, 0);
    wr_u64(w, UINT64_MAX); /* length: until the end */
    option(w, OPT_COMMENT, comment, strlen(comment));
    option(w, OPT_APPLICATION, application, strlen(application));
    option(w, OPT_END, NULL, 0);
    block_end(w, at);
    at = block_begin(w, BLOCK_INTERFACE);
    wr_u16(w, CAPTURE_RAW);
    wr_u16(w, 0);
    wr_u32(w, 0); /* no limit of packets */
    if (where)
        option(w, OPT_COMMENT, where, strlen(where));
    option(w, OPT_NAME, name, sizeof name - 1);
    option(w, OPT_RESOLUTION, &nanoseconds, 1);
    option(w, OPT_END, NULL, 0);
    block_end(w, at);
}

void capture_put_dropped(struct wr *w, uint64_t time, uint64_t dropped)
{
    uint8_t n[8];
    put_le32(n, (uint32_t)dropped);
    put_le32(n + 4, (uint32_t)(dropped >> 32));
    size_t at = block_begin(w, BLOCK_STATISTICS);
    wr_u32(w, 0);
    wr_u32(w, (uint32_t)(time >> 32));
    wr_u32(w, (uint32_t)time);
    option(w, OPT_DROPPED, n, sizeof n);
    option(w, OPT_END, NULL, 0);
    block_end(w, at);
}

/* ---- IP and TCP ---- */

enum { TCP_HDR = 20, IP4_HDR = 20, IP6_HDR = 40, PROTO_TCP = 6 };
enum { FIN = 1, SYN = 2, PSH = 8, ACK = 16 };

static void be16(uint8_t *p, size_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void be32(uint8_t *p, uint32_t v)
{
    be16(p, v >> 16);
    be16(p + 2, v & 0xffff);
}

/* RFC 1071 */
static uint32_t sum(uint32_t s, const uint8_t *p, size_t n)
{
    for (; n > 1; p += 2, n -= 2) {
        s += (uint32_t)p[0] << 8 | p[1];
        s = (s & 0xffff) + (s >> 16);
    }
    return n ? s + ((uint32_t)p[0] << 8) : s;
}

static uint16_t folded(uint32_t s)
{
    while (s >> 16)
        s = (s & 0xffff) + (s >> 16);
    return (uint16_t)~s;
}

static size_t put_ip(uint8_t *p, const struct capture_peer *from, const struct capture_peer *to,
                     size_t payload)
{
    memset(p, 0, from->v6 ? IP6_HDR : IP4_HDR);
    if (from->v6) {
        p[0] = 0x60;
        be16(p + 4, payload);
        p[6] = PROTO_TCP;
        p[7] = 64;
        memcpy(p + 8, from->addr, 16);
        memcpy(p + 24, to->addr, 16);
        return IP6_HDR;
    }
    p[0] = 0x45;
    be16(p + 2, IP4_HDR + payload);
    p[6] = 0x40; /* not to be fragmented */
    p[8] = 64;
    p[9] = PROTO_TCP;
    memcpy(p + 12, from->addr, 4);
    memcpy(p + 16, to->addr, 4);
    be16(p + 10, folded(sum(0, p, IP4_HDR)));
    return IP4_HDR;
}

static void segment(struct wr *w, struct capture_conn *c, bool out, uint64_t time, uint8_t flags,
                    const uint8_t *data, size_t len, const char *comment)
{
    const struct capture_peer *from = out ? &c->server : &c->client, *to = out ? &c->client : &c->server;
    size_t addr = from->v6 ? 16 : 4, ip = from->v6 ? IP6_HDR : IP4_HDR, all = ip + TCP_HDR + len;
    size_t at = block_begin(w, BLOCK_PACKET);
    wr_u32(w, 0);
    wr_u32(w, (uint32_t)(time >> 32));
    wr_u32(w, (uint32_t)time);
    wr_u32(w, (uint32_t)all);
    wr_u32(w, (uint32_t)all);
    uint8_t *p = wr_room(w, ip + TCP_HDR);
    if (!p)
        return;
    put_ip(p, from, to, TCP_HDR + len);
    uint8_t *t = p + ip;
    memset(t, 0, TCP_HDR);
    be16(t, from->port);
    be16(t + 2, to->port);
    be32(t + 4, c->seq[out]);
    be32(t + 8, flags & ACK ? c->seq[!out] : 0);
    t[12] = TCP_HDR / 4 << 4;
    t[13] = flags;
    be16(t + 14, 65535);
    uint32_t s = sum(sum(0, from->addr, addr), to->addr, addr) + PROTO_TCP + (uint32_t)(TCP_HDR + len);
    s = sum(sum(s, t, TCP_HDR), data, len);
    be16(t + 16, folded(s));
    if (len)
        wr_bytes(w, data, len);
    pad(w, all);
    if (comment) {
        option(w, OPT_COMMENT, comment, strlen(comment));
        option(w, OPT_END, NULL, 0);
    }
    block_end(w, at);
    c->seq[out] += (uint32_t)len + ((flags & (SYN | FIN)) != 0);
}

void capture_put_open(struct wr *w, struct capture_conn *c, uint64_t time, const char *comment)
{
    segment(w, c, false, time, SYN, NULL, 0, comment);
    segment(w, c, true, time, SYN | ACK, NULL, 0, NULL);
    segment(w, c, false, time, ACK, NULL, 0, NULL);
}

void capture_put_close(struct wr *w, struct capture_conn *c, uint64_t time)
{
    segment(w, c, true, time, FIN | ACK, NULL, 0, NULL);
    segment(w, c, false, time, FIN | ACK, NULL, 0, NULL);
    segment(w, c, true, time, ACK, NULL, 0, NULL);
}

void capture_put_data(struct wr *w, struct capture_conn *c, bool out, uint64_t time, struct nt_blob data)
{
    for (size_t at = 0, n; at < data.len; at += n) {
        n = data.len - at < CAPTURE_SEGMENT ? data.len - at : CAPTURE_SEGMENT;
        segment(w, c, out, time, PSH | ACK, data.data + at, n, NULL);
    }
}

/* ---- SMB 2 ---- */

enum { SESSION = 1, TREE = 1 };

/* Room for what stands in front of a message, which smb_message fills. */
static void begin(struct wr *m)
{
    wr_init(m, SMB_MAX_MESSAGE);
    wr_zero(m, SMB_PREFIX + SMB_HDR);
}

static void smb_message(struct wr *w, struct capture_conn *c, bool out, uint64_t time, uint16_t command,
                        struct wr *m)
{
    struct smb_hdr h = { .credit_charge = 1,
                         .command = command,
                         .credits = 1,
                         .flags = out ? SMB_FLAG_RESPONSE : 0u,
                         .mid = c->mid,
                         .tree_id = TREE,
                         .session_id = SESSION };
    if (m->st == STATUS_SUCCESS) {
        smb_put_hdr(m->base + SMB_PREFIX, &h);
        smb_put_frame(m->base + SMB_PREFIX - SMB_FRAME, m->len - SMB_PREFIX);
        capture_put_data(
            w, c, out, time,
            (struct nt_blob){ m->base + SMB_PREFIX - SMB_FRAME, m->len - SMB_PREFIX + SMB_FRAME });
    } else {
        wr_fail(w, m->st);
    }
    wr_free_secret(m); /* a password may have been in it */
    c->mid += out;
}

static void file_id(uint64_t id, uint8_t ret[SMB_FILE_ID])
{
    for (int half = 0; half < 2; half++) {
        put_le32(ret + 8 * half, (uint32_t)id);
        put_le32(ret + 8 * half + 4, (uint32_t)(id >> 32) | 0x80000000u);
    }
}

static void put_tree(struct wr *w, struct capture_conn *c, uint64_t time)
{
    struct smb_tree_rsp rsp = { .type = 2, .access = 0x001f01ff }; /* a pipe, [MS-SMB2] 2.2.10 */
    char path[300];
    struct wr m;
    c->tree = true;
    snprintf(path, sizeof path, "\\\\%s\\IPC$", c->host ? c->host : "server");
    begin(&m);
    if (smb_put_tree_req(&m, path) != STATUS_SUCCESS)
        wr_fail(&m, STATUS_NO_MEMORY);
    smb_message(w, c, false, time, SMB_TREE_CONNECT, &m);
    begin(&m);
    smb_put_tree_rsp(&m, &rsp);
    smb_message(w, c, true, time, SMB_TREE_CONNECT, &m);
}

void capture_put_pipe_open(struct wr *w, struct capture_conn *c, uint64_t time, uint64_t id, const char *name)
{
    struct smb_create_req q = {
        .impersonation = 2, .access = 0x0012019f, .share = 3, .disposition = 1, .name = name
    };
    struct smb_create_rsp p = { .action = 1, .attributes = 0x80 };
    struct wr m;
    if (!c->tree)
        put_tree(w, c, time);
    file_id(id, p.file_id);
    begin(&m);
    if (smb_put_create_req(&m, &q) != STATUS_SUCCESS)
        wr_fail(&m, STATUS_NO_MEMORY);
    smb_message(w, c, false, time, SMB_CREATE, &m);
    begin(&m);
    smb_put_create_rsp(&m, &p);
    smb_message(w, c, true, time, SMB_CREATE, &m);
}

/* What the client sent is a WRITE, what it got a READ. */
void capture_put_pipe_data(struct wr *w, struct capture_conn *c, bool out, uint64_t time, uint64_t id,
                           struct nt_blob data)
{
    struct smb_write_req write = { .data = data };
    struct smb_read_req read = { .length = (uint32_t)data.len };
    struct wr m;
    file_id(id, write.file_id);
    file_id(id, read.file_id);
    begin(&m);
    if (out)
        smb_put_read_req(&m, &read);
    else
        smb_put_write_req(&m, &write);
    smb_message(w, c, false, time, out ? SMB_READ : SMB_WRITE, &m);
    begin(&m);
    if (out)
        smb_put_read_rsp(&m, data);
    else
        smb_put_write_rsp(&m, (uint32_t)data.len);
    smb_message(w, c, true, time, out ? SMB_READ : SMB_WRITE, &m);
}

void capture_put_pipe_close(struct wr *w, struct capture_conn *c, uint64_t time, uint64_t id)
{
    uint8_t file[SMB_FILE_ID];
    struct wr m;
    file_id(id, file);
    begin(&m);
    smb_put_close_req(&m, file);
    smb_message(w, c, false, time, SMB_CLOSE, &m);
    begin(&m);
    smb_put_close_rsp(&m);
    smb_message(w, c, true, time, SMB_CLOSE, &m);
}
