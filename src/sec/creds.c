// SPDX-License-Identifier: Apache-2.0
/* Credentials: immutable once made, counted, wiped when the last user lets go. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "crypto/crypto.h"
#include "sec/m_sec.h"
#include "sec/m_utf.h"

/* Ceilings of what a caller may give: a UPN is at most 256 + 1 + 255 characters and a password 256 characters
 * ([MS-SAMR] 2.2.6.21), each up to 3 bytes of UTF-8 per UTF-16 unit; file names are PATH_MAX. */
#define CREDS_TEXT_MAX 4096u

/* LeakSanitizer does not look through mapped pages by itself: credentials that a program keeps until its end would count as
 * leaks of what hangs on them. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LEAKS_ARE_LOOKED_FOR
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define LEAKS_ARE_LOOKED_FOR
#endif
#ifdef LEAKS_ARE_LOOKED_FOR
#include <sanitizer/lsan_interface.h>
#define PAGE_BEGINS(p, size) __lsan_register_root_region(p, size)
#define PAGE_ENDS(p, size)   __lsan_unregister_root_region(p, size)
#else
#define PAGE_BEGINS(p, size) (void)0
#define PAGE_ENDS(p, size)   (void)0
#endif

static char *copy(const char *s, size_t n, bool *failed)
{
    char *p = malloc(n + 1);

    if (!p) {
        *failed = true;
        return NULL;
    }
    memcpy(p, s, n);
    p[n] = '\0';
    return p;
}

static char *copy_opt(const char *s, bool *failed)
{
    return s ? copy(s, strlen(s), failed) : NULL;
}

static bool text_ok(const char *s)
{
    return !s || (strnlen(s, CREDS_TEXT_MAX + 1) <= CREDS_TEXT_MAX && utf_valid8(s));
}

static enum nt_status check_text(const struct sec_creds_options *o, struct nt_error *err)
{
    const struct {
        const char *what, *text;
    } all[] = {
        { "user name", o->user }, { "domain", o->domain }, { "password", o->password },
        { "ccache", o->ccache },  { "keytab", o->keytab }, { "workstation name", o->workstation },
    };

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (!text_ok(all[i].text))
            return nt_error_set(err, STATUS_INVALID_PARAMETER, "the %s is not UTF-8 or longer than %u bytes",
                                all[i].what, CREDS_TEXT_MAX);
    return STATUS_SUCCESS;
}

static enum nt_status check_members(const struct sec_creds_options *o, struct nt_error *err)
{
    const char *wrong = NULL;
    bool user = o->user && *o->user, secret = o->password || o->nt_hash;

    if (o->mech > SEC_MECH_ANONYMOUS)
        wrong = "there is no such security mechanism";
    else if (o->mech == SEC_MECH_NTLM && o->no_ntlm)
        wrong = "NTLM is asked for and switched off at the same time";
    else if (o->mech == SEC_MECH_ANONYMOUS && (user || secret || o->ccache || o->keytab))
        wrong = "anonymous credentials have no user, password, ccache or keytab";
    else if (o->mech == SEC_MECH_NTLM && (o->ccache || o->keytab))
        wrong = "NTLM has no use for a ccache or keytab";
    else if (o->mech == SEC_MECH_NTLM && (!user || !secret))
        wrong = "NTLM needs a user name and a password";
    else if (o->mech == SEC_MECH_KRB5 && o->nt_hash)
        wrong =
            "Kerberos does not log on with an NT hash (it would mean RC4): give a password, keytab or ccache";
    else if (o->mech == SEC_MECH_KRB5 && !o->password && o->keytab && !user)
        wrong = "a keytab needs the name of the user whose key it holds";
    else if (secret && !user)
        wrong = "a password needs a user name";
    else if ((o->password != NULL) + (o->nt_hash != NULL) > 1)
        wrong = "give either a password or an NT hash";
    else if ((o->password != NULL) + (o->ccache != NULL) + (o->keytab != NULL) > 1)
        wrong = "give one of password, ccache and keytab";
    return wrong ? nt_error_set(err, STATUS_INVALID_PARAMETER, "%s", wrong) : STATUS_SUCCESS;
}

/* "DOMAIN\user", "user@REALM" or "user", with or without a domain beside it. */
static enum nt_status split_user(struct sec_creds *c, const struct sec_creds_options *o, struct nt_error *err)
{
    const char *user = o->user ? o->user : "", *domain = o->domain ? o->domain : "";
    const char *back = strchr(user, '\\'), *at = strrchr(user, '@');
    size_t user_len = strlen(user), domain_len = strlen(domain);
    bool failed = false;

    if (back) {
        size_t n = (size_t)(back - user);

        if (domain_len && !sec_same_name(domain, domain_len, user, n))
            return nt_error_set(err, STATUS_INVALID_PARAMETER, "the user name '%s' is not in the domain '%s'",
                                user, domain);
        domain = user;
        domain_len = n;
        user_len -= n + 1;
        user = back + 1;
    } else if (at && at != user && at[1] &&
               (!domain_len || sec_same_name(domain, domain_len, at + 1, strlen(at + 1)))) {
        domain = at + 1;
        domain_len = strlen(domain);
        user_len = (size_t)(at - user);
        c->upn = true;
    }
    if ((o->user && *o->user && !user_len) || (back && memchr(user, '\\', user_len)))
        return nt_error_set(err, STATUS_INVALID_PARAMETER, "'%s' is not a user name", o->user);
    c->user = copy(user, user_len, &failed);
    c->domain = copy(domain, domain_len, &failed);
    return failed ? STATUS_NO_MEMORY : STATUS_SUCCESS;
}

