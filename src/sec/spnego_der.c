// SPDX-License-Identifier: Apache-2.0
/* Just enough DER for SPNEGO. Nothing recurses: every level of the two messages has its own line of code. */
#include "sec/m_spnego.h"

enum {
    DER_BIT_STRING = 0x03,
    DER_OCTETS = 0x04,
    DER_OID = 0x06,
    DER_ENUM = 0x0A,
    DER_GENERAL_STRING = 0x1B,
    DER_SEQUENCE = 0x30,
    DER_APPLICATION = 0x60,
    DER_CONTEXT = 0xA0, /* + field number */
};

static const uint8_t oid_spnego[] = { 0x2B, 6, 1, 5, 5, 2 };
static const uint8_t oid_krb5[] = { 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x12, 1, 2, 2 };
static const uint8_t oid_ms_krb5[] = { 0x2A, 0x86, 0x48, 0x82, 0xF7, 0x12, 1, 2, 2 };
static const uint8_t oid_ntlm[] = { 0x2B, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 10 };

static const struct {
    enum spnego_mech mech;
    struct nt_blob oid;
} oids[] = {
    { MECH_KRB5, { oid_krb5, sizeof(oid_krb5) } },
    { MECH_MS_KRB5, { oid_ms_krb5, sizeof(oid_ms_krb5) } },
    { MECH_NTLM, { oid_ntlm, sizeof(oid_ntlm) } },
};

/* ---- reading ---- */

/* Definite lengths of up to four bytes; not necessarily minimal, for Windows once sent 0x84 always. */
static size_t get_length(struct rd *r)
{
    size_t len = rd_u8(r);

    if (len < 0x80)
        return len;
    size_t n = len & 0x7F;
    if (n < 1 || n > 4) {
        rd_fail(r, STATUS_INVALID_NETWORK_RESPONSE);
        return 0;
    }
    for (len = 0; n > 0; n--)
        len = len << 8 | rd_u8(r);
    return len;
}

static bool at_tag(const struct rd *r, uint8_t tag)
{
    return r->st == STATUS_SUCCESS && rd_left(r) > 0 && r->base[r->pos] == tag;
}

/* The contents of the next element, which must have this tag. */
static struct rd get(struct rd *r, uint8_t tag)
{
    struct rd in;

    if (!at_tag(r, tag))
        rd_fail(r, STATUS_INVALID_NETWORK_RESPONSE);
    rd_skip(r, 1);
    size_t len = get_length(r);
    const uint8_t *p = rd_bytes(r, len);
    rd_init(&in, p, p ? len : 0);
    in.st = r->st;
    return in;
}

/* A failure, or bytes left, inside an element makes its parent fail. */
static void close_inner(struct rd *r, struct rd *in)
{
    if (in->st != STATUS_SUCCESS)
        rd_fail(r, in->st);
    else if (rd_left(in))
        rd_fail(r, STATUS_INVALID_NETWORK_RESPONSE);
}

static struct nt_blob get_blob(struct rd *r, uint8_t tag)
{
    struct rd in = get(r, tag);

    return (struct nt_blob){ in.base, in.len };
}

/* [n] OCTET STRING OPTIONAL */
static struct nt_blob get_octets(struct rd *r, unsigned n)
{
    struct nt_blob b = { NULL, 0 };

    if (at_tag(r, (uint8_t)(DER_CONTEXT + n))) {
        struct rd field = get(r, (uint8_t)(DER_CONTEXT + n));

        b = get_blob(&field, DER_OCTETS);
        close_inner(r, &field);
    }
    return b;
}

static enum spnego_mech get_mech(struct rd *r)
{
    struct nt_blob oid = get_blob(r, DER_OID);

    for (size_t i = 0; i < sizeof(oids) / sizeof(oids[0]); i++)
        if (oid.len == oids[i].oid.len && memcmp(oid.data, oids[i].oid.data, oid.len) == 0)
            return oids[i].mech;
    return MECH_OTHER;
}

static void get_mech_list(struct rd *r, struct spnego_init *ret)
{
    struct rd field = get(r, DER_CONTEXT + 0);

    if (field.len > SPNEGO_MECH_LIST_MAX)
        rd_fail(&field, STATUS_INVALID_NETWORK_RESPONSE);
    ret->mech_list = (struct nt_blob){ field.base, field.len };
    struct rd list = get(&field, DER_SEQUENCE);
    while (list.st == STATUS_SUCCESS && rd_left(&list)) {
        if (ret->mech_count == SPNEGO_MECHS_MAX) {
            rd_fail(&list, STATUS_INVALID_NETWORK_RESPONSE);
            break;
        }
        ret->mechs[ret->mech_count++] = get_mech(&list);
    }
    close_inner(&field, &list);
    close_inner(r, &field);
}

