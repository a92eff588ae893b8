// SPDX-License-Identifier: Apache-2.0
/*
 * Everything that is in a store, in memory: for export, import and the test of both. Strings are UTF-8 as
 * everywhere in the store, with lone surrogates as three octets (ustr_to_utf8_wtf).
 */
#ifndef SAMDB_IMAGE_H
#define SAMDB_IMAGE_H

#include "samdb/samdb.h"

struct samdb_old_key { /* an earlier password */
    uint32_t kvno;
    uint8_t nt_hash[16];
};

struct samdb_image_user {
    struct samdb_user u; /* control without the bits that follow from times; without keys password_set is 0 */
    struct samdb_keys keys;    /* all zero, and the salt "", in an image without keys */
    struct samdb_old_key *old; /* by kvno, upwards */
    unsigned n_old;
};

struct samdb_image_group {
    enum samdb_place place;
    uint32_t rid;
    const char *name, *comment;
    uint32_t *users;     /* members of a group */
    struct nt_sid *sids; /* members of an alias */
    unsigned n_members;
};

struct samdb_image_setting {
    const char *key, *value;
};

struct samdb_image {
    struct samdb_domain domain;
    uint32_t next_rid;
    bool keys;
    struct samdb_image_user *users; /* lists in the order of RIDs; shares in that of their coming */
    struct samdb_image_group *groups, *aliases;
    struct samdb_share *shares;
    struct samdb_image_setting *settings; /* by key */
    unsigned n_users, n_groups, n_aliases, n_shares, n_settings;
};

/* What is at fault: "users[3].name". */
#define SAMDB_IMAGE_PLACE 64

/* All of it as it was at one moment; writers are not kept waiting. In mem, which has to be a secret one if
 * keys are asked for. */
enum nt_status samdb_dump(struct samdb *d, bool keys, struct nt_arena *mem,
                          struct samdb_image *ret) NT_CHECKED;
/* Would a store be in order with this in it? STATUS_INVALID_PARAMETER: ret_place and err say what is wrong.
 */
enum nt_status samdb_image_check(const struct samdb_image *i, char ret_place[SAMDB_IMAGE_PLACE],
                                 struct nt_error *err) NT_CHECKED;
/* Puts it in the place of all that is there, in one transaction. The image has been checked. One without keys
 * leaves those of users whom the store knows by the same SID; others have none then. */
enum nt_status samdb_restore(struct samdb *d, const struct samdb_image *i) NT_CHECKED;
/* As samdb_create, of an image that has been checked. */
enum nt_status samdb_create_from(const char *path, const struct samdb_image *i,
                                 const struct samdb_options *o) NT_CHECKED;

#endif
