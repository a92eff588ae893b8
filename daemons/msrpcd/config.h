// SPDX-License-Identifier: Apache-2.0
/*
 * The configuration: one table of keys (config.c), which the file, the command line, --check, the manual page
 * and a reload all go by. A member of struct config is one key; msrpcd.conf(5) says what each means.
 */
#ifndef MSRPCD_CONFIG_H
#define MSRPCD_CONFIG_H

#include <msrpc/nt.h>
#include <msrpc/smb.h>

/* More keys than there are; config.c checks. */
#define CONFIG_KEYS_MAX 48u
/* Addresses to listen at: each takes three sockets, and an accepted connection looks at none of them. */
#define CONFIG_LISTEN_MAX 16u
/* Octets of a file: all keys with the longest values are a hundredth of it; a device has no end. */
#define CONFIG_FILE_MAX ((size_t)1 << 20)

#define CONFIG_PORT_OFF (-1) /* not served at all */

enum config_signing { CONFIG_SIGNING_REQUIRED, CONFIG_SIGNING_OPTIONAL };
enum config_encryption { CONFIG_ENCRYPTION_OPTIONAL, CONFIG_ENCRYPTION_REQUIRED };
enum config_log_format { CONFIG_LOG_TEXT, CONFIG_LOG_JSON };
enum config_log_calls { CONFIG_CALLS_NONE, CONFIG_CALLS_FAILED, CONFIG_CALLS_ALL };
enum config_interface { CONFIG_SRVSVC, CONFIG_WKSSVC, CONFIG_LSARPC, CONFIG_DSSETUP, CONFIG_NETLOGON, CONFIG_RPCECHO };

/* Several words of a list, as their numbers, in the order in which they were given. */
struct config_words {
    unsigned n;
    int word[8];
};

struct config {
    struct nt_arena *mem; /* of all text */
    /* As they were written, by the index of the key, without blanks that say nothing; NULL: not set. */
    const char *text[CONFIG_KEYS_MAX];

    const char *listen[CONFIG_LISTEN_MAX]; /* numeric addresses, "*": all */
    unsigned n_listen;
    int port_smb, port_epm, port_tcp; /* 0: a free one; CONFIG_PORT_OFF */
    const char *run_dir, *store;
    const char *name, *workgroup; /* NULL: as in the store */
    const char *keytab;           /* NULL: none */
    const char *user;             /* NULL: stay who we are */
    bool ntlm, null_sessions, sandbox;
    int smb_min_dialect, smb_signing,
        smb_encryption;                   /* enum npc_dialect, config_signing, config_encryption */
    struct config_words smb_ciphers;      /* enum npc_cipher */
    struct config_words interfaces;       /* enum config_interface */
    unsigned idle_timeout, drain_timeout; /* seconds; 0: none */
    unsigned max_connections, max_connections_per_address;
    int log_format, log_calls;  /* enum config_log_format, config_log_calls */
    const char *log_file;       /* NULL: standard error */
    const char *metrics, *pcap; /* NULL: none */
    unsigned pcap_max;          /* MiB; 0: no limit */
};

/* What the command line says: options.c. */
struct options {
    const char *file;    /* --config; NULL: none */
    const char *scratch; /* --scratch; NULL: none */
    bool check, verbose;
    const char *given[CONFIG_KEYS_MAX]; /* by the index of the key; NULL: not given */
};

/* Gets each sentence about something wrong, whole, without newline. */
typedef void config_complain_fn(void *arg, const char *sentence);

/* The defaults, over them the file, over that the command line. Looks at everything before it fails, and
 * complains of all that is wrong. Nothing is opened or made. */
bool config_read(const struct options *o, config_complain_fn *complain, void *arg, struct config **ret);
/* Accepts NULL. */
void config_free(struct config *c);

/* ---- the table ---- */
unsigned config_count(void);
const char *config_key(unsigned key);  /* "port_smb" */
const char *config_says(unsigned key); /* a line for --help */
const char *config_otherwise(unsigned key); /* the default, as it would stand in a file; NULL: not set */
bool config_is_live(unsigned key);     /* a reload may change it */
/* Index of a key, -1 if there is none of that name. */
int config_find(const char *name, size_t len);
/* Gives the key in c the value that it has in from. False: no memory. */
bool config_keep(struct config *c, const struct config *from, unsigned key);
/* Does the key say something else in b than in a? */
bool config_differs(const struct config *a, const struct config *b, unsigned key);

#endif
