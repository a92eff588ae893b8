// SPDX-License-Identifier: Apache-2.0
/*
 * What generated code calls for the attributes of pidl, the IDL dialect of Samba: flags, relative pointers,
 * nested streams, blobs and strings whose layout the flags say. docs/idl.md, "The pidl dialect".
 *
 * Flags, bases, nested streams and relative pointers are scopes: what opens one is followed by what ends it,
 * whatever fails in between. Functions of a type that can stand below a flag for alignment or byte order
 * call ndrf_push_* and ndrf_pull_*, which obey these flags, in place of ndr_push_* and ndr_pull_*, which
 * need not know of them.
 */
#ifndef MSRPC_NDR_PIDL_H
#define MSRPC_NDR_PIDL_H

#include <msrpc/ndr.h>

NT_BEGIN_DECLS

enum ndr_flags {
    NDR_F_NOALIGN = 1 << 0,
    NDR_F_ALIGN2 = 1 << 1, /* a blob pads; with NDR_F_RELATIVE_REVERSE pointees start there */
    NDR_F_ALIGN4 = 1 << 2,
    NDR_F_ALIGN8 = 1 << 3,
    NDR_F_REMAINING = 1 << 4, /* all that is left in the stream */
    NDR_F_BIG_ENDIAN = 1 << 5,
    NDR_F_LITTLE_ENDIAN = 1 << 6,
    NDR_F_RELATIVE_REVERSE = 1 << 7, /* pointees fill a sized stream from its end */
    NDR_F_NO_RELATIVE_REVERSE = 1 << 8,
    NDR_F_NO_UNREAD_BYTES = 1 << 9, /* a nested stream has to be read to its end */
    /* layout of strings */
    NDR_F_STR_ASCII = 1 << 10, /* 8 bits a character; else UTF-16 */
    NDR_F_STR_UTF8 = 1 << 11,
    NDR_F_STR_RAW8 = 1 << 12,
    NDR_F_STR_LEN4 = 1 << 13,     /* offset 0 and length in front */
    NDR_F_STR_SIZE4 = 1 << 14,    /* 32-bit size in front */
    NDR_F_STR_SIZE2 = 1 << 15,    /* 16-bit size in front */
    NDR_F_STR_NOTERM = 1 << 16,   /* without a terminator */
    NDR_F_STR_NULLTERM = 1 << 17, /* up to a terminator */
    NDR_F_STR_BYTESIZE = 1 << 18, /* sizes count bytes */
};

/* Width of a nested stream's length: this many bytes (0, 2, 4), or the headers of type serialization version
 * 1 ([MS-RPCE] 2.2.6). */
#define NDR_SUBCONTEXT_SERIALIZED 0xFFFFFC01u

/* ---- push ---- */

/* More flags until the end; those that exclude each other replace each other. */
NT_PUBLIC void ndr_push_flags(struct ndr_push *n, uint32_t flags);
NT_PUBLIC void ndr_push_flags_end(struct ndr_push *n);
/* The flags in force, for functions written by hand. */
NT_PUBLIC uint32_t ndr_push_flags_now(const struct ndr_push *n);

/* Offsets of relative pointers count from here. */
NT_PUBLIC void ndr_push_base(struct ndr_push *n);
NT_PUBLIC void ndr_push_base_end(struct ndr_push *n);

/* Place of a relative pointer, whose address in memory is `member`: its offset, which the second pass fills
 * in, or 0 for null. */
NT_PUBLIC void ndr_push_relative(struct ndr_push *n, const void *member, const void *p);
NT_PUBLIC void ndr_push_relative_short(struct ndr_push *n, const void *member, const void *p);
/* Around what it stands at, in the second pass; false for null and after a failure. */
NT_PUBLIC bool ndr_push_relative_start(struct ndr_push *n, const void *member, const void *p);
NT_PUBLIC void ndr_push_relative_end(struct ndr_push *n);

/* A nested stream: alignment, and bases of relative pointers, start anew; NDR20 always. `size`: its fixed
 * size, filled up with zeros (RPC_NT_BAD_STUB_DATA if it takes more), or NDR_ANY. */
NT_PUBLIC void ndr_push_subcontext(struct ndr_push *n, uint32_t header, size_t size);
NT_PUBLIC void ndr_push_subcontext_end(struct ndr_push *n);

/* How long `object` would be, in a stream of its own: what is pushed in between vanishes. False, and nothing
 * to end, if it is being measured already, or too many others are: such sizes count as 0. */
NT_PUBLIC bool ndr_push_measure(struct ndr_push *n, const void *object);
NT_PUBLIC size_t ndr_push_measure_end(struct ndr_push *n);

/* By the flags in force: all of it, padding, or a 32-bit length in front. */
NT_PUBLIC void ndr_push_blob(struct ndr_push *n, struct nt_blob b);
/* Strings by the flags in force; null is the empty string. UTF-16 under a flag for 8 bits is sent as such, if
 * all characters are below 256. */
