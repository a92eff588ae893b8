# SPDX-License-Identifier: Apache-2.0
"""svcctl, [MS-SCMR]: the operations that Samba has in the form of the specification. Most of those in the code page have
other types there (UTF-16 strings, buffers without a count, inputs and outputs exchanged), GetServiceDisplayNameW and
GetServiceKeyNameW unique pointers instead of references, and of levels of ChangeServiceConfig2 it knows nothing."""

from samba.dcerpc import svcctl

from ndr_made import made
from ndr_vectors import SERVER, packed, vector


def call(name, both=True, response=True, **given):
    given = {"MachineName": SERVER, "offered": 2, "needed": 200, "type": 0x10, "start_type": 3, "error_control": 1,
             "resume_handle": 3, "services_returned": 1, "service_returned": 1, **given}
    vector("svcctl", made(getattr(svcctl, name), **given), both, response)


call("CloseServiceHandle")
call("ControlService", control=4)
call("DeleteService")
call("LockServiceDatabase")
call("UnlockServiceDatabase")
call("QueryServiceObjectSecurity", security_flags=7)
call("SetServiceObjectSecurity", security_flags=7)
call("QueryServiceStatus")
call("ChangeServiceConfigW", dwDependSize=0, dwPwSize=0, dependencies=..., password=...)
call("ChangeServiceConfigW", dwDependSize=0, dwPwSize=0, dependencies=..., password=..., binary_path=..., tag_id=...,
     load_order_group=..., service_start_name=..., display_name=..., type=0xffffffff)
call("CreateServiceW", dependencies_size=2, password_size=2)
call("CreateServiceW", dependencies_size=0, password_size=0, dependencies=..., password=..., DisplayName=..., TagId=...,
     LoadOrderGroupKey=..., service_start_name=...)
call("EnumDependentServicesW", state=3)
call("EnumServicesStatusW", state=3)
call("EnumServicesStatusA", state=1)
call("EnumServicesStatusExW", state=3, info_level=0)
call("EnumServicesStatusExW", state=3, info_level=0, group_name=..., resume_handle=...)
call("OpenSCManagerW")
call("OpenSCManagerW", MachineName=..., DatabaseName=...)
call("OpenServiceW")
call("QueryServiceConfigW")
call("QueryServiceConfigW", executablepath=..., loadordergroup=..., dependencies=..., startname=..., displayname=...)
call("QueryServiceLockStatusW")
call("StartServiceW", NumArgs=2)
call("StartServiceW", NumArgs=0, Arguments=...)
call("QueryServiceConfig2W", info_level=1)
call("QueryServiceStatusEx", info_level=0)


# ---- by hand, for Samba has no types for these ----

def result(p):
    p.u32(0)


def failure_actions(p):
    p.handle()
    p.agg(4, 8)
    p.u32(2)  # dwInfoLevel, then the union: its tag, and in NDR64 its alignment
    p.agg(4, 8)
    p.u32(2)
    p.ptr()
    p.agg(4, 8)
    p.u32(86400)
    p.ptr()
    p.ptr(False)
    p.u32(2)
    p.ptr()
    p.wstr("going down")
    p.wide(2)
    p.u32(1, 60000, 3, 0)


def triggers(p):
    p.handle()
    p.agg(4, 8)
    p.u32(8)
    p.agg(4, 8)
    p.u32(8)
    p.ptr()
    p.agg(4, 8)
    p.u32(1)
    p.ptr()
    p.ptr(False)
    p.wide(1)  # one trigger
    p.agg(4, 8)
    p.u32(1, 1)
    p.ptr()
    p.u32(1)
    p.ptr()
    p.guid()
    p.wide(1)  # with one item
    p.agg(4, 8)
    p.u32(2, 4)
    p.ptr()
    p.array(b"a\0\0\0")


def no_such_level(p):
    p.handle()
    p.agg(4, 8)
    p.u32(77)
    p.agg(4, 8)
    p.u32(77)
    p.agg(1, 8)


def query_ex(p):
    p.u32(8)
    p.agg(4, 8)
    p.u32(8)
    p.ptr()
    p.agg(4, 8)
    p.u32(0)
    p.ptr(False)
    p.ptr(False)
    p.u32(0)


