// SPDX-License-Identifier: Apache-2.0
/* Names, constants, attributes and operation numbers: what can be said before the wire form of types is
 * known. */
#include "idlc/idlc.h"

/* ---- symbols ---- */

static unsigned hash(const char *s)
{
    unsigned h = 5381;
    while (*s)
        h = h * 33 + (unsigned char)*s++;
    return h % SYMBOL_BUCKETS;
}

struct symbol *symbol_find(struct symbol **table, const char *name)
{
    for (struct symbol *s = table[hash(name)]; s; s = s->next)
        if (strcmp(s->name, name) == 0)
            return s;
    return NULL;
}

struct symbol *symbol_add(struct idlc *c, struct symbol **table, const char *name)
{
    struct symbol *s = pool_new(&c->pool, struct symbol);
    s->name = name;
    s->next = table[hash(name)];
    table[hash(name)] = s;
    return s;
}

const struct attr *attr_find(const struct attr *a, const char *name)
{
    while (a && strcmp(a->name, name) != 0)
        a = a->next;
    return a;
}

struct decl *next_interface(struct decl *d)
{
    while (d && (d->kind != DECL_INTERFACE || d->local))
        d = d->next;
    return d;
}

bool is_operation(const struct decl *d)
{
    return d->kind == DECL_OPERATION || d->kind == DECL_CALLBACK;
}

/* ---- types that need no definition ---- */

static const struct {
    const char *name;
    enum base base;
    bool pointer;
} known_types[] = {
    { "wchar_t", BASE_WCHAR, false },
    { "error_status_t", BASE_U32, false },
    { "handle_t", BASE_HANDLE_T, false },
    { "GUID", BASE_GUID, false },
    { "UUID", BASE_GUID, false },
    { "uuid_t", BASE_GUID, false },
    { "RPC_SID", BASE_SID, false },
    { "PRPC_SID", BASE_SID, true },
    { "NTSTATUS", BASE_NTSTATUS, false },
    { "NET_API_STATUS", BASE_WERROR, false },
    { "WERROR", BASE_WERROR, false },
    { "HRESULT", BASE_I32, false },
    /* those of DCE, [C706] appendix: each file of that language has them */
    { "unsigned8", BASE_U8, false },
    { "unsigned16", BASE_U16, false },
    { "unsigned32", BASE_U32, false },
    { "unsigned64", BASE_U64, false },
    { "signed8", BASE_I8, false },
    { "signed16", BASE_I16, false },
    { "signed32", BASE_I32, false },
    { "signed64", BASE_I64, false },
    { "idl_uuid_t", BASE_GUID, false },
    { "uuid_p_t", BASE_GUID, true },
    { "boolean32", BASE_U32, false },
};

static void add_known_types(struct idlc *c)
{
    for (size_t i = 0; i < sizeof(known_types) / sizeof(known_types[0]); i++) {
        struct type *t = pool_new(&c->pool, struct type);
        t->kind = TY_BASE;
        t->base = known_types[i].base;
        if (known_types[i].pointer) {
            struct type *p = pool_new(&c->pool, struct type);
            p->kind = TY_POINTER;
            p->to = t;
            t = p;
        }
        symbol_add(c, c->names, known_types[i].name)->type = t;
    }
}

static bool is_known(const struct symbol *s)
{
    return s && !s->decl && !s->field && s->type;
}

/* ---- identifiers ---- */

static int hex_digits(const char *s)
{
    int n = 0;
    while ((s[n] >= '0' && s[n] <= '9') || (s[n] >= 'a' && s[n] <= 'f') || (s[n] >= 'A' && s[n] <= 'F'))
        n++;
    return n;
}

