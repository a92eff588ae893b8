# SPDX-License-Identifier: Apache-2.0
"""netdfs. By hand, as the specification has it: levels that Samba has not (8, 9, 50, 107, 150) or has otherwise (103
without a mask), and operations with a list of roots, of which Samba knows no more than a pointer."""

from ndr_vectors import auto, packed, vector
from samba.dcerpc import dfs


def v(cls, both=True, **values):
    vector("netdfs", auto(getattr(dfs, cls)(), **values), both=both)


def some(cls, **values):
    return auto(getattr(dfs, cls)(), **values)


for level in (1, 2, 3, 4, 5, 6, 7, 100, 101, 102, 104, 105, 106):
    v("SetInfo", in_level=level, in_info=some("Info%d" % level))
    v("GetInfo", in_level=level, out_info=some("Info%d" % level))
v("GetInfo", in_servername=None, in_sharename=None, in_level=3, out_info=None, result=1168)
for level in (1, 2, 3, 4, 5, 6, 200, 300):
    none = some("EnumStruct", level=level, e=getattr(dfs, "EnumArray%d" % level)())
    full = some("EnumStruct", level=level, e=some("EnumArray%d" % level, count=2, s=[some("Info%d" % level) for _ in range(2)]))
    v("Enum", in_level=level, in_info=none, out_info=full)
    v("EnumEx", in_level=level, in_info=none, out_info=full)
v("Enum", in_level=1, in_info=None, in_total=None, out_info=None, out_total=None, result=0x103)
for cls in ("GetManagerVersion Add AddStdRoot AddStdRootForced FlushFtTable GetDcAddress ManagerInitialize Remove RemoveStdRoot "
            "SetDcAddress").split():
    v(cls)
v("Add", in_share=None, in_comment=None)
v("Remove", in_servername=None, in_sharename=None)


# By hand.
def done(p):
    p.u32(0)


def hand(name, opnum, request, response=done):
    packed("netdfs", name, opnum, request, response)


def optional(p, *texts):
    for text in texts:
        p.ptr(text is not None)
        if text is not None:
            p.wstr(text)


def descriptor(p):
    p.u32(20)
    p.agg(4, 8)
    p.ptr()


DESCRIPTOR = bytes.fromhex("0100048000000000000000000000000000000000")


def entry(level):
    """The fixed part of DFS_INFO_8 or 9, and what it points to."""
    def pack(p):
        p.agg(4, 8)
        p.ptr()
        p.ptr()
        p.u32(1, 300)
        p.guid()
        p.u32(5, 1024)
        descriptor(p)
        p.u32(1)
        if level == 9:
            p.agg(4, 8)
            p.ptr()
        p.end(8)

    def more(p):
        p.wstr("\\\\lab\\dfs")
        p.wstr("comment")
        p.array(DESCRIPTOR)
        if level == 9:
            p.wide(1)
            p.agg(4, 8)
            p.u32(2)
            p.agg(4, 8)
            p.ptr()
            p.ptr()
            p.u32(0xffffffff)
            p.u16(3, 0)
            p.end(8)
            p.wstr("server")
            p.wstr("share")
    return pack, more


def info(level):
    """DFS_INFO_STRUCT: tag and pointer, then what is there."""
    def pack(p):
        p.agg(4, 8)
        p.u32(level)
        p.agg(4, 8)
        p.ptr()
        if level in (8, 9):
            fixed, more = entry(level)
            fixed(p)
            more(p)
        elif level == 50:
            p.agg(8)
            p.u32(2, 0)
            p.u64(1)
        elif level == 103:
            p.u32(0x3f, 0x11)
        elif level == 107:
            p.agg(4, 8)
            p.ptr()
            p.u32(1, 300, 0x3f, 0x11)
            descriptor(p)
            p.wstr("comment")
            p.array(DESCRIPTOR)
        else:
            p.agg(4, 8)
            descriptor(p)
            p.array(DESCRIPTOR)
    return pack


