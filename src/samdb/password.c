// SPDX-License-Identifier: Apache-2.0
/* Passwords: the rules that a new one must keep, and what is kept of it. */
#include <stdio.h>
#include <stdlib.h>
#include <nettle/aes.h>
#include <nettle/pbkdf2.h>
#include <msrpc/unistr.h>
#include "base/cursor.h"
#include "crypto/crypto.h"
#include "samdb/m_samdb.h"

/* RFC 3962 section 4: the default; a KDC tells clients when it is another. */
#define AES_ITERATIONS 4096u
#define MEMORY_MAX     ((size_t)64 << 10)

/* ---- Kerberos keys ---- */

/* DK(key, "kerberos") (RFC 3961 section 5.1), in place. One block of AES-CBC with a zero vector is that block
 * through AES, and "kerberos" folded to 128 bits is this constant (RFC 3961 appendix A.1). */
static void derive(uint8_t *key, size_t key_len)
{
    static const uint8_t folded[16] = { 0x6b, 0x65, 0x72, 0x62, 0x65, 0x72, 0x6f, 0x73,
                                        0x7b, 0x9b, 0x5b, 0x2b, 0x93, 0x13, 0x2b, 0x93 };
    uint8_t out[32];
    if (key_len == 16) {
        struct aes128_ctx c;
        aes128_set_encrypt_key(&c, key);
        aes128_encrypt(&c, 16, out, folded);
        nt_wipe(&c, sizeof c);
    } else {
        struct aes256_ctx c;
        aes256_set_encrypt_key(&c, key);
        aes256_encrypt(&c, 16, out, folded);
        aes256_encrypt(&c, 16, out + 16, out);
        nt_wipe(&c, sizeof c);
    }
    memcpy(key, out, key_len);
    nt_wipe(out, sizeof out);
}

void samdb_string_to_key(const char *password, size_t len, const char *salt, unsigned iterations,
                         uint8_t *ret_key, size_t key_len)
{
    pbkdf2_hmac_sha1(len, (const uint8_t *)password, iterations, strlen(salt), (const uint8_t *)salt, key_len,
                     ret_key);
    derive(ret_key, key_len);
}

/* ---- who it is about ---- */

/* What the rules and the salt need of a user. */
struct subject {
    uint64_t id, password_set;
    uint32_t control, kvno;
    const char *name, *full_name, *realm;
    struct nt_blob nt_hash;
    struct samdb_policy policy;
};

static enum nt_status subject_get(struct samdb *d, uint32_t rid, struct nt_arena *mem, struct subject *ret)
{
    struct query q;
    struct subject s = { 0 };
    enum nt_status st = policy_get(d, &s.policy);
    if (st != STATUS_SUCCESS)
        return st;
    q_open(&q, d,
           "SELECT u.id, password_set, control, kvno, p.name, full_name, realm, nt_hash"
           " FROM principal p JOIN user u ON u.id = p.id, domain WHERE p.place = 0 AND p.rid = ?");
    q_int(&q, 1, rid);
    if (q_row(&q)) {
        s.id = q_get_int(&q, 0);
        s.password_set = q_get_int(&q, 1);
        s.control = q_get_u32(&q, 2);
        s.kvno = q_get_u32(&q, 3);
        s.name = q_get_text(&q, 4, mem);
        s.full_name = q_get_text(&q, 5, mem);
        s.realm = q_get_text(&q, 6, mem);
        s.nt_hash = q_get_blob(&q, 7, mem);
    }
    st = q_close(&q);
    if (st == STATUS_SUCCESS && !s.id)
        st = STATUS_NO_SUCH_USER;
    if (st == STATUS_SUCCESS)
        *ret = s;
    return st;
}

