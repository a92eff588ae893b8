// SPDX-License-Identifier: Apache-2.0
/* The words of pidl, the IDL dialect of Samba's interface files: its attributes, types and flags. */
#include "idlc/m_lower.h"

bool pidl_attr(const char *name)
{
    static const char *const names[] = {
        "relative",       "relative_short",
        "relative_base",  "null_is_ffffffff",
        "subcontext",     "subcontext_size",
        "compression",    "value",
        "charset",        "to_null",
        "noheader",       "flag",
        "nodiscriminant", "bitmap8bit",
        "bitmap16bit",    "bitmap32bit",
        "bitmap64bit",    "enum8bit",
        "enum16bit",      "gensize",
        "nosize",         "nopush",
        "nopull",         "noprint",
        "noopnum",        "nopython",
        "noejs",          "todo",
        "skip",           "skip_noinit",
        "max_recursion",  "helper",
        "headerhelper",   "pyhelper",
        "authservice",    "no_srv_register",
        "print",          NULL,
    };
    const char *const *n = names;
    while (*n && strcmp(*n, name) != 0)
        n++;
    return *n != NULL;
}

/* ---- types ---- */

static const struct {
    const char *name;
    enum base base;
    uint32_t flags; /* of strings */
} known_types[] = {
    { "uint8", BASE_U8, 0 },
    { "int8", BASE_I8, 0 },
    { "uint16", BASE_U16, 0 },
    { "int16", BASE_I16, 0 },
    { "uint32", BASE_U32, 0 },
    { "int32", BASE_I32, 0 },
    { "uint64", BASE_U64, 0 },
    { "int64", BASE_I64, 0 },
    { "uint3264", BASE_U3264, 0 },
    { "int3264", BASE_I3264, 0 },
    { "uint8_t", BASE_U8, 0 },
    { "int8_t", BASE_I8, 0 },
    { "uint16_t", BASE_U16, 0 },
    { "int16_t", BASE_I16, 0 },
    { "uint32_t", BASE_U32, 0 },
    { "int32_t", BASE_I32, 0 },
    { "uint64_t", BASE_U64, 0 },
    { "int64_t", BASE_I64, 0 },
    { "boolean8", BASE_U8, 0 },
    { "boolean32", BASE_U32, 0 },
    { "mode_t", BASE_U32, 0 },
    { "libndr_flags", BASE_U32, 0 },
    { "DWORD", BASE_U32, 0 },
    { "WORD", BASE_U16, 0 },
    { "bool8", BASE_U8, 0 },
    { "pointer", BASE_U64, 0 },
    { "HYPER_T", BASE_U64, 0 },
    { "dlong", BASE_DLONG, 0 },
    { "udlong", BASE_UDLONG, 0 },
    { "udlongr", BASE_UDLONGR, 0 },
    { "NTTIME", BASE_UDLONG, 0 },
    { "NTTIME_1sec", BASE_U64, 0 },
    { "NTTIME_hyper", BASE_U64, 0 },
    { "time_t", BASE_U32, 0 },
    { "uid_t", BASE_U64, 0 },
    { "gid_t", BASE_U64, 0 },
    { "COMRESULT", BASE_I32, 0 },
    { "ipv4address", BASE_U32, 0 },
    { "policy_handle", BASE_POLICY_HANDLE, 0 },
    { "DATA_BLOB", BASE_BLOB, 0 },
    { "string", BASE_TEXT, 0 },
    { "nstring", BASE_TEXT, NDR_F_STR_NULLTERM | NDR_F_ALIGN2 },
    { "u16string", BASE_TEXT, NDR_F_STR_NULLTERM },
    { "secret_u16string", BASE_TEXT, NDR_F_STR_NULLTERM },
    { "astring", BASE_TEXT, NDR_F_STR_NULLTERM | NDR_F_STR_ASCII },
    { "utf8string", BASE_TEXT, NDR_F_STR_NULLTERM | NDR_F_STR_UTF8 },
    { "raw8string", BASE_TEXT, NDR_F_STR_NULLTERM | NDR_F_STR_RAW8 },
    { "string_array", BASE_TEXTS, 0 },
    { "nstring_array", BASE_TEXTS, NDR_F_STR_NULLTERM | NDR_F_ALIGN2 },
    { "dns_string", BASE_HAND, 0 },
    { "nbt_string", BASE_HAND, 0 },
    { "wrepl_nbt_name", BASE_HAND, 0 },
    { "dnsp_name", BASE_HAND, 0 },
    { "dnsp_string", BASE_HAND, 0 },
    { "timeval", BASE_HAND, 0 },
};

