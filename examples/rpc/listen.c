// SPDX-License-Identifier: Apache-2.0
/* Asynchronous calls: listen BINDING USER COUNT <password. Waits COUNT times at once for news, on one
 * connection, for half a minute at most; SIGINT gives up. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <msrpc/rpc.h>
#include <msrpc/unistr.h>
#include "news.h"

#define MOST 50

static struct nt_cancel *token; /* may be fired from a signal handler, or by any thread */

static void on_signal(int sig)
{
    (void)sig;
    nt_cancel_fire(token);
}

struct waiter {
    struct listener *l;
    struct nt_arena *mem; /* of this call alone: what it brings goes with it */
    struct news_NewsWait r;
};

struct listener {
    struct rpc_conn *c;
    struct waiter w[MOST];
    unsigned count, left;
    bool failed;
};

/* Called once for each call, from the loop, with the answer or with why there is none. It may start further
 * calls, and may close the connection. */
static void told(void *arg, enum nt_status st)
{
    struct waiter *w = arg;
    char text[200] = "";
    if (st != STATUS_SUCCESS) {
        printf("%s\n", nt_status_name(st));
        fprintf(stderr, "%s\n", rpc_conn_error(w->l->c));
        w->l->failed = true;
    } else if (ustr_to_utf8_lossy_buf(w->r.out.Text, ustr_len(w->r.out.Text), text, sizeof text, NULL) ==
               STATUS_SUCCESS) {
        printf("news: %s\n", text);
    }
    nt_arena_free(w->mem);
    w->l->left--;
}

static void connected(void *arg, enum nt_status st, struct rpc_conn *c)
{
    struct listener *l = arg;
    struct rpc_call_options o = RPC_CALL_OPTIONS_INIT;
    l->left--;
    l->c = c; /* ours from now on; NULL after a failure */
    l->failed = st != STATUS_SUCCESS;
    if (l->failed)
        return;
    o.timeout_ms = 30000;
    o.cancel = token;
    rpc_conn_set(c, &o); /* for the calls that start from now on */
    for (unsigned i = 0; i < l->count && st == STATUS_SUCCESS; i++) {
        struct waiter *w = &l->w[i];
        w->l = l;
        w->mem = nt_arena_new(0);
        st = w->mem ? news_NewsWait_send(c, w->mem, &w->r, told, w, NULL) : STATUS_NO_MEMORY;
        if (st == STATUS_SUCCESS)
            l->left++;
        else
            nt_arena_free(w->mem); /* it did not start, so told() will not come */
    }
    l->failed = st != STATUS_SUCCESS;
    printf("%u waiting\n", l->left);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static struct listener l;
    char password[256] = "";
    struct nt_error err = { "" };
    struct sec_creds_options who_we_are = SEC_CREDS_OPTIONS_INIT;
    struct rpc_options o = RPC_OPTIONS_INIT;
    struct rpc_binding *b = NULL;
    if (argc != 4 || !fgets(password, sizeof password, stdin))
        return fprintf(stderr, "usage: listen BINDING USER COUNT <password\n"), 2;
    password[strcspn(password, "\n")] = 0;
    l.count = (unsigned)atoi(argv[3]) < MOST ? (unsigned)atoi(argv[3]) : MOST;
    who_we_are.user = argv[2];
    who_we_are.password = password;
    o.error = &err;
    enum nt_status st = nt_cancel_new(&token);
    if (st == STATUS_SUCCESS && signal(SIGINT, on_signal) != SIG_ERR)
        st = nt_loop_new(NULL, &o.loop);
    if (st == STATUS_SUCCESS)
        st = rpc_binding_parse(argv[1], &b, &err);
    if (st == STATUS_SUCCESS)
        st = sec_creds_new(&who_we_are, &o.creds, &err);
    nt_wipe(password, sizeof password);
    o.cancel = token;
    if (st == STATUS_SUCCESS)
        st = rpc_open_send(b, &news_interface, &o, connected, &l);
    l.left = st == STATUS_SUCCESS;
    while (l.left) /* a program with a loop of its own watches nt_loop_fd and nt_loop_timeout instead */
        (void)!nt_loop_run(o.loop, -1);
    if (err.text[0])
        fprintf(stderr, "%s\n", err.text);
    rpc_close(l.c);
    nt_loop_free(o.loop);
    rpc_binding_unref(b);
    sec_creds_unref(o.creds);
    nt_cancel_unref(token);
    return st != STATUS_SUCCESS || l.failed;
}
