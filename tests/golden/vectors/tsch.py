# SPDX-License-Identifier: Apache-2.0
"""atsvc; by hand sasec and ITaskSchedulerService, which Samba does not have, and jobs in NDR64, where JobTime is as wide as a
pointer and Samba has 32 bits."""

from ndr_vectors import auto, packed, vector
from samba.dcerpc import atsvc


def v(cls, both=True, **values):
    vector("atsvc", auto(getattr(atsvc, cls)(), **values), both=both)


def job(cls, **values):
    return auto(getattr(atsvc, cls)(), command="C:\\\u00e5.cmd", days_of_month=5, days_of_week=1, flags=17, **values)


v("JobAdd", both=False, in_job_info=job("JobInfo"))
v("JobAdd", both=False, in_servername=None, in_job_info=job("JobInfo"))
v("JobDel")
v("JobGetInfo", both=False, out_job_info=job("JobInfo"))
v("JobGetInfo", out_job_info=None, result=2184)
for count in (0, 2):
    v("JobEnum", both=not count, in_ctr=atsvc.enum_ctr(), in_resume_handle=None if count else 0, out_resume_handle=None if count else 7,
      out_ctr=auto(atsvc.enum_ctr(), entries_read=count, first_entry=[job("JobEnumInfo") for _ in range(count)]))


# By hand.
def done(p):
    p.u32(0)


def optional(p, *texts):
    for text in texts:
        p.ptr(text is not None)
        if text is not None:
            p.wstr(text)


def info(p):
    p.agg(4, 8)
    p.wide(43200000)
    p.u32(1 << 14)
    p.u8(0x1f, 0x11)
    p.agg(4, 8)
    p.ptr()


def jobs(p):
    p.u32(2)
    p.agg(4, 8)
    p.ptr()
    p.wide(2)
    for number in (1, 2):
        p.agg(4, 8)
        p.u32(number)
        info(p)
    p.wstr("one.cmd")
    p.wstr("two.cmd")
    p.u32(2)
    p.ptr(False)
    p.u32(0)


packed("atsvc", "NetrJobAdd", 0, lambda p: (optional(p, None), info(p), p.wstr("one.cmd")), lambda p: p.u32(3, 0))
packed("atsvc", "NetrJobEnum", 2,
       lambda p: (optional(p, None), p.agg(4, 8), p.u32(0), p.agg(4, 8), p.ptr(False), p.u32(0xffffffff), p.ptr(False)), jobs)
packed("atsvc", "NetrJobGetInfo", 3, lambda p: (optional(p, None), p.u32(1)), lambda p: (p.ptr(), info(p), p.wstr("one.cmd"), p.u32(0)))


def buffer(p, text, size):
    p.wide(size)
    p.u16(*[ord(c) for c in text.ljust(size, "\0")])


def sasec(name, opnum, request, response=done):
    packed("sasec", name, opnum, request, response)


sasec("SASetAccountInformation", 0,
      lambda p: (optional(p, "\\\\server"), p.wstr("job"), p.wstr("LAB\\alice"), optional(p, "secret"), p.u32(0x2000)))
sasec("SASetNSAccountInformation", 1, lambda p: optional(p, None, "LAB\\alice", None))
sasec("SAGetNSAccountInformation", 2, lambda p: (optional(p, None), p.u32(10), buffer(p, "", 10)),
      lambda p: (buffer(p, "LAB\\alice", 10), p.u32(0)))
sasec("SAGetAccountInformation", 3, lambda p: (optional(p, None), p.wstr("job"), p.u32(0), buffer(p, "", 0)),
      lambda p: (buffer(p, "", 0), p.u32(0x80041310)))


def tasks(name, opnum, request, response=done):
    packed("ITaskSchedulerService", name, opnum, request, response)


def path(*numbers):
    return lambda p: (p.wstr("\\Folder\\Task"), p.u32(*numbers))


def text(p):
    optional(p, "<Task/>")
    p.u32(0)


def time(p):
    p.u16(2026, 11, 6, 28, 12, 30, 15, 500)


def creds(p):
    p.u32(2)
    p.ptr()
    p.wide(2)
    for _ in range(2):
        p.agg(4, 8)
        p.ptr()
        p.ptr()
        p.u32(1)
        p.end(8)
    for _ in range(2):
        p.wstr("alice")
        p.wstr("secret")


