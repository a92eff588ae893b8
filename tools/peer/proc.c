// SPDX-License-Identifier: Apache-2.0
/* Programs that a script starts, such as a client that is to meet a hostile server. */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "peer.h"

#define OUTPUT_MAX 16384

extern char **environ;

/* Its output goes to a file that has no name. No shell has a hand in it. */
void peer_start(struct peer *w, const char *name, char **words, size_t n)
{
    struct peer_proc *p = calloc(1, sizeof *p);
    char **argv = peer_alloc(w->tmp, (n + 1) * sizeof *argv);
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    if (!p || !(p->out = tmpfile()))
        peer_die(w, "a temporary file: %s", strerror(errno));
    memcpy(argv, words, n * sizeof *argv);
    snprintf(p->name, sizeof p->name, "%s", name);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", 0, 0);
    posix_spawn_file_actions_adddup2(&files, fileno(p->out), 1);
    posix_spawn_file_actions_adddup2(&files, fileno(p->out), 2);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP); /* so that it can be ended with its children */
    int e = posix_spawnp(&p->pid, words[0], &files, &attr, argv, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attr);
    if (e)
        peer_die(w, "%s: %s", words[0], strerror(e));
    p->next = w->procs;
    w->procs = p;
    peer_note(w, "started", "%s: %s", name, words[0]);
}

static struct peer_proc *find(struct peer *w, const char *name)
{
    struct peer_proc *p = w->procs;
    while (p && strcmp(p->name, name) != 0)
        p = p->next;
    if (!p)
        peer_die(w, "no program %s was started", name);
    return p;
}

static const char *output(struct peer *w, struct peer_proc *p)
{
    char *text = peer_alloc(w->tmp, OUTPUT_MAX + 1);
    rewind(p->out);
    size_t n = fread(text, 1, OUTPUT_MAX, p->out);
    for (size_t i = 0; i < n; i++)
        if (!text[i])
            text[i] = '?';
    while (n && text[n - 1] == '\n')
        n--;
    text[n] = 0;
    return text;
}

static void forget(struct peer *w, struct peer_proc *p)
{
    struct peer_proc **at = &w->procs;
    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
    fclose(p->out);
    free(p);
}

static bool ends_within(struct peer_proc *p, uint64_t until, int *ret_status)
{
    struct timespec t = { 0, 5000000 };
    for (;;) {
        pid_t got = waitpid(p->pid, ret_status, WNOHANG);
        if (got == p->pid)
            return true;
        if (peer_now() > until || (got < 0 && errno != EINTR))
            return false;
        nanosleep(&t, NULL);
    }
}

static void compare(struct peer *w, struct peer_args *a, const char *code, const char *text)
{
    for (size_t i = 0; i < a->n; i++) {
        const struct peer_arg *x = &a->a[i];
        const char *got = strcmp(x->key, "code") == 0 ? code : text;
        if (strcmp(x->key, "within") == 0)
            continue;
        if (strcmp(x->key, "code") != 0 && strcmp(x->key, "output") != 0)
            peer_die(w, "'%s' is nothing that a program has: code or output", x->key);
        peer_check(w, got, x->op, x->value);
    }
}

/* wait NAME [code=N] [output~TEXT] [within=TIME]; sets $code and $output */
void peer_wait(struct peer *w, const char *name, struct peer_args *a)
{
    struct peer_proc *p = find(w, name);
    const char *within = peer_arg(a, "within", NULL);
    int status = 0;
    if (!ends_within(p, peer_now() + (within ? peer_duration(w, within) : w->patience), &status)) {
        peer_fail(w, "%s does not come to an end", name);
        return;
    }
    const char *code = WIFEXITED(status) ? peer_text(w->tmp, "%d", WEXITSTATUS(status))
                                         : peer_text(w->tmp, "signal %d", WTERMSIG(status));
    const char *text = output(w, p);
    peer_note(w, "ended", "%s: code %s: %s", name, code, text);
    p->pid = 0;
    peer_set_var(w, "code", code);
    peer_set_var(w, "output", text);
    compare(w, a, code, text);
    forget(w, p);
}

void peer_end_procs(struct peer *w)
{
    while (w->procs) {
        struct peer_proc *p = w->procs;
        if (p->pid) {
            kill(-p->pid, SIGKILL);
            (void)waitpid(p->pid, NULL, 0);
        }
        forget(w, p);
    }
}
