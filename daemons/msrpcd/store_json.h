// SPDX-License-Identifier: Apache-2.0
/*
 * An account store as JSON (docs/store.md has the format): store_fields.c names the members, store_write.c
 * and store_read.c go by its tables, so that neither knows of one that the other does not.
 */
#ifndef STORE_JSON_H
#define STORE_JSON_H

#include "base/cursor.h"
#include "samdb/image.h"

#define STORE_JSON_FORMAT  "tern account store"
#define STORE_JSON_VERSION 1u
/* Text that is read: a user takes about 1 000 octets, so that this is as many as the largest machines have.
 */
#define STORE_JSON_MAX ((size_t)128 << 20)
/* What reading may take: nodes of a tree besides the text. */
#define STORE_JSON_MEMORY ((size_t)768 << 20)

enum store_kind {
    STORE_TEXT,   /* const char * */
    STORE_NUMBER, /* uint32_t */
    STORE_TIME,   /* uint64_t: NT time as text; 0 is null */
    STORE_SPAN,   /* uint64_t: 100 ns as a number; NT_TIME_NEVER is "never" */
    STORE_BOOL,
    STORE_BLOB, /* struct nt_blob: hexadecimal digits */
    STORE_SID,
    STORE_PLACE, /* enum samdb_place: "account", "builtin" */
};

struct store_field {
    const char *name;
    enum store_kind kind;
    bool needed; /* in what is read */
    size_t at;
};
/* Ended by a field without a name; of struct samdb_image, samdb_image_user, ... */
extern const struct store_field store_domain[], store_policy[], store_user[], store_group[], store_alias[],
    store_share[], store_setting[];

/* STATUS_INTERNAL_DB_CORRUPTION for text that is none. */
void store_write(struct wr *w, const struct samdb_image *i);
/* In mem. STATUS_INVALID_PARAMETER: err says where and what; the image has been checked, too. */
enum nt_status store_read(const char *text, size_t len, struct nt_arena *mem, struct samdb_image *ret,
                          struct nt_error *err) NT_CHECKED;

#endif
