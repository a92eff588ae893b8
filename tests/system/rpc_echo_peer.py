# SPDX-License-Identifier: Apache-2.0
"""Samba's client against a server of the echo interface: rpc_echo_peer.py BINDING [USER PASSWORD]

Prints one line with what came back; exit code 1 and the server's code when the bind is refused."""
import sys

from samba import NTSTATUSError
from samba.credentials import DONT_USE_KERBEROS, Credentials
from samba.dcerpc import echo
from samba.param import LoadParm

lp = LoadParm()
lp.load_default()
creds = Credentials()
creds.guess(lp)
if len(sys.argv) > 2:
    creds.set_username(sys.argv[2])
    creds.set_password(sys.argv[3])
    creds.set_kerberos_state(DONT_USE_KERBEROS)
else:
    creds.set_anonymous()
try:
    e = echo.rpcecho(sys.argv[1], lp, creds)
    data = [i * 7 & 255 for i in range(70000)]
    source = e.SourceData(100000)
    seen = [
        e.AddOne(41) == 42,
        e.EchoData(data) == data,
        source == [i & 255 for i in range(100000)],
        e.SinkData(data) is None,
        e.TestCall("Gr\u00fc\u00dfe") == "Gr\u00fc\u00dfe",
        e.TestCall2(4).v == 10,
        e.TestCall2(7).info4.v == 20,
        e.TestSleep(1) == 1,
    ]
except NTSTATUSError as error:
    print("refused %08x" % (error.args[0] & 0xFFFFFFFF))
    sys.exit(1)
print("passed" if all(seen) else seen)
