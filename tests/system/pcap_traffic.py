# SPDX-License-Identifier: Apache-2.0
"""Calls by Samba's Python bindings, for a capture: pcap_traffic.py HOST USER PASSWORD DC DOMAIN MACHINE$

NDR64, big endian PDUs, several interfaces on one association, a call that fails, an interface that is not there, a secure channel.
"""
import sys
from samba import credentials, param
from samba.dcerpc import ClientConnection, lsa, mgmt, misc, netlogon, samr, security, srvsvc

host, user, password, dc, domain, machine = sys.argv[1:]
lp = param.LoadParm()
lp.set("client signing", "required")
lp.set("client smb encrypt", "off")
creds = credentials.Credentials()
creds.guess(lp)
creds.set_username(user)
creds.set_password(password)
creds.set_kerberos_state(credentials.DONT_USE_KERBEROS)


def samr_calls(binding):
    s = samr.samr(binding, lp, creds)
    h = s.Connect2("\\\\" + host, security.SEC_FLAG_MAXIMUM_ALLOWED)
    domains = s.EnumDomains(h, 0, 1000)[1]
    sid = s.LookupDomain(h, domains.entries[0].name)
    d = s.OpenDomain(h, security.SEC_FLAG_MAXIMUM_ALLOWED, sid)
    s.EnumDomainUsers(d, 0, 0, 10000)
    s.Close(d)
    s.Close(h)
    return s


def attempt(what, call):
    """Failures are part of the plan: the capture has them."""
    try:
        return call()
    except RuntimeError as e:
        print("%s: %s" % (what, e.args[-1]))


for options in ("", "ndr64", "bigendian"):  # Samba's file server refuses NDR64
    for transport in ("ncacn_np", "ncacn_ip_tcp"):
        attempt(options, lambda: samr_calls("%s:%s[%s]" % (transport, host, options)))
for options in ("connect", "sign", "seal", "seal,ndr64", "sign,bigendian"):
    attempt(options, lambda: samr_calls("ncacn_ip_tcp:%s[%s]" % (host, options)))

c = srvsvc.srvsvc("ncacn_np:%s[srvsvc]" % host, lp, creds)
ctr = srvsvc.NetShareInfoCtr()
ctr.level = 1
ctr.ctr = srvsvc.NetShareCtr1()
c.NetShareEnumAll("\\\\" + host, ctr, 0xffffffff, None)
second = attempt("alter_context", lambda: mgmt.mgmt("ncacn_np:%s[srvsvc]" % host, lp, basis_connection=c))
if second:
    attempt("inq_if_ids", second.inq_if_ids)
    attempt("inq_stats", lambda: second.inq_stats(1, 0))
    attempt("is_server_listening", second.is_server_listening)
c.NetRemoteTOD("\\\\" + host)

server_service = "4b324fc8-1670-01d3-1278-5a47bf6ee188"
attempt("no such operation", lambda: ClientConnection("ncacn_np:%s[srvsvc]" % host, (server_service, 3), lp,
                                                      creds).request(200, b""))
attempt("no such interface", lambda: ClientConnection("ncacn_np:%s[srvsvc]" % host,
                                                      ("12345678" + server_service[8:], 3), lp, creds))
attempt("no such pipe", lambda: lsa.lsarpc("ncacn_np:%s[nosuchpipe]" % host, lp, creds))

# a secure channel: the machine account's password is that of everybody
account = credentials.Credentials()
account.guess(lp)
account.set_domain(domain)
account.set_username(machine)
account.set_workstation(machine[:-1])
account.set_password(password)
account.set_secure_channel_type(misc.SEC_CHAN_WKSTA)
account.set_kerberos_state(credentials.DONT_USE_KERBEROS)
channel = attempt("schannel", lambda: netlogon.netlogon("ncacn_ip_tcp:%s[schannel,seal]" % dc, lp, account))
if channel:
    attempt("site", lambda: channel.netr_DsRGetSiteName(dc))
