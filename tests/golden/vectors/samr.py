# SPDX-License-Identifier: Apache-2.0
"""samr, [MS-SAMR]: every operation and level that Samba's bindings have in the form of the specification; common.py has some
with values of its own."""

from samba.dcerpc import samr

from ndr_made import made
from ndr_vectors import SERVER, vector


def call(name, both=True, response=True, **given):
    given = {"in_system_name": SERVER, "units_per_week": 16, **({"in_system_name": 0x5c} if name == "Connect" else {}), **given}
    vector("samr", made(getattr(samr, name), **given), both, response)


# without levels; Shutdown, the tests of private functions, boot keys, Connect3 and ChangePasswordUser3's predecessors that
# [MS-SAMR] has no parameters for are missing
for name in ("Close", "SetSecurity", "QuerySecurity", "LookupDomain", "EnumDomains", "OpenDomain", "CreateDomainGroup",
             "EnumDomainGroups", "CreateUser", "EnumDomainUsers", "CreateDomAlias", "EnumDomainAliases", "GetAliasMembership",
             "LookupNames", "LookupRids", "OpenGroup", "AddGroupMember", "DeleteDomainGroup", "DeleteGroupMember",
             "QueryGroupMember", "SetMemberAttributesOfGroup", "OpenAlias", "DeleteDomAlias", "AddAliasMember",
             "DeleteAliasMember", "GetMembersInAlias", "OpenUser", "DeleteUser", "ChangePasswordUser", "GetGroupsForUser",
             "RemoveMemberFromForeignDomain", "AddMultipleMembersToAlias", "RemoveMultipleMembersFromAlias",
             "OemChangePasswordUser2", "ChangePasswordUser2", "GetDomPwInfo", "GetUserPwInfo", "RidToSid", "SetDsrmPassword",
             "Connect", "Connect2", "Connect4", "CreateUser2"):
    call(name)

# Samba has 4 bytes for role and state of a server, which are enumerations, and for UasCompatibilityRequired, which is an
# octet: the same where padding follows.
for level in (1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13):
    given = dict(level=level, role=3, domain_server_state=1, unknown3=1)
    call("QueryDomainInfo", **given)
    call("QueryDomainInfo2", **given)
    if level not in (7, 9):
        call("SetDomainInfo", **given)
for level in (1, 2, 3, 4):
    call("QueryGroupInfo", level=level)
    call("SetGroupInfo", level=level)
for level in (1, 2, 3):
    call("QueryAliasInfo", level=level)
    call("SetAliasInfo", level=level)
for level in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 20, 21):
    call("QueryUserInfo", level=level)
    call("QueryUserInfo2", level=level)
for level in (2, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 18, 20, 21, 23, 24, 25, 26):
    call("SetUserInfo", level=level)
    call("SetUserInfo2", level=level)
for level in (1, 2, 3, 4, 5):
    for name in ("QueryDisplayInfo", "QueryDisplayInfo2", "QueryDisplayInfo3"):
        call(name, level=level)
call("GetDisplayEnumerationIndex", level=1)
call("GetDisplayEnumerationIndex2", level=2)
call("Connect5", level_in=1, level_out=1)
for level in (1, 2, 3):
    call("ValidatePassword", level=level, status=0)
