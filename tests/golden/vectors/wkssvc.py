# SPDX-License-Identifier: Apache-2.0
"""wkssvc, [MS-WKST]: every operation and level that Samba's bindings have in the form of the specification; common.py has
some with values of its own."""

from samba.dcerpc import wkssvc

from ndr_made import made
from ndr_vectors import SERVER, vector


def call(name, both=True, response=True, **given):
    given = {"in_server_name": SERVER, **given}
    vector("wkssvc", made(getattr(wkssvc, name), **given), both, response)


for level in (100, 101, 102, 502):
    call("NetWkstaGetInfo", level=level)
for level in (0, 1):
    call("NetWkstaEnumUsers", level=level)
call("NetWkstaTransportEnum", level=0)
for level in (0, 1, 2):  # of level 3 Samba does not have the members
    call("NetrUseAdd", level=level)
    call("NetrUseGetInfo", level=level)
for level in (0, 1, 2):
    call("NetrUseEnum", level=level)
call("NetrWkstaTransportAdd", level=0)
call("NetrWkstaTransportDel")
call("NetrUseDel")
call("NetrWorkstationStatisticsGet")
call("NetrGetJoinInformation", name_type=2)
call("NetrJoinDomain2")
call("NetrUnjoinDomain2")
call("NetrRenameMachineInDomain2")
call("NetrValidateName2", name_type=3)
call("NetrAddAlternateComputerName")
call("NetrRemoveAlternateComputerName")
call("NetrSetPrimaryComputername")
call("NetrEnumerateComputerNames", name_type=2)
