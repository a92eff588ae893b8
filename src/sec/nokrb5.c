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
