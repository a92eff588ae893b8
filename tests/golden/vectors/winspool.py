# SPDX-License-Identifier: Apache-2.0
"""IRemoteWinspool, of which Samba has no Python. Most operations have the parameters of one in spoolss: the same bytes are
right for both, so they come from ndr/spoolss.txt (which vectors/spoolss.py makes; run that first). The others are packed by
hand. In NDR20 Samba's ndrdump reads all that it knows (up to 69)."""

import os
import tempfile

import ndr_vectors
from ndr_vectors import ndrdump, packed

HERE = os.path.dirname(os.path.abspath(ndr_vectors.__file__))

# Numbers in spoolss: numbers here.
SAME = {69: 0, 70: 1, 2: 2, 3: 3, 4: 4, 24: 5, 25: 6, 6: 7, 7: 8, 8: 9, 17: 10, 18: 11, 19: 12, 20: 13, 23: 14, 21: 15, 26: 16,
        78: 17, 27: 18, 77: 19, 29: 20, 30: 21, 31: 22, 32: 23, 33: 24, 34: 25, 53: 26, 72: 27, 79: 28, 80: 29, 73: 30, 81: 31,
        82: 32, 88: 33, 97: 34, 40: 35, 41: 36, 42: 37, 0: 38, 89: 39, 10: 40, 12: 41, 13: 42, 84: 43, 14: 44, 15: 45, 16: 46,
        35: 47, 36: 48, 61: 49, 71: 50, 46: 51, 47: 52, 48: 53, 51: 54, 85: 55, 86: 56, 87: 57, 102: 64, 104: 66, 22: 68, 52: 69,
        110: 70, 111: 71, 112: 72, 113: 73, 116: 74}
EACH = 3  # vectors of one operation, the shortest


def dump(name, opnum, request, response):
    with tempfile.TemporaryDirectory() as d:
        for stub, file in ((request, "in"), (response, "out")):
            with open(os.path.join(d, file), "wb") as f:
                f.write(b"" if stub == "empty" else bytes.fromhex(stub))
        ndrdump(["iremotewinspool", str(opnum), "in", d + "/in"], name + " request")
        ndrdump(["iremotewinspool", str(opnum), "out", d + "/out", "-c", d + "/in"], name + " response")


# Samba has pointers to data of devices (34), structures of printers in ports (49, 50), and in monitors (51) the structure
# with offsets that lists of them have.
OTHERWISE = {34, 49, 50, 51}

rows = [line.split() for line in open(HERE + "/ndr/spoolss.txt") if line.startswith("spoolss ")]
for theirs, ours in sorted(SAME.items(), key=lambda x: x[1]):
    for ndr in ("20", "64"):
        some = sorted((r for r in rows if r[2] == str(theirs) and r[3] == ndr), key=lambda r: len(r[4] + r[5]))[:EACH]
        for _, name, _, _, request, response in some:
            if ndr == "20" and ours <= 69 and ours not in OTHERWISE:
                dump("%s (%d)" % (name, ours), ours, request, response)
            ndr_vectors.lines.append("IRemoteWinspool %s %d %s %s %s" % (name, ours, ndr, request, response))


# By hand: notifications and packages.
def done(p):
    p.u32(0)


def hand(name, opnum, request, response=done, samba="iremotewinspool"):
    packed("IRemoteWinspool", name, opnum, request, response, samba=samba, validate=False)


def optional(p, *texts):
    for text in texts:
        p.ptr(text is not None)
        if text is not None:
            p.wstr(text)


def option(p):
    """RPC_V2_NOTIFY_OPTIONS with one RPC_V2_NOTIFY_OPTIONS_TYPE."""
    p.agg(4, 8)
    p.u32(2, 0, 1)
    p.agg(4, 8)
    p.ptr()
    p.wide(1)
    p.agg(4, 8)
    p.u16(1, 0)
    p.u32(0, 0, 2)
    p.agg(4, 8)
    p.ptr()
    p.wide(2)
    p.u16(10, 13)


