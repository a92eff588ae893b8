# SPDX-License-Identifier: Apache-2.0
"""eventlog, [MS-EVEN]: every operation, packed by hand. Samba has no Python for it; ndrdump reads those of UTF-16. It has no
parameters for those of the code page, nor operations 25 and 26. Of an event to be reported it has the type as an enumeration,
which NDR64 makes wider, another form of the SID, and each string right behind its pointer, which is the same for one."""

from ndr_vectors import packed


def status(p):
    p.u32(0)


def string(p, text):
    """RPC_UNICODE_STRING: what stands in front, and what comes behind all of it."""
    n = 2 * len(text)
    p.agg(4, 8)
    p.u16(n, n)
    p.ptr(text != "")
    return lambda: (p.wide(n // 2, 0, n // 2), p.raw(text.encode("utf-16-le"))) if text else None


def ansi(p, text):
    """RPC_STRING: MaximumLength counts the terminator, and all of it travels."""
    n = len(text)
    p.agg(4, 8)
    p.u16(n, n + 1 if n else 0)
    p.ptr(text != "")
    return lambda: (p.wide(n + 1), p.raw(text.encode() + b"\0")) if text else None


def whole(p, make, text):
    make(p, text)()


def backup(make, unique, text="\\??\\C:\\old.evt"):
    def pack(p):
        p.handle()
        if unique:
            p.ptr(text is not None)
        if text is not None:
            whole(p, make, text)
    return pack


def server(p, wide):
    p.ptr()
    p.u16(0x5c) if wide else p.u8(0x5c)


def open_log(make, wide, log, reg=""):
    def pack(p):
        server(p, wide)
        whole(p, make, log)
        if reg is not None:
            whole(p, make, reg)
        p.u32(1, 1)
    return pack


def opened(p):
    p.handle()
    p.u32(0)


def read(p):
    p.handle()
    p.u32(5, 0, 6)


def records(p):
    p.array(b"eLfL\0\0")
    p.u32(4, 0, 0)


def report(make, source=None, exact=False, strings=("one", "", "three"), data=b"\1\2\3", user=True):
    def pack(p):
        p.handle()
        p.u32(*(0x1234, 0x01da0000) if exact else (1700000000,))
        p.u16(4, 7)
        p.u32(0x40000001)
        if source:
            whole(p, make, source)
        p.u16(len(strings))
        p.u32(len(data))
        whole(p, make, "HOST")
        p.ptr(user)
        if user:
            p.sid(21, 1, 2, 3, 500)
        p.ptr(bool(strings))
        if strings:
            p.wide(len(strings))
            for _ in strings:
                p.ptr()
            for s in strings:  # each is a pointee: its characters follow it
                whole(p, make, s)
        p.ptr(bool(data))
        if data:
            p.array(data)
        p.u16(0)
        p.ptr()
        p.u32(5)
        if not exact:
            p.ptr(False)
    return pack


def reported(exact):
    def pack(p):
        p.ptr()
        p.u32(5)
        if not exact:
            p.ptr(False)
        p.u32(0)
    return pack


def call(name, opnum, request, response, samba="eventlog", **more):
    packed("eventlog", name, opnum, request, response, samba=samba, **more)


call("ElfrClearELFW", 0, backup(string, True), status)
call("ElfrClearELFW", 0, backup(string, True, None), status)
call("ElfrBackupELFW", 1, backup(string, False), status)
call("ElfrCloseEL", 2, lambda p: p.handle(), opened)
call("ElfrDeregisterEventSource", 3, lambda p: p.handle(), opened)
call("ElfrNumberOfRecords", 4, lambda p: p.handle(), lambda p: p.u32(812, 0))
call("ElfrOldestRecord", 5, lambda p: p.handle(), lambda p: p.u32(3, 0))
call("ElfrChangeNotify", 6, lambda p: (p.handle(), p.u32(1, 2, 3)), status, samba=None)
call("ElfrOpenELW", 7, open_log(string, True, "Application"), opened)
call("ElfrRegisterEventSourceW", 8, open_log(string, True, "tern"), opened)
call("ElfrOpenBELW", 9, open_log(string, True, "\\??\\C:\\old.evt", None), opened)
call("ElfrReadELW", 10, read, records)
call("ElfrReportEventW", 11, report(string), reported(False), samba=None)
call("ElfrReportEventW", 11, report(string, strings=("one",), user=False), reported(False), both=False)
call("ElfrReportEventW", 11, report(string, strings=(), data=b"", user=False), reported(False), both=False)
call("ElfrClearELFA", 12, backup(ansi, True), status, samba=None)
call("ElfrBackupELFA", 13, backup(ansi, False), status, samba=None)
call("ElfrOpenELA", 14, open_log(ansi, False, "System"), opened, samba=None)
call("ElfrRegisterEventSourceA", 15, open_log(ansi, False, "tern"), opened, samba=None)
call("ElfrOpenBELA", 16, open_log(ansi, False, "\\??\\C:\\old.evt", None), opened, samba=None)
call("ElfrReadELA", 17, read, records, samba=None)
call("ElfrReportEventA", 18, report(ansi), reported(False), samba=None)
call("ElfrGetLogInformation", 22, lambda p: (p.handle(), p.u32(0, 4)),
     lambda p: (p.array(b"\1\0\0\0"), p.u32(4, 0)))
call("ElfrReportEventAndSourceW", 24, report(string, source="tern"), reported(False), samba=None)
call("ElfrReportEventAndSourceW", 24, report(string, source="tern", strings=("one",), user=False), reported(False), both=False)
call("ElfrReportEventExW", 25, report(string, exact=True), reported(True), samba=None)
call("ElfrReportEventExA", 26, report(ansi, exact=True), reported(True), samba=None)
