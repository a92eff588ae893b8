// SPDX-License-Identifier: Apache-2.0
/*
 * A computer's secure channel with a real domain controller: netlogon_live BINDING COMPUTER DOMAIN PASSWORD
 * USER USERPASSWORD. Opens it, logs a user on over it, asks for the domain; and what goes wrong when it
 * should.
 */
#include "msrpc_check.h"
#include <time.h>
#include <msrpc/netlogon_chain.h>
#include "crypto/crypto.h"

static struct nt_error err;
static const struct rpc_binding *binding;
static struct nl_options options = NL_OPTIONS_INIT;

static enum nt_status open_channel(const struct nl_options *o, struct nl_channel **ret)
{
    struct rpc_options ro = RPC_OPTIONS_INIT;
    err.text[0] = 0;
    ro.error = &err;
    return nl_channel_open(binding, o, &ro, ret);
}

static void hash_of(const char *password, uint8_t ret[16])
{
    const char16_t *w = wide(password);
    size_t n = 0;
    while (w[n])
        n++;
    cr_md4(w, 2 * n, ret); /* this test runs on little endian machines only */
}

static struct dtyp_RPC_UNICODE_STRING counted(const char *s)
{
    char16_t *w = nt_arena_strdup16(mem, wide(s));
    size_t n = strlen(s);
    return (struct dtyp_RPC_UNICODE_STRING){ (uint16_t)(2 * n), (uint16_t)(2 * n), w };
}

/* NetrLogonSamLogonEx needs no authenticator: the sealed channel alone says who asks. */
static void log_on(struct nl_channel *c, const char *computer, const char *domain, const char *user,
                   const char *password, enum nt_status want)
{
    struct netlogon_NETLOGON_INTERACTIVE_INFO info = { .Identity = { .LogonDomainName = counted(domain),
                                                                     .UserName = counted(user),
                                                                     .Workstation = counted(computer) } };
    struct netlogon_NetrLogonSamLogonEx r = { .in = { .LogonServer = NULL,
                                                      .ComputerName = wide(computer),
                                                      .LogonLevel = netlogon_NetlogonInteractiveInformation,
                                                      .LogonInformation = { .LogonInteractive = &info },
                                                      .ValidationLevel =
                                                          netlogon_NetlogonValidationSamInfo4 } };
    uint8_t hash[16];
    hash_of(password, hash);
    nl_crypt(nl_channel_chain(c)->key, hash, 16, false);
    memcpy(&info.NtOwfPassword, hash, 16);
    if (!CALLED(r, netlogon_NetrLogonSamLogonEx, want) || want != STATUS_SUCCESS)
        return;
    const struct netlogon_NETLOGON_VALIDATION_SAM_INFO4 *v = r.out.ValidationInformation.ValidationSam4;
    check(v && v->LogonDomainId && v->GroupCount > 0 && v->UserId >= 500, "the user's SID and groups");
    check(v && strcasecmp(text(v->EffectiveName.Buffer, v->EffectiveName.Length / 2), user) == 0,
          "the user's name is %s", v ? text(v->EffectiveName.Buffer, v->EffectiveName.Length / 2) : "?");
}

/* Three calls with authenticators, one after the other: each counts on the one before. */
static void log_on_in_a_chain(struct nl_channel *c, const char *computer, const char *domain,
                              const char *user, const char *password)
{
    for (int i = 0; i < 3; i++) {
        struct netlogon_NETLOGON_INTERACTIVE_INFO info = { .Identity = { .LogonDomainName = counted(domain),
                                                                         .UserName = counted(user),
                                                                         .Workstation = counted(computer) } };
        struct netlogon_NETLOGON_AUTHENTICATOR mine, theirs = { .Timestamp = 0 };
        struct netlogon_NetrLogonSamLogonWithFlags r = {
            .in = { .ComputerName = wide(computer),
                    .Authenticator = &mine,
                    .ReturnAuthenticator = &theirs,
                    .LogonLevel = netlogon_NetlogonInteractiveInformation,
                    .LogonInformation = { .LogonInteractive = &info },
                    .ValidationLevel = netlogon_NetlogonValidationSamInfo4 }
        };
        uint8_t hash[16];
        hash_of(password, hash);
        nl_crypt(nl_channel_chain(c)->key, hash, 16, false);
        memcpy(&info.NtOwfPassword, hash, 16);
        nl_chain_next(nl_channel_chain(c), (uint32_t)time(NULL), &mine);
        if (!CALLED(r, netlogon_NetrLogonSamLogonWithFlags, STATUS_SUCCESS))
            return;
        check(r.out.ReturnAuthenticator &&
                  nl_chain_check(nl_channel_chain(c), r.out.ReturnAuthenticator) == STATUS_SUCCESS,
              "the server's authenticator, time %d", i + 1);
    }
}

/* The domain controller of the laboratory answers this with an invalid parameter, to Samba's own client as to
 * ours, whatever the request says; its authenticator is there all the same. */
