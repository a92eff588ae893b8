// SPDX-License-Identifier: Apache-2.0
/* One compilation, from text to generated files. Nothing here is global, so a fuzzer can run it in a loop. */
#ifndef IDLC_IDLC_H
#define IDLC_IDLC_H

#include "idlc/ast.h"

/* Bounds that keep hostile input from exhausting the stack; real interfaces stay far below. */
#define MAX_NESTING   200 /* structures in structures, expressions in expressions, pointers to pointers */
#define MAX_IMPORTS   32  /* files that import files; each takes a parser on the stack */
#define MAX_ERRORS    20  /* then the rest is noise */
#define MAX_WARNINGS  50
#define MAX_FILE_SIZE (16u << 20)

enum output { OUT_HEADER, OUT_NDR, OUT_CLIENT, OUT_SERVER, OUT_OPS, OUT_INFO, OUT_FUZZ, OUT_COUNT };

/* Warnings, by the names that -W takes. */
enum warning {
    WARN_REPLACED,   /* replaced: a name means something else than in an imported file */
    WARN_DIRECTION,  /* direction: a parameter is neither [in] nor [out] */
    WARN_UNSENDABLE, /* unsendable: a type is left out */
    WARN_ENUM,       /* enum-range: a value does not fit into 16 bits */
    WARN_MISPLACED,  /* misplaced: an attribute means nothing where it stands */
    WARN_PIDL,       /* pidl: what the dialect leaves to C, or to people */
    WARN_COUNT
};

struct symbol {
    struct symbol *next; /* in the same bucket */
    const char *name;
    struct decl *decl;   /* typedef, const, interface */
    struct type *type;   /* tag; enumeration of an enumerator */
    struct field *field; /* enumerator */
    int64_t value;       /* const, enumerator */
    const void *owner;   /* of a name in C */
    bool evaluating, known_value;
};

#define SYMBOL_BUCKETS 1024

struct idlc {
    struct pool pool;
    struct text messages;
    unsigned n_errors, n_warnings;
    struct type *capture; /* errors go there: they only matter once an operation uses this type */

    /* Finds the text of an imported file and its canonical path; false: cannot. */
    bool (*load)(struct idlc *c, const char *name, const struct source *from, struct source *ret);
    void *load_arg;

    struct source *sources; /* in the order they were first named */
    struct source *main;
    struct source *opnums;      /* list that operation numbers are compared with, or NULL */
    struct source *acf;         /* attribute configuration file of the main one, or NULL */
    const char *stem;           /* "srvsvc" of srvsvc.idl */
    const char *include_prefix; /* "msrpc": headers are named <msrpc/NAME.h>; NULL: "NAME.h" */
    struct symbol *names[SYMBOL_BUCKETS], *tags[SYMBOL_BUCKETS], *unknown[SYMBOL_BUCKETS];
    struct symbol *c_tags[SYMBOL_BUCKETS], *c_names[SYMBOL_BUCKETS]; /* names that C has already */
    struct symbol *helpers[SYMBOL_BUCKETS];
    struct symbol *uuids[SYMBOL_BUCKETS]; /* and those of static functions */
    struct type *defs, **defs_end;        /* struct, union, enum of all files */
    struct decl *types; /* typedefs that become a struct ndr_type: [encode], [decode], or all structures */
    bool want_types;
    unsigned nesting;
    bool incomplete; /* after a syntax error: what is not known may only not have been read */
    bool warn_off[WARN_COUNT], warn_error;
    bool pidl; /* the dialect: asked for, or an attribute or word of it was there */
    struct hook *hooks;
    int inlined; /* arrays of pidl without counts, between a type and what is laid out: it may contain itself */
    bool want[OUT_COUNT];
    struct text out[OUT_COUNT];

    /* scanner and parser */
    struct source *scanning;
    struct doc {
        struct doc *next;
        const char *text;
        int line, col; /* of the token that follows */
        const struct source *file;
    } * docs;
    const char *pending_doc;
    bool doc_ready;
};

