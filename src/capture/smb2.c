// SPDX-License-Identifier: Apache-2.0
/*
 * Named pipes in SMB 2 and 3 ([MS-SMB2]): which bytes went through which pipe, in both directions. Sees what
 * is not encrypted; the rest it says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <msrpc/unistr.h>
#include "capture/m_capture.h"
#include "smb/smb.h"

enum { NB_MESSAGE = 0, NB_REQUEST = 0x81, NB_POSITIVE = 0x82, NB_KEEPALIVE = 0x85 }; /* [RFC1002] 4.3.1 */
#define NB_REQUEST_LEN 68u                                                           /* two encoded names */
#define SMB1_HDR       32u
#define SMB1_NEGOTIATE 0x72u
#define COMPRESSED_HDR 16u /* [MS-SMB2] 2.2.42 */

enum said { SAID_ENCRYPTED = 1, SAID_COMPRESSED = 2, SAID_SMB1 = 4, SAID_PIPES = 8 };

/* Is what goes through a handle RPC? */
enum pipe_kind { PIPE_UNSEEN, PIPE_RPC, PIPE_OTHER };

struct pipe {
    struct pipe *next;
    char *name; /* "" if the opening was not seen */
    size_t name_size;
    bool opened; /* file_id is known */
    bool on_ipc; /* on a share that is known to have pipes */
    enum pipe_kind kind;
    uint64_t session;
    uint8_t file_id[SMB_FILE_ID];
    struct cap_assoc assoc;
};

/* A request that waits for its answer. */
struct op {
    struct op *next;
    uint64_t mid, session;
    uint16_t command;
    bool ipc;    /* TREE_CONNECT: to IPC$ */
    bool has_id; /* of a handle that is not known yet */
    uint8_t file_id[SMB_FILE_ID];
    struct pipe *pipe; /* may be NULL */
};

struct tree {
    uint64_t session;
    uint32_t id;
    bool pipes;
};

struct smb_end {
    struct cap_smb *s;
    unsigned half;
    struct cap_framer framer;
};

struct cap_smb {
    struct capture *c;
    struct cap_flow *flow;
    struct smb_end end[2];
    struct op *ops, **ops_tail; /* oldest first */
    size_t n_ops;
    struct pipe *pipes; /* newest first */
    size_t n_pipes;
    struct tree trees[CAPTURE_TREES_MAX]; /* a ring */
    size_t n_trees, next_tree;
    char host[256]; /* of the last IPC$ */
};

/* Where a chain of requests is ([MS-SMB2] 3.3.5.2.7.2). */
struct chain {
    const struct cap_at *at;
    struct pipe *pipe; /* of the request before */
    uint64_t session;
    uint32_t tree;
};

static void say(struct cap_smb *s, const struct cap_at *at, enum said bit, const char *text)
{
    if (s->flow->said & (unsigned)bit)
        return;
    s->flow->said |= (unsigned)bit;
    cap_note(s->c, s->flow, NULL, at, "%s", text);
}

static const char *status_text(uint32_t st, char buf[16])
{
    const char *name = nt_status_name((enum nt_status)st);
    if (name)
        return name;
    snprintf(buf, 16, "0x%08x", (unsigned)st);
    return buf;
}

/* ---- pipes ---- */

static bool is_id(const struct pipe *p, uint64_t session, const uint8_t id[SMB_FILE_ID])
{
    return p->opened && p->session == session && memcmp(p->file_id, id, SMB_FILE_ID) == 0;
}

static struct pipe *find_pipe(const struct cap_smb *s, uint64_t session, const uint8_t id[SMB_FILE_ID])
{
    for (struct pipe *p = s->pipes; p; p = p->next)
        if (is_id(p, session, id))
            return p;
    return NULL;
}

static void drop_pipe(struct cap_smb *s, struct pipe *p)
{
    struct pipe **q = &s->pipes;
    while (*q != p)
        q = &(*q)->next;
    *q = p->next;
    s->n_pipes--;
    for (struct op *o = s->ops; o; o = o->next)
        if (o->pipe == p)
            o->pipe = NULL;
    cap_assoc_done(&p->assoc);
    cap_release(s->c, p->name, p->name_size);
    cap_release(s->c, p, sizeof *p);
}

