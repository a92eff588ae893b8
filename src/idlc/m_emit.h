// SPDX-License-Identifier: Apache-2.0
/* Shared by the emitters: lines of C, declarators, expressions over fields. */
#ifndef IDLC_M_EMIT_H
#define IDLC_M_EMIT_H

#include "idlc/idlc.h"

#define EMIT_COLUMNS 110

struct emit {
    struct idlc *c;
    struct text *o;
    int indent;
    bool const_before; /* the last thing written was a constant */
    /* where expressions find their names */
    const struct field *fields;
    const char *prefix;      /* of a structure's fields: "s->" */
    bool wide;               /* sums and products of counts: in 64 bits, so that none wraps to a small one */
    bool operation;          /* the fields are parameters */
    bool out;                /* of the response */
    const struct type *self; /* structure or union that has them */
    bool pushing;            /* a member with value() stands for that value, in expressions, too */
    int values;              /* in values in values */
    bool flagged;            /* flags for alignment or byte order may be in force: ndrf_* */
    size_t body;             /* where the body of a function starts in o */
    int at;                  /* fields before this one have been pulled; INT_MAX: all */
    struct text late,
        late_vars; /* comparisons that have to wait until all is pulled, and what they compare */
};

/* One line at the current indent, wrapped as clang-format would. */
void emit_line(struct emit *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* After a line that ends in "{"; at the end of the block. If it turns out to be one line, the braces go away,
 * unless the caller has more to say ("last" is false: it writes "} else {" itself). */
size_t emit_open(struct emit *e);
void emit_close(struct emit *e, size_t start, bool last);
/* Text as it is. */
void emit_text(struct emit *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* "/ * ... * /" of the IDL as a C comment at the current indent; nothing for NULL. */
void emit_doc(struct emit *e, const char *doc);
/* The header of a source, with its brackets or quotes. */
const char *emit_header_name(struct emit *e, const struct source *s);
/* First lines of a generated file. */
void emit_file_start(struct emit *e, const char *what);

/* "struct srvsvc_X *name[4]" */
const char *emit_declaration(struct emit *e, const struct node *n, const char *name);
/* Expression in C; the names are those of fields. */
const char *emit_expr(struct emit *e, const struct expr *x);
/* The same as a number of elements. */
const char *emit_count(struct emit *e, const struct expr *x, int plus);
/* The expression as it was written. */
void expr_write(struct text *t, const struct expr *x);
/* All names in x have been pulled. */
bool expr_ready(const struct emit *e, const struct expr *x);

#define POOL_PRINTF(e, ...) pool_printf(&(e)->c->pool, __VA_ARGS__)

#endif
