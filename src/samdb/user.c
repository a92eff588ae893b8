// SPDX-License-Identifier: Apache-2.0
/* Users: what is known of them, and how it changes. */
#include "samdb/m_samdb.h"

/* Bits that the store keeps of `control`; the others follow from times. */
#define CONTROL_KEPT (0x1fffffffu & ~(unsigned)(UF_LOCKED | UF_PASSWORD_EXPIRED))

static unsigned bits(uint32_t v)
{
    return (unsigned)__builtin_popcount(v);
}

/* [MS-SAMR] 3.1.1.6: exactly one kind of account. USER_TEMP_DUPLICATE_ACCOUNT (8) is nobody's any more. */
bool samdb_control_ok(uint32_t control)
{
    return bits(control & (UF_NORMAL | UF_MACHINE)) == 1 && !(control & ~CONTROL_KEPT) && !(control & 8);
}

enum nt_status samdb_user_add(struct samdb *d, const char *name, uint32_t control, uint32_t *ret_rid)
{
    struct query q;
    uint64_t id = 0;
    uint32_t rid = 0;
    control = (control ? control : (uint32_t)UF_NORMAL) | UF_DISABLED;
    if (!samdb_control_ok(control))
        return STATUS_INVALID_PARAMETER;
    enum nt_status st = samdb_begin(d);
    if (st != STATUS_SUCCESS)
        return st;
    st = name_add(d, SAMDB_ACCOUNT, SAMDB_USER, 0, name, "", &id, &rid);
    if (st == STATUS_SUCCESS) {
        q_open(&q, d, "INSERT INTO user (id, control, primary_rid) VALUES (?, ?, 513)");
        q_int(&q, 1, id);
        q_int(&q, 2, control);
        st = q_run(&q);
    }
    if (st == STATUS_SUCCESS) {
        q_open(&q, d, "INSERT INTO member SELECT id, ? FROM principal WHERE place = 0 AND rid = 513");
        q_int(&q, 1, id);
        st = q_run(&q);
    }
    st = samdb_end(d, st);
    if (st == STATUS_SUCCESS)
        *ret_rid = rid;
    return st;
}

/* ---- reading ---- */

static void read_texts(struct query *q, struct nt_arena *mem, struct samdb_user *u)
{
    const char **const to[] = { &u->name,       &u->comment, &u->full_name, &u->user_comment, &u->home,
                                &u->home_drive, &u->script,  &u->profile,   &u->workstations };
    for (int i = 0; i < 9; i++)
        *to[i] = q_get_text(q, i, mem);
    u->parameters = q_get_blob(q, 9, mem);
    u->hours = q_get_blob(q, 10, mem);
}

static void read_numbers(struct query *q, struct samdb_user *u)
{
    u->control = q_get_u32(q, 11);
    u->primary = q_get_u32(q, 12);
    u->country = q_get_u32(q, 13);
    u->code_page = q_get_u32(q, 14);
    u->expires = q_get_int(q, 15);
    u->last_logon = q_get_int(q, 16);
    u->last_logoff = q_get_int(q, 17);
    u->bad_time = q_get_int(q, 18);
    u->password_set = q_get_int(q, 19);
    u->locked = q_get_int(q, 20);
    u->bad_count = q_get_u32(q, 21);
    u->logon_count = q_get_u32(q, 22);
    u->must_change = q_get_int(q, 23) != 0;
    u->has_password = q_get_int(q, 24) != 0;
}

enum nt_status samdb_user_get(struct samdb *d, uint32_t rid, struct nt_arena *mem, struct samdb_user *ret)
{
    struct query q;
    struct samdb_policy policy;
    struct samdb_user u = { .rid = rid };
    enum nt_status st = policy_get(d, &policy);
    if (st != STATUS_SUCCESS)
        return st;
    q_open(
        &q, d,
        "SELECT p.name, p.comment, full_name, user_comment, home, home_drive, script, profile, workstations,"
        " parameters, hours, control, primary_rid, country, code_page, expires, last_logon, last_logoff,"
        " bad_time, password_set, locked, bad_count, logon_count, must_change, nt_hash IS NOT NULL"
        " FROM principal p JOIN user u ON u.id = p.id WHERE p.place = 0 AND p.rid = ?");
    q_int(&q, 1, rid);
    bool found = q_row(&q);
    if (found) {
        read_texts(&q, mem, &u);
        read_numbers(&q, &u);
    }
    st = q_close(&q);
    if (st != STATUS_SUCCESS || !found)
        return st != STATUS_SUCCESS ? st : STATUS_NO_SUCH_USER;
    uint64_t now = db_now(d);
    if (locked_now(&policy, u.locked, now))
        u.control |= UF_LOCKED;
    if (u.must_change || password_ends(&policy, u.control, u.password_set) <= now)
        u.control |= UF_PASSWORD_EXPIRED;
    *ret = u;
    return STATUS_SUCCESS;
}

