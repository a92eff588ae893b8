# SPDX-License-Identifier: Apache-2.0
"""drsuapi, the operations and versions that Samba's Python has; the others by hand."""

from ndr_vectors import GUID, fill, handle, packed, sid, vector
from samba.dcerpc import drsuapi as d, lsa, misc


def call(cls, **values):
    c = cls()
    if cls is not d.DsBind:
        c.in_bind_handle = handle()
    for name, value in values.items():
        setattr(c, name, value)
    c.result = 0
    vector("drsuapi", c)


def dsname(dn="DC=lab,DC=example", with_sid=None):
    o = fill(d.DsReplicaObjectIdentifier(), guid=GUID, dn=dn)
    if with_sid:
        o.sid = sid(with_sid)
    return o


def bind_info(extensions):
    info = fill(d.DsBindInfo28(), supported_extensions=extensions, site_guid=GUID, pid=0, repl_epoch=0)
    return fill(d.DsBindInfoCtr(), length=28, info=info)


call(d.DsBind, in_bind_guid=misc.GUID(d.DRSUAPI_DS_BIND_GUID), in_bind_info=bind_info(0x1fffff7f), out_bind_info=bind_info(0x1fffff7f),
     out_bind_handle=handle())
call(d.DsBind, in_bind_guid=None, in_bind_info=None, out_bind_info=None, out_bind_handle=handle())
call(d.DsUnbind, out_bind_handle=misc.policy_handle())

call(d.DsReplicaSync, in_level=1, in_req=fill(d.DsReplicaSyncRequest1(), naming_context=dsname(), source_dsa_guid=GUID,
                                              source_dsa_dns="dc2.lab.example", options=0x11))
call(d.DsReplicaUpdateRefs, in_level=1, in_req=fill(d.DsReplicaUpdateRefsRequest1(), naming_context=dsname(), dest_dsa_guid=GUID,
                                                    dest_dsa_dns_name="dc2.lab.example", options=0x1c))
call(d.DsReplicaDel, in_level=1, in_req=fill(d.DsReplicaDelRequest1(), naming_context=dsname(), source_dsa_address="dc2", options=1))
# Not DsReplicaAdd and DsReplicaMod: Samba has UTF-16 where the specification has addresses of char; by hand below.

# ---- changes ----


def oid(i):
    # Samba's Python takes the object identifier as text and makes BER of it
    return fill(d.DsReplicaOIDMapping(), id_prefix=i, oid=fill(d.DsReplicaOID(), length=3, binary_oid=[0x55, 4, i]))


def prefixes(n):
    return fill(d.DsReplicaOIDMapping_Ctr(), num_mappings=n, mappings=[oid(i) for i in range(n)])


def high(n):
    return fill(d.DsReplicaHighWaterMark(), tmp_highest_usn=n, reserved_usn=0, highest_usn=n)


def cursors(n):
    some = [fill(d.DsReplicaCursor(), source_dsa_invocation_id=GUID, highest_usn=1000 + i) for i in range(n)]
    return fill(d.DsReplicaCursorCtrEx(), version=1, reserved1=0, count=n, reserved2=0, cursors=some)


def partial(*ids):
    return fill(d.DsPartialAttributeSet(), version=1, reserved1=0, num_attids=len(ids), attids=list(ids))


def changes_request(cls):
    return fill(cls(), destination_dsa_guid=GUID, source_dsa_invocation_id=GUID, naming_context=dsname(), highwatermark=high(5),
                replica_flags=0x74, max_object_count=402, max_ndr_size=402116, extended_op=0, fsmo_info=0x100000005)


def attribute(attid, *values):
    some = [fill(d.DsAttributeValue(), blob=v) for v in values]
    return fill(d.DsReplicaAttribute(), attid=attid, value_ctr=fill(d.DsAttributeValueCtr(), num_values=len(some), values=some))


def stamp(i):
    return fill(d.DsReplicaMetaData(), version=i, originating_change_time=13000000000 + i, originating_invocation_id=GUID, originating_usn=i)


def changed(i, following):
    attributes = [attribute(0, b"\5\0\1\0"), attribute(0x90000 + i, b"ab\0\0", b""), attribute(3)]
    o = fill(d.DsReplicaObject(), identifier=dsname("CN=%d,DC=lab" % i, "S-1-5-21-1-2-3-%d" % (1000 + i)), flags=1,
             attribute_ctr=fill(d.DsReplicaAttributeCtr(), num_attributes=3, attributes=attributes))
    return fill(d.DsReplicaObjectListItemEx(), next_object=following, object=o, is_nc_prefix=0, parent_object_guid=GUID if i else None,
                meta_data_ctr=fill(d.DsReplicaMetaDataCtr(), count=3, meta_data=[stamp(j) for j in range(3)]))