NT_PUBLIC void ndr_push_text(struct ndr_push *n, const char16_t *s);
NT_PUBLIC void ndr_push_text8(struct ndr_push *n, const char *s);
/* The strings up to a null pointer, and an empty one; with NDR_F_STR_NOTERM no terminator after the last. */
NT_PUBLIC void ndr_push_texts(struct ndr_push *n, const char16_t *const *s);
NT_PUBLIC void ndr_push_texts8(struct ndr_push *n, const char *const *s);

/* UTF-16 in an array without counts: aligned to nothing. */
NT_PUBLIC void ndr_push_wchars(struct ndr_push *n, const char16_t *p, size_t count);

/* 64 bits aligned to 4: the low half first; the high half first. */
NT_PUBLIC void ndr_push_udlong(struct ndr_push *n, uint64_t v);
NT_PUBLIC void ndr_push_udlongr(struct ndr_push *n, uint64_t v);

/* ---- pull ---- */

NT_PUBLIC void ndr_pull_flags(struct ndr_pull *n, uint32_t flags);
NT_PUBLIC void ndr_pull_flags_end(struct ndr_pull *n);
NT_PUBLIC uint32_t ndr_pull_flags_now(const struct ndr_pull *n);

NT_PUBLIC void ndr_pull_base(struct ndr_pull *n);
NT_PUBLIC void ndr_pull_base_end(struct ndr_pull *n);

/* Pointer to an object of `size` bytes (0: a place-holder) whose offset came, which has to lie inside the
 * stream; or null. */
NT_PUBLIC void *ndr_pull_relative(struct ndr_pull *n, size_t size);
NT_PUBLIC void *ndr_pull_relative_short(struct ndr_pull *n, size_t size);
/* Around what it stands at. What is read there counts against the budget of memory: many pointers may stand
 * at the same bytes. */
NT_PUBLIC bool ndr_pull_relative_start(struct ndr_pull *n, const void *p);
NT_PUBLIC void ndr_pull_relative_end(struct ndr_pull *n);

/* `size`: as the fields say, which a length in front has to agree with; or NDR_ANY. */
NT_PUBLIC void ndr_pull_subcontext(struct ndr_pull *n, uint32_t header, size_t size);
NT_PUBLIC void ndr_pull_subcontext_end(struct ndr_pull *n);

NT_PUBLIC struct nt_blob ndr_pull_blob(struct ndr_pull *n);
NT_PUBLIC const char16_t *ndr_pull_text(struct ndr_pull *n);
NT_PUBLIC const char *ndr_pull_text8(struct ndr_pull *n);
NT_PUBLIC const char16_t *const *ndr_pull_texts(struct ndr_pull *n);
NT_PUBLIC const char *const *ndr_pull_texts8(struct ndr_pull *n);

NT_PUBLIC char16_t *ndr_pull_wchars(struct ndr_pull *n, size_t count);
NT_PUBLIC void ndr_pull_wchars_to(struct ndr_pull *n, char16_t *to, size_t count);

NT_PUBLIC uint64_t ndr_pull_udlong(struct ndr_pull *n);
NT_PUBLIC uint64_t ndr_pull_udlongr(struct ndr_pull *n);

/* ---- lengths in value() and size_is() ---- */

/* Characters; with the terminator; the same, but 0 for the empty string. Null: 0 always. */
NT_PUBLIC size_t ndr_text_len(const char16_t *s);
NT_PUBLIC size_t ndr_text_len_term(const char16_t *s);
NT_PUBLIC size_t ndr_text_len_term_null(const char16_t *s);
NT_PUBLIC size_t ndr_text8_len(const char *s);
NT_PUBLIC size_t ndr_text8_len_term(const char *s);
NT_PUBLIC size_t ndr_text8_len_term_null(const char *s);

/* ---- under flags ---- */

NT_PUBLIC void ndrf_push_u8(struct ndr_push *n, uint8_t v);
NT_PUBLIC void ndrf_push_u16(struct ndr_push *n, uint16_t v);
NT_PUBLIC void ndrf_push_u32(struct ndr_push *n, uint32_t v);
NT_PUBLIC void ndrf_push_u64(struct ndr_push *n, uint64_t v);
NT_PUBLIC void ndrf_push_u3264(struct ndr_push *n, uint64_t v);
NT_PUBLIC void ndrf_push_enum(struct ndr_push *n, uint32_t v);
NT_PUBLIC void ndrf_push_float(struct ndr_push *n, float v);
NT_PUBLIC void ndrf_push_double(struct ndr_push *n, double v);
NT_PUBLIC void ndrf_push_align(struct ndr_push *n, enum ndr_align align);
NT_PUBLIC void ndrf_push_end(struct ndr_push *n, enum ndr_align align);
NT_PUBLIC void ndrf_push_tag(struct ndr_push *n, unsigned kind, uint64_t tag, enum ndr_align align);
NT_PUBLIC void ndrf_push_unique(struct ndr_push *n, const void *p);
NT_PUBLIC void ndrf_push_ref(struct ndr_push *n, const void *p);
NT_PUBLIC void ndrf_push_size(struct ndr_push *n, size_t size);
NT_PUBLIC void ndrf_push_length(struct ndr_push *n, size_t size, size_t length);
NT_PUBLIC void ndrf_push_elements(struct ndr_push *n, const void *p, size_t count, unsigned width);
NT_PUBLIC void ndrf_push_conformant(struct ndr_push *n, const void *p, size_t size, unsigned width);
NT_PUBLIC void ndrf_push_varying(struct ndr_push *n, const void *p, size_t size, size_t length,
                                 unsigned width);
