# SPDX-License-Identifier: Apache-2.0
"""DnsServer, as far as Samba has it: opnums 0 to 9, type ids to 44."""

from ndr_vectors import fill, packed, vector
from samba.dcerpc import dnsp, dnsserver as d

NAME, ZONE = "dns.example", "zone.example"
NOTHING = 0  # DNSSRV_TYPEID_NULL


def ip4(*addresses):
    return fill(d.IP4_ARRAY(), AddrCount=len(addresses), AddrArray=list(addresses))


def addrs(n):
    some = [fill(d.DNS_ADDR(), MaxSa=[2, 0, 0, 53, 10, 0, 0, 1 + i] + [0] * 24, DnsAddrUserDword=[16] + [0] * 7) for i in range(n)]
    return fill(d.DNS_ADDR_ARRAY(), MaxCount=n, AddrCount=n, Tag=0, Family=2, WordReserved=0, Flags=0, MatchFlag=0,
                Reserved1=0, Reserved2=0, AddrArray=some)


def info(cls, **values):
    """A structure with all numbers 0 and all pointers null, but for what is given."""
    return fill(cls(), **values)


def server(cls, pack):
    s = info(cls, dwVersion=0x1db10106, fBootMethod=3, fDsAvailable=1, pszServerName=NAME, pszDsContainer="CN=DNS",
             aipServerAddrs=pack(1), aipListenAddrs=None, aipForwarders=pack(2), dwLogLevel=1, dwMaxCacheTtl=86400,
             fRoundRobin=1)
    if cls is not d.DNS_RPC_SERVER_INFO_W2K:
        fill(s, dwRpcStructureVersion=2, pszDomainName="example", pszForestName="example", pwszLogFilePath="C:\\log",
             dwDsDsaVersion=7)
    return s


def numbers(n):
    return ip4(*range(0x0100000a, 0x0100000a + n))


def zone(i):
    return info(d.DNS_RPC_ZONE_DOTNET, dwRpcStructureVersion=1, pszZoneName="%d.%s" % (i, ZONE), Flags=0x15, ZoneType=1,
                Version=50, dwDpFlags=0x12, pszDpFqdn="DomainDnsZones.example")


def zone_info(cls, pack):
    z = info(cls, pszZoneName=ZONE, dwZoneType=1, fAllowUpdate=2, fUseDatabase=1, pszDataFile="file", aipMasters=pack(1),
             fNotifyLevel=1, aipNotify=pack(0), dwRefreshInterval=168)
    if cls is not d.DNS_RPC_ZONE_INFO_W2K:
        fill(z, dwRpcStructureVersion=2, pszDpFqdn="DomainDnsZones.example", pwszZoneDn="DC=zone.example", aipLocalMasters=pack(1))
    return z


def create(cls, pack):
    z = info(cls, pszZoneName=ZONE, dwZoneType=1, fAllowUpdate=1, pszAdmin="admin", aipMasters=pack(2), fDsIntegrated=1)
    if cls is not d.DNS_RPC_ZONE_CREATE_INFO_W2K:
        fill(z, dwRpcStructureVersion=1, dwTimeout=3, pszDpFqdn="x", dwReserved=[0] * 32)
    return z


def versioned(cls, **values):
    return info(cls, dwRpcStructureVersion=1, **values)


partition = versioned(d.DNS_RPC_DP_INFO, pszDpFqdn="dp", pszDpDn="DC=dp", pszCrDn="CN=cr", dwFlags=0x11, dwZoneCount=2, dwState=0,
                      dwReplicaCount=2, ReplicaArray=[fill(d.DNS_RPC_DP_REPLICA(), pszReplicaDn="CN=%d" % i) for i in range(2)])
listed = [versioned(d.DNS_RPC_DP_ENUM, pszDpFqdn="dp%d" % i, dwFlags=i, dwZoneCount=3) for i in range(2)]

