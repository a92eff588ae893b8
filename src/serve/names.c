// SPDX-License-Identifier: Apache-2.0
#include "serve/names.h"
#include <msrpc/unistr.h>

/* ---- path types: [MS-SRVS] 3.1.1.9 ---- */

static bool has_any(const char16_t *s, const char16_t *of)
{
    for (; *s; s++)
        if (ustr_chr(of, *s))
            return true;
    return false;
}

static bool wild(const char16_t *s)
{
    return has_any(s, u"*?");
}

static bool letter(char16_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* "LPT1", "com9:": the type, or 0. */
static uint32_t device_type(const char16_t *s)
{
    uint32_t type = ustr_ncasecmp(s, u"LPT", 3) == 0   ? PATH_LPT
                    : ustr_ncasecmp(s, u"COM", 3) == 0 ? PATH_COM
                                                       : 0;
    if (!type || s[3] < '1' || s[3] > '9')
        return 0;
    return !s[4] || (s[4] == ':' && !s[5]) ? type : 0;
}

/* Behind "\\". 0: no path. */
static uint32_t unc_type(const char16_t *s)
{
    if (s[0] == '*')
        return s[1] ? 0 : PATH_UNC_COMPUTER_WC;
    if (s[0] == '.' && (!s[1] || s[1] == '\\'))
        return !s[1] ? 0 : wild(s + 2) ? PATH_ABSD_WC : PATH_ABSD;
    const char16_t *end = ustr_chr(s, '\\');
    if (!end)
        return *s && !wild(s) ? PATH_UNC_COMPUTER : 0;
    size_t n = ustr_len(end);
    if (end == s || n == 1 || end[n - 1] == '\\') /* a UNC path does not end so (2.2.2.9) */
        return 0;
    return wild(end) ? PATH_UNC_WC : PATH_UNC;
}

/* Behind "\". The specification says "begins with \DEV"; "\Development" is a directory all the same. */
static uint32_t rooted_type(const char16_t *s)
{
    if (ustr_ncasecmp(s, u"DEV", 3) == 0 && (!s[3] || s[3] == '\\'))
        return s[3] ? device_type(s + 4) : 0;
    return wild(s) ? PATH_ABSND_WC : PATH_ABSND;
}

static uint32_t type_of(const char16_t *s)
{
    if (has_any(s, u"<>\"|"))
        return 0;
    if (s[0] == '\\')
        return s[1] == '\\' ? unc_type(s + 2) : rooted_type(s + 1);
    if (letter(s[0]) && s[1] == ':')
        return !s[2] ? PATH_DISK : wild(s + 2) ? PATH_ABSD_WC : PATH_ABSD;
    uint32_t device = device_type(s);
    if (device)
        return device;
    return wild(s) ? PATH_RELND_WC : PATH_RELND;
}

/* Components of eight characters and an extension of three. */
static bool short_names(const char16_t *s)
{
    if (letter(s[0]) && s[1] == ':')
        s += 2;
    while (*s) {
        size_t name = 0, extension = 0;
        bool dots = *s == '.';
        for (; *s == '.' && dots; s++) /* "." and ".." */
            ;
        for (; *s && *s != '\\' && *s != '.'; s++)
            name++;
        if (*s == '.')
            for (s++; *s && *s != '\\'; s++)
                extension += *s == '.' ? 4 : 1;
        if (name > 8 || extension > 3 || (dots && name))
            return false;
        s += *s == '\\';
    }
    return true;
}

enum werror names_path_type(const char16_t *path, uint32_t flags, uint32_t *ret_type)
{
    size_t len = ustr_nlen(path, NAMES_PATH_MAX + 1);
    if (flags > 1)
        return W_ERROR_INVALID_PARAMETER;
    if (len == 0 || len > NAMES_PATH_MAX || (flags && (len > 128 || !short_names(path))))
        return W_ERROR_INVALID_NAME;
    uint32_t type = type_of(path);
    if (!type)
        return W_ERROR_INVALID_NAME;
    *ret_type = type;
    return W_ERROR_SUCCESS;
}

/* ---- canonical paths: [MS-SRVS] 3.1.4.30, note 113 ---- */

/* Where the components begin that ".." may take away: behind the drive, the server and its share. */
static size_t root_of(const char16_t *s)
{
    if (letter(s[0]) && s[1] == ':')
        return s[2] == '\\' ? 3 : 2;
    if (s[0] != '\\')
        return 0;
    if (s[1] != '\\')
        return 1;
    const char16_t *server = ustr_chr(s + 2, '\\');
    const char16_t *share = server ? ustr_chr(server + 1, '\\') : NULL;
    return share ? (size_t)(share - s) + 1 : ustr_len(s);
}

/* Names of servers and shares are no directories: "..", and "." of a share, are nothing to go through. */
static bool root_ok(const char16_t *s, size_t root)
{
    if (s[0] != '\\' || s[1] != '\\')
        return true;
    for (size_t at = 2, n, part = 0; at < root; at += n + 1, part++) {
        for (n = 0; at + n < root && s[at + n] != '\\';)
            n++;
        if ((n == 2 && s[at] == '.' && s[at + 1] == '.') || (n == 1 && s[at] == '.' && part))
            return false;
    }
    return true;
}

/* In place; there is room for one unit more. False: it leads out of its root. */
static bool reduce(char16_t *s)
{
    size_t len = ustr_len(s), root = root_of(s), to = root;
    bool unc = s[0] == '\\' && s[1] == '\\';
    if (!root_ok(s, root))
        return false;
    for (size_t from = root, n; from < len; from += n + 1) {
        for (n = 0; from + n < len && s[from + n] != '\\';)
            n++;
        if (n == 2 && s[from] == '.' && s[from + 1] == '.') {
            if (to == root)
                return false;
            to--; /* the backslash behind the last component */
            while (to > root && s[to - 1] != '\\')
                to--;
        } else if (n && !(n == 1 && s[from] == '.')) {
            for (size_t i = 0; i < n; i++)
                s[to++] = s[from + i];
            s[to++] = '\\'; /* in the place of one, or of the terminator */
        }
    }
    bool devices = unc && s[2] == '.' && to == 4;              /* without its end, this prefix is no path */
    if ((to > root || (unc && s[to - 1] == '\\')) && !devices) /* none at the end, but for that of a root */
        to--;
    s[to] = 0;
    return root || !(letter(s[0]) && s[1] == ':'); /* "a\..\b:c" would be on another drive */
}

/* prefix and path together, with backslashes. */
static bool join(const char16_t *prefix, const char16_t *path, char16_t *ret, size_t cap)
{
    ret[0] = 0;
    if (*prefix) {
        size_t n = ustr_nlen(prefix, cap);
        if (ustr_append(ret, cap, prefix) != STATUS_SUCCESS)
            return false;
        if (prefix[n - 1] != '\\' && prefix[n - 1] != '/' && ustr_append(ret, cap, u"\\") != STATUS_SUCCESS)
            return false;
    }
    if (ustr_append(ret, cap, path) != STATUS_SUCCESS)
        return false;
    for (char16_t *p = ret; *p; p++)
        if (*p == '/')
            *p = '\\';
    return true;
}

/* Devices in capitals and without colon; a disk keeps both. */
static void tidy_device(char16_t *s, uint32_t type)
{
    size_t n = ustr_len(s);
    if (type != PATH_LPT && type != PATH_COM)
        return;
    ustr_upcase_string(s, n);
    if (n && s[n - 1] == ':')
        s[n - 1] = 0;
}

enum werror names_path_canonicalize(const char16_t *path, const char16_t *prefix, uint32_t flags,
                                    char16_t *ret, size_t cap, uint32_t *ret_type)
{
    char16_t whole[2 * NAMES_PATH_MAX + 3];
    uint32_t type;
    if (flags & ~UINT32_C(0x80000001)) /* note 111 */
        return W_ERROR_INVALID_PARAMETER;
    if (names_path_type(path, 0, &type) != W_ERROR_SUCCESS ||
        (*prefix && names_path_type(prefix, 0, &type) != W_ERROR_SUCCESS) ||
        !join(prefix, path, whole, sizeof whole / sizeof whole[0] - 1) || !reduce(whole))
        return W_ERROR_INVALID_NAME;
    if (names_path_type(whole, 0, &type) != W_ERROR_SUCCESS)
        return W_ERROR_INVALID_NAME;
    tidy_device(whole, type);
    if (ustr_copy(ret, cap, whole) != STATUS_SUCCESS)
        return W_NERR_BufTooSmall;
    *ret_type = type;
    return W_ERROR_SUCCESS;
}

static int32_t sign(int v)
{
    return v < 0 ? -1 : v > 0;
}

int32_t names_path_compare(const char16_t *a, const char16_t *b, uint32_t flags)
{
    char16_t x[NAMES_PATH_MAX + 1], y[NAMES_PATH_MAX + 1];
    uint32_t a_type, b_type;
    if (flags > 1)
        return (int32_t)W_ERROR_INVALID_PARAMETER;
    if (flags)
        return sign(ustr_cmp(a, b));
    if (names_path_canonicalize(a, u"", 0, x, NAMES_PATH_MAX + 1, &a_type) != W_ERROR_SUCCESS ||
        names_path_canonicalize(b, u"", 0, y, NAMES_PATH_MAX + 1, &b_type) != W_ERROR_SUCCESS)
        return (int32_t)W_ERROR_INVALID_NAME;
    return a_type != b_type ? 1 : sign(ustr_cmp(x, y));
}

/* ---- names: [MS-SRVS] 2.2.2.8, 3.1.4.33 ---- */

enum { LM = INT32_MIN }; /* flags: 0x80000000, as LAN Manager 2.x had it */

static const struct kind {
    uint16_t min, max, lm_max;
    bool upper, lm_upper;
    bool any; /* all characters are allowed */
    const char16_t *more;
} kinds[] = {
    [1] = { 1, 256, 20, false, true, false, u"" },  /* user */
    [2] = { 0, 256, 14, false, false, true, u"" },  /* password */
    [3] = { 1, 256, 20, false, true, false, u"" },  /* group */
    [4] = { 1, 259, 15, false, true, false, u"*" }, /* computer */
    [5] = { 1, 16, 16, true, true, false, u"" },    /* event */
    [6] = { 1, 15, 15, false, true, false, u"* " }, /* domain */
    [7] = { 1, 80, 15, false, true, false, u"" },   /* service */
    [8] = { 1, 259, 259, true, true, false, u"" },  /* net */
    [9] = { 1, 80, 12, false, true, false, u"" },   /* share */
    [10] = { 1, 15, 15, true, true, false, u"" },   /* message */
    [11] = { 1, 259, 259, true, true, false, u"" }, /* message destination */
    [12] = { 0, 8, 8, false, false, true, u"" },    /* share password */
    [13] = { 1, 15, 15, false, true, false, u"" },  /* workgroup */
};
enum { COMPUTER = 4, MESSAGE = 10, DESTINATION = 11, KINDS = sizeof kinds / sizeof kinds[0] };

static const struct kind *kind_of(uint32_t type)
{
    return type && type < KINDS ? &kinds[type] : NULL;
}

static size_t most(const struct kind *k, uint32_t flags)
{
    return flags & (uint32_t)LM ? k->lm_max : k->max;
}

static bool characters_ok(const struct kind *k, uint32_t type, const char16_t *s, size_t len, size_t max)
{
    for (size_t i = 0; i < len && !k->any; i++) {
        if (s[i] < 0x20 || ustr_chr(u"\"/\\[]:|<>+=;,?", s[i]) || ustr_chr(k->more, s[i]))
            return false;
        if (type == DESTINATION && s[i] == '*' && i + 1 < len)
            return false;
    }
    if (type == DESTINATION && len == max && s[len - 1] != '*')
        return false;
    return type != COMPUTER || (s[0] != ' ' && s[len - 1] != ' ');
}

static enum werror validate(const char16_t *name, uint32_t type, uint32_t flags)
{
    const struct kind *k = kind_of(type);
    if (!k)
        return W_ERROR_INVALID_PARAMETER;
    size_t max = most(k, flags), len = ustr_nlen(name, max + 1);
    return len >= k->min && len <= max && characters_ok(k, type, name, len, max) ? W_ERROR_SUCCESS
                                                                                 : W_ERROR_INVALID_NAME;
}

enum werror names_validate(const char16_t *name, uint32_t type, uint32_t flags)
{
    if (flags != 0 && flags != (uint32_t)LM) /* note 120 */
        return W_ERROR_INVALID_PARAMETER;
    return validate(name, type, flags);
}

enum werror names_canonicalize(const char16_t *name, uint32_t type, uint32_t flags, char16_t *ret, size_t cap)
{
    const struct kind *k = kind_of(type);
    if (!k || (flags & ~((uint32_t)LM | 1)))
        return W_ERROR_INVALID_PARAMETER;
    enum werror we = validate(name, type, 0); /* LAN Manager's names are made by cutting what is longer */
    if (we != W_ERROR_SUCCESS)
        return we;
    size_t len = ustr_len(name), longest = type == MESSAGE ? NAMES_MAX - 1 : most(k, flags);
    if (len > longest)
        len = longest;
    if (cap <= len || ((flags & 1) && cap < longest))
        return W_NERR_BufTooSmall;
    for (size_t i = 0; i < len; i++)
        ret[i] = name[i];
    ret[len] = 0;
    if (flags & (uint32_t)LM ? k->lm_upper : k->upper)
        ustr_upcase_string(ret, len);
    return W_ERROR_SUCCESS;
}

/* Passwords and messages of LAN Manager have case. */
static bool has_case(uint32_t type, uint32_t flags)
{
    return (flags & (uint32_t)LM) && (type == 2 || type == 12 || type == 10 || type == 11);
}

int32_t names_compare(const char16_t *a, const char16_t *b, uint32_t type, uint32_t flags)
{
    char16_t x[NAMES_MAX], y[NAMES_MAX];
    if (!kind_of(type) || (flags & ~((uint32_t)LM | 1)))
        return (int32_t)W_ERROR_INVALID_PARAMETER;
    if (!(flags & 1)) {
        if (names_canonicalize(a, type, flags, x, NAMES_MAX) != W_ERROR_SUCCESS ||
            names_canonicalize(b, type, flags, y, NAMES_MAX) != W_ERROR_SUCCESS)
            return (int32_t)W_ERROR_INVALID_PARAMETER;
        a = x;
        b = y;
    }
    return sign(has_case(type, flags) ? ustr_cmp(a, b) : ustr_casecmp(a, b));
}
