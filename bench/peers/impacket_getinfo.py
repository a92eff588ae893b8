# SPDX-License-Identifier: Apache-2.0
"""One NetrServerGetInfo with impacket: HOST USER PASSWORD"""
import sys
from impacket.dcerpc.v5 import srvs, transport
host, user, password = sys.argv[1:4]
t = transport.SMBTransport(host, 445, r"\srvsvc", user, password, "")
d = t.get_dce_rpc()
d.connect()
d.bind(srvs.MSRPC_UUID_SRVS)
srvs.hNetrServerGetInfo(d, 101)
