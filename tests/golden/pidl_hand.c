// SPDX-License-Identifier: Apache-2.0
/* What idlc leaves to people in idlc/pidl.idl: names in DNS records ([MS-DNSP] 2.2.2.2.2), and
 * what functions in expressions say. */
#include "pidl_hand.h"

#include <string.h>

#include <msrpc/pidl.h>

/* ---- names ---- */

/* DNS_COUNT_NAME: octets, labels, each with its length, and an empty one. */
void dnsp_name_push(struct ndr_push *n, const char *v)
{
    uint8_t raw[256];
    size_t len = 0, labels = 0;
    for (const char *s = v ? v : ""; *s; labels++) {
        size_t label = strcspn(s, ".");
        if (label == 0 || label > 63 || len + label + 2 > UINT8_MAX) {
            ndr_push_fail(n, RPC_NT_BAD_STUB_DATA);
            return;
        }
        raw[len++] = (uint8_t)label;
        memcpy(raw + len, s, label);
        len += label;
        s += label + (s[label] == '.');
    }
    raw[len++] = 0;
    ndr_push_u8(n, (uint8_t)len);
    ndr_push_u8(n, (uint8_t)labels);
    ndr_push_elements(n, raw, len, 1);
}

const char *dnsp_name_pull(struct ndr_pull *n)
{
    size_t len = ndr_pull_u8(n), labels = ndr_pull_u8(n), at = 0;
    const uint8_t *raw = ndr_pull_lend(n, len, 1);
    char *to = ndr_pull_new(n, len + 1), *p = to;
    if (!to || !raw || !ndr_pull_ok(n))
        return to;
    for (; labels && at < len; labels--) {
        size_t label = raw[at++];
        if (label == 0 || label > 63 || label > len - at || memchr(raw + at, '.', label) ||
            memchr(raw + at, 0, label))
            break;
        if (p != to)
            *p++ = '.';
        memcpy(p, raw + at, label);
        p += label;
        at += label;
    }
    if (labels || at + 1 != len || raw[at] != 0)
        ndr_pull_fail(n, RPC_NT_BAD_STUB_DATA);
    return to;
}

/* ---- expressions ---- */

#define NEGOTIATE_UNICODE 1u

uint32_t pidl_challenge_target_flags(const struct pidl_challenge *r)
{
    return NDR_F_STR_NOTERM | NDR_F_REMAINING |
           (r->flags & NEGOTIATE_UNICODE ? 0 : (uint32_t)NDR_F_STR_ASCII);
}

uint16_t pidl_challenge_target_len_value(const struct pidl_challenge *r)
{
    size_t len = ndr_text_len(r->target);
    return (uint16_t)(r->flags & NEGOTIATE_UNICODE ? 2 * len : len);
}

/* ---- by name ---- */

static const struct {
    const char *name;
    const struct ndr_type *type;
    const struct rpc_op *op;
} subjects[] = {
    { "sid", &pidl_sid_type, NULL },
    { "sd", &pidl_sd_type, NULL },
    { "sd_buf", &pidl_sd_buf_type, NULL },
    { "dns_record", &pidl_dns_record_type, NULL },
    { "meta", &pidl_meta_type, NULL },
    { "credentials_blob", &pidl_credentials_blob_type, NULL },
    { "policy_entry", &pidl_policy_entry_type, NULL },
    { "challenge", &pidl_challenge_type, NULL },
    { "pac", &pidl_pac_type, NULL },
    { "token", &pidl_token_type, NULL },
    { "tree", &pidl_tree_type, NULL },
    { "get_passwords", NULL, &pidl_get_passwords_op },
    { "get_form", NULL, &pidl_get_form_op },
    { "get_driver", NULL, &pidl_get_driver_op },
};

const char *pidl_subject_name(size_t i)
{
    return i < sizeof(subjects) / sizeof(subjects[0]) ? subjects[i].name : NULL;
}

bool pidl_subject(const char *name, uint32_t level, uint32_t offered, struct nt_arena *mem,
                  struct pidl_subject *ret)
{
    size_t i = 0;
    while (i < sizeof(subjects) / sizeof(subjects[0]) && strcmp(subjects[i].name, name) != 0)
        i++;
    if (i == sizeof(subjects) / sizeof(subjects[0]))
        return false;
    const struct ndr_type *t = subjects[i].type;
    const struct rpc_op *op = subjects[i].op;
    ret->value = nt_arena_alloc(mem, t ? t->size : op->size, 16);
    if (!ret->value)
        return false;
    ret->push = t ? t->push : op->push_out;
    ret->pull = t ? t->pull : op->pull_out;
    if (op == &pidl_get_form_op) {
        struct pidl_get_form *r = ret->value;
        r->in.level = level;
        r->in.offered = offered;
    } else if (op == &pidl_get_driver_op) {
        struct pidl_get_driver *r = ret->value;
        r->in.level = level;
        r->in.offered = offered;
    }
    return true;
}
