// SPDX-License-Identifier: Apache-2.0
/* idlc: options, files, the preprocessor. */
#include "idlc/idlc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_OPTIONS 64 /* -I and -D together */

struct options {
    const char *include[MAX_OPTIONS];
    int n_include;
    const char *cpp_args[MAX_OPTIONS]; /* -I and -D as given */
    int n_cpp_args;
    const char *cpp, *dir, *depfile, *acf, *check_opnums, *write_opnums, *input, *system_dir;
    bool preprocess_only, defines;
};

static const char usage_text[] =
    "usage: idlc [options] FILE.idl\n"
    "  -o DIR        where the results go (default: here)\n"
    "  -I DIR        where imported and included files are looked for; may be repeated\n"
    "  --system-dir DIR\n"
    "                where the IDL of the installed Tern is; what is found there has its header in <msrpc/>\n"
    "  --include-prefix P\n"
    "                other headers are named <P/NAME.h> instead of \"NAME.h\"\n"
    "  -D NAME[=V]   defines a macro\n"
    "  --acf F       attribute configuration file (default: FILE.acf, if it is there)\n"
    "  --header --ndr --client --server --ops --info --fuzz\n"
    "                which files to write: FILE.h, FILE_ndr.c, FILE_client.c, FILE_server.c, FILE_ops.c,\n"
    "                FILE_info.c, FILE_fuzz.c (default: all but the last two)\n"
    "  --check-opnums F, --write-opnums F\n"
    "                compares operation numbers with a list, writes one\n"
    "  --pidl        the dialect of Samba's interface files, which is otherwise told by its words\n"
    "  --types       describes each structure with a typedef, for serialization\n"
    "  --depfile F   writes what the results depend on, as a rule of make\n"
    "  -W[no-]NAME   warnings: all, replaced, direction, unsendable, enum-range, misplaced, pidl;\n"
    "                -Werror: they are errors\n"
    "  --cpp PROG    compiler that preprocesses with -E (default: $CC, else cc)\n"
    "  -E            preprocesses only, to standard output\n"
    "  --help --version\n"
    "Exit code: 0 done, 1 errors in the input, 2 wrong use or a file that cannot be read or written.\n";

/* ---- files ---- */

static char *read_stream(struct idlc *c, FILE *f)
{
    struct text t = { 0 };
    char buffer[16384];
    size_t n;
    while ((n = fread(buffer, 1, sizeof(buffer), f)) > 0 && t.len < MAX_FILE_SIZE)
        text_add(&t, buffer, n);
    char *s = pool_strndup(&c->pool, t.data ? t.data : "", t.len);
    text_free(&t);
    return s;
}

static char *read_file(struct idlc *c, const char *path)
{
    struct stat st;
    bool there = stat(path, &st) == 0;
    FILE *f = there && S_ISREG(st.st_mode) ? fopen(path, "re") : NULL;
    if (!f && there && !S_ISREG(st.st_mode))
        errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
    if (!f)
        return NULL;
    char *s = read_stream(c, f);
    fclose(f);
    return s;
}

/* The preprocessor is run only where there is something for it to do: without it columns stay exact. */
static bool needs_cpp(const char *text)
{
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += strspn(line, "\n \t");
        if (*line == '#' && strncmp(line + 1 + strspn(line + 1, " \t"), "pragma", 6) != 0)
            return true;
    }
    return false;
}

