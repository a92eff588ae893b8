// SPDX-License-Identifier: Apache-2.0
/* Trees and what is done with pipes ([MS-SMB2] 3.3.5.7 to 3.3.5.21): IPC$ is the only share. */
#include <msrpc/unistr.h>
#include "smbd/m_smbd.h"

enum {
    FSCTL_PIPE_PEEK = 0x0011400C,
    FSCTL_PIPE_WAIT_CODE = 0x00110018,
};
enum { FILE_OPENED = 1, ATTRIBUTE_NORMAL = 0x80 };
enum { ACCESS_ALL = 0x001f01ff };
enum { /* [MS-FSCC] 2.4 */
       INFO_FILE = 1,
       CLASS_STANDARD = 5,
       CLASS_PIPE = 23,
       CLASS_PIPE_LOCAL = 24,
};

/* ---- trees ---- */

static char16_t unit(struct nt_blob s, size_t i)
{
    return (char16_t)le16(s.data + 2 * i);
}

/* "\\server\IPC$": what stands behind the server's name, which is whatever the client calls it. */
static enum nt_status share_of(struct nt_blob path, struct nt_blob *ret)
{
    size_t n = path.len / 2, at = 2;
    if (n < 4 || unit(path, 0) != '\\' || unit(path, 1) != '\\')
        return STATUS_INVALID_PARAMETER;
    while (at < n && unit(path, at) != '\\')
        at++;
    if (at == 2 || at + 1 >= n)
        return STATUS_INVALID_PARAMETER;
    at++;
    *ret = (struct nt_blob){ path.data + 2 * at, 2 * (n - at) };
    return STATUS_SUCCESS;
}

/* In any case; name is in lower case. */
static bool is_share(struct nt_blob wire, const char *name)
{
    size_t n = wire.len / 2;
    bool same = n == strlen(name);
    for (size_t i = 0; same && i < n; i++) {
        char16_t ch = unit(wire, i);
        same = (ch >= 'A' && ch <= 'Z' ? ch + 32 : ch) == (char16_t)name[i];
    }
    return same;
}

static enum nt_status tree_connect(struct smbd_req *q)
{
    struct smbd_session *x = q->session;
    struct nt_blob path, share;
    if (smb_get_tree_req(q->msg, q->len, &path) != STATUS_SUCCESS)
        return STATUS_INVALID_PARAMETER;
    /* [MS-SMB2] 3.3.5.7: on 3.1.1 the path must not be anybody's to change */
    if (q->chain->c->dialect == NPC_SMB_3_1_1 && !x->anonymous && !q->is_signed && !q->chain->sealed) {
        smbd_hang_up(q->chain->c);
        return STATUS_ACCESS_DENIED;
    }
    enum nt_status st = share_of(path, &share);
    if (st != STATUS_SUCCESS)
        return st;
    const struct smbd_share *files = q->chain->c->s->o.disk;
    bool disk = files && is_share(share, files->name);
    if (!disk && !is_share(share, "ipc$"))
        return STATUS_BAD_NETWORK_NAME;
    struct smbd *s = q->chain->c->s;
    if (!disk && s->o.connect && !s->o.connect(s->o.connect_arg, "IPC$", x->token)) {
        s->counters.refused_shares++;
        return STATUS_ACCESS_DENIED;
    }
    for (unsigned i = 0; i < SMBD_TREES_MAX; i++)
        if (!x->trees[i].id) {
            q->h.tree_id = x->trees[i].id = x->next_tree++;
            x->trees[i].global_id = ++s->last_id;
            x->trees[i].opened = io_now(&x->c->stream);
            x->disks = (uint16_t)((x->disks & ~(1u << i)) | (unsigned)disk << i);
            struct smb_tree_rsp p = { disk ? SMB_SHARE_DISK : SMB_SHARE_PIPE,
                                      x->encrypt ? SMB_SHAREFLAG_ENCRYPT : 0u, 0, ACCESS_ALL };
            smb_put_tree_rsp(smbd_body(q), &p);
            return STATUS_SUCCESS;
        }
    return STATUS_INSUFFICIENT_RESOURCES;
}

enum nt_status smbd_tree_connect(struct smbd_req *q)
{
    enum nt_status st = tree_connect(q);
    smbd_observe_tree(q, st);
    return st;
}