def changed_list(n):
    o = None
    for i in reversed(range(n)):
        o = changed(i, o)
    return o


def link(i):
    return fill(d.DsReplicaLinkedAttribute(), identifier=dsname("CN=%d" % i), attid=31, value=fill(d.DsAttributeValue(), blob=b"link%d" % i),
                flags=1, originating_add_time=13000000000, meta_data=stamp(i))


def reply(cls, objects, **values):
    return fill(cls(), source_dsa_guid=GUID, source_dsa_invocation_id=GUID, naming_context=dsname(), old_highwatermark=high(1),
                new_highwatermark=high(9), mapping_ctr=prefixes(2), extended_ret=0, object_count=objects, first_object=changed_list(objects),
                more_data=0, **values)


cursors2 = fill(d.DsReplicaCursor2CtrEx(), version=2, reserved1=0, count=1, reserved2=0, cursors=[
    fill(d.DsReplicaCursor2(), source_dsa_invocation_id=GUID, highest_usn=7, last_sync_success=0x01da000000000001)])
replies = [
    (1, reply(d.DsGetNCChangesCtr1, 0, uptodateness_vector=None)),
    (1, reply(d.DsGetNCChangesCtr1, 2, uptodateness_vector=cursors(2))),
    (6, reply(d.DsGetNCChangesCtr6, 3, uptodateness_vector=cursors2, nc_object_count=3, linked_attributes_count=2,
              linked_attributes=[link(0), link(1)])),
    (6, reply(d.DsGetNCChangesCtr6, 0, uptodateness_vector=None, linked_attributes_count=0, linked_attributes=[])),
]
requests = [
    (5, fill(changes_request(d.DsGetNCChangesRequest5), uptodateness_vector=None)),
    (5, fill(changes_request(d.DsGetNCChangesRequest5), uptodateness_vector=cursors(3))),
    (8, fill(changes_request(d.DsGetNCChangesRequest8), uptodateness_vector=cursors(1), partial_attribute_set=partial(1, 2, 0x90001),
             partial_attribute_set_ex=None, mapping_ctr=prefixes(3))),
    (10, fill(changes_request(d.DsGetNCChangesRequest10), uptodateness_vector=None, partial_attribute_set=partial(3),
              partial_attribute_set_ex=partial(4), mapping_ctr=prefixes(0), more_flags=1)),
]
for (level, request), (level_out, answer) in zip(requests, replies):
    call(d.DsGetNCChanges, in_level=level, in_req=request, out_level_out=level_out, out_ctr=answer)

# ---- names, information ----

names = fill(d.DsNameRequest1(), codepage=1252, language=1033, format_flags=8, format_offered=7, format_desired=1, count=3,
             names=[fill(d.DsNameString(), str=s) for s in ("lab.example/", "\u00fc", None)])
items = [fill(d.DsNameInfo1(), status=0, dns_domain_name="lab.example", result_name="DC=lab,DC=example"),
         fill(d.DsNameInfo1(), status=2, dns_domain_name=None, result_name=None)]
for n in (0, 2):
    call(d.DsCrackNames, in_level=1, in_req=names, out_level_out=1, out_ctr=fill(d.DsNameCtr1(), count=n, array=items[:n]))

call(d.DsWriteAccountSpn, in_level=1, in_req=fill(d.DsWriteAccountSpnRequest1(), operation=0, unknown1=0, object_dn="CN=x", count=2, spn_names=[
    fill(d.DsNameString(), str="HOST/a"), fill(d.DsNameString(), str="HOST/b")]), out_level_out=1,
     out_res=fill(d.DsWriteAccountSpnResult1(), status=0))
call(d.DsRemoveDSServer, in_level=1, in_req=fill(d.DsRemoveDSServerRequest1(), server_dn="CN=s", domain_dn=None, commit=1), out_level_out=1,
     out_res=fill(d.DsRemoveDSServerResult1(), last_dc_in_domain=0))


