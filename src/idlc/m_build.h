// SPDX-License-Identifier: Apache-2.0
/* Building the tree: what the grammar's actions call. */
#ifndef IDLC_M_BUILD_H
#define IDLC_M_BUILD_H

#include "idlc/m_parse.h"

struct decls join_decl(struct decls list, struct decl *d);
struct attr *join_attrs(struct attr *a, struct attr *b);
struct attr_arg *join_args(struct attr_arg *a, struct attr_arg *b);
struct params join_field(struct params list, struct field *f);
struct params join_members(struct scanner *s, struct params list, struct attr *attrs, struct type *t,
                           struct declarator *d);
struct params join_nameless(struct scanner *s, struct params list, struct attr *attrs, struct type *t);
struct params join_empty_arm(struct scanner *s, struct loc loc, struct params list, struct attr *attrs);
struct declarator *join_declarators(struct declarator *list, struct declarator *d);

struct decl *new_decl(struct scanner *s, enum decl_kind kind, struct loc start, struct loc loc,
                      const char *name);
struct decl *new_import(struct scanner *s, struct loc loc, const char *file);
struct decl *new_interface(struct scanner *s, struct loc start, struct loc loc, struct attr *attrs,
                           const char *name, const char *base, struct decl *body);
struct decl *new_typedef(struct scanner *s, struct loc start, struct attr *attrs, struct type *t,
                         struct declarator *list);
struct decl *new_include(struct scanner *s, struct loc loc, const char *file);
struct decl *new_const(struct scanner *s, struct loc start, struct type *t, struct declarator *d,
                       struct expr *value);
struct decl *new_tag(struct scanner *s, struct loc start, struct attr *attrs, struct type *t);
struct decl *new_operation(struct scanner *s, struct loc start, struct loc loc, struct attr *attrs,
                           struct type *t, const char *name, struct params params);

struct attr *new_attr(struct scanner *s, struct loc loc, const char *name, struct attr_arg *args,
                      bool has_args);
struct attr *new_raw_attr(struct scanner *s, struct loc loc, const char *text);
struct attr *case_attr(struct scanner *s, struct loc loc, struct attr_arg *cases);
struct attr_arg *new_arg(struct scanner *s, struct expr *e, struct type *t);

struct type *new_type(struct scanner *s, enum type_kind kind, struct loc loc);
struct type *new_base_type(struct scanner *s, struct loc loc, enum base_word words);
struct type *new_body(struct scanner *s, enum type_kind kind, struct loc loc, const char *tag,
                      struct field *fields);
struct type *new_bitmap(struct scanner *s, struct loc loc, const char *tag, struct field *bits);
struct type *new_tag_ref(struct scanner *s, struct loc loc, enum type_kind kind, const char *tag);
struct type *new_switch_union(struct scanner *s, struct loc loc, struct loc tag_loc, const char *tag,
                              struct type *t, const char *name, const char *union_name, struct field *arms);
struct type *pointer_to(struct scanner *s, struct loc loc, struct type *t, int count);
enum base_word join_words(struct scanner *s, struct loc loc, enum base_word words, enum base_word word);
const char *base_word_name(enum base_word w);

struct declarator *new_declarator(struct scanner *s, struct loc loc, const char *name);
struct declarator *add_pointers(struct scanner *s, struct declarator *d, int count);
struct declarator *add_array(struct scanner *s, struct loc loc, struct declarator *d, struct expr *size);
struct declarator *add_function(struct scanner *s, struct loc loc, struct declarator *d);
struct declarator *add_bounds(struct scanner *s, struct loc loc, struct declarator *d, struct expr *low,
                              struct expr *high);
int count_pointer(struct scanner *s, struct loc loc, int count);

struct field *new_field(struct scanner *s, struct loc loc, struct attr *attrs, struct type *t,
                        const char *name);
struct field *new_param(struct scanner *s, struct attr *attrs, struct type *t, struct declarator *d);
struct field *new_nameless_param(struct scanner *s, struct loc loc, struct attr *attrs, struct type *t,
                                 int pointers);

/* ---- acf.c: what an attribute configuration file adds to the tree of its IDL file ---- */
void acf_interface(struct scanner *s, struct loc loc, struct attr *attrs, const char *name);
void acf_include(struct scanner *s, struct loc loc, const char *file);
void acf_typedefs(struct scanner *s, struct attr *attrs, struct field *names);
void acf_operations(struct scanner *s, struct attr *attrs, struct field *names);
void acf_operation(struct scanner *s, struct loc loc, struct attr *attrs, const char *name,
                   struct field *params);

struct expr *new_expr(struct scanner *s, enum expr_kind kind, struct loc loc, const char *op, struct expr *a,
                      struct expr *b, struct expr *c);
struct expr *new_call(struct scanner *s, struct loc loc, const char *name, struct attr_arg *args);
struct expr *new_number(struct scanner *s, struct loc loc, struct number n);
struct expr *new_sizeof(struct scanner *s, struct loc loc, struct type *t, struct expr *times);

#endif