/* ---- changing ---- */

static bool texts_ok(const struct samdb_user *u, unsigned fields)
{
    const struct {
        unsigned field;
        const char *text;
    } list[] = { { SAMDB_F_FULL_NAME, u->full_name },       { SAMDB_F_COMMENT, u->comment },
                 { SAMDB_F_USER_COMMENT, u->user_comment }, { SAMDB_F_HOME, u->home },
                 { SAMDB_F_HOME_DRIVE, u->home_drive },     { SAMDB_F_SCRIPT, u->script },
                 { SAMDB_F_PROFILE, u->profile },           { SAMDB_F_WORKSTATIONS, u->workstations } };
    for (unsigned i = 0; i < sizeof list / sizeof list[0]; i++)
        if ((fields & list[i].field) && (!list[i].text || strlen(list[i].text) > SAMDB_TEXT_MAX))
            return false;
    return true;
}

static bool in_group(struct samdb *d, uint64_t user, uint32_t group)
{
    struct query q;
    q_open(&q, d,
           "SELECT 1 FROM member m JOIN principal p ON p.id = m.grp WHERE m.user = ? AND p.rid = ?"
           " AND p.place = 0");
    q_int(&q, 1, user);
    q_int(&q, 2, group);
    bool found = q_row(&q);
    return q_close(&q) == STATUS_SUCCESS && found;
}

/* May the account be as `control` says? [MS-SAMR] 3.1.1.6, 3.1.1.8.10. */
static enum nt_status control_change(struct samdb *d, uint64_t id, uint32_t rid, uint32_t control)
{
    struct query q;
    struct samdb_policy policy;
    bool has_password = false;
    if (!samdb_control_ok(control))
        return STATUS_INVALID_PARAMETER;
    if (rid == RID_ADMIN && (control & UF_DISABLED))
        return STATUS_SPECIAL_ACCOUNT;
    q_open(&q, d, "SELECT nt_hash IS NOT NULL FROM user WHERE id = ?");
    q_int(&q, 1, id);
    if (q_row(&q))
        has_password = q_get_int(&q, 0) != 0;
    enum nt_status st = q_close(&q);
    if (st == STATUS_SUCCESS)
        st = policy_get(d, &policy);
    if (st == STATUS_SUCCESS && !(control & (UF_DISABLED | UF_NO_PASSWORD)) && !has_password &&
        policy.min_length > 0)
        st = STATUS_PASSWORD_RESTRICTION;
    return st;
}

static enum nt_status check_change(struct samdb *d, uint64_t id, const struct samdb_user *u, unsigned fields)
{
    if (!texts_ok(u, fields) || ((fields & SAMDB_F_HOURS) && u->hours.len && u->hours.len != SAMDB_HOURS) ||
        ((fields & SAMDB_F_PARAMETERS) && u->parameters.len > SAMDB_TEXT_MAX * 2) ||
        ((fields & SAMDB_F_EXPIRES) && u->expires > NT_TIME_NEVER))
        return STATUS_INVALID_PARAMETER;
    if ((fields & SAMDB_F_EXPIRES) && u->rid == RID_ADMIN && u->expires && u->expires != NT_TIME_NEVER)
        return STATUS_SPECIAL_ACCOUNT;
    if ((fields & SAMDB_F_PRIMARY) && !in_group(d, id, u->primary))
        return STATUS_MEMBER_NOT_IN_GROUP;
    return fields & SAMDB_F_CONTROL
               ? control_change(d, id, u->rid, u->control & ~(unsigned)(UF_LOCKED | UF_PASSWORD_EXPIRED))
               : STATUS_SUCCESS;
}

