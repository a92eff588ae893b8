# SPDX-License-Identifier: Apache-2.0
"""Where Samba's marshalling differs from the specifications, or asks for more than they do, so that random values do not
get through: (interface, regular expression of operations, kind, reason).

refuses  Samba does not take some of what we pack; what it takes has to agree all the same
differs  the bytes, or the values, are not the same
crashes  Samba's process ends or loops; not run unless asked for with --all"""

DESCRIPTORS = "Samba reads security descriptors where the specification has octets; random ones are none"
LEVELS = "Samba does not have all levels, or has other arms without data"
CONTENT = "Samba reads structures where the specification has octets; random ones are none"
RANGES = "Samba bounds numbers that the specification does not, or has enumerations where those are plain numbers"
ANSI = "Samba takes the characters of the A functions for UTF-16, or bounds them otherwise"
MADE_ANEW = "Samba makes lengths or versions anew when it packs (value() in its IDL)"
STRINGS = "Samba wants a terminator inside of counted strings"
FULL = "full pointers: we number them from 1 on, as [C706] 14.3.12.2 lets us, Samba like unique ones"

# What only many random calls show (--count 40).
RARE = [
    ("DnsServer", r"R_Dnssrv(Operation2?|Query2?|ComplexOperation2)", "differs",
     "Samba has octets where the specification has 32-bit booleans in the structures of zones"),
    ("netdfs", r"NetrDfsEnum", "differs", LEVELS),
    ("samr", r"SamrQueryInformationUser2?", "differs", "Samba has fewer octets in SAMPR_USER_INTERNAL1_INFORMATION"),
    ("spoolss", r"Rpc(AddPrinterDriver(Ex)?|SendRecvBidiData)", "differs", MADE_ANEW),
    ("svcctl", r"R\w+A", "differs", ANSI),
    ("IRemoteWinspool", r"RpcAsync(AddPrinterDriver|SendRecvBidiData)", "differs", MADE_ANEW),
]

