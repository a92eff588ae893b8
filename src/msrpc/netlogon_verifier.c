// SPDX-License-Identifier: Apache-2.0
/*
 * The server's side of a secure channel: challenges, keys, and whose they are ([MS-NRPC] 3.5.1, 3.5.4.4.1,
 * 3.5.4.4.2). A challenge serves one try, whether it succeeds or not; only who has authenticated takes a
 * place that lasts.
 */
#include <stdlib.h>
#include <string.h>
#include <msrpc/netlogon_chain.h>
#include <msrpc/unistr.h>
#include "base/cursor.h"
#include "crypto/crypto.h"
#include "msrpc/m_netlogon.h"

/* Challenges that wait for their second step. Anybody can ask for one: the oldest give way, so that a flood
 * costs others a second try and no memory. */
#define CHALLENGES_MAX 1024u
/* The second step follows at once; who takes longer starts anew. */
#define CHALLENGE_LIFE (120 * NT_TIME_PER_SECOND)
/* Computers with a key, each with an account of its own and some 300 bytes. More than a domain has that one
 * process of ours serves; beyond, new ones are refused. */
#define SESSIONS_MAX 65536u
#define BUCKETS      1024u
/* Account names: "WS1$", or of a trust "LAB.EXAMPLE." */
#define ACCOUNT_MAX 260u

struct challenge {
    char computer[NL_NETBIOS_MAX + 1]; /* "": unused */
    uint8_t client[8], server[8];
    uint64_t until;
};

struct session {
    struct session *next;
    char computer[NL_NETBIOS_MAX + 1];
    struct nl_chain chain;
    uint32_t flags, requested;
    struct nt_sid user, primary;
    uint32_t control;
    char account[];
};

struct nl_verifier {
    const struct nt_env *env;
    char domain[SEC_SCHANNEL_NAME_MAX + 1];
    nl_account_fn *account;
    void *arg;
    struct challenge challenges[CHALLENGES_MAX];
    unsigned next; /* the oldest */
    struct session *buckets[BUCKETS];
    unsigned n_sessions;
};

/* ---- names ---- */

/* A computer's name as it is looked for: ASCII without what ends names elsewhere, in upper case. */
static bool take_computer(const char16_t *name, char ret[NL_NETBIOS_MAX + 1])
{
    size_t n = 0;
    char text[NL_NETBIOS_MAX];
    for (; name[n]; n++) {
        if (n == NL_NETBIOS_MAX || name[n] <= ' ' || name[n] >= 0x7f || name[n] == '\\' || name[n] == '/' ||
            name[n] == '.' || name[n] == '$')
            return false;
        text[n] = (char)name[n];
    }
    nl_upper(text, n, ret);
    return n != 0;
}

