// SPDX-License-Identifier: Apache-2.0
/* msrpcd export: all of a store as JSON. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "admin.h"
#include "msrpcd.h"
#include "store_json.h"

static const char usage[] =
    "usage: msrpcd export --store FILE [--with-keys] [FILE|-]\n"
    "Writes an account store as JSON, as of one moment; msrpcd(8). The daemon may run meanwhile.\n"
    "  --store FILE | --scratch DIR | --config FILE   which store\n"
    "  --with-keys           also what passwords are checked by: whoever has it can log on as anybody\n";

enum { O_WITH_KEYS = 1 };
static const struct option table[] = { { "with-keys", no_argument, NULL, O_WITH_KEYS },
                                       ADMIN_OPTIONS,
                                       { 0 } };

static bool put_all(int fd, const uint8_t *p, size_t len)
{
    while (len) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        p += n;
        len -= (size_t)n;
    }
    return true;
}

/* What has that name is replaced by a whole file, or stays. */
static bool put_file(const char *path, const uint8_t *p, size_t len, bool secret)
{
    char *temporary;
    if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
        return false;
    int fd = mkstemp(temporary); /* mode 0600 */
    bool ok = fd >= 0 && put_all(fd, p, len);
    if (ok && !secret) {
        mode_t mask = umask(0);
        umask(mask);
        ok = fchmod(fd, 0666 & ~mask) == 0;
    }
    ok = ok && fsync(fd) == 0 && rename(temporary, path) == 0;
    int e = errno;
    if (fd >= 0)
        close(fd);
    if (fd >= 0 && !ok)
        unlink(temporary);
    free(temporary);
    errno = e;
    return ok;
}

static void warn(const struct admin *a, bool to_stdout)
{
    struct stat sb;
    admin_say(a, "warning: this has keys in it: whoever can read it can log on as anybody");
    if (to_stdout && fstat(STDOUT_FILENO, &sb) == 0 && S_ISREG(sb.st_mode) &&
        (sb.st_mode & (S_IRWXG | S_IRWXO)))
        admin_say(a, "warning: others may read the file that standard output is; chmod 600");
}

static int put(const struct admin *a, const struct samdb_image *i)
{
    struct wr w;
    const char *name = a->operand ? a->operand : "-";
    bool to_stdout = strcmp(name, "-") == 0, ok = false;
    wr_init(&w, STORE_JSON_MAX);
    store_write(&w, i);
    if (w.st == STATUS_SUCCESS && i->keys)
        warn(a, to_stdout);
    if (w.st == STATUS_SUCCESS)
        ok = to_stdout ? put_all(STDOUT_FILENO, w.base, w.len) : put_file(name, w.base, w.len, i->keys);
    if (w.st != STATUS_SUCCESS)
        admin_say(a, "%s: %s", a->path, nt_status_text(w.st));
    else if (!ok)
        admin_say(a, "%s: %s", to_stdout ? "standard output" : name, strerror(errno));
    wr_free_secret(&w);
    return ok ? EXIT_SUCCESS : EXIT_FAILED;
}

int cmd_export(int argc, char **argv)
{
    struct admin a = { .command = "export", .usage = usage };
    struct samdb_image image;
    bool keys = false;
    int which, rc = EXIT_FAILED;
    while ((which = getopt_long(argc, argv, "", table, NULL)) != -1)
        if (which == O_WITH_KEYS)
            keys = true;
        else
            admin_option(&a, which, optarg);
    admin_operand(&a, argc, argv, optind);
    struct samdb *d = admin_open(&a);
    struct nt_arena *mem = nt_arena_new_secret(STORE_JSON_MEMORY);
    enum nt_status st = d && mem ? samdb_dump(d, keys, mem, &image) : STATUS_NO_MEMORY;
    if (st == STATUS_SUCCESS)
        rc = put(&a, &image);
    else if (d)
        admin_say(&a, "%s: %s", a.path, nt_status_text(st));
    nt_arena_free(mem);
    samdb_close(d);
    return rc;
}
