# SPDX-License-Identifier: Apache-2.0
"""Interfaces of the first NetAPI and of the runtime: srvsvc, samr, lsarpc, wkssvc, epmapper, mgmt, rpcecho."""

from ndr_vectors import GUID, SERVER, fill, handle, large, lsa_string, sid, vector
from samba.dcerpc import echo, epmapper, lsa, mgmt, misc, samr, security, srvsvc, wkssvc

# ---- srvsvc ----

def share(level, i):
    cls = getattr(srvsvc, "NetShareInfo%d" % level)
    s = cls()
    s.name = ["IPC$", "donn\u00e9es", "\u65e5\u672c\u8a9e"][i % 3]
    if level >= 1:
        s.type, s.comment = 0x80000003, "remark %d" % i
    if level in (2, 502):
        s.permissions, s.max_users, s.current_users = 0, 0xffffffff, 7 + i
        s.path, s.password = "C:\\share\\%d" % i, None
    if level == 501:
        s.csc_policy = 0x10 * i
    if level == 502 and i != 1:
        s.sd_buf = fill(security.sec_desc_buf(), sd=fill(security.descriptor(), type=0x8004,
                                                         owner_sid=sid("S-1-5-32-544")))
    return s


def share_ctr(level, count):
    ctr = getattr(srvsvc, "NetShareCtr%d" % level)()
    if count is not None:
        ctr.count = count
        ctr.array = [share(level, i) for i in range(count)]
    return fill(srvsvc.NetShareInfoCtr(), level=level, ctr=ctr)


def share_enum(level, count, cls=srvsvc.NetShareEnumAll):
    c = cls()
    c.in_server_unc, c.in_info_ctr = SERVER, share_ctr(level, None)
    c.in_max_buffer, c.in_resume_handle = 0xffffffff, 0
    c.out_info_ctr, c.out_totalentries, c.out_resume_handle = share_ctr(level, count), count, 12
    c.result = 0
    return c


for level in (0, 1, 2, 501, 502):
    for count in (0, 1, 3):
        vector("srvsvc", share_enum(level, count))
c = share_enum(1, 2)
c.in_server_unc, c.in_resume_handle, c.out_resume_handle = None, None, None
vector("srvsvc", c)

for level in (0, 1, 2, 10, 502):
    c = srvsvc.NetSessEnum()
    c.in_server_unc, c.in_client, c.in_user = SERVER, None, "alice"
    c.in_info_ctr = fill(srvsvc.NetSessInfoCtr(), level=level, ctr=getattr(srvsvc, "NetSessCtr%d" % level)())
    c.in_max_buffer, c.in_resume_handle = 8192, None
    out = getattr(srvsvc, "NetSessCtr%d" % level)()
    s = getattr(srvsvc, "NetSessInfo%d" % level)()
    for name, value in (("client", "\\\\10.0.0.1"), ("user", "bob"), ("num_open", 3), ("time", 100),
                        ("idle_time", 5), ("user_flags", 2), ("client_type", "Tern"), ("transport", "")):
        if hasattr(s, name):
            setattr(s, name, value)
    out.count, out.array = 1, [s]
    c.out_info_ctr = fill(srvsvc.NetSessInfoCtr(), level=level, ctr=out)
    c.out_totalentries, c.out_resume_handle, c.result = 1, None, 0
    vector("srvsvc", c)

for level, name in ((100, "NetSrvInfo100"), (101, "NetSrvInfo101"), (102, "NetSrvInfo102")):
    c = srvsvc.NetSrvGetInfo()
    c.in_server_unc, c.in_level = SERVER, level
    s = getattr(srvsvc, name)()
    s.platform_id, s.server_name = 500, "SERVER"
    if level >= 101:
        s.version_major, s.version_minor, s.server_type, s.comment = 6, 1, 0x9a03, "Tern \u00e5"
    if level == 102:
        s.users, s.disc, s.hidden, s.announce, s.anndelta, s.licenses, s.userpath = 0xffffffff, 15, 0, 240, 3000, 0, "C:\\"
    c.out_info, c.result = s, 0
    vector("srvsvc", c)

c = srvsvc.NetRemoteTOD()
c.in_server_unc = SERVER
c.out_info = fill(srvsvc.NetRemoteTODInfo(), elapsed=1700000000, msecs=5, hours=1, mins=2, secs=3, hunds=4, timezone=-60,
                  tinterval=310, day=22, month=11, year=2026, weekday=0)