enum nt_status smbd_tree_disconnect(struct smbd_req *q)
{
    struct smbd_session *x = q->session;
    if (smb_get_empty(q->msg, q->len) != STATUS_SUCCESS)
        return STATUS_INVALID_PARAMETER;
    for (unsigned i = 0; i < x->n_slots; i++)
        if (x->pipes[i] && x->pipes[i]->tree_id == q->h.tree_id)
            smbd_pipe_close(x->pipes[i]);
    for (unsigned i = 0; i < SMBD_TREES_MAX; i++)
        if (x->trees[i].id == q->h.tree_id)
            x->trees[i].id = 0;
    smb_put_empty(smbd_body(q));
    return STATUS_SUCCESS;
}

/* ---- open and close ---- */

/* The name of a pipe in lower case. Nothing that could be a path, or be taken for another name. */
static enum nt_status pipe_name(struct nt_blob wire, char name[SMBD_NAME_MAX + 1])
{
    size_t n = wire.len / 2, len = 0;
    if (n == 0 || n > SMBD_NAME_MAX)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    for (size_t i = 0; i < n; i++) {
        char16_t ch = unit(wire, i);
        bool plain = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
                     ch == '_' || ch == '-' || (ch == '.' && len && name[len - 1] != '.') || ch == '$';
        if (!plain)
            return STATUS_OBJECT_NAME_NOT_FOUND;
        name[len++] = (char)(ch >= 'A' && ch <= 'Z' ? ch + 32 : ch);
    }
    name[len] = 0;
    return STATUS_SUCCESS;
}

static enum nt_status create(struct smbd_req *q)
{
    struct smb_create_req in;
    struct smbd_pipe *p;
    char name[SMBD_NAME_MAX + 1];
    if (smb_get_create_req(q->msg, q->len, &in) != STATUS_SUCCESS)
        return STATUS_INVALID_PARAMETER;
    enum nt_status st = pipe_name(in.wire_name, name);
    if (st == STATUS_SUCCESS)
        st = smbd_pipe_new(q->session, q->h.tree_id, name, &p);
    if (st != STATUS_SUCCESS)
        return st;
    struct smb_create_rsp out = { .action = FILE_OPENED, .attributes = ATTRIBUTE_NORMAL };
    smbd_pipe_id(p, out.file_id);
    memcpy(q->chain->file_id, out.file_id, SMB_FILE_ID);
    q->chain->has_file = true;
    smb_put_create_rsp(smbd_body(q), &out);
    return STATUS_SUCCESS;
}

enum nt_status smbd_create(struct smbd_req *q)
{
    enum nt_status st = create(q);
    smbd_observe_pipe(q, st);
    return st;
}

enum nt_status smbd_close(struct smbd_req *q)
{
    enum { FLAGS_AT = SMB_HDR + 2, POSTQUERY = 1 }; /* [MS-SMB2] 2.2.15 */
    uint8_t id[SMB_FILE_ID];
    if (smb_get_close_req(q->msg, q->len, id) != STATUS_SUCCESS)
        return STATUS_INVALID_PARAMETER;
    struct smbd_pipe *p = smbd_pipe_find(q, id);
    if (!p)
        return STATUS_FILE_CLOSED;
    smbd_pipe_close(p);
    smb_put_close_rsp(smbd_body(q));
    if ((q->msg[FLAGS_AT] & POSTQUERY) && smbd_body(q)->st == STATUS_SUCCESS) { /* as CREATE has told */
        uint8_t *end = smbd_body(q)->base + smbd_body(q)->len;
        put_le16(end - 58, POSTQUERY);
        put_le32(end - 4, ATTRIBUTE_NORMAL);
    }
    return STATUS_SUCCESS;
}

/* ---- read and write ---- */

/* [MS-SMB2] 3.3.5.2.5 for payloads up to what one credit pays for. */
static bool too_much(uint32_t n)
{
    return n > SMBD_PAYLOAD;
}

void smbd_put_read_fix(struct wr *w, size_t n)
{
    wr_u16(w, 17);
    wr_u8(w, SMB_HDR + SMBD_READ_FIX);
    wr_u8(w, 0);
    wr_u32(w, (uint32_t)n);
    wr_u32(w, 0);
    wr_u32(w, 0);
}

enum nt_status smbd_read(struct smbd_req *q)
{
    struct smb_read_req in;
    if (smb_get_read_req(q->msg, q->len, &in) != STATUS_SUCCESS || too_much(in.length))
        return STATUS_INVALID_PARAMETER;
    struct smbd_pipe *p = smbd_pipe_find(q, in.file_id);
    if (!p)
        return STATUS_FILE_CLOSED;
    if (p->ended && !p->head)
        return STATUS_PIPE_DISCONNECTED;
    if (p->transact)
        return STATUS_PIPE_BUSY;
    q->max_out = in.length;
    struct smbd_wait *w = smbd_wait_new(q, p);
    if (!w)
        return STATUS_INSUFFICIENT_RESOURCES;
    struct smbd_wait **end = &p->readers;
    while (*end)
        end = &(*end)->pipe_next;
    *end = w;
    smbd_pipe_pump(p);
    return STATUS_PENDING;
}

