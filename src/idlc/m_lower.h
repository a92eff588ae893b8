// SPDX-License-Identifier: Apache-2.0
/* Lowering, shared by lower.c and pidl_*.c. */
#ifndef IDLC_M_LOWER_H
#define IDLC_M_LOWER_H

#include "idlc/idlc.h"

/* The flags that generated code names (enum ndr_flags of <msrpc/ndr_pidl.h>); here each has a bit of its own.
 */
enum ndr_flags {
    NDR_F_NOALIGN = 1 << 0,
    NDR_F_ALIGN2 = 1 << 1,
    NDR_F_RELATIVE_REVERSE = 1 << 2,
    NDR_F_ALIGN4 = 1 << 3,
    NDR_F_ALIGN8 = 1 << 4,
    NDR_F_REMAINING = 1 << 5,
    NDR_F_BIG_ENDIAN = 1 << 6,
    NDR_F_LITTLE_ENDIAN = 1 << 7,
    NDR_F_NO_RELATIVE_REVERSE = 1 << 8,
    NDR_F_NO_UNREAD_BYTES = 1 << 9,
    NDR_F_STR_ASCII = 1 << 10,
    NDR_F_STR_UTF8 = 1 << 11,
    NDR_F_STR_RAW8 = 1 << 12,
    NDR_F_STR_LEN4 = 1 << 13,
    NDR_F_STR_SIZE4 = 1 << 14,
    NDR_F_STR_SIZE2 = 1 << 15,
    NDR_F_STR_NOTERM = 1 << 16,
    NDR_F_STR_NULLTERM = 1 << 17,
    NDR_F_STR_BYTESIZE = 1 << 18,
};
#define NDR_SUBCONTEXT_SERIALIZED 0xFFFFFC01u

#define MAX_CHAIN                 16 /* typedefs of typedefs that carry attributes */

struct lowering {
    struct idlc *c;
    const struct attr *chain[MAX_CHAIN]; /* of the field, then of each typedef on the way */
    int n_chain;
    const struct decl *iface;
    unsigned level; /* entry of size_is that counts */
    unsigned depth;
    int range_from; /* attributes before that one have given their range to what holds the elements */
    bool kind_used; /* the pointer kind written at the field has found its pointer */
    bool top;       /* at the outermost level of a parameter */
    bool in_array;
    uint32_t flags; /* that the name of a type of pidl stands for, such as nstring */
    struct loc loc;
};

/* ---- lower.c ---- */
const struct attr *lower_find(const struct lowering *l, const char *name);
struct node *lower_new_node(struct lowering *l, enum node_kind kind);
struct node *lower_type(struct lowering *l, struct type *t);

/* ---- pidl_types.c ---- */
/* Adds what flag() says; *dynamic: what has to be asked when it is used. */
void pidl_take_flags(struct idlc *c, const struct attr *list, uint32_t *flags, struct expr **dynamic);

/* ---- pidl_lower.c ---- */
/* A type of BASE_UDLONG and the following. */
struct node *pidl_base(struct lowering *l, const struct type *t);
struct node *pidl_bitmap(struct lowering *l, struct type *t);
/* Makes n a relative pointer if the field's outermost pointer is one. */
bool pidl_pointer(struct lowering *l, struct node *n);
/* Below all pointers and arrays: the nested stream around it. */
struct node *pidl_data(struct lowering *l, struct node *n);
/* Around a whole field: flags, value, skip. */
struct node *pidl_element(struct lowering *l, struct node *n);
/* An array whose bound is no constant: its elements and nothing else. NULL: it is an ordinary one. */
struct node *pidl_array(struct lowering *l, struct type *t);
/* Text in a character set, around an array without counts. */
struct node *pidl_chars(struct lowering *l, struct node *n);
/* The base of the elements of text in a character set, else `base`. */
enum base pidl_char(const struct lowering *l, enum base base);

#endif
