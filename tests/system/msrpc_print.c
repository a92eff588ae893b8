// SPDX-License-Identifier: Apache-2.0
/*
 * Operations of spoolss, netdfs and InitShutdown on a real server: its answers decode and say what is known
 * of the server. Each check is a line "ok TEXT" or "not ok TEXT"; the last line is "done".
 *
 *   msrpc_print SUITE BINDING USER PASSWORD [ARGUMENT...]
 *
 *   printers SERVER PRINTER COMMENT; namespace SERVER ROOT (with a link "link" to \\\\other\\data); shutdown
 */
#include <msrpc/initshutdown.h>
#include <msrpc/netdfs.h>
#include <msrpc/spoolss_buffer.h>
#include "msrpc_check.h"

static const char *utf8(const char16_t *s)
{
    return text(s, USTR_NUL);
}

/* ---- spoolss ---- */

/* Asks without a buffer how long it has to be, and again with one. The operations have the same parameters,
 * not the same structure. */
#define FILLED(r, op, buf)                                                                                   \
    ((r).in.buf = NULL, (r).in.cbBuf = 0,                                                                    \
     CALLED(r, op, W_ERROR_INSUFFICIENT_BUFFER) && ((r).in.buf = nt_arena_alloc(mem, (r).out.pcbNeeded, 8),  \
                                                    (r).in.cbBuf = (r).out.pcbNeeded, CALLED(r, op, 0)))

static bool decoded(enum spl_kind kind, uint32_t level, const uint8_t *buf, uint32_t len, uint32_t count,
                    void **ret)
{
    enum nt_status st = spl_decode(mem, kind, level, buf, len, count, ret);
    check(st == STATUS_SUCCESS && count, "level %u, %u elements in %u bytes: %s", level, count, len,
          nt_status_name(st));
    return st == STATUS_SUCCESS && count;
}

static void list_printers(const char *name)
{
    static const uint32_t levels[] = { 0, 1, 2, 4, 5 };
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        struct spoolss_RpcEnumPrinters r = { .in = { .Flags = spoolss_PRINTER_ENUM_LOCAL,
                                                     .Level = levels[i] } };
        void *elems;
        if (!FILLED(r, spoolss_RpcEnumPrinters, pPrinterEnum) ||
            !decoded(SPL_PRINTER, levels[i], r.out.pPrinterEnum, r.in.cbBuf, r.out.pcReturned, &elems))
            continue;
        if (levels[i] == 2) {
            const struct spl_PRINTER_INFO_2 *p = elems;
            check(strstr(utf8(p->pPrinterName), name) != NULL, "a printer is called %s",
                  utf8(p->pPrinterName));
            check(p->pSecurityDescriptor.size > 20, "its security descriptor has %u bytes",
                  p->pSecurityDescriptor.size);
        } else if (levels[i] == 4) {
            const struct spl_PRINTER_INFO_4 *p = elems;
            check(strstr(utf8(p->pPrinterName), name) != NULL, "at level 4, too");
        }
    }
}

static void describe_printer(struct ndr_handle h, const char *comment)
{
    struct spoolss_RpcGetPrinter r = { .in = { .hPrinter = h, .Level = 2 } };
    void *elems;
    if (FILLED(r, spoolss_RpcGetPrinter, pPrinter) &&
        decoded(SPL_PRINTER, 2, r.out.pPrinter, r.in.cbBuf, 1, &elems)) {
        const struct spl_PRINTER_INFO_2 *p = elems;
        check(strcmp(utf8(p->pComment), comment) == 0, "comment %s", utf8(p->pComment));
        check(p->pDevMode.size == 0 || p->pDevMode.size >= 76, "settings of %u bytes", p->pDevMode.size);
    }
    struct spoolss_RpcEnumForms f = { .in = { .hPrinter = h, .Level = 1 } };
    if (FILLED(f, spoolss_RpcEnumForms, pForm) &&
        decoded(SPL_FORM, 1, f.out.pForm, f.in.cbBuf, f.out.pcReturned, &elems)) {
        const struct spl_FORM_INFO_1 *p = elems;
        uint32_t i = 0;
        while (i < f.out.pcReturned && strcmp(utf8(p[i].pName), "A4") != 0)
            i++;
        check(i < f.out.pcReturned && p[i].Size.cx == 210000, "A4 is 210 mm wide");
    }
    struct spoolss_RpcEnumJobs j = { .in = { .hPrinter = h, .NoJobs = 10, .Level = 1 } };
    CALLED(j, spoolss_RpcEnumJobs, 0);
    struct spoolss_RpcGetPrinterData d = { .in = { .hPrinter = h, .pValueName = u"ChangeID", .nSize = 4 } };
    if (CALLED(d, spoolss_RpcGetPrinterData, 0))
        check(d.out.pType == spoolss_REG_DWORD && d.out.pcbNeeded == 4, "ChangeID is a number");
}