c.result = 0
vector("srvsvc", c)

c = srvsvc.NetShareDel()
c.in_server_unc, c.in_share_name, c.in_reserved, c.result = SERVER, "old", 0, 2310
vector("srvsvc", c)

c = srvsvc.NetPathCanonicalize()
c.in_server_unc, c.in_path, c.in_maxbuf, c.in_prefix, c.in_pathtype, c.in_pathflags = SERVER, "a\\b", 6, "", 0, 1
c.out_can_path, c.out_pathtype, c.result = [97, 0, 98, 0, 0, 0], 0x2001, 0
vector("srvsvc", c)

for level in (2, 3):
    c = srvsvc.NetFileEnum()
    c.in_server_unc, c.in_path, c.in_user = SERVER, None, None
    c.in_info_ctr = fill(srvsvc.NetFileInfoCtr(), level=level, ctr=getattr(srvsvc, "NetFileCtr%d" % level)())
    c.in_max_buffer, c.in_resume_handle = 0xffffffff, 1
    f = getattr(srvsvc, "NetFileInfo%d" % level)()
    f.fid = 77
    if level == 3:
        f.permissions, f.num_locks, f.path, f.user = 3, 0, "C:\\x", "bob"
    out = fill(getattr(srvsvc, "NetFileCtr%d" % level)(), count=2, array=[f, f])
    c.out_info_ctr = fill(srvsvc.NetFileInfoCtr(), level=level, ctr=out)
    c.out_totalentries, c.out_resume_handle, c.result = 2, 3, 234
    vector("srvsvc", c)

# ---- samr ----

c = samr.Connect5()
c.in_system_name, c.in_access_mask, c.in_level_in = SERVER, 0x02000000, 1
c.in_info_in = fill(samr.ConnectInfo1(), client_version=3, supported_features=0)
c.out_level_out, c.out_info_out = 1, fill(samr.ConnectInfo1(), client_version=3, supported_features=0x10)
c.out_connect_handle, c.result = handle(), 0
vector("samr", c)

c = samr.LookupDomain()
c.in_connect_handle, c.in_domain_name = handle(), lsa_string("LABGROUP")
c.out_sid, c.result = sid("S-1-5-21-1-2-3"), 0
vector("samr", c)

c = samr.OpenDomain()
c.in_connect_handle, c.in_access_mask, c.in_sid = handle(), 0x02000000, sid("S-1-5-21-11-22-33")
c.out_domain_handle, c.result = handle(), 0
vector("samr", c)


def user21():
    u = samr.UserInfo21()
    u.last_logon, u.acct_expiry, u.force_password_change = 0x01da000000000001, 0x7fffffffffffffff, 0x7fffffffffffffff
    for name in ("account_name", "full_name", "home_directory", "home_drive", "logon_script", "profile_path",
                 "description", "workstations", "comment"):
        setattr(u, name, lsa_string("" if name == "home_drive" else "\u00fc" + name))
    u.parameters = fill(lsa.BinaryString(), length=4, size=4, array=[1, 2])
    u.logon_hours = fill(samr.LogonHours(), units_per_week=168, bits=[255] * 21)
    u.rid, u.primary_gid, u.acct_flags, u.fields_present = 1000, 513, 0x10, 0x00ffffff
    u.bad_password_count, u.logon_count, u.country_code, u.code_page = 1, 2, 3, 4
    u.nt_password_set, u.lm_password_set, u.password_expired = 1, 0, 0
    return u


for cls in (samr.QueryUserInfo2, samr.QueryUserInfo):
    c = cls()
    c.in_user_handle, c.in_level = handle(), 21
    c.out_info, c.result = user21(), 0
    vector("samr", c)

