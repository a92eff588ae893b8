// SPDX-License-Identifier: Apache-2.0
/*
 * A capture file through the whole engine and what prints it: libpcap's readers, links, TCP, SMB, PDUs,
 * calls, stubs by their descriptions. The first byte picks the ceiling of memory and the form of the output.
 * What the engine lends is read to its last byte, so that a sanitizer sees a pointer that leads nowhere.
 */
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>
#include "../tools/pcap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint32_t sink;

static void look_at(const void *p, size_t n)
{
    const uint8_t *b = p;
    for (size_t i = 0; i < n; i++)
        sink += b[i];
}

/* arg: where to print, or NULL */
static void on_event(void *arg, const struct capture_event *e)
{
    if (e->pipe)
        look_at(e->pipe, strlen(e->pipe));
    if (e->kind == CAPTURE_NOTE) {
        look_at(e->note, strlen(e->note));
    } else if (e->kind == CAPTURE_BIND) {
        look_at(e->bind->items, e->bind->n * sizeof *e->bind->items);
    } else {
        look_at(e->call->req.stub.data, e->call->req.stub.len);
        look_at(e->call->rsp.stub.data, e->call->rsp.stub.len);
    }
    if (arg)
        pcap_out_event(arg, e);
}

static void run(FILE *f, size_t memory, struct pcap_out *out)
{
    char err[PCAP_ERRBUF_SIZE];
    struct pcap_pkthdr *h;
    const u_char *p;
    struct capture_options o = { .memory = memory, .event = on_event, .arg = out };
    pcap_t *in = pcap_fopen_offline_with_tstamp_precision(f, PCAP_TSTAMP_PRECISION_NANO, err);
    struct capture *c = in ? capture_new(&o) : NULL;
    while (c && pcap_next_ex(in, &h, &p) == 1)
        capture_packet(c, pcap_datalink(in), (uint64_t)h->ts.tv_usec, p, h->caplen, h->len);
    if (c)
        capture_end(c);
    capture_delete(c);
    if (in)
        pcap_close(in); /* and the file */
    else
        fclose(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum pcap_form forms[] = { PCAP_LINES, PCAP_FULL, PCAP_JSON };
    static FILE *nowhere;
    if (!nowhere && !(nowhere = fopen("/dev/null", "w")))
        return 0;
    FILE *f = size > 1 ? fmemopen((void *)(uintptr_t)(data + 1), size - 1, "rb") : NULL;
    if (!f)
        return 0;
    unsigned form = data[0] >> 1 & 3;
    struct pcap_out out = { .f = nowhere, .mem = nt_arena_new((size_t)64 << 20) };
    if (form < 3)
        out.form = forms[form];
    if (out.mem)
        run(f, data[0] & 1 ? (size_t)data[0] << 8 : (size_t)64 << 20, form < 3 ? &out : NULL);
    nt_arena_free(out.mem);
    return 0;
}
