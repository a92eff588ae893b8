// SPDX-License-Identifier: Apache-2.0
/* The table of keys, and what values may be. Reading of files is config_file.c's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <unistd.h>
#include "http.h"
#include "m_config.h"

enum type {
    TEXT,
    NETBIOS,   /* a name */
    PATH,      /* absolute; on the command line also from the working directory */
    PORT,      /* int */
    NUMBER,    /* unsigned, least to most */
    SWITCH,    /* bool */
    WORD,      /* int: one of words */
    WORDS,     /* struct config_words: some of words */
    ADDRESSES, /* listen */
    PLACE,     /* metrics: off, an absolute path, ADDRESS:PORT */
};

struct word {
    const char *text;
    int number;
};

struct key {
    const char *name;
    enum type type;
    size_t at;             /* of the member in struct config */
    const char *otherwise; /* as it would stand in a file; NULL: not set */
    bool live;
    const char *says;
    const struct word *words;
    unsigned least, most;
};

static const struct word dialects[] = { { "2.0.2", NPC_SMB_2_0_2 }, { "2.1", NPC_SMB_2_1 },
                                        { "3.0", NPC_SMB_3_0 },     { "3.0.2", NPC_SMB_3_0_2 },
                                        { "3.1.1", NPC_SMB_3_1_1 }, { 0 } };
static const struct word ciphers[] = { { "aes-128-ccm", NPC_AES128_CCM },
                                       { "aes-128-gcm", NPC_AES128_GCM },
                                       { "aes-256-ccm", NPC_AES256_CCM },
                                       { "aes-256-gcm", NPC_AES256_GCM },
                                       { 0 } };
static const struct word signings[] = { { "required", CONFIG_SIGNING_REQUIRED },
                                        { "optional", CONFIG_SIGNING_OPTIONAL },
                                        { 0 } };
static const struct word encryptions[] = { { "optional", CONFIG_ENCRYPTION_OPTIONAL },
                                           { "required", CONFIG_ENCRYPTION_REQUIRED },
                                           { 0 } };
static const struct word interface_names[] = { { "srvsvc", CONFIG_SRVSVC },
                                               { "wkssvc", CONFIG_WKSSVC },
                                               { "lsarpc", CONFIG_LSARPC },
                                               { "dssetup", CONFIG_DSSETUP },
                                               { "netlogon", CONFIG_NETLOGON },
                                               { "rpcecho", CONFIG_RPCECHO },
                                               { 0 } };
static const struct word log_formats[] = { { "text", CONFIG_LOG_TEXT }, { "json", CONFIG_LOG_JSON }, { 0 } };
static const struct word calls[] = {
    { "all", CONFIG_CALLS_ALL }, { "failed", CONFIG_CALLS_FAILED }, { "none", CONFIG_CALLS_NONE }, { 0 }
};

/* A week: what is longer is meant to be never, which is 0. */
#define SECONDS_MAX (7u * 24 * 3600)
#define CONNS_MAX   1000000u

#define AT(member)  offsetof(struct config, member)
#define LIVE        true
#define AT_START    false

/* In the order of msrpcd.conf(5). */
static const struct key table[] = {
    { "listen", ADDRESSES, 0, "*", AT_START, "addresses to serve at; *: all of this machine" },
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
      "seconds after which a connection without a request is closed; 0: never", .most = SECONDS_MAX },
    { "drain_timeout", NUMBER, AT(drain_timeout), "10", LIVE,
      "seconds that calls have to end when the server does", .most = SECONDS_MAX },
    { "max_connections", NUMBER, AT(max_connections), "10000", LIVE, "connections at a time", .least = 1,
      .most = CONNS_MAX },
    { "max_connections_per_address", NUMBER, AT(max_connections_per_address), "0", LIVE,
      "of one address; 0: a quarter of max_connections", .most = CONNS_MAX },
    { "log_format", WORD, AT(log_format), "text", LIVE, "text or json", log_formats },
    { "log_file", PATH, AT(log_file), NULL, LIVE, "where the log goes, instead of standard error" },
    { "log_calls", WORD, AT(log_calls), "none", LIVE, "calls in the log: all, failed or none", calls },
    { "metrics", PLACE, AT(metrics), NULL, AT_START, "socket or address:port for Prometheus; off: none" },
    { "pcap", PATH, AT(pcap), NULL, AT_START, "file for a capture of all calls, in clear text" },
    { "pcap_max", NUMBER, AT(pcap_max), "1024", AT_START, "MiB that it may have; 0: any number",
      .most = 1u << 20 },
};
#define N_KEYS (sizeof table / sizeof table[0])
_Static_assert(N_KEYS <= CONFIG_KEYS_MAX, "CONFIG_KEYS_MAX is too small");