def names_of(cls):
    o = cls()
    for name in ("netbios_name", "dns_name", "site_name", "site_dn", "computer_dn", "server_dn", "ntds_dn"):
        if hasattr(o, name):
            setattr(o, name, name if name != "site_name" else None)
    for name in ("site_guid", "computer_guid", "server_guid", "ntds_guid"):
        if hasattr(o, name):
            setattr(o, name, GUID)
    for name in ("is_pdc", "is_enabled", "is_gc", "is_rodc"):
        if hasattr(o, name):
            setattr(o, name, 1)
    return o


connection = fill(d.DsGetDCConnection01(), client_ip_address="10.0.0.1", unknown2=1, connection_time=5, unknown4=0, unknown5=9, unknown6=0,
                  client_account="LAB\\user")
for level, ctr, item in ((1, d.DsGetDCInfoCtr1, names_of(d.DsGetDCInfo1)), (2, d.DsGetDCInfoCtr2, names_of(d.DsGetDCInfo2)),
                         (3, d.DsGetDCInfoCtr3, names_of(d.DsGetDCInfo3)), (0xffffffff, d.DsGetDCConnectionCtr01, connection)):
    call(d.DsGetDomainControllerInfo, in_level=1, in_req=fill(d.DsGetDCInfoRequest1(), domain_name="lab", level=level),
         out_level_out=level, out_ctr=fill(ctr(), count=2, array=[item, item]))

groups = fill(d.DsGetMembershipsRequest1(), count=1, info_array=[dsname()], flags=0, type=1, domain=None)
group_reply = fill(d.DsGetMembershipsCtr1(), status=0, num_memberships=2, num_sids=1, info_array=[dsname("CN=a"), None],
                   group_attrs=[7, 7], sids=[sid("S-1-5-21-1-2-3-513")])
call(d.DsGetMemberships, in_level=1, in_req=groups, out_level_out=1, out_ctr=group_reply)
# Not DsGetMemberships2: Samba has an array of pointers in the request, and the reply of opnum 9.

call(d.DsGetNT4ChangeLog, in_level=1, in_req=fill(d.DsGetNT4ChangeLogRequest1(), flags=3, preferred_maximum_length=1000, restart_length=2,
                                                  restart_data=[1, 2]), out_level_out=1,
     out_info=fill(d.DsGetNT4ChangeLogInfo1(), restart_length=3, log_length=1, sam_serial_number=1, sam_creation_time=0x01da000000000001,
                   status=0x105, restart_data=[1, 2, 3], log_data=[9]))
call(d.DsExecuteKCC, in_level=1, in_req=fill(d.DsExecuteKCC1(), taskID=0, flags=1))

object_to_add = fill(d.DsReplicaObjectListItem(), next_object=None, object=changed(1, None).object)
added = fill(d.DsReplicaObjectIdentifier2(), guid=GUID, sid=sid("S-1-5-21-1-2-3-1105"))
call(d.DsAddEntry, in_level=2, in_req=fill(d.DsAddEntryRequest2(), first_object=object_to_add), out_level_out=2,
     out_ctr=fill(d.DsAddEntryCtr2(), id=None, dir_err=8, dsid=1, extended_err=2, extended_data=3, problem=4, count=1, objects=[added]))
name_error = fill(d.DsAddEntryErrorInfo_Name_V1(), dsid=1, extended_err=2, extended_data=3, problem=4, id_matched=dsname())
call(d.DsAddEntry, in_level=3, in_req=fill(d.DsAddEntryRequest3(), first_object=object_to_add, client_creds=None), out_level_out=3,
     out_ctr=fill(d.DsAddEntryCtr3(), id=dsname(), err_ver=1, err_data=fill(d.DsAddEntry_ErrData_V1(), status=8, dir_err=2,
                                                                           info=name_error), count=0, objects=[]))

neighbour = fill(d.DsReplicaNeighbour(), naming_context_dn="DC=lab", source_dsa_obj_dn="CN=x", source_dsa_address="dc2", transport_obj_dn=None,
                 replica_flags=0x70, naming_context_obj_guid=GUID, source_dsa_obj_guid=GUID, source_dsa_invocation_id=GUID,
                 transport_obj_guid=GUID, highest_usn=9, last_success=0x01da000000000001, consecutive_sync_failures=1)
failure = fill(d.DsReplicaKccDsaFailure(), dsa_obj_dn="CN=x", dsa_obj_guid=GUID, first_failure=0x01da000000000001, num_failures=2, last_result=5)
task = fill(d.DsReplicaOp(), operation_start=0x01da000000000001, serial_num=1, priority=2, operation_type=3, options=4, nc_dn="DC=lab",
            remote_dsa_obj_dn=None, remote_dsa_address="a", nc_obj_guid=GUID, remote_dsa_obj_guid=GUID)
