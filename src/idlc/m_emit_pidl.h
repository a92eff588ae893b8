// SPDX-License-Identifier: Apache-2.0
/* What the emitters need of pidl, and what it needs of emit_ndr.c. */
#ifndef IDLC_M_EMIT_PIDL_H
#define IDLC_M_EMIT_PIDL_H

#include "idlc/m_emit_ndr.h"

/* ---- pidl_expr.c ---- */
/* The expression in C; NULL: it cannot be said. `pushing`: it may measure what would be pushed. */
const char *pidl_text(struct emit *e, const struct expr *x, bool pushing);
/* A pointer to the structure, union or operation whose fields are in sight. */
const char *pidl_self(struct emit *e);
/* There are flags for alignment or byte order on the way. */
bool pidl_flags_below(const struct node *n);

/* ---- emit_pidl.c ---- */
/* What value() says of a number, as an operand; NULL: nothing. */
const char *pidl_value_of(struct emit *e, const struct node *n);
void pidl_push_fixed(struct emit *e, const struct node *n, struct place p);
void pidl_push_deferred(struct emit *e, const struct node *n, struct place p);
void pidl_pull_fixed(struct emit *e, const struct node *n, struct place p);
void pidl_pull_deferred(struct emit *e, const struct node *n, struct place p);
/* Flags of a whole type, in each of its functions. */
void pidl_begin_type(struct emit *e, const struct type *t, bool push);
void pidl_end_type(struct emit *e, const struct type *t, bool push);
/* Around the fixed part of a type that offsets count from. */
void pidl_begin_base(struct emit *e, const struct type *t, bool push);
void pidl_end_base(struct emit *e, const struct type *t, bool push);
/* Functions of a structure without members. */
void pidl_empty(struct emit *e, const struct type *t);
/* Somebody else writes the functions of this direction. */
bool pidl_by_hand(const struct type *t, bool push);
/* There is more to the functions of this type than its members. */
bool pidl_own_functions(const struct type *t);
/* Flags for alignment or byte order may be in force in the functions of a type, of an operation. */
bool pidl_flagged(const struct type *t);
bool pidl_flagged_params(const struct decl *d);
/* A line in a function below flags. */
const char *pidl_line(struct emit *e, const char *line);
/* TYPE_measure, if somebody asks for the size. */
void pidl_measure(struct emit *e, const struct type *t, bool prototype);
/* A value of a type by hand is a structure. */
bool pidl_by_address(const struct node *n);
/* Hooks of the compiled file, and functions of its types that are written by hand. */
void pidl_prototypes(struct emit *e);

/* ---- emit_ndr.c ---- */
/* In C, of the tag that functions of a union take. */
const char *tag_type(const struct type *t);
const char *address(struct emit *e, const char *text);
const char *helper(struct emit *e, struct place p, const char *what);
struct place element_of(struct emit *e, struct place p);
size_t loop_start(struct emit *e, struct place p, const char *count, const char *and);
const char *pointee_size(struct emit *e, const struct node *to, struct place p);
void push_pointee(struct emit *e, const struct node *to, struct place p);
void pull_pointee(struct emit *e, const struct node *to, struct place p);
void pull_param(struct emit *e, const struct node *n, struct place p);

#endif
