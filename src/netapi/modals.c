// SPDX-License-Identifier: Apache-2.0
/* NetUserModalsGet: the policy of the account database, [MS-SAMR] 3.1.5.5.1. */
#include <string.h>

#include "netapi/m_sam.h"

/* Everything that the levels show. */
struct policy {
    DWORD level;
    struct samr_DOMAIN_PASSWORD_INFORMATION password;
    uint64_t force_logoff;
    uint32_t role;
    struct dtyp_RPC_UNICODE_STRING primary;
    struct samr_SAMPR_DOMAIN_LOCKOUT_INFORMATION lockout;
    struct sam_domain domain;
};

/* A duration is a negative number of 100 ns; the most negative one has no end. */
static DWORD duration(uint64_t t)
{
    if (t == 0)
        return 0;
    if (t == UINT64_C(1) << 63 || (int64_t)t > 0)
        return TIMEQ_FOREVER;
    uint64_t s = (0 - t) / NT_TIME_PER_SECOND;
    return s < TIMEQ_FOREVER ? (DWORD)s : TIMEQ_FOREVER;
}

static void fill(struct net_buf *b, size_t i, void *to, const void *from)
{
    const struct policy *p = from;
    (void)i;
    if (p->level == 0) {
        USER_MODALS_INFO_0 *m = to;
        m->usrmod0_min_passwd_len = p->password.MinPasswordLength;
        m->usrmod0_max_passwd_age = duration(sam_time(&p->password.MaxPasswordAge));
        if (m->usrmod0_max_passwd_age == 0) /* Samba's way to say so */
            m->usrmod0_max_passwd_age = TIMEQ_FOREVER;
        m->usrmod0_min_passwd_age = duration(sam_time(&p->password.MinPasswordAge));
        m->usrmod0_force_logoff = duration(p->force_logoff);
        m->usrmod0_password_hist_len = p->password.PasswordHistoryLength;
    } else if (p->level == 1) {
        USER_MODALS_INFO_1 *m = to;
        m->usrmod1_role = p->role == samr_DomainServerRolePrimary ? UAS_ROLE_PRIMARY : UAS_ROLE_BACKUP;
        m->usrmod1_primary = sam_put(b, &p->primary);
    } else if (p->level == 2) {
        USER_MODALS_INFO_2 *m = to;
        m->usrmod2_domain_name = net_put_string(b, p->domain.name);
        m->usrmod2_domain_id = sam_put_sid(b, &p->domain.sid);
    } else {
        USER_MODALS_INFO_3 *m = to;
        m->usrmod3_lockout_duration = duration((uint64_t)p->lockout.LockoutDuration.QuadPart);
        m->usrmod3_lockout_observation_window =
            duration((uint64_t)p->lockout.LockoutObservationWindow.QuadPart);
        m->usrmod3_lockout_threshold = p->lockout.LockoutThreshold;
    }
}

static enum nt_status ask(struct net_call *c, const struct sam_domain *d,
                          enum samr_DOMAIN_INFORMATION_CLASS level,
                          const union samr_SAMPR_DOMAIN_INFO_BUFFER **ret)
{
    struct samr_SamrQueryInformationDomain2 r = { .in.DomainHandle = d->h,
                                                  .in.DomainInformationClass = level };
    enum nt_status st = sam_run(c, &samr_SamrQueryInformationDomain2_op, &r, &r.out.result);
    if (st == RPC_NT_PROCNUM_OUT_OF_RANGE) { /* NT 4 */
        c->err.text[0] = 0;
        struct samr_SamrQueryInformationDomain r1 = { .in.DomainHandle = d->h,
                                                      .in.DomainInformationClass = level };
        st = sam_run(c, &samr_SamrQueryInformationDomain_op, &r1, &r1.out.result);
        r.out.Buffer = r1.out.Buffer;
    }
    if (nt_ok(st) && !r.out.Buffer)
        return nt_error_set(&c->err, STATUS_INVALID_NETWORK_RESPONSE, "%s said yes and sent no policy",
                            c->srv->name);
    *ret = r.out.Buffer;
    return st;
}

static enum nt_status query(struct net_call *c, struct policy *p)
{
    const union samr_SAMPR_DOMAIN_INFO_BUFFER *b;
    enum nt_status st = sam_domain(c, SAM_ACCOUNT, &p->domain);
    if (!nt_ok(st) || p->level == 2)
        return st;
    st = ask(c, &p->domain,
             p->level == 0   ? samr_DomainPasswordInformation
             : p->level == 1 ? samr_DomainServerRoleInformation
                             : samr_DomainLockoutInformation,
             &b);
    if (!nt_ok(st))
        return st;
    if (p->level == 3) {
        p->lockout = b->Lockout;
        return st;
    }
    if (p->level == 0)
        p->password = b->Password;
    else
        p->role = b->Role.DomainServerRole;
    st = ask(c, &p->domain, p->level == 0 ? samr_DomainLogoffInformation : samr_DomainReplicationInformation,
             &b);
    if (!nt_ok(st))
        return st;
    if (p->level == 0)
        p->force_logoff = sam_time(&b->Logoff.ForceLogoff);
    else
        p->primary = b->Replication.ReplicaSourceNodeName;
    if (!sam_string_ok(&p->primary))
        return nt_error_set(&c->err, STATUS_INVALID_NETWORK_RESPONSE, "%s sent a name without characters",
                            c->srv->name);
    return st;
}

NET_API_STATUS NET_API_FUNCTION NetUserModalsGet(LPCWSTR servername, DWORD level, LPBYTE *bufptr)
{
    static const size_t sizes[] = { sizeof(USER_MODALS_INFO_0), sizeof(USER_MODALS_INFO_1),
                                    sizeof(USER_MODALS_INFO_2), sizeof(USER_MODALS_INFO_3) };
    struct net_call c;
    struct policy p = { .level = level };
    uint8_t *block = NULL;
    enum nt_status st = net_begin(&c, servername, "NetUserModalsGet");
    if (nt_ok(st))
        st = !bufptr ? STATUS_INVALID_PARAMETER : level > 3 ? STATUS_INVALID_LEVEL : STATUS_SUCCESS;
    if (nt_ok(st))
        st = query(&c, &p);
    if (nt_ok(st))
        st = net_fill(1, sizes[level], fill, &p, &block);
    if (bufptr)
        *bufptr = block;
    return net_end(&c, st);
}
