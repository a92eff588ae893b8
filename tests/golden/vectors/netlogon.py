# SPDX-License-Identifier: Apache-2.0
"""netlogon, [MS-NRPC]: every operation that Samba's bindings have, and every level."""

from samba.dcerpc import netlogon

from ndr_made import made
from ndr_vectors import SERVER, packed, vector


def call(name, both=True, response=True, **given):
    given = {"in_server_name": SERVER, "in_logon_server": SERVER, "in_server_unc": SERVER, "secure_channel_type": 2, **given}
    vector("netlogon", made(getattr(netlogon, "netr_" + name), **given), both, response)


call("LogonUasLogon")
call("LogonUasLogoff")

# NDR20: Samba has 16 bits for the classes where [MS-NRPC] has enumerations, and in SAM_INFO4 twenty numbers in the place
# of ten strings, which takes as much room in NDR20 only. Newer than this Samba are NETLOGON_TICKET_LOGON_INFO and its answer.
for level in (1, 2, 3, 4, 5, 6, 7):
    for validation in (2, 3, 5, 6):
        given = dict(logon_level=level, validation_level=validation, authoritative=1, flags=3, both=False, unknown4=[0] * 20)
        if validation == 6:
            call("LogonSamLogonEx", **given)
        if level == 2:
            call("LogonSamLogonWithFlags", **given)
        if level == 6:
            call("LogonSamLogon", **given)
    call("LogonSamLogoff", logon_level=level)
call("LogonSamLogon", logon_level=2, validation_level=3, authoritative=0, credential=..., return_authenticator=...,
     computer_name=..., in_server_name=..., both=False)

call("ServerReqChallenge")
call("ServerAuthenticate")
call("ServerAuthenticate2")
call("ServerAuthenticate3")
call("ServerAuthenticate3", in_server_name=..., secure_channel_type=6)
call("ServerPasswordSet")
call("ServerPasswordSet2")
call("ServerPasswordGet")
call("ServerTrustPasswordsGet")
call("ServerGetTrustInfo")
call("NetrLogonSendToSam", buffer_len=2)

# NDR64: Samba has size and pointer of a security descriptor in a structure of their own, which is aligned to 8.
for kind in range(1, 23):
    call("DatabaseDeltas", delta_type=kind, database_id=0, units_per_week=16, eventauditoptions=[1, 2, 3],
         user_private_info=..., both=kind not in (2, 5, 14, 16, 18))
call("DatabaseSync", delta_type=7, database_id=0)
call("DatabaseSync2", delta_type=3, database_id=1, restart_state=4)
call("AccountDeltas")
# AccountSync is below: Samba also sends LastRecordId, which [MS-NRPC] has as an output only.

call("GetDcName")
call("GetAnyDCName", domainname=...)
for level in (1, 2, 3):
    call("LogonControl", level=level, function_code=1)
for function in (5, 6, 8, 9, 10, 65534):
    call("LogonControl2", level=1, function_code=function)
    call("LogonControl2Ex", level=2, function_code=function)
call("LogonControl2Ex", level=4, function_code=8)

call("DsRGetDCName")
call("DsRGetDCNameEx")
call("DsRGetDCNameEx2")
call("DsRGetDCNameEx2", in_server_unc=..., client_account=..., domain_name=..., domain_guid=..., site_name=...)
call("DsRGetSiteName")
call("DsRAddressToSitenamesW")
call("DsRAddressToSitenamesExW")
call("DsrGetDcSiteCoverageW")
call("DsrDeregisterDNSHostRecords")
call("DsrUpdateReadOnlyServerDnsRecords", dns_register=1)  # 32 bits wide in Samba

for level in (1, 2):
    call("LogonGetCapabilities", query_level=level, response=level == 1)
    call("LogonGetDomainInfo", level=level)
call("LogonGetTrustRid")
call("NetrEnumerateTrustedDomains")
call("NetrEnumerateTrustedDomainsEx")
call("DsrEnumerateDomainTrusts")
for kind in (0, 1, 2, 77):
    call("DsRGetForestTrustInformation", type=kind)
    call("GetForestTrustInformation", type=kind)

# ---- by hand, for Samba has no types or no parameters for these ----

def server(p):
    p.ptr()
    p.wstr(SERVER)


