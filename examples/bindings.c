// SPDX-License-Identifier: Apache-2.0
/*
 * String bindings, taken apart. Needs no server:
 *
 *   cc -Wall bindings.c -lrpcrt -lntbase -o bindings
 *   ./bindings 'ncacn_np:srv1[\pipe\srvsvc]' 'ncacn_ip_tcp:[fe80::1%eth0][49152,seal,krb5]'
 */
#include <msrpc/rpc.h>
#include <stdio.h>

static bool show(const char *text)
{
    struct nt_error err = { "" };
    struct rpc_binding *b;
    if (rpc_binding_parse(text, &b, &err) != STATUS_SUCCESS) {
        fprintf(stderr, "%s: %s\n", text, err.text);
        return false;
    }
    char canonical[1024];
    if (rpc_binding_format(b, canonical, sizeof canonical) >= sizeof canonical) {
        fprintf(stderr, "%s: too long to be shown\n", text);
        rpc_binding_unref(b);
        return false;
    }
    const char *endpoint = rpc_binding_endpoint(b);
    printf("%s\n  protocol  %s\n  host      %s\n  endpoint  %s\n", canonical, rpc_binding_protseq(b),
           rpc_binding_host(b),
           endpoint ? endpoint : "the interface's own, or what the endpoint mapper says");
    rpc_binding_unref(b);
    return true;
}

int main(int argc, char **argv)
{
    int rc = 0;
    if (argc < 2) {
        fprintf(stderr, "usage: bindings BINDING...\n");
        return 2;
    }
    for (int i = 1; i < argc; i++)
        if (!show(argv[i]))
            rc = 1;
    return rc;
}
