// SPDX-License-Identifier: Apache-2.0
/* Between scanner and parser. */
#ifndef IDLC_M_PARSE_H
#define IDLC_M_PARSE_H

#include "idlc/idlc.h"

/* Words of base types, as bits. */
enum base_word {
    W_UNSIGNED = 1,
    W_SIGNED = 2,
    W_CHAR = 4,
    W_SMALL = 8,
    W_SHORT = 16,
    W_LONG = 32,
    W_INT = 64,
    W_HYPER = 128,
    W_INT3264 = 256,
    W_FLOAT = 512,
    W_DOUBLE = 1024,
    W_BYTE = 2048,
    W_BOOLEAN = 4096,
    W_VOID = 8192,
    W_LONG_LONG = 16384,
};

struct number {
    uint64_t v;
    bool is_unsigned, is_hex;
};

/* A declarator: types from the outside in, and the hole where the type in front of it goes. */
struct declarator {
    struct declarator *next;
    const char *name;
    struct loc loc;
    struct type *type, **hole;
};

struct params {
    struct field *first, **end;
    int count;
};

struct decls {
    struct decl *first, **end;
};

/* What an attribute configuration file says of types or operations. */
struct acf_item {
    struct acf_item *next;
    struct attr *attrs;
    struct field *names, *params;
    bool is_type;
};

struct scanner {
    struct idlc *c;
    struct source *main;
    const struct source *file; /* that the last line marker named */
    const char *text, *line_start;
    size_t offset;
    int line, col;
    const char *comment;
    struct loc comment_loc;
    const char *doc;
    int doc_last_line;
    int start; /* token that chooses the grammar; 0 once it was given */
    struct acf_item *acf, **acf_end;
};

const char *scan_text(struct scanner *s, const char *text, size_t len);
void comment_block(struct scanner *s, const char *text, size_t len);
void comment_line(struct scanner *s, const char *text, size_t len);
/* The source that a line marker names: the main one, or one that is only known by name. */
const struct source *source_named(struct idlc *c, const struct source *main, const char *name);

#endif