/* Fields that a later version may have added behind the last one known (the "..." of RFC 4178): skipped,
 * while known ones out of order are an error. */
static void skip_later(struct rd *seq, unsigned last)
{
    while (seq->st == STATUS_SUCCESS && rd_left(seq)) {
        uint8_t tag = seq->base[seq->pos];

        if (tag <= DER_CONTEXT + last || tag > DER_CONTEXT + 30)
            rd_fail(seq, STATUS_INVALID_NETWORK_RESPONSE);
        else
            (void)get(seq, tag);
    }
}

/* Nothing may follow the outermost element. */
static enum nt_status at_end(struct rd *r)
{
    if (r->st == STATUS_SUCCESS && rd_left(r))
        rd_fail(r, STATUS_INVALID_NETWORK_RESPONSE);
    return r->st;
}

/* The framing of a GSSAPI initial token (RFC 2743 3.1) up to the inner token. */
static struct rd get_initial(struct rd *r, const uint8_t *oid, size_t oid_len)
{
    struct rd app = get(r, DER_APPLICATION);
    struct nt_blob got = get_blob(&app, DER_OID);

    if (got.len != oid_len || memcmp(got.data, oid, oid_len) != 0)
        rd_fail(&app, STATUS_INVALID_NETWORK_RESPONSE);
    return app;
}

bool spnego_is_initial(struct nt_blob in, enum spnego_mech mech)
{
    struct rd r;

    rd_init(&r, in.data, in.len);
    for (size_t i = 0; i < sizeof(oids) / sizeof(oids[0]); i++)
        if (oids[i].mech == mech)
            return get_initial(&r, oids[i].oid.data, oids[i].oid.len).st == STATUS_SUCCESS;
    return false;
}

enum nt_status spnego_parse_init(struct nt_blob in, struct spnego_init *ret)
{
    struct spnego_init t = { .mech_count = 0 };
    struct rd r;

    rd_init(&r, in.data, in.len);
    struct rd app = get_initial(&r, oid_spnego, sizeof(oid_spnego));
    struct rd choice = get(&app, DER_CONTEXT + 0);
    struct rd seq = get(&choice, DER_SEQUENCE);
    get_mech_list(&seq, &t);
    if (at_tag(&seq, DER_CONTEXT + 1)) /* reqFlags: ignored, nobody protects them ([MS-SPNG] 3.1.5.3) */
        (void)get(&seq, DER_CONTEXT + 1);
    t.token = get_octets(&seq, 2);
    if (at_tag(&seq, DER_CONTEXT + 3)) { /* mechListMIC of RFC 4178, or negHints of [MS-SPNG] 2.2.1 */
        struct rd field = get(&seq, DER_CONTEXT + 3);

        if (at_tag(&field, DER_OCTETS))
            t.mic = get_blob(&field, DER_OCTETS);
        else
            (void)get(&field, DER_SEQUENCE);
        close_inner(&seq, &field);
    }
    struct nt_blob mic2 = get_octets(&seq, 4);
    if (mic2.data)
        t.mic = mic2;
    skip_later(&seq, 4);
    close_inner(&choice, &seq);
    close_inner(&app, &choice);
    close_inner(&r, &app);
    if (at_end(&r) != STATUS_SUCCESS)
        return r.st;
    *ret = t;
    return STATUS_SUCCESS;
}

enum nt_status spnego_parse_resp(struct nt_blob in, struct spnego_resp *ret)
{
    struct spnego_resp t = { .state = NEG_ABSENT };
    struct rd r;

    rd_init(&r, in.data, in.len);
    struct rd choice = get(&r, DER_CONTEXT + 1);
    struct rd seq = get(&choice, DER_SEQUENCE);
    if (at_tag(&seq, DER_CONTEXT + 0)) {
        struct rd field = get(&seq, DER_CONTEXT + 0);
        struct nt_blob v = get_blob(&field, DER_ENUM);

        if (v.len == 1 && v.data[0] <= NEG_REQUEST_MIC)
            t.state = (enum spnego_state)v.data[0];
        else
            rd_fail(&field, STATUS_INVALID_NETWORK_RESPONSE);
        close_inner(&seq, &field);
    }
    if (at_tag(&seq, DER_CONTEXT + 1)) {
        struct rd field = get(&seq, DER_CONTEXT + 1);

        t.mech = get_mech(&field);
        t.has_mech = true;
        close_inner(&seq, &field);
    }
    t.token = get_octets(&seq, 2);
    t.mic = get_octets(&seq, 3);
    skip_later(&seq, 3);
    close_inner(&choice, &seq);
    close_inner(&r, &choice);
    if (at_end(&r) != STATUS_SUCCESS)
        return r.st;
    *ret = t;
    return STATUS_SUCCESS;
}

