// SPDX-License-Identifier: Apache-2.0
/* The whole IDL compiler over one text; after a NUL the text of whatever it imports. */
#include <stdlib.h>

#include "idlc/idlc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool load(struct idlc *c, const char *name, const struct source *from, struct source *ret)
{
    const char *text = c->load_arg;
    (void)from;
    ret->name = ret->path = pool_strndup(&c->pool, name, strlen(name));
    ret->text = ret->scanned = text;
    return text != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 65536)
        return 0;
    struct idlc c = { .load = load };
    struct source main = { .name = "fuzz.idl", .path = "fuzz.idl" };
    char *text = pool_strndup(&c.pool, (const char *)data, size);
    main.text = main.scanned = text;
    if (strlen(text) < size)
        c.load_arg = text + strlen(text) + 1;
    for (int i = 0; i < OUT_COUNT; i++)
        c.want[i] = true;
    if (!idlc_compile(&c, &main) && c.n_errors == 0)
        abort(); /* refused without a word */
    idlc_free(&c);
    return 0;
}
