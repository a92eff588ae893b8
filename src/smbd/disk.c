// SPDX-License-Identifier: Apache-2.0
/* The tree of a share in memory. */
#include <stdlib.h>
#include "smbd/m_disk.h"

uint64_t disk_now(const struct disk *d)
{
    return d->env->wall(d->env->arg);
}

/* ---- names ---- */

static bool name_ok(const char16_t *s, size_t n)
{
    static const char bad[] = "\"*/:<>?|";
    for (size_t i = 0; i < n; i++)
        if (s[i] < 32 || (s[i] < 128 && strchr(bad, (int)s[i])))
            return false;
    return n && n <= DISK_NAME_MAX && !(s[0] == '.' && (n == 1 || (n == 2 && s[1] == '.')));
}

static struct disk_node *child(const struct disk_node *dir, const char16_t *name, size_t units)
{
    for (struct disk_node *n = dir->children; n; n = n->next)
        if (n->units == units && ustr_ncasecmp(n->name, name, units) == 0)
            return n;
    return NULL;
}

enum nt_status disk_path(struct nt_blob wire, char16_t **ret, size_t *ret_units)
{
    size_t n = wire.len / 2;
    if (wire.len & 1)
        return STATUS_INVALID_PARAMETER;
    char16_t *p = malloc((n + 1) * sizeof *p);
    if (!p)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        p[i] = (char16_t)le16(wire.data + 2 * i);
    *ret = p;
    *ret_units = n;
    return STATUS_SUCCESS;
}

enum nt_status disk_walk(struct disk *d, const char16_t *path, size_t units, struct disk_node **ret_dir,
                         struct disk_node **ret, const char16_t **ret_name, size_t *ret_units)
{
    struct disk_node *dir = &d->root;
    size_t at = 0;
    if (units && path[0] == '\\')
        return STATUS_INVALID_PARAMETER; /* [MS-SMB2] 3.3.5.9 */
    if (units && path[units - 1] == '\\')
        units--;
    if (!units) {
        *ret_dir = NULL;
        *ret = dir;
        return STATUS_SUCCESS;
    }
    for (;;) {
        size_t end = at;
        while (end < units && path[end] != '\\')
            end++;
        if (!name_ok(path + at, end - at))
            return STATUS_OBJECT_NAME_INVALID;
        struct disk_node *n = child(dir, path + at, end - at);
        if (end == units) {
            *ret_dir = dir;
            *ret_name = path + at;
            *ret_units = end - at;
            *ret = n;
            return n ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND;
        }
        if (!n || !n->dir)
            return STATUS_OBJECT_PATH_NOT_FOUND;
        dir = n;
        at = end + 1;
    }
}

/* ---- nodes ---- */

static void link_in(struct disk_node *dir, struct disk_node *n)
{
    struct disk_node **end = &dir->children;
    while (*end)
        end = &(*end)->next;
    *end = n;
    n->next = NULL;
    n->parent = dir;
}

enum nt_status disk_add(struct disk *d, struct disk_node *dir, const char16_t *name, size_t units,
                        bool is_dir, struct disk_node **ret)
{
    struct disk_node *n = d->nodes < DISK_NODES_MAX ? calloc(1, sizeof *n) : NULL;
    if (!n)
        return STATUS_DISK_FULL;
    n->name = ustr_ndup(name, units);
    if (!n->name) {
        free(n);
        return STATUS_NO_MEMORY;
    }
    n->units = units;
    n->dir = is_dir;
    n->id = ++d->last_id;
    n->created = n->accessed = n->written = n->changed = disk_now(d);
    d->nodes++;
    n->next = dir->children;
    dir->children = n;
    n->parent = dir;
    *ret = n;
    return STATUS_SUCCESS;
}

void disk_unlink(struct disk_node *n)
{
    struct disk_node **p = n->parent ? &n->parent->children : NULL;
    if (!p)
        return;
    while (*p != n)
        p = &(*p)->next;
    *p = n->next;
    n->parent = NULL;
}

