// SPDX-License-Identifier: Apache-2.0
/*
 * The whole IDL compiler over one text. After NULs follow the text of whatever it imports, an attribute
 * configuration file, and a list of operation numbers; each may be left out. What object interfaces need is
 * there.
 */
#include <stdlib.h>

#include "idlc/idlc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char dcom[] =
    "typedef struct tagMInterfacePointer { unsigned long n; [size_is(n)] byte data[]; } MInterfacePointer;"
    "typedef struct tagORPCTHIS { long flags; [unique] MInterfacePointer *p; } ORPCTHIS;"
    "typedef struct tagORPCTHAT { long flags; } ORPCTHAT; interface IUnknown;";

static bool load(struct idlc *c, const char *name, const struct source *from, struct source *ret)
{
    const char *text = strcmp(name, "ms-dcom.idl") == 0 ? dcom : c->load_arg;
    (void)from;
    ret->name = ret->path = pool_strndup(&c->pool, name, strlen(name));
    ret->text = ret->scanned = text;
    return text != NULL;
}

/* The text after the NUL at the end of `text`, if the input has one. */
static char *next_part(char *text, const char *end)
{
    char *next = text ? text + strlen(text) + 1 : NULL;
    return next && next <= end ? next : NULL;
}

static struct source *source_of(struct idlc *c, const char *name, const char *text)
{
    struct source *s = pool_new(&c->pool, struct source);
    s->name = s->path = name;
    s->text = s->scanned = text;
    return text ? s : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 65536)
        return 0;
    struct idlc c = { .load = load };
    char *text = pool_strndup(&c.pool, (const char *)data, size), *end = text + size;
    char *import = next_part(text, end), *acf = next_part(import, end), *opnums = next_part(acf, end);
    c.load_arg = import;
    c.acf = source_of(&c, "fuzz.acf", acf);
    c.opnums = source_of(&c, "fuzz.opnums", opnums);
    for (int i = 0; i < OUT_COUNT; i++)
        c.want[i] = true;
    if (!idlc_compile(&c, source_of(&c, "fuzz.idl", text)) && c.n_errors == 0)
        abort(); /* refused without a word */
    struct text list = { 0 };
    if (c.n_errors == 0)
        opnums_write(&c, &list);
    text_free(&list);
    idlc_free(&c);
    return 0;
}
