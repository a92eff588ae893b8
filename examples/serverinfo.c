// SPDX-License-Identifier: Apache-2.0
/*
 * What a server is, and its clock: NetAPI with u"" literals and with what Tern has beside it, so that the
 * program says by which transport, with which credentials and in how much time. The password is the first
 * line of standard input; without a user the current Kerberos tickets are used.
 *
 *   cc serverinfo.c $(pkg-config --cflags --libs libnetapi32) -o serverinfo
 *   ./serverinfo srv1.example.org 'LAB\alice'
 *   ./serverinfo -t srv1.example.org 'LAB\alice'       (over TCP, sealed)
 */
#include <windows.h>
#include <lm.h>
#include <msrpc/netapi.h>
#include <msrpc/unistr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Name and comment may hold anything: for display, what is no UTF-16 becomes U+FFFD. */
static void show(const char *label, const WCHAR *s)
{
    char *utf8;
    if (ustr_to_utf8_lossy(s, USTR_NUL, &utf8, NULL) != STATUS_SUCCESS)
        return;
    printf("%-9s %s\n", label, utf8);
    free(utf8);
}

static int complain(const char *what)
{
    fprintf(stderr, "serverinfo: %s\n", what);
    return 1;
}

static int options(const char *host, const char *user, int tcp)
{
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    struct net_options o = NET_OPTIONS_INIT;
    struct nt_error err = { .text = "" };
    char password[258] = "";
    if (user) {
        if (fgets(password, sizeof password, stdin))
            password[strcspn(password, "\n")] = 0;
        co.user = user;
        co.password = password;
        if (sec_creds_new(&co, &o.creds, &err) != STATUS_SUCCESS)
            return complain(err.text);
        nt_wipe(password, sizeof password);
    }
    o.protseq = tcp ? "ncacn_ip_tcp" : "ncacn_np";
    o.timeout_ms = 10000;
    enum nt_status st = net_set_options(host, &o);
    sec_creds_unref(o.creds); /* the options hold a reference of their own */
    return st == STATUS_SUCCESS ? 0 : complain("no memory");
}

static int server_info(char16_t *host)
{
    SERVER_INFO_101 *s;
    if (NetServerGetInfo(host, 101, (LPBYTE *)&s) != NERR_Success)
        return complain(net_last_error());
    show("name", s->sv101_name);
    show("comment", s->sv101_comment && s->sv101_comment[0] ? s->sv101_comment : u"(none)");
    printf("version   %u.%u\n", s->sv101_version_major & MAJOR_VERSION_MASK, s->sv101_version_minor);
    printf("role      %s\n", s->sv101_type & SV_TYPE_DOMAIN_CTRL     ? "domain controller"
                             : s->sv101_type & SV_TYPE_DOMAIN_MEMBER ? "member of a domain"
                                                                     : "server");
    NetApiBufferFree(s);
    return 0;
}

static int clock_of(char16_t *host)
{
    TIME_OF_DAY_INFO *t;
    if (NetRemoteTOD(host, (LPBYTE *)&t) != NERR_Success)
        return complain(net_last_error());
    printf("time      %u-%02u-%02u %02u:%02u:%02u UTC\n", t->tod_year, t->tod_month, t->tod_day, t->tod_hours,
           t->tod_mins, t->tod_secs);
    NetApiBufferFree(t);
    return 0;
}

int main(int argc, char **argv)
{
    int tcp = argc > 1 && strcmp(argv[1], "-t") == 0;
    argc -= tcp;
    argv += tcp;
    if (argc != 2 && argc != 3) {
        fprintf(stderr, "usage: serverinfo [-t] SERVER [USER]\n");
        return 2;
    }
    char16_t *host;
    if (ustr_from_utf8(argv[1], USTR_NUL, &host, NULL) != STATUS_SUCCESS)
        return complain("the name of the server is not UTF-8");
    int rc = options(argv[1], argc == 3 ? argv[2] : NULL, tcp);
    if (rc == 0)
        rc = server_info(host);
    if (rc == 0)
        rc = clock_of(host);
    net_close_idle();
    if (net_set_options(argv[1], NULL) != STATUS_SUCCESS)
        rc = 1;
    free(host);
    return rc;
}