/* ---- diag.c ---- */
void diag_error(struct idlc *c, struct loc loc, const char *fmt, ...) PRINTF_LIKE(3, 4);
void diag_warning(struct idlc *c, enum warning w, struct loc loc, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* "-W..." without the "-W": error, no-error, all, no-all, NAME, no-NAME; false: no such warning. */
bool diag_option(struct idlc *c, const char *option);
/* A line below the last error or warning: what it may mean, where the other place is. */
void diag_note(struct idlc *c, struct loc loc, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* ---- parse.y, lex.l ---- */
/* Fills src->decls from src->scanned; `acf`: reads an attribute configuration file into them instead. */
void parse_source(struct idlc *c, struct source *src, bool acf);

/* ---- compile.c ---- */
/* Reads an imported file, once. NULL after an error. */
struct source *source_import(struct idlc *c, const char *name, struct loc where);
/* Compiles `src` (name, path, text and scanned filled in); true if there was no error. The results are in
 * c->out. */
bool idlc_compile(struct idlc *c, struct source *src);
void idlc_free(struct idlc *c);

/* ---- check.c ---- */
void check_all(struct idlc *c);
struct symbol *symbol_find(struct symbol **table, const char *name);
struct symbol *symbol_add(struct idlc *c, struct symbol **table, const char *name);
const struct attr *attr_find(const struct attr *a, const char *name);
/* What a TY_NAME or TY_TAG names; NULL: nothing. */
struct symbol *symbol_of_type(struct idlc *c, const struct type *t);
/* Follows names and tags to a definition or a built-in type; NULL after an error. */
struct type *type_resolve(struct idlc *c, struct type *t);
/* An operation or callback: something with parameters that go over the wire. */
bool is_operation(const struct decl *d);
/* Interfaces of the compiled file that are not local, by ->next through a filter. */
struct decl *next_interface(struct decl *d);
/* The interface whose operations come first in this one, if calls of them are made as of any; else NULL. */
const struct decl *inherited_interface(struct idlc *c, const struct decl *i);

/* ---- const.c ---- */
/* Constant value; false (and an error) if it is none. */
bool const_eval(struct idlc *c, const struct expr *e, int64_t *ret);

/* ---- attrs.c ---- */
void check_attrs(struct idlc *c, const struct attr *a);
/* A slip of the keyboard apart. */
bool word_like(const struct idlc *c, const char *word, const char *other);

/* ---- object.c ---- */
/* Imports what object interfaces need and no file has: ORPCTHIS, MInterfacePointer. Before check_all. */
void object_imports(struct idlc *c);
/* Operation numbers, names of properties, ORPCTHIS and ORPCTHAT; local operations cease to be operations. */
void object_interface(struct idlc *c, struct decl *i);
/* The type is (a typedef of) the name of an interface. */
bool type_is_interface(struct idlc *c, const struct type *t);
/* MInterfacePointer, the wire form of what an interface pointer stands at; NULL after an error. */
struct type *interface_pointee(struct idlc *c, struct loc loc);

/* ---- scope.c ---- */
/* Gives a name of an interface another one, "iface::name", at each place in it that means it. */
const char *scope_name(struct idlc *c, const struct decl *iface, const char *name, bool tag);

/* ---- opnums.c ---- */
/* One line for each operation of the file. */
void opnums_write(struct idlc *c, struct text *o);
/* Compares with such a list; drift is an error. */
void opnums_check(struct idlc *c, struct source *list);

/* ---- tags.c ---- */
/* Adds switch_type to unions that go without. */
void infer_tags(struct idlc *c);

/* ---- misplaced.c ---- */
void check_places(struct idlc *c);

/* ---- lower.c ---- */
void lower_all(struct idlc *c);
const char *base_c_type(enum base b);
unsigned base_width(enum base b);
bool base_signed(enum base b);
bool node_deferred(const struct node *n);
bool node_open(const struct node *n);
const struct field *open_member(const struct type *t);
unsigned node_align(const struct node *n);
unsigned node_first_align(const struct node *n);
unsigned node_last_align(const struct node *n);
size_t node_wire_min(const struct node *n);

/* ---- pidl_types.c ---- */
/* An attribute that only pidl has. */
bool pidl_attr(const char *name);
/* A type that pidl knows without a definition, now among c->names; NULL: none of this name. */
struct symbol *pidl_known_type(struct idlc *c, const char *name);
/* The same for one that is defined outside of IDL. */
struct symbol *pidl_foreign_type(struct idlc *c, const struct type *t);
/* What the attributes of a structure, union, enumeration or bitmap say. */
void pidl_type(struct idlc *c, struct type *t);

/* ---- pidl_lower.c: what node_*() of lower.c ask about nodes of pidl, and the last step of lowering ---- */
unsigned pidl_node_align(const struct node *n);
unsigned pidl_node_first_align(const struct node *n);
unsigned pidl_node_last_align(const struct node *n);
size_t pidl_node_wire_min(const struct node *n);
bool pidl_node_deferred(const struct node *n);
/* All names in the expression are constants. */
bool pidl_constant(const struct idlc *c, const struct expr *e);
/* The expression is for pidl_finish to look at. */
bool pidl_expr(const struct expr *e);
/* Once all is laid out: expressions with functions and members, types below flags. */
void pidl_finish(struct idlc *c);
/* `to` of a pointer is what C has a pointer for by itself: arrays, strings. */
bool node_merged(const struct node *to);
/* Without flags, value() and streams around it. */
const struct node *node_core(const struct node *n);

/* ---- emit_*.c ---- */
void emit_header(struct idlc *c, struct text *o);
void emit_ndr(struct idlc *c, struct text *o);
void emit_client(struct idlc *c, struct text *o);
void emit_server(struct idlc *c, struct text *o);
void emit_ops(struct idlc *c, struct text *o);
void emit_info(struct idlc *c, struct text *o);
void emit_fuzz(struct idlc *c, struct text *o);

#endif