static void check_uuid(struct idlc *c, struct decl *d, const struct attr *a)
{
    static const int groups[] = { 8, 4, 4, 4, 12 };
    const char *s = a->text ? a->text : "";
    for (int i = 0; i < 5; i++) {
        if (hex_digits(s) != groups[i] || s[groups[i]] != (i < 4 ? '-' : '\0')) {
            if (!c->pidl)
                diag_error(c, a->loc, "a UUID has 8-4-4-4-12 hexadecimal digits");
            else
                diag_warning(c, WARN_PIDL, a->loc,
                             "a UUID has 8-4-4-4-12 hexadecimal digits; filled up with zeros");
            return;
        }
        s += groups[i] + 1;
    }
    const struct attr *v = attr_find(d->attrs, "version");
    const char *who = pool_printf(&c->pool, "%s %s", a->text, v && v->text ? v->text : "0.0");
    struct symbol *known = symbol_find(c->uuids, who);
    if (known && known->decl->src == d->src) {
        diag_error(c, a->loc, "interface '%s' has the UUID and version of '%s'", d->name, known->decl->name);
        diag_note(c, known->decl->loc, "'%s' is here", known->decl->name);
    }
    if (!known)
        symbol_add(c, c->uuids, who)->decl = d;
}

/* ---- names ---- */

/* Types that people expect to be there, and the file that has them. */
static const char *file_of_type(const char *name)
{
    static const struct {
        const char *name, *file;
    } homes[] = {
        { "DWORD", "ms-dtyp.idl" },        { "LPDWORD", "ms-dtyp.idl" },
        { "PDWORD", "ms-dtyp.idl" },       { "ULONG", "ms-dtyp.idl" },
        { "LONG", "ms-dtyp.idl" },         { "WORD", "ms-dtyp.idl" },
        { "USHORT", "ms-dtyp.idl" },       { "BYTE", "ms-dtyp.idl" },
        { "UCHAR", "ms-dtyp.idl" },        { "BOOL", "ms-dtyp.idl" },
        { "BOOLEAN", "ms-dtyp.idl" },      { "WCHAR", "ms-dtyp.idl" },
        { "LPWSTR", "ms-dtyp.idl" },       { "LPCWSTR", "ms-dtyp.idl" },
        { "PWSTR", "ms-dtyp.idl" },        { "FILETIME", "ms-dtyp.idl" },
        { "SYSTEMTIME", "ms-dtyp.idl" },   { "LARGE_INTEGER", "ms-dtyp.idl" },
        { "ULONGLONG", "ms-dtyp.idl" },    { "LONGLONG", "ms-dtyp.idl" },
        { "UINT", "ms-dtyp.idl" },         { "RPC_UNICODE_STRING", "ms-dtyp.idl" },
        { "PSID", "ms-dtyp.idl" },         { "ACCESS_MASK", "ms-dtyp.idl" },
        { "UINT32", "ms-dtyp.idl" },       { "UINT64", "ms-dtyp.idl" },
        { "LUID", "ms-dtyp.idl" },         { "ORPCTHIS", "ms-dcom.idl" },
        { "ORPCTHAT", "ms-dcom.idl" },     { "MInterfacePointer", "ms-dcom.idl" },
        { "IID", "ms-dcom.idl" },          { "CLSID", "ms-dcom.idl" },
        { "IUnknown", "ms-dcom.idl" },     { "REFIID", "ms-oaut.idl" },
        { "BSTR", "ms-oaut.idl" },         { "VARIANT", "ms-oaut.idl" },
        { "VARIANT_BOOL", "ms-oaut.idl" }, { "SAFEARRAY", "ms-oaut.idl" },
        { "LPSAFEARRAY", "ms-oaut.idl" },  { "IDispatch", "ms-oaut.idl" },
        { "DATE", "ms-oaut.idl" },         { "CURRENCY", "ms-oaut.idl" },
        { "DISPID", "ms-oaut.idl" },       { "LPOLESTR", "ms-oaut.idl" },
    };
    for (size_t i = 0; i < sizeof(homes) / sizeof(homes[0]); i++)
        if (strcmp(homes[i].name, name) == 0)
            return homes[i].file;
    return NULL;
}

static const char *similar_type(const struct idlc *c, const char *name)
{
    for (int i = 0; i < SYMBOL_BUCKETS; i++)
        for (const struct symbol *s = c->names[i]; s; s = s->next)
            if ((s->type || (s->decl && s->decl->kind == DECL_TYPEDEF)) && !s->field &&
                word_like(c, name, s->name))
                return s->name;
    return NULL;
}