for level, cls, full in ((1, samr.DispInfoGeneral, samr.DispEntryGeneral), (3, samr.DispInfoFullGroups, samr.DispEntryFullGroup),
                         (4, samr.DispInfoAscii, samr.DispEntryAscii)):
    for query in (samr.QueryDisplayInfo, samr.QueryDisplayInfo2, samr.QueryDisplayInfo3):
        c = query()
        c.in_domain_handle, c.in_level, c.in_start_idx, c.in_max_entries, c.in_buf_size = handle(), level, 0, 100, 65536
        entries = []
        for i in range(3):
            e = full()
            e.idx = i + 1
            if level == 4:
                e.account_name = fill(lsa.AsciiStringLarge(), string="user%d" % i)
            else:
                e.rid, e.acct_flags = 1000 + i, 0x10
                e.account_name, e.description = lsa_string("user%d" % i), lsa_string("d" * i)
                if level == 1:
                    e.full_name = lsa_string("\u00c5ngstr\u00f6m")
            entries.append(e)
        c.out_info = fill(cls(), count=3, entries=entries)
        c.out_total_size, c.out_returned_size, c.result = 300, 290, 0x105
        vector("samr", c)

c = samr.LookupNames()
c.in_domain_handle, c.in_num_names, c.in_names = handle(), 2, [lsa_string("alice"), lsa_string("")]
c.out_rids = fill(samr.Ids(), count=2, ids=[1001, 0])
c.out_types = fill(samr.Ids(), count=2, ids=[1, 8])
c.result = 0x107
vector("samr", c)

for n in (0, 2):
    c = samr.EnumDomainUsers()
    c.in_domain_handle, c.in_resume_handle, c.in_acct_flags, c.in_max_size = handle(), 0, 0x10, 0xffffffff
    entries = [fill(samr.SamEntry(), idx=1000 + i, name=lsa_string("u%d" % i)) for i in range(n)]
    c.out_resume_handle, c.out_num_entries = 2, n
    c.out_sam = fill(samr.SamArray(), count=n, entries=entries)
    c.result = 0
    vector("samr", c)

c = samr.CreateUser2()
c.in_domain_handle, c.in_account_name, c.in_acct_flags, c.in_access_mask = handle(), lsa_string("neu"), 0x10, 0xe00500b0
c.out_user_handle, c.out_access_granted, c.out_rid, c.result = handle(), 0xf07ff, 1005, 0
vector("samr", c)

c = samr.QueryGroupMember()
c.in_group_handle = handle()
c.out_rids = fill(samr.RidAttrArray(), count=2, rids=[500, 501], attributes=[7, 7])
c.result = 0
vector("samr", c)

c = samr.GetMembersInAlias()
c.in_alias_handle = handle()
c.out_sids = fill(lsa.SidArray(), num_sids=2, sids=[fill(lsa.SidPtr(), sid=sid("S-1-5-32-544")),
                                                   fill(lsa.SidPtr(), sid=sid("S-1-1-0"))])
c.result = 0
vector("samr", c)

for level, info in ((1, fill(samr.DomInfo1(), min_password_length=7, password_history_length=24, password_properties=1,
                             max_password_age=-37108517437440, min_password_age=0)),
                    (2, fill(samr.DomGeneralInformation(), force_logoff_time=0x7fffffffffffffff, oem_information=lsa_string(""),
                             domain_name=lsa_string("LAB"), primary=lsa_string("DC1"), sequence_num=9, role=3, num_users=4,
                             num_groups=5, num_aliases=6, unknown3=1, domain_server_state=1)),
                    (12, fill(samr.DomInfo12(), lockout_duration=2**64 - 18000000000, lockout_window=2**64 - 18000000000, lockout_threshold=5))):
    c = samr.QueryDomainInfo2()
    c.in_domain_handle, c.in_level, c.out_info, c.result = handle(), level, info, 0
    vector("samr", c)

# ---- lsarpc ----

c = lsa.LookupSids()
c.in_handle, c.in_level, c.in_count = handle(), 1, 0
c.in_sids = fill(lsa.SidArray(), num_sids=2, sids=[fill(lsa.SidPtr(), sid=sid("S-1-5-21-1-2-3-1000")),
                                                  fill(lsa.SidPtr(), sid=sid("S-1-5-18"))])
c.in_names = lsa.TransNameArray()
domains = fill(lsa.RefDomainList(), count=2, max_size=32,
               domains=[fill(lsa.DomainInfo(), name=large("LAB"), sid=sid("S-1-5-21-1-2-3")),
                        fill(lsa.DomainInfo(), name=large("NT AUTHORITY"), sid=sid("S-1-5"))])
c.out_domains = domains
c.out_names = fill(lsa.TransNameArray(), count=2, names=[
    fill(lsa.TranslatedName(), sid_type=1, name=lsa_string("alice"), sid_index=0),
    fill(lsa.TranslatedName(), sid_type=5, name=lsa_string("SYSTEM"), sid_index=1)])
