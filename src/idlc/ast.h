// SPDX-License-Identifier: Apache-2.0
/*
 * What the parser makes of IDL, and what the checker adds to it. The tree is the language as written:
 * attributes are kept by name with their arguments, whatever they are, so that a new attribute needs no new
 * grammar. The checker turns the type and attributes of each field and parameter into a `struct node`: what
 * goes over the wire.
 */
#ifndef IDLC_AST_H
#define IDLC_AST_H

#include "idlc/pool.h"

struct source {
    struct source *next;
    const char *name;    /* as shown to people */
    const char *path;    /* canonical: the same file is read once */
    const char *text;    /* original text, for the caret */
    const char *scanned; /* what the scanner reads, after the preprocessor; else the same as text */
    struct source *file; /* which file a line marker names; itself, or an included one */
    struct decl *decls;
    struct source_ref *imports;
    const char *prefix; /* of names defined outside interfaces */
    bool imported;      /* not the file that is compiled */
    bool installed;     /* found where the IDL of an installed Tern is: its header is <msrpc/NAME.h> */
    bool checked;
};

struct source_ref {
    struct source_ref *next;
    struct source *source;
};

struct loc {
    const struct source *src;
    int line, col;         /* from 1 */
    const char *scan_line; /* start of the line in the scanned text */
};

/* ---- expressions ---- */

enum expr_kind {
    EX_NUMBER,
    EX_STRING,
    EX_NAME,   /* constant, enumerator, field or parameter */
    EX_UNARY,  /* op: - + ~ ! * & */
    EX_BINARY, /* op: + - * / % << >> & | ^ == != < > <= >= && || */
    EX_COND,
    EX_SIZEOF,
    EX_MEMBER, /* a.name, op '.'; a->name, op '>' */
    EX_CALL,   /* text(args); pidl */
    EX_HOOK,   /* text(structure): what a function by hand has to say; pidl */
};

struct expr {
    enum expr_kind kind;
    struct loc loc;
    const char *op;
    struct expr *a, *b, *c;
    int depth;
    uint64_t value;
    bool is_unsigned, is_hex;
    bool parens;      /* a name in parentheses may turn out to be a cast */
    const char *text; /* name, string without its quotes */
    struct type *type;
    struct attr_arg *args;
};

/* ---- attributes ---- */

struct attr_arg {
    struct attr_arg *next;
    struct expr *expr; /* both NULL: empty, as in size_is(,n) */
    struct type *type;
    int64_t value; /* of a case */
};

struct attr {
    struct attr *next;
    const char *name;
    struct loc loc;
    struct attr_arg *args;
    bool has_args;
    const char *text; /* uuid and version: raw text */
};

/* ---- types ---- */

struct problem {
    struct problem *next;
    struct loc loc;
    const char *text;
};

enum base {
    BASE_NONE,
    BASE_BYTE,
    BASE_CHAR,
    BASE_BOOLEAN,
    BASE_I8,
    BASE_U8,
    BASE_I16,
    BASE_U16,
    BASE_I32,
    BASE_U32,
    BASE_I64,
    BASE_U64,
    BASE_I3264,
    BASE_U3264,
    BASE_FLOAT,
    BASE_DOUBLE,
    BASE_WCHAR,
    BASE_VOID,
    /* types that the compiler knows */
    BASE_HANDLE_T,
    BASE_GUID,
    BASE_SID,
    BASE_NTSTATUS,
    BASE_WERROR,
    /* and those of pidl, see pidl_types.c */
    BASE_UDLONG,
    BASE_DLONG,
    BASE_UDLONGR,
    BASE_BLOB,
    BASE_TEXT,
    BASE_TEXTS,
    BASE_HAND,
    BASE_POLICY_HANDLE,
};

/* Alignments and tags as the generated code names them (enum ndr_align, enum ndr_tag of <msrpc/ndr.h>): the
 * greater is the stricter in NDR20 and NDR64 alike. */
enum align { ALIGN_1 = 1, ALIGN_2 = 2, ALIGN_ENUM = 3, ALIGN_4 = 4, ALIGN_PTR = 5, ALIGN_8 = 8 };
enum tag { TAG_8 = 1, TAG_16 = 2, TAG_ENUM = 3, TAG_32 = 4, TAG_PTR = 5, TAG_64 = 8 };