static struct pipe *new_pipe(struct cap_smb *s, const struct cap_at *at, const char *name, size_t len,
                             uint64_t session)
{
    if (s->n_pipes >= CAPTURE_PIPES_MAX) {
        say(s, at, SAID_PIPES, "more open handles than are followed: the oldest are given up");
        struct pipe *oldest = s->pipes;
        while (oldest->next)
            oldest = oldest->next;
        drop_pipe(s, oldest);
    }
    struct pipe *p = cap_zalloc(s->c, sizeof *p);
    if (!p)
        return NULL;
    p->name = cap_zalloc(s->c, len + 1);
    if (!p->name) {
        cap_release(s->c, p, sizeof *p);
        return NULL;
    }
    p->name_size = len + 1;
    memcpy(p->name, name, len);
    p->session = session;
    cap_assoc_init(&p->assoc, s->c, s->flow, p->name);
    p->next = s->pipes;
    s->pipes = p;
    s->n_pipes++;
    return p;
}

static bool starts_pdu(struct nt_blob d)
{
    size_t len;
    enum cap_dir dir;
    return d.len >= RPC_HDR_LEN && cap_pdu_looks(d.data, &len, &dir);
}

/* Bytes through a pipe. The first tell whether it carries RPC. */
static void feed(struct cap_smb *s, const struct cap_at *at, struct pipe *p, enum cap_dir dir,
                 struct nt_blob d)
{
    if (!d.len || p->kind == PIPE_OTHER)
        return;
    if (p->kind == PIPE_UNSEEN) {
        p->kind = starts_pdu(d) ? PIPE_RPC : PIPE_OTHER;
        if (p->kind == PIPE_OTHER && p->on_ipc)
            cap_note(s->c, s->flow, p->name, at, "the pipe carries something else than RPC");
        if (p->kind == PIPE_OTHER)
            return;
    }
    cap_assoc_feed(&p->assoc, dir, at, d.data, d.len);
}

/* The pipe of a handle. One whose opening was not seen becomes known when bytes that look like RPC go through
 * it.
 */
static struct pipe *pipe_for(struct cap_smb *s, const struct cap_at *at, uint64_t session,
                             const uint8_t id[SMB_FILE_ID], struct nt_blob d)
{
    struct pipe *p = find_pipe(s, session, id);
    if (p || !starts_pdu(d))
        return p;
    p = new_pipe(s, at, "", 0, session);
    if (!p)
        return NULL;
    p->opened = true;
    memcpy(p->file_id, id, SMB_FILE_ID);
    return p;
}

/* ---- trees ---- */

/* True: known, and *ret_pipes says what it has. */
static bool find_tree(const struct cap_smb *s, uint64_t session, uint32_t id, bool *ret_pipes)
{
    for (size_t i = 0; i < s->n_trees; i++)
        if (s->trees[i].session == session && s->trees[i].id == id) {
            *ret_pipes = s->trees[i].pipes;
            return true;
        }
    return false;
}

static void set_tree(struct cap_smb *s, uint64_t session, uint32_t id, bool pipes)
{
    for (size_t i = 0; i < s->n_trees; i++)
        if (s->trees[i].session == session && s->trees[i].id == id) {
            s->trees[i].pipes = pipes;
            return;
        }
    s->trees[s->next_tree] = (struct tree){ session, id, pipes };
    s->next_tree = (s->next_tree + 1) % CAPTURE_TREES_MAX;
    if (s->n_trees < CAPTURE_TREES_MAX)
        s->n_trees++;
}

/* ---- requests ---- */

static struct op *new_op(struct cap_smb *s, const struct smb_hdr *h, const struct chain *ch)
{
    struct op *o;
    if (s->n_ops >= CAPTURE_OPS_MAX) { /* the oldest will not be answered any more */
        o = s->ops;
        if (!(s->ops = o->next))
            s->ops_tail = &s->ops;
        s->n_ops--;
        cap_release(s->c, o, sizeof *o);
    }
    o = cap_zalloc(s->c, sizeof *o);
    if (!o)
        return NULL;
    o->mid = h->mid;
    o->session = ch->session;
    o->command = h->command;
    *s->ops_tail = o;
    s->ops_tail = &o->next;
    s->n_ops++;
    return o;
}

static struct op **find_op(struct cap_smb *s, const struct smb_hdr *h)
{
    for (struct op **o = &s->ops; *o; o = &(*o)->next)
        if ((*o)->mid == h->mid && (*o)->command == h->command)
            return o;
    return NULL;
}

