// SPDX-License-Identifier: Apache-2.0
/* Events as lines, as indented text, or as JSON. What a capture holds must not play with the terminal. */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include "pcap.h"

#define LINE_ARGUMENTS 120u /* bytes of each side's arguments on a line */

/* ---- words ---- */

static const char *provider_name(uint8_t type)
{
    switch (type) { /* [MS-RPCE] 2.2.1.1.7 */
    case 0:
        return "none";
    case 9:
        return "spnego";
    case 10:
        return "ntlm";
    case 14:
        return "tls";
    case 16:
        return "krb5";
    case 68:
        return "netlogon";
    default:
        return "unknown provider";
    }
}

static const char *level_name(uint8_t level)
{
    static const char *const names[] = { "default", "none",      "connect", "call",
                                         "packet",  "integrity", "privacy" };
    return level < sizeof names / sizeof names[0] ? names[level] : "unknown level";
}

static const char *syntax_name(enum capture_syntax s)
{
    static const char *const names[] = { "unknown", "ndr20", "ndr64", "other" };
    return names[s];
}

static const char *outcome_name(enum capture_outcome o)
{
    static const char *const names[] = { "answered", "fault", "maybe", "no_answer" };
    return names[o];
}

static const char *fault_name(uint32_t code)
{
    const char *s = rpc_fault_name(code);
    return s ? s : nt_status_name(nt_from_rpc_fault(code));
}

static const char *reason_name(uint16_t reason)
{
    static const char *const names[] = { "no reason given", "unknown interface",
                                         "no transfer syntax in common", "local limit exceeded" };
    return reason < sizeof names / sizeof names[0] ? names[reason] : "unknown reason";
}

static const char *result_name(uint16_t result)
{
    static const char *const names[] = { "accepted", "user rejection", "provider rejection", "features" };
    return result < sizeof names / sizeof names[0] ? names[result] : "unknown result";
}

static const char *nak_name(uint32_t reason)
{
    switch (reason) { /* [C706] 12.6.3.1, [MS-RPCE] 2.2.2.5 */
    case 1:
        return "temporary congestion";
    case 2:
        return "local limit exceeded";
    case 4:
        return "protocol version not supported";
    case 8:
        return "authentication type not recognised";
    case 9:
        return "invalid checksum";
    default:
        return NULL;
    }
}

static void put_time(FILE *f, uint64_t ns)
{
    time_t s = (time_t)(ns / 1000000000u);
    struct tm tm;
    char buf[32];
    if (!gmtime_r(&s, &tm) || !strftime(buf, sizeof buf, "%Y-%m-%dT%H:%M:%S", &tm))
        snprintf(buf, sizeof buf, "%" PRIu64, ns / 1000000000u);
    fprintf(f, "%s.%06uZ", buf, (unsigned)(ns % 1000000000u / 1000));
}

/* Control characters of 8 bits (U+0080 to U+009F), in UTF-8: a terminal may take them for escape sequences.
 */
static bool is_c1(const char *s)
{
    return (unsigned char)s[0] == 0xc2 && (unsigned char)s[1] >= 0x80 && (unsigned char)s[1] < 0xa0;
}

/* A text of the wire for people. Descriptions are clean already; names of pipes are not. */
static void put_clean(FILE *f, const char *s)
{
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        fputc(c < 0x20 || c == 0x7f || is_c1(s) ? '?' : c, f);
        s += is_c1(s);
    }
}

static void json_text(FILE *f, const char *s)
{
    if (!s) {
        fputs("null", f);
        return;
    }
    fputc('"', f);
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\')
            fprintf(f, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            fprintf(f, "\\u%04x", c);
        else if (is_c1(s))
            fprintf(f, "\\u%04x", (unsigned char)*++s);
        else
            fputc(c, f);
    }
    fputc('"', f);
}

static void json_bool(FILE *f, const char *key, bool v)
{
    fprintf(f, ", \"%s\": %s", key, v ? "true" : "false");
}

/* ---- JSON ---- */

static void json_syntax(FILE *f, const struct rpc_syntax *s, const char *name)
{
    char uuid[NT_GUID_STRLEN + 1];
    fprintf(f, "{\"uuid\": \"%s\", \"version\": \"%u.%u\", \"name\": ", nt_guid_format(&s->uuid, uuid),
            s->major, s->minor);
    json_text(f, name);
    fputc('}', f);
}

