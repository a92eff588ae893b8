// SPDX-License-Identifier: Apache-2.0
/* msrpcd import: a store out of JSON. All of it is read and checked before anything is written. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "admin.h"
#include "msrpcd.h"
#include "store_json.h"

static const char usage[] = "usage: msrpcd import --store FILE [--replace] [--check] [FILE|-]\n"
                            "Makes an account store of what msrpcd export has written; msrpcd(8).\n"
                            "  --store FILE | --scratch DIR | --config FILE   which store\n"
                            "  --replace             the store is there: replace all that is in it\n"
                            "  --check               read, say what is wrong, and write nothing\n";

enum { O_REPLACE = 1, O_CHECK };
static const struct option table[] = {
    { "replace", no_argument, NULL, O_REPLACE },
    { "check", no_argument, NULL, O_CHECK },
    ADMIN_OPTIONS,
    { 0 },
};

/* The whole file, up to one octet more than an export may have. */
static enum nt_status slurp(int fd, struct wr *w)
{
    for (;;) {
        size_t want = (size_t)64 << 10;
        uint8_t *to = wr_room(w, want);
        if (!to)
            return w->st == STATUS_BUFFER_TOO_SMALL ? STATUS_INVALID_PARAMETER : w->st;
        ssize_t n = read(fd, to, want);
        w->len -= want - (n > 0 ? (size_t)n : 0);
        if (n < 0 && errno != EINTR)
            return STATUS_IO_DEVICE_ERROR;
        if (n == 0)
            return STATUS_SUCCESS;
    }
}

static bool take(const struct admin *a, const char *name, struct wr *w)
{
    bool is_stdin = strcmp(name, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    enum nt_status st = fd >= 0 ? slurp(fd, w) : STATUS_IO_DEVICE_ERROR;
    if (st == STATUS_IO_DEVICE_ERROR)
        admin_say(a, "%s: %s", name, strerror(errno));
    else if (st == STATUS_INVALID_PARAMETER)
        admin_say(a, "%s: an export is at most %zu MiB", name, STORE_JSON_MAX >> 20);
    else if (st != STATUS_SUCCESS)
        admin_say(a, "%s: %s", name, nt_status_text(st));
    if (fd >= 0 && !is_stdin)
        close(fd);
    return st == STATUS_SUCCESS;
}

static int keep(const struct admin *a, const struct samdb_image *i, bool replace)
{
    struct nt_error err = { "" };
    const struct samdb_options o = { .error = &err };
    enum nt_status st;
    if (replace) {
        struct samdb *d = admin_open(a);
        if (!d)
            return EXIT_FAILED;
        st = samdb_restore(d, i);
        samdb_close(d);
    } else {
        st = samdb_create_from(a->path, i, &o);
    }
    if (st == STATUS_OBJECT_NAME_COLLISION)
        return admin_fail(a, EXIT_FAILED, "%s: there is something already; --replace replaces what is in it",
                          a->path);
    if (st != STATUS_SUCCESS)
        return admin_fail(a, EXIT_FAILED, "%s: %s; nothing was changed", a->path, nt_status_text(st));
    if (!i->keys && !replace)
        admin_say(a, "there were no keys: nobody can log on until msrpcd passwd has been there");
    return EXIT_SUCCESS;
}

static int run(const struct admin *a, bool replace, bool check, struct nt_arena *mem)
{
    struct nt_error err = { "" };
    struct samdb_image i;
    struct wr w;
    int rc = EXIT_FAILED;
    const char *name = a->operand ? a->operand : "-";
    wr_init(&w, STORE_JSON_MAX + ((size_t)64 << 10));
    if (take(a, name, &w)) {
        enum nt_status st = store_read((const char *)w.base, w.len, mem, &i, &err);
        if (st == STATUS_NO_MEMORY)
            admin_say(a, "%s: this is more than an account store can have", name);
        else if (st != STATUS_SUCCESS)
            admin_say(a, "%s:%s%s", name, err.text[0] >= '0' && err.text[0] <= '9' ? "" : " ",
                      err.text[0] ? err.text : nt_status_text(st));
        else
            rc = check ? EXIT_SUCCESS : keep(a, &i, replace);
    }
    wr_free_secret(&w);
    return rc;
}

int cmd_import(int argc, char **argv)
{
    struct admin a = { .command = "import", .usage = usage };
    bool replace = false, check = false;
    int which, rc = EXIT_FAILED;
    while ((which = getopt_long(argc, argv, "", table, NULL)) != -1)
        if (which == O_REPLACE)
            replace = true;
        else if (which == O_CHECK)
            check = true;
        else
            admin_option(&a, which, optarg);
    admin_operand(&a, argc, argv, optind);
    struct nt_arena *mem = nt_arena_new_secret(STORE_JSON_MEMORY);
    if (mem)
        rc = run(&a, replace, check, mem);
    nt_arena_free(mem);
    return rc;
}