/* What differs when --scratch makes an instance of its own: run_dir and store are in its directory, and all
 * that there is is served. */
static const char scratch_interfaces[] = "srvsvc wkssvc lsarpc dssetup rpcecho";

/* ---- words and numbers; each returns what is wrong, or NULL ---- */

static const char *take_number(const char *text, unsigned long least, unsigned long most, unsigned long *ret)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    if (*end || *text < '0' || *text > '9')
        return "not a number";
    if (strlen(text) > 10 || n < least || n > most)
        return "out of range";
    *ret = n;
    return NULL;
}

static const char *take_port(const char *text, int *ret)
{
    unsigned long n;
    if (strcmp(text, "off") == 0) {
        *ret = CONFIG_PORT_OFF;
        return NULL;
    }
    if (take_number(text, 0, UINT16_MAX, &n))
        return "not a port number";
    *ret = (int)n;
    return NULL;
}

static const char *take_word(const struct word *words, const char *text, size_t len, int *ret)
{
    for (; words->text; words++)
        if (strlen(words->text) == len && memcmp(words->text, text, len) == 0) {
            *ret = words->number;
            return NULL;
        }
    return "not one of the words that are known";
}

void config_words(unsigned key, char *ret, size_t size)
{
    size_t len = 0;
    *ret = 0;
    for (const struct word *w = table[key].words; w && w->text && len < size; w++)
        len += (size_t)snprintf(ret + len, size - len, "%s%s", len ? ", " : "", w->text);
}

static const char *take_words(const struct word *words, const char *text, struct config_words *ret)
{
    struct config_words w = { 0 };
    for (size_t len; *text; text += len + (text[len] == ' ')) {
        len = strcspn(text, " ");
        int number = 0;
        const char *wrong = take_word(words, text, len, &number);
        if (wrong)
            return wrong;
        for (unsigned i = 0; i < w.n; i++)
            if (w.word[i] == number)
                return "a word is there twice";
        w.word[w.n++] = number; /* no word is there twice, so they fit */
    }
    *ret = w;
    return NULL;
}