enum type_kind { TY_BASE, TY_NAME, TY_TAG, TY_STRUCT, TY_UNION, TY_ENUM, TY_POINTER, TY_ARRAY, TY_PIPE };

enum layout_state { LAYOUT_NONE, LAYOUT_BUSY, LAYOUT_DONE };

struct type {
    enum type_kind kind;
    struct loc loc;
    enum base base;
    const char *name;         /* TY_NAME, TY_TAG: as written; struct, union, enum: tag or NULL */
    enum type_kind tag_kind;  /* TY_TAG */
    struct attr *attrs;       /* of a struct, union, enum: those of the typedef that defines it */
    struct field *fields;     /* struct members, union arms, enumerators (with value) */
    struct type *to;          /* pointer, array, pipe; resolved TY_NAME, TY_TAG */
    struct decl *def;         /* resolved TY_NAME: the typedef */
    struct expr *size;        /* array bound; NULL: open */
    struct field *switch_tag; /* the union inside an encapsulated one: its tag */
    bool encapsulated;        /* struct { tag; union }, whose tag is sent once, by the union */
    struct expr *low, *high;  /* array x[low..high]; NULL: '*' */
    bool bounds;              /* array written with them */

    /* by the checker, for struct, union, enum */
    const char *cname; /* "srvsvc_SHARE_INFO_1" */
    const char *doc;
    struct type *next_def; /* definitions in the order of the files */
    struct decl *owner;    /* interface that it stands in */
    int order;
    struct source *src;
    bool ms_union, v1_enum, signed_enum;
    bool foreign;      /* BASE_HAND: a structure that is defined outside of IDL */
    bool bitmap;       /* an enumeration of bits: a number of `width` octets */
    unsigned width;    /* bitmap, enum8bit, enum16bit: octets; else 0 */
    struct pidl *pidl; /* what the attributes of pidl say; NULL: nothing */
    enum layout_state state;
    unsigned align;        /* enum align */
    unsigned arm_align;    /* union: of the widest arm */
    unsigned tag_kind_ndr; /* union: enum tag */
    struct node *tag;      /* union: type of the tag */
    size_t wire_min;       /* fewest octets in NDR20 */
    bool deferred;         /* has embedded pointers */
    bool conformant;       /* last member is a conformant array, or such a structure */
    bool recursive;
    bool list; /* recursive only by one pointer to the next of its kind */
    struct problem *problem; /* why it cannot go over the wire: an error once an operation uses it */
    bool reached;            /* an operation uses it */
    bool declared;           /* by a prototype */
    bool in_rows, alone;     /* one pointer: stands in arrays, whose first pass is one step; elsewhere */
    struct type *reach_next, *mark_next;
    bool seen; /* in one search */
};

struct field {
    struct field *next;
    const char *name; /* NULL: empty union arm */
    const char *cname;
    struct loc loc;
    struct attr *attrs;
    struct type *type;
    struct expr *value; /* enumerator */
    int64_t number;
    struct attr_arg *cases;
    bool is_default;
    int index;
    bool in, out;  /* parameters */
    bool skip;     /* handle_t: never marshalled */
    bool shared;   /* union arm: the member is there already, for another arm */
    bool nameless; /* the name is ours: an anonymous structure or union */
    struct node *node;
};

enum decl_kind {
    DECL_TYPEDEF,
    DECL_TAG,
    DECL_CONST,
    DECL_CPP_QUOTE,
    DECL_OPERATION,
    DECL_CALLBACK, /* a call from server to client, numbered apart */
    DECL_LOCAL, /* an operation that never goes over the wire: checked no further, nothing comes out of it */
    DECL_INTERFACE,
    DECL_FORWARD, /* interface name; */
    DECL_IMPORT,
    DECL_INCLUDE /* a header that ours is to include */
};

