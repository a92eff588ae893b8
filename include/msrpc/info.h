// SPDX-License-Identifier: Apache-2.0
/*
 * Descriptions of interfaces, and what stands on them: JSON, traces, JSON Schema, for every operation at
 * once. `idlc --info` writes a description of everything in a file; those of libmsrpc's interfaces are in
 * libmsrpcinfo. The wire path uses none of this: marshalling is done by the functions of struct rpc_op, and
 * what a description says of the C structures is what the compiler says (offsetof, sizeof).
 *
 * The JSON rules are in docs/rpc-json.md and have a number, RPC_JSON_VERSION.
 */
#ifndef MSRPC_INFO_H
#define MSRPC_INFO_H

#include <msrpc/rpc.h>

NT_BEGIN_DECLS

/* ---- tables that idlc writes ---- */

#define RPC_INFO_VERSION                                                                                     \
    1 /* first member of struct rpc_info_file; a file of another version is not looked at */

struct rpc_info_node;
struct rpc_info_type;

/* What stands at a place in memory. */
enum rpc_info_kind {
    RPC_INFO_SCALAR = 1, /* number, GUID, SID, status: see base */
    RPC_INFO_ENUM,
    RPC_INFO_BITMAP, /* number whose bits have names */
    RPC_INFO_STRUCT,
    RPC_INFO_UNION,
    RPC_INFO_POINTER, /* to an array or a string: to its first element, without a pointer in between */
    RPC_INFO_ARRAY,   /* fixed: the elements themselves; else a pointer to them */
    RPC_INFO_STRING,  /* terminated; fixed and pointer as with arrays */
    RPC_INFO_HANDLE,  /* struct ndr_handle */
    RPC_INFO_PIPE,    /* struct ndr_pipe; `to` is an element */
    RPC_INFO_BLOB,    /* struct nt_blob */
    RPC_INFO_OPAQUE,  /* nothing that has a value: ignored pointers */
};

enum rpc_info_base {
    RPC_INFO_NONE,
    RPC_INFO_U8,
    RPC_INFO_I8,
    RPC_INFO_U16,
    RPC_INFO_I16,
    RPC_INFO_U32,
    RPC_INFO_I32,
    RPC_INFO_U64,
    RPC_INFO_I64,
    RPC_INFO_U3264, /* uint64_t here, 32 bits in NDR20 */
    RPC_INFO_I3264,
    RPC_INFO_FLOAT,
    RPC_INFO_DOUBLE,
    RPC_INFO_CHAR,    /* 8 bits, of a character set that the description does not know */
    RPC_INFO_WCHAR,   /* char16_t */
    RPC_INFO_BOOLEAN, /* uint8_t */
    RPC_INFO_GUID,
    RPC_INFO_SID,
    RPC_INFO_NTSTATUS,
    RPC_INFO_WERROR,
};

enum rpc_info_flags {
    RPC_INFO_FIXED = 1,      /* array, string: `count` elements in place */
    RPC_INFO_CONFORMANT = 2, /* array, string: its size is sent */
    RPC_INFO_VARYING = 4,    /* its length is sent */
    RPC_INFO_UNIQUE = 8,     /* pointer: may be null */
    RPC_INFO_FULL = 16,      /* pointer: may be null, may be an alias */
    RPC_INFO_RANGE = 32,     /* low and high count: of the value, or of the number of elements */
    RPC_INFO_SECRET = 64,    /* node, member, type: never shown in traces */
    RPC_INFO_IN = 128,       /* parameter */
    RPC_INFO_OUT = 256,
    RPC_INFO_DEFAULT = 512,         /* arm of a union */
    RPC_INFO_COUNTED_STRING = 1024, /* type: two 16-bit lengths in bytes, pointer to UTF-16 */
    RPC_INFO_TIME = 2048,           /* type: FILETIME */
    RPC_INFO_RECURSIVE = 4096,      /* type: can contain itself */
    RPC_INFO_V1_ENUM = 8192,        /* type: 32 bits in NDR20, too */
};

/* size_is, length_is, switch_is over what stands beside: value = member * mul / div + add, or, where that
 * cannot say it, a function over the structure (of an operation: struct { in; out; }, and which side). */
struct rpc_info_expr {
    int32_t member; /* index of the first one named; -1: none, a constant */
    uint32_t mul, div;
    int64_t add;
    uint64_t (*eval)(const void *base, bool out); /* NULL: none needed */
    const char *text;                             /* as in the IDL */
};

