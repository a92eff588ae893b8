// SPDX-License-Identifier: Apache-2.0
/* Who may log on to a scratch server: one account, in memory. */
#include <stdlib.h>
#include <string.h>
#include <msrpc/unistr.h>
#include "base/cursor.h"
#include "crypto/crypto.h"
#include "msrpcd.h"

static const char16_t admin[] = u"admin";
#define ADMIN_LEN (sizeof admin / sizeof admin[0] - 1)

struct accounts {
    uint8_t nt_hash[16]; /* [MS-NLMP] 3.3.1: MD4 of the password in UTF-16LE */
};

enum nt_status accounts_new(const char *password, struct accounts **ret)
{
    char16_t *wide;
    size_t len;
    struct accounts *a = calloc(1, sizeof *a);
    if (!a)
        return STATUS_NO_MEMORY;
    enum nt_status st = ustr_from_utf8(password, strlen(password), &wide, &len);
    if (st != STATUS_SUCCESS) {
        free(a);
        return st;
    }
    for (size_t i = 0; i < len; i++)
        put_le16((uint8_t *)&wide[i], wide[i]);
    cr_md4(wide, 2 * len, a->nt_hash);
    nt_wipe(wide, 2 * len);
    free(wide);
    *ret = a;
    return STATUS_SUCCESS;
}

void accounts_free(struct accounts *a)
{
    if (!a)
        return;
    nt_wipe(a, sizeof *a);
    free(a);
}

/* The domain is not looked at: clients send their own, or none, to a server that is in no domain. */
enum nt_status accounts_nt_hash(void *arg, const char16_t *user, size_t user_len, const char16_t *domain,
                                size_t domain_len, uint8_t ret_hash[16])
{
    const struct accounts *a = arg;
    (void)domain;
    (void)domain_len;
    if (user_len != ADMIN_LEN || ustr_ncasecmp(user, admin, ADMIN_LEN) != 0)
        return STATUS_NO_SUCH_USER;
    memcpy(ret_hash, a->nt_hash, sizeof a->nt_hash);
    return STATUS_SUCCESS;
}
