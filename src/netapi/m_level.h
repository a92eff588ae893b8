// SPDX-License-Identifier: Apache-2.0
/*
 * Information levels as tables. A level has one row for each field (or run of numbers) that says where the
 * field is in the structure of the wire (generated from IDL) and where in the structure of <lm.h>. The same
 * rows serve results (net_level_out), arguments (net_level_in) and, one day, the structures with UTF-8
 * strings.
 */
#ifndef NETAPI_M_LEVEL_H
#define NETAPI_M_LEVEL_H

#include "netapi/m_netapi.h"

enum net_kind {
    NET_NUMBERS,  /* n numbers of 32 bits that follow each other on both sides */
    NET_STRING,   /* UTF-16; in results "" in place of NULL, as Windows has it */
    NET_SECURITY, /* self-relative security descriptor; the number at `n` is its length on both sides */
};

struct net_row {
    uint8_t kind;       /* enum net_kind */
    uint16_t wire, win; /* offsets */
    uint16_t n;         /* NET_NUMBERS: how many; NET_SECURITY: offset of the length on the wire */
    uint16_t n_win;     /* NET_SECURITY: offset of the length in the structure of <lm.h> */
    uint16_t max;       /* arguments: most characters of a string; 0: as the server likes */
    uint16_t parm;      /* arguments: what *parm_err gets */
};

struct net_level {
    uint32_t level;
    uint16_t wire_size, win_size;
    uint16_t n_rows;
    const struct net_row *rows;
};

/* Fails to compile unless x: for checks inside initialisers. */
#define NET_HOLDS(x)                (sizeof(char[(x) ? 1 : -1]) - 1)
#define NET_SPAN(type, first, last) (offsetof(type, last) - offsetof(type, first))

/* Rows. wire: structure from IDL; win: from <lm.h>; the fields have the same names in both. */
#define NET_NUMS(wire_, win_, first, last)                                                                   \
    {                                                                                                        \
        .kind = NET_NUMBERS, .wire = offsetof(wire_, first), .win = offsetof(win_, first),                   \
        .n = NET_SPAN(wire_, first, last) / 4 + 1 +                                                          \
             NET_HOLDS(NET_SPAN(wire_, first, last) == NET_SPAN(win_, first, last) &&                        \
                       sizeof(((wire_ *)0)->first) == 4 && sizeof(((win_ *)0)->first) == 4)                  \
    }
#define NET_NUM(wire_, win_, field) NET_NUMS(wire_, win_, field, field)
#define NET_STR(wire_, win_, field)                                                                          \
    {                                                                                                        \
        .kind = NET_STRING, .wire = offsetof(wire_, field), .win = offsetof(win_, field)                     \
    }
/* The same for levels that are arguments, too. */
#define NET_STR_ARG(wire_, win_, field, max_, parm_)                                                         \
    {                                                                                                        \
        .kind = NET_STRING, .wire = offsetof(wire_, field), .win = offsetof(win_, field), .max = (max_),     \
        .parm = (parm_)                                                                                      \
    }
#define NET_SD(wire_, win_, field, length, parm_)                                                            \
    {                                                                                                        \
        .kind = NET_SECURITY, .wire = offsetof(wire_, field), .win = offsetof(win_, field),                  \
        .n = offsetof(wire_, length), .n_win = offsetof(win_, length), .parm = (parm_)                       \
    }
#define NET_LEVEL(number, wire_, win_, rows_)                                                                \
    {                                                                                                        \
        .level = (number), .wire_size = sizeof(wire_), .win_size = sizeof(win_),                             \
        .n_rows = sizeof(rows_) / sizeof *(rows_), .rows = (rows_)                                           \
    }

/* The row of a table that ends with rows == NULL; NULL if it has none for this level. */
const struct net_level *net_level_find(const struct net_level *table, uint32_t level);

/* n structures of the wire to one block for NetApiBufferFree. */
enum nt_status net_level_out(const struct net_level *l, const void *wire, size_t n, uint8_t **ret);

/* One structure of <lm.h> to one of the wire, in the call's arena; strings and descriptors are lent, not
 * copied. STATUS_INVALID_PARAMETER with *ret_parm and a sentence. */
enum nt_status net_level_in(struct net_call *c, const struct net_level *l, const void *win, void **ret,
                            DWORD *ret_parm);

/* Bytes of a self-relative security descriptor ([MS-DTYP] 2.4.6), of which no more than `limit` bytes are
 * looked at (0: as many as its own fields name). 0: it is malformed. */
size_t net_sd_length(const void *sd, size_t limit);

/* ---- lists ----
 * All enumerations of [MS-SRVS] and [MS-WKST] have the same shape: an information structure with a level and,
 * in a union of pointers, a container with a count and an array; a wished length; a total; a resume handle.
 */

struct net_container { /* has the layout of each XXX_CONTAINER, which net_page_out relies on */
    uint32_t count;
    void *elements;
};
#define NET_IS_CONTAINER(type)                                                                               \
    _Static_assert(sizeof(type) == sizeof(struct net_container) && offsetof(type, EntriesRead) == 0 &&       \
                       offsetof(type, Buffer) == offsetof(struct net_container, elements),                   \
                   "a container of a list")

struct net_page { /* one request of a list */
    uint32_t level;
    uint32_t wish;   /* PreferedMaximumLength */
    uint32_t resume; /* in and out */
    bool resumable;  /* send the resume handle */
    struct net_container empty;

    uint32_t total;
    struct net_container got;
    bool more;
};
typedef enum nt_status net_page_fn(struct net_call *c, const void *arg, struct net_page *p);

/* The [in] container: no elements, as [MS-SRVS] wants it. */
static inline void *net_page_in(struct net_page *p)
{
    p->empty = (struct net_container){ 0 };
    return &p->empty;
}
/* What a request brought: st of net_run, then the out members. Checks that the level is the one asked for and
 * that an array is there if the count says so. */
enum nt_status net_page_out(struct net_call *c, struct net_page *p, enum nt_status st, enum werror result,
                            uint32_t level, const void *container, uint32_t total, const uint32_t *resume);

struct net_list { /* the list arguments of a Net* function */
    const struct net_level *levels;
    DWORD level;
    LPBYTE *bufptr;
    DWORD prefmaxlen;
    LPDWORD entriesread, totalentries;
    uint32_t *resume; /* NULL: the caller does not go on */
};
/* Checks the arguments, runs page as often as needed (once, unless all is wanted and the server gives it in
 * parts), and sets the results. STATUS_MORE_ENTRIES when the list is cut short. */
enum nt_status net_list_run(struct net_call *c, const struct net_list *l, net_page_fn *page, const void *arg);

/* ---- single structures ---- */

/* After NetrXxxGetInfo: arm is the arm of the union (NULL from a lying server). */
enum nt_status net_info_out(struct net_call *c, const struct net_level *l, const void *arm, LPBYTE *bufptr);

#endif
