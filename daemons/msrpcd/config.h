// SPDX-License-Identifier: Apache-2.0
/* The configuration of msrpcd. A member of struct config is one key; msrpcd.conf(5) says what each means. */
#ifndef MSRPCD_CONFIG_H
#define MSRPCD_CONFIG_H

#include <msrpc/smb.h>
#include "common/conf.h"

/* Addresses to listen at: each takes three sockets, and an accepted connection looks at none of them. */
#define CONFIG_LISTEN_MAX 16u

enum config_signing { CONFIG_SIGNING_REQUIRED, CONFIG_SIGNING_OPTIONAL };
enum config_encryption { CONFIG_ENCRYPTION_OPTIONAL, CONFIG_ENCRYPTION_REQUIRED };
enum config_log_calls { CONFIG_CALLS_NONE, CONFIG_CALLS_FAILED, CONFIG_CALLS_ALL };
enum config_interface { CONFIG_SRVSVC, CONFIG_WKSSVC, CONFIG_LSARPC, CONFIG_DSSETUP, CONFIG_NETLOGON, CONFIG_RPCECHO };

struct config {
    struct conf base;
    const char *listen[CONFIG_LISTEN_MAX]; /* numeric addresses, "*": all */
    unsigned n_listen;
    int port_smb, port_epm, port_tcp; /* 0: a free one; CONF_PORT_OFF */
    const char *run_dir, *store;
    const char *name, *workgroup; /* NULL: as in the store */
    const char *keytab;           /* NULL: none */
    const char *user;             /* NULL: stay who we are */
    bool ntlm, null_sessions, sandbox;
    int smb_min_dialect, smb_signing,
        smb_encryption;                   /* enum npc_dialect, config_signing, config_encryption */
    struct conf_words smb_ciphers;      /* enum npc_cipher */
    struct conf_words interfaces;       /* enum config_interface */
    unsigned idle_timeout, drain_timeout; /* seconds; 0: none */
    unsigned max_connections, max_connections_per_address;
    int log_format, log_calls;  /* enum conf_log_format, config_log_calls */
    const char *log_file;       /* NULL: standard error */
    const char *metrics, *pcap; /* NULL: none */
    unsigned pcap_max;          /* MiB; 0: no limit */
};

/* What the command line says. */
struct options {
    struct conf_options base;
    const char *scratch; /* --scratch; NULL: none */
};

extern const struct conf_table config_table;

bool config_read(const struct options *o, conf_complain_fn *complain, void *arg, struct config **ret);
/* Accepts NULL. */
void config_free(struct config *c);

#endif
