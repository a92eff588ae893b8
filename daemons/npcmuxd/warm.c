// SPDX-License-Identifier: Apache-2.0
#include "warm.h"
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#ifdef NPCMUXD_KRB5
#include <gssapi/gssapi.h>
#include <krb5.h>
#endif

/* The modules that nsswitch.conf(5) names for hosts. They stay loaded under the name by which the C library
 * will ask. */
static void load_hosts_modules(void)
{
    char line[512], name[64], file[80];
    FILE *f = fopen("/etc/nsswitch.conf", "re");
    while (f && fgets(line, sizeof line, f)) {
        const char *at = line + strspn(line, " \t");
        if (strncmp(at, "hosts:", 6) != 0)
            continue;
        for (at += 6; sscanf(at, " %63[a-z0-9_]", name) == 1;) {
            snprintf(file, sizeof file, "libnss_%s.so.2", name);
            (void)dlopen(file, RTLD_NOW);
            at += strspn(at, " \t");
            at += strlen(name);
            at += strspn(at, " \t");
            if (*at == '[') /* [NOTFOUND=return] */
                at += strcspn(at, "]") + 1;
        }
    }
    if (f)
        fclose(f);
}

#ifdef NPCMUXD_KRB5
static void load_krb5_plugins(void)
{
    krb5_context k;
    krb5_principal p;
    krb5_init_creds_context c;
    OM_uint32 minor;
    gss_OID_set mechs;
    if (gss_indicate_mechs(&minor, &mechs) == GSS_S_COMPLETE)
        (void)gss_release_oid_set(&minor, &mechs);
    if (krb5_init_context(&k) != 0)
        return;
    if (krb5_parse_name(k, "warm@UP", &p) == 0) {
        if (krb5_init_creds_init(k, p, NULL, NULL, 0, NULL, &c) == 0)
            krb5_init_creds_free(k, c);
        krb5_free_principal(k, p);
    }
    krb5_free_context(k);
}
#endif

void warm_up(void)
{
    load_hosts_modules();
#ifdef NPCMUXD_KRB5
    load_krb5_plugins();
#endif
}
