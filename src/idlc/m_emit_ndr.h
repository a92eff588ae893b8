// SPDX-License-Identifier: Apache-2.0
/* Shared by the emitters of NAME_ndr.c: pushes and pulls of one node, and what is made of them. */
#ifndef IDLC_M_EMIT_NDR_H
#define IDLC_M_EMIT_NDR_H

#include "idlc/m_emit.h"

/* A place in memory: C text of the lvalue, and what to call its helpers. */
struct place {
    const char *text;
    const char *name;
    int depth;
};

/* ---- emit_ndr.c ---- */
/* Width of elements that go in one piece; 0: one by one. How many integers one element has. */
unsigned bulk_width(const struct node *n);
uint64_t bulk_count(const struct node *n);
/* The two passes. hoisted: the maximum count has gone ahead; for a pull the variable that has it. count: the
 * variable with the number of elements, or NULL. */
void push_fixed(struct emit *e, const struct node *n, struct place p, bool hoisted);
void push_deferred(struct emit *e, const struct node *n, struct place p);
void pull_fixed(struct emit *e, const struct node *n, struct place p, const char *hoisted);
void pull_deferred(struct emit *e, const struct node *n, struct place p, const char *count);

/* Name of a variable that belongs to a place. */
const char *helper(struct emit *e, struct place p, const char *what);
/* Count that the wire has to agree with, or NDR_ANY with the comparison left for the end: match_late then
 * names the variable that it is made with. */
const char *expected(struct emit *e, const struct node *n, const struct expr *x, int plus, bool *ret_late);
void match_late(struct emit *e, const char *sent, const struct expr *x, int plus);

/* ---- emit_dims.c ---- */
/* Elements that are sent of an array of several dimensions. */
const char *dims_count(struct emit *e, const struct node *n);
/* Its maximum counts; those (unless they have gone ahead) and what follows them. */
void push_dims_sizes(struct emit *e, const struct node *n);
void push_dims(struct emit *e, const struct node *n, bool hoisted);
/* Maximum counts into variables PREFIX1, PREFIX2...; what follows, and memory, or with a width all elements.
 * Gives the variable that has their number. */
void pull_dims_sizes(struct emit *e, const struct node *n, const char *prefix);
const char *pull_dims(struct emit *e, const struct node *n, struct place p, const char *hoisted,
                      const char *width);

/* ---- emit_types.c ---- */
/* Types as data: struct ndr_type of typedefs that are wanted. */
void emit_types(struct emit *e);
/* The elements of an operation's pipes, and their list; nothing if it has none. */
void emit_pipes(struct emit *e, const struct decl *d);
bool has_pipes(const struct decl *d);

#endif
