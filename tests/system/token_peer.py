# SPDX-License-Identifier: Apache-2.0
"""Samba's client against token_server: token_peer.py krb5 BINDING USER PASSWORD REALM | schannel BINDING PASSWORD"""
import sys

from samba import NTSTATUSError
from samba.credentials import DONT_USE_KERBEROS, MUST_USE_KERBEROS, Credentials
from samba.dcerpc import echo, misc, netlogon
from samba.param import LoadParm

how, binding = sys.argv[1:3]
lp = LoadParm()
lp.load_default()
creds = Credentials()
creds.guess(lp)
try:
    if how == "krb5":
        creds.set_username(sys.argv[3])
        creds.set_password(sys.argv[4])
        creds.set_realm(sys.argv[5])
        creds.set_kerberos_state(MUST_USE_KERBEROS)
        print("passed" if echo.rpcecho(binding, lp, creds).AddOne(41) == 42 else "wrong")
    else:
        creds.set_username("PEERWS$")
        creds.set_password(sys.argv[3])
        creds.set_domain("PEER")
        creds.set_workstation("PEERWS")
        creds.set_secure_channel_type(misc.SEC_CHAN_WKSTA)
        creds.set_kerberos_state(DONT_USE_KERBEROS)
        n = netlogon.netlogon(binding, lp, creds)
        for _ in range(3):
            mine = creds.new_client_authenticator()
            auth = netlogon.netr_Authenticator()
            auth.cred.data = list(mine["credential"])
            auth.timestamp = mine["timestamp"]
            n.netr_LogonGetCapabilities("server", "PEERWS", auth, netlogon.netr_Authenticator(), 1)
        print("passed")
except NTSTATUSError as error:
    print("refused %08x" % (error.args[0] & 0xFFFFFFFF))
    sys.exit(1)