meta = fill(d.DsReplicaObjMetaData(), attribute_name="cn", version=1, originating_change_time=0x01da000000000001,
            originating_invocation_id=GUID, originating_usn=5, local_usn=6)
meta2 = fill(d.DsReplicaObjMetaData2(), attribute_name="cn", version=1, originating_usn=5, local_usn=6, originating_dsa_dn="CN=x")
value2 = fill(d.DsReplicaAttrValMetaData2(), attribute_name="member", object_dn="CN=y", binary=b"abc", version=1, originating_dsa_dn="CN=x")
value = fill(d.DsReplicaAttrValMetaData(), attribute_name="member", object_dn="CN=y", binary=b"", version=1)
for kind, info in (
        (0, fill(d.DsReplicaNeighbourCtr(), count=2, reserved=0, array=[neighbour, neighbour])),
        (0, None),
        (1, fill(d.DsReplicaCursorCtr(), count=1, array=[fill(d.DsReplicaCursor(), source_dsa_invocation_id=GUID, highest_usn=7)])),
        (2, fill(d.DsReplicaObjMetaDataCtr(), count=2, array=[meta, meta])),
        (3, fill(d.DsReplicaKccDsaFailuresCtr(), count=1, array=[failure])),
        (5, fill(d.DsReplicaOpCtr(), time=0x01da000000000001, count=1, array=[task])),
        (6, fill(d.DsReplicaAttrValMetaDataCtr(), count=1, enumeration_context=0xffffffff, array=[value])),
        (7, fill(d.DsReplicaCursor2Ctr(), count=1, enumeration_context=0xffffffff, array=[
            fill(d.DsReplicaCursor2(), source_dsa_invocation_id=GUID, highest_usn=7, last_sync_success=0x01da000000000001)])),
        (8, fill(d.DsReplicaCursor3Ctr(), count=1, enumeration_context=0xffffffff, array=[
            fill(d.DsReplicaCursor3(), source_dsa_invocation_id=GUID, highest_usn=7, source_dsa_obj_dn="CN=x")])),
        (9, fill(d.DsReplicaObjMetaData2Ctr(), count=1, enumeration_context=0xffffffff, array=[meta2])),
        (10, fill(d.DsReplicaAttrValMetaData2Ctr(), count=1, enumeration_context=0xffffffff, array=[value2]))):
    r2 = fill(d.DsReplicaGetInfoRequest2(), info_type=kind, object_dn="DC=lab", source_dsa_guid=GUID, flags=0, attribute_name=None,
              value_dn_str=None, enumeration_context=0)
    call(d.DsReplicaGetInfo, in_level=2, in_req=r2, out_info_type=kind, out_info=info)
call(d.DsReplicaGetInfo, in_level=1, in_req=fill(d.DsReplicaGetInfoRequest1(), info_type=4, object_dn=None, source_dsa_guid=GUID),
     out_info_type=4, out_info=fill(d.DsReplicaKccDsaFailuresCtr(), count=0, array=[]))


# ---- what Samba does not have or has otherwise, by hand ----