/* Once for each name, and an error even in types that nothing uses. */
static void unknown_type(struct idlc *c, const struct type *t)
{
    struct type *capture = c->capture;
    const char *tagged = t->kind == TY_TAG ? pool_printf(&c->pool, "%s %s",
                                                         t->tag_kind == TY_STRUCT  ? "struct"
                                                         : t->tag_kind == TY_UNION ? "union"
                                                                                   : "enum",
                                                         t->name)
                                           : t->name;
    if (symbol_find(c->unknown, tagged))
        return;
    symbol_add(c, c->unknown, tagged);
    if (c->incomplete)
        return;
    c->capture = NULL;
    const char *file = t->kind == TY_NAME ? file_of_type(t->name) : NULL, *similar = NULL;
    if (file)
        diag_error(c, t->loc, "unknown type '%s'; import \"%s\" has it", tagged, file);
    else if (t->kind == TY_NAME && (similar = similar_type(c, t->name)))
        diag_error(c, t->loc, "unknown type '%s'; did you mean '%s'?", tagged, similar);
    else
        diag_error(c, t->loc, "unknown type '%s'", tagged);
    c->capture = capture;
}

/* typedef struct X X; before, or after, X is defined by another typedef. */
static bool forward_typedef(const struct decl *d, const char *name)
{
    return d && d->kind == DECL_TYPEDEF && d->type && d->type->kind == TY_TAG &&
           strcmp(d->type->name, name) == 0;
}

/* Typedefs and tags have names of their own, but pidl knows one kind only: what is not among the one may be
 * among the other, or known without a definition. */
struct symbol *symbol_of_type(struct idlc *c, const struct type *t)
{
    bool name = t->kind == TY_NAME;
    struct symbol *s = symbol_find(name ? c->names : c->tags, t->name);
    if (s)
        return s;
    s = symbol_find(name ? c->tags : c->names, t->name);
    if (!name && s && forward_typedef(s->decl, t->name))
        s = NULL; /* it says nothing */
    if (s && (name || (s->decl && s->decl->kind == DECL_TYPEDEF) || (s->type && !s->field)))
        return s;
    s = pidl_known_type(c, t->name);
    return s ? s : pidl_foreign_type(c, t);
}

struct type *type_resolve(struct idlc *c, struct type *t)
{
    for (int i = 0; t && (t->kind == TY_NAME || t->kind == TY_TAG); i++) {
        struct symbol *s = symbol_of_type(c, t);
        const struct decl *d = s ? s->decl : NULL;
        if (i > MAX_NESTING) {
            diag_error(c, t->loc, "'%s' leads through too many names", t->name);
            return NULL;
        }
        if (d && (d->kind == DECL_INTERFACE || d->kind == DECL_FORWARD))
            return interface_pointee(c, t->loc);
        if (!s || s->field || (!s->type && !(d && d->kind == DECL_TYPEDEF))) {
            unknown_type(c, t);
            return NULL;
        }
        if (t->kind == TY_TAG && s->type && s->type->kind != TY_BASE && s->type->kind != t->tag_kind &&
            !(s->type->encapsulated && t->tag_kind == TY_UNION)) {
            diag_error(c, t->loc, "'%s' is another kind of type", t->name);
            return NULL;
        }
        t->def = is_known(s) ? NULL : s->decl;
        t = s->decl && s->decl->kind == DECL_TYPEDEF ? s->decl->type : s->type;
    }
    return t;
}

/* Words that C or C++ keep for themselves, and macros that compilers and the C library have, get an
 * underscore. */
