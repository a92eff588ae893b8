# SPDX-License-Identifier: Apache-2.0
"""Witness."""

from ndr_vectors import SERVER, fill, handle, packed, vector
from samba.dcerpc import witness

for n in (0, 2):
    c = witness.GetInterfaceList()
    some = [fill(witness.interfaceInfo(), group_name="NODE%d" % i, version=0x00020000, state=1, ipv4="10.0.0.%d" % i,
                 ipv6="fd00::%d" % i, flags=5) for i in range(n)]
    c.out_interface_list, c.result = fill(witness.interfaceList(), num_interfaces=n, interfaces=some), 0
    vector("Witness", c)

c = witness.Register()
c.in_version, c.in_net_name, c.in_ip_address, c.in_client_computer_name = 0x00010001, SERVER, "10.0.0.1", None
c.out_context_handle, c.result = handle(), 0
vector("Witness", c)

c = witness.UnRegister()
c.in_context_handle, c.result = handle(), 0
vector("Witness", c)

c = witness.RegisterEx()
c.in_version, c.in_net_name, c.in_share_name, c.in_ip_address = 0x00020000, SERVER, "data", "fd00::1"
c.in_client_computer_name, c.in_flags, c.in_timeout = "CLIENT", 1, 120
c.out_context_handle, c.result = handle(), 0
vector("Witness", c)

change = "2e000000ff000000" + "NODE1".encode("utf-16-le").hex() + "0000"


def notify(p):
    data = bytes.fromhex(change)
    p.ptr()
    p.agg(4, 8)
    p.u32(1, len(data), 1)
    p.ptr()
    p.array(data)
    p.u32(0)


# Samba has a union of messages in place of the bytes
packed("Witness", "WitnessrAsyncNotify", 3, lambda p: p.handle(), notify)
packed("Witness", "WitnessrUnRegisterEx", 5, lambda p: p.handle(), lambda p: (p.handle(), p.u32(0)))