/* [MS-KILE] 3.1.1.2. NULL: no memory, or a name that is not text. */
static char *salt_for(const struct subject *s)
{
    char16_t *wide = NULL;
    char *upper = NULL, *lower = NULL, *salt = NULL;
    size_t len, n;
    if (ustr_from_utf8(s->realm, strlen(s->realm), &wide, &len) == STATUS_SUCCESS) {
        ustr_upcase_string(wide, len);
        if (ustr_to_utf8(wide, len, &upper, &n) != STATUS_SUCCESS)
            upper = NULL;
        ustr_downcase_string(wide, len);
        if (ustr_to_utf8(wide, len, &lower, &n) != STATUS_SUCCESS)
            lower = NULL;
    }
    free(wide);
    wide = NULL;
    if (upper && lower && !(s->control & UF_MACHINE)) {
        if (asprintf(&salt, "%s%s", upper, s->name) < 0)
            salt = NULL;
    } else if (upper && lower &&
               ustr_from_utf8_wtf(s->name, strlen(s->name), &wide, &len) == STATUS_SUCCESS) {
        char *host = NULL;
        ustr_downcase_string(wide, len);
        if (len && wide[len - 1] == '$')
            len--;
        if (ustr_to_utf8_wtf(wide, len, &host, &n) != STATUS_SUCCESS ||
            asprintf(&salt, "%shost%s.%s", upper, host, lower) < 0)
            salt = NULL;
        free(host);
    }
    free(wide);
    free(upper);
    free(lower);
    return salt;
}

/* ---- rules: [MS-SAMR] 3.1.1.7 ---- */

uint64_t password_ends(const struct samdb_policy *p, uint32_t control, uint64_t set)
{
    if ((control & (UF_PASSWORD_FIXED | UF_MACHINE)) || p->max_age == NT_TIME_NEVER ||
        p->max_age > NT_TIME_NEVER - set)
        return NT_TIME_NEVER;
    return set + p->max_age;
}

/* Does the password contain these units, in any case? */
static bool contains(const char16_t *s, size_t len, const char16_t *part, size_t n)
{
    for (size_t i = 0; n <= len && i <= len - n; i++)
        if (ustr_casecmp_len(s + i, n, part, n) == 0)
            return true;
    return false;
}

/* The name, and the parts of the full name: those with more than two characters ([MS-SAMR] 3.1.1.7.2). */
static bool contains_names(const char16_t *s, size_t len, const struct subject *who)
{
    static const char16_t between[] = u" ,.\t-_#";
    char16_t *wide;
    size_t n;
    bool found = false;
    if (ustr_from_utf8_wtf(who->name, strlen(who->name), &wide, &n) != STATUS_SUCCESS)
        return true;
    found = n > 2 && contains(s, len, wide, n);
    free(wide);
    if (ustr_from_utf8_wtf(who->full_name, strlen(who->full_name), &wide, &n) != STATUS_SUCCESS)
        return true;
    for (size_t from = 0; from < n && !found;) {
        size_t to = from;
        while (to < n && !ustr_chr(between, wide[to]))
            to++;
        found = to - from > 2 && contains(s, len, wide + from, to - from);
        from = to + 1;
    }
    free(wide);
    return found;
}

/* Three of five classes. Beyond ASCII everything counts as a letter: no table of Unicode's categories is
 * carried along for one rule. */
static bool is_varied(const char16_t *s, size_t len)
{
    unsigned seen = 0;
    for (size_t i = 0; i < len; i++) {
        char16_t c = s[i];
        if (c >= 0x80)
            seen |= 1;
        else if (c >= 'A' && c <= 'Z')
            seen |= 2;
        else if (c >= 'a' && c <= 'z')
            seen |= 4;
        else if (c >= '0' && c <= '9')
            seen |= 8;
        else if (c > ' ')
            seen |= 16;
    }
    return __builtin_popcount(seen) >= 3;
}

/* Names in passwords are looked for where complexity is asked for, as Windows does. */
static enum nt_status check_text(const struct subject *who, const char16_t *s, size_t len)
{
    if (!(who->control & UF_NORMAL) || (who->control & UF_NO_PASSWORD))
        return STATUS_SUCCESS;
    if (len < who->policy.min_length)
        return STATUS_PASSWORD_RESTRICTION;
    if ((who->policy.properties & SAMDB_PASSWORD_COMPLEX) &&
        (contains_names(s, len, who) || !is_varied(s, len)))
        return STATUS_PASSWORD_RESTRICTION;
    return STATUS_SUCCESS;
}