DATA = [
    (NOTHING, None),
    (1, 5),
    (2, "text"),
    (3, "\u00e4\u00f6\u00fc"),
    (4, numbers(3)),
    (5, fill(d.DNS_RPC_BUFFER(), dwLength=5, Buffer=[1, 2, 3, 4, 5])),
    (6, server(d.DNS_RPC_SERVER_INFO_W2K, numbers)),
    (8, info(d.DNS_RPC_FORWARDERS_W2K, fRecurseAfterForwarding=1, dwForwardTimeout=5, aipForwarders=numbers(2))),
    (9, info(d.DNS_RPC_ZONE_W2K, pszZoneName=ZONE, Flags=0x11, ZoneType=1, Version=1)),
    (10, zone_info(d.DNS_RPC_ZONE_INFO_W2K, numbers)),
    (11, info(d.DNS_RPC_ZONE_SECONDARIES_W2K, fSecureSecondaries=2, fNotifyLevel=1, aipSecondaries=numbers(1), aipNotify=None)),
    (12, info(d.DNS_RPC_ZONE_DATABASE_W2K, fDsIntegrated=1, pszFileName=None)),
    (14, create(d.DNS_RPC_ZONE_CREATE_INFO_W2K, numbers)),
    (15, info(d.DNS_RPC_NAME_AND_PARAM, dwParam=30, pszNodeName="ForwardingTimeout")),
    (16, fill(d.DNS_RPC_ZONE_LIST_W2K(), dwZoneCount=2, ZoneArray=[
        info(d.DNS_RPC_ZONE_W2K, pszZoneName="z%d" % i, Flags=i, ZoneType=1, Version=1) for i in range(2)])),
    (18, versioned(d.DNS_RPC_ZONE_EXPORT_INFO, pszZoneExportFile="zone.txt")),
    (19, server(d.DNS_RPC_SERVER_INFO_DOTNET, numbers)),
    (20, versioned(d.DNS_RPC_FORWARDERS_DOTNET, fRecurseAfterForwarding=0, dwForwardTimeout=3, aipForwarders=None)),
    (21, zone(0)),
    (22, zone_info(d.DNS_RPC_ZONE_INFO_DOTNET, numbers)),
    (23, versioned(d.DNS_RPC_ZONE_SECONDARIES_DOTNET, fSecureSecondaries=3, aipSecondaries=None, aipNotify=numbers(2))),
    (24, versioned(d.DNS_RPC_ZONE_DATABASE_DOTNET, fDsIntegrated=0, pszFileName="zone.dns")),
    (26, create(d.DNS_RPC_ZONE_CREATE_INFO_DOTNET, numbers)),
    (27, versioned(d.DNS_RPC_ZONE_LIST_DOTNET, dwZoneCount=3, ZoneArray=[zone(i) for i in range(3)])),
    (27, versioned(d.DNS_RPC_ZONE_LIST_DOTNET, dwZoneCount=0, ZoneArray=[])),
    (28, listed[0]),
    (29, partition),
    (30, versioned(d.DNS_RPC_DP_LIST, dwDpCount=2, DpArray=listed)),
    (31, versioned(d.DNS_RPC_ENLIST_DP, pszDpFqdn="dp", dwOperation=3)),
    (32, versioned(d.DNS_RPC_ZONE_CHANGE_DP, pszDestPartition="other")),
    (33, versioned(d.DNS_RPC_ENUM_ZONES_FILTER, dwFilter=0x43, pszPartitionFqdn=None, pszQueryString="q")),
    (34, addrs(2)),
    (35, server(d.DNS_RPC_SERVER_INFO_LONGHORN, addrs)),
    (36, zone_info(d.DNS_RPC_ZONE_INFO_LONGHORN, addrs)),
    (37, versioned(d.DNS_RPC_FORWARDERS_LONGHORN, fRecurseAfterForwarding=1, dwForwardTimeout=3, aipForwarders=addrs(1))),
    (38, versioned(d.DNS_RPC_ZONE_SECONDARIES_LONGHORN, fNotifyLevel=2, aipSecondaries=addrs(1), aipNotify=addrs(2))),
    (40, create(d.DNS_RPC_ZONE_CREATE_INFO_LONGHORN, addrs)),
    (41, versioned(d.DNS_RPC_IP_VALIDATE, dwContext=3, pszContextName=ZONE, aipValidateAddrs=addrs(2))),
    (42, versioned(d.DNS_RPC_AUTOCONFIGURE, dwAutoConfigFlags=7, pszNewDomainName="new.example")),
    (43, fill(d.DNS_RPC_UTF8_STRING_LIST(), dwCount=2, pszStrings=["one", "two"])),
]