c.out_count, c.result = 2, 0
vector("lsarpc", c)

c = lsa.LookupNames()
c.in_handle, c.in_num_names, c.in_names = handle(), 2, [lsa_string("alice"), lsa_string("LAB\\bob")]
c.in_sids, c.in_level, c.in_count = lsa.TransSidArray(), 1, 0
c.out_domains = domains
c.out_sids = fill(lsa.TransSidArray(), count=1, sids=[fill(lsa.TranslatedSid(), sid_type=1, rid=1000, sid_index=0)])
c.out_count, c.result = 1, 0x107
vector("lsarpc", c)

for level, info in ((3, fill(lsa.DomainInfo(), name=large("LAB"), sid=sid("S-1-5-21-1-2-3"))),
                    (5, fill(lsa.DomainInfo(), name=large("LAB"), sid=None)),
                    (12, fill(lsa.DnsDomainInfo(), name=large("LAB"), dns_domain=large("lab.example"), dns_forest=large("lab.example"),
                              domain_guid=GUID, sid=sid("S-1-5-21-1-2-3")))):
    for cls in (lsa.QueryInfoPolicy, lsa.QueryInfoPolicy2):
        if level == 12 and cls is lsa.QueryInfoPolicy:
            continue
        c = cls()
        c.in_handle, c.in_level, c.out_info, c.result = handle(), level, info, 0
        vector("lsarpc", c)

c = lsa.OpenPolicy2()
qos = fill(lsa.QosInfo(), len=12, impersonation_level=2, context_mode=1, effective_only=0)
c.in_system_name, c.in_attr = SERVER, fill(lsa.ObjectAttribute(), len=24, attributes=0, sec_qos=qos)
c.in_access_mask, c.out_handle, c.result = 0x02000000, handle(), 0
vector("lsarpc", c, both=False)  # NDR64: Samba takes the two Length members for 64 bits wide, [MS-LSAD] for 32

c = lsa.EnumAccounts()
c.in_handle, c.in_resume_handle, c.in_num_entries = handle(), 0, 8192
c.out_resume_handle, c.out_sids = 1, fill(lsa.SidArray(), num_sids=1, sids=[fill(lsa.SidPtr(), sid=sid("S-1-5-32-544"))])
c.result = 0x8000001a
vector("lsarpc", c)

c = lsa.Close()
c.in_handle, c.out_handle, c.result = handle(), misc.policy_handle(), 0
vector("lsarpc", c)

# ---- wkssvc ----

for level in (100, 101, 102):
    c = wkssvc.NetWkstaGetInfo()
    c.in_server_name, c.in_level = SERVER, level
    s = getattr(wkssvc, "NetWkstaInfo%d" % level)()
    s.platform_id, s.server_name, s.domain_name, s.version_major, s.version_minor = 500, "SRV", "LAB", 10, 0
    if level >= 101:
        s.lan_root = ""
    if level == 102:
        s.logged_on_users = 3
    c.out_info, c.result = s, 0
    vector("wkssvc", c)

for level in (0, 1):
    c = wkssvc.NetWkstaEnumUsers()
    c.in_server_name, c.in_prefmaxlen, c.in_resume_handle = SERVER, 0xffffffff, 0
    ctr = getattr(wkssvc, "NetWkstaEnumUsersCtr%d" % level)
    c.in_info = fill(wkssvc.NetWkstaEnumUsersInfo(), level=level, ctr=ctr())
    u = getattr(wkssvc, "NetrWkstaUserInfo%d" % level)()
    u.user_name = "alice"
    if level == 1:
        u.logon_domain, u.other_domains, u.logon_server = "LAB", None, "DC1"
    out = ctr()
    setattr(out, "entries_read", 1)
    setattr(out, "user%d" % level, [u])
    c.out_info = fill(wkssvc.NetWkstaEnumUsersInfo(), level=level, ctr=out)
    c.out_entries_read, c.out_resume_handle, c.result = 1, 0, 0
    vector("wkssvc", c)

# ---- epmapper ----


