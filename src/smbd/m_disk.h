// SPDX-License-Identifier: Apache-2.0
/* Inside of the share in memory: disk.c has the tree, disk_open.c what is open, disk_info.c and disk_list.c
 * what is told of it. */
#ifndef SMBD_M_DISK_H
#define SMBD_M_DISK_H

#include <msrpc/unistr.h>
#include "smbd/disk.h"
#include "smbd/m_smbd.h"

/* Ceilings: of all data, of one file, of files and directories, of one name in a path (as NTFS has it). */
#define DISK_BYTES_MAX ((size_t)64 << 20)
#define DISK_FILE_MAX  ((size_t)16 << 20)
#define DISK_NODES_MAX 100000u
#define DISK_NAME_MAX  255u
/* Locks of one open. */
#define DISK_LOCKS_MAX 64u
/* How long a client may take to answer the break of an oplock ([MS-SMB2] 3.3.2.1: as Windows). */
#define DISK_BREAK_NS UINT64_C(35000000000)

enum { /* [MS-SMB2] 2.2.13.1 */
       ACCESS_READ = 0x1,
       ACCESS_WRITE = 0x2,
       ACCESS_APPEND = 0x4,
       ACCESS_READ_ATTR = 0x80,
       ACCESS_WRITE_ATTR = 0x100,
       ACCESS_DELETE = 0x10000,
       ACCESS_READ_CONTROL = 0x20000,
       ACCESS_WRITE_DAC = 0x40000,
       ACCESS_WRITE_OWNER = 0x80000,
       ACCESS_SYNCHRONIZE = 0x100000,
       ACCESS_FULL = 0x1f01ff
};
enum { SHARE_READ = 1, SHARE_WRITE = 2, SHARE_DELETE = 4 };
enum { OPTION_DIRECTORY = 0x1, OPTION_NO_DIRECTORY = 0x40, OPTION_DELETE_ON_CLOSE = 0x1000 };
enum {
    ATTR_READONLY = 0x1,
    ATTR_DIRECTORY = 0x10,
    ATTR_ARCHIVE = 0x20,
    ATTR_NORMAL = 0x80,
    ATTR_SETTABLE = 0x127
};
enum { OPLOCK_NONE = 0, OPLOCK_II = 1, OPLOCK_EXCLUSIVE = 8, OPLOCK_BATCH = 9 };

struct disk_node {
    struct disk_node *parent, *children, *next; /* parent NULL: the root, or deleted */
    char16_t *name;
    size_t units;
    bool dir, delete_pending;
    uint32_t attributes;
    uint64_t id, created, accessed, written, changed;
    uint8_t *data;
    size_t len;
    uint8_t *sd; /* self-relative; NULL: the default */
    size_t sd_len;
    struct disk_open *opens;
};

/* A range of bytes that one open has to itself, or lets others only read. */
struct disk_range {
    struct disk_range *next; /* of the open */
    uint64_t from, len;
    bool exclusive;
};

struct disk_open {
    struct disk_open *next; /* of the node */
    struct disk *d;
    struct disk_node *n;
    struct smbd_pipe *p;
    uint32_t access, share;
    bool delete_on_close;
    uint8_t oplock, breaking_to;
    bool breaking;
    struct disk_range *locks;
    unsigned n_locks;
    struct io_item timer;
    /* a listing */
    char16_t *pattern;
    size_t pattern_units, shown;
    struct disk_watch *watches;
};

/* What a create asks for; it may have to wait. */
struct disk_ask {
    uint32_t access, share, disposition, options, attributes;
    uint8_t oplock;
    char16_t *path;
    size_t units;
    uint32_t action;
};

struct disk_pending {
    struct disk_pending *next;
    struct disk *d;
    struct disk_ask ask;
    struct smbd_wait *w;
};

/* A CHANGE_NOTIFY that waits. Nothing is ever told but the end. */
struct disk_watch {
    struct disk_watch *next;
    struct disk_open *o;
    struct smbd_wait *w;
};

struct disk {
    struct smbd_share share;
    const struct nt_env *env;
    struct disk_node root;
    size_t bytes, nodes;
    uint64_t last_id;
    struct disk_pending *pending;
};

static inline struct disk *disk_of(const struct smbd_req *q)
{
    return io_container(q->chain->c->s->o.disk, struct disk, share);
}
static inline struct disk_open *disk_open_of(const struct smbd_req *q, const uint8_t id[SMB_FILE_ID])
{
    struct smbd_pipe *p = smbd_file_find(q, id);
    return p ? p->file : NULL;
}
uint64_t disk_now(const struct disk *d);

/* ---- the tree: disk.c ---- */
/* Finds what path names; STATUS_OBJECT_NAME_NOT_FOUND has the directory where it would be, and the name. */
enum nt_status disk_walk(struct disk *d, const char16_t *path, size_t units, struct disk_node **ret_dir,
                         struct disk_node **ret, const char16_t **ret_name, size_t *ret_units);
enum nt_status disk_add(struct disk *d, struct disk_node *dir, const char16_t *name, size_t units,
                        bool is_dir, struct disk_node **ret);
void disk_unlink(struct disk_node *n);
void disk_free_node(struct disk *d, struct disk_node *n);
enum nt_status disk_resize(struct disk *d, struct disk_node *n, uint64_t len);
enum nt_status disk_rename(struct disk *d, struct disk_node *n, const char16_t *path, size_t units,
                           bool replace);
/* Little endian units of a message, in a copy. */
enum nt_status disk_path(struct nt_blob wire, char16_t **ret, size_t *ret_units);

/* ---- what is open: disk_open.c ---- */
smbd_command_fn disk_create, disk_close, disk_oplock_break;
void disk_closed(struct smbd_pipe *p);
/* Others' level II oplocks end: the data changes. */
void disk_break_readers(struct disk_open *by);

/* ---- data: disk_data.c; information: disk_info.c, disk_list.c ---- */
smbd_command_fn disk_read, disk_write, disk_flush, disk_query_info, disk_set_info, disk_query_directory,
    disk_change_notify, disk_lock, disk_ioctl;
uint64_t disk_allocated(const struct disk_node *n);
uint32_t disk_attributes(const struct disk_node *n);
void disk_put_times(struct wr *w, const struct disk_node *n);
void disk_watch_drop(struct disk_open *o);
void disk_locks_drop(struct disk_open *o);
/* Does a lock of somebody else keep it from being read, or written? */
bool disk_locked(const struct disk_open *o, uint64_t from, uint64_t len, bool write);

#endif
