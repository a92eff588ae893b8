# SPDX-License-Identifier: Apache-2.0
"""lsarpc, [MS-LSAD] and [MS-LSAT]: every operation and level that Samba's bindings have in the form of the specification;
common.py has some with values of its own."""

from samba.dcerpc import lsa

from ndr_made import made
from ndr_vectors import SERVER, vector


def call(name, both=True, response=True, **given):
    given = {"in_system_name": SERVER, "sid_type": 1, **given}
    vector("lsarpc", made(getattr(lsa, name), **given), both, response)


for name in ("Close", "EnumPrivs", "QuerySecurity", "SetSecObj", "CreateAccount", "EnumAccounts", "CreateTrustedDomain",
             "EnumTrustDom", "CreateSecret", "OpenAccount", "EnumPrivsAccount", "AddPrivilegesToAccount",
             "RemovePrivilegesFromAccount", "GetSystemAccessAccount", "SetSystemAccessAccount", "OpenTrustedDomain",
             "OpenSecret", "LookupPrivValue", "LookupPrivName", "LookupPrivDisplayName", "DeleteObject",
             "EnumAccountsWithUserRight", "EnumAccountRights", "AddAccountRights", "RemoveAccountRights",
             "DeleteTrustedDomain", "EnumTrustedDomainsEx", "OpenTrustedDomainByName"):
    call(name)
for name in ("LookupNames", "LookupSids", "LookupNames2", "LookupSids2", "LookupNames3", "LookupNames4", "LookupSids3"):
    call(name, level=1, lookup_options=0, client_revision=2)
for name in ("SetSecret", "QuerySecret", "StorePrivateData", "RetrievePrivateData"):
    call(name, both=False)  # NDR64: Samba has the two lengths 64 bits wide
# Levels 10 and 11 are missing: with ms_union every arm is aligned to 8, in Samba each as it needs. Samba's
# POLICY_LSA_SERVER_ROLE has 4 bytes, which shows at the end of a request.
for level in (2, 3, 4, 5, 6, 7, 9, 12, 13, 14):
    given = dict(level=level, role=3, auditing_mode=1)
    call("QueryInfoPolicy", **given)
    call("QueryInfoPolicy2", **given)
    if level != 6:
        call("SetInfoPolicy", **given)
        call("SetInfoPolicy2", **given)
for level in (1, 2, 3, 4, 6, 7, 8, 12):
    for name in ("QueryTrustedDomainInfo", "QueryTrustedDomainInfoBySid", "QueryTrustedDomainInfoByName",
                 "SetInformationTrustedDomain", "SetTrustedDomainInfo", "SetTrustedDomainInfoByName"):
        call(name, level=level, incoming_count=0, outgoing_count=0, incoming_current_auth_info=...,
             incoming_previous_auth_info=..., outgoing_current_auth_info=..., outgoing_previous_auth_info=...,
             both=level not in (4, 12))  # NDR64: lengths of blobs again
for level in (2, 3):
    call("QueryDomainInformationPolicy", level=level, both=False)  # NDR64: Samba has 16 bits for the level
    call("SetDomainInformationPolicy", level=level)
for kind in (0, 1, 2):
    call("lsaRQueryForestTrustInformation", type=kind, highest_record_type=kind)
    call("lsaRSetForestTrustInformation", type=kind, highest_record_type=kind, check_only=1)