def tower():
    def floor(protocol, lhs, **rhs):
        f = epmapper.epm_floor()
        f.lhs = fill(epmapper.epm_lhs(), protocol=protocol, lhs_data=lhs)
        kind = {epmapper.EPM_PROTOCOL_UUID: epmapper.epm_rhs_uuid, epmapper.EPM_PROTOCOL_NCACN: epmapper.epm_rhs_ncacn,
                epmapper.EPM_PROTOCOL_TCP: epmapper.epm_rhs_tcp, epmapper.EPM_PROTOCOL_IP: epmapper.epm_rhs_ip}[protocol]
        f.rhs = fill(kind(), **rhs)
        return f
    uuid = bytes.fromhex("785734123412cdabef000123456789ac") + b"\x01\x00"
    ndr = bytes.fromhex("045d888aeb1cc9119fe808002b104860") + b"\x02\x00"
    t = fill(epmapper.epm_tower(), num_floors=5, floors=[
        floor(epmapper.EPM_PROTOCOL_UUID, uuid, unknown=b"\0\0"), floor(epmapper.EPM_PROTOCOL_UUID, ndr, unknown=b"\0\0"),
        floor(epmapper.EPM_PROTOCOL_NCACN, b"", minor_version=0), floor(epmapper.EPM_PROTOCOL_TCP, b"", port=49153),
        floor(epmapper.EPM_PROTOCOL_IP, b"", ipaddr="127.0.0.10")])
    return fill(epmapper.epm_twr_t(), tower_length=75, tower=t)


twr = tower()
c = epmapper.epm_Map()
c.in_object, c.in_map_tower, c.in_entry_handle, c.in_max_towers = misc.GUID(), twr, misc.policy_handle(), 4
c.out_entry_handle, c.out_num_towers = misc.policy_handle(), 2
c.out_towers, c.result = [fill(epmapper.epm_twr_p_t(), twr=tower()) for _ in range(2)], 0
vector("epmapper", c, both=False)  # NDR64: Samba has towers with 32-bit counts

c = epmapper.epm_Lookup()
c.in_inquiry_type, c.in_object, c.in_interface_id, c.in_vers_option = 0, None, None, 1
c.in_entry_handle, c.in_max_ents = misc.policy_handle(), 3
e = fill(epmapper.epm_entry_t(), object=GUID, tower=twr, annotation="annotated")
c.out_entry_handle, c.out_num_ents, c.out_entries, c.result = handle(), 1, [e], 0
vector("epmapper", c, both=False)  # NDR64: Samba has towers with 32-bit counts

# ---- mgmt ----

c = mgmt.inq_if_ids()
ids = [fill(mgmt.ndr_syntax_id_p(), id=fill(misc.ndr_syntax_id(), uuid=GUID, if_version=0x00020001)) for _ in range(2)]
c.out_if_id_vector, c.result = fill(mgmt.rpc_if_id_vector_t(), count=2, if_id=ids), 0
vector("mgmt", c)

# ---- rpcecho ----

c = echo.AddOne()
c.in_in_data, c.out_out_data = 0x01020304, 0x01020305
vector("rpcecho", c)
c = echo.EchoData()
c.in_len, c.in_in_data, c.out_out_data = 5, [1, 2, 3, 4, 5], [5, 4, 3, 2, 1]
vector("rpcecho", c)
c = echo.TestCall()
c.in_s1, c.out_s2 = "hello", "h\u00e9"
vector("rpcecho", c)
for level, info in ((1, fill(echo.info1(), v=10)), (2, fill(echo.info2(), v=20)), (3, fill(echo.info3(), v=30)),
                    (4, fill(echo.info4(), v=40)), (5, fill(echo.info5(), v1=50, v2=60)),
                    (6, fill(echo.info6(), v1=70, info1=fill(echo.info1(), v=80))),
                    (7, fill(echo.info7(), v1=80, info4=fill(echo.info4(), v=90)))):
    c = echo.TestCall2()
    c.in_level, c.out_info, c.result = level, info, 0
    vector("rpcecho", c)
c = echo.TestEnum()
c.in_foo1, c.in_foo2, c.in_foo3 = 1, fill(echo.Enum2(), e1=1, e2=2), 1
c.out_foo1, c.out_foo2, c.out_foo3 = 2, fill(echo.Enum2(), e1=2, e2=1), fill(echo.Enum2(), e1=1, e2=2)
vector("rpcecho", c)
c = echo.TestSurrounding()
c.in_data = fill(echo.Surrounding(), x=3, surrounding=[1, 2, 3])
c.out_data = fill(echo.Surrounding(), x=2, surrounding=[0, 0])
vector("rpcecho", c)
