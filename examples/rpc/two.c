// SPDX-License-Identifier: Apache-2.0
/* Two users on one connection: two BINDING USER1 USER2 <passwords. Each has a security context of its own; a
 * call goes under the one that was chosen before it started. */
#include <stdio.h>
#include <string.h>
#include <msrpc/rpc.h>
#include <msrpc/unistr.h>
#include "news.h"

static struct sec_creds *user(const char *name, struct nt_error *err)
{
    char password[256] = "";
    struct sec_creds_options o = SEC_CREDS_OPTIONS_INIT;
    struct sec_creds *creds = NULL;
    if (!fgets(password, sizeof password, stdin))
        return NULL;
    password[strcspn(password, "\n")] = 0;
    o.user = name;
    o.password = password;
    (void)!sec_creds_new(&o, &creds, err);
    nt_wipe(password, sizeof password);
    return creds;
}

static enum nt_status who(struct rpc_conn *c, uint32_t security)
{
    struct rpc_call_options o = RPC_CALL_OPTIONS_INIT;
    struct news_NewsWho r = { 0 };
    struct nt_arena *mem = nt_arena_new(0);
    char name[200] = "";
    o.security = security; /* 0: the connection's own */
    rpc_conn_set(c, &o);
    enum nt_status st = mem ? news_NewsWho(c, mem, &r) : STATUS_NO_MEMORY;
    if (st == STATUS_SUCCESS)
        st = ustr_to_utf8_lossy_buf(r.out.Name, ustr_len(r.out.Name), name, sizeof name, NULL);
    if (st == STATUS_SUCCESS)
        printf("%s, level %u\n", name, (unsigned)r.out.Level);
    nt_arena_free(mem);
    return st;
}

int main(int argc, char **argv)
{
    struct nt_error err = { "" };
    struct rpc_options o = RPC_OPTIONS_INIT;
    struct rpc_security second = RPC_SECURITY_INIT;
    struct rpc_binding *b = NULL;
    struct rpc_conn *c = NULL;
    uint32_t id = 0;
    if (argc != 4)
        return fprintf(stderr, "usage: two BINDING USER1 USER2 <passwords\n"), 2;
    o.creds = user(argv[2], &err);
    o.error = &err;
    second.creds = user(argv[3], &err);
    second.level = SEC_LEVEL_PRIVACY;
    enum nt_status st = rpc_binding_parse(argv[1], &b, &err);
    if (st == STATUS_SUCCESS)
        st = rpc_open(b, &news_interface, &o, &c);
    if (st == STATUS_SUCCESS)
        st = rpc_conn_add_security(c, &second, &id);
    for (int i = 0; i < 4 && st == STATUS_SUCCESS; i++)
        st = who(c, i % 2 ? id : 0);
    if (st != STATUS_SUCCESS)
        fprintf(stderr, "%s\n", c ? rpc_conn_error(c) : err.text);
    rpc_close(c);
    rpc_binding_unref(b);
    sec_creds_unref(o.creds);
    sec_creds_unref(second.creds);
    return st != STATUS_SUCCESS;
}