/* PROG -E -C -x c ... FILE, its standard output as text; NULL if it failed. */
static char *run_cpp(struct idlc *c, const struct options *o, const char *path)
{
    const char *argv[MAX_OPTIONS * 2 + 16];
    int n = 0, fds[2], status = 0;
    for (const char *const *a = (const char *const[]){ o->cpp, "-E", "-C", "-nostdinc", "-D__IDLC__",
                                                       "-D__midl", "-x", "c", NULL };
         *a; a++)
        argv[n++] = *a;
    for (int i = 0; i < o->n_cpp_args; i++)
        argv[n++] = o->cpp_args[i];
    argv[n++] = "-idirafter"; /* idl_types.h, for files of pidl that come without it */
    argv[n++] = pool_printf(&c->pool, "%s/pidl", o->system_dir ? o->system_dir : IDLC_DATA_DIR);
    argv[n++] = path;
    argv[n] = NULL;
    if (pipe2(fds, O_CLOEXEC) != 0)
        return NULL;
    posix_spawn_file_actions_t actions;
    pid_t pid;
    extern char **environ;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
    int err = posix_spawnp(&pid, o->cpp, &actions, NULL, (char *const *)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(fds[1]);
    FILE *f = err ? NULL : fdopen(fds[0], "r");
    if (!f) {
        close(fds[0]);
        fprintf(stderr, "idlc: cannot run %s: %s\n", o->cpp, strerror(err ? err : errno));
        return NULL;
    }
    char *s = read_stream(c, f);
    fclose(f);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? s : NULL;
}

static int unreadable(const char *path)
{
    if (errno)
        fprintf(stderr, "idlc: cannot read %s: %s\n", path, strerror(errno));
    return 2;
}

static bool fill_source(struct idlc *c, const char *path, struct source *ret)
{
    const struct options *o = c->load_arg;
    char real[PATH_MAX];
    char *text = read_file(c, path);
    if (!text || !realpath(path, real))
        return false;
    ret->name = pool_strndup(&c->pool, path, strlen(path));
    ret->path = pool_strndup(&c->pool, real, strlen(real));
    ret->text = text;
    ret->scanned = o->defines || needs_cpp(text) ? run_cpp(c, o, path) : text;
    errno = 0; /* if it failed, the preprocessor has said why */
    return ret->scanned != NULL;
}

/* A name that the file system writes in other letters: import "MS-DTYP.IDL" of ms-dtyp.idl. */
static const char *other_case(struct idlc *c, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *dir = slash ? pool_strndup(&c->pool, path, (size_t)(slash - path + 1)) : "./";
    const char *want = slash ? slash + 1 : path, *found = NULL;
    DIR *d = opendir(dir);
    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
        if (strcasecmp(e->d_name, want) == 0 && (!found || strcmp(e->d_name, found) < 0))
            found = pool_strndup(&c->pool, e->d_name, strlen(e->d_name));
    if (d)
        closedir(d);
    return found ? pool_printf(&c->pool, "%s%s", slash ? dir : "", found) : NULL;
}

static bool load_from(struct idlc *c, const char *dir, const char *name, struct source *ret)
{
    const char *path = dir ? pool_printf(&c->pool, "%s/%s", dir, name) : name;
    if (fill_source(c, path, ret))
        return true;
    path = other_case(c, path);
    return path && fill_source(c, path, ret);
}

/* Beside the file that asks, then where -I says, then where ours are installed. */
static bool load(struct idlc *c, const char *name, const struct source *from, struct source *ret)
{
    const struct options *o = c->load_arg;
    const char *slash = from && from->name ? strrchr(from->name, '/') : NULL;
    if (name[0] == '/')
        return fill_source(c, name, ret);
    if (load_from(c, slash ? pool_strndup(&c->pool, from->name, (size_t)(slash - from->name)) : NULL, name,
                  ret)) {
        ret->installed = from && from->installed;
        return true;
    }
    for (int i = 0; i < o->n_include; i++)
        if (load_from(c, o->include[i], name, ret))
            return true;
    ret->installed = load_from(c, o->system_dir ? o->system_dir : IDLC_DATA_DIR, name, ret);
    return ret->installed;
}

/* ---- results ---- */

static const char *const suffixes[OUT_COUNT] = {
    [OUT_HEADER] = ".h",  [OUT_NDR] = "_ndr.c",   [OUT_CLIENT] = "_client.c", [OUT_SERVER] = "_server.c",
    [OUT_OPS] = "_ops.c", [OUT_INFO] = "_info.c", [OUT_FUZZ] = "_fuzz.c",
};

static const char *result_path(struct idlc *c, const struct options *o, int i)
{
    return pool_printf(&c->pool, "%s/%s%s", o->dir, c->stem, suffixes[i]);
}

static bool write_file(const char *path, const char *data, size_t len)
{
    FILE *f = fopen(path, "we");
    bool ok = f && fwrite(data, 1, len, f) == len;
    if (f && fclose(f) != 0)
        ok = false;
    if (!ok)
        fprintf(stderr, "idlc: cannot write %s: %s\n", path, strerror(errno));
    return ok;
}

/* As make reads names. */
static void make_name(struct text *t, const char *name)
{
    text_printf(t, "%s", t->len && t->data[t->len - 1] != '\n' ? " " : "");
    for (; *name; name++)
        text_printf(t, strchr(" \t#\\", *name) ? "\\%c" : *name == '$' ? "$%c" : "%c", *name);
}

static bool write_depfile(struct idlc *c, const struct options *o)
{
    struct text t = { 0 };
    for (int i = 0; i < OUT_COUNT; i++)
        if (c->want[i])
            make_name(&t, result_path(c, o, i));
    text_printf(&t, ":");
    for (const struct source *s = c->sources; s; s = s->next)
        if (s->text)
            make_name(&t, s->name);
    if (o->check_opnums)
        make_name(&t, o->check_opnums);
    text_printf(&t, "\n");
    bool ok = write_file(o->depfile, t.data, t.len);
    text_free(&t);
    return ok;
}

static bool write_results(struct idlc *c, const struct options *o)
{
    bool ok = true;
    for (int i = 0; i < OUT_COUNT; i++)
        if (c->want[i])
            ok = ok && write_file(result_path(c, o, i), c->out[i].data, c->out[i].len);
    if (ok && o->write_opnums) {
        struct text t = { 0 };
        opnums_write(c, &t);
        ok = write_file(o->write_opnums, t.data, t.len);
        text_free(&t);
    }
    return ok && (!o->depfile || write_depfile(c, o));
}

/* ---- options ---- */

static int usage(const char *why, const char *arg)
{
    fprintf(stderr, "idlc: %s%s\nusage: idlc [options] FILE.idl; 'idlc --help' has the options\n", why, arg);
    return 2;
}

/* Names of options that are to have a value, to say what is wrong with one that has none. */
static bool wants_value(const char *arg)
{
    static const char *const names[] = { "-I",
                                         "-D",
                                         "-o",
                                         "--depfile",
                                         "--check-opnums",
                                         "--write-opnums",
                                         "--acf",
                                         "--system-dir",
                                         "--include-prefix",
                                         "--cpp" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(arg, names[i]) == 0)
            return true;
    return false;
}

static bool output_option(struct idlc *c, const char *arg)
{
    static const char *const names[OUT_COUNT] = {
        [OUT_HEADER] = "--header", [OUT_NDR] = "--ndr", [OUT_CLIENT] = "--client",
        [OUT_SERVER] = "--server", [OUT_OPS] = "--ops", [OUT_INFO] = "--info",
        [OUT_FUZZ] = "--fuzz"
    };
    for (int i = 0; i < OUT_COUNT; i++)
        if (strcmp(arg, names[i]) == 0)
            return c->want[i] = true;
    return false;
}

/* The value of an option that is `name VALUE` or, for one letter, `nameVALUE`; NULL: another option. */
static const char *option_value(char **argv, int *i, const char *name)
{
    size_t len = strlen(name);
    if (strncmp(argv[*i], name, len) != 0)
        return NULL;
    if (argv[*i][len])
        return len == 2 ? argv[*i] + len : NULL;
    return argv[*i + 1] ? argv[++*i] : NULL;
}

static int parse_options(struct idlc *c, struct options *o, int argc, char **argv)
{
    const char *v;
    for (int i = 1; i < argc; i++) {
        if (o->n_cpp_args + 2 > MAX_OPTIONS)
            return usage("too many options at ", argv[i]);
        if (strcmp(argv[i], "-E") == 0) {
            o->preprocess_only = true;
        } else if ((v = option_value(argv, &i, "-I"))) {
            o->include[o->n_include++] = v;
            o->cpp_args[o->n_cpp_args++] = pool_printf(&c->pool, "-I%s", v);
        } else if ((v = option_value(argv, &i, "-D"))) {
            o->defines = true;
            o->cpp_args[o->n_cpp_args++] = pool_printf(&c->pool, "-D%s", v);
        } else if (strncmp(argv[i], "-W", 2) == 0) {
            if (!diag_option(c, argv[i] + 2))
                return usage("no such warning: ", argv[i]);
        } else if ((v = option_value(argv, &i, "-o"))) {
            o->dir = v;
        } else if ((v = option_value(argv, &i, "--depfile"))) {
            o->depfile = v;
        } else if ((v = option_value(argv, &i, "--check-opnums"))) {
            o->check_opnums = v;
        } else if ((v = option_value(argv, &i, "--write-opnums"))) {
            o->write_opnums = v;
        } else if ((v = option_value(argv, &i, "--acf"))) {
            o->acf = v;
        } else if ((v = option_value(argv, &i, "--system-dir"))) {
            o->system_dir = v;
        } else if ((v = option_value(argv, &i, "--include-prefix"))) {
            c->include_prefix = v;
        } else if ((v = option_value(argv, &i, "--cpp"))) {
            o->cpp = v;
        } else if (strcmp(argv[i], "--pidl") == 0) {
            c->pidl = o->defines = true;
            o->cpp_args[o->n_cpp_args++] = "-D__PIDL__";
        } else if (strcmp(argv[i], "--types") == 0) {
            c->want_types = true;
        } else if (argv[i][0] != '-' && !o->input) {
            o->input = argv[i];
        } else if (!output_option(c, argv[i])) {
            return usage(argv[i][0] != '-'      ? "one file at a time; this is another one: "
                         : wants_value(argv[i]) ? "a value is missing behind "
                                                : "unknown option ",
                         argv[i]);
        }
    }
    return o->input ? 0 : usage("no input file", "");
}

/* The file that is named, or NAME.acf beside NAME.idl if there is one. */
static bool load_acf(struct idlc *c, const struct options *o)
{
    struct source acf = { 0 };
    const char *base = strrchr(o->input, '/'), *dot = strrchr(base ? base : o->input, '.');
    const char *path = o->acf;
    if (!path && dot)
        path = pool_printf(&c->pool, "%.*s.acf", (int)(dot - o->input), o->input);
    if (!path || (!o->acf && access(path, F_OK) != 0))
        return true;
    if (!fill_source(c, path, &acf)) {
        unreadable(path);
        return false;
    }
    c->acf = pool_new(&c->pool, struct source);
    *c->acf = acf;
    return true;
}

static bool load_opnums(struct idlc *c, const struct options *o)
{
    if (!o->check_opnums)
        return true;
    c->opnums = pool_new(&c->pool, struct source);
    c->opnums->name = o->check_opnums;
    c->opnums->text = read_file(c, o->check_opnums);
    if (!c->opnums->text)
        unreadable(o->check_opnums);
    return c->opnums->text != NULL;
}

static int compile(struct idlc *c, const struct options *o)
{
    struct source main = { .name = o->input };
    if (!fill_source(c, o->input, &main))
        return unreadable(o->input);
    if (!load_acf(c, o) || !load_opnums(c, o))
        return 2;
    if (o->preprocess_only)
        return fputs(main.scanned, stdout) < 0 ? 2 : 0;
    bool any = false;
    for (int i = 0; i < OUT_COUNT; i++)
        any |= c->want[i];
    for (int i = 0; i < OUT_COUNT && !any; i++)
        c->want[i] = i <= OUT_OPS;
    bool ok = idlc_compile(c, &main);
    if (c->messages.len)
        fputs(c->messages.data, stderr);
    if (!ok)
        return 1;
    return write_results(c, o) ? 0 : 2;
}

int main(int argc, char **argv)
{
    struct options o = { .dir = ".", .cpp = getenv("CC") };
    struct idlc c = { .load = load, .load_arg = &o };
    if (!o.cpp || !*o.cpp || strchr(o.cpp, ' '))
        o.cpp = "cc";
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return fputs(usage_text, stdout) < 0 ? 2 : 0;
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return puts("idlc (Tern) " IDLC_VERSION) < 0 ? 2 : 0;
    int rc = parse_options(&c, &o, argc, argv);
    if (rc == 0)
        rc = compile(&c, &o);
    idlc_free(&c);
    return rc;
}
