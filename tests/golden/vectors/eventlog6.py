# SPDX-License-Identifier: Apache-2.0
"""IEventService. Samba's Python has no binding for it."""

from ndr_vectors import packed


# 13: Samba has a pointer for the handle; 23, 28: a single character; the others have variants, which it does not align as
# a hyper in them asks for
OURS = (9, 10, 13, 20, 21, 23, 24, 25, 27, 28)


def call(name, opnum, request, response):
    packed("IEventService", name, opnum, request, response, samba=None if opnum in OURS else "eventlog6")


def result(p):
    p.u32(0)


def opt(p, text):
    p.ptr(text is not None)
    if text is not None:
        p.wstr(text)


def error(p, code=0):
    """RpcInfo and result."""
    p.u32(code, 0, 0, code)


def channels(p):
    p.u32(2)
    p.ptr()
    p.wide(2)
    for status in (0, 15007):
        p.agg(4, 8)
        p.ptr()
        p.u32(status)
        p.end(8)
    p.wstr("System")
    p.wstr("No")
    error(p)


def two_handles(p):
    p.handle()
    p.handle()
    channels(p)


def events(p):
    p.u32(2)
    p.ptr()
    p.wide(2)
    p.u32(0, 8)
    p.ptr()
    p.wide(2)
    p.u32(8, 8)
    p.u32(16)
    p.ptr()
    p.array(bytes(range(16)))
    p.u32(0)


def no_events(p):
    p.u32(0)
    p.ptr(False)
    p.ptr(False)
    p.u32(0)
    p.ptr(False)
    p.u32(259)


class Value:
    """An EvtRpcVariant: its kind, what stands in the union, what that points to."""

    def __init__(self, kind, fixed, deferred=lambda p: None):
        self.kind, self.fixed, self.deferred = kind, fixed, deferred


def array(n, write):
    return (lambda p: (p.agg(4, 8), p.u32(n), p.ptr(n > 0))), (lambda p: (p.wide(n), write(p)) if n else None)


def strings(p):
    p.ptr()
    p.ptr()
    p.wstr("one")
    p.wstr("two")


VALUES = [
    Value(0, lambda p: p.u32(0)),
    Value(1, lambda p: p.u8(1)),
    Value(2, lambda p: p.u32(5)),
    Value(3, lambda p: p.u64(1 << 40)),
    Value(4, lambda p: p.ptr(), lambda p: p.wstr("\u00e4")),
    Value(4, lambda p: p.ptr(False)),
    Value(5, lambda p: p.ptr(), lambda p: p.guid()),
    Value(6, *array(3, lambda p: p.u8(1, 0, 1))),
    Value(7, *array(2, lambda p: p.u32(1, 2))),
    Value(8, *array(2, lambda p: p.u64(1, 2))),
    Value(9, *array(2, strings)),
    Value(10, *array(1, lambda p: p.guid())),
    Value(7, *array(0, None)),
]


def put_list(p, values=None):
    values = VALUES if values is None else values
    p.agg(4, 8)
    p.u32(len(values))
    p.ptr(bool(values))
    if not values:
        return
    p.wide(len(values))
    for v in values:
        p.agg(8)
        p.u32(v.kind, 0)
        # the union: tag again, arm; in NDR64 aligned to the widest arm
        p.agg(4, 8)
        p.u32(v.kind)
        p.agg(1, 8)
        v.fixed(p)
        p.end(8)
    for v in values:
        v.deferred(p)


def names(p):
    p.u32(2)
    p.ptr()
    p.wide(2)
    strings(p)
    p.u32(0)


def rendered(p):
    p.u32(4, 4)
    p.ptr()
    p.array(b"a\0\0\0")
    error(p)


def render(p, handle):
    if handle:
        p.handle()
    p.u32(3)
    p.array(b"\1\2\3")
    p.u32(7)
    put_list(p)
    p.u32(1, 1000)