packed("svcctl", "RChangeServiceConfig2W", 37, failure_actions, result)
packed("svcctl", "RChangeServiceConfig2W", 37, triggers, result)
packed("svcctl", "RChangeServiceConfig2W", 37, no_such_level, lambda p: p.u32(124))
packed("svcctl", "RQueryServiceConfigEx", 56, lambda p: (p.handle(), p.u32(8)), query_ex)


def control(p, string):
    p.handle()
    p.u32(1, 1)
    p.agg(4, 8)
    p.u32(1)
    p.ptr()
    p.agg(4, 8)
    p.u32(0x40050007)
    p.ptr()
    string("because")


def controlled(p):
    p.agg(4, 8)
    p.u32(1)
    p.ptr()
    p.u32(0x10, 3, 0, 0, 0, 1, 5000, 4711, 0)
    p.u32(0)


packed("svcctl", "RControlServiceExA", 50, lambda p: control(p, p.str), controlled)
packed("svcctl", "RControlServiceExW", 51, lambda p: control(p, p.wstr), controlled)


def notify(p):
    p.handle()
    p.agg(4, 8)
    p.u32(2)
    p.agg(4, 8)
    p.u32(2)
    p.ptr()
    p.u64(99)
    p.u32(0x80)
    p.raw(bytes(range(32)))
    p.u32(0x10, 4, 0, 0, 0, 0, 0, 4711, 0)
    p.u32(0, 1, 0x80)
    p.ptr(False)
    p.guid()


def notified(p):
    p.ptr()
    p.wide(2)
    p.agg(4, 8)
    p.u32(2)
    p.agg(4, 8)
    for level in (1, 77):
        p.agg(4, 8)
        p.u32(level)
        p.agg(4, 8)
        p.u32(level)
        if level == 1:
            p.ptr()
        p.end(8)
    p.u64(99)
    p.u32(0x80)
    p.raw(bytes(range(32)))
    p.u32(0x10, 4, 0, 0, 0, 0, 0, 4711, 0)
    p.u32(0, 1)
    p.end(8)
    p.u32(0)


packed("svcctl", "RNotifyServiceStatusChange", 47, notify, lambda p: (p.guid(), p.u32(1), p.handle(), p.u32(0)))
packed("svcctl", "RGetNotifyResults", 48, lambda p: p.handle(), notified)
packed("svcctl", "RCloseNotifyHandle", 49, lambda p: p.handle(), lambda p: (p.handle(), p.u32(0, 0)))
packed("svcctl", "ROpenSCManager2", 64, lambda p: (p.ptr(), p.wstr("ServicesActive"), p.u32(0x20000)),
       lambda p: (p.handle(), p.u32(0)))


# ---- by hand: the code page, and what Samba has with other pointers ----

def change_config_a(p):
    p.handle()
    p.u32(0xffffffff, 2, 0xffffffff)
    p.ptr()
    p.str("C:\\svc.exe")
    p.ptr(False)
    p.ptr()
    p.u32(7)
    p.ptr()
    p.array(b"RPCSS\0\0")
    p.u32(7)
    p.ptr(False)
    p.ptr()
    p.array(b"pw\0")
    p.u32(3)
    p.ptr()
    p.str("Service")


def create(p, string, wow=None):
    p.handle()
    string("svc")
    p.ptr()
    string("Service")
    p.u32(0xf01ff, 0x10, 3, 1)
    string("C:\\svc.exe")
    p.ptr(False)
    p.ptr(False)
    p.ptr(False)
    p.u32(0)
    p.ptr()
    string("LocalSystem")
    p.ptr(False)
    p.u32(0)
    if wow:
        p.u16(wow)


def created(p):
    p.ptr(False)
    p.handle()
    p.u32(0)


def config_a(p):
    p.agg(4, 8)
    p.u32(0x10, 2, 1)
    p.ptr()
    p.ptr(False)
    p.u32(0)
    for _ in range(3):
        p.ptr()
    p.str("C:\\svc.exe")
    p.str("RPCSS")
    p.str("LocalSystem")
    p.str("Service")
    p.u32(120, 0)


