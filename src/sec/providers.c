// SPDX-License-Identifier: Apache-2.0
/* The providers that are built in, and what they share. */
#include <arpa/inet.h>
#include <string.h>

#include "sec/m_sec.h"

/* The n-th provider; NULL past the end or where one is not built in. */
#define PROVIDERS 4u
static const struct sec_provider *provider(size_t n)
{
    return n == 0 ? &sec_spnego : n == 1 ? &sec_ntlm : n == 2 ? &sec_schannel : sec_krb5_provider();
}

const struct sec_provider *sec_provider_by_name(const char *name)
{
    for (size_t i = 0; i < PROVIDERS; i++)
        if (provider(i) && strcmp(provider(i)->name, name) == 0)
            return provider(i);
    return NULL;
}

const struct sec_provider *sec_provider_by_type(uint8_t rpc_auth_type)
{
    for (size_t i = 0; i < PROVIDERS; i++)
        if (provider(i) && provider(i)->rpc_auth_type == rpc_auth_type)
            return provider(i);
    return NULL;
}

enum sec_mech sec_wanted_mech(const struct sec_params *p)
{
    if (p->mech != SEC_MECH_AUTO)
        return p->mech;
    return p->creds ? p->creds->mech : SEC_MECH_AUTO;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool sec_same_name(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t i = 0;

    while (i < a_len && i < b_len && lower(a[i]) == lower(b[i]))
        i++;
    return i == a_len && i == b_len;
}

bool sec_is_address(const char *host)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr addr;
    size_t n = strcspn(host, "%"); /* a zone id follows */

    if (host[0] == '[' && n > 0) {
        host++;
        n = strcspn(host, "]%");
    }
    if (n >= sizeof(text))
        return false;
    memcpy(text, host, n);
    text[n] = '\0';
    return inet_pton(AF_INET6, text, &addr) == 1 || inet_pton(AF_INET, text, &addr) == 1;
}

enum nt_status sec_check_host(const struct sec_params *p)
{
    const char *host = p->host;

    if (!host || !*host)
        return nt_error_set(p->err, STATUS_INVALID_PARAMETER, "the server has no name");
    for (const char *s = host; *s; s++)
        if ((unsigned char)*s <= ' ' || *s == 0x7F || strchr("/\\@\"", *s))
            return nt_error_set(p->err, STATUS_INVALID_PARAMETER, "'%s' is not a host name", host);
    /* A host name with marshalled credentials behind it makes a Windows client authenticate to one machine
     * with a ticket for another (CVE-2025-33073): no real host is called so. */
    if (strstr(host, "1UWhRC"))
        return nt_error_set(p->err, STATUS_INVALID_PARAMETER, "'%s' hides a second target behind a host name",
                            host);
    return STATUS_SUCCESS;
}