def error(p):
    p.ptr()
    p.agg(4, 8)
    p.u32(3, 17)
    p.ptr()
    p.ptr(False)
    p.wstr("Principal")
    p.u32(0x80041316)


def names(*all):
    def pack(p):
        p.u32(7, len(all))
        p.ptr(all)
        if all:
            p.wide(len(all))
            for _ in all:
                p.ptr()
            for name in all:
                p.wstr(name)
        p.u32(0)
    return pack


def guids(p, n):
    p.u32(n)
    p.ptr(n)
    if n:
        p.wide(n)
        for _ in range(n):
            p.guid()


tasks("SchRpcHighestVersion", 0, lambda p: None, lambda p: p.u32(0x00010004, 0))
tasks("SchRpcRegisterTask", 1, lambda p: (optional(p, "\\Task"), p.wstr("<Task/>"), p.u32(6), optional(p, "D:"), p.u32(1), creds(p)),
      lambda p: (optional(p, "\\Task"), p.ptr(False), p.u32(0)))
tasks("SchRpcRegisterTask", 1, lambda p: (optional(p, None), p.wstr("<Tusk/>"), p.u32(2), optional(p, None), p.u32(3, 0), p.ptr(False)),
      lambda p: (optional(p, None), error(p)))
tasks("SchRpcRetrieveTask", 2, lambda p: (p.wstr("\\Task"), p.wstr("en-US"), p.u32(1)), text)
tasks("SchRpcCreateFolder", 3, lambda p: (p.wstr("\\Folder"), optional(p, "D:"), p.u32(0)))
tasks("SchRpcSetSecurity", 4, lambda p: (p.wstr("\\Folder"), p.wstr("D:"), p.u32(0x20000000)))
tasks("SchRpcGetSecurity", 5, path(4), text)
for name, opnum in (("SchRpcEnumFolders", 6), ("SchRpcEnumTasks", 7)):
    for all in ((), ("a",), ("one", "two", "three")):
        tasks(name, opnum, path(1, 0, 100), names(*all))
for n in (0, 2):
    tasks("SchRpcEnumInstances", 8, lambda p: (optional(p, "\\Task"), p.u32(0)), lambda p: (guids(p, n), p.u32(0)))
tasks("SchRpcGetInstanceInfo", 9, lambda p: p.guid(),
      lambda p: (optional(p, "\\Task"), p.u32(4), optional(p, "action", None), guids(p, 1), p.u32(1234, 0)))
tasks("SchRpcStopInstance", 10, lambda p: (p.guid(), p.u32(0)))
tasks("SchRpcStop", 11, lambda p: (optional(p, None), p.u32(0)))
tasks("SchRpcRun", 12, lambda p: (p.wstr("\\Task"), p.u32(0), p.ptr(False), p.u32(0, 0), optional(p, None)),
      lambda p: (p.guid(), p.u32(0)))
tasks("SchRpcRun", 12,
      lambda p: (p.wstr("\\Task"), p.u32(2), p.ptr(), p.wide(2), p.ptr(), p.ptr(), p.wstr("first"), p.wstr("second"), p.u32(4, 1),
                 optional(p, "alice")), lambda p: (p.guid(), p.u32(0)))
tasks("SchRpcDelete", 13, path(0))
tasks("SchRpcRename", 14, lambda p: (p.wstr("\\Task"), p.wstr("New"), p.u32(0)), lambda p: p.u32(0x80004001))
tasks("SchRpcScheduledRuntimes", 15, lambda p: (p.wstr("\\Task"), p.ptr(), time(p), p.ptr(False), p.u32(0, 2)),
      lambda p: (p.u32(2), p.ptr(), p.wide(2), time(p), time(p), p.u32(0)))
tasks("SchRpcGetLastRunInfo", 16, lambda p: p.wstr("\\Task"), lambda p: (time(p), p.u32(0xc0000005, 0)))
tasks("SchRpcGetTaskInfo", 17, path(0), lambda p: p.u32(1, 3, 0))
tasks("SchRpcGetNumberOfMissedRuns", 18, lambda p: p.wstr("\\Task"), lambda p: p.u32(5, 0))
tasks("SchRpcEnableTask", 19, path(1))