for kind, data in DATA:
    c = d.DnssrvQuery2()
    c.in_dwClientVersion, c.in_dwSettingFlags, c.in_pwszServerName, c.in_pszZone = 0x00070000, 0, NAME, ZONE
    c.in_pszOperation = "Query"
    c.out_pdwTypeId, c.out_ppData, c.result = kind, data, 0
    vector("DnsServer", c)
    c = d.DnssrvComplexOperation2()
    c.in_dwClientVersion, c.in_dwSettingFlags, c.in_pwszServerName, c.in_pszZone = 0x00060000, 0, NAME, None
    c.in_pszOperation, c.in_dwTypeIn, c.in_pDataIn = "EnumZones", kind, data
    c.out_pdwTypeOut, c.out_ppDataOut, c.result = kind, data, 0
    vector("DnsServer", c)

c = d.DnssrvQuery()
c.in_pwszServerName, c.in_pszZone, c.in_pszOperation = NAME, None, "ServerInfo"
c.out_pdwTypeId, c.out_ppData, c.result = NOTHING, None, 9553
vector("DnsServer", c)

c = d.DnssrvComplexOperation()
c.in_pwszServerName, c.in_pszZone, c.in_pszOperation, c.in_dwTypeIn, c.in_pDataIn = NAME, None, "EnumZones", 1, 0x43
c.out_pdwTypeOut, c.out_ppDataOut, c.result = 16, DATA[14][1], 0
vector("DnsServer", c)

for cls in (d.DnssrvOperation, d.DnssrvOperation2):
    c = cls()
    c.in_pwszServerName, c.in_pszZone, c.in_dwContext, c.in_pszOperation = NAME, ZONE, 0, "ResetDwordProperty"
    c.in_dwTypeId, c.in_pData, c.result = DATA[13] + (0,)
    if cls is d.DnssrvOperation2:
        c.in_dwClientVersion, c.in_dwSettingFlags = 0x00070000, 0
    vector("DnsServer", c)

for cls in (d.DnssrvEnumRecords, d.DnssrvEnumRecords2):
    c = cls()
    c.in_pwszServerName, c.in_pszZone, c.in_pszNodeName, c.in_pszStartChild = NAME, ZONE, "@", None
    c.in_wRecordType, c.in_fSelectFlag, c.in_pszFilterStart, c.in_pszFilterStop = 255, 1, None, None
    if cls is d.DnssrvEnumRecords2:
        c.in_dwClientVersion, c.in_dwSettingFlags = 0x00070000, 0
    c.out_pdwBufferLength, c.out_pBuffer, c.result = 0, None, 9714
    vector("DnsServer", c)

# Not DnssrvUpdateRecord: Samba has a unique pointer for pszNodeName there, the specification a reference.
c = d.DnssrvUpdateRecord2()
c.in_pwszServerName, c.in_pszZone, c.in_pszNodeName = NAME, ZONE, "host"
record = fill(d.DNS_RPC_RECORD(), wDataLength=4, wType=dnsp.DNS_TYPE_A, dwFlags=0xf0, dwTtlSeconds=900, data="10.0.0.1")
c.in_pAddRecord, c.in_pDeleteRecord, c.result = fill(d.DNS_RPC_RECORD_BUF(), wContextLength=4, rec=record), None, 0
c.in_dwClientVersion, c.in_dwSettingFlags = 0x00070000, 0
vector("DnsServer", c)


