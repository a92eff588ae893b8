# SPDX-License-Identifier: Apache-2.0
"""Small interfaces that Samba's Python has no bindings for: BackupKey, ISDKey, ICertPassage, W32Time, lsacap, PerflibV2,
trkwks, authzr."""

from ndr_vectors import packed


def result(p):
    p.u32(0)


# ---- BackupKey, ISDKey, ICertPassage ----

def backup(p):
    p.guid()
    p.array(b"\1\2\3\4")
    p.u32(4, 0)


packed("BackupKey", "BackuprKey", 0, backup, lambda p: (p.ptr(), p.array(b"\5\6\7"), p.u32(3, 0)), samba="backupkey", validate=False)


def get_key(p):
    p.u32(3)
    p.array(b"sec")
    p.ptr()
    p.guid()
    p.u32(361, 2, 0xffffffff)


packed("ISDKey", "GetKey", 0, get_key, lambda p: (p.u32(4), p.ptr(), p.array(b"key!"), p.u32(0)))
packed("ISDKey", "GetKey", 0, get_key, lambda p: (p.u32(0), p.ptr(False), p.u32(0x80070005)))


def put_blob(p, data):
    p.agg(4, 8)
    p.u32(len(data or b""))
    p.ptr(data is not None)
    if data is not None:
        p.array(data)


def certificate_request(p):
    p.u32(0x100)
    p.ptr()
    p.wstr("CA")
    p.u32(0)
    put_blob(p, b"a\0=\0")
    put_blob(p, b"request")


def certificate(p):
    p.u32(7, 3)
    put_blob(p, b"chain")
    put_blob(p, b"cert")
    put_blob(p, None)
    p.u32(0)


packed("ICertPassage", "CertServerRequest", 0, certificate_request, certificate)

# ---- W32Time ----


def provider_request(p):
    p.u32(0)
    p.wstr("NtpClient")


def provider_status(p):
    p.ptr()
    p.agg(4, 8)
    p.u32(0)
    p.agg(4, 8)
    p.u32(0)
    p.agg(4, 8)
    p.ptr()
    p.agg(4, 8)
    p.u32(20, 0, 0, 1)
    p.ptr()
    p.wide(1)
    p.agg(8)
    p.u32(56, 1)
    p.u64(5, 6)
    p.u32(0, 0, 7, 0)
    p.ptr()
    p.u8(3, 2, 255, 6, 6)
    p.end(8)
    p.wstr("peer.example")
    p.u32(0)


def clock_status(p):
    p.ptr()
    p.agg(4, 8)
    p.u32(1)
    p.agg(4, 8)
    p.u32(1)
    p.agg(4, 8)
    p.ptr()
    p.agg(4, 8)
    p.u32(16, 0, 0)
    p.ptr()
    p.wstr("CLK")
    p.u32(0)


def put_provider(p):
    """W32TIME_CONFIGURATION_PROVIDER of the server."""
    p.agg(4, 8)
    p.u32(40, 0, 1)
    p.ptr()
    p.ptr()
    p.u32(1, 1, 1, 1)
    p.ptr()
    p.wstr("w32time.dll")
    p.wstr("NtpServer")
    p.agg(4, 8)
    p.u32(12, 1)
    p.ptr()
    p.agg(4, 8)
    p.u32(1)
    p.agg(4, 8)
    p.ptr()
    p.agg(4, 8)
    p.u32(28, 1, 0, 0, 0, 1)
    p.ptr()
    p.wide(1)
    put_entry(p)
    entry_strings(p)


def put_entry(p):
    p.agg(4, 8)
    p.u32(16)
    p.ptr()
    p.ptr()
    p.ptr(False)


def entry_strings(p):
    p.wstr("name")
    p.wstr("value")


def provider(p):
    p.ptr()
    put_provider(p)
    p.u32(0)


def configuration(p):
    p.ptr()
    p.agg(4, 8)
    p.u32(200)
    p.agg(4)
    p.u32(*range(17))
    p.u32(*range(20, 37))
    p.agg(4, 8)
    p.u32(36)
    p.ptr()
    p.ptr(False)
    p.u32(1, 2, 3, 4, 5, 6)
    p.end(8)
    p.u32(1)
    p.ptr()
    p.u32(1)
    p.ptr()
    p.wstr("C:\\log")
    p.wide(1)
    p.ptr()
    put_provider(p)
    p.wide(1)
    put_entry(p)
    entry_strings(p)
    p.u32(0)


