// SPDX-License-Identifier: Apache-2.0
/*
 * msrpcd: options.c reads the command line, account.c knows who may log on, services.c puts servers,
 * interfaces and the endpoint map together, pipes.c adds the SMB server and what is served there, main.c runs
 * the loop.
 */
#ifndef MSRPCD_H
#define MSRPCD_H

#include <msrpc/serve.h>

enum { EXIT_FAILED = 1, EXIT_USAGE = 2 }; /* of msrpcd(8) */

struct options {
    const char *scratch, *listen, *keytab, *name, *domain;
    uint16_t port_epm, port_tcp, port_smb;
    bool smb, verbose;
};

/* Exits by itself for --help, --version and mistakes. */
void options_read(int argc, char **argv, struct options *ret);

/* ---- account.c ---- */
struct accounts;
/* The one account of a scratch server, admin. STATUS_INVALID_PARAMETER for a password that is not UTF-8. */
enum nt_status accounts_new(const char *password, struct accounts **ret);
void accounts_free(struct accounts *a);
/* rpc_server_options.nt_hash, with the accounts as its argument. */
enum nt_status accounts_nt_hash(void *arg, const char16_t *user, size_t user_len, const char16_t *domain,
                                size_t domain_len, uint8_t ret_hash[16]);

/* ---- services.c ---- */
struct services;
struct ports {
    uint16_t epm, tcp, smb; /* smb 0: none */
    const char *ncalrpc;    /* lent */
};
enum nt_status services_new(struct nt_loop *loop, const struct options *o, struct accounts *a,
                            struct services **ret, struct nt_error *err);
void services_ports(const struct services *s, struct ports *ret);
void services_free(struct services *s);

/* ---- pipes.c; where SQLite was not there at build time options.c refuses --smb ---- */
struct pipes;
/* Serves server by pipes, with srvsvc and wkssvc added to it, and the mapper by its own; tells the map. */
enum nt_status pipes_new(struct nt_loop *loop, const struct options *o, struct accounts *a,
                         struct rpc_server *server, struct rpc_server *mapper, struct serve_epm *epm,
                         struct pipes **ret, uint16_t *ret_port, struct nt_error *err);
/* Before the server ends: no more connections. Accept NULL. */
void pipes_stop(struct pipes *p);
void pipes_free(struct pipes *p);

#endif