struct rpc_info_node {
    uint8_t kind;                     /* enum rpc_info_kind */
    uint8_t base;                     /* enum rpc_info_base, of scalars and strings */
    uint16_t flags;                   /* enum rpc_info_flags */
    uint32_t size;                    /* of the C object */
    uint64_t count;                   /* of a fixed array or string */
    const struct rpc_info_node *to;   /* pointer, array, pipe */
    const struct rpc_info_type *type; /* struct, union, enum, bitmap */
    const struct rpc_info_expr *size_is, *length_is, *switch_is;
    int64_t low, high;
};

/* A member of a structure, an arm of a union, a parameter. */
struct rpc_info_member {
    const char *name;    /* as in the IDL; an arm without data: NULL */
    uint32_t offset;     /* parameter: of the request's, in the operation's structure */
    uint32_t offset_out; /* parameter: of the response's */
    uint16_t flags;      /* enum rpc_info_flags */
    uint16_t n_cases;    /* of an arm */
    const int64_t *cases;
    const struct rpc_info_node *node; /* NULL: an arm without data, or a parameter that does not travel */
};

struct rpc_info_value {
    const char *name;
    int64_t value;
};

struct rpc_info_type {
    const char *name;  /* as in the IDL */
    const char *cname; /* as in C: "srvsvc_SHARE_INFO_1" */
    const char *doc;   /* "[MS-SRVS] 2.2.4.23"; NULL: none given */
    uint16_t kind;     /* enum rpc_info_kind */
    uint16_t flags;    /* enum rpc_info_flags */
    uint32_t size;
    uint32_t n_members, n_values;
    const struct rpc_info_member *members;
    const struct rpc_info_value *values; /* of an enumeration or a bitmap */
    const struct rpc_info_node *tag;     /* of a union; NULL: none is sent */
};

struct rpc_info_op {
    const char *name;
    const char *doc;
    const struct rpc_op *op; /* NULL: not callable */
    uint32_t opnum, n_params;
    const struct rpc_info_member *params;
    const struct rpc_info_node *result; /* NULL: none */
    uint32_t result_offset;
};

struct rpc_info_interface {
    const char *name;
    const char *doc;
    const struct rpc_interface *iface;
    uint32_t n_ops;
    const struct rpc_info_op *ops; /* in the order of their numbers */
};

struct rpc_info_file {
    uint32_t version; /* RPC_INFO_VERSION */
    uint32_t n_interfaces, n_types;
    const char *name; /* "srvsvc" */
    const struct rpc_info_interface *interfaces;
    const struct rpc_info_type *types; /* of this file, and those of others that it uses */
};

/* ---- what there is ---- */

/* The descriptions of libmsrpc's interfaces, by name. */
NT_PUBLIC const struct rpc_info_file *const *rpc_info_files(size_t *ret_n);
/* NULL: unknown. Names are those of the IDL; case does not matter where it decides nothing. */
NT_PUBLIC const struct rpc_info_interface *rpc_info_find(const char *name);
/* The interface of a bind: same UUID and major version, and a minor version that we have. */
NT_PUBLIC const struct rpc_info_interface *rpc_info_find_syntax(const struct rpc_syntax *syntax);
NT_PUBLIC const struct rpc_info_op *rpc_info_find_op(const struct rpc_info_interface *i, const char *name);
NT_PUBLIC const struct rpc_info_op *rpc_info_opnum(const struct rpc_info_interface *i, uint32_t opnum);
/* A type of the file that the interface is described in. */
NT_PUBLIC const struct rpc_info_type *rpc_info_find_type(const struct rpc_info_interface *i,
                                                         const char *name);

/* ---- NDR ---- */

enum rpc_info_side { RPC_INFO_REQUEST, RPC_INFO_RESPONSE };

/* Zeroed memory for an operation's structure; NULL at the arena's ceiling. */
NT_PUBLIC void *rpc_info_new(const struct rpc_info_op *op, struct nt_arena *mem);
/* One side of r as a stub, in mem. */
NT_PUBLIC enum nt_status rpc_info_push(const struct rpc_info_op *op, enum rpc_info_side side, const void *r,
                                       bool ndr64, struct nt_arena *mem, struct nt_blob *ret) NT_CHECKED;
/* A stub into one side of r, which is zeroed on failure. A response may look at the request, which is then
 * to be in r already. drep: 0x10 little endian, 0 big endian. The stub has to live as long as mem. Bytes left
 * over are counted in ret_left (NULL: not wanted). */
NT_PUBLIC enum nt_status rpc_info_pull(const struct rpc_info_op *op, enum rpc_info_side side, void *r,
                                       struct nt_blob stub, uint8_t drep, bool ndr64, struct nt_arena *mem,
                                       size_t *ret_left) NT_CHECKED;

/* ---- JSON ---- */

#define RPC_JSON_VERSION 1 /* of the rules in docs/rpc-json.md */

enum rpc_json_flags {
    RPC_JSON_INDENT = 1, /* one member a line */
    RPC_JSON_TRACE = 2,  /* for people: secrets hidden, long arrays and blobs cut; cannot be read back */
};