/* ---- writing: from the inside out, so that every length is known ---- */

static void put_head(struct wr *w, unsigned tag, size_t len)
{
    wr_u8(w, (uint8_t)tag);
    if (len >= 0x10000 || len > SEC_TOKEN_MAX) {
        wr_fail(w, STATUS_BUFFER_TOO_SMALL);
    } else if (len >= 0x100) {
        wr_u8(w, 0x82);
        wr_u8(w, (uint8_t)(len >> 8));
        wr_u8(w, (uint8_t)len);
    } else if (len >= 0x80) {
        wr_u8(w, 0x81);
        wr_u8(w, (uint8_t)len);
    } else {
        wr_u8(w, (uint8_t)len);
    }
}

static void put(struct wr *w, unsigned tag, const void *p, size_t len)
{
    put_head(w, tag, len);
    wr_bytes(w, p, len);
}

static void put_wrapped(struct wr *w, unsigned tag, struct wr *inner)
{
    if (inner->st != STATUS_SUCCESS)
        wr_fail(w, inner->st);
    put(w, tag, inner->base, inner->len);
    wr_free(inner);
}

/* [n] of one element */
static void put_field(struct wr *w, unsigned n, unsigned tag, const void *p, size_t len)
{
    struct wr field;

    wr_init(&field, SEC_TOKEN_MAX);
    put(&field, tag, p, len);
    put_wrapped(w, DER_CONTEXT + n, &field);
}

void spnego_put_mech_list(struct wr *w, const enum spnego_mech *mechs, size_t n)
{
    struct wr list;

    wr_init(&list, SEC_TOKEN_MAX);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < sizeof(oids) / sizeof(oids[0]); k++)
            if (oids[k].mech == mechs[i])
                put(&list, DER_OID, oids[k].oid.data, oids[k].oid.len);
    put_wrapped(w, DER_SEQUENCE, &list);
}

void spnego_put_init(struct wr *w, struct nt_blob mech_list, struct nt_blob token, bool hint)
{
    static const char name[] = "not_defined_in_RFC4178@please_ignore";
    struct wr fields, seq, choice, hints;

    wr_init(&fields, SEC_TOKEN_MAX);
    put(&fields, DER_CONTEXT + 0, mech_list.data, mech_list.len);
    if (token.len)
        put_field(&fields, 2, DER_OCTETS, token.data, token.len);
    if (hint) {
        wr_init(&hints, SEC_TOKEN_MAX);
        put_field(&hints, 0, DER_GENERAL_STRING, name, sizeof(name) - 1);
        put_field(&fields, 3, DER_SEQUENCE, hints.base, hints.len);
        if (hints.st != STATUS_SUCCESS)
            wr_fail(w, hints.st);
        wr_free(&hints);
    }
    wr_init(&seq, SEC_TOKEN_MAX);
    put_wrapped(&seq, DER_SEQUENCE, &fields);
    wr_init(&choice, SEC_TOKEN_MAX);
    put(&choice, DER_OID, oid_spnego, sizeof(oid_spnego));
    put_wrapped(&choice, DER_CONTEXT + 0, &seq);
    put_wrapped(w, DER_APPLICATION, &choice);
}

void spnego_put_resp(struct wr *w, const struct spnego_resp *t)
{
    struct wr fields, seq;
    uint8_t state = (uint8_t)t->state;

    wr_init(&fields, SEC_TOKEN_MAX);
    if (t->state != NEG_ABSENT)
        put_field(&fields, 0, DER_ENUM, &state, 1);
    if (t->has_mech)
        for (size_t k = 0; k < sizeof(oids) / sizeof(oids[0]); k++)
            if (oids[k].mech == t->mech)
                put_field(&fields, 1, DER_OID, oids[k].oid.data, oids[k].oid.len);
    if (t->token.len)
        put_field(&fields, 2, DER_OCTETS, t->token.data, t->token.len);
    if (t->mic.len)
        put_field(&fields, 3, DER_OCTETS, t->mic.data, t->mic.len);
    wr_init(&seq, SEC_TOKEN_MAX);
    put_wrapped(&seq, DER_SEQUENCE, &fields);
    put_wrapped(w, DER_CONTEXT + 1, &seq);
}