static const char *take_address(struct config *c, const char *text, size_t len)
{
    struct in6_addr any;
    char *copy = nt_arena_raw(c->mem, len + 1, 1);
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

static const char *take_addresses(struct config *c, const char *text)
{
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

static const char *take_path(struct config *c, const char *text, bool here, const char **ret)
{
    if (*text == '/') {
        *ret = text;
        return NULL;
    }
    char *cwd = here ? getcwd(NULL, 0) : NULL;
    if (!cwd)
        return "an absolute path is needed";
    size_t size = strlen(cwd) + 1 + strlen(text) + 1;
    char *path = nt_arena_raw(c->mem, size, 1);
    if (path)
        snprintf(path, size, "%s/%s", cwd, text);
    free(cwd);
    *ret = path;
    return path ? NULL : "no memory";
}

/* As the store takes them. [MS-NBTE] 2.2.1 has 16 octets, of which the last is a suffix. */
static bool is_netbios(const char *text)
{
    size_t n = 0;
    for (const char *p = text; *p; p++) {
        if ((unsigned char)*p < ' ' || strchr("\"/\\[]:|<>+=;,?*", *p))
            return false;
        n += ((unsigned char)*p & 0xc0) != 0x80;
    }
    return n <= 15;
}

/* ---- values ---- */

static const char *take(struct config *c, const struct key *k, const char *text, bool here)
{
    void *to = (char *)c + k->at;
    unsigned long n = 0;
    const char *wrong = NULL;
    switch (k->type) {
    case TEXT:
        *(const char **)to = text;
        return NULL;
    case NETBIOS:
        *(const char **)to = text;
        return is_netbios(text) ? NULL : "not a NetBIOS name, of up to 15 characters";
    case PATH:
        return take_path(c, text, here, to);
    case PORT:
        return take_port(text, to);
    case NUMBER:
        wrong = take_number(text, k->least, k->most, &n);
        *(unsigned *)to = (unsigned)n;
        return wrong;
    case SWITCH:
        *(bool *)to = strcmp(text, "yes") == 0;
        return *(bool *)to || strcmp(text, "no") == 0 ? NULL : "neither yes nor no";
    case WORD:
        return take_word(k->words, text, strlen(text), to);
    case WORDS:
        return take_words(k->words, text, to);
    case ADDRESSES:
        return take_addresses(c, text);
    case PLACE:
        *(const char **)to = strcmp(text, "off") == 0 ? NULL : text;
        return *(const char **)to ? http_check(text) : NULL;
    }
    return NULL;
}

/* Blanks around words say nothing, and more than one in a row say no more. In paths and names they count. */
static char *tidy(struct nt_arena *mem, const struct key *k, const char *text, size_t len)
{
    char *to = nt_arena_raw(mem, len + 1, 1);
    bool words = k->type == WORDS || k->type == ADDRESSES;
    size_t n = 0;
    if (!to)
        return NULL;
    for (size_t i = 0; i < len; i++) {
        char ch = text[i] == '\t' && words ? ' ' : text[i];
        if (!words || ch != ' ' || (n && to[n - 1] != ' '))
            to[n++] = ch;
    }
    to[n] = 0;
    while (n && to[n - 1] == ' ')
        to[--n] = 0;
    return to;
}

const char *config_set(struct config *c, unsigned key, const char *text, size_t len, bool here)
{
    const struct key *k = &table[key];
    const char *copy = tidy(c->mem, k, text, len);
    if (!copy)
        return "no memory";
    if (memchr(text, 0, len))
        return "there is a NUL in it";
    if (!*copy)
        return "a value is missing";
    const char *wrong = take(c, k, copy, here);
    if (!wrong)
        c->text[key] = k->type == PATH ? *(const char **)(void *)((char *)c + k->at) : copy;
    return wrong;
}

bool config_defaults(struct config *c, const char *scratch)
{
    bool ok = true;
    for (unsigned i = 0; i < N_KEYS; i++) {
        const char *text = table[i].otherwise;
        if (text)
            ok = !config_set(c, i, text, strlen(text), false) && ok;
    }
    if (!scratch)
        return ok;
    int interfaces = config_find("interfaces", 10), run_dir = config_find("run_dir", 7);
    int store = config_find("store", 5);
    size_t size = strlen(scratch) + sizeof "/sam.db";
    char *path = nt_arena_raw(c->mem, size, 1);
    if (!path)
        return false;
    snprintf(path, size, "%s/sam.db", scratch);
    return ok && !config_set(c, (unsigned)run_dir, scratch, strlen(scratch), true) &&
           !config_set(c, (unsigned)store, path, strlen(path), true) &&
           !config_set(c, (unsigned)interfaces, scratch_interfaces, sizeof scratch_interfaces - 1, false);
}

/* ---- the table ---- */

unsigned config_count(void)
{
    return N_KEYS;
}

const char *config_key(unsigned key)
{
    return table[key].name;
}

const char *config_says(unsigned key)
{
    return table[key].says;
}

const char *config_otherwise(unsigned key)
{
    return table[key].otherwise;
}

bool config_is_live(unsigned key)
{
    return table[key].live;
}

int config_find(const char *name, size_t len)
{
    for (unsigned i = 0; i < N_KEYS; i++)
        if (strlen(table[i].name) == len && memcmp(table[i].name, name, len) == 0)
            return (int)i;
    return -1;
}

bool config_keep(struct config *c, const struct config *from, unsigned key)
{
    const char *text = from->text[key];
    if (text)
        return !config_set(c, key, text, strlen(text), false);
    c->text[key] = NULL; /* only text and paths may be not set */
    *(const char **)(void *)((char *)c + table[key].at) = NULL;
    return true;
}

bool config_differs(const struct config *a, const struct config *b, unsigned key)
{
    const char *x = a->text[key], *y = b->text[key];
    return x && y ? strcmp(x, y) != 0 : x != y;
}