static const char *c_name(struct idlc *c, const char *name)
{
    static const char *const taken[] = {
        "alignas",
        "alignof",
        "and",
        "asm",
        "auto",
        "bool",
        "break",
        "catch",
        "class",
        "const_cast",
        "constexpr",
        "continue",
        "decltype",
        "delete",
        "do",
        "dynamic_cast",
        "else",
        "explicit",
        "export",
        "extern",
        "false",
        "for",
        "friend",
        "goto",
        "if",
        "inline",
        "mutable",
        "namespace",
        "new",
        "noexcept",
        "not",
        "nullptr",
        "operator",
        "or",
        "private",
        "protected",
        "public",
        "register",
        "reinterpret_cast",
        "restrict",
        "return",
        "static",
        "static_assert",
        "static_cast",
        "template",
        "this",
        "thread_local",
        "throw",
        "true",
        "try",
        "typeid",
        "typename",
        "using",
        "virtual",
        "volatile",
        "while",
        "xor",
        "errno",
        "linux",
        "major",
        "minor",
        "stderr",
        "stdin",
        "stdout",
        "unix",
        NULL,
    };
    for (const char *const *t = taken; *t; t++)
        if (strcmp(*t, name) == 0)
            return pool_printf(&c->pool, "%s_", name);
    return name;
}

/* "srvsvc" + "SHARE_INFO_1"; a name that begins with its interface keeps it once. */
static const char *prefixed(struct idlc *c, const struct decl *d, const char *name)
{
    const char *prefix = d->owner ? d->owner->name : d->src->prefix;
    size_t len = strlen(prefix);
    if (strncmp(name, prefix, len) == 0 && name[len] == '_')
        return name;
    return pool_printf(&c->pool, "%s_%s", prefix, name);
}

/* Two things of one file may come to the same name in C: structures and unions of operations and types in the
 * one name space, all else in the other. Who comes later gets an underscore. */
