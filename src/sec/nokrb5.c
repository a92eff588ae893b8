// SPDX-License-Identifier: Apache-2.0
/* In place of krb5.c in builds without GSSAPI (-Dgssapi=disabled: static programs). */
#include "sec/m_sec.h"

bool sec_krb5_applicable(const struct sec_params *p)
{
    (void)p;
    return false;
}

const struct sec_provider *sec_krb5_provider(void)
{
    return NULL;
}

enum nt_status sec_krb5_copy(const char *name, struct wr *w, struct sec_krb5_copy *ret, struct nt_error *err)
{
    (void)name;
    (void)w;
    (void)ret;
    return nt_error_set(err, STATUS_NOT_SUPPORTED, "this build has no Kerberos");
}
