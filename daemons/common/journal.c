// SPDX-License-Identifier: Apache-2.0
#include "journal.h"
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NS_PER_SEC UINT64_C(1000000000)

struct journal {
    struct sink *sink;
    atomic_bool json, prefixed; /* the sink's thread makes lines, too */
};

/* ---- lines ---- */

static uint64_t wall(void)
{
    const struct nt_env *env = nt_env_system();
    return env->wall(env->arg);
}

void journal_begin(const struct journal *j, struct line *n, enum journal_priority p, const char *event)
{
    char prefix[8];
    snprintf(prefix, sizeof prefix, "<%d>", (int)p);
    line_begin(n, j->json, j->prefixed ? prefix : NULL, wall(), event);
}

void journal_end(struct journal *j, struct line *n)
{
    line_end(n);
    (void)sink_put(j->sink, n->buf, n->len); /* dropped ones are counted there */
}

void journal_status(struct line *n, const char *key, enum nt_status st)
{
    char hex[16];
    const char *name = nt_status_name(st);
    snprintf(hex, sizeof hex, "0x%08x", (unsigned)st);
    line_text(n, key, name ? name : hex);
}

void journal_say(struct journal *j, enum nt_trace_level level, const char *sentence)
{
    struct line n;
    journal_begin(j, &n,
                  level == NT_TRACE_ERROR   ? JOURNAL_WARNING
                  : level == NT_TRACE_STATE ? JOURNAL_INFO
                                            : JOURNAL_DEBUG,
                  "message");
    line_text(&n, "text", sentence);
    journal_end(j, &n);
}

/* Whoever floods us is not to fill the disk, too. */
bool journal_may(struct journal_limit *l, uint64_t *ret_count)
{
    const struct nt_env *env = nt_env_system();
    uint64_t second = env->monotonic(env->arg) / NS_PER_SEC + 1;
    l->count++;
    if (l->since == second)
        return false;
    *ret_count = l->count;
    l->since = second;
    l->count = 0;
    return true;
}

/* ---- life ---- */

static size_t gap(void *arg, uint64_t lost, char *buf, size_t size)
{
    const struct journal *j = arg;
    struct line n;
    journal_begin(j, &n, JOURNAL_WARNING, "dropped");
    line_number(&n, "lines", lost);
    line_end(&n);
    size_t len = n.len < size ? n.len : 0;
    memcpy(buf, n.buf, len);
    return len;
}

/* Is standard error the journal's? It says so by device and inode (systemd.exec(5), JOURNAL_STREAM). */
static bool is_journal(void)
{
    const char *text = getenv("JOURNAL_STREAM");
    unsigned long long dev, ino;
    struct stat st;
    return text && sscanf(text, "%llu:%llu", &dev, &ino) == 2 && fstat(STDERR_FILENO, &st) == 0 &&
           st.st_dev == (dev_t)dev && st.st_ino == (ino_t)ino;
}

/* A fifo that nobody reads is refused instead of waited for. */
static enum nt_status open_file(const char *path, int *ret, struct nt_error *err)
{
    *ret = STDERR_FILENO;
    if (!path)
        return STATUS_SUCCESS;
    const int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    *ret = open(path, flags | O_CREAT | O_EXCL, 0640);
    if (*ret >= 0)
        (void)!fchmod(*ret, 0640); /* whatever the umask */
    else if (errno == EEXIST)
        *ret = open(path, flags);
    return *ret >= 0
               ? STATUS_SUCCESS
               : nt_error_set(err, STATUS_OBJECT_PATH_NOT_FOUND, "log_file %s: %s", path, strerror(errno));
}

static void take(struct journal *j, const struct journal_options *o)
{
    j->json = o->json;
    j->prefixed = !o->file && is_journal();
}

enum nt_status journal_new(const struct journal_options *o, struct journal **ret, struct nt_error *err)
{
    struct sink_options so = { .gap = gap };
    struct journal *j = calloc(1, sizeof *j);
    if (!j)
        return STATUS_NO_MEMORY;
    take(j, o);
    so.arg = j;
    enum nt_status st = open_file(o->file, &so.fd, err);
    if (st == STATUS_SUCCESS)
        st = sink_new(&so, &j->sink);
    if (st != STATUS_SUCCESS) {
        free(j);
        return st;
    }
    *ret = j;
    return STATUS_SUCCESS;
}

enum nt_status journal_reload(struct journal *j, const struct journal_options *o, struct nt_error *err)
{
    int fd;
    enum nt_status st = open_file(o->file, &fd, err);
    if (st != STATUS_SUCCESS)
        return st;
    sink_replace(j->sink, fd);
    take(j, o);
    return STATUS_SUCCESS;
}

enum nt_status journal_start(struct journal *j)
{
    return sink_start(j->sink);
}

void journal_stats(struct journal *j, struct sink_stats *ret)
{
    sink_stats(j->sink, ret);
}

void journal_free(struct journal *j)
{
    if (!j)
        return;
    if (sink_free(j->sink)) /* else its thread may still look at us */
        free(j);
}