static void end_op(struct cap_smb *s, struct op **at)
{
    struct op *o = *at;
    *at = o->next;
    if (!o->next)
        s->ops_tail = at;
    s->n_ops--;
    cap_release(s->c, o, sizeof *o);
}

/* UTF-8 of a name on the wire; NULL if it is none or too long. The caller frees it. */
static char *wire_name(struct nt_blob wire, size_t *ret_len)
{
    char16_t *w = NULL;
    char *s = NULL;
    size_t n;
    if (wire.len > CAPTURE_NAME_MAX || ustr_from_le(wire.data, wire.len, &w, &n) != STATUS_SUCCESS)
        return NULL;
    if (ustr_to_utf8_lossy(w, n, &s, ret_len) != STATUS_SUCCESS)
        s = NULL;
    free(w);
    return s;
}

static void tree_request(struct cap_smb *s, const struct smb_hdr *h, struct chain *ch, const uint8_t *msg,
                         size_t len)
{
    struct nt_blob path;
    size_t n;
    char *name;
    if (smb_get_tree_req(msg, len, &path) != STATUS_SUCCESS || !(name = wire_name(path, &n)))
        return;
    const char *slash = strrchr(name, '\\'), *host = name + strspn(name, "\\");
    struct op *o = new_op(s, h, ch);
    if (o)
        o->ipc = slash && strcasecmp(slash + 1, "IPC$") == 0;
    if (o && o->ipc && slash > host)
        snprintf(s->host, sizeof s->host, "%.*s", (int)(slash - host), host);
    free(name);
}

static void create_request(struct cap_smb *s, const struct smb_hdr *h, struct chain *ch, const uint8_t *msg,
                           size_t len)
{
    struct smb_create_req q;
    bool pipes = true, known = find_tree(s, ch->session, ch->tree, &pipes);
    size_t n;
    char *name;
    ch->pipe = NULL;
    if (!pipes || smb_get_create_req(msg, len, &q) != STATUS_SUCCESS || !(name = wire_name(q.wire_name, &n)))
        return;
    const char *p = name;
    while (*p == '\\')
        p++;
    if (strncasecmp(p, "pipe\\", 5) == 0)
        p += 5;
    struct op *o = new_op(s, h, ch);
    if (o && (o->pipe = new_pipe(s, ch->at, p, strlen(p), ch->session)))
        o->pipe->on_ipc = known;
    ch->pipe = o ? o->pipe : NULL;
    free(name);
}

/* All ones in a chain: the handle of the request before ([MS-SMB2] 3.3.5.2.7.2). */
static bool is_related_id(const uint8_t id[SMB_FILE_ID])
{
    for (size_t i = 0; i < SMB_FILE_ID; i++)
        if (id[i] != 0xff)
            return false;
    return true;
}

/* A request with a handle; d: what it carries to the pipe. */
static void handle_request(struct cap_smb *s, const struct smb_hdr *h, struct chain *ch,
                           const uint8_t id[SMB_FILE_ID], struct nt_blob d)
{
    bool pipes = true;
    struct pipe *p = (h->flags & SMB_FLAG_RELATED) && is_related_id(id)
                         ? ch->pipe
                         : pipe_for(s, ch->at, ch->session, id, d);
    ch->pipe = p;
    if (!p && find_tree(s, ch->session, ch->tree, &pipes) && !pipes)
        return; /* a file */
    struct op *o = new_op(s, h, ch);
    if (o) {
        o->pipe = p;
        o->has_id = !p && !is_related_id(id);
        memcpy(o->file_id, id, SMB_FILE_ID);
    }
    if (p)
        feed(s, ch->at, p, CAP_REQ, d);
}

