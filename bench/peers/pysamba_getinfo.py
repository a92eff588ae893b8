# SPDX-License-Identifier: Apache-2.0
"""One NetrServerGetInfo with python3-samba: HOST USER PASSWORD"""
import sys
from samba.credentials import DONT_USE_KERBEROS, Credentials
from samba.dcerpc import srvsvc
from samba.param import LoadParm
host, user, password = sys.argv[1:4]
lp = LoadParm()
lp.load_default()
c = Credentials()
c.guess(lp)
c.set_kerberos_state(DONT_USE_KERBEROS)
c.set_username(user)
c.set_password(password)
srvsvc.srvsvc("ncacn_np:" + host, lp, c).NetSrvGetInfo(None, 101)