static void describe_server(const char16_t *server)
{
    struct ndr_handle h;
    struct spoolss_SPLCLIENT_INFO_1 me = { .pMachineName = u"\\\\tern",
                                           .pUserName = u"root",
                                           .dwBuildNum = 1 };
    struct spoolss_RpcOpenPrinterEx o = { .in = { .AccessRequired = spoolss_SERVER_READ,
                                                  .pPrinterName = server,
                                                  .pClientInfo = { 1, { .pClientInfo1 = &me } } } };
    void *elems;
    if (!CALLED(o, spoolss_RpcOpenPrinterEx, 0))
        return;
    h = o.out.pHandle;
    struct spoolss_RpcGetPrinterData v = { .in = {
                                               .hPrinter = h, .pValueName = u"MajorVersion", .nSize = 4 } };
    if (CALLED(v, spoolss_RpcGetPrinterData, 0))
        check(v.out.pType == spoolss_REG_DWORD && v.out.pData[0] == 3, "version 3");
    struct spoolss_RpcClosePrinter c = { .in = { h } };
    CALLED(c, spoolss_RpcClosePrinter, 0);

    struct spoolss_RpcEnumPorts p = { .in = { .Level = 2 } };
    if (FILLED(p, spoolss_RpcEnumPorts, pPort))
        decoded(SPL_PORT, 2, p.out.pPort, p.in.cbBuf, p.out.pcReturned, &elems);
    struct spoolss_RpcEnumMonitors m = { .in = { .Level = 2 } };
    if (FILLED(m, spoolss_RpcEnumMonitors, pMonitor))
        decoded(SPL_MONITOR, 2, m.out.pMonitor, m.in.cbBuf, m.out.pcReturned, &elems);
    struct spoolss_RpcEnumPrintProcessors pp = { .in = { .pEnvironment = u"Windows x64", .Level = 1 } };
    if (FILLED(pp, spoolss_RpcEnumPrintProcessors, pPrintProcessorInfo) &&
        decoded(SPL_PRINTPROCESSOR, 1, pp.out.pPrintProcessorInfo, pp.in.cbBuf, pp.out.pcReturned, &elems))
        check(strcmp(utf8(((struct spl_PRINTPROCESSOR_INFO_1 *)elems)->pName), "winprint") == 0, "winprint");
    struct spoolss_RpcEnumPrintProcessorDatatypes t = { .in = { .pPrintProcessorName = u"winprint",
                                                                .Level = 1 } };
    if (FILLED(t, spoolss_RpcEnumPrintProcessorDatatypes, pDatatypes) &&
        decoded(SPL_DATATYPES, 1, t.out.pDatatypes, t.in.cbBuf, t.out.pcReturned, &elems))
        check(strcmp(utf8(((struct spl_DATATYPES_INFO_1 *)elems)->pName), "RAW") == 0, "RAW");
    struct spoolss_RpcGetPrinterDriverDirectory dir = {
        .in = { .pName = server, .pEnvironment = u"Windows x64", .Level = 1 }
    };
    const char16_t *path;
    if (FILLED(dir, spoolss_RpcGetPrinterDriverDirectory, pDriverDirectory) &&
        spl_decode_string(mem, dir.out.pDriverDirectory, dir.in.cbBuf, &path) == STATUS_SUCCESS)
        check(strstr(utf8(path), "x64") != NULL, "directory %s", utf8(path));
}

