# SPDX-License-Identifier: Apache-2.0
"""netlogon, [MS-NRPC]: every operation that Samba's bindings have, and every level."""

from samba.dcerpc import netlogon

from ndr_made import made
from ndr_vectors import SERVER, vector


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
# AccountSync is missing: Samba also sends LastRecordId, which [MS-NRPC] has as an output only.

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