struct decl {
    struct decl *next;
    enum decl_kind kind;
    struct loc loc, start; /* of the name; of the first token */
    const char *name;
    struct attr *attrs;
    struct type *type;  /* typedef, const; result of an operation */
    struct expr *value; /* const */
    const char *text;   /* cpp_quote, import */
    const char *doc;
    struct field *params;
    struct decl *body;  /* interface */
    const char *base;   /* interface that this one inherits from */
    struct decl *owner; /* interface that it stands in */
    struct source *src;
    const char *cname;
    int opnum;
    int n_ops;              /* numbers taken, with those of the interface that it inherits from */
    int n_own, n_callbacks; /* operations and callbacks that stand in it */
    struct node *node;      /* result of an operation; a typedef that is wanted as data */
    struct decl *next_type; /* in idlc.types */
    bool resolving;
    bool alias_of_known; /* a typedef of a name that the compiler knows */
    const char *key;     /* typedef, const: name in the table of names, where another interface has the same */
    const char *member;  /* operation: name as a member of C structures */
    const char *helper;  /* operation: prefix of its static functions, unique in the file */
    bool nocode;         /* operation: no client stub is wanted */
    bool empty;          /* interface without declarations */
    bool listed;         /* operation: the list of numbers has it */
    bool local;          /* operation or interface that never goes over the wire */
    bool object;         /* interface: calls carry ORPCTHIS and ORPCTHAT */
    bool checked;        /* interface: its operations are numbered */
    bool late;           /* checked after the others of its list */
};

/* ---- what goes over the wire ---- */

enum node_kind {
    ND_SCALAR,
    ND_ENUM,
    ND_STRUCT,
    ND_UNION,
    ND_POINTER,
    ND_ARRAY,
    ND_STRING,
    ND_HANDLE,
    ND_IGNORE,
    ND_PIPE,
    /* of pidl, in pidl_*.c and emit_pidl.c */
    ND_HALVES,     /* 64 bits aligned to 4; base says which half is first */
    ND_BLOB,       /* octets, as flags say */
    ND_TEXT,       /* string as flags say; base: BASE_CHAR, BASE_WCHAR */
    ND_TEXTS,      /* strings up to an empty one */
    ND_HAND,       /* `type_name`, by functions that are written by hand */
    ND_INLINE,     /* array of `size` elements without any count */
    ND_CHARS,      /* array of UTF-16 without counts, `to`, which has no alignment */
    ND_RELATIVE,   /* pointer whose offset is sent; `count` octets of it */
    ND_SUBCONTEXT, /* nested stream; `count`: kind of its header, `size`: its size */
    ND_FLAGS,      /* `to` under flags: `flags`, or `value` says which */
    ND_VALUE,      /* `value` is sent in place of the field */
    ND_SKIP,       /* in memory only */
};

enum pointer_kind { PTR_UNIQUE, PTR_REF, PTR_FULL };

/* One dimension of an array of which another than the first is open or varies. */
struct dim {
    struct dim *next;
    bool fixed; /* bound is `count` */
    uint64_t count;
    struct expr *size, *length;
    int size_plus, length_plus;
};

struct node {
    enum node_kind kind;
    enum base base;    /* scalar; string: BASE_CHAR, BASE_WCHAR or an 8-bit type */
    struct type *type; /* struct, union, enum */
    struct node *to;   /* pointer, array */
    enum pointer_kind pointer;
    bool in_array; /* pointer: element of an array */
    bool fixed;    /* array, string: bound is `count` */
    uint64_t count;
    bool conformant, varying;
    struct expr *size, *length; /* size_is, length_is */
    int size_plus, length_plus; /* max_is, last_is: one more */
    struct expr *first;         /* first_is, from the lower bound: index of the first element that is sent */
    struct dim *dims;           /* several dimensions, in one row in C; size and length are in there */
    bool unchecked;             /* disable_consistency_check: of numbers, for others nobody needs it */
    struct expr *switch_is;
    bool ranged;
    int64_t low, high;
    struct loc loc;
    /* pidl */
    uint32_t flags;
    struct expr *value;
    const char *type_name;
    bool foreign; /* ND_HAND: a structure that a header by hand defines */
};

/* What the attributes of pidl say of a structure or union. */
struct pidl {
    uint32_t flags;          /* in force for the whole type */
    struct expr *flags_expr; /* or these */
    bool nodiscriminant, relative_base;
    bool hand_push, hand_pull; /* functions that somebody writes */
    bool flagged;              /* may stand below flags for alignment or byte order */
    bool measured;             /* its size is asked for */
    bool nested;               /* contains itself, by arrays without counts */
};

/* What a value(), flag() or size says that only a function written by hand can know. */
struct hook {
    struct hook *next;
    const char *name, *result; /* of the function; its C type */
    const char *text;          /* the expression as it was written */
    const struct type *owner;  /* structure that it looks at, or */
    const struct decl *op;     /* operation */
};

#endif
