#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/golden/ndr/pickle.txt: serialized types ([MS-RPCE] 2.2.6) that Samba made, for test_pickle. Each line:
type, octets in hexadecimal. Needs python3-samba. argv: the file."""

import sys

from samba.dcerpc import krb5pac, lsa, netlogon, samr, security
from samba.ndr import ndr_pack, ndr_unpack


kept = []


def buffer(kind, info):
    """A PAC with one buffer, and that buffer's octets."""
    pac = krb5pac.PAC_DATA()
    b = krb5pac.PAC_BUFFER()
    b.type, b.info = kind, info
    pac.num_buffers, pac.buffers = 1, [b]
    raw = ndr_unpack(krb5pac.PAC_DATA_RAW, ndr_pack(pac))
    return raw.buffers[0].info.remaining[:raw.buffers[0].ndr_size]


def string(s):
    r = lsa.String()
    r.string = s
    return r


def rids(n):
    """Elements; samba's lists do not own what is in them, so `kept` does."""
    array = []
    for i in range(n):
        r = samr.RidWithAttribute()
        r.rid, r.attributes = 512 + i, 7
        array += [r]
    kept.append(array)
    return array


def logon_info(groups, sids):
    ctr = krb5pac.PAC_LOGON_INFO_CTR()
    ctr.info = krb5pac.PAC_LOGON_INFO()
    base = ctr.info.info3.base
    base.logon_time, base.logoff_time, base.kickoff_time = 1, 0x7fffffffffffffff, 0x0123456789abcdef
    base.account_name.string, base.full_name.string = "ada", "Ada \u00e9\u4e2d"
    base.logon_script.string, base.home_drive.string = "", "H:"
    base.logon_count, base.bad_password_count, base.rid, base.primary_gid = 3, 1, 1105, 513
    base.groups.count, base.groups.rids = groups, rids(groups)
    base.user_flags, base.acct_flags = 0x20, 0x10
    base.key.key = list(range(16))
    base.logon_server.string, base.logon_domain.string = "DC1", "TERN"
    base.domain_sid = security.dom_sid("S-1-5-21-1-2-3")
    ctr.info.info3.sidcount = sids
    array = []
    for i in range(sids):
        s = netlogon.netr_SidAttr()
        s.sid, s.attributes = security.dom_sid("S-1-18-%d" % (i + 1)), 7
        array += [s]
    kept.append(array)
    ctr.info.info3.sids = array
    ctr.info.resource_groups.domain_sid = security.dom_sid("S-1-5-21-9-8-7")
    ctr.info.resource_groups.groups.count = 1
    ctr.info.resource_groups.groups.rids = rids(1)
    return ctr


def delegation(n):
    ctr = krb5pac.PAC_CONSTRAINED_DELEGATION_CTR()
    ctr.info = krb5pac.PAC_CONSTRAINED_DELEGATION()
    ctr.info.proxy_target.string = "cifs/files.tern.test"
    ctr.info.num_transited_services = n
    services = [string("http/web%d.tern.test@TERN.TEST" % i) for i in range(n)]
    kept.append(services)
    ctr.info.transited_services = services
    return ctr


def credentials():
    ctr = krb5pac.PAC_CREDENTIAL_DATA_CTR()
    ctr.data = krb5pac.PAC_CREDENTIAL_DATA()
    one = krb5pac.PAC_CREDENTIAL_SUPPLEMENTAL_SECPKG()
    one.package_name.string = "NTLM"
    one.credential_size, one.credential = 40, list(range(40))
    ctr.data.credential_count, ctr.data.credentials = 1, [one]
    ndr = krb5pac.PAC_CREDENTIAL_DATA_NDR()
    ndr.ctr = ctr
    return ndr_pack(ndr)


with open(sys.argv[1], "w") as f:
    f.write("# Made by gen_pickle_vectors.py from Samba's marshalling; see there.\n")
    for info in (logon_info(0, 0), logon_info(1, 1), logon_info(5, 3)):
        f.write("pac_PKERB_VALIDATION_INFO %s\n" % bytes(buffer(krb5pac.PAC_TYPE_LOGON_INFO, info)).hex())
    for n in (0, 1, 3):
        f.write("pac_PS4U_DELEGATION_INFO %s\n" % bytes(buffer(krb5pac.PAC_TYPE_CONSTRAINED_DELEGATION, delegation(n))).hex())
    f.write("pac_PPAC_CREDENTIAL_DATA %s\n" % credentials().hex())
