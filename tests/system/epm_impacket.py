# SPDX-License-Identifier: Apache-2.0
"""Impacket against an endpoint mapper: epm_impacket.py HOST [UUID VERSION]

With an interface: the binding of it. Without: ept_lookup in two ways, all at once and one entry a call, which have to
agree. A null handle ends it, or the status "not registered" after an answer that was full. With EPM_PIPE=USER:PASSWORD in the environment it goes by the mapper's
pipe."""
import os
import sys

from impacket import uuid
from impacket.dcerpc.v5 import epm, rpcrt, transport

NOT_REGISTERED = 0x16C9A0D6

host = sys.argv[1]
pipe = os.environ.get("EPM_PIPE")
way = transport.DCERPCTransportFactory(("ncacn_np:%s[\\pipe\\epmapper]" if pipe else "ncacn_ip_tcp:%s[135]") % host)
if pipe:
    way.set_credentials(*pipe.split(":"))
dce = way.get_dce_rpc()
dce.connect()
if len(sys.argv) > 2:
    iface = uuid.uuidtup_to_bin((sys.argv[2], sys.argv[3]))
    print(epm.hept_map(host, iface, protocol="ncacn_ip_tcp"))
    sys.exit(0)


def look_up(max_ents):
    dce.bind(epm.MSRPC_UUID_PORTMAP) if not look_up.bound else None
    look_up.bound = True
    request = epm.ept_lookup()
    request["inquiry_type"] = 0
    request["object"] = epm.NULL
    request["Ifid"] = epm.NULL
    request["vers_option"] = 1
    request["max_ents"] = max_ents
    found = []
    while True:
        try:
            answer = dce.request(request)
        except rpcrt.DCERPCException as e:
            if found and len(found) % max_ents == 0 and e.get_error_code() == NOT_REGISTERED:
                return found
            raise
        found += [b"".join(x["tower"]["tower_octet_string"]) for x in answer["entries"]]
        request["entry_handle"] = answer["entry_handle"]
        if answer["entry_handle"].isNull():
            return found


look_up.bound = False
whole, single = look_up(500), look_up(1)
print("all %d entries" % len(whole) if whole == single else "not the same: %r, %r" % (whole, single))