static void json_head(FILE *f, const char *type, const struct capture_event *e)
{
    char buf[CAPTURE_PEER_STRLEN];
    fprintf(f, "{\"version\": %d, \"type\": \"%s\", \"frame\": %" PRIu64 ", \"time\": \"", PCAP_JSON_VERSION,
            type, e->frame);
    put_time(f, e->time);
    fputc('"', f);
    if (!e->has_stream)
        return;
    fprintf(f, ", \"stream\": %" PRIu32 ", \"client\": \"%s\"", e->stream,
            capture_peer_format(&e->client, buf));
    fprintf(f, ", \"server\": \"%s\"", capture_peer_format(&e->server, buf));
    if (e->pipe && e->pipe[0]) {
        fputs(", \"pipe\": ", f);
        json_text(f, e->pipe);
    }
}

static void json_security(FILE *f, bool has, uint8_t type, uint8_t level)
{
    fputs(", \"security\": ", f);
    if (has)
        fprintf(f, "{\"provider\": \"%s\", \"type\": %u, \"level\": \"%s\"}", provider_name(type), type,
                level_name(level));
    else
        fputs("null", f);
}

static void json_side(struct pcap_out *o, const struct capture_call *c, const struct described *d,
                      bool response)
{
    FILE *f = o->f;
    const struct capture_side *s = response ? &c->rsp : &c->req;
    const char *text;
    fprintf(f, ", \"%s\": ", response ? "response" : "request");
    if (!s->seen) {
        fputs("null", f);
        return;
    }
    fprintf(f,
            "{\"frame\": %" PRIu64 ", \"last_frame\": %" PRIu64 ", \"fragments\": %u, \"length\": %" PRIu64,
            s->frame, s->last_frame, s->fragments, s->len);
    json_bool(f, "complete", s->complete);
    json_bool(f, "sealed", s->sealed);
    json_security(f, s->has_auth, s->auth_type, s->auth_level);
    if (!response || c->outcome == CAPTURE_ANSWERED) {
        text = describe_side(d, response, PCAP_JSON, 0, o->mem);
        fprintf(f, ", \"arguments\": %s, \"undecoded\": ", text ? text : "null");
        json_text(f, text ? NULL : d->why[response] ? d->why[response] : "not as its description says");
    }
    fputc('}', f);
}

static void json_call(struct pcap_out *o, const struct capture_event *e)
{
    const struct capture_call *c = e->call;
    struct described d;
    char uuid[NT_GUID_STRLEN + 1];
    FILE *f = o->f;
    describe_call(&d, c, o->mem);
    json_head(f, "call", e);
    fprintf(f, ", \"transport\": \"%s\", \"call_id\": %" PRIu32 ", \"context\": %u, \"interface\": ",
            e->pipe ? "ncacn_np" : "ncacn_ip_tcp", c->call_id, c->context);
    if (c->iface_known)
        json_syntax(f, &c->iface, describe_iface(&c->iface));
    else
        fputs("null", f);
    if (c->opnum_known)
        fprintf(f, ", \"opnum\": %u, \"operation\": ", c->opnum);
    else
        fputs(", \"opnum\": null, \"operation\": ", f);
    json_text(f, c->iface_known && c->opnum_known ? describe_op(&c->iface, c->opnum) : NULL);
    fprintf(f, ", \"syntax\": \"%s\", \"object\": ", syntax_name(c->syntax));
    json_text(f, c->has_object ? nt_guid_format(&c->object, uuid) : NULL);
    fprintf(f, ", \"outcome\": \"%s\", \"result\": ", outcome_name(c->outcome));
    json_text(f, describe_result(&d, o->mem));
    fputs(", \"fault\": ", f);
    if (c->outcome == CAPTURE_FAULT) {
        fprintf(f, "{\"code\": %" PRIu32 ", \"name\": ", c->fault);
        json_text(f, fault_name(c->fault));
        json_bool(f, "executed", !c->did_not_execute);
        fputc('}', f);
    } else {
        fputs("null", f);
    }
    if (c->smb_status) {
        fprintf(f, ", \"smb_status\": {\"code\": %" PRIu32 ", \"name\": ", c->smb_status);
        json_text(f, nt_status_name((enum nt_status)c->smb_status));
        fputc('}', f);
    }
    json_bool(f, "cancelled", c->cancelled);
    json_bool(f, "orphaned", c->orphaned);
    json_side(o, c, &d, false);
    json_side(o, c, &d, true);
    fputs("}\n", f);
}

static const char *bind_outcome(const struct capture_bind *b)
{
    return b->refused ? "refused" : b->answered ? "answered" : "no_answer";
}