NT_PUBLIC void ndrf_push_conformant_varying(struct ndr_push *n, const void *p, size_t size, size_t length,
                                            unsigned width);
NT_PUBLIC void ndrf_push_counted(struct ndr_push *n, uint16_t length, uint16_t maximum, const void *buffer);
NT_PUBLIC void ndrf_push_wstring(struct ndr_push *n, const char16_t *s);
NT_PUBLIC void ndrf_push_string(struct ndr_push *n, const char *s);
NT_PUBLIC void ndrf_push_wstring_opt(struct ndr_push *n, const char16_t *s);
NT_PUBLIC void ndrf_push_string_opt(struct ndr_push *n, const char *s);
NT_PUBLIC void ndrf_push_unique_wstring(struct ndr_push *n, const char16_t *s);
NT_PUBLIC void ndrf_push_unique_string(struct ndr_push *n, const char *s);
NT_PUBLIC void ndrf_push_guid(struct ndr_push *n, const struct nt_guid *g);
NT_PUBLIC void ndrf_push_handle(struct ndr_push *n, const struct ndr_handle *h);

NT_PUBLIC uint8_t ndrf_pull_u8(struct ndr_pull *n);
NT_PUBLIC uint16_t ndrf_pull_u16(struct ndr_pull *n);
NT_PUBLIC uint32_t ndrf_pull_u32(struct ndr_pull *n);
NT_PUBLIC uint64_t ndrf_pull_u64(struct ndr_pull *n);
NT_PUBLIC uint64_t ndrf_pull_u3264(struct ndr_pull *n);
NT_PUBLIC int64_t ndrf_pull_i3264(struct ndr_pull *n);
NT_PUBLIC uint32_t ndrf_pull_enum(struct ndr_pull *n);
NT_PUBLIC float ndrf_pull_float(struct ndr_pull *n);
NT_PUBLIC double ndrf_pull_double(struct ndr_pull *n);
NT_PUBLIC void ndrf_pull_align(struct ndr_pull *n, enum ndr_align align);
NT_PUBLIC void ndrf_pull_end(struct ndr_pull *n, enum ndr_align align);
NT_PUBLIC void ndrf_pull_tag(struct ndr_pull *n, unsigned kind, uint64_t tag, enum ndr_align align);
NT_PUBLIC uint64_t ndrf_pull_peek_tag(struct ndr_pull *n, unsigned kind, enum ndr_align align);
NT_PUBLIC void *ndrf_pull_unique(struct ndr_pull *n, size_t size);
NT_PUBLIC void *ndrf_pull_ref(struct ndr_pull *n, size_t size);
NT_PUBLIC size_t ndrf_pull_size(struct ndr_pull *n);
NT_PUBLIC size_t ndrf_pull_length(struct ndr_pull *n, size_t size);
NT_PUBLIC void *ndrf_pull_array_conformant(struct ndr_pull *n, size_t *count, size_t size, size_t wire);
NT_PUBLIC void *ndrf_pull_array_varying(struct ndr_pull *n, size_t max, size_t *count, size_t size,
                                        size_t wire);
NT_PUBLIC void *ndrf_pull_array_conformant_varying(struct ndr_pull *n, size_t max, size_t *count, size_t size,
                                                   size_t wire);
NT_PUBLIC void ndrf_pull_elements(struct ndr_pull *n, void *p, size_t count, unsigned width);
NT_PUBLIC void *ndrf_pull_lend(struct ndr_pull *n, size_t count, unsigned width);
NT_PUBLIC void *ndrf_pull_conformant(struct ndr_pull *n, size_t size, unsigned width);
NT_PUBLIC void *ndrf_pull_varying(struct ndr_pull *n, size_t size, size_t length, unsigned width);
NT_PUBLIC void *ndrf_pull_conformant_varying(struct ndr_pull *n, size_t size, size_t length, unsigned width);
NT_PUBLIC void *ndrf_pull_counted(struct ndr_pull *n, uint16_t *ret_length, uint16_t *ret_maximum);
NT_PUBLIC const char16_t *ndrf_pull_wstring(struct ndr_pull *n);
NT_PUBLIC const char *ndrf_pull_string(struct ndr_pull *n);
NT_PUBLIC void ndrf_pull_wstring_opt(struct ndr_pull *n, const char16_t **s);
NT_PUBLIC void ndrf_pull_string_opt(struct ndr_pull *n, const char **s);
NT_PUBLIC const char16_t *ndrf_pull_unique_wstring(struct ndr_pull *n);
NT_PUBLIC const char *ndrf_pull_unique_string(struct ndr_pull *n);
NT_PUBLIC void ndrf_pull_guid(struct ndr_pull *n, struct nt_guid *to);
NT_PUBLIC void ndrf_pull_handle(struct ndr_pull *n, struct ndr_handle *to);

NT_END_DECLS

#endif
