#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What Samba's marshalling makes of types whose layouts tests/golden/idlc/pidl.idl has, too: ndr/pidl.txt.

Needs python3-samba. Not run by the build: the result is kept in the tree. Each line: a type or operation of pidl.idl, its
parameters (level and size offered) or 0 0, the bytes."""

import os

from samba.dcerpc import dnsp, drsblobs, krb5pac, misc, ntlmssp, preg, security, spoolss, unixinfo
from samba.ndr import ndr_pack, ndr_pack_out

lines = []


def add(name, data, level=0, offered=0):
    lines.append("%s %d %d %s" % (name, level, offered, data.hex()))


def descriptors():
    domain = security.dom_sid("S-1-5-21-1-2-3")
    for sddl in ("", "O:BAG:SY", "O:BAG:SYD:(A;;GA;;;WD)", "G:DUD:P(A;OICI;GA;;;BA)(D;;GR;;;WD)(A;;GX;;;SY)S:(AU;SA;FA;;;WD)",
                 "O:S-1-5-21-11-22-33-44-55-66-77-88-99-100-111-122-133-144D:"):
        sd = security.descriptor.from_sddl(sddl, domain)
        add("sd", ndr_pack(sd))
        buf = security.sec_desc_buf()
        buf.sd = sd
        add("sd_buf", ndr_pack(buf))
    add("sd_buf", ndr_pack(security.sec_desc_buf()))
    for sid in ("S-1-1-0", "S-1-5-21-1-2-3-500", "S-1-281474976710655-4294967295"):
        add("sid", ndr_pack(security.dom_sid(sid)))


def dns_records():
    def record(kind, data, ttl=900):
        r = dnsp.DnssrvRpcRecord()
        r.wType = kind
        r.rank = dnsp.DNS_RANK_ZONE
        r.dwSerial = 7
        r.dwTtlSeconds = ttl
        r.dwTimeStamp = 3600000
        if data is not None:
            r.data = data
        add("dns_record", ndr_pack(r))

    record(dnsp.DNS_TYPE_A, "192.0.2.1")
    record(dnsp.DNS_TYPE_AAAA, "2001:db8::1:2")
    mx = dnsp.mx()
    mx.wPriority = 10
    mx.nameTarget = "mail.example.com"
    record(dnsp.DNS_TYPE_MX, mx, 0x01020304)
    soa = dnsp.soa()
    soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum = 1, 900, 600, 86400, 3600
    soa.mname, soa.rname = "dc.example.com", "hostmaster.example.com"
    record(dnsp.DNS_TYPE_SOA, soa)
    hinfo = dnsp.hinfo()
    hinfo.cpu, hinfo.os = "PDP-11", ""
    record(dnsp.DNS_TYPE_HINFO, hinfo)
    txt = dnsp.string_list()
    txt.count, txt.str = 3, ["a", "", "some text"]
    record(dnsp.DNS_TYPE_TXT, txt)


def metadata():
    for count in 0, 1, 3:
        m = drsblobs.replPropertyMetaDataBlob()
        m.version = 1
        ctr = drsblobs.replPropertyMetaDataCtr1()
        ctr.count, entries = count, []
        for i in range(count):
            e = drsblobs.replPropertyMetaData1()
            e.attid, e.version = 0x90000 + i, i + 1
            e.originating_change_time = 131 * 10**15 + i * 10**7
            e.originating_invocation_id = misc.GUID("00112233-4455-6677-8899-aabbccddee%02x" % i)
            e.originating_usn, e.local_usn = 1 << 40 | i, 78
            entries.append(e)
        ctr.array = entries
        m.ctr = ctr
        add("meta", ndr_pack(m))


def credentials():
    for packages in [], [("Primary:Kerberos", "0102ab")], [("A", ""), ("Packages", "41"), ("Primary:CLEARTEXT", "00" * 9)]:
        sub = drsblobs.supplementalCredentialsSubBlob()
        sub.prefix = drsblobs.SUPPLEMENTAL_CREDENTIALS_PREFIX
        sub.signature = drsblobs.SUPPLEMENTAL_CREDENTIALS_SIGNATURE
        sub.num_packages, made = len(packages), []
        for name, data in packages:
            p = drsblobs.supplementalCredentialsPackage()
            p.name, p.reserved, p.data = name, 1, data
            made.append(p)
        sub.packages = made
        if not packages:
            continue  # Samba leaves the count out then
        blob = drsblobs.supplementalCredentialsBlob()
        blob.sub = sub
        add("credentials_blob", ndr_pack(blob))


def policies():
    for kind, size, data in (4, 4, 7), (1, 6, "ab"), (0, 0, None), (3, 5, b"\0\1\2\3\4"):
        e = preg.entry()
        e.keyname, e.valuename, e.type, e.size = "Software\\X", "value", kind, size
        if data is not None:
            e.data = data
        add("policy_entry", ndr_pack(e))


def challenges():
    for target in "DOM", "", None:
        pairs = []
        for kind, value in (2, "DOM"), (0, None):
            p = ntlmssp.AV_PAIR()
            p.AvId = kind
            if value:
                p.Value = value
            pairs.append(p)
        info = ntlmssp.AV_PAIR_LIST()
        info.count, info.pair = 2, pairs
        for flags in 0xE2898235, 0xE2898236:
            c = ntlmssp.CHALLENGE_MESSAGE()
            c.Signature, c.MessageType, c.NegotiateFlags = "NTLMSSP", 2, flags
            if target is not None:
                c.TargetName = target
            c.ServerChallenge = list(range(8))
            c.TargetInfo = info
            c.Version = ntlmssp.VERSION()
            c.Version.ProductMajorVersion, c.Version.NTLMRevisionCurrent = 6, 15
            add("challenge", ndr_pack(c))


def pacs():
    upn = krb5pac.PAC_UPN_DNS_INFO()
    upn.upn_name, upn.dns_domain_name = "alice@example.com", "EXAMPLE.COM"
    name = krb5pac.PAC_LOGON_NAME()
    name.logon_time, name.account_name = 131 * 10**15 + 1, "alice"
    signature = krb5pac.PAC_SIGNATURE_DATA()
    signature.type, signature.signature = 16, b"0123456789ab"
    ctr = krb5pac.PAC_CONSTRAINED_DELEGATION_CTR()
    delegation = krb5pac.PAC_CONSTRAINED_DELEGATION()
    delegation.proxy_target.string = "cifs/x.example.com"
    delegation.num_transited_services = 2
    services = [krb5pac.lsa.String() if hasattr(krb5pac, "lsa") else type(delegation.proxy_target)() for _ in range(2)]
    services[0].string, services[1].string = "host/a", "host/bcd"
    delegation.transited_services = services
    ctr.info = delegation
    kinds = [(krb5pac.PAC_TYPE_UPN_DNS_INFO, upn), (krb5pac.PAC_TYPE_LOGON_NAME, name),
             (krb5pac.PAC_TYPE_SRV_CHECKSUM, signature), (krb5pac.PAC_TYPE_CONSTRAINED_DELEGATION, ctr)]
    for chosen in kinds[:1], kinds[1:3], kinds[3:], kinds:
        pac = krb5pac.PAC_DATA()
        buffers = []
        for kind, info in chosen:
            b = krb5pac.PAC_BUFFER()
            b.type, b.info = kind, info
            buffers.append(b)
        pac.num_buffers, pac.version, pac.buffers = len(buffers), 0, buffers
        add("pac", ndr_pack(pac))


def printers():
    handle = misc.policy_handle()
    for offered, name in (64, "A4"), (42, "A4"), (200, "Letter"), (60, None):
        c = spoolss.GetForm()
        c.in_handle, c.in_form_name, c.in_level, c.in_offered = handle, "x", 1, offered
        f = spoolss.FormInfo1()
        f.flags, f.form_name = 2, name
        f.size.width, f.size.height = 0x1111, 0x2222
        f.area.left, f.area.top, f.area.right, f.area.bottom = 1, 2, 3, 4
        c.out_info, c.out_needed = f, 77
        add("get_form", ndr_pack_out(c), 1, offered)
    for names in {"driver_name": "D", "data_file": "data", "default_datatype": "RAW"}, {}:
        c = spoolss.GetPrinterDriver2()
        c.in_handle, c.in_architecture, c.in_level, c.in_offered = handle, "x", 3, 301
        c.in_client_major_version, c.in_client_minor_version = 3, 0
        d = spoolss.DriverInfo3()
        d.version = 3
        for key, value in names.items():
            setattr(d, key, value)
        if names:
            d.dependent_files = ["a.dll", "bcd.dll"]
        c.out_info = d
        add("get_driver", ndr_pack_out(c), 3, 301)


def open_arrays():
    for sids in ["S-1-1-0"], ["S-1-5-32-544", "S-1-5-21-1-2-3-500"], []:
        t = security.token()
        t.num_sids, t.privilege_mask, t.rights_mask = len(sids), 0x1122334455667788, 7
        t.sids = [security.dom_sid(s) for s in sids]
        add("token", ndr_pack(t))
    c = unixinfo.GetPWUid()
    infos = []
    for home, shell in ("/users/a", "/bin/sh"), ("/r", "/bin/bash"), ("", ""):
        i = unixinfo.GetPWUidInfo()
        i.status, i.homedir, i.shell = 0, home, shell
        infos.append(i)
    c.in_count, c.in_uids, c.out_count, c.out_infos = 3, [1, 2, 3], 3, infos
    add("get_passwords", ndr_pack_out(c))


for make in descriptors, dns_records, metadata, credentials, policies, challenges, pacs, printers, open_arrays:
    make()
with open(os.path.dirname(os.path.abspath(__file__)) + "/ndr/pidl.txt", "w") as f:
    f.write("# Made by gen_pidl_vectors.py: type or operation, level, offered, bytes.\n")
    f.write("\n".join(lines) + "\n")