static const char *claim(struct idlc *c, struct symbol **table, const char *name, const void *who)
{
    for (int i = 0; i < MAX_NESTING; i++) {
        struct symbol *s = symbol_find(table, name);
        if (!s) {
            symbol_add(c, table, name)->owner = who;
            return name;
        }
        if (s->owner == who)
            return name;
        name = pool_printf(&c->pool, "%s_", name);
    }
    return name;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* What a name without attributes of its own stands for; no errors. */
static const struct type *plain_type(struct idlc *c, const struct type *t)
{
    for (int i = 0; t && (t->kind == TY_NAME || t->kind == TY_TAG) && i <= MAX_NESTING; i++) {
        const struct symbol *s = symbol_find(t->kind == TY_TAG ? c->tags : c->names, t->name);
        if (t->kind == TY_TAG)
            return s && s->type ? s->type : t;
        const struct decl *d = s && s->decl && s->decl->kind == DECL_TYPEDEF ? s->decl : NULL;
        if (d && d->attrs)
            break;
        const struct type *next = d ? d->type : is_known(s) ? s->type : NULL;
        if (!next)
            break;
        t = next;
    }
    return t;
}

static bool same_expr(const struct expr *a, const struct expr *b)
{
    return a == b || (a && b && a->kind == b->kind && a->value == b->value && same_text(a->op, b->op) &&
                      same_text(a->text, b->text) && same_expr(a->a, b->a) && same_expr(a->b, b->b) &&
                      same_expr(a->c, b->c));
}

/* Close enough to accept a second definition: the same words in the same places, typedefs followed. */
static bool same_type(struct idlc *c, const struct type *a, const struct type *b, int depth)
{
    a = plain_type(c, a);
    b = plain_type(c, b);
    if (a == b)
        return true;
    if (!a || !b || a->kind != b->kind || a->base != b->base || !same_text(a->name, b->name) ||
        depth > MAX_NESTING)
        return false;
    const struct field *f = a->fields, *g = b->fields;
    for (; f && g; f = f->next, g = g->next)
        if (!same_text(f->name, g->name) || !same_type(c, f->type, g->type, depth + 1) ||
            !same_expr(f->value, g->value))
            return false;
    return f == g && same_expr(a->size, b->size) && same_type(c, a->to, b->to, depth + 1);
}

/* ---- definitions ---- */

/* In C an enumerator may have the value of one that comes later in the file, which pidl leaves to C. */
static bool enumerator_ahead(const struct decl *at, const struct expr *e, int64_t *ret)
{
    for (const struct decl *d = e->kind == EX_NAME ? at : NULL; d; d = d->next)
        for (const struct field *f = d->type && d->type->kind == TY_ENUM ? d->type->fields : NULL; f;
             f = f->next)
            if (strcmp(f->name, e->text) == 0 && f->value && f->value->kind == EX_NUMBER) {
                *ret = (int64_t)f->value->value;
                return true;
            }
    return false;
}

/* The old one stands in another interface of the same file. */
static bool other_interface(const struct decl *old, const struct decl *new)
{
    return old && new &&old != new && old->src == new->src;
}

static void add_enumerators(struct idlc *c, const struct decl *d, struct type *t)
{
    int64_t next = 0;
    int wide = 0;
    for (struct field *f = t->fields; f; f = f->next) {
        f->cname = claim(c, c->c_names, prefixed(c, d, f->name), f);
        if (f->value && !enumerator_ahead(d, f->value, &next) && !const_eval(c, f->value, &next))
            next = 0;
        f->number = next++;
        if (f->number < 0)
            t->signed_enum = true;
        else if (f->number > INT16_MAX && !t->v1_enum && !t->bitmap && !c->pidl && !wide++)
            diag_warning(c, WARN_ENUM, f->loc,
                         "'%s' is %lld, but an enumeration without v1_enum is sent in 16 bits", f->name,
                         (long long)f->number);
        if (!t->bitmap && (f->number < INT32_MIN || f->number > UINT32_MAX))
            diag_error(c, f->loc, "'%s' does not fit into 32 bits", f->name);
        struct symbol *s = symbol_find(c->names, f->name);
        if (s && !(s->field && s->value == f->number) && s->type &&
            other_interface(s->type->owner, d->owner)) {
            f->name = scope_name(c, d->owner, f->name, false);
            s = NULL;
        }
        const struct decl *owner = !s             ? NULL
                                   : s->type == t ? d->owner
                                   : s->field     ? s->type->owner
                                   : s->decl      ? s->decl->owner
                                                  : NULL;
        bool other = c->pidl && s && s->known_value && owner != d->owner; /* in C they have their prefixes */
        if (s && !other && !(s->field && s->value == f->number))
            diag_error(c, f->loc, "'%s' is defined already", f->name);
        if (s && !other)
            continue;
        s = s ? s : symbol_add(c, c->names, f->name);
        s->type = t;
        s->field = f;
        s->value = f->number;
        s->known_value = true;
    }
}

static void add_def(struct idlc *c, const struct decl *d, struct type *t, const char *name);

/* A file may define anew, and otherwise, what one that it imports defines: the specifications do, where the
 * common file has a name for another purpose. From then on the new one counts. */
static bool replaces(struct idlc *c, struct loc loc, const struct source *old, const struct source *new,
                     const char *name)
{
    if (!old || old == new || !old->imported)
        return false;
    diag_warning(c, WARN_REPLACED, loc, "'%s' is not what %s has under this name; this definition counts",
                 name, old->name);
    return true;
}

/* Structures that are defined inside others come first, named after where they stand. */
static void add_inner_defs(struct idlc *c, const struct decl *d, struct type *t, const char *outer,
                           const char *name)
{
    for (int i = 0; t && i < 2 * MAX_NESTING; i++, t = t->to) {
        if (t->kind == TY_STRUCT || t->kind == TY_UNION || t->kind == TY_ENUM) {
            add_def(c, d, t, t->name ? t->name : pool_printf(&c->pool, "%s_%s", outer, name ? name : "u"));
            return;
        }
        if (t->kind != TY_POINTER && t->kind != TY_ARRAY && t->kind != TY_PIPE)
            return;
    }
}

static void check_members(struct idlc *c, struct type *t)
{
    for (struct field *f = t->fields; f; f = f->next) {
        check_attrs(c, f->attrs);
        if (!f->name)
            continue;
        f->cname = c_name(c, f->name);
        for (const struct field *g = t->fields; g != f; g = g->next)
            if (g->name && strcmp(g->name, f->name) == 0) {
                /* arms of pidl may share a member of the union in C */
                f->shared = t->kind == TY_UNION && c->pidl && same_type(c, f->type, g->type, 0);
                if (!f->shared)
                    diag_error(c, f->loc, "'%s' is there already", f->name);
                break;
            }
    }
}

static void add_def(struct idlc *c, const struct decl *d, struct type *t, const char *name)
{
    if (t->cname)
        return;
    if (++c->nesting > MAX_NESTING) {
        diag_error(c, t->loc, "types are nested too deeply");
        c->nesting--;
        return;
    }
    t->cname = claim(c, c->c_tags, prefixed(c, d, name), t);
    if (t->name) {
        struct symbol *s = symbol_find(c->tags, t->name);
        bool differs = s && !same_type(c, s->type, t, 0);
        if (differs && other_interface(s->type->owner, d->owner))
            s = symbol_add(c, c->tags, t->name = scope_name(c, d->owner, t->name, true));
        else if (differs && !replaces(c, t->loc, s->type->src, d->src, t->name))
            diag_error(c, t->loc, "'%s' is defined already, and differently", t->name);
        if (!s)
            s = symbol_add(c, c->tags, t->name);
        s->type = t;
    }
    t->ms_union = attr_find(t->attrs, "ms_union") || (d->owner && attr_find(d->owner->attrs, "ms_union"));
    t->v1_enum = attr_find(t->attrs, "v1_enum") != NULL;
    if (t->kind == TY_ENUM) {
        add_enumerators(c, d, t);
    } else {
        check_members(c, t);
        for (struct field *f = t->fields; f; f = f->next)
            add_inner_defs(c, d, f->type, name, f->name);
    }
    t->owner = d->owner;
    *c->defs_end = t;
    c->defs_end = &t->next_def;
    c->nesting--;
}

static struct type *body_of(struct type *t)
{
    for (int i = 0; t && i < 2 * MAX_NESTING; i++, t = t->to)
        if (t->kind == TY_STRUCT || t->kind == TY_UNION || t->kind == TY_ENUM)
            return t;
    return NULL;
}

/* typedef struct _A {...} A, *PA: the structure is called A; without such a name, by its tag. */
static void name_body(struct idlc *c, struct decl *d, struct type *body)
{
    const char *name = body->name;
    for (struct decl *e = d; e && e->kind == DECL_TYPEDEF && body_of(e->type) == body; e = e->next)
        if (e->type == body) {
            name = e->name;
            break;
        }
    struct symbol *s = symbol_find(c->names, name ? name : d->name);
    if (is_known(s) && s->type->kind == TY_BASE) {
        /* a definition of what the compiler knows, as in [MS-DTYP]: GUID, RPC_SID */
        const char *tag = body->name;
        *body = *s->type;
        if (tag && !symbol_find(c->tags, tag))
            symbol_add(c, c->tags, tag)->type = body;
        return;
    }
    add_def(c, d, body, name ? name : d->name);
}

/* [transmit_as(T)], [wire_marshal(T)]: what travels is T, so that is the type here ([C706] 4, MIDL). With
 * represent_as and user_marshal it is the other way round: the type travels as it is. */
static struct type *transmitted(struct idlc *c, const struct decl *d)
{
    const struct attr *a = attr_find(d->attrs, "transmit_as");
    if (!a)
        a = attr_find(d->attrs, "wire_marshal");
    if (!a)
        return NULL;
    if (a->args && a->args->type)
        return a->args->type;
    if (!a->args || !a->args->expr || a->args->expr->kind != EX_NAME) {
        diag_error(c, a->loc, "%s needs the name of a type", a->name);
        return NULL;
    }
    struct type *t = pool_new(&c->pool, struct type);
    *t = (struct type){
        .kind = TY_NAME, .name = a->args->expr->text, .loc = a->args->expr->loc, .src = d->src
    };
    return t;
}

static void add_typedef(struct idlc *c, struct decl *d)
{
    struct type *other = transmitted(c, d);
    if (other)
        d->type = other;
    struct type *body = body_of(d->type);
    check_attrs(c, d->attrs);
    if (body && !body->cname) {
        struct symbol *tagged = body->name ? symbol_find(c->tags, body->name) : NULL;
        if (tagged && same_type(c, tagged->type, body, 0)) /* the same file reached under two spellings */
            *body =
                (struct type){ .kind = TY_TAG, .tag_kind = body->kind, .name = body->name, .loc = body->loc };
        else
            name_body(c, d, body);
    }
    struct symbol *s = symbol_find(c->names, d->name);
    bool itself =
        d->type->kind == TY_NAME && strcmp(d->type->name, d->name) == 0; /* typedef DECIMAL DECIMAL; */
    if (is_known(s) || (s && itself)) {
        d->alias_of_known = true;
        return;
    }
    bool was_type = s && s->decl && s->decl->kind == DECL_TYPEDEF,
         same = was_type && same_type(c, s->decl->type, d->type, 0);
    d->key = d->name;
    if (was_type && !same && !forward_typedef(s->decl, d->name) && !forward_typedef(d, d->name) &&
        other_interface(s->decl->owner, d->owner)) {
        d->key = scope_name(c, d->owner, d->name, false);
        s = NULL;
        was_type = false;
    }
    bool interface = s && s->decl && s->decl->kind == DECL_INTERFACE; /* pidl tells them apart */
    bool forward = s && forward_typedef(s->decl, d->name);
    if (forward_typedef(d, d->name) && was_type) {
        d->alias_of_known = true; /* typedef struct X X; after its definition */
        return;
    }
    if (s && !same && !interface && !forward &&
        !(was_type && replaces(c, d->loc, s->decl->src, d->src, d->name))) {
        diag_error(c, d->loc, "'%s' is defined already, and differently", d->name);
        if (s->decl)
            diag_note(c, s->decl->loc, "here");
        return;
    }
    if (!s)
        s = symbol_add(c, c->names, d->key);
    if (!same)
        s->decl = d;
    d->cname = prefixed(c, d, d->name);
}

static void add_const(struct idlc *c, struct decl *d)
{
    struct symbol *s = symbol_find(c->names, d->name);
    int64_t value = 0;
    bool number = d->value->kind != EX_STRING && const_eval(c, d->value, &value);
    d->cname = claim(c, c->c_names, prefixed(c, d, d->name), d);
    d->key = d->name;
    if (s && s->decl && !(s->known_value && s->value == value) && other_interface(s->decl->owner, d->owner)) {
        d->key = scope_name(c, d->owner, d->name, false);
        s = NULL;
    }
    if (s && !(s->known_value && number && s->value == value)) {
        diag_error(c, d->loc, "'%s' is defined already", d->name);
        return;
    }
    if (!s)
        s = symbol_add(c, c->names, d->key);
    s->decl = d;
    s->value = value;
    s->known_value = number;
}

static void check_param(struct idlc *c, struct field *f)
{
    check_attrs(c, f->attrs);
    const struct type *t = f->type->kind == TY_NAME ? type_resolve(c, f->type) : f->type;
    f->in = attr_find(f->attrs, "in") != NULL;
    f->out = attr_find(f->attrs, "out") != NULL;
    f->cname = c_name(c, f->name);
    f->skip = t && t->kind == TY_BASE && t->base == BASE_HANDLE_T;
    if (!f->skip && !f->in && !f->out) {
        f->in = true; /* MIDL takes it as [in], too */
        diag_warning(c, WARN_DIRECTION, f->loc, "parameter '%s' is neither [in] nor [out]; taken as [in]",
                     f->name);
    }
}

static void check_operation(struct idlc *c, struct decl *d)
{
    if (!d->owner) {
        diag_error(c, d->loc, "operation '%s' is outside of any interface", d->name);
        return;
    }
    check_attrs(c, d->attrs);
    d->cname = claim(c, c->c_names, claim(c, c->c_tags, prefixed(c, d, d->name), d), d);
    d->member = c_name(c, d->name);
    d->nocode = attr_find(d->attrs, "nocode") ||
                (attr_find(d->owner->attrs, "nocode") && !attr_find(d->attrs, "code"));
    struct symbol *other = symbol_find(c->helpers, d->name);
    d->helper = other ? d->cname : d->name;
    if (!other && !d->src->imported)
        symbol_add(c, c->helpers, d->name);
    for (const struct decl *e = d->owner->body; e != d; e = e->next)
        if (is_operation(e) && strcmp(e->name, d->name) == 0) {
            diag_error(c, d->loc, "operation '%s' is there already", d->name);
            break;
        }
    int index = 0;
    for (struct field *f = d->params; f; f = f->next) {
        f->index = index++;
        check_param(c, f);
        for (const struct field *g = d->params; g != f; g = g->next)
            if (!f->skip && strcmp(g->name, f->name) == 0) {
                diag_error(c, f->loc, "parameter '%s' is there already", f->name);
                break;
            }
    }
}

static void add_decls(struct idlc *c, struct decl *list);

static void add_interface(struct idlc *c, struct decl *d)
{
    const struct attr *a = attr_find(d->attrs, "uuid");
    struct symbol *s = symbol_find(c->names, d->name);
    check_attrs(c, d->attrs);
    if (a)
        check_uuid(c, d, a);
    if (s && s->decl && s->decl->kind == DECL_INTERFACE && !s->decl->src->imported)
        diag_error(c, d->loc, "interface '%s' is there already", d->name);
    else if (s && s->decl && (s->decl->kind == DECL_FORWARD || s->decl->kind == DECL_INTERFACE))
        s->decl = d;
    else if (!s)
        symbol_add(c, c->names, d->name)->decl = d;
    object_interface(c, d);
    if (!a && !d->src->imported && !d->local && !c->pidl)
        for (const struct decl *m = d->body; m; m = m->next)
            if (is_operation(m)) {
                diag_error(c, d->loc, "interface '%s' has operations but no uuid", d->name);
                break;
            }
    add_decls(c, d->body);
}

static void add_decl(struct idlc *c, struct decl *d)
{
    switch (d->kind) {
    case DECL_TYPEDEF:
        add_typedef(c, d);
        break;
    case DECL_TAG:
        if (d->type->kind == TY_STRUCT || d->type->kind == TY_UNION || d->type->kind == TY_ENUM)
            add_def(c, d, d->type, d->type->name ? d->type->name : "anonymous");
        break;
    case DECL_CONST:
        add_const(c, d);
        break;
    case DECL_INTERFACE:
        if (d->owner)
            diag_error(c, d->loc, "interface '%s' is inside another one", d->name);
        else
            add_interface(c, d);
        break;
    case DECL_OPERATION:
    case DECL_CALLBACK:
        check_operation(c, d);
        break;
    case DECL_FORWARD:
        if (!symbol_find(c->names, d->name))
            symbol_add(c, c->names, d->name)->decl = d;
        break;
    case DECL_LOCAL:
    case DECL_CPP_QUOTE:
    case DECL_IMPORT:
    case DECL_INCLUDE:
        break;
    }
}

/* Pidl lets constants name enumerators, and parameters types, that come later. */
static bool waits(const struct idlc *c, const struct decl *d)
{
    return is_operation(d) ||
           (d->kind == DECL_CONST && d->value->kind != EX_STRING && !pidl_constant(c, d->value));
}

static void add_decls(struct idlc *c, struct decl *list)
{
    for (struct decl *d = list; d; d = d->next) {
        d->late = waits(c, d);
        if (!d->late)
            add_decl(c, d);
    }
    for (struct decl *d = list; d; d = d->next)
        if (d->late)
            add_decl(c, d);
}

/* Imported files first: their names are used here. */
static void add_source(struct idlc *c, struct source *src)
{
    if (src->checked)
        return;
    src->checked = true;
    if (++c->nesting <= MAX_NESTING)
        for (struct source_ref *ref = src->imports; ref; ref = ref->next)
            add_source(c, ref->source);
    c->nesting--;
    add_decls(c, src->decls);
}

void check_all(struct idlc *c)
{
    c->defs_end = &c->defs;
    add_known_types(c);
    object_imports(c);
    add_source(c, c->main);
}
