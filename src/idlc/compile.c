// SPDX-License-Identifier: Apache-2.0
/* The steps of one compilation. */
#include "idlc/m_parse.h"

#include <ctype.h>
#include <strings.h>

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* "ms-dtyp.idl" gives dtyp: the prefix of names that stand outside interfaces. */
static const char *file_prefix(struct idlc *c, const char *path)
{
    const char *base = base_name(path);
    if (strncmp(base, "ms-", 3) == 0 && base[3] != '.')
        base += 3;
    char *prefix = pool_strndup(&c->pool, base, strcspn(base, "."));
    for (char *p = prefix; *p; p++)
        if (!isalnum((unsigned char)*p))
            *p = '_';
    return prefix;
}

static void add_source(struct idlc *c, struct source *src)
{
    struct source **end = &c->sources;
    while (*end)
        end = &(*end)->next;
    *end = src;
    src->file = src;
    src->prefix = file_prefix(c, src->name);
}

/* Files of Windows' own development kit, and which of ours has what travels of them. */
static const char *stands_for(const char *name)
{
    static const struct {
        const char *name, *ours;
    } files[] = {
        { "unknwn.idl", "ms-dcom.idl" }, { "unknwnbase.idl", "ms-dcom.idl" },
        { "wtypes.idl", "ms-dcom.idl" }, { "wtypesbase.idl", "ms-dcom.idl" },
        { "objidl.idl", "ms-dcom.idl" }, { "objidlbase.idl", "ms-dcom.idl" },
        { "wtypes.h", "ms-dcom.idl" },   { "oaidl.idl", "ms-oaut.idl" },
        { "ocidl.idl", "ms-oaut.idl" },  { "guiddef.h", "ms-dtyp.idl" },
        { "windef.h", "ms-dtyp.idl" },   { "basetsd.h", "ms-dtyp.idl" },
        { "ntdef.h", "ms-dtyp.idl" },
    };
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        if (strcasecmp(files[i].name, base_name(name)) == 0)
            return files[i].ours;
    return NULL;
}

struct source *source_import(struct idlc *c, const char *name, struct loc where)
{
    struct source found = { .name = name };
    bool ok = c->load && c->load(c, name, where.src, &found);
    const char *ours = ok ? NULL : stands_for(name);
    if (!ok && !(c->load && ours && c->load(c, ours, where.src, &found))) {
        diag_error(c, where, "cannot read '%s'", name);
        return NULL;
    }
    for (struct source *s = c->sources; s; s = s->next)
        if (s->path && strcmp(s->path, found.path) == 0)
            return s;
    struct source *src = pool_new(&c->pool, struct source);
    *src = found;
    src->imported = true;
    add_source(c, src);
    if (++c->nesting > MAX_IMPORTS)
        diag_error(c, where, "imports are nested too deeply");
    else
        parse_source(c, src, false);
    c->nesting--;
    return src;
}

const struct source *source_named(struct idlc *c, const struct source *main, const char *name)
{
    if (strcmp(name, main->name) == 0)
        return main;
    for (const struct source *s = c->sources; s; s = s->next)
        if (strcmp(s->name, name) == 0)
            return s;
    struct source *s = pool_new(&c->pool, struct source);
    struct source found = { .name = name };
    s->name = name;
    if (name[0] != '<' && c->load && c->load(c, name, main, &found))
        s->text = found.text;
    add_source(c, s);
    return s;
}

bool idlc_compile(struct idlc *c, struct source *src)
{
    static void (*const emitters[OUT_COUNT])(struct idlc *, struct text *) = {
        [OUT_HEADER] = emit_header, [OUT_NDR] = emit_ndr, [OUT_CLIENT] = emit_client,
        [OUT_SERVER] = emit_server, [OUT_OPS] = emit_ops,
        [OUT_INFO] = emit_info,     [OUT_FUZZ] = emit_fuzz,
    };
    const char *base = base_name(src->name);
    c->main = src;
    c->stem = pool_strndup(&c->pool, base, strcspn(base, "."));
    add_source(c, src);
    parse_source(c, src, false);
    if (c->acf) {
        add_source(c, c->acf);
        parse_source(c, c->acf, true);
    }
    c->incomplete = c->n_errors != 0;
    check_all(c);
    if (!c->incomplete)
        lower_all(c);
    check_places(c);
    if (c->opnums && c->n_errors == 0)
        opnums_check(c, c->opnums);
    for (int i = 0; i < OUT_COUNT && c->n_errors == 0; i++)
        if (c->want[i])
            emitters[i](c, &c->out[i]);
    return c->n_errors == 0;
}

void idlc_free(struct idlc *c)
{
    text_free(&c->messages);
    for (int i = 0; i < OUT_COUNT; i++)
        text_free(&c->out[i]);
    pool_free(&c->pool);
}
