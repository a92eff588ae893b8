// SPDX-License-Identifier: Apache-2.0
/*
 * The endpoint mapper: [C706] 6.2 and appendix O, [MS-RPCE] 2.2.1.2. Entries have numbers that only grow, and
 * a search knows the last one it gave, so that the map may change between two calls of a client.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <msrpc/epmapper.h>
#include <msrpc/mgmt.h>
#include "rpc/pdu.h"
#include "serve/m_epm.h"

#define EPT_OK              0
#define EPT_CANT_PERFORM_OP 0x16c9a0cdU /* [MS-RPCE] 2.2.1.2.4 */
#define EPT_NOT_REGISTERED  0x16c9a0d6U /* likewise */

enum inquiry { BY_NOTHING, BY_IF, BY_OBJECT, BY_BOTH };                             /* [MS-RPCE] 2.2.1.2.4 */
enum versions { VERS_ALL = 1, VERS_COMPATIBLE, VERS_EXACT, VERS_MAJOR, VERS_UPTO }; /* likewise */

struct entry {
    struct entry *next;
    uint64_t number;
    struct serve_endpoint e; /* its strings are ours */
    struct epm_tower tower;  /* with NDR 2.0 */
};

struct serve_epm {
    struct entry *entries; /* by number */
    unsigned n;
    uint64_t last;
    unsigned searches;
};

/* A search that is not at its end; a context handle. */
struct search {
    struct serve_epm *m;
    uint64_t last; /* number of the entry given last */
};

static void search_free(void *object)
{
    struct search *s = object;
    s->m->searches--;
    free(s);
}

static const struct rpc_handle_type search_type = { "ept_lookup_handle_t", search_free };

/* ---- the map ---- */

