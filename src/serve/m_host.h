// SPDX-License-Identifier: Apache-2.0
/*
 * Inside of srvsvc and wkssvc: host.c has what both need (text, access, pages of lists), change.c how the
 * store is changed, machine.c what the machine says of itself; srv_list.c, srv_share.c, srv_info.c and
 * srv_misc.c the operations of [MS-SRVS], wks.c those of [MS-WKST].
 */
#ifndef SERVE_M_HOST_H
#define SERVE_M_HOST_H

#include <msrpc/srvsvc.h>
#include "io/io.h"
#include "serve/host.h"

/* [MS-SRVS] 3.1.4: qualifiers of lists, with their terminator. */
#define SRV_QUALIFIER_MAX 1024u
/* [MS-SRVS] 3.1.4.7 */
#define SRV_SHARE_NAME_MAX 80u
#define SRV_REMARK_MAX     48u
/* Shares that do not outlive the server, all together: an administrator's script with an error in it is not
 * to take the memory. */
#define SRV_TEMPORARY_MAX 1024u
/* [MS-SRVS] 2.2.2.2 */
#define MAX_PREFERRED_LENGTH UINT32_MAX

/* ---- text ---- */
/* In mem; NULL: no memory, or not text. NULL stays NULL. */
char16_t *text16(struct nt_arena *mem, const char *s);
char *text8(struct nt_arena *mem, const char16_t *s);
/* Octets of a string on the wire. */
size_t text_size(const char16_t *s);
static inline bool text_given(const char16_t *s)
{
    return s && *s;
}

/* ---- who may ---- */
enum who {
    WHO_KNOWN,         /* anybody but strangers */
    WHO_POWER,         /* administrators, server and print operators, power users */
    WHO_SHARER,        /* the same without print operators: who may share a directory */
    WHO_ADMIN,         /* administrators and server operators */
    WHO_ADMINISTRATOR, /* administrators only: [MS-WKST] knows no operators */
};
bool may(const struct rpc_server_call *call, enum who who);
/* Some operations are answered by pipes only. */
bool over_pipe(const struct rpc_server_call *call);

/* ---- a page of a list ---- */
struct page {
    size_t from, n;
    uint32_t total;   /* that are left, from `from` on */
    enum werror we;   /* W_ERROR_SUCCESS, W_ERROR_MORE_DATA, W_NERR_BufTooSmall */
    uint32_t *resume; /* for the answer; NULL where the caller has none */
};
/* sizes: octets of each of the n_all entries. STATUS_NO_MEMORY. */
enum nt_status page_make(struct nt_arena *mem, const size_t *sizes, size_t n_all, const uint32_t *resume,
                         uint32_t preferred, struct page *ret);
/* The same for what a qualifier has left of a list, whose places in the whole of it are at[], ascending: "the
 * qualifier plays no role in determining the value of ResumeHandle" ([MS-SRVS] 3.1.4.1, 3.1.4.2, 3.1.4.5). */
enum nt_status page_make_at(struct nt_arena *mem, const size_t *sizes, const uint32_t *at, size_t n_all,
                            const uint32_t *resume, uint32_t preferred, struct page *ret);

/* What the store's answers mean to a caller of an operation. */
enum werror store_error(enum nt_status st);

/* ---- change.c ---- */
/* A change of the store on its way, in the memory of its call. */
struct host_change {
    struct host_change *next;
    struct serve_host *h;
    struct rpc_server_call *call;
    void *r;
    /* On the loop, when it is its turn: may it be done? What is set in `there` then is done. NULL: nothing
     * has to be looked at, and `there` is set already. */
    enum werror (*plan)(struct host_change *c);
    /* On a worker, with a handle of the store that is nobody else's meanwhile; NULL: nothing is stored. Of
     * the call it may use the memory and the structure. */
    enum werror (*there)(struct samdb *d, struct host_change *c);
    /* On the loop: tells `we` in the answer, and what follows from success. Returns as a handler does. */
    enum nt_status (*finish)(struct host_change *c);
    enum werror we;
    bool running;
    uint32_t parm; /* for W_ERROR_INVALID_PARAMETER */
    void *more;
};
/* Without plan; NULL: no memory. */
struct host_change *host_change_new(struct serve_host *h, struct rpc_server_call *call, void *r);
/* As the last thing in a handler: `return host_change(c);`. */
enum nt_status host_change(struct host_change *c);

static inline const struct nt_env *host_env(const struct serve_host *h)
{
    return h->env ? h->env : nt_env_system();
}

/* ---- machine.c ---- */
struct machine_version {
    uint32_t major, minor; /* of Windows, as which this passes */
};
extern const struct machine_version machine_version;
/* Minutes west of UTC, as of that time. */
int32_t machine_zone(int64_t unix_time);
/* The directory that a share's path "C:\..." stands for exists. */
bool machine_has_directory(const char *path);
/* Letters of the drives: file systems of this machine that can be looked at; at most 26. */
unsigned machine_disks(char ret_letters[26]);
/* Users who are logged on, by name; in mem. */
enum nt_status machine_users(struct nt_arena *mem, const char ***ret, unsigned *ret_n);

/* ---- the state of srvsvc ---- */
struct srv_temporary {
    struct srv_temporary *next;
    struct nt_arena *mem; /* of all that is in it */
    struct samdb_share share;
};

struct serve_srvsvc {
    struct serve_host *h;
    struct srvsvc_SERVER_INFO_599 c599;
    struct srvsvc_SERVER_INFO_103 c103; /* the text is in mem */
    struct nt_arena *mem;
    uint32_t version; /* of the store, as of which the settings are */
    struct srv_temporary *temporary;
    unsigned n_temporary;
    struct srv_deletion *deletions; /* that were begun; they belong to their context handles */
    uint64_t start;                 /* NT time */
};

/* Reads what was set before. */
enum nt_status srv_config_load(struct serve_srvsvc *s);

#define SRV_HANDLER(op) enum nt_status srv_##op(struct rpc_server_call *call, struct srvsvc_##op *r)
SRV_HANDLER(NetrConnectionEnum);
SRV_HANDLER(NetrFileEnum);
SRV_HANDLER(NetrFileGetInfo);
SRV_HANDLER(NetrFileClose);
SRV_HANDLER(NetrSessionEnum);
SRV_HANDLER(NetrSessionDel);
SRV_HANDLER(NetrShareAdd);
SRV_HANDLER(NetrShareEnum);
SRV_HANDLER(NetrShareEnumSticky);
SRV_HANDLER(NetrShareGetInfo);
SRV_HANDLER(NetrShareSetInfo);
SRV_HANDLER(NetrShareDel);
SRV_HANDLER(NetrShareDelSticky);
SRV_HANDLER(NetrShareDelStart);
SRV_HANDLER(NetrShareDelCommit);
SRV_HANDLER(NetrShareDelEx);
SRV_HANDLER(NetrShareCheck);
SRV_HANDLER(NetrServerGetInfo);
SRV_HANDLER(NetrServerSetInfo);
SRV_HANDLER(NetrServerTransportEnum);

/* Is a print queue shared? ([MS-SRVS] 3.1.1.1, PrinterShareCount) */
bool srv_shares_printers(struct serve_srvsvc *s);

#endif