for level in (8, 9, 50, 103, 107, 150):
    hand("NetrDfsGetInfo", 4, lambda p: (p.wstr("\\\\lab\\dfs"), optional(p, None, None), p.u32(level)),
         lambda p: (info(level)(p), p.u32(0)))
    hand("NetrDfsSetInfo", 3, lambda p: (p.wstr("\\\\lab\\dfs"), optional(p, "server", None), p.u32(level), info(level)(p)))


def listing(level, count):
    """DFS_INFO_ENUM_STRUCT behind a pointer."""
    def pack(p):
        p.ptr()
        p.agg(4, 8)
        p.u32(level)
        p.agg(4, 8)
        p.u32(level)
        p.agg(4, 8)
        p.ptr()
        p.agg(4, 8)
        p.u32(count)
        p.agg(4, 8)
        p.ptr(count)
        if count:
            p.wide(count)
            parts = [entry(level) for _ in range(count)]
            for fixed, _ in parts:
                fixed(p)
            for _, more in parts:
                more(p)
    return pack


for level in (8, 9):
    for count in (0, 1, 2):
        hand("NetrDfsEnumEx", 21,
             lambda p: (p.wstr("\\\\lab\\dfs"), p.u32(level, 0xffffffff), listing(level, 0)(p), p.ptr(), p.u32(0)),
             lambda p: (listing(level, count)(p), p.ptr(), p.u32(count), p.u32(0)))


def roots(*servers):
    """A pointer to a pointer to a list; no servers: the inner one is null."""
    def pack(p):
        p.ptr()
        p.ptr(servers)
        if servers:
            p.wide(len(servers))
            p.agg(4, 8)
            p.u32(len(servers))
            for _ in servers:
                p.agg(4, 8)
                p.ptr()
            for server in servers:
                p.wstr(server)
    return pack


def told(p):
    roots("\\\\a\\dfs", "\\\\b\\dfs")(p)
    p.u32(0)


def texts(p, *all):
    for text in all:
        p.wstr(text)


hand("NetrDfsAddFtRoot", 10, lambda p: (texts(p, "srv", "dc", "share", "dfs", "comment", "CN=dfs"), p.u8(1), p.u32(0), roots()(p)),
     told)
hand("NetrDfsRemoveFtRoot", 11, lambda p: (texts(p, "srv", "dc", "share", "dfs"), p.u32(0x80000000), roots()(p)), told)
hand("NetrDfsAdd2", 19, lambda p: (texts(p, "\\\\lab\\dfs\\x", "dc", "srv"), optional(p, "share", None), p.u32(1), roots()(p)), told)
hand("NetrDfsRemove2", 20, lambda p: (texts(p, "\\\\lab\\dfs\\x", "dc"), optional(p, "srv", "share"), p.ptr(False)),
     lambda p: (p.ptr(False), p.u32(1168)))
hand("NetrDfsSetInfo2", 22, lambda p: (texts(p, "\\\\lab\\dfs", "dc"), optional(p, None, None), p.u32(103), info(103)(p), roots()(p)), told)
hand("NetrDfsMove", 6, lambda p: (texts(p, "\\\\lab\\dfs\\x", "\\\\lab\\dfs\\y"), p.u32(1)))
hand("NetrDfsAddRootTarget", 23, lambda p: (optional(p, "\\\\lab\\dfs", "\\\\srv\\dfs"), p.u32(2), optional(p, None), p.u8(1), p.u32(0)))
hand("NetrDfsRemoveRootTarget", 24, lambda p: (optional(p, "\\\\lab\\dfs", None), p.u32(0)))
hand("NetrDfsGetSupportedNamespaceVersion", 25, lambda p: (p.enum(2), optional(p, "lab")),
     lambda p: (p.agg(8), p.u32(2, 0), p.u64(1), p.u32(1, 0), p.u64(0), p.u32(0)))