static enum nt_status on_request(struct cap_smb *s, const struct smb_hdr *h, struct chain *ch,
                                 const uint8_t *msg, size_t len)
{
    union {
        struct smb_read_req read;
        struct smb_write_req write;
        struct smb_ioctl ioctl;
        uint8_t id[SMB_FILE_ID];
    } u;
    enum nt_status st = STATUS_SUCCESS;
    switch ((enum smb_command)h->command) {
    case SMB_TREE_CONNECT:
        tree_request(s, h, ch, msg, len);
        break;
    case SMB_CREATE:
        create_request(s, h, ch, msg, len);
        break;
    case SMB_READ:
        if ((st = smb_get_read_req(msg, len, &u.read)) == STATUS_SUCCESS)
            handle_request(s, h, ch, u.read.file_id, (struct nt_blob){ NULL, 0 });
        break;
    case SMB_WRITE:
        if ((st = smb_get_write_req(msg, len, &u.write)) == STATUS_SUCCESS)
            handle_request(s, h, ch, u.write.file_id, u.write.data);
        break;
    case SMB_IOCTL:
        if ((st = smb_get_ioctl_req(msg, len, &u.ioctl)) == STATUS_SUCCESS &&
            u.ioctl.code == FSCTL_PIPE_TRANSCEIVE)
            handle_request(s, h, ch, u.ioctl.file_id, u.ioctl.data);
        break;
    case SMB_CLOSE:
        if ((st = smb_get_close_req(msg, len, u.id)) == STATUS_SUCCESS)
            handle_request(s, h, ch, u.id, (struct nt_blob){ NULL, 0 });
        break;
    default:
        break;
    }
    return st;
}

/* ---- answers ---- */

static void create_response(struct cap_smb *s, const struct cap_at *at, const struct smb_hdr *h, struct op *o,
                            const uint8_t *msg, size_t len)
{
    struct smb_create_rsp r;
    struct pipe *p = o->pipe;
    char buf[16];
    if (!p)
        return;
    if (h->status != STATUS_SUCCESS) {
        if (p->on_ipc)
            cap_note(s->c, s->flow, p->name, at, "the pipe is not opened: %s", status_text(h->status, buf));
        drop_pipe(s, p);
        return;
    }
    if (smb_get_create_rsp(msg, len, &r) != STATUS_SUCCESS) {
        drop_pipe(s, p);
        return;
    }
    struct pipe *old = find_pipe(s, o->session, r.file_id);
    if (old && old != p) /* its close was not seen */
        drop_pipe(s, old);
    p->opened = true;
    memcpy(p->file_id, r.file_id, SMB_FILE_ID);
}

/* Bytes that an answer carries from the pipe. */
static struct nt_blob payload(const struct smb_hdr *h, const uint8_t *msg, size_t len, enum nt_status *ret_st)
{
    struct nt_blob d = { NULL, 0 };
    struct smb_ioctl i;
    if (h->command == SMB_READ) {
        *ret_st = smb_get_read_rsp(msg, len, &d);
    } else if (h->command == SMB_IOCTL) {
        *ret_st = smb_get_ioctl_rsp(msg, len, &i);
        if (*ret_st == STATUS_SUCCESS && i.code == FSCTL_PIPE_TRANSCEIVE)
            d = i.data;
    }
    return d;
}

static enum nt_status data_response(struct cap_smb *s, const struct cap_at *at, const struct smb_hdr *h,
                                    struct op *o, const uint8_t *msg, size_t len)
{
    enum nt_status st = STATUS_SUCCESS;
    if (h->status != STATUS_SUCCESS && h->status != (uint32_t)STATUS_BUFFER_OVERFLOW) {
        /* a read that nobody waits for any more does not end anything */
        if (o->pipe && o->pipe->kind == PIPE_RPC && !nt_ok((enum nt_status)h->status) &&
            h->status != (uint32_t)STATUS_CANCELLED && h->status != (uint32_t)STATUS_PIPE_EMPTY)
            cap_assoc_failed(&o->pipe->assoc, h->status);
        return st;
    }
    struct nt_blob d = payload(h, msg, len, &st);
    if (st != STATUS_SUCCESS)
        return st;
    if (!o->pipe && o->has_id)
        o->pipe = pipe_for(s, at, o->session, o->file_id, d);
    if (o->pipe)
        feed(s, at, o->pipe, CAP_RSP, d);
    return st;
}