def status(p):
    p.ptr()
    p.agg(8)
    p.u32(112, 0, 3, 6, 0x0a000001)
    p.u64(1, 2, 3)
    p.u32(0xffffffe9)
    p.ptr()
    p.u64(4)
    p.u32(2, 0, 156250, 0, 0)
    p.u64(5)
    p.u32(0)
    p.ptr(False)
    p.end(8)
    p.wstr("peer.example")
    p.u32(0)


# Samba's definition has other parameters
for name, opnum, request, response in (
        ("W32TimeSync", 0, lambda p: p.u32(1, 8), result),
        ("W32TimeGetNetlogonServiceBits", 1, lambda p: None, lambda p: p.u32(0x40)),
        ("W32TimeQueryProviderStatus", 2, provider_request, provider_status),
        ("W32TimeQueryProviderStatus", 2, provider_request, clock_status),
        ("W32TimeQuerySource", 3, lambda p: None, lambda p: (p.ptr(), p.wstr("peer.example"), p.u32(0))),
        ("W32TimeQueryProviderConfiguration", 4, provider_request, provider),
        ("W32TimeQueryConfiguration", 5, lambda p: None, configuration),
        ("W32TimeQueryStatus", 6, lambda p: None, status),
        ("W32TimeLog", 7, lambda p: None, result)):
    packed("W32Time", name, opnum, request, response)

# ---- lsacap, trkwks ----


def policies(p):
    p.agg(4, 8)
    p.u32(2)
    p.ptr()
    p.wide(2)
    p.ptr()
    p.ptr()
    p.sid(17, 1, 2)
    p.sid(17, 3)
    p.u32(0)


packed("lsacap", "LsarGetAvailableCAPIDs", 0, lambda p: None, policies)


