# SPDX-License-Identifier: Apache-2.0
"""Holds a file of a share open: hold_file.py SERVER SHARE FILE USER PASSWORD SECONDS; prints "open" when it is."""
import sys
import time
from samba import credentials
from samba.samba3 import libsmb_samba_internal as libsmb
from samba.samba3 import param

server, share, name, user, password, seconds = sys.argv[1:]
lp = param.get_context()
lp.load("/dev/null")
creds = credentials.Credentials()
creds.guess(lp)
creds.set_username(user)
creds.set_password(password)
creds.set_kerberos_state(credentials.DONT_USE_KERBEROS)
conn = libsmb.Conn(server, share, lp, creds)
conn.create(name, DesiredAccess=3, ShareAccess=7, CreateDisposition=3)
print("open", flush=True)
time.sleep(float(seconds))