def reply(p):
    """RPC_V2_NOTIFY_INFO with one change."""
    p.wide(1)
    p.agg(4, 8)
    p.u32(2, 0, 1)
    p.agg(4, 8)
    p.u16(1, 10)
    p.u32(1, 7)
    p.agg(4, 8)
    p.u32(1)
    p.agg(4, 8)
    p.u32(0x10, 0)
    p.end(8)
    p.end(8)


def container(p, size, more):
    p.u32(size)
    p.agg(4, 8)
    p.ptr()
    return more


TIME = (2026, 11, 6, 28, 12, 30, 15, 500)


def arm(p, kind):
    """The arm of RpcPrintPropertyValue; gives what follows later."""
    if kind == 1:
        p.ptr()
        return lambda p: p.wstr("text")
    if kind == 2:
        p.u32(-7)
    elif kind == 3:
        p.u64(-8)
    elif kind == 4:
        p.u8(9)
    elif kind == 5:
        return container(p, 16, lambda p: p.u16(*TIME))
    elif kind == 6:
        return container(p, 4, lambda p: p.array(b"mode"))
    elif kind == 7:
        return container(p, 3, lambda p: p.array(b"sec"))
    else:
        p.ptr()
        return reply if kind == 8 else option
    return None


def collection(*kinds):
    """RpcPrintPropertiesCollection."""
    def pack(p):
        p.agg(4, 8)
        p.u32(len(kinds))
        p.agg(4, 8)
        p.ptr(kinds)
        if not kinds:
            return
        p.wide(len(kinds))
        later = []
        for kind in kinds:
            p.agg(8)
            p.ptr()
            p.agg(8)
            p.enum(kind)
            p.agg(2, 8)
            p.enum(kind)
            p.align(8)
            later.append(arm(p, kind))
            p.end(8)
        for kind, more in zip(kinds, later):
            p.wstr("Property %d" % kind)
            if more:
                more(p)
    return pack


FULL = collection(1, 2, 3, 4, 5, 9)
hand("RpcSyncRegisterForRemoteNotifications", 58, lambda p: (p.handle(), FULL(p)), lambda p: (p.handle(), p.u32(0)))
hand("RpcSyncUnRegisterForRemoteNotifications", 59, lambda p: p.handle(), lambda p: (p.handle(), p.u32(0)))
hand("RpcSyncRefreshRemoteNotifications", 60, lambda p: (p.handle(), collection(9, 2)(p)),
     lambda p: (p.ptr(), collection(6, 7, 8, 4)(p), p.u32(0)), samba=None)  # it looks into the bytes of 6 and 7
hand("RpcAsyncGetRemoteNotifications", 61, lambda p: p.handle(), lambda p: (p.ptr(), collection()(p), p.u32(0)))
for kind in range(1, 10):
    hand("RpcAsyncGetRemoteNotifications", 61, lambda p: p.handle(), lambda p: (p.ptr(), collection(kind)(p), p.u32(0)),
         samba=None if kind in (6, 7) else "iremotewinspool")
hand("RpcAsyncInstallPrinterDriverFromPackage", 62,
     lambda p: (optional(p, None, "c:\\x.inf"), p.wstr("driver"), p.wstr("Windows x64"), p.u32(0)))
hand("RpcAsyncUploadPrinterDriverPackage", 63,
     lambda p: (optional(p, "\\\\srv"), p.wstr("c:\\x.inf"), p.wstr("Windows x64"), p.u32(2), p.ptr(), p.wide(4),
                p.u16(0, 0, 0, 0), p.u32(4)),
     lambda p: (p.ptr(), p.wide(4), p.u16(97, 98, 99, 0), p.u32(4, 0)))
hand("RpcAsyncCorePrinterDriverInstalled", 65,
     lambda p: (optional(p, None), p.wstr("Windows x64"), p.guid(), p.u32(1, 2), p.u64(3)), lambda p: p.u32(1, 0))
hand("RpcAsyncDeletePrinterDriverPackage", 67, lambda p: (optional(p, None), p.wstr("c:\\x.inf"), p.wstr("Windows x64")))