static bool take_account(const char16_t *name, char ret[ACCOUNT_MAX + 1])
{
    size_t n = 0;
    for (; name[n]; n++) {
        if (n == ACCOUNT_MAX || name[n] <= ' ' || name[n] >= 0x7f || name[n] == '\\' || name[n] == '/')
            return false;
        ret[n] = (char)name[n];
    }
    ret[n] = '\0';
    return n != 0;
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool same(const char *a, const char *b)
{
    while (*a && upper(*a) == upper(*b)) {
        a++;
        b++;
    }
    return upper(*a) == upper(*b);
}

/* Computers log on as themselves; names of trusts are others than those of their domain controllers. */
static bool is_own_account(enum netlogon_NETLOGON_SECURE_CHANNEL_TYPE type, const char *account,
                           const char *computer)
{
    size_t n = strlen(account);
    char name[ACCOUNT_MAX + 1];
    if (type != netlogon_WorkstationSecureChannel && type != netlogon_ServerSecureChannel &&
        type != netlogon_CdcServerSecureChannel)
        return true;
    if (n < 2 || account[n - 1] != '$')
        return false;
    memcpy(name, account, n - 1);
    name[n - 1] = '\0';
    return same(name, computer);
}

static unsigned bucket_of(const char *computer)
{
    uint32_t h = 2166136261U;
    for (; *computer; computer++)
        h = (h ^ (uint8_t)*computer) * 16777619U;
    return h % BUCKETS;
}

/* ---- life ---- */

enum nt_status nl_verifier_new(const struct nt_env *env, const char *domain, nl_account_fn *account,
                               void *arg, struct nl_verifier **ret)
{
    size_t n = strlen(domain);
    if (!n || n > NL_NETBIOS_MAX || !account)
        return STATUS_INVALID_PARAMETER;
    struct nl_verifier *v = calloc(1, sizeof *v);
    if (!v)
        return STATUS_NO_MEMORY;
    v->env = env ? env : nt_env_system();
    nl_upper(domain, n, v->domain);
    v->account = account;
    v->arg = arg;
    *ret = v;
    return STATUS_SUCCESS;
}

static void session_free(struct session *s)
{
    nt_wipe(&s->chain, sizeof s->chain);
    free(s);
}

void nl_verifier_free(struct nl_verifier *v)
{
    if (!v)
        return;
    for (unsigned i = 0; i < BUCKETS; i++)
        while (v->buckets[i]) {
            struct session *s = v->buckets[i];
            v->buckets[i] = s->next;
            session_free(s);
        }
    nt_wipe(v, sizeof *v);
    free(v);
}

/* ---- sessions ---- */

static struct session **find(struct nl_verifier *v, const char *computer)
{
    struct session **p = &v->buckets[bucket_of(computer)];
    while (*p && strcmp((*p)->computer, computer) != 0)
        p = &(*p)->next;
    return p;
}

static struct session *find_any_case(struct nl_verifier *v, const char *computer)
{
    char name[NL_NETBIOS_MAX + 1];
    size_t n = strlen(computer);
    if (n > NL_NETBIOS_MAX)
        return NULL;
    nl_upper(computer, n, name);
    return *find(v, name);
}

/* In place of the computer's last session: its connections go on with the key that they have. */
static enum nt_status keep(struct nl_verifier *v, const char *computer, const char *account,
                           const struct sec_account *a, const struct session *facts)
{
    struct session **p = find(v, computer), *old = *p;
    size_t n = strlen(account) + 1;
    if (!old && v->n_sessions == SESSIONS_MAX)
        return STATUS_INSUFFICIENT_RESOURCES;
    struct session *s = calloc(1, sizeof *s + n);
    if (!s)
        return STATUS_NO_MEMORY;
    *s = *facts;
    memcpy(s->computer, computer, strlen(computer) + 1);
    memcpy(s->account, account, n);
    s->user = a->user;
    s->primary = a->primary;
    s->control = a->control;
    s->next = old ? old->next : NULL;
    *p = s;
    if (old)
        session_free(old);
    else
        v->n_sessions++;
    return STATUS_SUCCESS;
}

/* ---- the two steps ---- */

static struct challenge *find_challenge(struct nl_verifier *v, const char *computer)
{
    for (unsigned i = 0; i < CHALLENGES_MAX; i++)
        if (strcmp(v->challenges[i].computer, computer) == 0)
            return &v->challenges[i];
    return NULL;
}

enum nt_status nl_verifier_challenge(struct nl_verifier *v, struct netlogon_NetrServerReqChallenge *r)
{
    char computer[NL_NETBIOS_MAX + 1];
    uint8_t client[8];
    memcpy(client, r->in.ClientChallenge.data, 8);
    if (!take_computer(r->in.ComputerName, computer))
        return STATUS_INVALID_COMPUTER_NAME;
    struct challenge *c = find_challenge(v, computer), fresh = { .until = 0 };
    memcpy(fresh.computer, computer, sizeof computer);
    memcpy(fresh.client, client, 8);
    fresh.until = v->env->wall(v->env->arg) + CHALLENGE_LIFE;
    enum nt_status st = v->env->random(v->env->arg, fresh.server, 8);
    if (st != STATUS_SUCCESS)
        return st;
    if (!c) {
        c = &v->challenges[v->next];
        v->next = (v->next + 1) % CHALLENGES_MAX;
    }
    *c = fresh;
    memcpy(r->out.ServerChallenge.data, fresh.server, 8);
    return STATUS_SUCCESS;
}

/* Takes the computer's challenge away, so that it serves but once. */
static bool take_challenge(struct nl_verifier *v, const char *computer, struct challenge *ret)
{
    struct challenge *c = find_challenge(v, computer);
    if (!c)
        return false;
    *ret = *c;
    memset(c, 0, sizeof *c);
    return ret->until >= v->env->wall(v->env->arg);
}

static enum nt_status prove(struct nl_verifier *v, const struct challenge *c, const char *account,
                            struct netlogon_NetrServerAuthenticate3 *r, const struct sec_account *a)
{
    struct session s = { .requested = r->in.NegotiateFlags };
    uint8_t want[8], answer[8];
    uint32_t rid = a->user.count ? a->user.sub[a->user.count - 1] : 0;
    nl_session_key(a->nt_hash, c->client, c->server, s.chain.key);
    nl_credential(s.chain.key, c->client, want);
    enum nt_status st = STATUS_ACCESS_DENIED;
    if (!nl_too_simple(c->client) && cr_equal(want, r->in.ClientCredential.data, 8)) {
        memcpy(s.chain.stored, want, 8);
        s.flags = r->in.NegotiateFlags & NL_FLAGS_SUPPORTED;
        nl_credential(s.chain.key, c->server, answer);
        st = keep(v, c->computer, account, a, &s);
    }
    if (st == STATUS_SUCCESS) {
        memcpy(r->out.ServerCredential.data, answer, 8);
        r->out.NegotiateFlags = s.flags;
        r->out.AccountRid = rid;
    }
    nt_wipe(&s.chain, sizeof s.chain);
    return st;
}

enum nt_status nl_verifier_authenticate(struct nl_verifier *v, struct netlogon_NetrServerAuthenticate3 *r)
{
    char computer[NL_NETBIOS_MAX + 1], account[ACCOUNT_MAX + 1];
    struct sec_account a = { .size = sizeof a };
    struct challenge c;
    memset(&r->out, 0, sizeof r->out);
    if (!take_computer(r->in.ComputerName, computer) || !take_account(r->in.AccountName, account))
        return STATUS_INVALID_PARAMETER;
    if (!take_challenge(v, computer, &c))
        return STATUS_ACCESS_DENIED;
    if ((r->in.NegotiateFlags & NL_FLAGS_REQUIRED) != NL_FLAGS_REQUIRED)
        return STATUS_DOWNGRADE_DETECTED;
    if (!is_own_account(r->in.SecureChannelType, account, computer))
        return STATUS_NO_TRUST_SAM_ACCOUNT;
    struct nt_arena *mem = nt_arena_new_secret(0);
    if (!mem)
        return STATUS_NO_MEMORY;
    enum nt_status st = v->account(v->arg, account, r->in.SecureChannelType, mem, &a);
    if (st == STATUS_NO_SUCH_USER)
        st = STATUS_NO_TRUST_SAM_ACCOUNT;
    else if (st != STATUS_SUCCESS && nt_ok(st))
        st = STATUS_ACCESS_DENIED;
    if (st == STATUS_SUCCESS)
        st = prove(v, &c, account, r, &a);
    nt_wipe(&a, sizeof a);
    nt_wipe(&c, sizeof c);
    nt_arena_free(mem);
    return st;
}

/* ---- what a server asks later ---- */

struct nl_chain *nl_verifier_chain(struct nl_verifier *v, const char *computer)
{
    struct session *s = find_any_case(v, computer);
    return s ? &s->chain : NULL;
}

bool nl_verifier_flags(struct nl_verifier *v, const char *computer, uint32_t *ret_negotiated,
                       uint32_t *ret_requested)
{
    const struct session *s = find_any_case(v, computer);
    if (!s)
        return false;
    *ret_negotiated = s->flags;
    *ret_requested = s->requested;
    return true;
}

enum nt_status nl_verifier_schannel(void *arg, const char *computer, const char *domain, struct nt_arena *mem,
                                    struct sec_schannel_key *ret, struct sec_account *ret_account)
{
    struct nl_verifier *v = arg;
    const struct session *s = find_any_case(v, computer);
    if (!s || (*domain && !same(domain, v->domain)))
        return STATUS_ACCESS_DENIED;
    ret_account->account = nt_arena_strdup(mem, s->account);
    ret_account->domain = nt_arena_strdup(mem, v->domain);
    if (!ret_account->account || !ret_account->domain)
        return STATUS_NO_MEMORY;
    ret_account->user = s->user;
    ret_account->primary = s->primary;
    ret_account->control = s->control;
    memcpy(ret->key, s->chain.key, sizeof ret->key);
    memcpy(ret->computer, s->computer, sizeof s->computer);
    memcpy(ret->domain, v->domain, sizeof v->domain);
    return STATUS_SUCCESS;
}