/* Is it one of the last, the present one included? */
static enum nt_status check_history(struct samdb *d, const struct subject *who, const uint8_t nt_hash[16])
{
    struct query q;
    bool used = who->nt_hash.len == 16 && cr_equal(who->nt_hash.data, nt_hash, 16);
    if (!who->policy.history || (who->control & UF_NO_PASSWORD))
        return STATUS_SUCCESS;
    q_open(&q, d, "SELECT nt_hash FROM old_password WHERE user = ? ORDER BY kvno DESC LIMIT ?");
    q_int(&q, 1, who->id);
    q_int(&q, 2, who->policy.history - 1);
    while (!used && q_row(&q))
        used = cr_equal(sqlite3_column_blob(q.s, 0), nt_hash, 16);
    enum nt_status st = q_close(&q);
    return st == STATUS_SUCCESS && used ? STATUS_PASSWORD_RESTRICTION : st;
}

static enum nt_status check_change(struct samdb *d, const struct subject *who, const uint8_t nt_hash[16])
{
    if (!(who->control & UF_NORMAL))
        return STATUS_SUCCESS;
    if (who->nt_hash.len && who->policy.min_age && db_now(d) - who->password_set < who->policy.min_age)
        return STATUS_PASSWORD_RESTRICTION;
    return check_history(d, who, nt_hash);
}

/* ---- keeping it ---- */

struct fresh {
    uint8_t nt_hash[16], aes128[16], aes256[32];
    char *salt; /* NULL: no AES keys */
};

/* As many old ones are kept as the longest history allows, so that a policy that grows finds them. */
static enum nt_status keep_old(struct samdb *d, const struct subject *who)
{
    struct query q;
    enum nt_status st = STATUS_SUCCESS;
    if (who->nt_hash.len == 16) {
        q_open(&q, d, "INSERT INTO old_password VALUES (?, ?, ?)");
        q_int(&q, 1, who->id);
        q_int(&q, 2, who->kvno);
        q_blob(&q, 3, who->nt_hash.data, 16);
        st = q_run(&q);
    }
    if (st != STATUS_SUCCESS)
        return st;
    q_open(&q, d, "DELETE FROM old_password WHERE user = ? AND kvno <= ? - ?");
    q_int(&q, 1, who->id);
    q_int(&q, 2, who->kvno);
    q_int(&q, 3, who->policy.history > 24 ? who->policy.history : 24);
    return q_run(&q);
}

static enum nt_status store(struct samdb *d, const struct subject *who, const struct fresh *f,
                            bool must_change)
{
    struct query q;
    enum nt_status st = keep_old(d, who);
    if (st != STATUS_SUCCESS)
        return st;
    q_open(&q, d,
           "UPDATE user SET nt_hash = ?, aes128 = ?, aes256 = ?, salt = ?, kvno = kvno + 1, password_set = ?,"
           " must_change = ?, bad_count = 0 WHERE id = ?");
    q_blob(&q, 1, f->nt_hash, 16);
    q_blob(&q, 2, f->salt ? f->aes128 : NULL, 16);
    q_blob(&q, 3, f->salt ? f->aes256 : NULL, 32);
    q_text(&q, 4, f->salt);
    q_int(&q, 5, db_now(d));
    q_int(&q, 6, must_change);
    q_int(&q, 7, who->id);
    return q_run(&q);
}

static enum nt_status make_keys(const struct subject *who, const char *password, size_t len, struct fresh *f)
{
    if (!who->realm[0])
        return STATUS_SUCCESS;
    f->salt = salt_for(who);
    if (!f->salt)
        return STATUS_NO_MEMORY;
    samdb_string_to_key(password, len, f->salt, AES_ITERATIONS, f->aes128, 16);
    samdb_string_to_key(password, len, f->salt, AES_ITERATIONS, f->aes256, 32);
    return STATUS_SUCCESS;
}

static void nt_hash(const char16_t *s, size_t len, uint8_t ret[16])
{
    uint8_t wire[2 * SAMDB_PASSWORD_MAX];
    for (size_t i = 0; i < len; i++)
        put_le16(wire + 2 * i, s[i]);
    cr_md4(wire, 2 * len, ret);
    nt_wipe(wire, sizeof wire);
}

