// SPDX-License-Identifier: Apache-2.0
/*
 * As whom, and how, the server is reached: options before TERN_* variables before a prompt before the current
 * Kerberos cache. A password is never an option: command lines are for all to see.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "term/term.h"
#include "tern.h"

#define MAX_SECRET 1024 /* bytes of a line that holds a password; NT's longest is 256 characters */

char *tern_read_secret(struct tern *t, bool from_stdin, const char *prompt)
{
    char *buf = nt_arena_alloc(t->mem, MAX_SECRET, 1);
    if (!buf)
        return NULL;
    if (from_stdin) {
        if (term_line(STDIN_FILENO, buf, MAX_SECRET, NULL) >= 0)
            return buf;
        fprintf(stderr, "tern: standard input has no line of at most %d bytes for this: %s\n", MAX_SECRET - 1,
                prompt);
        return NULL;
    }
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        fprintf(
            stderr,
            "tern: a password is needed and there is no terminal to ask on (%s): see TERN_PASSWORD and -A\n",
            prompt);
        return NULL;
    }
    bool interrupt = false, ok = term_ask(fd, prompt, buf, MAX_SECRET, &interrupt) >= 0;
    close(fd);
    if (interrupt)
        exit(EXIT_FAILED);
    return ok ? buf : NULL;
}

char *tern_new_secret(struct tern *t, bool from_stdin, const char *prompt)
{
    char *first = tern_read_secret(t, from_stdin, prompt), again[300];
    if (!first || from_stdin)
        return first;
    snprintf(again, sizeof again, "%s again", prompt);
    char *second = tern_read_secret(t, false, again);
    if (!second || strcmp(first, second) == 0)
        return second;
    fprintf(stderr, "tern: the two are not the same\n");
    return NULL;
}

/* "username = x", "password = x", "domain = x", as smbclient's -A takes it. */
bool tern_read_authfile(struct tern *t, const char *path, const char **password)
{
    FILE *f = fopen(path, "re");
    if (!f) {
        fprintf(stderr, "tern: cannot read %s: %s\n", path, strerror(errno));
        return false;
    }
    struct stat sb;
    if (fstat(fileno(f), &sb) == 0 && (sb.st_mode & (S_IRWXG | S_IRWXO)))
        fprintf(stderr, "tern: warning: others may read %s: chmod 600\n", path);
    char line[MAX_SECRET];
    setvbuf(f, NULL, _IONBF, 0); /* no copy of the password stays behind */
    while (fgets(line, sizeof line, f)) {
        line[strcspn(line, "\r\n")] = 0;
        char *eq = strchr(line, '=');
        if (line[0] == '#' || !eq)
            continue;
        char *key = line + strspn(line, " \t"), *value = eq + 1 + strspn(eq + 1, " \t");
        size_t n = strcspn(key, " \t=");
        const char **to = n == 8 && !strncmp(key, "username", n)   ? &t->user
                          : n == 8 && !strncmp(key, "password", n) ? password
                          : n == 6 && !strncmp(key, "domain", n)   ? &t->domain
                                                                   : NULL;
        if (to && !*to)
            *to = nt_arena_strdup(t->mem, value);
    }
    nt_wipe(line, sizeof line);
    fclose(f);
    return true;
}

static const char *from_env(const char *given, const char *name)
{
    const char *v = getenv(name);
    return given ? given : v && v[0] ? v : NULL;
}

static int make_creds(struct tern *t, const char *password, struct sec_creds **ret)
{
    struct sec_creds_options o = SEC_CREDS_OPTIONS_INIT;
    struct nt_error err = { "" };
    o.mech = t->anonymous  ? SEC_MECH_ANONYMOUS
             : t->kerberos ? SEC_MECH_KRB5
             : t->ntlm     ? SEC_MECH_NTLM
                           : SEC_MECH_AUTO;
    if (!t->anonymous) {
        o.user = t->user;
        o.domain = t->domain;
        o.ccache = t->ccache;
        o.keytab = t->keytab;
        o.password = password;
        if (!t->ntlm && (!t->user || t->keytab || (t->ccache && !password)))
            o.mech = SEC_MECH_KRB5; /* a cache or a key is all there is */
    }
    enum nt_status st = sec_creds_new(&o, ret, &err);
    if (st != STATUS_SUCCESS) {
        fprintf(stderr, "tern: credentials: %s: %s\n", nt_status_name(st), err.text);
        return EXIT_FAILED;
    }
    return EXIT_OK;
}

int tern_auth(struct tern *t, struct sec_creds **ret_creds)
{
    const char *password = NULL;
    if (t->authfile && !tern_read_authfile(t, t->authfile, &password))
        return EXIT_FAILED;
    bool user_given = t->user != NULL;
    if (t->ntlm && !user_given && !getenv("TERN_USER"))
        return tern_usage(t, "NTLM wants a user: -U or TERN_USER");
    if (!t->anonymous) {
        t->ccache = from_env(t->ccache, "TERN_CCACHE");
        t->domain = from_env(t->domain, "TERN_DOMAIN");
        if (!t->kerberos)
            t->user = from_env(t->user, "TERN_USER");
        if (t->user && !t->keytab)
            password = from_env(password, "TERN_PASSWORD");
    }
    /* -k alone means the cache; a user without a secret is asked for one */
    bool wants_password =
        !t->anonymous && t->user && !password && !t->keytab && !t->ccache && !(t->kerberos && !user_given);
    if (wants_password) {
        char prompt[300];
        snprintf(prompt, sizeof prompt, "Password of %s", t->user);
        password = tern_read_secret(t, false, prompt);
        if (!password)
            return EXIT_FAILED;
    }
    t->password = password;
    return make_creds(t, password, ret_creds);
}
