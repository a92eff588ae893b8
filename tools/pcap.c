// SPDX-License-Identifier: Apache-2.0
/* tern-rpc-pcap: the calls in a capture of a network. `tern rpc decode --pcap` runs it. */
#include <arpa/inet.h>
#include <errno.h>
#include <pcap/pcap.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "pcap.h"

#ifndef TERN_VERSION
#define TERN_VERSION "unknown"
#endif

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

#define FILTERS_MAX 16u

struct host {
    bool v6;
    uint8_t addr[16];
};

struct options {
    const char *file;
    enum pcap_form form;
    bool binds, quiet;
    const char *ifaces[FILTERS_MAX];
    struct host hosts[FILTERS_MAX];
    uint32_t streams[FILTERS_MAX];
    size_t n_ifaces, n_hosts, n_streams;
};

struct program {
    struct options o;
    struct pcap_out out;
};

static const char usage_text[] =
    "Usage: tern rpc decode --pcap FILE [OPTIONS]\n"
    "Prints the RPC calls in a capture (pcap or pcapng; - is standard input).\n"
    "\n"
    "      --json         one JSON object a line, with all arguments\n"
    "      --full         indented, with all arguments\n"
    "      --binds        binds, too (--json and --full always have them)\n"
    "      --iface NAME   only this interface: name or UUID (may be repeated, as those below)\n"
    "      --host ADDRESS only connections from or to this address\n"
    "      --stream N     only this connection: they are numbered from 0, as tcp.stream of Wireshark\n"
    "      --quiet        no totals on standard error\n"
    "  -h, --help         this help\n";

static int usage(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fputs("tern: rpc decode --pcap: ", stderr);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputs("\nTry 'tern rpc decode --pcap --help'.\n", stderr);
    return EXIT_USAGE;
}

/* ---- filters ---- */

static bool is_peer(const struct host *h, const struct capture_peer *p)
{
    return h->v6 == p->v6 && memcmp(h->addr, p->addr, h->v6 ? 16 : 4) == 0;
}

static bool host_wanted(const struct options *o, const struct capture_event *e)
{
    bool found = !o->n_hosts;
    for (size_t i = 0; i < o->n_hosts; i++)
        found |= e->has_stream && (is_peer(&o->hosts[i], &e->client) || is_peer(&o->hosts[i], &e->server));
    return found;
}

static bool stream_wanted(const struct options *o, const struct capture_event *e)
{
    bool found = !o->n_streams;
    for (size_t i = 0; i < o->n_streams; i++)
        found |= e->has_stream && o->streams[i] == e->stream;
    return found;
}

static bool named(const struct options *o, const struct rpc_syntax *s)
{
    for (size_t i = 0; i < o->n_ifaces; i++)
        if (describe_matches(o->ifaces[i], s))
            return true;
    return false;
}

/* Notes have no interface: they may be the reason why a call is missing. */
static bool iface_wanted(const struct options *o, const struct capture_event *e)
{
    if (!o->n_ifaces || e->kind == CAPTURE_NOTE)
        return true;
    if (e->kind == CAPTURE_CALL)
        return e->call->iface_known && named(o, &e->call->iface);
    for (unsigned i = 0; i < e->bind->n; i++)
        if (named(o, &e->bind->items[i].iface))
            return true;
    return false;
}

static void on_event(void *arg, const struct capture_event *e)
{
    struct program *p = arg;
    /* what is said of the whole capture is said whatever was asked for */
    bool wanted =
        !e->has_stream || (host_wanted(&p->o, e) && stream_wanted(&p->o, e) && iface_wanted(&p->o, e));
    if (wanted)
        pcap_out_event(&p->out, e);
}

/* ---- command line ---- */

static int add_host(struct options *o, const char *s)
{
    struct host h = { 0 };
    if (inet_pton(AF_INET6, s, h.addr) == 1)
        h.v6 = true;
    else if (inet_pton(AF_INET, s, h.addr) != 1)
        return usage("'%s' is no address", s);
    o->hosts[o->n_hosts++] = h;
    return EXIT_OK;
}

static int add_stream(struct options *o, const char *s)
{
    char *end;
    errno = 0;
    unsigned long v = strtoul(s, &end, 10);
    if (errno || end == s || *end || v > UINT32_MAX || *s == '-')
        return usage("'%s' is no number of a connection", s);
    o->streams[o->n_streams++] = (uint32_t)v;
    return EXIT_OK;
}

static int add_filter(struct options *o, const char *name, const char *value)
{
    if (o->n_ifaces == FILTERS_MAX || o->n_hosts == FILTERS_MAX || o->n_streams == FILTERS_MAX)
        return usage("more than %u filters of a kind", FILTERS_MAX);
    if (!strcmp(name, "host"))
        return add_host(o, value);
    if (!strcmp(name, "stream"))
        return add_stream(o, value);
    o->ifaces[o->n_ifaces++] = value;
    return EXIT_OK;
}

enum { NO_FLAG = 1000 };