/* Only what is named changes: the others are given the column's own value. */
static enum nt_status store(struct samdb *d, uint64_t id, const struct samdb_user *u, unsigned f)
{
    struct query q;
    q_open(&q, d,
           "UPDATE user SET full_name = iif(?1 & 2, ?2, full_name), user_comment = iif(?1 & 8, ?3, "
           "user_comment),"
           " home = iif(?1 & 0x10, ?4, home), home_drive = iif(?1 & 0x20, ?5, home_drive),"
           " script = iif(?1 & 0x40, ?6, script), profile = iif(?1 & 0x80, ?7, profile),"
           " workstations = iif(?1 & 0x100, ?8, workstations), parameters = iif(?1 & 0x200, ?9, parameters),"
           " hours = iif(?1 & 0x400, ?10, hours), control = iif(?1 & 0x800, ?11, control),"
           " primary_rid = iif(?1 & 0x1000, ?12, primary_rid), country = iif(?1 & 0x2000, ?13, country),"
           " code_page = iif(?1 & 0x4000, ?14, code_page), expires = iif(?1 & 0x8000, ?15, expires)"
           " WHERE id = ?16");
    q_int(&q, 1, f);
    const char *const texts[] = { u->full_name, u->user_comment, u->home,        u->home_drive,
                                  u->script,    u->profile,      u->workstations };
    for (int i = 0; i < 7; i++)
        q_text(&q, 2 + i, texts[i]);
    q_blob(&q, 9, u->parameters.len ? u->parameters.data : NULL, u->parameters.len);
    q_blob(&q, 10, u->hours.len ? u->hours.data : NULL, u->hours.len);
    q_int(&q, 11, u->control & CONTROL_KEPT);
    q_int(&q, 12, u->primary);
    q_int(&q, 13, u->country);
    q_int(&q, 14, u->code_page);
    q_int(&q, 15, u->expires ? u->expires : NT_TIME_NEVER); /* both mean never ([MS-ADA1] 2.1) */
    q_int(&q, 16, id);
    return q_run(&q);
}

static enum nt_status set_comment(struct samdb *d, uint64_t id, const char *comment)
{
    struct query q;
    q_open(&q, d, "UPDATE principal SET comment = ? WHERE id = ?");
    q_text(&q, 1, comment);
    q_int(&q, 2, id);
    return q_run(&q);
}

enum nt_status samdb_user_set(struct samdb *d, const struct samdb_user *u, unsigned fields)
{
    uint64_t id;
    enum nt_status st = samdb_begin(d);
    if (st != STATUS_SUCCESS)
        return st;
    st = name_row(d, SAMDB_ACCOUNT, SAMDB_USER, u->rid, STATUS_NO_SUCH_USER, &id);
    if (st == STATUS_SUCCESS)
        st = check_change(d, id, u, fields);
    if (st == STATUS_SUCCESS && (fields & SAMDB_F_NAME))
        st = name_change(d, id, SAMDB_USER, u->name);
    if (st == STATUS_SUCCESS && (fields & SAMDB_F_COMMENT))
        st = set_comment(d, id, u->comment);
    if (st == STATUS_SUCCESS)
        st = store(d, id, u, fields);
    return samdb_end(d, st);
}

/* Also out of the aliases that name its SID: RIDs are not used twice, but nobody is to wonder who that was.
 */
static enum nt_status leave_aliases(struct samdb *d, uint32_t rid)
{
    struct query q;
    q_open(&q, d, "DELETE FROM alias_member WHERE sid = (SELECT sid || '-' || ? FROM domain)");
    q_int(&q, 1, rid);
    return q_run(&q);
}

enum nt_status samdb_user_delete(struct samdb *d, uint32_t rid)
{
    struct query q;
    uint64_t id;
    enum nt_status st = samdb_begin(d);
    if (st != STATUS_SUCCESS)
        return st;
    st = name_row(d, SAMDB_ACCOUNT, SAMDB_USER, rid, STATUS_NO_SUCH_USER, &id);
    if (st == STATUS_SUCCESS && rid < SAMDB_RID_FIRST)
        st = STATUS_SPECIAL_ACCOUNT;
    if (st == STATUS_SUCCESS)
        st = leave_aliases(d, rid);
    if (st == STATUS_SUCCESS) {
        q_open(&q, d, "DELETE FROM principal WHERE id = ?");
        q_int(&q, 1, id);
        st = q_run(&q);
    }
    return samdb_end(d, st);
}

enum nt_status samdb_user_unlock(struct samdb *d, uint32_t rid)
{
    struct query q;
    uint64_t id;
    enum nt_status st = samdb_begin(d);
    if (st != STATUS_SUCCESS)
        return st;
    st = name_row(d, SAMDB_ACCOUNT, SAMDB_USER, rid, STATUS_NO_SUCH_USER, &id);
    if (st == STATUS_SUCCESS) {
        q_open(&q, d, "UPDATE user SET locked = 0, bad_count = 0 WHERE id = ?");
        q_int(&q, 1, id);
        st = q_run(&q);
    }
    return samdb_end(d, st);
}