/* NTOWFv1, [MS-NLMP] 3.3.1: MD4 of the password in UTF-16LE. */
static enum nt_status hash_password(const char *password, uint8_t hash[16])
{
    size_t room = 2 * strlen(password) + 1; /* never grows, so that no copy is left behind */
    struct wr w = { malloc(room), 0, room, room, STATUS_SUCCESS };

    if (!w.base)
        return STATUS_NO_MEMORY;
    utf_put16(&w, password, false);
    if (w.st == STATUS_SUCCESS)
        cr_md4(w.base, w.len, hash);
    enum nt_status st = w.st;
    wr_free_secret(&w);
    return st;
}

static enum nt_status take_secrets(struct sec_creds *c, const struct sec_creds_options *o)
{
    bool failed = false;

    c->ccache = copy_opt(o->ccache, &failed);
    c->keytab = copy_opt(o->keytab, &failed);
    c->workstation = copy_opt(o->workstation, &failed);
    if (failed)
        return STATUS_NO_MEMORY;
    if (o->password && o->mech != SEC_MECH_NTLM)
        c->password = strcpy((char *)(c + 1), o->password);
    if (o->nt_hash) {
        memcpy(c->nt_hash, o->nt_hash, sizeof(c->nt_hash));
        c->has_hash = true;
    } else if (o->password && o->mech != SEC_MECH_KRB5) {
        enum nt_status st = hash_password(o->password, c->nt_hash);

        if (!nt_ok(st))
            return st;
        c->has_hash = true;
    }
    return STATUS_SUCCESS;
}

/* Pages of their own, which are not written to swap where the limit of the process (RLIMIT_MEMLOCK) has room for that, nor to
 * a core dump: credentials may be kept for days. */
static struct sec_creds *creds_alloc(size_t password)
{
    size_t size = sizeof(struct sec_creds) + password;
    struct sec_creds *c = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (c == MAP_FAILED)
        return NULL;
    (void)!mlock(c, size);
    (void)!madvise(c, size, MADV_DONTDUMP);
    PAGE_BEGINS(c, size);
    c->size = size;
    return c;
}

enum nt_status sec_creds_new(const struct sec_creds_options *o, struct sec_creds **ret, struct nt_error *err)
{
    struct sec_creds_options mine = SEC_CREDS_OPTIONS_INIT;
    enum nt_status st;

    /* a caller built against an older header has a shorter structure; its missing members are zero */
    memcpy(&mine, o, o->size < sizeof(mine) ? o->size : sizeof(mine));
    st = check_text(&mine, err);
    if (!nt_ok(st))
        return st;
    st = check_members(&mine, err);
    if (!nt_ok(st))
        return st;

    struct sec_creds *c = creds_alloc(mine.password ? strlen(mine.password) + 1 : 0);
    if (!c)
        return nt_error_set(err, STATUS_NO_MEMORY, "no memory for credentials");
    atomic_init(&c->refs, 1);
    c->mech = mine.mech;
    c->no_ntlm = mine.no_ntlm;
    st = split_user(c, &mine, err);
    if (nt_ok(st))
        st = take_secrets(c, &mine);
    if (!nt_ok(st)) {
        sec_creds_unref(c);
        return st == STATUS_NO_MEMORY ? nt_error_set(err, st, "no memory for credentials") : st;
    }
    *ret = c;
    return STATUS_SUCCESS;
}

struct sec_creds *sec_creds_ref(struct sec_creds *c)
{
    if (c)
        atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
    return c;
}

void sec_creds_unref(struct sec_creds *c)
{
    if (!c || atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1)
        return;
    free(c->user);
    free(c->domain);
    free(c->ccache);
    free(c->keytab);
    free(c->workstation);
    if (c->at_end)
        c->at_end(c->at_end_arg);
    PAGE_ENDS(c, c->size);
    nt_wipe(c, c->size);
    munmap(c, c->size);
}

void sec_creds_at_end(struct sec_creds *c, void (*fn)(void *arg), void *arg)
{
    c->at_end = fn;
    c->at_end_arg = arg;
}

const char *sec_creds_user(const struct sec_creds *c)
{
    return c ? c->user : "";
}

const char *sec_creds_domain(const struct sec_creds *c)
{
    return c ? c->domain : "";
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Digests first, so that neither the length nor the first difference of a password shows in the time. */
static bool same_password(const char *a, const char *b)
{
    uint8_t x[32], y[32];

    cr_sha256(a ? a : "", a ? strlen(a) : 0, x);
    cr_sha256(b ? b : "", b ? strlen(b) : 0, y);
    bool same = cr_equal(x, y, sizeof(x));
    nt_wipe(x, sizeof(x));
    nt_wipe(y, sizeof(y));
    return same && !a == !b;
}

bool sec_creds_ambient(const struct sec_creds *c)
{
    return c->mech != SEC_MECH_ANONYMOUS && !*c->user && !*c->domain && !c->password && !c->has_hash &&
           !c->ccache && !c->keytab;
}

bool sec_creds_equal(const struct sec_creds *a, const struct sec_creds *b)
{
    if (a == b)
        return true;
    if (!a || !b)
        return false;
    bool same = a->mech == b->mech && a->no_ntlm == b->no_ntlm && a->has_hash == b->has_hash &&
                a->upn == b->upn && same_text(a->user, b->user) && same_text(a->domain, b->domain) &&
                same_text(a->ccache, b->ccache) && same_text(a->keytab, b->keytab) &&
                same_text(a->workstation, b->workstation);
    bool secrets = cr_equal(a->nt_hash, b->nt_hash, sizeof(a->nt_hash));
    return same_password(a->password, b->password) && secrets && same;
}