static void domain_info(struct nl_channel *c, const char *computer, const char *domain)
{
    struct netlogon_NETLOGON_WORKSTATION_INFO mine = { .DnsHostName = wide("ternwks.tern.test") };
    struct netlogon_NetrLogonGetDomainInfo r = { .in = { .ServerName = wide(rpc_binding_host(binding)),
                                                         .ComputerName = wide(computer),
                                                         .Level = 1,
                                                         .WkstaBuffer = { .WorkstationInfo = &mine } } };
    nl_chain_next(nl_channel_chain(c), (uint32_t)time(NULL), &r.in.Authenticator);
    enum nt_status st = netlogon_NetrLogonGetDomainInfo(conn, mem, &r);
    check(st == STATUS_SUCCESS &&
              nl_chain_check(nl_channel_chain(c), &r.out.ReturnAuthenticator) == STATUS_SUCCESS,
          "NetrLogonGetDomainInfo: the server's authenticator");
    if (st == STATUS_SUCCESS && r.out.result == STATUS_SUCCESS) {
        const struct netlogon_NETLOGON_DOMAIN_INFO *d = r.out.DomBuffer.DomainInfo;
        const char *name =
            d ? text(d->PrimaryDomain.DomainName.Buffer, d->PrimaryDomain.DomainName.Length / 2) : "?";
        check(strcasecmp(name, domain) == 0, "the domain is %s", name);
    } else {
        check(r.out.result == STATUS_INVALID_PARAMETER, "its result is 0x%08x", (unsigned)r.out.result);
    }
}

/* An authenticator of somebody without the key is not taken. */
static void wrong_authenticator(struct nl_channel *c, const char *computer)
{
    struct netlogon_NetrLogonGetCapabilities r = { .in = { .ServerName = wide(rpc_binding_host(binding)),
                                                           .ComputerName = wide(computer),
                                                           .QueryLevel = 1 } };
    struct nl_chain other = *nl_channel_chain(c);
    other.key[0] ^= 1;
    nl_chain_next(&other, (uint32_t)time(NULL), &r.in.Authenticator);
    CALLED(r, netlogon_NetrLogonGetCapabilities, STATUS_ACCESS_DENIED);
}

static void other_connection(struct nl_channel *c)
{
    struct rpc_options ro = RPC_OPTIONS_INIT;
    struct rpc_conn *second;
    ro.error = &err;
    ro.provider = "schannel";
    ro.level = SEC_LEVEL_PRIVACY;
    ro.schannel = nl_channel_key(c);
    enum nt_status st = rpc_open(binding, &netlogon_interface, &ro, &second);
    check(st == STATUS_SUCCESS, "a second connection under the same key: %s", err.text);
    if (st == STATUS_SUCCESS)
        rpc_close(second);
    ro.level = SEC_LEVEL_INTEGRITY;
    st = rpc_open(binding, &netlogon_interface, &ro, &second);
    check(st == STATUS_NOT_SUPPORTED, "one that only signs is not made: %s", err.text);
    struct sec_schannel_key wrong = *nl_channel_key(c);
    wrong.key[3] ^= 4;
    ro.level = SEC_LEVEL_PRIVACY;
    ro.schannel = &wrong;
    st = rpc_open(binding, &netlogon_interface, &ro, &second);
    if (st == STATUS_SUCCESS) {
        struct netlogon_NetrLogonGetCapabilities r = { .in = { .ServerName = wide("x"), .QueryLevel = 1 } };
        st = netlogon_NetrLogonGetCapabilities(second, mem, &r);
        rpc_close(second);
    }
    check(st != STATUS_SUCCESS, "another key is refused (0x%08x)", (unsigned)st);
}

int main(int argc, char **argv)
{
    struct rpc_binding *b;
    struct nl_channel *c = NULL;
    if (argc != 7)
        return 2;
    mem = nt_arena_new(0);
    if (rpc_binding_parse(argv[1], &b, &err) != STATUS_SUCCESS)
        return 2;
    binding = b;
    options.computer = argv[2];
    options.domain = argv[3];
    options.password = argv[4];
    enum nt_status st = open_channel(&options, &c);
    check(st == STATUS_SUCCESS, "a secure channel: %s", err.text);
    if (st == STATUS_SUCCESS) {
        conn = nl_channel_conn(c);
        check(nl_channel_flags(c) & NL_FLAG_AES, "AES is negotiated (flags 0x%08x)", nl_channel_flags(c));
        check(nl_channel_rid(c) > 1000, "the account's RID is %u", nl_channel_rid(c));
        domain_info(c, argv[2], argv[3]);
        log_on_in_a_chain(c, argv[2], argv[3], argv[5], argv[6]);
        log_on(c, argv[2], argv[3], argv[5], argv[6], STATUS_SUCCESS);
        log_on(c, argv[2], argv[3], argv[5], "not this one", STATUS_WRONG_PASSWORD);
        log_on(c, argv[2], argv[3], "nobody-here", "x", STATUS_NO_SUCH_USER);
        other_connection(c);
        wrong_authenticator(c, argv[2]);
        nl_channel_close(c);
    }
    struct nl_options bad = options;
    bad.password = "wrong";
    st = open_channel(&bad, &c);
    check(st == STATUS_ACCESS_DENIED, "a wrong password: %s", err.text);
    bad.computer = "NOSUCHWS";
    st = open_channel(&bad, &c);
    check(st != STATUS_SUCCESS, "a computer that is not there: %s", err.text);
    bad = options;
    bad.flags = 0x600fffff;
    st = open_channel(&bad, &c);
    check(st == STATUS_INVALID_PARAMETER, "without AES nothing is sent: %s", err.text);
    rpc_binding_unref(b);
    nt_arena_free(mem);
    puts("done");
    return 0;
}