/* s: the same as password, in UTF-16. */
static enum nt_status set_text(struct samdb *d, const struct subject *who, const char *password, size_t len,
                               const char16_t *s, size_t s_len, enum samdb_password_how how, bool must_change)
{
    struct fresh f = { .salt = NULL };
    nt_hash(s, s_len, f.nt_hash);
    enum nt_status st = how == SAMDB_PASSWORD_FORCE ? STATUS_SUCCESS : check_text(who, s, s_len);
    if (st == STATUS_SUCCESS && how == SAMDB_PASSWORD_CHANGE)
        st = check_change(d, who, f.nt_hash);
    if (st == STATUS_SUCCESS)
        st = make_keys(who, password, len, &f);
    if (st == STATUS_SUCCESS)
        st = store(d, who, &f, must_change);
    free(f.salt);
    nt_wipe(&f, sizeof f);
    return st;
}

enum nt_status samdb_password_set(struct samdb *d, uint32_t rid, const char *password, size_t len,
                                  enum samdb_password_how how, bool must_change)
{
    char16_t wide[SAMDB_PASSWORD_MAX + 1];
    size_t n;
    struct subject who;
    if (ustr_from_utf8_buf(password, len, wide, SAMDB_PASSWORD_MAX + 1, &n) != STATUS_SUCCESS)
        return STATUS_INVALID_PARAMETER;
    struct nt_arena *mem = nt_arena_new_secret(MEMORY_MAX);
    enum nt_status st = mem ? samdb_begin(d) : STATUS_NO_MEMORY;
    if (st == STATUS_SUCCESS) {
        st = subject_get(d, rid, mem, &who);
        if (st == STATUS_SUCCESS)
            st = set_text(d, &who, password, len, wide, n, how, must_change);
        st = samdb_end(d, st);
    }
    nt_arena_free(mem);
    nt_wipe(wide, sizeof wide);
    return st;
}

enum nt_status samdb_password_set_nt(struct samdb *d, uint32_t rid, const uint8_t hash[16],
                                     enum samdb_password_how how, bool must_change)
{
    struct subject who;
    struct fresh f = { .salt = NULL };
    struct nt_arena *mem = nt_arena_new_secret(MEMORY_MAX);
    enum nt_status st = mem ? samdb_begin(d) : STATUS_NO_MEMORY;
    memcpy(f.nt_hash, hash, sizeof f.nt_hash);
    if (st == STATUS_SUCCESS) {
        st = subject_get(d, rid, mem, &who);
        if (st == STATUS_SUCCESS && how == SAMDB_PASSWORD_CHANGE)
            st = check_change(d, &who, f.nt_hash);
        if (st == STATUS_SUCCESS)
            st = store(d, &who, &f, must_change);
        st = samdb_end(d, st);
    }
    nt_arena_free(mem);
    nt_wipe(&f, sizeof f);
    return st;
}

enum nt_status samdb_keys(struct samdb *d, uint32_t rid, struct nt_arena *mem, struct samdb_keys *ret)
{
    struct query q;
    struct samdb_keys k = { .salt = "" };
    q_open(&q, d,
           "SELECT nt_hash, aes128, aes256, salt, kvno FROM principal p JOIN user u ON u.id = p.id"
           " WHERE p.place = 0 AND p.rid = ?");
    q_int(&q, 1, rid);
    bool found = q_row(&q);
    if (found) {
        const void *nt = sqlite3_column_blob(q.s, 0), *aes128 = sqlite3_column_blob(q.s, 1),
                   *aes256 = sqlite3_column_blob(q.s, 2);
        k.has_nt = nt;
        k.has_aes = aes128 && aes256;
        if (nt)
            memcpy(k.nt_hash, nt, sizeof k.nt_hash);
        if (k.has_aes) {
            memcpy(k.aes128, aes128, sizeof k.aes128);
            memcpy(k.aes256, aes256, sizeof k.aes256);
        }
        k.salt = q_get_text(&q, 3, mem);
        k.kvno = q_get_u32(&q, 4);
    }
    enum nt_status st = q_close(&q);
    if (st == STATUS_SUCCESS && found)
        *ret = k;
    nt_wipe(&k, sizeof k);
    return st == STATUS_SUCCESS && !found ? STATUS_NO_SUCH_USER : st;
}
