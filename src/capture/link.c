// SPDX-License-Identifier: Apache-2.0
/*
 * From a packet to a TCP segment: link headers ([IEEE 802.3], 802.1Q tags, the cooked and loopback headers of
 * capture files), IPv4 ([RFC791]), IPv6 with its extension headers ([RFC8200]), TCP ([RFC9293]). All of it is
 * in network byte order.
 */
#include "capture/m_capture.h"

enum { ETHER_IPV4 = 0x0800, ETHER_IPV6 = 0x86dd };
enum { ETHER_VLAN = 0x8100, ETHER_QINQ = 0x88a8, ETHER_QINQ_OLD = 0x9100 };
enum { PROTO_TCP = 6 };

#define VLAN_TAGS_MAX  4u /* two in practice */
#define EXTENSIONS_MAX 8u /* IPv6 headers before TCP; [RFC8200] 4.1 has five different ones */

static uint16_t get16(struct rd *r)
{
    return __builtin_bswap16(rd_u16(r));
}

static uint32_t get32(struct rd *r)
{
    return __builtin_bswap32(rd_u32(r));
}

bool capture_link_known(int link)
{
    switch (link) {
    case CAPTURE_NULL:
    case CAPTURE_LOOP:
    case CAPTURE_ETHERNET:
    case CAPTURE_RAW:
    case CAPTURE_RAW_12:
    case CAPTURE_RAW_14:
    case CAPTURE_IPV4:
    case CAPTURE_IPV6:
    case CAPTURE_LINUX_SLL:
    case CAPTURE_LINUX_SLL2:
        return true;
    default:
        return false;
    }
}

/* AF_INET is 2 everywhere; AF_INET6 is 24, 28, 30 (BSDs, macOS) or 10 (Linux). The number is in the byte
 * order of the machine that captured, or, with LOOP, of the network. */
static uint16_t family_to_ether(uint32_t family)
{
    if (family > 0xffff)
        family = __builtin_bswap32(family);
    switch (family) {
    case 2:
        return ETHER_IPV4;
    case 10:
    case 24:
    case 28:
    case 30:
        return ETHER_IPV6;
    default:
        return 0;
    }
}

static uint16_t skip_vlan(struct rd *r, uint16_t type)
{
    for (unsigned i = 0;
         i < VLAN_TAGS_MAX && (type == ETHER_VLAN || type == ETHER_QINQ || type == ETHER_QINQ_OLD); i++) {
        rd_skip(r, 2);
        type = get16(r);
    }
    return type;
}

/* Moves r to the IP header; 0 if there is none. */
static uint16_t find_ip(struct rd *r, int link)
{
    uint16_t type;
    switch (link) {
    case CAPTURE_NULL:
    case CAPTURE_LOOP:
        return family_to_ether(rd_u32(r));
    case CAPTURE_ETHERNET:
        rd_skip(r, 12);
        type = get16(r);
        return skip_vlan(r, type);
    case CAPTURE_LINUX_SLL:
        rd_skip(r, 14);
        type = get16(r);
        return skip_vlan(r, type);
    case CAPTURE_LINUX_SLL2:
        type = get16(r);
        rd_skip(r, 18);
        return skip_vlan(r, type);
    default: /* raw IP: the version tells */
        if (!rd_left(r))
            return 0;
        return r->base[r->pos] >> 4 == 4 ? ETHER_IPV4 : r->base[r->pos] >> 4 == 6 ? ETHER_IPV6 : 0;
    }
}

/* What IP says about the bytes behind it. */
struct ip {
    struct capture_peer from, to;
    uint8_t proto;
    bool fragment;
    size_t len; /* payload on the wire; more than r has left if the capture cut it off */
};

static void get_ipv4(struct rd *r, size_t on_wire, struct ip *ip)
{
    uint8_t first = rd_u8(r);
    rd_skip(r, 1);
    size_t total = get16(r);
    rd_skip(r, 2);
    uint16_t frag = get16(r);
    rd_skip(r, 1);
    ip->proto = rd_u8(r);
    rd_skip(r, 2);
    rd_copy(r, ip->from.addr, 4);
    rd_copy(r, ip->to.addr, 4);
    size_t head = (size_t)(first & 15) * 4;
    ip->fragment = (frag & 0x3fff) != 0; /* more fragments, or an offset */
    if (total == 0) /* a segment that the network card was to cut up: longer than 16 bits can tell */
        total = on_wire;
    if (first >> 4 != 4 || head < 20 || total < head) {
        rd_fail(r, STATUS_INVALID_NETWORK_RESPONSE);
        return;
    }
    rd_skip(r, head - 20);
    ip->len = total - head;
}