static void entry_free(struct entry *x)
{
    free((char *)(uintptr_t)x->e.protseq);
    free((char *)(uintptr_t)x->e.host);
    free((char *)(uintptr_t)x->e.endpoint);
    free((char *)(uintptr_t)x->e.annotation);
    free(x);
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_endpoint(const struct serve_endpoint *a, const struct serve_endpoint *b)
{
    return rpc_syntax_equal(&a->iface, &b->iface) && nt_guid_equal(&a->object, &b->object) &&
           same_text(a->protseq, b->protseq) && same_text(a->host, b->host) &&
           same_text(a->endpoint, b->endpoint);
}

static const char *copy(const char *s, bool *ok)
{
    char *p = s ? strdup(s) : NULL;
    *ok = *ok && (p || !s);
    return p;
}

/* What the tower of an endpoint says; what cannot be a tower is found out here. */
static enum nt_status tower_of(const struct serve_endpoint *e, struct epm_tower *ret)
{
    struct wr w;
    wr_init(&w, EPM_TOWER_MAX);
    epm_tower_write(&w, e, &rpc_syntax_ndr20, "");
    enum nt_status st = w.st == STATUS_BUFFER_TOO_SMALL ? STATUS_INVALID_PARAMETER : w.st;
    if (st == STATUS_SUCCESS)
        st = epm_tower_read(w.base, w.len, ret);
    wr_free(&w);
    return st;
}

enum nt_status serve_epm_add(struct serve_epm *m, const struct serve_endpoint *e)
{
    struct entry **end = &m->entries;
    struct epm_tower tower;
    bool ok = true;
    if (e->annotation && strlen(e->annotation) >= epmapper_ept_max_annotation_size)
        return STATUS_INVALID_PARAMETER;
    for (; *end; end = &(*end)->next)
        if (same_endpoint(&(*end)->e, e))
            return STATUS_SUCCESS;
    enum nt_status st = m->n == EPM_ENTRIES_MAX ? STATUS_INSUFFICIENT_RESOURCES : tower_of(e, &tower);
    if (st != STATUS_SUCCESS)
        return st;
    struct entry *x = calloc(1, sizeof *x);
    if (!x)
        return STATUS_NO_MEMORY;
    x->tower = tower;
    x->e = *e;
    x->e.protseq = copy(e->protseq, &ok);
    x->e.host = copy(e->host, &ok);
    x->e.endpoint = copy(e->endpoint, &ok);
    x->e.annotation = copy(e->annotation, &ok);
    if (!ok) {
        entry_free(x);
        return STATUS_NO_MEMORY;
    }
    x->number = ++m->last;
    *end = x;
    m->n++;
    return STATUS_SUCCESS;
}

enum nt_status serve_epm_add_all(struct serve_epm *m, const struct rpc_server *from,
                                 const struct serve_endpoint *e)
{
    const struct rpc_interface *i;
    for (unsigned k = 0; (i = rpc_server_interface(from, k)) != NULL; k++) {
        struct serve_endpoint each = *e;
        if (rpc_syntax_equal(&i->syntax, &mgmt_interface.syntax))
            continue;
        each.iface = i->syntax;
        if (!each.annotation && strlen(i->name) < epmapper_ept_max_annotation_size)
            each.annotation = i->name;
        enum nt_status st = serve_epm_add(m, &each);
        if (st != STATUS_SUCCESS)
            return st;
    }
    return STATUS_SUCCESS;
}

static void drop_entry(struct serve_epm *m, struct entry **p)
{
    struct entry *x = *p;
    *p = x->next;
    entry_free(x);
    m->n--;
}

unsigned serve_epm_remove(struct serve_epm *m, const struct rpc_syntax *iface)
{
    unsigned removed = 0;
    for (struct entry **p = &m->entries; *p;) {
        if (!rpc_syntax_equal(&(*p)->e.iface, iface)) {
            p = &(*p)->next;
            continue;
        }
        drop_entry(m, p);
        removed++;
    }
    return removed;
}

/* ---- searches ---- */

/* Which entries an ept_lookup or ept_map wants. */
struct wanted {
    bool by_object, by_iface, by_tower;
    struct nt_guid object;
    struct rpc_syntax iface;
    enum versions versions;
    struct epm_tower tower;
};

static bool version_fits(const struct wanted *q, const struct rpc_syntax *x)
{
    const struct rpc_syntax *i = &q->iface;
    switch (q->versions) {
    case VERS_ALL:
        return true;
    case VERS_COMPATIBLE:
        return x->major == i->major && x->minor >= i->minor;
    case VERS_EXACT:
        return x->major == i->major && x->minor == i->minor;
    case VERS_MAJOR:
        return x->major == i->major;
    case VERS_UPTO:
        return x->major < i->major || (x->major == i->major && x->minor <= i->minor);
    }
    return false;
}

static bool fits(const struct wanted *q, const struct entry *x)
{
    if (q->by_iface && !(nt_guid_equal(&x->e.iface.uuid, &q->iface.uuid) && version_fits(q, &x->e.iface)))
        return false;
    if (q->by_tower && !epm_tower_same_protocols(&q->tower, &x->tower))
        return false;
    /* what is registered without an object fits any in ept_map ([MS-RPCE] 2.2.1.2.5), only itself in
     * ept_lookup */
    if (q->by_object && !nt_guid_equal(&x->e.object, &q->object))
        return q->by_tower && nt_guid_is_null(&x->e.object);
    return true;
}

static const struct entry *next_match(const struct entry *x, const struct wanted *q)
{
    while (x && !fits(q, x))
        x = x->next;
    return x;
}

/* Where a client's search goes on; *ret_search is NULL for a new one. RPC_NT_SS_CONTEXT_MISMATCH. */
static enum nt_status resume(struct rpc_server_call *call, const struct ndr_handle *h,
                             struct search **ret_search)
{
    void *object = NULL;
    if (!ndr_handle_is_null(h)) {
        enum nt_status st = rpc_handle_get(call, h, &search_type, &object);
        if (st != STATUS_SUCCESS)
            return st;
    }
    *ret_search = object;
    return STATUS_SUCCESS;
}

/* The handle of the answer: null once there is nothing left. */
static enum nt_status suspend(struct rpc_server_call *call, struct search *s, uint64_t last, bool more,
                              const struct ndr_handle *in, struct ndr_handle *out)
{
    struct serve_epm *m = rpc_server_arg(call);
    *out = *in;
    if (!more)
        return s ? rpc_handle_close(call, out, &search_type, NULL) : STATUS_SUCCESS;
    if (s) {
        s->last = last;
        return STATUS_SUCCESS;
    }
    if (m->searches == EPM_SEARCHES_MAX)
        return STATUS_INSUFFICIENT_RESOURCES;
    s = malloc(sizeof *s);
    if (!s)
        return STATUS_NO_MEMORY;
    *s = (struct search){ m, last };
    enum nt_status st = rpc_handle_new(call, &search_type, s, out);
    if (st == STATUS_SUCCESS)
        m->searches++;
    else
        free(s);
    return st;
}

static const struct entry *first_match(const struct serve_epm *m, const struct search *s,
                                       const struct wanted *q)
{
    const struct entry *x = m->entries;
    while (x && s && x->number <= s->last)
        x = x->next;
    return next_match(x, q);
}

/* The address at which the mapper was asked, without its port. */
static const char *asked_at(struct rpc_server_call *call)
{
    struct rpc_server_caller c = { .size = sizeof c };
    if (rpc_server_caller(call, &c) != STATUS_SUCCESS)
        return "";
    char *host = nt_arena_strdup(rpc_server_mem(call), c.local[0] == '[' ? c.local + 1 : c.local);
    char *end = host ? strrchr(host, c.local[0] == '[' ? ']' : ':') : NULL;
    if (!end)
        return "";
    *end = 0;
    return host;
}

static struct epmapper_twr_t *tower_for(struct rpc_server_call *call, const struct entry *x,
                                        const struct rpc_syntax *transfer)
{
    struct nt_arena *mem = rpc_server_mem(call);
    struct epmapper_twr_t *t = nt_arena_obj(mem, struct epmapper_twr_t);
    struct wr w;
    wr_init(&w, EPM_TOWER_MAX);
    epm_tower_write(&w, &x->e, transfer, asked_at(call));
    if (t && w.st == STATUS_SUCCESS) {
        t->tower_length = (uint32_t)w.len;
        t->tower_octet_string = nt_arena_memdup(mem, w.base, w.len);
    }
    bool ok = t && t->tower_octet_string;
    wr_free(&w);
    return ok ? t : NULL;
}

/* ---- operations ---- */

static enum nt_status take_lookup(const struct epmapper_ept_lookup *r, struct wanted *q)
{
    unsigned type = r->in.inquiry_type;
    *q = (struct wanted){ .by_iface = type == BY_IF || type == BY_BOTH,
                          .by_object = type == BY_OBJECT || type == BY_BOTH };
    if (type > BY_BOTH)
        return STATUS_INVALID_PARAMETER;
    if (q->by_iface && r->in.Ifid)
        q->iface = (struct rpc_syntax){ r->in.Ifid->Uuid, r->in.Ifid->VersMajor, r->in.Ifid->VersMinor };
    if (q->by_object && r->in.object)
        q->object = *r->in.object;
    q->versions = (enum versions)r->in.vers_option;
    if (q->by_iface && (r->in.vers_option < VERS_ALL || r->in.vers_option > VERS_UPTO))
        return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

static enum nt_status fill_entry(struct rpc_server_call *call, const struct entry *x,
                                 struct epmapper_ept_entry_t *to)
{
    to->object = x->e.object;
    to->tower = tower_for(call, x, &rpc_syntax_ndr20);
    snprintf(to->annotation, sizeof to->annotation, "%s", x->e.annotation ? x->e.annotation : "");
    return to->tower ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

static enum nt_status lookup(struct rpc_server_call *call, struct epmapper_ept_lookup *r)
{
    struct serve_epm *m = rpc_server_arg(call);
    struct wanted q;
    struct search *s;
    enum nt_status st = resume(call, &r->in.entry_handle, &s);
    if (st != STATUS_SUCCESS)
        return st;
    r->out.entry_handle = r->in.entry_handle;
    r->out.entries = nt_arena_array(rpc_server_mem(call), r->in.max_ents, sizeof *r->out.entries);
    if (!r->out.entries)
        return STATUS_NO_MEMORY;
    if (take_lookup(r, &q) != STATUS_SUCCESS) {
        r->out.status = EPT_CANT_PERFORM_OP;
        return STATUS_SUCCESS;
    }
    const struct entry *x = first_match(m, s, &q);
    uint64_t last = s ? s->last : 0;
    while (x && r->out.num_ents < r->in.max_ents && st == STATUS_SUCCESS) {
        st = fill_entry(call, x, &r->out.entries[r->out.num_ents++]);
        last = x->number;
        x = next_match(x->next, &q);
    }
    /* A full answer brings a handle also where nothing is left, and the end is an answer of its own: clients
     * that ask for one at a time and look at the status only would begin anew with a null handle. One that is
     * not full is the end, as clients that look at the handle want it. */
    bool full = r->out.num_ents == r->in.max_ents && r->out.num_ents;
    if (st == STATUS_SUCCESS)
        st = suspend(call, s, last, full || x, &r->in.entry_handle, &r->out.entry_handle);
    r->out.status = r->out.num_ents || x ? EPT_OK : EPT_NOT_REGISTERED;
    return st;
}

static enum nt_status take_map(const struct epmapper_ept_map *r, struct wanted *q)
{
    const struct epmapper_twr_t *t = r->in.map_tower;
    *q = (struct wanted){
        .by_tower = true, .by_iface = true, .versions = VERS_COMPATIBLE, .by_object = r->in.obj
    };
    if (r->in.obj)
        q->object = *r->in.obj;
    enum nt_status st =
        t ? epm_tower_read(t->tower_octet_string, t->tower_length, &q->tower) : STATUS_INVALID_PARAMETER;
    if (st == STATUS_SUCCESS)
        q->iface = q->tower.iface;
    return st;
}

/* Every interface of ours is served with both transfer syntaxes. */
static bool speaks(const struct rpc_syntax *transfer)
{
    return rpc_syntax_equal(transfer, &rpc_syntax_ndr20) || rpc_syntax_equal(transfer, &rpc_syntax_ndr64);
}

static enum nt_status map(struct rpc_server_call *call, struct epmapper_ept_map *r)
{
    struct serve_epm *m = rpc_server_arg(call);
    struct wanted q;
    struct search *s;
    enum nt_status st = resume(call, &r->in.entry_handle, &s);
    if (st != STATUS_SUCCESS)
        return st;
    r->out.entry_handle = r->in.entry_handle;
    r->out.ITowers = nt_arena_array(rpc_server_mem(call), r->in.max_towers, sizeof(*r->out.ITowers));
    if (!r->out.ITowers)
        return STATUS_NO_MEMORY;
    if (take_map(r, &q) != STATUS_SUCCESS) {
        r->out.status = EPT_CANT_PERFORM_OP;
        return STATUS_SUCCESS;
    }
    const struct entry *x = speaks(&q.tower.transfer) ? first_match(m, s, &q) : NULL;
    uint64_t last = s ? s->last : 0;
    while (x && r->out.num_towers < r->in.max_towers) {
        struct epmapper_twr_t *t = tower_for(call, x, &q.tower.transfer);
        if (!t)
            return STATUS_NO_MEMORY;
        r->out.ITowers[r->out.num_towers++] = t;
        last = x->number;
        x = next_match(x->next, &q);
    }
    st = suspend(call, s, last, x != NULL, &r->in.entry_handle, &r->out.entry_handle);
    r->out.status = r->out.num_towers || x ? EPT_OK : EPT_NOT_REGISTERED;
    return st;
}

static enum nt_status lookup_handle_free(struct rpc_server_call *call,
                                         struct epmapper_ept_lookup_handle_free *r)
{
    r->out.entry_handle = r->in.entry_handle;
    if (ndr_handle_is_null(&r->in.entry_handle))
        return STATUS_SUCCESS; /* a client that is at the end of its search and tidy */
    return rpc_handle_close(call, &r->out.entry_handle, &search_type, NULL);
}

/* ---- registration by others ([C706] appendix O) ---- */

/* [MS-RPCE] 2.2.1.2.6 to 2.2.1.2.10: over the network these raise EPT_S_CANT_PERFORM_OP, as on present
 * Windows versions. Over ncalrpc root and the service's own user may register what they like, and nobody
 * else: whoever could put an endpoint of his own in the place of a service's would be asked for its clients'
 * passwords (CVE-2025-49760). */
static enum nt_status may_register(struct rpc_server_call *call)
{
    struct rpc_server_caller c = { .size = sizeof c };
    enum nt_status st = rpc_server_caller(call, &c);
    if (st != STATUS_SUCCESS || strcmp(c.protseq, "ncalrpc") != 0)
        return EPT_NT_CANT_PERFORM_OP;
    return c.has_cred && (c.uid == 0 || c.uid == geteuid()) ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
}

static enum nt_status take_entry(const struct epmapper_ept_entry_t *from, struct serve_endpoint *e,
                                 char text[EPM_ENDPOINT_MAX])
{
    if (!from->tower)
        return STATUS_INVALID_PARAMETER;
    enum nt_status st =
        epm_tower_endpoint(from->tower->tower_octet_string, from->tower->tower_length, e, text);
    if (st != STATUS_SUCCESS)
        return st;
    e->object = from->object;
    e->annotation = from->annotation[0] ? from->annotation : NULL;
    return STATUS_SUCCESS;
}

/* Older endpoints of the same interface, object and protocols. */
static void drop_replaced(struct serve_epm *m, const struct serve_endpoint *e)
{
    for (struct entry **p = &m->entries; *p;)
        if (rpc_syntax_equal(&(*p)->e.iface, &e->iface) && nt_guid_equal(&(*p)->e.object, &e->object) &&
            strcmp((*p)->e.protseq, e->protseq) == 0)
            drop_entry(m, p);
        else
            p = &(*p)->next;
}

/* All entries or none: the first pass looks at them, the second adds. */
static enum nt_status insert(struct rpc_server_call *call, struct epmapper_ept_insert *r)
{
    struct serve_epm *m = rpc_server_arg(call);
    enum nt_status st = may_register(call);
    char text[EPM_ENDPOINT_MAX];
    struct serve_endpoint e;
    if (st != STATUS_SUCCESS)
        return st;
    for (uint32_t i = 0; i < r->in.num_ents && st == STATUS_SUCCESS; i++)
        st = take_entry(&r->in.entries[i], &e, text);
    if (st == STATUS_SUCCESS && r->in.num_ents > EPM_ENTRIES_MAX - m->n)
        st = STATUS_INSUFFICIENT_RESOURCES;
    for (int pass = r->in.replace ? 0 : 1; pass < 2; pass++)
        for (uint32_t i = 0; i < r->in.num_ents && st == STATUS_SUCCESS; i++) {
            st = take_entry(&r->in.entries[i], &e, text);
            if (st == STATUS_SUCCESS && pass == 0)
                drop_replaced(m, &e);
            else if (st == STATUS_SUCCESS)
                st = serve_epm_add(m, &e);
        }
    r->out.status = st == STATUS_SUCCESS ? EPT_OK : EPT_CANT_PERFORM_OP;
    return STATUS_SUCCESS;
}

static enum nt_status delete_entries(struct rpc_server_call *call, struct epmapper_ept_delete *r)
{
    struct serve_epm *m = rpc_server_arg(call);
    enum nt_status st = may_register(call);
    char text[EPM_ENDPOINT_MAX];
    struct serve_endpoint e;
    if (st != STATUS_SUCCESS)
        return st;
    r->out.status = EPT_OK;
    for (uint32_t i = 0; i < r->in.num_ents; i++) {
        struct entry **p = &m->entries;
        if (take_entry(&r->in.entries[i], &e, text) != STATUS_SUCCESS) {
            r->out.status = EPT_CANT_PERFORM_OP;
            continue;
        }
        while (*p &&
               !(rpc_syntax_equal(&(*p)->e.iface, &e.iface) && nt_guid_equal(&(*p)->e.object, &e.object) &&
                 same_text((*p)->e.protseq, e.protseq) && same_text((*p)->e.endpoint, e.endpoint)))
            p = &(*p)->next;
        if (*p)
            drop_entry(m, p);
        else
            r->out.status = EPT_NOT_REGISTERED;
    }
    return STATUS_SUCCESS;
}

static enum nt_status inq_object(struct rpc_server_call *call, struct epmapper_ept_inq_object *r)
{
    (void)call;
    (void)r;
    return EPT_NT_CANT_PERFORM_OP;
}

static enum nt_status mgmt_delete(struct rpc_server_call *call, struct epmapper_ept_mgmt_delete *r)
{
    (void)call;
    (void)r;
    return EPT_NT_CANT_PERFORM_OP;
}

static const struct epmapper_handlers handlers = {
    .ept_insert = insert,
    .ept_delete = delete_entries,
    .ept_lookup = lookup,
    .ept_map = map,
    .ept_lookup_handle_free = lookup_handle_free,
    .ept_inq_object = inq_object,
    .ept_mgmt_delete = mgmt_delete,
};

enum nt_status serve_epm_new(struct rpc_server *s, struct serve_epm **ret)
{
    struct serve_epm *m = calloc(1, sizeof *m);
    if (!m)
        return STATUS_NO_MEMORY;
    enum nt_status st = epmapper_register(s, &handlers, m);
    if (st == STATUS_SUCCESS)
        st = rpc_server_require(s, &epmapper_interface, SEC_LEVEL_NONE);
    if (st != STATUS_SUCCESS) { /* if it is registered all the same, nobody listens yet */
        free(m);
        return st;
    }
    *ret = m;
    return STATUS_SUCCESS;
}

void serve_epm_free(struct serve_epm *m)
{
    if (!m)
        return;
    while (m->entries) {
        struct entry *x = m->entries;
        m->entries = x->next;
        entry_free(x);
    }
    free(m);
}
