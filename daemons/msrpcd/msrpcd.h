// SPDX-License-Identifier: Apache-2.0
/*
 * msrpcd: options.c reads the command line, config.c has the keys of the configuration, store.c opens the
 * accounts, listen.c the ports, services.c puts servers, interfaces and the endpoint map together, pipes.c
 * the SMB server and what is served there, watch.c log, metrics and captures, main.c starts it all, and life.c is what happens then.
 */
#ifndef MSRPCD_H
#define MSRPCD_H

#include <pthread.h>
#include <msrpc/serve.h>
#include "common/options.h"
#include "confine.h"
#include "io/io.h"
#include "samdb/samdb.h"
#include "watch.h"

/* Exits by itself for --help, --version and mistakes. */
void command_line(int argc, char **argv, struct options *ret);

/* ---- store.c ---- */
struct store {
    struct samdb *db;     /* of the loop: it waits for nobody */
    struct samdb *writer; /* of the thread that changes the store */
    struct nt_loop *loop; /* once that runs */
    pthread_t thread;
    bool tidying;
    struct nt_arena *mem;
    const char *machine, *workgroup; /* as the store has them */
    struct watch *watch;             /* of all that stands on it */
};
/* Opens the store of the configuration; an instance of its own (scratch) makes it if it is not there, and
 * gives its account admin the password of the environment, which is taken out of there in any case.
 * STATUS_WRONG_PASSWORD: there has to be a password, and there is none that can be one. */
enum nt_status store_open(const struct config *c, bool scratch, struct watch *watch, struct store *ret,
                          struct nt_error *err);
/* Starts the thread: when rights have been given up, which is the affair of each thread. */
enum nt_status store_serve(struct store *s, struct nt_loop *loop);
/* After all that uses it. */
void store_close(struct store *s);

/* ---- realm.c ---- */
/* A sec_pac_fn with the store as its argument. */
enum nt_status realm_account(void *samdb, const struct sec_pac *pac, struct nt_arena *mem,
                             struct sec_account *ret);

/* ---- listen.c ---- */
enum listen_for { LISTEN_SMB, LISTEN_EPM, LISTEN_TCP, LISTEN_LOCAL_EPM, LISTEN_LOCAL, LISTEN_KINDS };
struct ports {
    uint16_t port[LISTEN_LOCAL_EPM]; /* 0: not served */
    const char *local_epm, *local;   /* sockets; lent */
};
struct listeners;
typedef void listen_fn(void *arg, enum listen_for what, int fd, const char *peer);
/* Opens all ports of the configuration, or takes over those that were handed to us; accept comes from the
 * loop, once it runs, and takes over fd. */
enum nt_status listeners_new(struct nt_loop *loop, const struct config *c, const struct activate *a,
                             listen_fn *accept, void *arg, struct listeners **ret, struct nt_error *err);
/* The sockets for ncalrpc, as the user who serves. */
enum nt_status listeners_local(struct listeners *l, const struct config *c, struct nt_error *err);
void listeners_ports(const struct listeners *l, struct ports *ret);
/* Accepts NULL. */
void listeners_free(struct listeners *l);

/* ---- addresses.c ---- */
/* Those of `listen`, each for itself, up to max; as they are now. Text in mem. */
unsigned addresses_of(const struct config *c, struct nt_arena *mem, const char **ret, unsigned max);

/* ---- services.c ---- */
struct services;
/* config and store have to outlive it. */
enum nt_status services_new(struct nt_loop *loop, const struct config *c, const struct store *store,
                            const struct ports *ports, struct services **ret, struct nt_error *err);
/* Takes what may change while it runs from c, which then has to outlive it. */
enum nt_status services_reload(struct services *s, const struct config *c);
/* Nobody is served any more, and calls have so long to end (0: no limit). */
enum nt_status services_drain(struct services *s, unsigned timeout_ms);
bool services_drained(const struct services *s); /* the calls have ended, or had their time */
/* Then: connections end when what is queued for them has gone. */
void services_hang_up(struct services *s);
bool services_gone(const struct services *s); /* there are none any more */
void services_accept(struct services *s, enum listen_for what, int fd, const char *peer);
void services_free(struct services *s);

/* ---- pipes.c ---- */
struct pipes;
/* Serves both servers by pipes, with the interfaces that need a host added to the main one, and tells the
 * map. */
enum nt_status pipes_new(struct nt_loop *loop, const struct config *c, const struct store *store,
                         struct rpc_server *server, struct rpc_server *mapper, struct serve_epm *epm,
                         struct pipes **ret, struct nt_error *err);
enum nt_status pipes_reload(struct pipes *p, const struct config *c);
void pipes_hang_up(struct pipes *p);
bool pipes_gone(const struct pipes *p);
void pipes_accept(struct pipes *p, int fd, const char *peer);
/* Before the servers end: no more connections. Both accept NULL. */
void pipes_stop(struct pipes *p);
void pipes_free(struct pipes *p);

#endif