def start_a(p):
    p.handle()
    p.u32(2)
    p.ptr()
    p.wide(2)
    p.ptr()
    p.ptr()
    p.str("one")
    p.str("two")


def name(p, string):
    p.handle()
    string("svc")
    p.u32(100)


def named(p, string, room):
    p.wide(room, 0, 8)
    p.raw("Service\0".encode(string))
    p.u32(7 if string == "utf-16-le" else 8, 0)



for op, number in {"RGetServiceDisplayNameW": 20, "RGetServiceKeyNameW": 21}.items():  # one more than lpcchBuffer says
    packed("svcctl", op, number, lambda p: name(p, p.wstr), lambda p: named(p, "utf-16-le", 8))
for op, number in {"RGetServiceDisplayNameA": 32, "RGetServiceKeyNameA": 33}.items():
    packed("svcctl", op, number, lambda p: name(p, p.str), lambda p: named(p, "ascii", 8))
packed("svcctl", "RChangeServiceConfigA", 23, change_config_a, lambda p: (p.ptr(), p.u32(7, 0)))
packed("svcctl", "RCreateServiceA", 24, lambda p: create(p, p.str), created)
packed("svcctl", "RCreateServiceWOW64A", 44, lambda p: create(p, p.str), created)
packed("svcctl", "RCreateServiceWOW64W", 45, lambda p: create(p, p.wstr), created)
packed("svcctl", "RCreateWowService", 60, lambda p: create(p, p.wstr, 0x14c), created)
packed("svcctl", "RQueryServiceConfigA", 29, lambda p: (p.handle(), p.u32(4096)), config_a)
packed("svcctl", "RQueryServiceLockStatusA", 30, lambda p: (p.handle(), p.u32(4096)),
       lambda p: (p.agg(4, 8), p.u32(1), p.ptr(), p.u32(30), p.end(8), p.str("alice"), p.u32(40, 0)))
packed("svcctl", "RStartServiceA", 31, start_a, result)
packed("svcctl", "ROpenSCManagerA", 27, lambda p: (p.ptr(), p.str("SRV"), p.ptr(False), p.u32(1)),
       lambda p: (p.handle(), p.u32(0)))
packed("svcctl", "ROpenServiceA", 28, lambda p: (p.handle(), p.str("svc"), p.u32(4)), lambda p: (p.handle(), p.u32(0)))
packed("svcctl", "REnumDependentServicesA", 25, lambda p: (p.handle(), p.u32(3, 4)),
       lambda p: (p.array(b"\0\0\0\0"), p.u32(44, 0, 234)))
packed("svcctl", "REnumServicesStatusExA", 41,
       lambda p: (p.handle(), p.u32(0, 0x30, 3, 4), p.ptr(False), p.ptr(), p.str("group")),
       lambda p: (p.array(b"\0\0\0\0"), p.u32(44, 0), p.ptr(False), p.u32(234)))
packed("svcctl", "REnumServiceGroupW", 35,
       lambda p: (p.handle(), p.u32(0x30, 3, 4), p.ptr(), p.u32(0), p.ptr(), p.wstr("group")),
       lambda p: (p.array(b"\0\0\0\0"), p.u32(44, 0), p.ptr(), p.u32(1, 234)))
packed("svcctl", "RQueryServiceConfig2A", 38, lambda p: (p.handle(), p.u32(1, 4)),
       lambda p: (p.array(b"\4\0\0\0"), p.u32(4, 0)))
packed("svcctl", "RSetServiceStatus", 7, lambda p: (p.handle(), p.u32(0x10, 4, 1, 0, 0, 0, 0)), result)
packed("svcctl", "RNotifyBootConfigStatus", 9, lambda p: (p.ptr(False), p.u32(1)), result)


def config_2a(p):
    p.handle()
    p.agg(4, 8)
    p.u32(1)
    p.agg(4, 8)
    p.u32(1)
    p.ptr()
    p.ptr()
    p.str("what it does")


packed("svcctl", "RChangeServiceConfig2A", 36, config_2a, result)