static enum nt_status may_write(const struct smbd_pipe *p)
{
    if (p->ended)
        return STATUS_PIPE_DISCONNECTED;
    bool full = p->queued > SMBD_UNREAD_MAX || p->n_messages > SMBD_UNREAD_MESSAGES;
    return full ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}

/* What was written, for whoever serves the pipe. The bytes lie in the message that is being worked on. */
static void give(struct smbd_req *q, struct smbd_pipe *p, struct nt_blob data)
{
    uint8_t *bytes = data.len ? q->msg + (data.data - q->msg) : q->msg;
    p->session->c->s->o.pipes->data(p->up, bytes, data.len);
}

enum nt_status smbd_write(struct smbd_req *q)
{
    struct smb_write_req in;
    if (smb_get_write_req(q->msg, q->len, &in) != STATUS_SUCCESS || in.data.len > SMBD_PAYLOAD)
        return STATUS_INVALID_PARAMETER;
    struct smbd_pipe *p = smbd_pipe_find(q, in.file_id);
    if (!p)
        return STATUS_FILE_CLOSED;
    enum nt_status st = may_write(p);
    if (st != STATUS_SUCCESS)
        return st;
    give(q, p, in.data);
    smb_put_write_rsp(smbd_body(q), (uint32_t)in.data.len);
    return STATUS_SUCCESS;
}

/* What is written is taken at once, so there is never anything to wait for. */
enum nt_status smbd_flush(struct smbd_req *q)
{
    uint8_t id[SMB_FILE_ID];
    if (smb_get_close_req(q->msg, q->len, id) != STATUS_SUCCESS) /* the same shape */
        return STATUS_INVALID_PARAMETER;
    if (!smbd_pipe_find(q, id))
        return STATUS_FILE_CLOSED;
    smb_put_empty(smbd_body(q));
    return STATUS_SUCCESS;
}

/* ---- IOCTL ---- */

void smbd_put_ioctl_fix(struct wr *w, const struct smbd_req *q, size_t n)
{
    wr_u16(w, 49);
    wr_u16(w, 0);
    wr_u32(w, q->ioctl);
    wr_bytes(w, q->file_id, SMB_FILE_ID);
    wr_u32(w, SMB_HDR + SMBD_IOCTL_FIX);
    wr_u32(w, 0);
    wr_u32(w, SMB_HDR + SMBD_IOCTL_FIX);
    wr_u32(w, (uint32_t)n);
    wr_u32(w, 0);
    wr_u32(w, 0);
}

/* [MS-SMB2] 3.3.5.15.3 */
static enum nt_status transceive(struct smbd_req *q, struct smbd_pipe *p, const struct smb_ioctl *in)
{
    enum nt_status st = may_write(p);
    if (st != STATUS_SUCCESS)
        return st;
    if (p->transact || p->readers || p->head)
        return STATUS_PIPE_BUSY;
    q->max_out = in->max_out;
    p->transact = smbd_wait_new(q, p);
    if (!p->transact)
        return STATUS_INSUFFICIENT_RESOURCES;
    give(q, p, in->data);
    return STATUS_PENDING;
}