static enum nt_status on_response(struct cap_smb *s, const struct smb_hdr *h, const struct cap_at *at,
                                  const uint8_t *msg, size_t len)
{
    struct smb_tree_rsp tree;
    struct op **place = find_op(s, h), *o;
    enum nt_status st = STATUS_SUCCESS;
    if (!place || ((h->flags & SMB_FLAG_ASYNC) && h->status == (uint32_t)STATUS_PENDING))
        return st;
    o = *place;
    switch ((enum smb_command)h->command) {
    case SMB_TREE_CONNECT:
        if (h->status == STATUS_SUCCESS && (st = smb_get_tree_rsp(msg, len, &tree)) == STATUS_SUCCESS)
            set_tree(s, h->session_id, h->tree_id, o->ipc || tree.type == SMB_SHARE_PIPE);
        break;
    case SMB_CREATE:
        create_response(s, at, h, o, msg, len);
        break;
    case SMB_CLOSE:
        if (h->status == STATUS_SUCCESS && o->pipe)
            drop_pipe(s, o->pipe);
        break;
    default:
        st = data_response(s, at, h, o, msg, len);
        break;
    }
    end_op(s, place); /* nothing above changes the list of requests */
    return st;
}

/* ---- messages ---- */

static void one(struct cap_smb *s, struct chain *ch, const struct smb_hdr *h, const uint8_t *msg, size_t len)
{
    enum nt_status st;
    s->c->t.smb_messages++;
    if (h->flags & SMB_FLAG_RESPONSE) {
        st = on_response(s, h, ch->at, msg, len);
    } else {
        if (!(h->flags & SMB_FLAG_RELATED)) {
            ch->session = h->session_id;
            ch->tree = h->tree_id;
        }
        st = on_request(s, h, ch, msg, len);
    }
    if (st == STATUS_INVALID_NETWORK_RESPONSE)
        cap_note(s->c, s->flow, NULL, ch->at, "an SMB %s (command %u) whose fields make no sense",
                 h->flags & SMB_FLAG_RESPONSE ? "answer" : "request", h->command);
}

static void walk_chain(struct cap_smb *s, const struct cap_at *at, const uint8_t *msg, size_t len)
{
    struct chain ch = { .at = at };
    for (unsigned i = 0; i < CAPTURE_CHAIN_MAX; i++) {
        struct smb_hdr h;
        if (smb_get_hdr(msg, len, &h) != STATUS_SUCCESS) {
            cap_note(s->c, s->flow, NULL, at, "an SMB message without a header");
            return;
        }
        if (h.next && (h.next < SMB_HDR || h.next % 8 || h.next > len)) {
            cap_note(s->c, s->flow, NULL, at, "a chain of SMB messages that leads nowhere (%u of %zu bytes)",
                     h.next, len);
            return;
        }
        one(s, &ch, &h, msg, h.next ? h.next : len);
        if (!h.next)
            return;
        msg += h.next;
        len -= h.next;
    }
    cap_note(s->c, s->flow, NULL, at, "a chain of more than %u SMB messages", CAPTURE_CHAIN_MAX);
}

static bool is_protocol(const uint8_t *p, uint8_t first)
{
    return p[0] == first && memcmp(p + 1, "SMB", 3) == 0;
}

static void smb_message(void *owner, const struct cap_at *at, const uint8_t *p, size_t len)
{
    struct cap_smb *s = ((struct smb_end *)owner)->s;
    if (p[0] != NB_MESSAGE || len < SMB_FRAME + 5)
        return;
    p += SMB_FRAME;
    len -= SMB_FRAME;
    switch (p[0]) {
    case 0xfe:
        walk_chain(s, at, p, len);
        break;
    case 0xfd:
        s->c->t.smb_encrypted++;
        say(s, at, SAID_ENCRYPTED, "SMB messages are encrypted: what they carry cannot be seen");
        break;
    case 0xfc:
        s->c->t.smb_compressed++;
        say(s, at, SAID_COMPRESSED, "SMB messages are compressed: what they carry is not looked at");
        break;
    default: /* SMB 1, whose NEGOTIATE may lead to SMB 2 ([MS-SMB2] 3.3.5.3.1) */
        if (p[4] != SMB1_NEGOTIATE)
            say(s, at, SAID_SMB1, "SMB 1 is not followed");
        break;
    }
}