/* An option without an argument. */
static int parse_flag(struct options *o, const char *name)
{
    if (!strcmp(name, "json"))
        o->form = PCAP_JSON;
    else if (!strcmp(name, "full"))
        o->form = PCAP_FULL;
    else if (!strcmp(name, "binds"))
        o->binds = true;
    else if (!strcmp(name, "quiet"))
        o->quiet = true;
    else
        return !strcmp(name, "help") ? -1 : NO_FLAG;
    return EXIT_OK;
}

/* An option at argv[*i]; -1 for help. */
static int parse_option(struct options *o, int argc, char **argv, int *i)
{
    const char *a = argv[*i] + 2, *eq = strchr(a, '=');
    char name[16];
    size_t n = eq ? (size_t)(eq - a) : strlen(a);
    if (!strcmp(argv[*i], "-h"))
        return -1;
    if (!strcmp(argv[*i], "-j")) {
        o->form = PCAP_JSON;
        return EXIT_OK;
    }
    if (argv[*i][1] != '-' || n >= sizeof name)
        return usage("unknown option '%s'", argv[*i]);
    memcpy(name, a, n);
    name[n] = 0;
    int rc = parse_flag(o, name);
    if (rc != NO_FLAG)
        return eq ? usage("--%s takes no argument", name) : rc;
    if (strcmp(name, "iface") && strcmp(name, "host") && strcmp(name, "stream") && strcmp(name, "pcap"))
        return usage("unknown option '%s'", argv[*i]);
    const char *value = eq ? eq + 1 : *i + 1 < argc ? argv[++*i] : NULL;
    if (!value)
        return usage("--%s wants an argument", name);
    if (!strcmp(name, "pcap")) {
        if (o->file)
            return usage("one file at a time");
        o->file = value;
        return EXIT_OK;
    }
    return add_filter(o, name, value);
}

static int parse(struct options *o, int argc, char **argv)
{
    bool only_args = false;
    for (int i = 1; i < argc; i++) {
        int rc = EXIT_OK;
        if (!only_args && !strcmp(argv[i], "--"))
            only_args = true;
        else if (!only_args && argv[i][0] == '-' && argv[i][1])
            rc = parse_option(o, argc, argv, &i);
        else if (o->file)
            rc = usage("one file at a time");
        else
            o->file = argv[i];
        if (rc)
            return rc;
    }
    return o->file ? EXIT_OK : usage("FILE is missing");
}

/* ---- the file ---- */

static uint64_t packet_time(const struct pcap_pkthdr *h)
{
    return (uint64_t)h->ts.tv_sec * 1000000000u + (uint64_t)h->ts.tv_usec; /* nanoseconds: asked for */
}

/* False when the file ends other than it should, after having said so. */
static bool read_packets(pcap_t *in, struct capture *c, const char *name)
{
    struct pcap_pkthdr *h;
    const u_char *data;
    int link = pcap_datalink(in), rc;
    while ((rc = pcap_next_ex(in, &h, &data)) == 1)
        capture_packet(c, link, packet_time(h), data, h->caplen, h->len);
    if (rc == PCAP_ERROR_BREAK)
        return true;
    fprintf(stderr, "tern: %s: %s (after %llu packets)\n", name, pcap_geterr(in),
            (unsigned long long)capture_totals(c)->packets);
    return false;
}

static int run(struct program *p)
{
    char err[PCAP_ERRBUF_SIZE] = "";
    const char *name = strcmp(p->o.file, "-") ? p->o.file : "standard input";
    pcap_t *in = pcap_open_offline_with_tstamp_precision(p->o.file, PCAP_TSTAMP_PRECISION_NANO, err);
    if (!in) {
        fprintf(stderr, "tern: %s%s%s\n", strstr(err, name) ? "" : name, strstr(err, name) ? "" : ": ", err);
        return EXIT_FAILED;
    }
    struct capture_options co = { .arg = p, .event = on_event };
    struct capture *c = capture_new(&co);
    p->out = (struct pcap_out){ .f = stdout, .form = p->o.form, .binds = p->o.binds, .mem = nt_arena_new(0) };
    bool ok = c && p->out.mem;
    if (ok) {
        ok = read_packets(in, c, name);
        capture_end(c);
        if (!p->o.quiet)
            pcap_out_totals(stderr, capture_totals(c));
    } else {
        fputs("tern: out of memory\n", stderr);
    }
    if (fflush(stdout) || ferror(stdout)) {
        fprintf(stderr, "tern: cannot write the output: %s\n", strerror(errno));
        ok = false;
    }
    capture_delete(c);
    nt_arena_free(p->out.mem);
    pcap_close(in);
    return ok ? EXIT_OK : EXIT_FAILED;
}

int main(int argc, char **argv)
{
    static struct program p;
    int rc = parse(&p.o, argc, argv);
    if (rc == -1) {
        fputs(usage_text, stdout);
        return fflush(stdout) ? EXIT_FAILED : EXIT_OK;
    }
    return rc ? rc : run(&p);
}
