# SPDX-License-Identifier: Apache-2.0
"""srvsvc, [MS-SRVS]: every operation and level that Samba's bindings have in the form of the specification; common.py has
some with values of its own."""

from samba.dcerpc import srvsvc

from ndr_made import made
from ndr_vectors import SERVER, vector


def call(name, both=True, response=True, **given):
    given = {"in_server_unc": SERVER, **given}
    vector("srvsvc", made(getattr(srvsvc, name), **given), both, response)


for level in (0, 1):
    call("NetConnEnum", level=level)
for level in (2, 3):
    call("NetFileEnum", level=level)
    call("NetFileGetInfo", level=level)
call("NetFileClose")
for level in (0, 1, 2, 10, 502):
    call("NetSessEnum", level=level)
call("NetSessDel")
for level in (0, 1, 2, 501, 502, 1004, 1005, 1006, 1501):
    call("NetShareAdd", level=level, sd_buf=...)
    call("NetShareGetInfo", level=level, sd_buf=...)
    call("NetShareSetInfo", level=level, sd_buf=...)
for level in (0, 1, 2, 501, 502):
    call("NetShareEnumAll", level=level, sd_buf=...)
    call("NetShareEnum", level=level, sd_buf=...)
call("NetShareDel")
call("NetShareDelSticky")
call("NetShareCheck")
# of level 599 Samba has other members, and a level 1509 that [MS-SRVS] has not
for level in (100, 101, 102, 502, 503, 1005, 1010, 1016, 1017, 1018, 1107, 1501, 1502, 1503, 1506, 1510, 1511,
              1512, 1513, 1514, 1515, 1516, 1518, 1523, 1528, 1529, 1530, 1533, 1534, 1535, 1536, 1538, 1539, 1540, 1541,
              1542, 1543, 1544, 1545, 1546, 1547, 1548, 1549, 1550, 1552, 1553, 1554, 1555, 1556):
    call("NetSrvGetInfo", level=level)
    call("NetSrvSetInfo", level=level)
call("NetServerStatisticsGet")
# NetTransportAdd is missing: Samba has a union there
for level in (0, 1, 2, 3):
    call("NetServerTransportAddEx", level=level, addr=[1, 2], addr_len=2)
    call("NetTransportEnum", level=level, addr=[1, 2], addr_len=2)
call("NetRemoteTOD")
call("NetPathType")
call("NetPathCompare")
call("NetNameValidate")
call("NetPRNameCompare")
call("NetGetFileSecurity", sd_buf=...)
call("NetSetFileSecurity")