void disk_free_node(struct disk *d, struct disk_node *n)
{
    d->bytes -= n->len;
    d->nodes--;
    free(n->name);
    free(n->data);
    free(n->sd);
    free(n);
}

enum nt_status disk_resize(struct disk *d, struct disk_node *n, uint64_t len)
{
    if (len > DISK_FILE_MAX || (len > n->len && len - n->len > DISK_BYTES_MAX - d->bytes))
        return STATUS_DISK_FULL;
    uint8_t *p = len ? realloc(n->data, (size_t)len) : NULL;
    if (len && !p)
        return STATUS_DISK_FULL;
    if (!len)
        free(n->data);
    if (len > n->len)
        memset(p + n->len, 0, (size_t)len - n->len);
    d->bytes += (size_t)len - n->len;
    n->data = p;
    n->len = (size_t)len;
    return STATUS_SUCCESS;
}

static bool inside(const struct disk_node *n, const struct disk_node *dir)
{
    for (; dir; dir = dir->parent)
        if (dir == n)
            return true;
    return false;
}

enum nt_status disk_rename(struct disk *d, struct disk_node *n, const char16_t *path, size_t units,
                           bool replace)
{
    struct disk_node *dir, *there = NULL;
    const char16_t *name;
    size_t len;
    enum nt_status st = disk_walk(d, path, units, &dir, &there, &name, &len);
    if (st == STATUS_SUCCESS && (!dir || !n->parent))
        return STATUS_ACCESS_DENIED; /* the root */
    if (st == STATUS_SUCCESS && there != n && !replace)
        return STATUS_OBJECT_NAME_COLLISION;
    if (st == STATUS_SUCCESS && there != n && (there->dir || there->opens))
        return STATUS_ACCESS_DENIED;
    if (st != STATUS_SUCCESS && st != STATUS_OBJECT_NAME_NOT_FOUND)
        return st;
    if (!n->parent || inside(n, dir))
        return STATUS_INVALID_PARAMETER;
    char16_t *copy = ustr_ndup(name, len);
    if (!copy)
        return STATUS_NO_MEMORY;
    if (there && there != n) {
        disk_unlink(there);
        disk_free_node(d, there);
    }
    disk_unlink(n);
    free(n->name);
    n->name = copy;
    n->units = len;
    link_in(dir, n);
    n->changed = disk_now(d);
    return STATUS_SUCCESS;
}

/* ---- life ---- */

struct smbd_share *smbd_disk_new(const char *name, const struct nt_env *env)
{
    struct disk *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    d->env = env;
    d->root.dir = true;
    d->root.id = ++d->last_id;
    d->root.created = d->root.accessed = d->root.written = d->root.changed = disk_now(d);
    d->share = (struct smbd_share){ .name = name,
                                    .closed = disk_closed,
                                    .commands = { [SMB_CREATE] = disk_create,
                                                  [SMB_CLOSE] = disk_close,
                                                  [SMB_FLUSH] = disk_flush,
                                                  [SMB_READ] = disk_read,
                                                  [SMB_WRITE] = disk_write,
                                                  [SMB_IOCTL] = disk_ioctl,
                                                  [SMBD_LOCK] = disk_lock,
                                                  [SMBD_QUERY_DIRECTORY] = disk_query_directory,
                                                  [SMBD_CHANGE_NOTIFY] = disk_change_notify,
                                                  [SMBD_QUERY_INFO] = disk_query_info,
                                                  [SMBD_SET_INFO] = disk_set_info,
                                                  [SMB_OPLOCK_BREAK] = disk_oplock_break } };
    return &d->share;
}

/* The tree is as deep as paths are long, which no stack is to bear: children move up. */
void smbd_disk_free(struct smbd_share *s)
{
    struct disk *d = s ? io_container(s, struct disk, share) : NULL;
    struct disk_node *n;
    while (d && (n = d->root.children)) {
        d->root.children = n->next;
        while (n->children) {
            struct disk_node *c = n->children;
            n->children = c->next;
            c->next = d->root.children;
            d->root.children = c;
        }
        disk_free_node(d, n);
    }
    if (d)
        free(d->root.sd);
    free(d);
}
