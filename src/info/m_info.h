// SPDX-License-Identifier: Apache-2.0
/* Walking C structures along their descriptions: what JSON, traces and tests have in common. */
#ifndef INFO_M_INFO_H
#define INFO_M_INFO_H

#include <msrpc/info.h>
#include <msrpc/unistr.h>
#include "info/json.h"
#include "info/text.h"

/* Objects and arrays inside each other, when written and when read. NDR lets a type nest NDR_BUDGET_DEPTH
 * (128) times in itself; an array, an object and a union's object each time make three levels. */
#define INFO_MAX_DEPTH 512

/* A JSON text is at most as long as this: a stub has at most 64 MiB, and each of its bytes becomes two
 * digits. */
#define INFO_MAX_TEXT ((size_t)192 << 20)

/* Where expressions find what they name: a structure, or the parameters of one side of an operation. */
struct info_scope {
    void *base;
    const struct rpc_info_member *members;
    uint32_t n;
    bool op, out;
    uint8_t *known; /* reader: members that have their value; NULL: all have */
};

/* ---- tables.c ---- */
/* Written by the build: the descriptions of libmsrpc's interfaces, ended by NULL. */
extern const struct rpc_info_file *const info_files[];

/* ---- value.c ---- */
static inline void *info_at(const void *base, size_t offset)
{
    return (char *)(uintptr_t)base + offset;
}
/* The scope of one side of an operation's structure. */
struct info_scope info_op_scope(const struct rpc_info_op *op, enum rpc_info_side side, const void *r);
struct info_scope info_struct_scope(const struct rpc_info_type *t, const void *s);
/* Place of a member; of a parameter on this side, or on the other one if it does not travel here. */
void *info_member_place(const struct info_scope *s, const struct rpc_info_member *m);
/* A parameter takes part in this side, a member always does. */
bool info_member_here(const struct info_scope *s, const struct rpc_info_member *m);

bool info_is_number(const struct rpc_info_node *n); /* integer, enumeration, bitmap */
bool info_is_signed(const struct rpc_info_node *n);
/* Integer at a place, sign extended. */
uint64_t info_get(const struct rpc_info_node *n, const void *at);
void info_set(const struct rpc_info_node *n, void *at, uint64_t v);
/* Whether the number fits the C object: v is a two's complement of 64 bits, negative if `minus`. */
bool info_fits(const struct rpc_info_node *n, uint64_t v, bool minus);

/* size_is and kin as they stand now; a null pointer on the way counts as 0. */
uint64_t info_eval(const struct info_scope *s, const struct rpc_info_expr *x);
/* The number that the first member named has to have for the expression to be `want`; false: none, or nobody
 * knows. */
bool info_solve(const struct rpc_info_expr *x, uint64_t want, uint64_t *ret);
/* The object that holds a count: behind a pointer where the parameter is one. NULL: behind a null one. */
void *info_number_place(const struct info_scope *s, const struct rpc_info_member *m,
                        const struct rpc_info_node **ret_node);

/* Elements that are there, by length, size or bound. */
uint64_t info_elements(const struct info_scope *s, const struct rpc_info_node *array);
/* The arm for a tag, or NULL. */
const struct rpc_info_member *info_arm(const struct rpc_info_type *u, uint64_t tag);
/* Bytes that are one text or blob rather than a list. */
enum info_bulk { INFO_LIST, INFO_BLOB, INFO_TEXT8, INFO_TEXT16 };
enum info_bulk info_bulk(const struct rpc_info_node *array);
/* The value of this node may be JSON's null by itself, so that a null pointer to it has to look different. */
bool info_nullable(const struct rpc_info_node *n);
bool info_is_secret(const struct rpc_info_member *m);

/* ---- pipe.c ---- */
/* A pipe over elements in memory, which begins again after its end. */
enum nt_status info_pipe_set(struct nt_arena *mem, const void *elements, size_t count, size_t size,
                             struct ndr_pipe *to) NT_CHECKED;
/* Turns a pipe that gives its elements once into such a one. */
enum nt_status info_pipe_hold(struct nt_arena *mem, size_t size, struct ndr_pipe *p) NT_CHECKED;
/* False: a pipe that is not held. */
bool info_pipe_get(const struct ndr_pipe *p, const void **ret_elements, size_t *ret_count);
/* All pipes of one side of an operation. */
enum nt_status info_hold_pipes(const struct rpc_info_op *op, enum rpc_info_side side, void *r,
                               struct nt_arena *mem) NT_CHECKED;

/* ---- text.c: what text.h has not ---- */
void info_put_double(struct wr *w, double v, bool single);
bool info_parse_double(const char *s, double *ret);
/* "nan(0x7ff8000000000000)" keeps the bits. */
bool info_parse_nan(const char *s, uint64_t *ret_bits);
/* What was written, in mem and terminated; frees w. */
enum nt_status info_take(struct wr *w, struct nt_arena *mem, const char **ret);

#endif