DEVIATIONS = [
    ("DnsServer", r"R_Dnssrv(ComplexOperation|Operation|Query)2?", "refuses", LEVELS),
    ("DnsServer", r"R_Dnssrv(EnumRecords|UpdateRecord)2?", "refuses", CONTENT),
    ("DnsServer", r"R_DnssrvComplexOperation", "differs",
     "Samba has octets where the specification has 32-bit booleans in DNS_RPC_ZONE_INFO_DOTNET"),
    ("IRemoteWinspool", r".*", "refuses", CONTENT),
    ("IRemoteWinspool", r"Rpc(Sync|Async)\w*Notifications", "differs", MADE_ANEW),
    ("IRemoteWinspool", r"RpcAsync(AddJob|Enum\w+|Get\w+|PlayGdi\w+|ReadPrinter|SetPrinterData\w*|WritePrinter|XcvData)",
     "crashes", CONTENT),
    ("Witness", r"WitnessrAsyncNotify", "crashes", CONTENT),
    ("atsvc", r"NetrJobEnum", "refuses", "in NDR64 Samba gives the bit fields of AT_INFO other widths; NDR20 agrees"),
    ("atsvc", r"NetrJob(Add|GetInfo)", "differs", "in NDR64 Samba gives the bit fields of AT_INFO other widths; NDR20 agrees"),
    ("drsuapi", r".*", "refuses", LEVELS),
    ("drsuapi", r"IDL_DRS(ReplicaSync|GetNCChanges|UpdateRefs|ReplicaDel|GetMemberships2?|AddEntry|QuerySitesByCost"
     r"|GetReplInfo|Replica\w+|VerifyNames)", "differs", MADE_ANEW),
    ("epmapper", r"ept_.*", "refuses", "Samba reads the floors of towers; random ones are none"),
    ("lsarpc", r"Lsar(Query|Set)SecurityObject", "refuses", DESCRIPTORS),
    ("lsarpc", r"LsarOpenPolicy2?", "refuses", DESCRIPTORS),
    ("lsarpc", r"Lsar(Query|Set)(DomainInformationPolicy|InformationPolicy2?)", "refuses", LEVELS),
    ("lsarpc", r"Lsar(Query|Set)ForestTrustInformation", "refuses", RANGES),
    ("lsarpc", r"Lsar(Query|Set)(TrustedDomainInfo\w*|InfoTrustedDomain|InformationTrustedDomain)", "refuses", RANGES),
    ("lsarpc", r"LsarCreateTrustedDomainEx2?", "refuses", RANGES),
    ("lsarpc", r"LsarEnumerateAccounts", "refuses", RANGES),
    ("lsarpc", r"Lsar(QuerySecret|SetSecret|RetrievePrivateData|StorePrivateData)", "refuses",
     "in NDR64 Samba reads other widths around LSAPR_CR_CIPHER_VALUE; NDR20 agrees"),
    ("mgmt", r"rpc__mgmt_inq_if_ids", "differs", FULL),
    ("mgmt", r"rpc__mgmt_inq_stats", "refuses", "Samba takes the array of statistics for a structure"),
    ("netdfs", r"NetrDfs(Enum(Ex)?|SetInfo2?|GetInfo)", "refuses", LEVELS),
    ("netdfs", r"NetrDfs(AddFtRoot|RemoveFtRoot)", "refuses", "Samba has another form of DFSM_ROOT_LIST"),
    ("netlogon", r"NetrLogonSamLog\w*", "refuses", LEVELS),
    ("netlogon", r"Netr(AccountSync|AccountDeltas|Database\w+)", "refuses", CONTENT),
    ("netlogon", r"(Dsr|Netr)GetForestTrustInformation", "refuses", RANGES),
    ("netlogon", r"NetrLogonGetDomainInfo", "refuses", CONTENT),
    ("netlogon", r"NetrServerGetTrustInfo", "refuses", LEVELS),
    ("netlogon", r"DsrUpdateReadOnlyServerDnsRecords", "refuses", "Samba has an enumeration of 16 bits in NDR20"),
    ("netlogon", r"DsrUpdateReadOnlyServerDnsRecords", "differs", "Samba has an enumeration of 16 bits in NDR20"),
    ("samr", r"Samr(Query|Set)SecurityObject", "refuses", DESCRIPTORS),
    ("samr", r"Samr(Query|Set)Information(User2?|Domain2?)", "refuses",
     "Samba counts the octets of logon hours as UnitsPerWeek / 8, without rounding up"),
    ("spoolss", r".*", "refuses", CONTENT),
    ("spoolss", r"Rpc(GetPrintProcessorDirectory|RemoteFindFirst\w+|RouterReplyPrinterEx|RouterRefresh\w+|EnumPrinterDataEx)",
     "differs", MADE_ANEW),
    ("spoolss", r"Rpc(Enum(Forms|Jobs|JobNamedProperties|Monitors|PerMachineConnections|Ports|PrintProcessor\w+|Printer\w*)"
     r"|PlayGdiScriptOnPrinterIC|Get(Form|Job|Printer\w*))", "crashes", CONTENT),
    ("srvsvc", r"NetrShare\w*|NetrServer\w*", "refuses", LEVELS),
    ("srvsvc", r"Netrp[GS]etFileSecurity", "refuses", DESCRIPTORS),
    ("srvsvc", r"NetrServerDiskEnum", "differs", "Samba makes the length of the list of disks anew, not the size"),
    ("svcctl", r"R\w+A", "refuses", ANSI),
    ("svcctl", r"R(ChangeServiceConfig2?|GetService\w+)W", "refuses", CONTENT),
    ("winreg", r"BaseReg\w+", "refuses", STRINGS),
    ("winreg", r"BaseRegEnum(Key|Value)", "differs", STRINGS),
    ("wkssvc", r"Netr(Use|Wksta)\w+", "refuses", LEVELS),
    ("wkssvc", r"NetrGetJoinableOUs2?", "crashes", "Samba's process ends"),
]