/* The head of a frame and the first 4 bytes of what is in it. */
static size_t smb_length(const uint8_t *p)
{
    size_t len = (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
    if (p[0] == NB_MESSAGE) {
        bool known = p[4] >= 0xfc && is_protocol(p + 4, p[4]);
        return known && len >= COMPRESSED_HDR ? SMB_FRAME + len : 0;
    }
    return p[0] >= NB_REQUEST && p[0] <= NB_KEEPALIVE && p[1] <= 1 ? SMB_FRAME + len : 0;
}

bool cap_smb_looks(const uint8_t *p, size_t *ret_len, int *ret_dir)
{
    size_t len = (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
    *ret_len = SMB_FRAME + len;
    *ret_dir = -1;
    if (p[0] == NB_REQUEST && len == NB_REQUEST_LEN && p[4] == 0x20) {
        *ret_dir = CAP_REQ;
        return true;
    }
    if (p[0] == NB_POSITIVE && len == 0 && p[4] == NB_MESSAGE &&
        (is_protocol(p + 8, 0xfe) || is_protocol(p + 8, 0xff))) {
        *ret_dir = CAP_RSP;
        return true;
    }
    if (p[0] != NB_MESSAGE)
        return false;
    p += SMB_FRAME;
    if (is_protocol(p, 0xfe)) {
        *ret_dir = le32(p + 16) & SMB_FLAG_RESPONSE ? CAP_RSP : CAP_REQ;
        return len >= SMB_HDR && le16(p + 4) == SMB_HDR && le16(p + 12) <= SMB_NOTIFICATION;
    }
    return (is_protocol(p, 0xfd) && len >= SMB_TRANSFORM) ||
           (is_protocol(p, 0xfc) && len >= COMPRESSED_HDR) || (is_protocol(p, 0xff) && len >= SMB1_HDR);
}

static bool smb_scan(const uint8_t *p, size_t have)
{
    size_t len;
    int dir;
    (void)have;
    return cap_smb_looks(p, &len, &dir);
}

static enum cap_dir direction(const struct smb_end *e)
{
    return (int)e->half == e->s->flow->client ? CAP_REQ : CAP_RSP;
}

/* A message that is lost may have carried bytes of any pipe. */
static void smb_broken(void *owner, const struct cap_at *at, const char *how, uint64_t bytes)
{
    struct smb_end *e = owner;
    const char *who = direction(e) == CAP_REQ ? "client" : "server";
    if (bytes)
        cap_note(e->s->c, e->s->flow, NULL, at, "an SMB message from the %s %s (%llu bytes)", who, how,
                 (unsigned long long)bytes);
    else
        cap_note(e->s->c, e->s->flow, NULL, at, "an SMB message from the %s %s", who, how);
    for (struct pipe *p = e->s->pipes; p; p = p->next)
        cap_assoc_doubt(&p->assoc, direction(e));
}

static const struct cap_framer_ops smb_ops = {
    .head = SMB_FRAME + 4,
    .scan_head = CAP_SMB_LOOK,
    .max = CAPTURE_SMB_MAX,
    .length = smb_length,
    .scan = smb_scan,
    .message = smb_message,
    .broken = smb_broken,
};

struct cap_smb *cap_smb_new(struct capture *c, struct cap_flow *f, const bool lost[2])
{
    struct cap_smb *s = cap_zalloc(c, sizeof *s);
    if (!s)
        return NULL;
    s->c = c;
    s->flow = f;
    s->ops_tail = &s->ops;
    for (unsigned h = 0; h < 2; h++) {
        s->end[h].s = s;
        s->end[h].half = h;
        cap_framer_init(&s->end[h].framer, c, &smb_ops, &s->end[h]);
        s->end[h].framer.scanning = lost[h];
    }
    return s;
}

void cap_smb_feed(struct cap_smb *s, unsigned half, const struct cap_at *at, const uint8_t *p, size_t n)
{
    cap_framer_feed(&s->end[half].framer, at, p, n);
}

void cap_smb_gap(struct cap_smb *s, unsigned half, const struct cap_at *at, uint64_t n)
{
    cap_framer_gap(&s->end[half].framer, at, n);
}

const char *cap_smb_host(const struct cap_smb *s)
{
    return s->host[0] ? s->host : NULL;
}

void cap_smb_delete(struct cap_smb *s)
{
    if (!s)
        return;
    while (s->pipes) { /* the oldest first, as they came */
        struct pipe *p = s->pipes;
        while (p->next)
            p = p->next;
        drop_pipe(s, p);
    }
    while (s->ops)
        end_op(s, &s->ops);
    for (unsigned h = 0; h < 2; h++)
        cap_framer_done(&s->end[h].framer);
    cap_release(s->c, s, sizeof *s);
}