static void printers(char **argv)
{
    char server[128], name[256];
    snprintf(server, sizeof server, "\\\\%s", argv[0]);
    snprintf(name, sizeof name, "%s\\%s", server, argv[1]);
    list_printers(argv[1]);
    describe_server(wide(server));
    struct spoolss_RpcOpenPrinter o = { .in = { .pPrinterName = wide(name),
                                                .AccessRequired = spoolss_PRINTER_READ } };
    if (CALLED(o, spoolss_RpcOpenPrinter, 0)) {
        describe_printer(o.out.pHandle, argv[2]);
        struct spoolss_RpcClosePrinter c = { .in = { o.out.pHandle } };
        if (CALLED(c, spoolss_RpcClosePrinter, 0))
            check(ndr_handle_is_null(&c.out.phPrinter), "a closed handle is null");
    }
    struct spoolss_RpcOpenPrinter none = { .in = { .pPrinterName = wide(strcat(name, "none")) } };
    CALLED(none, spoolss_RpcOpenPrinter, W_ERROR_INVALID_PRINTER_NAME);
}

/* ---- netdfs ---- */

/* The link is there, and this many targets, the first of which the test made. */
static void targets(const char16_t *link, uint32_t n)
{
    struct netdfs_NetrDfsGetInfo g = { .in = { .DfsEntryPath = link, .Level = 3 } };
    if (!CALLED(g, netdfs_NetrDfsGetInfo, 0) || !g.out.DfsInfo.DfsInfo3)
        return;
    const struct netdfs_DFS_INFO_3 *i = g.out.DfsInfo.DfsInfo3;
    check(strcasecmp(utf8(i->EntryPath), utf8(link)) == 0, "path %s", utf8(i->EntryPath));
    check(i->NumberOfStorages == n && strcmp(utf8(i->Storage[0].ServerName), "other") == 0 &&
              strcmp(utf8(i->Storage[0].ShareName), "data") == 0,
          "%u targets, \\\\%s\\%s", n, utf8(i->Storage[0].ServerName), utf8(i->Storage[0].ShareName));
}

static void namespace_(char **argv)
{
    char root[256], link[300];
    snprintf(root, sizeof root, "\\\\%s\\%s", argv[0], argv[1]);
    snprintf(link, sizeof link, "%s\\link", root);
    struct netdfs_NetrDfsManagerGetVersion v = { 0 };
    last = netdfs_NetrDfsManagerGetVersion(conn, mem, &v);
    check(last == STATUS_SUCCESS && v.out.result >= 1, "version %u", v.out.result);
    targets(wide(link), 1);
    struct netdfs_NetrDfsAdd a = {
        .in = { .DfsEntryPath = wide(link), .ServerName = u"third", .ShareName = u"more" }
    };
    if (CALLED(a, netdfs_NetrDfsAdd, 0))
        targets(wide(link), 2);
    for (uint32_t level = 1; level <= 3; level++) {
        struct netdfs_DFS_INFO_1_CONTAINER none = { 0 };
        struct netdfs_DFS_INFO_ENUM_STRUCT e = { .Level = level };
        uint32_t resume = 0;
        e.DfsInfoContainer.DfsInfo1Container = &none; /* empty containers of all levels are the same */
        struct netdfs_NetrDfsEnum r = { .in = { level, UINT32_MAX, &e, &resume } };
        if (CALLED(r, netdfs_NetrDfsEnum, 0))
            check(r.out.DfsEnum && r.out.DfsEnum->DfsInfoContainer.DfsInfo1Container &&
                      r.out.DfsEnum->DfsInfoContainer.DfsInfo1Container->EntriesRead >= 1,
                  "level %u has entries", level);
    }
    struct netdfs_NetrDfsRemove d = {
        .in = { .DfsEntryPath = wide(link), .ServerName = u"third", .ShareName = u"more" }
    };
    if (CALLED(d, netdfs_NetrDfsRemove, 0))
        targets(wide(link), 1);
}

/* ---- InitShutdown: refused, for the server has no command to run ---- */

static void shutdown_(char **argv)
{
    (void)argv;
    struct InitShutdown_BaseAbortShutdown a = { 0 };
    CALLED(a, InitShutdown_BaseAbortShutdown, W_ERROR_ACCESS_DENIED);
}

static const struct suite suites[] = {
    { "printers", 3, &spoolss_interface, printers },
    { "namespace", 2, &netdfs_interface, namespace_ },
    { "shutdown", 0, &InitShutdown_interface, shutdown_ },
};

int main(int argc, char **argv)
{
    return run_suite(suites, sizeof suites / sizeof suites[0], argc, argv);
}