static struct type *base_type(struct idlc *c, enum base base, const char *name)
{
    struct type *t = pool_new(&c->pool, struct type);
    t->kind = TY_BASE;
    t->base = base;
    t->name = name;
    return t;
}

static struct symbol *known(struct idlc *c, const char *name, struct type *t)
{
    struct symbol *s = symbol_add(c, c->names, name);
    s->type = t;
    c->pidl = true;
    return s;
}

struct symbol *pidl_known_type(struct idlc *c, const char *name)
{
    for (size_t i = 0; i < sizeof(known_types) / sizeof(known_types[0]); i++) {
        if (strcmp(known_types[i].name, name) != 0)
            continue;
        if (!c->pidl && (strcmp(name, "DWORD") == 0 || strcmp(name, "WORD") == 0))
            return NULL; /* MIDL has an import for these */
        struct type *t = base_type(c, known_types[i].base, known_types[i].name);
        if (known_types[i].flags) {
            t->pidl = pool_new(&c->pool, struct pidl);
            t->pidl->flags = known_types[i].flags;
        }
        return known(c, known_types[i].name, t);
    }
    if (strcmp(name, "ipv6address") != 0)
        return NULL;
    struct type *t = pool_new(&c->pool, struct type);
    t->kind = TY_ARRAY;
    t->to = base_type(c, BASE_U8, "uint8");
    t->size = pool_new(&c->pool, struct expr);
    t->size->value = 16;
    return known(c, "ipv6address", t);
}

