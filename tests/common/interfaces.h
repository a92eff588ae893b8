/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All interfaces of libmsrpc, for tests and fuzzers that take any. The index is what a fuzz input begins with
 * (fuzz_ndr.c): it stays with its interface, so that seeds stay good when others come; gaps are allowed.
 */
#ifndef TESTS_INTERFACES_H
#define TESTS_INTERFACES_H

#include <msrpc/atsvc.h>
#include <msrpc/authzr.h>
#include <msrpc/backupkey.h>
#include <msrpc/browser.h>
#include <msrpc/dcomrpc.h>
#include <msrpc/dnsserver.h>
#include <msrpc/drsuapi.h>
#include <msrpc/dsaop.h>
#include <msrpc/dssetup.h>
#include <msrpc/efsrpc.h>
#include <msrpc/epmapper.h>
#include <msrpc/eventlog.h>
#include <msrpc/eventlog6.h>
#include <msrpc/fsrvp.h>
#include <msrpc/gkdi.h>
#include <msrpc/icertpassage.h>
#include <msrpc/initshutdown.h>
#include <msrpc/lsacap.h>
#include <msrpc/lsarpc.h>
#include <msrpc/mgmt.h>
#include <msrpc/msgsvc.h>
#include <msrpc/msgsvcsend.h>
#include <msrpc/netdfs.h>
#include <msrpc/netlogon.h>
#include <msrpc/perflibv2.h>
#include <msrpc/rpcecho.h>
#include <msrpc/samr.h>
#include <msrpc/sasec.h>
#include <msrpc/spoolss.h>
#include <msrpc/srvsvc.h>
#include <msrpc/svcctl.h>
#include <msrpc/taskscheduler.h>
#include <msrpc/trkwks.h>
#include <msrpc/w32time.h>
#include <msrpc/windowsshutdown.h>
#include <msrpc/winreg.h>
#include <msrpc/winspool.h>
#include <msrpc/witness.h>
#include <msrpc/wkssvc.h>

#define TEST_INTERFACE(name) { &name##_interface, name##_ops }

/* One line for each; gen_ndr_seeds.py reads the numbers here. */
/* clang-format off */
static const struct test_interface {
    const struct rpc_interface *iface; /* NULL in a gap */
    const struct rpc_op *const *ops;
} test_interfaces[] = {
    [0] = TEST_INTERFACE(epmapper),
    [1] = TEST_INTERFACE(lsarpc),
    [2] = TEST_INTERFACE(mgmt),
    [3] = TEST_INTERFACE(rpcecho),
    [4] = TEST_INTERFACE(samr),
    [5] = TEST_INTERFACE(srvsvc),
    [6] = TEST_INTERFACE(wkssvc),
    [10] = TEST_INTERFACE(netlogon),
    [11] = TEST_INTERFACE(winreg),
    [12] = TEST_INTERFACE(svcctl),
    [13] = TEST_INTERFACE(dssetup),
    [14] = TEST_INTERFACE(eventlog),
    [32] = TEST_INTERFACE(spoolss),
    [33] = TEST_INTERFACE(netdfs),
    [34] = TEST_INTERFACE(IRemoteWinspool),
    [35] = TEST_INTERFACE(atsvc),
    [36] = TEST_INTERFACE(sasec),
    [37] = TEST_INTERFACE(ITaskSchedulerService),
    [38] = TEST_INTERFACE(InitShutdown),
    [39] = TEST_INTERFACE(WindowsShutdown),
    [40] = TEST_INTERFACE(browser),
    [41] = TEST_INTERFACE(msgsvc),
    [42] = TEST_INTERFACE(msgsvcsend),
    [64] = TEST_INTERFACE(FileServerVssAgent),
    [65] = TEST_INTERFACE(Witness),
    [66] = TEST_INTERFACE(DnsServer),
    [67] = TEST_INTERFACE(drsuapi),
    [68] = TEST_INTERFACE(dsaop),
    [69] = TEST_INTERFACE(IEventService),
    [70] = TEST_INTERFACE(efsrpc),
    [71] = TEST_INTERFACE(efsrpc_lsarpc),
    [72] = TEST_INTERFACE(IObjectExporter),
    [73] = TEST_INTERFACE(IActivation),
    [74] = TEST_INTERFACE(IRemoteSCMActivator),
    [75] = TEST_INTERFACE(BackupKey),
    [76] = TEST_INTERFACE(ISDKey),
    [77] = TEST_INTERFACE(ICertPassage),
    [78] = TEST_INTERFACE(W32Time),
    [79] = TEST_INTERFACE(lsacap),
    [80] = TEST_INTERFACE(PerflibV2),
    [81] = TEST_INTERFACE(trkwks),
    [82] = TEST_INTERFACE(authzr),
};
/* clang-format on */

#define TEST_N_INTERFACES (sizeof(test_interfaces) / sizeof(test_interfaces[0]))

#endif