static void get_ipv6(struct rd *r, size_t on_wire, struct ip *ip)
{
    uint32_t first = get32(r);
    size_t len = get16(r);
    uint8_t next = rd_u8(r);
    rd_skip(r, 1);
    ip->from.v6 = ip->to.v6 = true;
    rd_copy(r, ip->from.addr, 16);
    rd_copy(r, ip->to.addr, 16);
    if (first >> 28 != 6)
        rd_fail(r, STATUS_INVALID_NETWORK_RESPONSE);
    if (len == 0 && on_wire > 40)
        len = on_wire - 40;
    size_t start = r->pos;
    for (unsigned i = 0; i < EXTENSIONS_MAX && r->st == STATUS_SUCCESS; i++) {
        uint8_t kind = next;
        uint16_t frag;
        size_t n;
        switch (kind) {
        case 0:   /* hop by hop */
        case 43:  /* routing */
        case 60:  /* destination */
        case 135: /* mobility, [RFC6275] 6.1 */
            next = rd_u8(r);
            n = rd_u8(r);
            rd_skip(r, n * 8 + 6);
            continue;
        case 51: /* authentication, [RFC4302] 2 */
            next = rd_u8(r);
            n = rd_u8(r);
            rd_skip(r, (n + 2) * 4 - 2);
            continue;
        case 44: /* fragment */
            next = rd_u8(r);
            rd_skip(r, 1);
            frag = get16(r);
            rd_skip(r, 4);
            ip->fragment = (frag & 0xfff9) != 0; /* one that is whole is no fragment ([RFC6946]) */
            continue;
        default:
            break;
        }
        break;
    }
    ip->proto = next;
    if (r->pos - start > len)
        rd_fail(r, STATUS_INVALID_NETWORK_RESPONSE);
    else
        ip->len = len - (r->pos - start);
}

static void get_tcp(struct rd *r, const struct ip *ip, struct cap_tcp *t)
{
    size_t start = r->pos;
    t->from.port = get16(r);
    t->to.port = get16(r);
    t->seq = get32(r);
    t->ack = get32(r);
    size_t head = (size_t)(rd_u8(r) >> 4) * 4;
    t->flags = rd_u8(r);
    rd_skip(r, 6);
    if (head < 20 || head > ip->len) {
        rd_fail(r, STATUS_INVALID_NETWORK_RESPONSE);
        return;
    }
    rd_skip(r, head - (r->pos - start));
    t->len = ip->len - head;
    t->have = rd_left(r) < t->len ? rd_left(r) : t->len; /* behind it stands padding */
    t->data = rd_bytes(r, t->have);
}

static void say_once(struct capture *c, enum cap_once bit, const char *text)
{
    if (c->said & (unsigned)bit)
        return;
    c->said |= (unsigned)bit;
    cap_note(c, NULL, NULL, &c->at, "%s", text);
}

void capture_packet(struct capture *c, int link, uint64_t time, const uint8_t *data, size_t have, size_t len)
{
    struct rd r;
    c->t.packets++;
    c->at = (struct cap_at){ c->t.packets, time };
    if (!capture_link_known(link)) {
        c->t.not_ip++;
        say_once(c, CAP_ONCE_LINK, "packets of this link type are not understood");
        return;
    }
    if (len < have)
        len = have;
    rd_init(&r, data, have);
    uint16_t type = find_ip(&r, link);
    if (r.st != STATUS_SUCCESS || (type != ETHER_IPV4 && type != ETHER_IPV6)) {
        c->t.not_ip++;
        return;
    }
    struct ip ip = { 0 };
    if (type == ETHER_IPV4)
        get_ipv4(&r, len - r.pos, &ip);
    else
        get_ipv6(&r, len - r.pos, &ip);
    if (r.st == STATUS_SUCCESS && ip.proto != PROTO_TCP) {
        c->t.not_tcp++;
        return;
    }
    if (r.st == STATUS_SUCCESS && ip.fragment) {
        c->t.ip_fragments++;
        say_once(c, CAP_ONCE_FRAGMENT, "IP fragments are not put together: what they carry counts as lost");
        return;
    }
    struct cap_tcp t = { .from = ip.from, .to = ip.to };
    if (r.st == STATUS_SUCCESS)
        get_tcp(&r, &ip, &t);
    if (r.st != STATUS_SUCCESS) {
        c->t.malformed++;
        return;
    }
    if (t.have < t.len) {
        c->t.cut++;
        say_once(c, CAP_ONCE_CUT, "packets were cut by the capture's snap length: the rest counts as lost");
    }
    cap_tcp_segment(c, &c->at, &t);
}
