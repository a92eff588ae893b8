// SPDX-License-Identifier: Apache-2.0
/* The attributes that idlc knows, and what a misspelt one may have meant. */
#include "idlc/idlc.h"

/* Those with a meaning here, those of the wire forms, and those that mean nothing on the wire. */
static const char *const attr_names[] = {
    /* interfaces */
    "uuid",
    "version",
    "pointer_default",
    "endpoint",
    "ms_union",
    "local",
    "object",
    "async_uuid",
    "dual",
    "oleautomation",
    "odl",
    "explicit_handle",
    "implicit_handle",
    "auto_handle",
    "code",
    "nocode",
    "binding_callout",
    "unspecified_authn_level",
    /* pointers, arrays, strings */
    "unique",
    "ref",
    "ptr",
    "ignore",
    "string",
    "bstring",
    "size_is",
    "length_is",
    "max_is",
    "min_is",
    "first_is",
    "last_is",
    "range",
    "disable_consistency_check",
    "iid_is",
    "v1_array",
    "v1_string",
    "v1_struct",
    /* types */
    "switch_is",
    "switch_type",
    "case",
    "default",
    "v1_enum",
    "context_handle",
    "handle",
    "transmit_as",
    "represent_as",
    "wire_marshal",
    "user_marshal",
    "strict_context_handle",
    "type_strict_context_handle",
    "context_handle_noserialize",
    "context_handle_serialize",
    "in_line",
    "out_of_line",
    "heap",
    "allocate",
    "force_allocate",
    "byte_count",
    "cs_char",
    "cs_stag",
    "cs_drtag",
    "cs_rtag",
    "cs_tag_rtn",
    "align",
    "unaligned",
    "partial_ignore",
    /* operations and parameters */
    "in",
    "out",
    "idempotent",
    "maybe",
    "broadcast",
    "callback",
    "call_as",
    "comm_status",
    "fault_status",
    "enable_allocate",
    "encode",
    "decode",
    "async",
    "notify",
    "notify_flag",
    "message",
    "optimize",
    "nodebug",
    "reflect_deletions",
    "input_sync",
    "annotation",
    "nointerpret",
    "retval",
    "optional",
    "defaultvalue",
    "lcid",
    /* type libraries */
    "helpstring",
    "helpcontext",
    "helpfile",
    "helpstringcontext",
    "helpstringdll",
    "id",
    "propget",
    "propput",
    "propputref",
    "hidden",
    "restricted",
    "bindable",
    "defaultbind",
    "defaultcollelem",
    "defaultvtable",
    "displaybind",
    "immediatebind",
    "nonbrowsable",
    "nonextensible",
    "noncreatable",
    "readonly",
    "requestedit",
    "source",
    "uidefault",
    "usesgetlasterror",
    "vararg",
    "replaceable",
    "aggregatable",
    "appobject",
    "control",
    "custom",
    "dllname",
    "entry",
    "licensed",
    "public",
    "predeclid",
    "proxy",
    "version",
    /* pidl, without a meaning here */
    "nopython",
    "todo",
    /* ours: never shown in traces */
    "secret",
    NULL,
};

/* Fewest single changes (a letter more, less or other, two swapped) from one word to the other; `limit` if
 * more. */
#define MAX_WORD 40
static unsigned distance(const char *a, const char *b, unsigned limit)
{
    unsigned rows[3][MAX_WORD + 1];
    size_t la = strlen(a), lb = strlen(b);
    if (la > MAX_WORD || lb > MAX_WORD)
        return limit;
    for (size_t j = 0; j <= lb; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= la; i++) {
        unsigned *row = rows[i % 3], *up = rows[(i + 2) % 3], *up2 = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= lb; j++) {
            unsigned best = up[j - 1] + (a[i - 1] != b[j - 1]);
            best = up[j] + 1 < best ? up[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && up2[j - 2] + 1 < best)
                best = up2[j - 2] + 1;
            row[j] = best;
        }
    }
    unsigned d = rows[la % 3][lb];
    return d < limit ? d : limit;
}

/* Where many things are wrong, nobody reads that far, and a hostile file must not buy time with it. */
bool word_like(const struct idlc *c, const char *word, const char *other)
{
    if (c->n_errors >= MAX_ERRORS || (c->capture && c->capture->problem))
        return false;
    unsigned allowed = strlen(word) < 4 ? 1 : strlen(word) < 8 ? 2 : 3;
    return distance(word, other, allowed + 1) <= allowed;
}

static const char *nearest(const struct idlc *c, const char *word)
{
    if (c->n_errors >= MAX_ERRORS)
        return NULL;
    const char *best = NULL;
    unsigned allowed = strlen(word) < 4 ? 1 : strlen(word) < 8 ? 2 : 3, least = allowed + 1;
    for (const char *const *name = attr_names; *name; name++) {
        unsigned d = distance(word, *name, least);
        if (d < least) {
            least = d;
            best = *name;
        }
    }
    return best;
}

void check_attrs(struct idlc *c, const struct attr *a)
{
    for (; a; a = a->next) {
        const char *const *name = attr_names;
        while (*name && strcmp(*name, a->name) != 0)
            name++;
        if (*name || pidl_attr(a->name))
            continue;
        const char *meant = nearest(c, a->name);
        if (meant)
            diag_error(c, a->loc, "attribute '%s' is not known; did you mean '%s'?", a->name, meant);
        else
            diag_error(c, a->loc, "attribute '%s' is not known or not supported", a->name);
    }
}