def found(p):
    p.guid(1, 2)
    p.guid(3, 4)
    p.raw(b"MACHINE\0" + bytes(8))
    text = "\\\\machine\\share\\x\0".encode("utf-16-le")
    p.wide(262, 0, len(text) // 2)
    p.raw(text)
    p.u32(0)


packed("trkwks", "LnkSearchMachine", 12, lambda p: (p.u32(0), p.guid(1, 2), p.guid(3, 4)), found)

# ---- PerflibV2 ----

MACHINE = "machine"


def buffer(size, data):
    """pdwOutSize, pdwRtnSize, as much of size as there is, result."""
    def write(p):
        p.u32(len(data), len(data))
        p.wide(size, 0, len(data))
        p.raw(data)
        p.u32(0)
    return write


def sets(p):
    p.u32(2, 2)
    p.wide(16, 0, 2)
    p.guid(1, 2)
    p.u32(0)


packed("PerflibV2", "PerflibV2EnumerateCounterSet", 0, lambda p: (p.wstr(MACHINE), p.u32(16)), sets)
packed("PerflibV2", "PerflibV2QueryCounterSetRegistrationInfo", 1, lambda p: (p.wstr(MACHINE), p.guid(), p.u32(1, 1033, 100)),
       buffer(100, b"abcde"))
packed("PerflibV2", "PerflibV2EnumerateCounterSetInstances", 2, lambda p: (p.wstr(MACHINE), p.guid(), p.u32(100)), buffer(100, b""))
packed("PerflibV2", "PerflibV2OpenQueryHandle", 3, lambda p: p.wstr(MACHINE), lambda p: (p.handle(), p.u32(0)))
packed("PerflibV2", "PerflibV2CloseQueryHandle", 4, lambda p: p.handle(), lambda p: (p.raw(bytes(20)), p.u32(0)))
packed("PerflibV2", "PerflibV2QueryCounterInfo", 5, lambda p: (p.handle(), p.u32(8)), buffer(8, b"12345678"))
packed("PerflibV2", "PerflibV2QueryCounterData", 6, lambda p: (p.handle(), p.u32(8)), buffer(8, b"123"))
packed("PerflibV2", "PerflibV2ValidateCounters", 7, lambda p: (p.handle(), p.u32(3), p.array(b"abc"), p.u32(1)),
       lambda p: (p.array(b"abd"), p.u32(0)))

# ---- authzr: its pointers are full ones ----

packed("authzr", "AuthzrFreeContext", 0, lambda p: p.handle(), lambda p: (p.raw(bytes(20)), p.u32(0)))


def context(p):
    p.u32(0)
    p.sid(21, 1, 2, 3, 1000)
    p.ptr(False)
    p.u32(1, 0)


packed("authzr", "AuthzrInitializeContextFromSid", 1, context, lambda p: (p.handle(), p.u32(0)))
packed("authzr", "AuthzrInitializeCompoundContext", 2, lambda p: (p.handle(), p.handle()), lambda p: (p.handle(), p.u32(0)))


def reply(p, granted):
    p.agg(4, 8)
    p.u32(1)
    p.ptr()
    p.ptr()
    p.wide(1)
    p.u32(granted)
    p.wide(1)
    p.u32(5 if not granted else 0)


def check(p):
    p.handle()
    p.u32(0)
    p.agg(4, 8)
    p.u32(0x20000)
    p.ptr()
    p.u32(1)
    p.ptr()
    p.sid(10)
    p.wide(1)
    p.agg(4, 8)
    p.u16(0)
    p.u32(0)
    p.ptr()
    p.guid()
    p.u32(1)
    p.wide(1)
    p.agg(4, 8)
    p.u32(20)
    p.ptr()
    p.array(b"\1\0\0\x80" + bytes(16))
    reply(p, 0)


packed("authzr", "AuthzrAccessCheck", 3, check, lambda p: (reply(p, 0x20000), p.u32(0)))


def put_groups(p):
    p.wide(2)
    p.agg(4, 8)
    p.u32(2)
    for _ in range(2):
        p.agg(4, 8)
        p.ptr()
        p.u32(7)
        p.end(8)
    p.sid(21, 1, 2, 3, 513)
    p.sid(11)


def tagged(p, kind, write):
    """ppContextInformation; the union is ms_union, its arms are pointers."""
    p.ptr()
    p.agg(4, 8)
    p.u16(kind)
    p.agg(2, 8)
    p.u16(kind)
    p.agg(4, 8)
    p.ptr()
    write(p)
    p.u32(0)


def put_user(p):
    p.agg(4, 8)
    p.ptr()
    p.u32(0)
    p.end(8)
    p.sid(21, 1, 2, 3, 1000)


def value(p, kind, write):
    """ms_union: the arm is aligned to 8, for its widest is."""
    p.agg(8)
    p.u16(kind)
    p.agg(2, 8)
    p.u16(kind)
    p.agg(8)
    write(p)


def string_value(p):
    p.u32(2)
    p.ptr()


def put_claims(p):
    p.agg(4, 8)
    p.u16(1, 0)
    p.u32(1)
    p.ptr()
    p.wide(1)
    p.agg(4, 8)
    p.u32(6)
    p.ptr()
    p.u16(1, 0)
    p.u32(0, 3)
    p.ptr()
    p.wide(6, 0, 6)
    p.raw("claim\0".encode("utf-16-le"))
    p.wide(3)
    value(p, 1, lambda p: p.u64(-5))
    value(p, 6, lambda p: p.u64(1))
    value(p, 3, string_value)
    p.end(8)
    p.wide(2, 0, 2)
    p.raw("v\0".encode("utf-16-le"))


for kind, write in ((1, put_user), (2, put_groups), (13, put_claims)):
    packed("authzr", "AuthzGetInformationFromContext", 4, lambda p: (p.handle(), p.enum(kind)),
           lambda p: tagged(p, kind, write))


def modify(p, kind, write):
    p.handle()
    p.enum(kind)
    p.u32(2)
    p.wide(2)
    p.enum(1, 3)
    p.ptr()
    write(p)


packed("authzr", "AuthzrModifyClaims", 5, lambda p: modify(p, 13, put_claims), result)
packed("authzr", "AuthzrModifySids", 6, lambda p: modify(p, 2, put_groups), result)
