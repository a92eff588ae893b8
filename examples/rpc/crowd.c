// SPDX-License-Identifier: Apache-2.0
/* Many threads, few connections: crowd BINDING USER THREADS CALLS <password. Each thread calls CALLS times
 * through one pool. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <msrpc/rpc_pool.h>
#include "news.h"

#define MOST 64

struct worker {
    pthread_t thread;
    struct rpc_pool *pool;
    unsigned calls, good;
    struct nt_error err;
};

/* A pool without a loop may be used by all threads at once; each call has a connection to itself meanwhile.
 */
static void *work(void *arg)
{
    struct worker *w = arg;
    struct nt_arena *mem = nt_arena_new(0);
    for (unsigned i = 0; mem && i < w->calls; i++) {
        struct news_NewsWho r = { 0 };
        if (rpc_pool_run(w->pool, &news_NewsWho_op, mem, &r, &w->err) == STATUS_SUCCESS)
            w->good++;
        nt_arena_reset(mem); /* what the call brought is forgotten, the memory kept */
    }
    nt_arena_free(mem);
    return NULL;
}

static unsigned run(struct rpc_pool *pool, unsigned threads, unsigned calls)
{
    static struct worker w[MOST];
    unsigned started = 0, good = 0;
    for (; started < threads; started++) {
        w[started] = (struct worker){ .pool = pool, .calls = calls };
        if (pthread_create(&w[started].thread, NULL, work, &w[started]) != 0)
            break;
    }
    for (unsigned i = 0; i < started; i++) {
        pthread_join(w[i].thread, NULL);
        good += w[i].good;
        if (w[i].err.text[0])
            fprintf(stderr, "%s\n", w[i].err.text);
    }
    return good;
}

int main(int argc, char **argv)
{
    char password[256] = "";
    struct nt_error err = { "" };
    struct sec_creds_options who = SEC_CREDS_OPTIONS_INIT;
    struct rpc_options o = RPC_OPTIONS_INIT;
    struct rpc_pool_options p = RPC_POOL_OPTIONS_INIT;
    struct rpc_binding *b = NULL;
    struct rpc_pool *pool = NULL;
    if (argc != 5 || !fgets(password, sizeof password, stdin))
        return fprintf(stderr, "usage: crowd BINDING USER THREADS CALLS <password\n"), 2;
    password[strcspn(password, "\n")] = 0;
    unsigned threads = (unsigned)atoi(argv[3]), calls = (unsigned)atoi(argv[4]), good = 0;
    threads = threads < MOST ? threads : MOST;
    who.user = argv[2];
    who.password = password;
    p.max_conns = 4;
    enum nt_status st = rpc_binding_parse(argv[1], &b, &err);
    if (st == STATUS_SUCCESS)
        st = sec_creds_new(&who, &o.creds, &err);
    nt_wipe(password, sizeof password);
    if (st == STATUS_SUCCESS)
        st = rpc_pool_new(b, &news_interface, &o, &p, &pool); /* connects nothing yet */
    if (st == STATUS_SUCCESS)
        good = run(pool, threads, calls);
    else
        fprintf(stderr, "%s\n", err.text);
    printf("%u of %u calls\n", good, threads * calls);
    rpc_pool_close(pool);
    rpc_binding_unref(b);
    sec_creds_unref(o.creds);
    return good != threads * calls;
}
