// SPDX-License-Identifier: Apache-2.0
/*
 * What a daemon may do as the user that it runs as. The order is: privilege_prepare at the very start; what
 * needs root (ports below 1024, a keytab that is root's); privilege_drop; all else, so that what is opened at
 * the start can be opened again.
 */
#ifndef COMMON_PRIVILEGE_H
#define COMMON_PRIVILEGE_H

#include <sys/types.h>
#include <msrpc/nt.h>

/* Linux has up to 65 536 groups of a user; a service account has a few. */
#define PRIVILEGE_GROUPS_MAX 64u

struct privilege_user {
    uid_t uid;
    gid_t gid;
    gid_t groups[PRIVILEGE_GROUPS_MAX]; /* with gid */
    unsigned n_groups;
};

/* Files are made for their owner only, there are no core dumps (keys are in memory), nobody looks into this
 * process, and as many descriptors as can be had, up to `descriptors`. */
void privilege_prepare(unsigned descriptors);
/* A user by name or number, with the groups that the system knows. STATUS_NO_SUCH_USER. */
enum nt_status privilege_find(const char *name, struct privilege_user *ret, struct nt_error *err);
/* A directory of this user (NULL: ours): made with these permission bits if it is not there; only its last
 * part. STATUS_ACCESS_DENIED for one that is somebody else's or that anybody may write to. */
enum nt_status privilege_directory(const char *path, unsigned mode, const struct privilege_user *user,
                                   struct nt_error *err);
/* Could that user read this file? For root, who asks for another. */
bool privilege_may_read(const char *path, const struct privilege_user *user);
/* Becomes the user (NULL: stays who we are), without capabilities, and without a way to get any by running
 * something. A failure leaves something in between: the caller ends. STATUS_ACCESS_DENIED when we are not
 * root, and somebody else. */
enum nt_status privilege_drop(const struct privilege_user *user, struct nt_error *err);

#endif
