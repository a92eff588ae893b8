# SPDX-License-Identifier: Apache-2.0
"""efsrpc. Samba's Python has no binding for it; those operations that its IDL has with parameters are read by ndrdump.
Pipes are not here: they move while a call runs, and tests/unit/test_ndr_wire.c has them."""

from ndr_vectors import packed

FILE = "\\\\server\\share\\file"
SAMBA = (0, 3, 4, 5)  # has lists of users in a form of its own, in line and without counts


def call(name, opnum, request, response):
    packed("efsrpc", name, opnum, request, response, samba="efs" if opnum in SAMBA else None)


def result(p):
    p.u32(0)


def blob(p, data):
    """Fixed part of EFS_RPC_BLOB and its like."""
    p.agg(4, 8)
    p.u32(len(data))
    p.ptr()


def opt_blob(p, data):
    p.ptr(data is not None)
    if data is not None:
        whole_blob(p, data)


def whole_blob(p, data):
    blob(p, data)
    p.array(data)


def hashes(p, n, sid=True):
    p.agg(4, 8)
    p.u32(n)
    p.ptr()
    p.wide(n)
    for _ in range(n):
        p.ptr()
    for i in range(n):
        p.agg(4, 8)
        p.u32(32)
        p.ptr(sid and i == 0)
        p.ptr()
        p.ptr()
        if sid and i == 0:
            p.sid(21, 1, 2, 3, 1000)
        whole_blob(p, bytes(range(20)))
        p.wstr("user%d" % i)


def certificate(p, sid=True):
    p.agg(4, 8)
    p.u32(100)
    p.ptr(sid)
    p.ptr()
    if sid:
        p.sid(18)
    p.agg(4, 8)
    p.u32(1, 3)
    p.ptr()
    p.array(b"abc")


def certificates(p, sid=True):
    p.agg(4, 8)
    p.u32(2)
    p.ptr()
    p.wide(2)
    p.ptr()
    p.ptr()
    certificate(p, sid)
    certificate(p, False)


def list_out(p, sid=True):
    p.ptr()
    hashes(p, 2, sid)
    p.u32(0)


def none_out(p):
    p.ptr(False)
    p.u32(2)


def blob_out(p):
    p.ptr()
    whole_blob(p, b"0123456789")
    p.u32(0)


call("EfsRpcOpenFileRaw", 0, lambda p: (p.wstr(FILE), p.u32(1)), lambda p: (p.handle(), p.u32(0)))
call("EfsRpcCloseRaw", 3, lambda p: p.handle(), lambda p: p.raw(bytes(20)))
call("EfsRpcEncryptFileSrv", 4, lambda p: p.wstr(FILE), result)
call("EfsRpcDecryptFileSrv", 5, lambda p: (p.wstr(FILE), p.u32(0)), lambda p: p.u32(5))
for sids in (False, True):
    for response in (lambda p: list_out(p, sids), none_out):
        call("EfsRpcQueryUsersOnFile", 6, lambda p: p.wstr(FILE), response)
        call("EfsRpcQueryRecoveryAgents", 7, lambda p: p.wstr(FILE), response)
    call("EfsRpcRemoveUsersFromFile", 8, lambda p: (p.wstr(FILE), hashes(p, 1, sids)), result)
    call("EfsRpcAddUsersToFile", 9, lambda p: (p.wstr(FILE), certificates(p, sids)), result)
call("EfsRpcNotSupported", 11, lambda p: (p.wstr("a"), p.wstr("b"), p.u32(1, 2), opt_blob(p, b"x"), p.u32(0)), lambda p: p.u32(50))
call("EfsRpcFileKeyInfo", 12, lambda p: (p.wstr(FILE), p.u32(1)), blob_out)
call("EfsRpcDuplicateEncryptionInfoFile", 13,
     lambda p: (p.wstr(FILE), p.wstr(FILE + "2"), p.u32(1, 0x20), opt_blob(p, None), p.u32(0)), result)
call("EfsRpcAddUsersToFileEx", 15, lambda p: (p.u32(2), opt_blob(p, b"r"), p.wstr(FILE), certificates(p)), result)
call("EfsRpcFileKeyInfoEx", 16, lambda p: (p.u32(0), opt_blob(p, None), p.wstr(FILE), p.u32(2)), blob_out)
call("EfsRpcGetEncryptedFileMetadata", 18, lambda p: p.wstr(FILE), blob_out)


def set_metadata(p):
    p.wstr(FILE)
    opt_blob(p, b"old")
    whole_blob(p, b"new")
    p.ptr()
    p.agg(4, 8)
    p.u32(3)
    p.ptr()
    p.ptr()
    p.ptr()
    hashes(p, 1)
    certificate(p)
    whole_blob(p, b"signature")


call("EfsRpcSetEncryptedFileMetadata", 19, set_metadata, result)
call("EfsRpcFlushEfsCache", 20, lambda p: None, result)
call("EfsRpcEncryptFileExSrv", 21, lambda p: (p.wstr(FILE), p.ptr(), p.wstr("LOCAL=user"), p.u32(0)), result)


def protectors(p):
    p.ptr()
    p.ptr()
    p.agg(4, 8)
    p.u32(2)
    p.ptr()
    p.wide(2)
    p.ptr()
    p.ptr(False)
    p.agg(4, 8)
    p.u32(40)
    p.ptr()
    p.ptr()
    p.sid(21, 1, 2, 3, 1000)
    p.wstr("SID=S-1-5-21-1-2-3-1000")
    p.u32(0)


call("EfsRpcQueryProtectors", 22, lambda p: p.wstr(FILE), protectors)
