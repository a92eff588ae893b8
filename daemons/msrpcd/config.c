// SPDX-License-Identifier: Apache-2.0
/* The table of keys. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include "msrpcd.h"

static const struct conf_word dialects[] = { { "2.0.2", NPC_SMB_2_0_2 }, { "2.1", NPC_SMB_2_1 },
                                             { "3.0", NPC_SMB_3_0 },     { "3.0.2", NPC_SMB_3_0_2 },
                                             { "3.1.1", NPC_SMB_3_1_1 }, { 0 } };
static const struct conf_word ciphers[] = { { "aes-128-ccm", NPC_AES128_CCM },
                                            { "aes-128-gcm", NPC_AES128_GCM },
                                            { "aes-256-ccm", NPC_AES256_CCM },
                                            { "aes-256-gcm", NPC_AES256_GCM },
                                            { 0 } };
static const struct conf_word signings[] = { { "required", CONFIG_SIGNING_REQUIRED },
                                             { "optional", CONFIG_SIGNING_OPTIONAL },
                                             { 0 } };
static const struct conf_word encryptions[] = { { "optional", CONFIG_ENCRYPTION_OPTIONAL },
                                                { "required", CONFIG_ENCRYPTION_REQUIRED },
                                                { 0 } };
static const struct conf_word interface_names[] = { { "srvsvc", CONFIG_SRVSVC },
                                                    { "wkssvc", CONFIG_WKSSVC },
                                                    { "lsarpc", CONFIG_LSARPC },
                                                    { "dssetup", CONFIG_DSSETUP },
                                                    { "netlogon", CONFIG_NETLOGON },
                                                    { "rpcecho", CONFIG_RPCECHO },
                                                    { 0 } };
static const struct conf_word calls[] = {
    { "all", CONFIG_CALLS_ALL }, { "failed", CONFIG_CALLS_FAILED }, { "none", CONFIG_CALLS_NONE }, { 0 }
};

static const char *take_address(struct config *c, const char *text, size_t len)
{
    struct in6_addr any;
    char *copy = nt_arena_raw(c->base.mem, len + 1, 1);
    if (!copy)
        return "no memory";
    memcpy(copy, text, len);
    copy[len] = 0;
    if (c->n_listen == CONFIG_LISTEN_MAX)
        return "too many addresses";
    if (strcmp(copy, "*") != 0 && inet_pton(AF_INET, copy, &any) != 1 && inet_pton(AF_INET6, copy, &any) != 1)
        return "a numeric address is needed";
    for (unsigned i = 0; i < c->n_listen; i++)
        if (strcmp(c->listen[i], copy) == 0)
            return "an address is there twice";
    c->listen[c->n_listen++] = copy;
    return NULL;
}

static const char *take_addresses(struct conf *base, const char *text)
{
    struct config *c = (struct config *)(void *)base;
    const char *wrong = NULL;
    c->n_listen = 0;
    for (size_t len; !wrong && *text; text += len + (text[len] == ' ')) {
        len = strcspn(text, " ");
        wrong = take_address(c, text, len);
    }
    if (!wrong && c->n_listen > 1)
        for (unsigned i = 0; i < c->n_listen; i++)
            if (strcmp(c->listen[i], "*") == 0)
                wrong = "* is all addresses, and stands alone";
    return wrong;
}

#define CONNS_MAX  1000000u

#define AT(member) offsetof(struct config, member)
#define LIVE       true
#define AT_START   false

/* In the order of msrpcd.conf(5). */
static const struct conf_key keys[] = {
    { "listen", LIST, 0, "*", AT_START, "addresses to serve at; *: all of this machine",
      .take = take_addresses },
    { "port_smb", PORT, AT(port_smb), "445", AT_START, "port of SMB, for pipes; 0: a free one, off: none" },
    { "port_epm", PORT, AT(port_epm), "135", AT_START, "port of the endpoint mapper" },
    { "port_tcp", PORT, AT(port_tcp), "0", AT_START, "port of the other interfaces" },
    { "run_dir", PATH, AT(run_dir), "/run/msrpcd", AT_START, "directory of the sockets for ncalrpc" },
    { "store", PATH, AT(store), "/var/lib/msrpcd/sam.db", AT_START, "accounts, shares and settings" },
    { "name", NETBIOS, AT(name), NULL, AT_START, "NetBIOS name of this machine, told to NTLM clients" },
    { "workgroup", NETBIOS, AT(workgroup), NULL, AT_START, "NetBIOS name of its domain or workgroup" },
    { "keytab", TEXT, AT(keytab), NULL, LIVE, "keys for Kerberos" },
    { "ntlm", SWITCH, AT(ntlm), "yes", LIVE, "let accounts of the store log on by NTLM" },
    { "null_sessions", SWITCH, AT(null_sessions), "no", AT_START, "let strangers open pipes" },
    { "smb_min_dialect", WORD, AT(smb_min_dialect), "2.0.2", LIVE, "least dialect of SMB", dialects },
    { "smb_signing", WORD, AT(smb_signing), "required", LIVE, "required, or optional", signings },
    { "smb_encryption", WORD, AT(smb_encryption), "optional", LIVE,
      "required, or as the client likes: optional", encryptions },
    { "smb_ciphers", WORDS, AT(smb_ciphers), "aes-256-gcm aes-128-gcm aes-256-ccm aes-128-ccm", LIVE,
      "ciphers of SMB, the best first", ciphers },
    { "interfaces", WORDS, AT(interfaces), "srvsvc wkssvc lsarpc dssetup", AT_START, "what is served",
      interface_names },
    { "user", TEXT, AT(user), NULL, AT_START, "user to become once the ports are open" },
    { "sandbox", SWITCH, AT(sandbox), "yes", AT_START, "give up system calls that are not needed" },
    { "idle_timeout", NUMBER, AT(idle_timeout), "900", LIVE,
      "seconds after which a connection without a request is closed; 0: never", .most = CONF_SECONDS_MAX },
    { "drain_timeout", NUMBER, AT(drain_timeout), "10", LIVE,
      "seconds that calls have to end when the server does", .most = CONF_SECONDS_MAX },
    { "max_connections", NUMBER, AT(max_connections), "10000", LIVE, "connections at a time", .least = 1,
      .most = CONNS_MAX },
    { "max_connections_per_address", NUMBER, AT(max_connections_per_address), "0", LIVE,
      "of one address; 0: a quarter of max_connections", .most = CONNS_MAX },
    { "log_format", WORD, AT(log_format), "text", LIVE, "text or json", conf_log_formats },
    { "log_file", PATH, AT(log_file), NULL, LIVE, "where the log goes, instead of standard error" },
    { "log_calls", WORD, AT(log_calls), "none", LIVE, "calls in the log: all, failed or none", calls },
    { "metrics", PLACE, AT(metrics), NULL, AT_START, "socket or address:port for Prometheus; off: none" },
    { "pcap", PATH, AT(pcap), NULL, AT_START, "file for a capture of all calls, in clear text" },
    { "pcap_max", NUMBER, AT(pcap_max), "1024", AT_START, "MiB that it may have; 0: any number",
      .most = 1u << 20 },
};
#define N_KEYS (sizeof keys / sizeof keys[0])
_Static_assert(N_KEYS <= CONF_KEYS_MAX, "CONF_KEYS_MAX is too small");