def put_dsname(p, dn="DC=lab"):
    data = (dn + "\0").encode("utf-16-le")
    p.wide(len(data) // 2)
    p.agg(4)
    p.u32(56 + len(data), 0)
    p.guid()
    p.raw(bytes(28))
    p.u32(len(data) // 2 - 1)
    p.raw(data)
    p.end(4)


def version(p, n, align=8, align20=4):
    """Handle, version and tag of a request; the arm is aligned as it is."""
    p.handle()
    p.u32(n)
    p.agg(align20, align)
    p.u32(n)
    p.agg(align20, align)


def replica_add(p):
    version(p, 1)
    p.ptr()
    p.ptr()
    p.raw(bytes(range(84)))
    p.u32(0x10)
    p.end(8)
    put_dsname(p)
    p.str("dc2")


def replica_add3(p):
    version(p, 3)
    p.ptr()
    p.ptr()
    p.ptr(False)
    p.ptr()
    p.raw(bytes(range(84)))
    p.u32(0x10)
    p.guid()
    p.ptr()
    p.end(8)
    put_dsname(p)
    put_dsname(p, "CN=x")
    p.str("dc2")
    p.wide(3)
    p.agg(8)
    p.u32(1, 3)
    p.u64(0)
    p.raw(b"abc")
    p.end(8)


def replica_mod(p):
    version(p, 1)
    p.ptr()
    p.guid()
    p.ptr(False)
    p.raw(bytes(84))
    p.u32(0x70, 1, 0)
    p.end(8)
    put_dsname(p)


def put_groups(p):
    """Fixed part of a request for memberships, with one name."""
    p.agg(4, 8)
    p.u32(1)
    p.ptr()
    p.u32(0)
    p.enum(1)
    p.ptr(False)


def memberships2(p):
    version(p, 1)
    p.u32(1)
    p.ptr()
    p.wide(1)
    put_groups(p)
    p.wide(1)
    p.ptr()
    put_dsname(p)


def answer(p, n, align=8, align20=4):
    p.u32(n)
    p.agg(align20, align)
    p.u32(n)
    p.agg(align20, align)


def memberships2_reply(p):
    answer(p, 1)
    p.u32(1)
    p.ptr()
    p.wide(1)
    p.u32(0, 1, 1)
    p.ptr()
    p.ptr()
    p.ptr()
    p.wide(1)
    p.ptr()
    put_dsname(p, "CN=group")
    p.wide(1)
    p.u32(7)
    p.wide(1)
    p.ptr()
    p.raw(bytes(28))
    p.u32(0)


def verify(p):
    version(p, 1)
    p.u32(0, 1)
    p.ptr()
    p.u32(1)
    p.ptr()
    p.u32(0)
    p.ptr(False)
    p.wide(1)
    p.ptr()
    put_dsname(p)
    p.wide(1)
    p.u32(3)
    p.agg(4, 8)
    p.u32(0)
    p.ptr(False)


def verify_reply(p):
    answer(p, 1)
    p.u32(0, 1)
    p.ptr()
    p.u32(1)
    p.ptr()
    p.wide(1)
    p.ptr()
    p.u32(1)
    p.agg(4, 8)
    p.u32(1)
    p.ptr()
    put_dsname(p)
    p.wide(1)
    p.u32(3)
    p.agg(4, 8)
    p.u32(1)
    p.ptr()
    p.wide(1)
    p.u32(2)
    p.ptr()
    p.wide(2)
    p.raw(b"xy")
    p.wide(1)
    p.u32(9)
    p.agg(4, 8)
    p.u32(2)
    p.ptr()
    p.wide(2)
    p.raw(b"\x55\4")
    p.u32(0)


def existence(p):
    version(p, 1)
    p.guid()
    p.u32(2)
    p.ptr()
    p.ptr()
    p.raw(bytes(range(16)))
    p.end(8)
    put_dsname(p)
    p.wide(1)
    p.agg(8)
    p.u32(1, 0, 1, 0)
    p.guid()
    p.u64(5)


def existence_reply(p):
    answer(p, 1)
    p.u32(1, 2)
    p.ptr()
    p.wide(2)
    p.guid(1, 2)
    p.u32(0)


def sites(p):
    version(p, 1)
    p.ptr()
    p.u32(2)
    p.ptr()
    p.u32(0)
    p.end(8)
    p.wstr("here")
    p.wide(2)
    p.ptr()
    p.ptr()
    p.wstr("there")
    p.wstr("elsewhere")


def sites_reply(p):
    answer(p, 1)
    p.u32(2)
    p.ptr()
    p.u32(0)
    p.end(8)
    p.wide(2)
    p.u32(0, 100, 8, 0xffffffff)
    p.u32(0)


def number_reply(p, *numbers):
    answer(p, 1, 4)
    p.u32(*numbers)
    p.u32(0)


def demotion(p):
    version(p, 1)
    p.u32(0)
    p.guid()
    p.ptr()
    put_dsname(p)


def finish(p):
    version(p, 1)
    p.u32(3)
    p.guid()
    p.ptr()
    p.wstr("script")


def clone(p):
    version(p, 1)
    p.ptr()
    p.ptr(False)
    p.wstr("CLONE")


def clone_reply(p):
    answer(p, 1)
    p.ptr()
    p.ptr()
    p.u32(2)
    p.ptr()
    p.wstr("CLONE")
    p.wstr("site")
    p.wide(2)
    p.u16(65, 66)
    p.u32(0)


def write_key(p):
    version(p, 1)
    p.ptr()
    p.u32(3)
    p.ptr()
    p.wstr("CN=user")
    p.array(b"key")


def read_key(p):
    version(p, 1)
    p.ptr()
    p.wstr("CN=user")


def read_key_reply(p):
    answer(p, 1)
    p.u32(0, 3)
    p.ptr()
    p.array(b"key")
    p.u32(0)


def move(p):
    version(p, 2)
    p.ptr(False)
    p.ptr()
    p.ptr()
    p.ptr()
    p.ptr()
    p.u32(0)
    p.ptr(False)
    p.u32(0)
    p.end(8)
    p.agg(4, 8)
    p.ptr()
    p.u32(1)
    p.agg(4, 8)
    p.u32(0)
    p.ptr(False)
    put_dsname(p, "CN=x")
    put_dsname(p, "CN=y")
    put_dsname(p)
    p.agg(4, 8)
    p.u32(0, 1)
    p.ptr()
    p.wide(1)
    p.agg(4, 8)
    p.u32(2, 2)
    p.ptr()
    p.array(b"tk")


def move_reply(p):
    answer(p, 2)
    p.u32(0)
    p.ptr()
    put_dsname(p)
    p.u32(0)


def sid_history(p):
    version(p, 1)
    p.u32(0)
    p.ptr()
    p.ptr()
    p.wide(0)
    p.u32(2)
    p.ptr()
    p.u32(0)
    p.ptr(False)
    p.u32(1)
    p.ptr()
    p.ptr()
    p.ptr()
    p.wstr("src")
    p.wstr("user")
    p.wide(2)
    p.u16(65, 66)
    p.wide(1)
    p.u16(67)
    p.wstr("dst")
    p.wstr("user2")


def verify_objects(p):
    version(p, 1)
    p.ptr()
    p.guid()
    p.u32(1)
    p.end(8)
    put_dsname(p)


def result(p):
    p.u32(0)


for name, opnum, request, response in (
        ("IDL_DRSReplicaAdd", 5, replica_add, result),
        ("IDL_DRSReplicaAdd", 5, replica_add3, result),
        ("IDL_DRSReplicaModify", 7, replica_mod, result),
        ("IDL_DRSVerifyNames", 8, verify, verify_reply),
        ("IDL_DRSInterDomainMove", 10, move, move_reply),
        ("IDL_DRSRemoveDsDomain", 15, read_key, lambda p: number_reply(p, 0)),
        ("IDL_DRSAddSidHistory", 20, sid_history, lambda p: number_reply(p, 5)),
        ("IDL_DRSGetMemberships2", 21, memberships2, memberships2_reply),
        ("IDL_DRSReplicaVerifyObjects", 22, verify_objects, result),
        ("IDL_DRSGetObjectExistence", 23, existence, existence_reply),
        ("IDL_DRSQuerySitesByCost", 24, sites, sites_reply),
        ("IDL_DRSInitDemotion", 25, lambda p: (version(p, 1, 4), p.u32(0)), lambda p: number_reply(p, 8)),
        ("IDL_DRSReplicaDemotion", 26, demotion, lambda p: number_reply(p, 0)),
        ("IDL_DRSFinishDemotion", 27, finish, lambda p: number_reply(p, 3, 0, 0)),
        ("IDL_DRSAddCloneDC", 28, clone, clone_reply),
        ("IDL_DRSWriteNgcKey", 29, write_key, lambda p: number_reply(p, 0)),
        ("IDL_DRSReadNgcKey", 30, read_key, read_key_reply)):
    packed("drsuapi", name, opnum, request, response)


# ---- dsaop: a binding handle, not a context handle ----

def prepare(p):
    answer(p, 1, 4)
    p.u32(0)


def prepare_reply(p):
    answer(p, 1)
    p.u32(0)
    p.ptr()
    p.u32(2)
    p.ptr()
    p.u32(0)
    p.ptr(False)
    p.u32(1)
    p.ptr()
    p.wstr("fine")
    p.array(b"pw")
    p.array(b"s")
    p.u32(0)


def execute(p):
    answer(p, 1)
    p.u32(0, 2)
    p.ptr()
    p.array(b"pw")


def execute_reply(p):
    answer(p, 1)
    p.u32(5)
    p.ptr(False)
    p.u32(0)


packed("dsaop", "IDL_DSAPrepareScript", 0, prepare, prepare_reply)
packed("dsaop", "IDL_DSAExecuteScript", 1, execute, execute_reply)