static void json_bind(struct pcap_out *o, const struct capture_event *e)
{
    const struct capture_bind *b = e->bind;
    FILE *f = o->f;
    json_head(f, "bind", e);
    fprintf(f, ", \"transport\": \"%s\", \"call_id\": %" PRIu32, e->pipe ? "ncacn_np" : "ncacn_ip_tcp",
            b->call_id);
    json_bool(f, "alter", b->alter);
    fprintf(f, ", \"outcome\": \"%s\", \"max_fragment\": %u, \"association_group\": %" PRIu32,
            bind_outcome(b), b->max_fragment, b->assoc_group);
    if (b->refused)
        fprintf(f, ", \"reason\": %" PRIu32, b->refuse_reason);
    json_security(f, b->has_auth, b->auth_type, b->auth_level);
    fputs(", \"contexts\": [", f);
    for (unsigned i = 0; i < b->n; i++) {
        const struct capture_bind_item *it = &b->items[i];
        fprintf(f, "%s{\"context\": %u, \"interface\": ", i ? ", " : "", it->context);
        json_syntax(f, &it->iface, describe_iface(&it->iface));
        fprintf(f, ", \"syntax\": \"%s\"", it->features ? "features" : syntax_name(it->syntax));
        if (b->answered && !b->refused) {
            fprintf(f, ", \"result\": \"%s\"", result_name(it->result));
            if (it->features && it->result == 3)
                fprintf(f, ", \"features\": %u", it->feature_bits);
            else if (it->result)
                fprintf(f, ", \"reason\": \"%s\"", reason_name(it->reason));
        }
        fputc('}', f);
    }
    fputs("]}\n", f);
}

static void json_note(struct pcap_out *o, const struct capture_event *e)
{
    json_head(o->f, "note", e);
    fputs(", \"text\": ", o->f);
    json_text(o->f, e->note);
    fputs("}\n", o->f);
}

/* ---- lines ---- */

static void put_head(FILE *f, const struct capture_event *e)
{
    char buf[CAPTURE_PEER_STRLEN];
    put_time(f, e->time);
    if (!e->has_stream)
        return;
    fprintf(f, " %s", capture_peer_format(&e->client, buf));
    fprintf(f, " > %s", capture_peer_format(&e->server, buf));
    if (e->pipe) {
        fputs(" \\", f);
        put_clean(f, e->pipe[0] ? e->pipe : "?");
    }
}

static void put_iface(FILE *f, const struct rpc_syntax *s)
{
    char uuid[NT_GUID_STRLEN + 1];
    const char *name = describe_iface(s);
    if (name)
        fputs(name, f);
    else
        fprintf(f, "%s/%u.%u", nt_guid_format(&s->uuid, uuid), s->major, s->minor);
}

static void put_operation(FILE *f, const struct capture_call *c)
{
    if (c->iface_known)
        put_iface(f, &c->iface);
    else
        fprintf(f, "context %u (bind not seen)", c->context);
    const char *name = c->iface_known && c->opnum_known ? describe_op(&c->iface, c->opnum) : NULL;
    if (name)
        fprintf(f, ".%s", name);
    else if (c->opnum_known)
        fprintf(f, " opnum %u", c->opnum);
    else
        fputs(" opnum ? (request not seen)", f);
}

static void put_code(FILE *f, const char *what, uint32_t code, const char *name)
{
    if (name)
        fprintf(f, "%s%s", what, name);
    else
        fprintf(f, "%s0x%08" PRIx32, what, code);
}

static void put_outcome(struct pcap_out *o, const struct capture_call *c, const struct described *d)
{
    FILE *f = o->f;
    const char *result;
    switch (c->outcome) {
    case CAPTURE_ANSWERED:
        result = describe_result(d, o->mem);
        fputs(result ? result : "answered", f);
        break;
    case CAPTURE_FAULT:
        put_code(f, "fault ", c->fault, fault_name(c->fault));
        if (c->did_not_execute)
            fputs(" (did not execute)", f);
        break;
    case CAPTURE_MAYBE:
        fputs("maybe", f);
        break;
    case CAPTURE_NO_ANSWER:
        fputs(c->rsp.seen ? "answer incomplete" : "no answer", f);
        if (c->smb_status)
            put_code(f, ": ", c->smb_status, nt_status_name((enum nt_status)c->smb_status));
        break;
    }
    if (c->orphaned || c->cancelled)
        fputs(c->orphaned ? " (orphaned)" : " (cancelled)", f);
}