/* What differs when --scratch makes an instance of its own: run_dir and store are in its directory, and all
 * that there is is served. */
static const char scratch_interfaces[] = "srvsvc wkssvc lsarpc dssetup rpcecho";

static bool begin(struct conf *base, const void *options)
{
    struct config *c = (struct config *)(void *)base;
    const struct options *o = options;
    if (!o->scratch)
        return true;
    size_t size = strlen(o->scratch) + sizeof "/sam.db";
    char *path = nt_arena_raw(base->mem, size, 1);
    if (!path)
        return false;
    snprintf(path, size, "%s/sam.db", o->scratch);
    return conf_set_name(&c->base, "run_dir", o->scratch, true) &&
           conf_set_name(&c->base, "store", path, true) &&
           conf_set_name(&c->base, "interfaces", scratch_interfaces, false);
}

/* What is wrong with several keys together. */
static void judge(struct conf_reader *r, const struct conf *base, const void *options)
{
    const struct config *c = (const void *)base;
    const struct options *o = options;
    if (o->scratch && !conf_was_set(r, "listen")) /* not to the world by mistake */
        conf_complain(r, "--listen is missing; --help tells more");
    if (!c->ntlm && !c->keytab)
        conf_complain(r, "ntlm = no without a keytab: nobody could log on");
    if (c->port_smb == CONF_PORT_OFF && c->port_epm == CONF_PORT_OFF && c->port_tcp == CONF_PORT_OFF)
        conf_complain(r, "port_smb, port_epm and port_tcp are all off: nobody could come");
    if (c->max_connections_per_address > c->max_connections)
        conf_complain(r, "max_connections_per_address is more than max_connections");
    int ports[] = { c->port_smb, c->port_epm, c->port_tcp };
    for (unsigned i = 0; i < 3; i++)
        if (ports[i] > 0 && ports[i] == ports[(i + 1) % 3])
            conf_complain(r, "port %d is given twice", ports[i]);
}

const struct conf_table config_table = {
    .program = "msrpcd",
    .keys = keys,
    .n = N_KEYS,
    .size = sizeof(struct config),
    .begin = begin,
    .judge = judge,
};

bool config_read(const struct options *o, conf_complain_fn *complain, void *arg, struct config **ret)
{
    struct conf *c = NULL;
    if (!conf_read(&config_table, &o->base, o, complain, arg, &c))
        return false;
    *ret = (struct config *)(void *)c;
    return true;
}

void config_free(struct config *c)
{
    conf_free(c ? &c->base : NULL);
}
