// SPDX-License-Identifier: Apache-2.0
/*
 * The nouns that everything else is made of: arena, blob, error sentence, environment, GUID, SID, time.
 * Nothing here keeps state between calls; all functions may be used from any thread on different objects.
 */
#ifndef MSRPC_NT_H
#define MSRPC_NT_H

#include <msrpc/base.h>
#include <msrpc/status.h>

NT_BEGIN_DECLS

/* Bytes that somebody else owns. */
struct nt_blob {
    const uint8_t *data;
    size_t len;
};

/* ---- arena: memory of one call ---- */

struct nt_arena;

/* Ceiling of an arena made with limit 0: far above any answer of the interfaces we speak (a stub is at most
 * 64 MiB), far below what would hurt a host. */
#define NT_ARENA_DEFAULT_LIMIT ((size_t)256 << 20)

/* A new arena that gives out at most `limit` bytes (0: NT_ARENA_DEFAULT_LIMIT). NULL when memory is short. */
NT_PUBLIC struct nt_arena *nt_arena_new(size_t limit);
/* The same; all memory is zeroed before it is released. */
NT_PUBLIC struct nt_arena *nt_arena_new_secret(size_t limit);
/* `size` zeroed bytes aligned to `align` (a power of two up to 64); NULL at the ceiling. Size 0 gives a valid
 * pointer to nothing. */
NT_PUBLIC void *nt_arena_alloc(struct nt_arena *a, size_t size, size_t align);
/* n * elem_size zeroed bytes, checked for overflow, aligned to 16. */
NT_PUBLIC void *nt_arena_array(struct nt_arena *a, size_t n, size_t elem_size);
/* As nt_arena_alloc but not zeroed: for bytes that are written at once. */
NT_PUBLIC void *nt_arena_raw(struct nt_arena *a, size_t size, size_t align);
NT_PUBLIC void *nt_arena_memdup(struct nt_arena *a, const void *p, size_t size);
NT_PUBLIC char *nt_arena_strdup(struct nt_arena *a, const char *s);
NT_PUBLIC char16_t *nt_arena_strdup16(struct nt_arena *a, const char16_t *s);
/* From now until the next reset the arena is a secret one, for a call that turns out to carry a password. */
NT_PUBLIC void nt_arena_mark_secret(struct nt_arena *a);
/* Bytes given out so far. */
NT_PUBLIC size_t nt_arena_used(const struct nt_arena *a);
/* Forgets all allocations but keeps memory for the next ones. */
NT_PUBLIC void nt_arena_reset(struct nt_arena *a);
/* Accepts NULL. */
NT_PUBLIC void nt_arena_free(struct nt_arena *a);

#define nt_arena_obj(a, type) ((type *)nt_arena_alloc((a), sizeof(type), __alignof__(type)))

/* ---- secrets ---- */

/* Zeroes memory in a way that the compiler keeps. */
NT_PUBLIC void nt_wipe(void *p, size_t len);

/* ---- error sentence ---- */

/* Room for one sentence of context for people: what was tried, over what, what the peer said. */
struct nt_error {
    char text[512];
};

/* Formats into err (NULL is accepted), always terminated; returns `st`, so that `return nt_error_set(...)`
 * reads well. Control characters (which may come from a peer) are replaced by '?'. */
NT_PUBLIC enum nt_status nt_error_set(struct nt_error *err, enum nt_status st, const char *fmt, ...)
    NT_PRINTF(3, 4);

/* ---- environment ---- */

enum nt_trace_level { NT_TRACE_ERROR = 1, NT_TRACE_STATE, NT_TRACE_CALL, NT_TRACE_PACKET };

/* What an engine takes from outside. Where an environment is expected, NULL means nt_env_system(). */
struct nt_env {
    size_t size; /* sizeof(struct nt_env) */
    void *arg;
    enum nt_status (*random)(void *arg, void *buf, size_t len);            /* cryptographic quality */
    uint64_t (*wall)(void *arg);                                           /* NT time, see below */
    uint64_t (*monotonic)(void *arg);                                      /* nanoseconds */
    void (*trace)(void *arg, enum nt_trace_level level, const char *line); /* NULL: no trace */
    enum nt_trace_level trace_level;
};

/* getrandom(2), CLOCK_REALTIME, CLOCK_MONOTONIC, no trace. Constant. */
NT_PUBLIC const struct nt_env *nt_env_system(void);

/* ---- GUID ([MS-DTYP] 2.3.4) ---- */

struct nt_guid {
    uint32_t a;
    uint16_t b, c;
    uint8_t d[8];
};

#define NT_GUID_STRLEN 36
NT_PUBLIC bool nt_guid_equal(const struct nt_guid *x, const struct nt_guid *y);
NT_PUBLIC bool nt_guid_is_null(const struct nt_guid *g);
/* 8-4-4-4-12 hexadecimal digits, with or without braces; nothing may follow. STATUS_INVALID_PARAMETER. */
NT_PUBLIC enum nt_status nt_guid_parse(const char *s, struct nt_guid *ret) NT_CHECKED;
/* Lower case, no braces; returns buf. */
NT_PUBLIC char *nt_guid_format(const struct nt_guid *g, char buf[NT_GUID_STRLEN + 1]);

/* ---- SID ([MS-DTYP] 2.4.2) ---- */

#define NT_SID_MAX_SUB 15 /* [MS-DTYP] 2.4.2.2 */
struct nt_sid {
    uint8_t revision; /* 1 */
    uint8_t count;    /* sub-authorities in use, at most NT_SID_MAX_SUB */
    uint8_t authority[6];
    uint32_t sub[NT_SID_MAX_SUB];
};

#define NT_SID_STRLEN 190
NT_PUBLIC bool nt_sid_equal(const struct nt_sid *x, const struct nt_sid *y);
/* "S-1-5-21-..."; the authority may be decimal or 0x hexadecimal. STATUS_INVALID_SID. */
NT_PUBLIC enum nt_status nt_sid_parse(const char *s, struct nt_sid *ret) NT_CHECKED;
NT_PUBLIC char *nt_sid_format(const struct nt_sid *sid, char buf[NT_SID_STRLEN + 1]);
/* The SID of an account in a domain: one more sub-authority. STATUS_INVALID_SID when there is no room. */
NT_PUBLIC enum nt_status nt_sid_append(const struct nt_sid *domain, uint32_t rid,
                                       struct nt_sid *ret) NT_CHECKED;
/* Splits off the last sub-authority. STATUS_INVALID_SID when there is none. */
NT_PUBLIC enum nt_status nt_sid_split(const struct nt_sid *sid, struct nt_sid *ret_domain,
                                      uint32_t *ret_rid) NT_CHECKED;
/* Bytes of the binary form: 8 + 4 * count. */
NT_PUBLIC size_t nt_sid_wire_size(const struct nt_sid *sid);

/* ---- time: 100 ns units since 1601-01-01 UTC ([MS-DTYP] 2.3.3) ---- */

#define NT_TIME_PER_SECOND UINT64_C(10000000)
#define NT_TIME_UNIX_EPOCH UINT64_C(116444736000000000)
#define NT_TIME_NEVER      UINT64_C(0x7fffffffffffffff)
NT_PUBLIC uint64_t nt_time_from_unix(int64_t seconds);
/* Seconds since 1970; saturates. */
NT_PUBLIC int64_t nt_time_to_unix(uint64_t t);

NT_END_DECLS

#endif