/* One side of r as a JSON object, NUL-terminated, in mem. STATUS_INVALID_PARAMETER if r is not what its
 * description says: a count without elements, a tag without an arm. STATUS_INSUFFICIENT_RESOURCES if objects
 * and arrays are nested more than 512 deep. */
NT_PUBLIC enum nt_status rpc_json_write(const struct rpc_info_op *op, enum rpc_info_side side, const void *r,
                                        unsigned flags, struct nt_arena *mem, const char **ret,
                                        struct nt_error *err) NT_CHECKED;
/* A JSON object into one side of r, which was made by rpc_info_new. What is not named stays zero, counts and
 * tags are taken from what they count. STATUS_INVALID_PARAMETER with line, column and path:
 * "1:17: in.Level: a number from 0 to 4294967295 is expected". */
NT_PUBLIC enum nt_status rpc_json_read(const struct rpc_info_op *op, enum rpc_info_side side, void *r,
                                       const char *json, size_t len, struct nt_arena *mem,
                                       struct nt_error *err) NT_CHECKED;
/* JSON Schema (2020-12) of what rpc_json_read takes and rpc_json_write gives. */
NT_PUBLIC enum nt_status rpc_json_schema_op(const struct rpc_info_interface *i, const struct rpc_info_op *op,
                                            struct nt_arena *mem, const char **ret) NT_CHECKED;
NT_PUBLIC enum nt_status rpc_json_schema_type(const struct rpc_info_type *type, struct nt_arena *mem,
                                              const char **ret) NT_CHECKED;

/* ---- traces ---- */

/* `srvsvc.NetrShareEnum in {ServerName: "fs1", Level: 1}` on one line of at most `max` bytes (0: 1024), or
 * indented with everything. UTF-8 without control characters, whatever r holds; secrets are not shown. NULL
 * only when memory is short. */
NT_PUBLIC const char *rpc_trace_line(const struct rpc_info_interface *i, const struct rpc_info_op *op,
                                     enum rpc_info_side side, const void *r, size_t max,
                                     struct nt_arena *mem);
NT_PUBLIC const char *rpc_trace_full(const struct rpc_info_interface *i, const struct rpc_info_op *op,
                                     enum rpc_info_side side, const void *r, struct nt_arena *mem);

/* ---- fuzzing ---- */

enum rpc_check_flags { RPC_CHECK_NDR64 = 1, RPC_CHECK_BIG = 2 };

/* One call through all that has to agree: what is pulled can be pushed and pulled again, its JSON gives the
 * same bytes, traces do not fail. False, with a sentence, if something does not agree; a stub that is refused
 * is fine. */
NT_PUBLIC bool rpc_info_check(const struct rpc_info_interface *i, const struct rpc_info_op *op,
                              struct nt_blob request, struct nt_blob response, unsigned flags,
                              struct nt_error *ret_why) NT_CHECKED;
/* The same for an input of the targets that `idlc --fuzz` writes: interface (1 byte), operation (2), flags
 * (1), length of the request (2), request, response; numbers are little endian and taken modulo what there
 * is. */
NT_PUBLIC bool rpc_info_check_input(const struct rpc_info_file *f, const uint8_t *data, size_t size,
                                    struct nt_error *ret_why) NT_CHECKED;

/* ---- captured stubs ---- */

enum rpc_decode_form { RPC_DECODE_LINE, RPC_DECODE_FULL, RPC_DECODE_JSON };

/* One side of a call as it was seen on the wire. */
struct rpc_decode {
    size_t size;              /* sizeof(struct rpc_decode) */
    struct rpc_syntax syntax; /* of the interface */
    uint32_t opnum;
    enum rpc_info_side side;
    struct nt_blob request;  /* also for a response, which may depend on it; data NULL: not known */
    struct nt_blob response; /* looked at for RPC_INFO_RESPONSE */
    uint8_t request_drep, response_drep; /* first byte of the PDU's data representation */
    bool ndr64;
    enum rpc_decode_form form;
    /* filled in as far as they are known, also on failure */
    const struct rpc_info_interface *iface;
    const struct rpc_info_op *op;
    size_t left; /* bytes of the stub that nothing was made of */
};
#define RPC_DECODE_INIT                                                                                      \
    {                                                                                                        \
        .size = sizeof(struct rpc_decode)                                                                    \
    }

/* RPC_NT_UNKNOWN_IF, RPC_NT_PROCNUM_OUT_OF_RANGE, or what the pull says. The text lives in mem. */
NT_PUBLIC enum nt_status rpc_decode(struct rpc_decode *d, struct nt_arena *mem, const char **ret) NT_CHECKED;

NT_END_DECLS

#endif