static void put_sizes(FILE *f, const struct capture_call *c)
{
    const struct capture_side *sides[2] = { &c->req, &c->rsp };
    for (unsigned i = 0; i < 2; i++) {
        if (sides[i]->seen)
            fprintf(f, "%s%" PRIu64, i ? "/" : " ", sides[i]->len);
        else
            fputs(i ? "/-" : " -", f);
    }
    fputs(" bytes", f);
    if (c->syntax == CAPTURE_NDR64)
        fputs(" ndr64", f);
}

/* The protection, if there is any: that of the side that has more of it. */
static void put_security(FILE *f, const struct capture_call *c)
{
    const struct capture_side *s = c->req.auth_level >= c->rsp.auth_level ? &c->req : &c->rsp;
    if (s->has_auth)
        fprintf(f, " %s (%s, %s)",
                s->sealed            ? "sealed"
                : s->auth_level >= 4 ? "signed"
                                     : "authenticated",
                provider_name(s->auth_type), level_name(s->auth_level));
}

static void line_side(struct pcap_out *o, const struct capture_call *c, const struct described *d,
                      bool response)
{
    const struct capture_side *s = response ? &c->rsp : &c->req;
    const char *text;
    if (!s->seen || s->sealed || !d->op || (response && c->outcome != CAPTURE_ANSWERED))
        return;
    text = describe_side(d, response, PCAP_LINES, LINE_ARGUMENTS, o->mem);
    if (text)
        fprintf(o->f, "%s%s", response ? " -> " : " ", text);
    else if (d->why[response])
        fprintf(o->f, " [%s: %s]", response ? "response" : "request", d->why[response]);
}

static void full_side(struct pcap_out *o, const struct capture_call *c, const struct described *d,
                      bool response)
{
    const struct capture_side *s = response ? &c->rsp : &c->req;
    const char *text;
    FILE *f = o->f;
    if (!s->seen) {
        if (c->outcome != CAPTURE_MAYBE || !response)
            fprintf(f, "  %s: not seen\n", response ? "response" : "request");
        return;
    }
    fprintf(f, "  %s: frame %" PRIu64, response ? "response" : "request", s->frame);
    if (s->last_frame != s->frame)
        fprintf(f, " to %" PRIu64, s->last_frame);
    fprintf(f, ", %u fragment%s, %" PRIu64 " bytes", s->fragments, s->fragments == 1 ? "" : "s", s->len);
    if (!(s->drep & 0x10))
        fputs(", big endian", f);
    if (s->has_auth)
        fprintf(f, ", %s %s", provider_name(s->auth_type), level_name(s->auth_level));
    if (response && c->outcome == CAPTURE_FAULT) {
        fputc('\n', f);
        return;
    }
    text = describe_side(d, response, PCAP_FULL, 0, o->mem);
    if (!text) {
        fprintf(f, ": %s\n", d->why[response] ? d->why[response] : "not decoded");
        return;
    }
    fputc('\n', f);
    for (const char *p = text; *p;) {
        size_t n = strcspn(p, "\n");
        fprintf(f, "    %.*s\n", (int)n, p);
        p += n + (p[n] == '\n');
    }
}

static void text_call(struct pcap_out *o, const struct capture_event *e)
{
    const struct capture_call *c = e->call;
    struct described d;
    char uuid[NT_GUID_STRLEN + 1];
    FILE *f = o->f;
    describe_call(&d, c, o->mem);
    put_head(f, e);
    fputc(' ', f);
    put_operation(f, c);
    fprintf(f, " #%" PRIu32 " ", c->call_id);
    put_outcome(o, c, &d);
    put_sizes(f, c);
    put_security(f, c);
    if (o->form == PCAP_LINES) {
        line_side(o, c, &d, false);
        line_side(o, c, &d, true);
        fputc('\n', f);
        return;
    }
    fprintf(f, "\n  stream %" PRIu32 ", context %u", e->stream, c->context);
    if (c->iface_known)
        fprintf(f, ", interface %s %u.%u, %s", nt_guid_format(&c->iface.uuid, uuid), c->iface.major,
                c->iface.minor, syntax_name(c->syntax));
    if (c->opnum_known)
        fprintf(f, ", opnum %u", c->opnum);
    if (c->has_object)
        fprintf(f, ", object %s", nt_guid_format(&c->object, uuid));
    fputc('\n', f);
    full_side(o, c, &d, false);
    full_side(o, c, &d, true);
}

/* A context that is refused while another one accepts the same interface is only one of several syntaxes. */
static bool is_rejection(const struct capture_bind *b, const struct capture_bind_item *it)
{
    if (it->result == 0 || it->features)
        return false;
    for (unsigned i = 0; i < b->n; i++)
        if (b->items[i].result == 0 && nt_guid_equal(&b->items[i].iface.uuid, &it->iface.uuid))
            return false;
    return true;
}