# ---- what Samba does not have, by hand ----

def opt_wstr(p, text):
    p.ptr(text is not None)
    if text is not None:
        p.wstr(text)


def opt_str(p, text):
    p.ptr(text is not None)
    if text is not None:
        p.str(text)


def head(p, scope=None, instance=False):
    """Versions, server, instance, zone and scope; in this order in all but R_DnssrvQuery3's like."""
    p.u32(0x00070000, 0)
    opt_wstr(p, NAME)
    if instance:
        opt_wstr(p, "instance")
    opt_str(p, ZONE)
    if scope is not None:
        opt_wstr(p, scope)


def flat_record(p):
    p.ptr()
    p.wide(4)
    p.agg(4)
    p.u16(4, 1)
    p.u32(0xf0, 0, 900, 0, 0)
    p.raw(b"\x0a\0\0\1")
    p.end(4)


def update(p, instance):
    head(p, "scope", instance)
    p.str("host")
    flat_record(p)
    p.ptr(False)


def enum(p, instance):
    head(p, "scope", instance)
    opt_str(p, "@")
    opt_str(p, None)
    p.u16(255)
    p.u32(1)
    opt_str(p, None)
    opt_str(p, None)


def records(p):
    p.u32(5)
    p.ptr()
    p.array(b"\1\2\3\4\5")
    p.u32(0)


def tagged(p, kind, write):
    """Type id and union."""
    p.u32(kind)
    p.agg(4, 8)
    p.u32(kind)
    p.agg(4, 8)
    p.ptr()
    write(p)


def scopes(p):
    p.wide(2)
    p.agg(4, 8)
    p.u32(0, 2)
    p.ptr()
    p.ptr()
    p.wstr("a")
    p.wstr("\u00e4")


def subnet(p):
    p.agg(4, 8)
    p.ptr()
    p.ptr(False)
    p.ptr(False)
    p.wstr("subnet")


def policy(p):
    """DNS_RPC_POLICY with one criterion."""
    p.wide(1)
    p.agg(8)
    p.ptr()
    p.enum(1, 0, 1, 0)
    p.u32(1, 2)
    p.ptr(False)
    p.ptr()
    p.u64(3)
    p.u32(1)
    p.ptr()
    p.end(8)
    p.wstr("policy")
    p.wide(1)
    p.agg(4, 8)
    p.u32(1)
    p.ptr()
    p.agg(4, 8)
    p.ptr()
    p.u32(50)
    p.end(8)
    p.wstr("scope")
    p.agg(4, 8)
    p.enum(4)
    p.ptr()
    p.wstr("EQ,*.example")


def operation(p, kind, write, instance=False, scope="scope"):
    head(p, scope, instance)
    p.u32(0)
    opt_str(p, "Operation")
    tagged(p, kind, write)


def query(p, instance=False, scope=None):
    head(p, scope, instance)
    opt_str(p, "Query")


def answer(kind, write):
    return lambda p: (tagged(p, kind, write), p.u32(0))


def complex_in(p):
    query(p, True)
    tagged(p, 57, subnet)


result = (lambda p: p.u32(0))
for instance, numbers in ((False, (10, 11, 12, 13)), (True, (17, 18, 15, 16))):
    suffix = "4" if instance else "3"
    packed("DnsServer", "R_DnssrvUpdateRecord" + suffix, numbers[0], lambda p: update(p, instance), result)
    packed("DnsServer", "R_DnssrvEnumRecords" + suffix, numbers[1], lambda p: enum(p, instance), records)
    packed("DnsServer", "R_DnssrvOperation" + suffix, numbers[2], lambda p: operation(p, 58, policy, instance), result)
    packed("DnsServer", "R_DnssrvQuery" + suffix, numbers[3], lambda p: query(p, instance, "scope"), answer(52, scopes))
packed("DnsServer", "R_DnssrvComplexOperation3", 14, complex_in, answer(56, scopes))
