// SPDX-License-Identifier: Apache-2.0
/*
 * The tables. Each text brings the file from one version to the next; one that has been in a release is never
 * changed again.
 *
 * principal: every name in the account domain (place 0) or in Builtin (place 1); key is the name in upper
 * case, unique in both together ([MS-SAMR] 3.1.1.8.4). user, member, alias_member hang on it and go with it.
 */
#include "samdb/m_samdb.h"

static const char version_1[] =
    "CREATE TABLE domain ("
    " id INTEGER PRIMARY KEY CHECK (id = 1),"
    " machine TEXT NOT NULL, workgroup TEXT NOT NULL, realm TEXT NOT NULL, sid TEXT NOT NULL,"
    " next_rid INTEGER NOT NULL,"
    " min_length INTEGER NOT NULL, history INTEGER NOT NULL, properties INTEGER NOT NULL,"
    " max_age INTEGER NOT NULL, min_age INTEGER NOT NULL,"
    " lockout_count INTEGER NOT NULL, lockout_span INTEGER NOT NULL, lockout_window INTEGER NOT NULL"
    ") STRICT;"
    "CREATE TABLE principal ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " place INTEGER NOT NULL CHECK (place IN (0, 1)),"
    " kind INTEGER NOT NULL CHECK (kind IN (1, 2, 4)),"
    " rid INTEGER NOT NULL, key TEXT NOT NULL, name TEXT NOT NULL, comment TEXT NOT NULL,"
    " UNIQUE (place, rid), UNIQUE (key)"
    ") STRICT;"
    "CREATE TABLE user ("
    " id INTEGER PRIMARY KEY REFERENCES principal (id) ON DELETE CASCADE,"
    " control INTEGER NOT NULL, primary_rid INTEGER NOT NULL,"
    " full_name TEXT NOT NULL DEFAULT '', user_comment TEXT NOT NULL DEFAULT '',"
    " home TEXT NOT NULL DEFAULT '', home_drive TEXT NOT NULL DEFAULT '',"
    " script TEXT NOT NULL DEFAULT '', profile TEXT NOT NULL DEFAULT '',"
    " workstations TEXT NOT NULL DEFAULT '', parameters BLOB, hours BLOB,"
    " country INTEGER NOT NULL DEFAULT 0, code_page INTEGER NOT NULL DEFAULT 0,"
    " expires INTEGER NOT NULL DEFAULT 9223372036854775807,"
    " last_logon INTEGER NOT NULL DEFAULT 0, last_logoff INTEGER NOT NULL DEFAULT 0,"
    " bad_time INTEGER NOT NULL DEFAULT 0, bad_count INTEGER NOT NULL DEFAULT 0,"
    " locked INTEGER NOT NULL DEFAULT 0, logon_count INTEGER NOT NULL DEFAULT 0,"
    " password_set INTEGER NOT NULL DEFAULT 0, must_change INTEGER NOT NULL DEFAULT 0,"
    " kvno INTEGER NOT NULL DEFAULT 0,"
    " nt_hash BLOB CHECK (nt_hash IS NULL OR length(nt_hash) = 16),"
    " aes128 BLOB CHECK (aes128 IS NULL OR length(aes128) = 16),"
    " aes256 BLOB CHECK (aes256 IS NULL OR length(aes256) = 32), salt TEXT"
    ") STRICT;"
    "CREATE TABLE old_password ("
    " user INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,"
    " kvno INTEGER NOT NULL, nt_hash BLOB NOT NULL CHECK (length(nt_hash) = 16),"
    " PRIMARY KEY (user, kvno)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE member ("
    " grp INTEGER NOT NULL REFERENCES principal (id) ON DELETE CASCADE,"
    " user INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,"
    " PRIMARY KEY (grp, user)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX member_user ON member (user);"
    "CREATE TABLE alias_member ("
    " alias INTEGER NOT NULL REFERENCES principal (id) ON DELETE CASCADE,"
    " sid TEXT NOT NULL,"
    " PRIMARY KEY (alias, sid)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX alias_member_sid ON alias_member (sid);"
    "CREATE TABLE share ("
    " key TEXT PRIMARY KEY, name TEXT NOT NULL, path TEXT NOT NULL, comment TEXT NOT NULL,"
    " type INTEGER NOT NULL, max_uses INTEGER NOT NULL, flags INTEGER NOT NULL, sd BLOB"
    ") STRICT;"
    "CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;";

const char *const samdb_migrations[] = { version_1 };
const unsigned samdb_n_migrations = sizeof samdb_migrations / sizeof samdb_migrations[0];
