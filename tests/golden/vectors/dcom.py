# SPDX-License-Identifier: Apache-2.0
"""IObjectExporter, IActivation and IRemoteSCMActivator. Samba's Python has no binding for them."""

from ndr_vectors import packed


def exporter(name, opnum, request, response):
    """Samba has other definitions of arrays here."""
    samba = "IOXIDResolver" if opnum in (1, 3) else None
    packed("IObjectExporter", name, opnum, request, response, samba=samba)


def this(p):
    p.agg(4, 8)
    p.u16(5, 7)
    p.u32(0, 0)
    p.guid()
    p.ptr(False)


def that(p):
    p.agg(4, 8)
    p.u32(0)
    p.ptr(False)


def that_extended(p):
    """With one extent, padded to two, the second null; its 3 octets padded to 8."""
    p.agg(4, 8)
    p.u32(0)
    p.ptr()
    p.agg(4, 8)
    p.u32(1, 0)
    p.ptr()
    p.wide(2)
    p.ptr()
    p.ptr(False)
    p.wide(8)
    p.agg(4)
    p.guid()
    p.u32(3)
    p.raw(b"abc" + bytes(5))
    p.end(4)


STRINGS = (7, 49, 48, 0, 0, 9, 0, 0)


def bindings(p):
    p.ptr()
    p.wide(len(STRINGS))
    p.u16(len(STRINGS), 5)
    p.u16(*STRINGS)


def pointer(p, data):
    p.wide(len(data))
    p.u32(len(data))
    p.raw(data)
    p.end(4)


def resolve(p):
    p.u64(0x0123456789abcdef)
    p.u16(2)
    p.wide(2)
    p.u16(7, 8)


def resolved(p):
    bindings(p)
    p.align(4)
    p.guid()
    p.u32(5)


exporter("ResolveOxid", 0, resolve, lambda p: (resolved(p), p.u32(0)))
exporter("SimplePing", 1, lambda p: p.u64(9), lambda p: p.u32(0))


def ping(p):
    p.u64(9)
    p.u16(1, 2, 1)
    p.ptr()
    p.wide(2)
    p.u64(5, 6)
    p.ptr()
    p.wide(1)
    p.u64(7)


exporter("ComplexPing", 2, ping, lambda p: (p.u64(9), p.u16(0), p.u32(0)))
exporter("ServerAlive", 3, lambda p: None, lambda p: p.u32(0))
exporter("ResolveOxid2", 4, resolve, lambda p: (resolved(p), p.u16(5, 7), p.u32(0)))
exporter("ServerAlive2", 5, lambda p: None, lambda p: (p.u16(5, 7), bindings(p), p.u32(0, 0)))


def activate(p):
    this(p)
    p.guid()
    p.ptr()
    p.wstr("C:\\file")
    p.ptr()
    pointer(p, b"MEOWabcd")
    p.u32(2, 0, 2)
    p.ptr()
    p.wide(2)
    p.guid(1, 2)
    p.u16(1)
    p.wide(1)
    p.u16(7)


def activated(p):
    that(p)
    p.u64(0x0123456789abcdef)
    resolved(p)
    p.u16(5, 7)
    p.u32(0)
    p.wide(2)
    p.ptr()
    p.ptr(False)
    pointer(p, b"MEOWabcd")
    p.wide(2)
    p.u32(0, 0x80004002)
    p.u32(0)


packed("IActivation", "RemoteActivation", 0, activate, activated)


def create(p, outer):
    this(p)
    if outer:
        p.ptr(False)
    p.ptr()
    pointer(p, b"MEOWabcde")


def created(p, extended=False):
    that_extended(p) if extended else that(p)
    p.ptr()
    pointer(p, b"MEOWxyz")
    p.u32(0)


packed("IRemoteSCMActivator", "RemoteGetClassObject", 3, lambda p: create(p, False), lambda p: created(p, True))
packed("IRemoteSCMActivator", "RemoteCreateInstance", 4, lambda p: create(p, True), created)