/* [MS-FSCC] 2.3.46: state, bytes there, number of messages, length of the first, and its data. */
static enum nt_status peek(struct smbd_req *q, struct smbd_pipe *p, const struct smb_ioctl *in)
{
    enum { FIX = 16, CONNECTED = 3, CLOSING = 4 };
    struct wr *w = smbd_body(q);
    uint32_t n = 0;
    if (in->max_out < FIX)
        return STATUS_BUFFER_TOO_SMALL;
    if (p->ended && !p->head)
        return STATUS_PIPE_DISCONNECTED;
    for (const struct smbd_message *m = p->head; m; m = m->next)
        n++;
    size_t first = p->head ? p->head->w.len - p->head->off : 0, room = in->max_out - FIX;
    size_t data = first < room ? first : room;
    smbd_put_ioctl_fix(w, q, FIX + data);
    wr_u32(w, p->ended ? CLOSING : CONNECTED);
    wr_u32(w, (uint32_t)p->queued);
    wr_u32(w, n);
    wr_u32(w, (uint32_t)first);
    if (data)
        wr_bytes(w, p->head->w.base + p->head->off, data);
    q->body = true;
    return data < first ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

/* [MS-SMB2] 3.3.5.15.12: what does not agree was changed on its way, and then the connection is nobody's. */
static enum nt_status validate(struct smbd_req *q, const struct smb_ioctl *in)
{
    struct smbd_conn *c = q->chain->c;
    const struct smb_negotiate_req *o = &c->offer;
    struct smb_validate v;
    struct wr out;
    bool ok = smb_get_validate(in->data, false, &v) == STATUS_SUCCESS && v.caps == o->caps &&
              v.mode == o->mode && memcmp(v.guid, o->guid, sizeof v.guid) == 0 &&
              v.n_dialects == o->n_dialects &&
              memcmp(v.dialects, o->dialects, v.n_dialects * sizeof v.dialects[0]) == 0;
    if (!ok || c->dialect == NPC_SMB_3_1_1 || (!q->is_signed && !q->chain->sealed)) {
        smbd_hang_up(c);
        return STATUS_ACCESS_DENIED;
    }
    struct smb_validate mine = { .caps = c->caps,
                                 .mode = (uint16_t)(SMB_MODE_SIGN |
                                                    (c->s->o.allow_unsigned ? 0 : SMB_MODE_SIGN_REQUIRED)),
                                 .dialects = { (uint16_t)c->dialect },
                                 .n_dialects = 1 };
    memcpy(mine.guid, c->s->o.guid, sizeof mine.guid);
    wr_init(&out, 64);
    smb_put_validate(&out, &mine, true);
    smbd_put_ioctl_fix(smbd_body(q), q, out.len);
    wr_bytes(smbd_body(q), out.base, out.len);
    wr_free(&out);
    return in->max_out < 24 ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

/* [MS-SMB2] 3.3.5.15.10: every pipe that there is has a free instance. */
static enum nt_status pipe_wait(struct smbd_req *q, const struct smb_ioctl *in)
{
    struct rd r;
    char name[SMBD_NAME_MAX + 1];
    rd_init(&r, in->data.data, in->data.len);
    rd_skip(&r, 8);
    size_t n = rd_u32(&r);
    rd_skip(&r, 2);
    const uint8_t *p = rd_bytes(&r, n);
    if (r.st != STATUS_SUCCESS || (n & 1))
        return STATUS_INVALID_PARAMETER;
    enum nt_status st = pipe_name((struct nt_blob){ p, n }, name);
    if (st != STATUS_SUCCESS)
        return st;
    const struct smbd_options *o = &q->chain->c->s->o;
    if (!o->pipes->exists(o->pipes_arg, name))
        return STATUS_OBJECT_NAME_NOT_FOUND;
    smbd_put_ioctl_fix(smbd_body(q), q, 0);
    return STATUS_SUCCESS;
}

enum nt_status smbd_ioctl(struct smbd_req *q)
{
    struct smb_ioctl in;
    enum nt_status st = smb_get_ioctl_req(q->msg, q->len, &in);
    if (st != STATUS_SUCCESS)
        return st == STATUS_NOT_SUPPORTED ? st : STATUS_INVALID_PARAMETER;
    if (in.data.len > SMBD_PAYLOAD || too_much(in.max_out))
        return STATUS_INVALID_PARAMETER;
    q->ioctl = in.code;
    memcpy(q->file_id, in.file_id, SMB_FILE_ID);
    if (in.code == FSCTL_VALIDATE_NEGOTIATE_INFO)
        return validate(q, &in);
    if (in.code == FSCTL_QUERY_NETWORK_INTERFACE_INFO)
        return smbd_interface_info(q, &in);
    if (in.code == FSCTL_PIPE_WAIT_CODE)
        return pipe_wait(q, &in);
    if (in.code != FSCTL_PIPE_TRANSCEIVE && in.code != FSCTL_PIPE_PEEK)
        return STATUS_INVALID_DEVICE_REQUEST; /* what NPFS and servers without DFS say */
    struct smbd_pipe *p = smbd_pipe_find(q, in.file_id);
    if (!p)
        return STATUS_FILE_CLOSED;
    return in.code == FSCTL_PIPE_PEEK ? peek(q, p, &in) : transceive(q, p, &in);
}

/* ---- information ---- */

/* [MS-FSCC] 2.4.41: standard information of a pipe: one link, to be deleted when it is closed. */
static void put_standard(struct wr *w)
{
    wr_u64(w, 4096);
    wr_u64(w, 0);
    wr_u32(w, 1);
    wr_u8(w, 1);
    wr_u8(w, 0);
    wr_u16(w, 0);
}

/* [MS-FSCC] 2.4.38 */
static void put_pipe_local(struct wr *w, const struct smbd_pipe *p)
{
    enum { MESSAGES = 1, DUPLEX = 2, INSTANCES = 0xffffffff, CONNECTED = 3, CLIENT = 0 };
    wr_u32(w, MESSAGES);
    wr_u32(w, DUPLEX);
    wr_u32(w, INSTANCES);
    wr_u32(w, 1);
    wr_u32(w, SMBD_PAYLOAD);
    wr_u32(w, (uint32_t)p->queued);
    wr_u32(w, SMBD_PAYLOAD);
    wr_u32(w, SMBD_PAYLOAD);
    wr_u32(w, CONNECTED);
    wr_u32(w, CLIENT);
}

static enum nt_status put_info(struct wr *w, const struct smbd_pipe *p, uint8_t class)
{
    switch (class) {
    case CLASS_STANDARD:
        put_standard(w);
        return STATUS_SUCCESS;
    case CLASS_PIPE: /* message mode, blocking: the only ones */
        wr_u32(w, 1);
        wr_u32(w, 0);
        return STATUS_SUCCESS;
    case CLASS_PIPE_LOCAL:
        put_pipe_local(w, p);
        return STATUS_SUCCESS;
    default:
        return STATUS_NOT_SUPPORTED;
    }
}

enum nt_status smbd_query_info(struct smbd_req *q)
{
    struct rd r;
    struct wr out;
    rd_init(&r, q->msg, q->len);
    rd_skip(&r, SMB_HDR);
    bool ok = rd_u16(&r) == 41;
    uint8_t type = rd_u8(&r), class = rd_u8(&r), id[SMB_FILE_ID];
    uint32_t max = rd_u32(&r);
    rd_skip(&r, 16);
    rd_copy(&r, id, sizeof id);
    if (!ok || r.st != STATUS_SUCCESS || too_much(max))
        return STATUS_INVALID_PARAMETER;
    struct smbd_pipe *p = smbd_pipe_find(q, id);
    if (!p)
        return STATUS_FILE_CLOSED;
    wr_init(&out, 256);
    enum nt_status st = type == INFO_FILE ? put_info(&out, p, class) : STATUS_NOT_SUPPORTED;
    if (st == STATUS_SUCCESS && out.len > max)
        st = STATUS_INFO_LENGTH_MISMATCH;
    if (st == STATUS_SUCCESS)
        smbd_put_buffer(q, &out);
    wr_free(&out);
    return st;
}

bool smbd_get_set(const struct smbd_req *q, struct smbd_set *ret)
{
    struct rd r;
    rd_init(&r, q->msg, q->len);
    rd_skip(&r, SMB_HDR);
    bool ok = rd_u16(&r) == 33;
    ret->type = rd_u8(&r);
    ret->class = rd_u8(&r);
    size_t n = rd_u32(&r), offset = rd_u16(&r);
    rd_skip(&r, 2);
    ret->what = rd_u32(&r);
    rd_copy(&r, ret->id, sizeof ret->id);
    ret->data = rd_sub(&r, offset, n);
    return ok && r.st == STATUS_SUCCESS;
}

/* Only the modes of a pipe can be set, and only to what they are. */
enum nt_status smbd_set_info(struct smbd_req *q)
{
    struct smbd_set in;
    if (!smbd_get_set(q, &in))
        return STATUS_INVALID_PARAMETER;
    if (!smbd_pipe_find(q, in.id))
        return STATUS_FILE_CLOSED;
    if (in.type != INFO_FILE || in.class != CLASS_PIPE)
        return STATUS_NOT_SUPPORTED;
    uint32_t read_mode = rd_u32(&in.data), completion = rd_u32(&in.data);
    if (in.data.st != STATUS_SUCCESS)
        return STATUS_INFO_LENGTH_MISMATCH;
    if (read_mode > 1 || completion != 0)
        return STATUS_INVALID_PARAMETER;
    wr_u16(smbd_body(q), 2);
    return STATUS_SUCCESS;
}

enum nt_status smbd_echo(struct smbd_req *q)
{
    if (smb_get_empty(q->msg, q->len) != STATUS_SUCCESS)
        return STATUS_INVALID_PARAMETER;
    if (q->h.session_id && !q->session)
        return STATUS_USER_SESSION_DELETED;
    smb_put_empty(smbd_body(q));
    return STATUS_SUCCESS;
}
