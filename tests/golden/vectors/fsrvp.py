# SPDX-License-Identifier: Apache-2.0
"""FileServerVssAgent. Samba's Python has no binding for it."""

from ndr_vectors import packed

UNC = "\\\\server.example\\share\\"


def call(name, opnum, request, response):
    packed("FileServerVssAgent", name, opnum, request, response, samba="FileServerVssAgent")


def result(p):
    p.u32(0)


call("GetSupportedVersion", 0, lambda p: None, lambda p: p.u32(1, 1, 0))
call("SetContext", 1, lambda p: p.u32(0x19), lambda p: p.u32(0x8004231b))
call("StartShadowCopySet", 2, lambda p: p.guid(), lambda p: (p.guid(), p.u32(0)))
call("AddToShadowCopySet", 3, lambda p: (p.guid(1, 2), p.wstr(UNC)), lambda p: (p.guid(), p.u32(0)))
call("CommitShadowCopySet", 4, lambda p: (p.guid(), p.u32(60000)), result)
call("ExposeShadowCopySet", 5, lambda p: (p.guid(), p.u32(60000)), lambda p: p.u32(0x102))
call("RecoveryCompleteShadowCopySet", 6, lambda p: p.guid(), result)
call("AbortShadowCopySet", 7, lambda p: p.guid(), result)
call("IsPathSupported", 8, lambda p: p.wstr(UNC), lambda p: (p.u32(1), p.ptr(), p.wstr("SERVER"), p.u32(0)))
call("IsPathShadowCopied", 9, lambda p: p.wstr(UNC), lambda p: p.u32(1, 3, 0))
call("DeleteShareMapping", 11, lambda p: (p.guid(1, 2), p.wstr(UNC)), result)
call("PrepareShadowCopySet", 12, lambda p: (p.guid(), p.u32(1800000)), result)


def mapping(p):
    p.agg(4, 8)
    p.u32(1)
    p.agg(4, 8)
    p.ptr()
    p.align(8)
    p.guid(1, 2)
    p.ptr()
    p.ptr()
    p.u64(0x01da000000000001)
    p.wstr(UNC)
    p.wstr("share@{shadow}")
    p.u32(0)


def no_mapping(p):
    p.agg(4, 8)
    p.u32(1)
    p.agg(4, 8)
    p.ptr(False)
    p.u32(0x80042308)


for response in (mapping, no_mapping):
    call("GetShareMapping", 10, lambda p: (p.guid(1, 2), p.wstr(UNC), p.u32(1)), response)