def counted(p, text):
    """RPC_UNICODE_STRING: what stands in front, and what comes behind all of it."""
    n = 2 * len(text)
    p.agg(4, 8)
    p.u16(n, n)
    p.ptr(text != "")
    return lambda: (p.wide(n // 2, 0, n // 2), p.raw(text.encode("utf-16-le"))) if text else None


def union(p, level):
    """A tag of an enumeration, and the pointer that is its arm."""
    p.agg(2, 8)
    p.enum(level)
    p.ptr()


def identity(p):
    p.agg(4, 8)
    later = [counted(p, "LAB")]
    p.u32(0x00000820)
    p.agg(4)
    p.u32(0, 0)
    later += [counted(p, "alice"), counted(p, "")]
    p.end(8)
    return later


def logon_ex(p, level, body, validation):
    server(p)
    p.ptr()
    p.wstr("WKS")
    p.enum(level)
    union(p, level)
    body(p)
    p.enum(validation)
    p.u32(0)


def ticket(p):
    p.agg(8)
    later = identity(p)
    p.u64(0x0000000100000002)
    p.u32(3)
    p.ptr()
    p.u32(0)
    p.ptr(False)
    p.end(8)
    for f in later:
        f()
    p.array(b"\x6e\x82\x01")


def ticket_result(p):
    union(p, 7)
    p.agg(8)
    p.u64(0x0102030405060708)
    p.u32(0, 0xc000006d)
    later = counted(p, "DC1")
    p.ptr(False)
    p.ptr(False)
    p.u32(4)
    p.ptr()
    p.u32(0)
    p.ptr(False)
    p.end(8)
    later()
    p.array(b"clai")
    p.u8(1)
    p.u32(0, 0)


def generic(p):
    p.agg(4, 8)
    later = identity(p)
    later.append(counted(p, "Kerberos"))
    p.u32(2)
    p.ptr()
    for f in later:
        f()
    p.array(b"\1\2")


def generic_result(p):
    union(p, 5)
    p.agg(4, 8)
    p.u32(2)
    p.ptr()
    p.array(b"\3\4")
    p.u8(1)
    p.u32(0, 0)


packed("netlogon", "NetrLogonSamLogonEx", 39, lambda p: logon_ex(p, 8, ticket, 7), ticket_result)
packed("netlogon", "NetrLogonSamLogonEx", 39, lambda p: logon_ex(p, 4, generic, 5), generic_result)

packed("netlogon", "NetrLogonSetServiceBits", 22, lambda p: (server(p), p.u32(0x240, 0x40)), lambda p: p.u32(0))


def digests(p):
    p.raw(bytes(range(16)) + bytes(range(16, 32)))
    p.u32(0)


packed("netlogon", "NetrLogonComputeServerDigest", 24,
       lambda p: (server(p), p.u32(1103), p.array(b"message"), p.u32(7)), digests)
packed("netlogon", "NetrLogonComputeClientDigest", 25,
       lambda p: (server(p), p.ptr(), p.wstr("LAB"), p.array(b"message"), p.u32(7)), digests)


def authenticator(p):
    p.agg(4)
    p.raw(b"\1\2\3\4\5\6\7\x08")
    p.u32(1700000000)


def account_sync(p):
    server(p)
    p.wstr("WKS")
    authenticator(p)
    authenticator(p)
    p.u32(0, 1, 2)


def account_synced(p):
    authenticator(p)
    p.array(b"ab")
    p.u32(1, 2, 3)
    p.raw(b"COMPUTER" + bytes(8))
    p.u32(4, 5)
    p.u32(0)


packed("netlogon", "NetrAccountSync", 10, account_sync, account_synced)


def version(p):
    p.u32(284, 10, 0, 20348, 2)
    p.raw("SP".encode("utf-16-le") + bytes(252))
    p.u16(1, 0, 272)
    p.u8(3, 0)


def chain(p):
    p.wstr(SERVER)
    p.wstr("RODC1")
    p.wstr("WKS")
    authenticator(p)
    authenticator(p)
    p.u32(1)
    p.agg(4, 8)
    p.u32(1)
    p.ptr()
    p.ptr()
    p.ptr()
    p.wstr("wks.lab.example")
    version(p)
    p.wstr("Windows")
    p.u32(1)
    p.agg(4, 8)
    p.u32(1)
    for _ in range(3):
        p.ptr(False)


def chained(p):
    authenticator(p)
    p.u32(1)
    p.agg(4, 8)
    p.u32(1)
    for _ in range(3):
        p.ptr()
    p.wstr("DC1")
    p.ptr()
    p.wstr("old.lab.example")
    p.u32(0x1c)
    p.u32(0)


packed("netlogon", "NetrChainSetClientAttributes", 49, chain, chained)
packed("netlogon", "NetrServerAuthenticateKerberos", 59,
       lambda p: (server(p), p.wstr("WKS$"), p.enum(2), p.wstr("WKS"), p.u32(0x80000000)),
       lambda p: p.u32(0x80000000, 1103, 0))


def redo(p):
    p.wstr(SERVER)
    p.wstr("BDC")
    authenticator(p)
    authenticator(p)
    p.array(b"\1\0\0\0\2\0")
    p.u32(6)


def redone(p):
    """One change: a group that is gone by its name."""
    authenticator(p)
    p.ptr()
    p.agg(4, 8)
    p.u32(1)
    p.ptr()
    p.wide(1)
    p.agg(4, 8)
    p.enum(20)
    p.agg(2, 8)
    p.enum(20)
    p.agg(4, 8)
    p.u32(513)
    p.agg(2, 8)
    p.enum(20)
    p.ptr()
    p.agg(4, 8)
    p.ptr()
    later = [counted(p, s) for s in ("", "a", "", "")]
    p.u32(1, 2, 3, 4)
    p.wstr("group")
    for f in later:
        f()
    p.u32(0)


packed("netlogon", "NetrDatabaseRedo", 17, redo, redone)
packed("netlogon", "NetrLogonGetTimeServiceParentDomain", 35, server, lambda p: (p.ptr(), p.wstr("lab.example"), p.u32(1, 0)))
