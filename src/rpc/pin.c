// SPDX-License-Identifier: Apache-2.0
/* See m_pin.h. Reconnecting must not be a way to less protection (CVE-2017-12151, CVE-2024-43532). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rpc/m_pin.h"

enum nt_status rpc_pin_new(const struct rpc_facts *f, struct rpc_pin **ret)
{
    struct rpc_pin *p = calloc(1, sizeof *p);
    if (!p)
        return STATUS_NO_MEMORY;
    memcpy(&p->f, f, f->size < sizeof p->f ? f->size : sizeof p->f);
    p->f.size = sizeof p->f;
    snprintf(p->provider, sizeof p->provider, "%s", p->f.provider ? p->f.provider : "");
    snprintf(p->session_mech, sizeof p->session_mech, "%s", p->f.session_mech ? p->f.session_mech : "");
    p->principal = strdup(p->f.principal ? p->f.principal : "");
    if (!p->principal) {
        free(p);
        return STATUS_NO_MEMORY;
    }
    p->f.provider = p->f.provider ? p->provider : NULL;
    p->f.session_mech = p->f.session_mech ? p->session_mech : NULL;
    p->f.principal = p->f.principal ? p->principal : NULL;
    p->f.protseq = p->f.endpoint = p->f.host = p->f.peer = p->f.transfer = p->f.session_principal = NULL;
    p->f.session = NULL;
    *ret = p;
    return STATUS_SUCCESS;
}

void rpc_pin_free(struct rpc_pin *p)
{
    if (!p)
        return;
    free(p->principal);
    free(p);
}

static bool same(const char *was, const char *is)
{
    return !was || (is && strcmp(was, is) == 0);
}

static unsigned cipher_bits(enum npc_cipher c)
{
    switch (c) {
    case NPC_AES256_GCM:
    case NPC_AES256_CCM:
        return 256;
    case NPC_AES128_GCM:
    case NPC_AES128_CCM:
        return 128;
    case NPC_CIPHER_NONE:
    default:
        return 0;
    }
}

const char *rpc_pin_less(const struct rpc_pin *p, const struct rpc_facts *now)
{
    const struct rpc_facts *was = &p->f;
    if (now->level < was->level)
        return "a lower level of protection";
    if (!same(was->provider, now->provider))
        return "another security provider";
    if (!same(was->principal, now->principal))
        return "another service principal";
    if (was->header_sign && !now->header_sign)
        return "headers that are not signed";
    if (now->security_key_len < was->security_key_len)
        return "a shorter session key";
    if (now->dialect < was->dialect)
        return "an older SMB dialect";
    if (was->session_signed && !now->session_signed)
        return "an SMB session that is not signed";
    if ((was->session_encrypted && !now->session_encrypted) ||
        cipher_bits(now->cipher) < cipher_bits(was->cipher))
        return "less encryption of the SMB session";
    if (!same(was->session_mech, now->session_mech))
        return "another mechanism of the SMB session";
    return NULL;
}

enum sec_mech rpc_pin_mech(const struct rpc_pin *p)
{
    const char *name = p ? p->f.provider : NULL;
    if (!name)
        return SEC_MECH_AUTO;
    if (strstr(name, "krb5"))
        return SEC_MECH_KRB5;
    return strstr(name, "ntlm") ? SEC_MECH_NTLM : SEC_MECH_AUTO;
}

void rpc_pin_session(const struct rpc_pin *p, struct npc_options *n)
{
    if (!p)
        return;
    if (n->min_dialect < p->f.dialect)
        n->min_dialect = p->f.dialect;
    if (p->f.session_encrypted)
        n->protection = NPC_PROTECT_ENCRYPT;
}
