// SPDX-License-Identifier: Apache-2.0
#include "capture/read.h"
#include <stdlib.h>
#include <string.h>
#include "base/cursor.h"

enum { BLOCK_INTERFACE = 1, BLOCK_PACKET = 6 };
#define BLOCK_SECTION  0x0a0d0d0au
#define MAGIC          0x1a2b3c4du
#define BLOCK_HEAD     12u /* type, length, and what tells the byte order of a section */
#define OPT_RESOLUTION 9u
#define NS_PER_S       UINT64_C(1000000000)

struct iface {
    uint16_t link;
    uint8_t resolution; /* as the option has it; 6: microseconds, which counts without one */
};

struct capture_file {
    struct capture *c;
    bool any, big;
    uint8_t *buf; /* of CAPTURE_BLOCK_MAX octets, once it is needed */
    size_t len;
    uint64_t skip;
    struct iface ifaces[CAPTURE_IFACES_MAX];
    unsigned n_ifaces;
};

struct capture_file *capture_file_new(struct capture *c)
{
    struct capture_file *f = calloc(1, sizeof *f);
    if (f)
        f->buf = malloc(CAPTURE_BLOCK_MAX);
    if (!f || !f->buf) {
        free(f);
        return NULL;
    }
    f->c = c;
    return f;
}

static uint32_t get32(const struct capture_file *f, const uint8_t *p)
{
    return f->big ? __builtin_bswap32(le32(p)) : le32(p);
}

static uint16_t get16(const struct capture_file *f, const uint8_t *p)
{
    return f->big ? (uint16_t)(p[0] << 8 | p[1]) : le16(p);
}

/* ---- blocks: p and len without head and the length at the end ---- */

static void on_interface(struct capture_file *f, const uint8_t *p, size_t len)
{
    if (len < 8 || f->n_ifaces == CAPTURE_IFACES_MAX)
        return;
    struct iface *i = &f->ifaces[f->n_ifaces++];
    *i = (struct iface){ get16(f, p), 6 };
    for (size_t at = 8; len - at >= 4;) {
        size_t n = get16(f, p + at + 2), whole = (n + 3) & ~(size_t)3;
        if (get16(f, p + at) == 0 || whole > len - at - 4)
            break;
        if (get16(f, p + at) == OPT_RESOLUTION && n == 1)
            i->resolution = p[at + 4];
        at += 4 + whole;
    }
}

/* Units of 10^-n, or (high bit) 2^-n seconds, as ns; 0 where that says nothing. */
static uint64_t to_ns(uint64_t t, uint8_t resolution)
{
    unsigned n = resolution & 0x7f;
    if (resolution & 0x80) {
        if (n > 34)
            return 0;
        uint64_t s = t >> n, rest = t & ((UINT64_C(1) << n) - 1);
        return s > UINT64_MAX / NS_PER_S - 1 ? 0 : s * NS_PER_S + ((rest * NS_PER_S) >> n);
    }
    for (; n > 9 && n <= 18; n--)
        t /= 10;
    for (; n < 9; n++) {
        if (t > UINT64_MAX / 10)
            return 0;
        t *= 10;
    }
    return n == 9 ? t : 0;
}

static void on_packet(struct capture_file *f, const uint8_t *p, size_t len)
{
    if (len < 20 || get32(f, p) >= f->n_ifaces)
        return;
    const struct iface *i = &f->ifaces[get32(f, p)];
    size_t have = get32(f, p + 12), whole = get32(f, p + 16);
    if (have > len - 20 || whole < have)
        return;
    uint64_t time = (uint64_t)get32(f, p + 4) << 32 | get32(f, p + 8);
    capture_packet(f->c, i->link, to_ns(time, i->resolution), p + 20, have, whole);
}

static void on_block(struct capture_file *f, size_t len)
{
    uint32_t type = get32(f, f->buf);
    if (le32(f->buf) == BLOCK_SECTION)
        f->n_ifaces = 0;
    else if (type == BLOCK_INTERFACE)
        on_interface(f, f->buf + 8, len - 12);
    else if (type == BLOCK_PACKET)
        on_packet(f, f->buf + 8, len - 12);
}

/* ---- octets ---- */

/* How long the block is whose head is there; 0: it is none. */
static uint64_t block_len(struct capture_file *f)
{
    if (le32(f->buf) == BLOCK_SECTION) { /* the same in both orders */
        uint32_t magic = le32(f->buf + 8);
        if (magic != MAGIC && __builtin_bswap32(magic) != MAGIC)
            return 0;
        f->big = magic != MAGIC;
        f->any = true;
    }
    uint64_t n = get32(f, f->buf + 4);
    return f->any && n >= BLOCK_HEAD && n % 4 == 0 ? n : 0;
}

static void take(struct capture_file *f, size_t want, const uint8_t **p, size_t *len)
{
    size_t n = want - f->len < *len ? want - f->len : *len;
    memcpy(f->buf + f->len, *p, n);
    f->len += n;
    *p += n;
    *len -= n;
}

enum nt_status capture_file_feed(struct capture_file *f, const uint8_t *data, size_t len)
{
    while (len) {
        if (f->skip) {
            size_t n = f->skip < len ? (size_t)f->skip : len;
            f->skip -= n;
            data += n;
            len -= n;
            continue;
        }
        if (f->len < BLOCK_HEAD) {
            take(f, BLOCK_HEAD, &data, &len);
            if (f->len < BLOCK_HEAD)
                break;
        }
        uint64_t n = block_len(f);
        if (!n)
            return STATUS_FILE_INVALID;
        if (n > CAPTURE_BLOCK_MAX) { /* none that we look at */
            f->skip = n - f->len;
            f->len = 0;
            continue;
        }
        take(f, (size_t)n, &data, &len);
        if (f->len == n) {
            on_block(f, (size_t)n);
            f->len = 0;
        }
    }
    return STATUS_SUCCESS;
}

bool capture_file_whole(const struct capture_file *f)
{
    return f->any && !f->len && !f->skip;
}

void capture_file_free(struct capture_file *f)
{
    if (!f)
        return;
    nt_wipe(f->buf, CAPTURE_BLOCK_MAX); /* arguments of calls, passwords maybe */
    free(f->buf);
    free(f);
}
