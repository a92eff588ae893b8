// SPDX-License-Identifier: Apache-2.0
/* Calls, one after the other: client BINDING USER [TEXT] <password. Says what was negotiated and who we are
 * to the server, then posts TEXT. */
#include <stdio.h>
#include <string.h>
#include <msrpc/rpc.h>
#include <msrpc/unistr.h>
#include "news.h"

static void show_facts(struct rpc_conn *c)
{
    struct rpc_facts f = { .size = sizeof f };
    if (rpc_conn_facts(c, &f) != STATUS_SUCCESS)
        return;
    printf("%s to %s: %s, level %d, headers %s, key of %u octets, %s\n", f.protseq, f.peer,
           f.provider ? f.provider : "no security", f.level, f.header_sign ? "signed" : "not signed",
           f.security_key_len, f.transfer);
}

/* The status says whether the call happened; the sentence is for people; the rest is what the server said. */
static int complain(struct rpc_conn *c, const char *what, enum nt_status st)
{
    const struct rpc_error_record *rec;
    const char *name = nt_status_name(st);
    fprintf(stderr, "%s: %s: %s\n", what, name ? name : "failed", rpc_conn_error(c));
    if (rpc_conn_fault(c))
        fprintf(stderr, "fault 0x%08x\n", (unsigned)rpc_conn_fault(c));
    for (size_t i = 0, n = rpc_conn_extended_error(c, &rec); i < n; i++)
        fprintf(stderr, "because of 0x%08x in component %u\n", (unsigned)rec[i].status,
                (unsigned)rec[i].component);
    return 1;
}

static int who(struct rpc_conn *c, struct nt_arena *mem)
{
    struct news_NewsWho r = { 0 };
    char name[200] = "";
    enum nt_status st = news_NewsWho(c, mem, &r);
    if (st != STATUS_SUCCESS)
        return complain(c, "NewsWho", st);
    if (ustr_to_utf8_lossy_buf(r.out.Name, ustr_len(r.out.Name), name, sizeof name, NULL) == STATUS_SUCCESS)
        printf("the server knows us as \"%s\", level %u\n", name, (unsigned)r.out.Level);
    return 0;
}

static int post(struct rpc_conn *c, struct nt_arena *mem, const char *text)
{
    char16_t wide[200];
    struct news_NewsPost r = { .in.Text = wide };
    if (ustr_from_utf8_buf(text, strlen(text), wide, 200, NULL) != STATUS_SUCCESS)
        return 2;
    enum nt_status st = news_NewsPost(c, mem, &r);
    if (st != STATUS_SUCCESS)
        return complain(c, "NewsPost", st);
    printf("told %u\n", (unsigned)r.out.Told);
    return 0;
}

int main(int argc, char **argv)
{
    char password[256] = "";
    struct nt_error err = { "" };
    struct sec_creds_options who_we_are = SEC_CREDS_OPTIONS_INIT;
    struct rpc_options o = RPC_OPTIONS_INIT;
    struct rpc_binding *b = NULL;
    struct rpc_conn *c = NULL;
    struct nt_arena *mem = nt_arena_new(0);
    if (argc < 3 || !fgets(password, sizeof password, stdin))
        return fprintf(stderr, "usage: client BINDING USER [TEXT] <password\n"), 2;
    password[strcspn(password, "\n")] = 0;
    who_we_are.user = argv[2];
    who_we_are.password = password;
    o.error = &err;
    o.timeout_ms = 10000; /* for opening, and then for each call */
    enum nt_status st = rpc_binding_parse(argv[1], &b, &err);
    if (st == STATUS_SUCCESS)
        st = sec_creds_new(&who_we_are, &o.creds, &err);
    nt_wipe(password, sizeof password);
    if (st == STATUS_SUCCESS)
        st = rpc_open(b, &news_interface, &o, &c);
    int bad = st != STATUS_SUCCESS;
    if (bad)
        fprintf(stderr, "%s\n", err.text);
    else
        show_facts(c);
    if (!bad)
        bad = who(c, mem);
    if (!bad && argc > 3)
        bad = post(c, mem, argv[3]);
    rpc_close(c); /* all of these accept NULL */
    rpc_binding_unref(b);
    sec_creds_unref(o.creds);
    nt_arena_free(mem);
    return bad;
}