/* cpp_quote("#define NAME OTHER") */
static const char *quoted_name(const struct idlc *c, const struct decl *list, const char *name)
{
    size_t len = strlen(name);
    for (const struct decl *d = list; d; d = d->next) {
        const char *found = d->kind == DECL_INTERFACE ? quoted_name(c, d->body, name) : NULL;
        if (found)
            return found;
        if (d->kind != DECL_CPP_QUOTE || strncmp(d->text, "#define ", 8) != 0 ||
            strncmp(d->text + 8, name, len) != 0 || (d->text[8 + len] != ' ' && d->text[8 + len] != '\t'))
            continue;
        found = d->text + 8 + len;
        found += strspn(found, " \t");
        if (*found &&
            found[strspn(found, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] == 0)
            return found;
    }
    return NULL;
}

/* A type that no file defines is somebody's own: a structure with functions by hand, in C another one if a
 * macro says so. */
struct symbol *pidl_foreign_type(struct idlc *c, const struct type *t)
{
    if (!c->pidl)
        return NULL;
    const char *other = NULL;
    for (const struct source *s = c->sources; s && !other; s = s->next)
        other = quoted_name(c, s->decls, t->name);
    struct type *hand = base_type(c, BASE_HAND, t->name);
    hand->foreign = true;
    if (other) {
        struct type named = { .kind = TY_NAME, .name = other, .loc = t->loc };
        hand->to = type_resolve(c, &named);
    } else if (t->kind == TY_TAG && t->tag_kind != TY_STRUCT) {
        return NULL; /* no telling what it is in C */
    } else {
        diag_warning(c, WARN_PIDL, t->loc,
                     "'%s' is defined nowhere: it is taken as a structure that is sent by hand", t->name);
    }
    struct symbol *s = symbol_add(c, t->kind == TY_TAG ? c->tags : c->names, t->name);
    s->type = hand;
    return s;
}

/* ---- flags ---- */

static const struct {
    const char *name;
    uint32_t bit; /* 0: nothing on the wire */
} flag_names[] = {
    { "NOALIGN", NDR_F_NOALIGN },
    { "ALIGN2", NDR_F_ALIGN2 },
    { "ALIGN4", NDR_F_ALIGN4 },
    { "ALIGN8", NDR_F_ALIGN8 },
    { "REMAINING", NDR_F_REMAINING },
    { "BIG_ENDIAN", NDR_F_BIG_ENDIAN },
    { "BIGENDIAN", NDR_F_BIG_ENDIAN },
    { "LITTLE_ENDIAN", NDR_F_LITTLE_ENDIAN },
    { "RELATIVE_REVERSE", NDR_F_RELATIVE_REVERSE },
    { "NO_RELATIVE_REVERSE", NDR_F_NO_RELATIVE_REVERSE },
    { "SUBCONTEXT_NO_UNREAD_BYTES", NDR_F_NO_UNREAD_BYTES },
    { "STR_ASCII", NDR_F_STR_ASCII },
    { "STR_UTF8", NDR_F_STR_UTF8 },
    { "STR_RAW8", NDR_F_STR_RAW8 },
    { "STR_LEN4", NDR_F_STR_LEN4 },
    { "STR_SIZE4", NDR_F_STR_SIZE4 },
    { "STR_SIZE2", NDR_F_STR_SIZE2 },
    { "STR_NOTERM", NDR_F_STR_NOTERM },
    { "STR_NULLTERM", NDR_F_STR_NULLTERM },
    { "STR_BYTESIZE", NDR_F_STR_BYTESIZE },
    { "STR_CONFORMANT", 0 },
    { "STR_CHARLEN", 0 },
    { "STR_NO_EMBEDDED_NUL", 0 },
    { "PAHEX", 0 },
    { "PRINT_ARRAY_HEX", 0 },
    { "PRINT_SET_VALUES", 0 },
    { "SECRET", 0 },
    { "IS_SECRET", 0 },
    { "PAD_CHECK", 0 },
    { "NO_COMP", 0 },
    { "NO_COMPRESSION", 0 },
};

static bool flag_named(const char *name, uint32_t *ret)
{
    static const char *const prefixes[] = { "LIBNDR_FLAG_", "LIBNDR_", "NDR_", "" };
    for (size_t i = 0; i < 4; i++) {
        size_t len = strlen(prefixes[i]);
        if (strncmp(name, prefixes[i], len) != 0)
            continue;
        for (size_t k = 0; k < sizeof(flag_names) / sizeof(flag_names[0]); k++)
            if (strcmp(name + len, flag_names[k].name) == 0) {
                *ret = flag_names[k].bit;
                return true;
            }
    }
    return false;
}

/* Names with "|" between them; false: an expression that is known when it is used only. */
static bool constant_flags(struct idlc *c, const struct expr *e, uint32_t *ret)
{
    uint32_t a = 0, b = 0;
    if (e->kind == EX_NAME && flag_named(e->text, ret))
        return true;
    if (e->kind == EX_BINARY && strcmp(e->op, "|") == 0 && constant_flags(c, e->a, &a) &&
        constant_flags(c, e->b, &b)) {
        *ret = a | b;
        return true;
    }
    return false;
}

static bool calls(const struct expr *e)
{
    return e && (e->kind == EX_CALL || e->kind == EX_MEMBER || calls(e->a) || calls(e->b) || calls(e->c));
}

void pidl_take_flags(struct idlc *c, const struct attr *list, uint32_t *flags, struct expr **dynamic)
{
    for (const struct attr *a = attr_find(list, "flag"); a; a = attr_find(a->next, "flag")) {
        uint32_t bits = 0;
        struct expr *e = a->args ? a->args->expr : NULL;
        if (!e)
            diag_error(c, a->loc, "flag needs the names of flags");
        else if (constant_flags(c, e, &bits))
            *flags |= bits;
        else if (calls(e))
            *dynamic = e;
        else
            diag_error(c, e->loc, "this names no flags");
    }
}

/* ---- what is said of a type ---- */

static unsigned width_of(const struct type *t)
{
    static const struct {
        const char *name;
        unsigned width;
    } widths[] = { { "bitmap8bit", 1 },  { "bitmap16bit", 2 }, { "bitmap32bit", 4 },
                   { "bitmap64bit", 8 }, { "enum8bit", 1 },    { "enum16bit", 2 } };
    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++)
        if (attr_find(t->attrs, widths[i].name) && (widths[i].name[0] == 'b') == t->bitmap)
            return widths[i].width;
    return t->bitmap ? 4 : 0;
}

void pidl_type(struct idlc *c, struct type *t)
{
    if (t->kind == TY_ENUM) {
        t->width = width_of(t);
        return;
    }
    struct pidl p = { 0 };
    pidl_take_flags(c, t->attrs, &p.flags, &p.flags_expr);
    p.nodiscriminant = t->kind == TY_UNION && attr_find(t->attrs, "nodiscriminant");
    p.relative_base = attr_find(t->attrs, "relative_base");
    p.hand_push = attr_find(t->attrs, "nopush");
    p.hand_pull = attr_find(t->attrs, "nopull");
    if (p.flags || p.flags_expr || p.nodiscriminant || p.relative_base || p.hand_push || p.hand_pull) {
        t->pidl = pool_new(&c->pool, struct pidl);
        *t->pidl = p;
    }
}