call("EvtRpcRegisterRemoteSubscription", 0, lambda p: (opt(p, "System"), p.wstr("*"), opt(p, None), p.u32(0x10000001)), two_handles)
for response in (events, no_events):
    call("EvtRpcRemoteSubscriptionNextAsync", 1, lambda p: (p.handle(), p.u32(10, 0)), response)
    call("EvtRpcRemoteSubscriptionNext", 2, lambda p: (p.handle(), p.u32(10, 1000, 0)), response)
    call("EvtRpcQueryNext", 11, lambda p: (p.handle(), p.u32(10, 1000, 0)), response)
call("EvtRpcRemoteSubscriptionWaitAsync", 3, lambda p: p.handle(), result)
call("EvtRpcRegisterControllableOperation", 4, lambda p: None, lambda p: (p.handle(), p.u32(0)))
call("EvtRpcRegisterLogQuery", 5, lambda p: (opt(p, None), p.wstr("<QueryList/>"), p.u32(0x101)), two_handles)
call("EvtRpcClearLog", 6, lambda p: (p.handle(), p.wstr("Application"), opt(p, "C:\\x.evtx"), p.u32(0)), error)
call("EvtRpcExportLog", 7, lambda p: (p.handle(), opt(p, None), p.wstr("*"), p.wstr("C:\\x.evtx"), p.u32(1)), error)
call("EvtRpcLocalizeExportLog", 8, lambda p: (p.handle(), p.wstr("C:\\x.evtx"), p.u32(1033, 0)), lambda p: error(p, 2))
call("EvtRpcMessageRender", 9, lambda p: render(p, True), rendered)
call("EvtRpcMessageRenderDefault", 10, lambda p: render(p, False), rendered)
call("EvtRpcQuerySeek", 12, lambda p: (p.handle(), p.u64(-5), opt(p, "<BookmarkList/>"), p.u32(0, 4)), error)
call("EvtRpcClose", 13, lambda p: p.handle(), lambda p: (p.raw(bytes(20)), p.u32(0)))
call("EvtRpcCancel", 14, lambda p: p.handle(), result)
call("EvtRpcAssertConfig", 15, lambda p: (p.wstr("Channel"), p.u32(0)), result)
call("EvtRpcRetractConfig", 16, lambda p: (p.wstr("Publisher"), p.u32(1)), result)
call("EvtRpcOpenLogHandle", 17, lambda p: (p.wstr("System"), p.u32(1)), lambda p: (p.handle(), error(p)))
call("EvtRpcGetLogFileInfo", 18, lambda p: (p.handle(), p.u32(3, 8)), lambda p: (p.array(bytes(range(8))), p.u32(8, 0)))
call("EvtRpcGetChannelList", 19, lambda p: p.u32(0), names)
call("EvtRpcGetChannelConfig", 20, lambda p: (p.wstr("System"), p.u32(0)), lambda p: (put_list(p), p.u32(0)))
call("EvtRpcPutChannelConfig", 21, lambda p: (p.wstr("System"), p.u32(0), put_list(p, VALUES[:3])), error)
call("EvtRpcGetPublisherList", 22, lambda p: p.u32(0), names)
call("EvtRpcGetPublisherListForChannel", 23, lambda p: (p.wstr("System"), p.u32(0)), names)
call("EvtRpcGetPublisherMetadata", 24, lambda p: (opt(p, "Publisher"), opt(p, None), p.u32(1033, 0)),
     lambda p: (put_list(p), p.handle(), p.u32(0)))
call("EvtRpcGetPublisherResourceMetadata", 25, lambda p: (p.handle(), p.u32(4, 0)), lambda p: (put_list(p, []), p.u32(15002)))
call("EvtRpcGetEventMetadataEnum", 26, lambda p: (p.handle(), p.u32(0), opt(p, None)), lambda p: (p.handle(), p.u32(0)))


def metadata(p):
    p.u32(1)
    p.ptr()
    p.wide(1)
    put_list(p, VALUES[:5])
    p.u32(0)


call("EvtRpcGetNextEventMetadata", 27, lambda p: (p.handle(), p.u32(0, 1)), metadata)
call("EvtRpcGetClassicLogDisplayName", 28, lambda p: (p.wstr("System"), p.u32(1033, 0)), lambda p: (p.ptr(), p.wstr("System"), p.u32(0)))
