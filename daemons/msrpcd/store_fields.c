// SPDX-License-Identifier: Apache-2.0
/* The members of a store's JSON and their places in its image, in the order in which they are written. */
#include <stddef.h>
#include "store_json.h"

#define DOMAIN(name, kind)                                                                                   \
    {                                                                                                        \
#name, kind, true, offsetof(struct samdb_image, domain.name)                                         \
    }
const struct store_field store_domain[] = {
    DOMAIN(machine, STORE_TEXT),
    DOMAIN(workgroup, STORE_TEXT),
    { "realm", STORE_TEXT, false, offsetof(struct samdb_image, domain.realm) },
    DOMAIN(sid, STORE_SID),
    { "next_rid", STORE_NUMBER, true, offsetof(struct samdb_image, next_rid) },
    { NULL, STORE_TEXT, false, 0 },
};

#define POLICY(name, kind)                                                                                   \
    {                                                                                                        \
#name, kind, true, offsetof(struct samdb_image, domain.policy.name)                                  \
    }
const struct store_field store_policy[] = {
    POLICY(min_length, STORE_NUMBER), POLICY(history, STORE_NUMBER),      POLICY(properties, STORE_NUMBER),
    POLICY(max_age, STORE_SPAN),      POLICY(min_age, STORE_SPAN),        POLICY(lockout_count, STORE_NUMBER),
    POLICY(lockout_span, STORE_SPAN), POLICY(lockout_window, STORE_SPAN), { NULL, STORE_TEXT, false, 0 },
};

#define USER(name, kind)                                                                                     \
    {                                                                                                        \
#name, kind, false, offsetof(struct samdb_image_user, u.name)                                        \
    }
const struct store_field store_user[] = {
    { "rid", STORE_NUMBER, true, offsetof(struct samdb_image_user, u.rid) },
    { "name", STORE_TEXT, true, offsetof(struct samdb_image_user, u.name) },
    USER(full_name, STORE_TEXT),
    USER(comment, STORE_TEXT),
    USER(user_comment, STORE_TEXT),
    USER(control, STORE_NUMBER),
    USER(primary, STORE_NUMBER),
    USER(expires, STORE_TIME),
    USER(must_change, STORE_BOOL),
    USER(home, STORE_TEXT),
    USER(home_drive, STORE_TEXT),
    USER(script, STORE_TEXT),
    USER(profile, STORE_TEXT),
    USER(workstations, STORE_TEXT),
    USER(hours, STORE_BLOB),
    USER(parameters, STORE_BLOB),
    USER(country, STORE_NUMBER),
    USER(code_page, STORE_NUMBER),
    USER(last_logon, STORE_TIME),
    USER(last_logoff, STORE_TIME),
    USER(logon_count, STORE_NUMBER),
    USER(bad_time, STORE_TIME),
    USER(bad_count, STORE_NUMBER),
    USER(locked, STORE_TIME),
    { NULL, STORE_TEXT, false, 0 },
};

#define GROUP(name, kind, needed)                                                                            \
    {                                                                                                        \
#name, kind, needed, offsetof(struct samdb_image_group, name)                                        \
    }
const struct store_field store_group[] = {
    GROUP(rid, STORE_NUMBER, true),
    GROUP(name, STORE_TEXT, true),
    GROUP(comment, STORE_TEXT, false),
    { NULL, STORE_TEXT, false, 0 },
};

const struct store_field store_alias[] = {
    GROUP(place, STORE_PLACE, true),   GROUP(rid, STORE_NUMBER, true), GROUP(name, STORE_TEXT, true),
    GROUP(comment, STORE_TEXT, false), { NULL, STORE_TEXT, false, 0 },
};

#define SHARE(name, kind, needed)                                                                            \
    {                                                                                                        \
#name, kind, needed, offsetof(struct samdb_share, name)                                              \
    }
const struct store_field store_share[] = {
    SHARE(name, STORE_TEXT, true),   SHARE(path, STORE_TEXT, true),        SHARE(comment, STORE_TEXT, false),
    SHARE(type, STORE_NUMBER, true), SHARE(max_uses, STORE_NUMBER, false), SHARE(flags, STORE_NUMBER, false),
    SHARE(sd, STORE_BLOB, false),    { NULL, STORE_TEXT, false, 0 },
};

const struct store_field store_setting[] = {
    { "key", STORE_TEXT, true, offsetof(struct samdb_image_setting, key) },
    { "value", STORE_TEXT, true, offsetof(struct samdb_image_setting, value) },
    { NULL, STORE_TEXT, false, 0 },
};