static bool worth_a_line(const struct pcap_out *o, const struct capture_bind *b)
{
    bool rejected = b->refused || !b->answered;
    for (unsigned i = 0; i < b->n && b->answered; i++)
        rejected |= is_rejection(b, &b->items[i]);
    return o->binds || o->form == PCAP_FULL || rejected;
}

static void text_bind(struct pcap_out *o, const struct capture_event *e)
{
    const struct capture_bind *b = e->bind;
    FILE *f = o->f;
    if (!worth_a_line(o, b))
        return;
    put_head(f, e);
    fprintf(f, " %s #%" PRIu32, b->alter ? "alter_context" : "bind", b->call_id);
    if (b->refused && b->alter)
        put_code(f, " refused: ", b->refuse_reason, fault_name(b->refuse_reason));
    else if (b->refused)
        put_code(f, " refused: ", b->refuse_reason, nak_name(b->refuse_reason));
    else if (!b->answered)
        fputs(" no answer", f);
    for (unsigned i = 0; i < b->n; i++) {
        const struct capture_bind_item *it = &b->items[i];
        fprintf(f, "%s %u=", i ? "," : "", it->context);
        if (it->features) {
            fprintf(f, "features");
            if (b->answered && it->result == 3)
                fprintf(f, ":%u", it->feature_bits);
            continue;
        }
        put_iface(f, &it->iface);
        fprintf(f, "(%s", syntax_name(it->syntax));
        if (b->answered && !b->refused && it->result)
            fprintf(f, ", %s: %s", result_name(it->result), reason_name(it->reason));
        fputc(')', f);
    }
    if (b->has_auth)
        fprintf(f, " %s %s", provider_name(b->auth_type), level_name(b->auth_level));
    fputc('\n', f);
}

static void text_note(struct pcap_out *o, const struct capture_event *e)
{
    put_head(o->f, e);
    fprintf(o->f, " note: frame %" PRIu64, e->frame);
    if (e->has_stream)
        fprintf(o->f, ", stream %" PRIu32, e->stream);
    fprintf(o->f, ": %s\n", e->note);
}

void pcap_out_event(struct pcap_out *o, const struct capture_event *e)
{
    bool json = o->form == PCAP_JSON;
    switch (e->kind) {
    case CAPTURE_CALL:
        (json ? json_call : text_call)(o, e);
        break;
    case CAPTURE_BIND:
        (json ? json_bind : text_bind)(o, e);
        break;
    case CAPTURE_NOTE:
        (json ? json_note : text_note)(o, e);
        break;
    }
    nt_arena_reset(o->mem);
}

/* ---- totals ---- */

static void total(FILE *f, uint64_t n, const char *text)
{
    if (n)
        fprintf(f, ", %" PRIu64 " %s", n, text);
}

void pcap_out_totals(FILE *f, const struct capture_totals *t)
{
    fprintf(f, "%" PRIu64 " packets", t->packets);
    total(f, t->not_ip, "not IP");
    total(f, t->not_tcp, "not TCP");
    total(f, t->ip_fragments, "IP fragments");
    total(f, t->cut, "cut short");
    total(f, t->malformed, "malformed");
    fprintf(f, "\n%" PRIu64 " connections: %" PRIu64 " RPC, %" PRIu64 " SMB", t->streams, t->streams_rpc,
            t->streams_smb);
    total(f, t->lost_bytes, "bytes lost");
    total(f, t->resent_bytes, "bytes sent again");
    total(f, t->skipped_bytes, "bytes passed over in search of a message");
    total(f, t->smb_encrypted, "encrypted SMB messages");
    total(f, t->smb_compressed, "compressed SMB messages");
    total(f, t->too_long, "SMB messages too long for a pipe");
    fprintf(f,
            "\n%" PRIu64 " PDUs, %" PRIu64 " binds, %" PRIu64 " calls: %" PRIu64 " answered, %" PRIu64
            " faults, %" PRIu64 " without an answer",
            t->pdus, t->binds, t->calls, t->answered, t->faults, t->unanswered);
    total(f, t->maybe, "maybe");
    total(f, t->sealed, "sealed");
    total(f, t->unknown_iface, "of unknown interfaces");
    total(f, t->bad_pdus, "bad PDUs");
    total(f, t->notes, "notes");
    total(f, t->notes_dropped, "notes not printed");
    fputc('\n', f);
}
