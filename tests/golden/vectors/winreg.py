# SPDX-License-Identifier: Apache-2.0
"""winreg, [MS-RRP] and [MS-RSP]: every operation that the specifications have."""

from samba.dcerpc import winreg

from ndr_made import made
from ndr_vectors import packed, vector


def call(name, both=True, **given):
    # `size` is the room for a name, in_size and out_size that for data
    vector("winreg", made(getattr(winreg, name), **{"size": 100, "in_size": 2, "out_size": 2, **given}), both)


for name in ("HKCR", "HKCU", "HKLM", "HKPD", "HKU", "HKCC", "HKPT", "HKPN"):
    call("Open" + name, access_mask=0x02000000, system_name=0x5c)
    call("Open" + name, access_mask=0x00020019, system_name=...)
call("CloseKey")
call("CreateKey", options=0, action_taken=1)
call("CreateKey", options=1, action_taken=..., secdesc=..., keyclass=...)
call("DeleteKey")
call("DeleteKeyEx", access_mask=0x200, reserved=0)
call("DeleteValue")
call("EnumKey", enum_index=3)
call("EnumKey", enum_index=4, keyclass=..., last_changed_time=...)
call("EnumValue", enum_index=3, type=3)
call("EnumValue", enum_index=0, type=..., value=..., in_size=..., in_length=..., out_size=..., out_length=...)
call("FlushKey")
call("GetKeySecurity", sec_info=7)
call("SetKeySecurity", sec_info=7)
call("GetVersion", version=6)
call("UnLoadKey")
call("OpenKey", options=0, access_mask=0x20019)
call("QueryInfoKey")
call("QueryValue", type=1, in_data=..., out_data=..., data_length=0)
call("QueryValue", type=4, data=[1, 2, 3, 4], data_size=4, data_length=4)
# In Samba ve_valueptr is a number of 32 bits, in [MS-RRP] a pointer to one: the same while it is 0, in NDR20.
call("QueryMultipleValues", type=3, ve_valueptr=0, both=False)
call("QueryMultipleValues", type=3, ve_valueptr=0, buffer=..., both=False)
call("QueryMultipleValues2", type=3, ve_valueptr=0, offered=2, both=False)
call("ReplaceKey")
call("RestoreKey", flags=1)
call("SaveKey")
call("SaveKey", sec_attrib=...)
call("SaveKeyEx", flags=2)
call("SetValue", type=3, data=[7, 8], in_size=2)
call("SetValue", type=1, data=[], in_size=0)
call("InitiateSystemShutdown", timeout=30, force_apps=1, do_reboot=0)
call("InitiateSystemShutdown", timeout=30, force_apps=1, do_reboot=0, hostname=..., message=...)
call("InitiateSystemShutdownEx", timeout=30, force_apps=0, do_reboot=1, reason=0x80020003)
call("AbortSystemShutdown")


# ---- by hand: Samba has a unique pointer to the name of the key, [MS-RRP] a reference ----

def name(p, text):
    """RRP_UNICODE_STRING, whose terminator counts."""
    n = len(text) + 1
    p.agg(4, 8)
    p.u16(2 * n, 2 * n)
    p.ptr()
    p.wide(n, 0, n)
    p.raw((text + "\0").encode("utf-16-le"))


packed("winreg", "BaseRegLoadKey", 13, lambda p: (p.handle(), name(p, "TERN"), name(p, "C:\\tern.dat")), lambda p: p.u32(0))


def several(p, values):
    """RVALENT, first all of them, then what they point to."""
    p.wide(len(values), 0, len(values))
    for _ in values:
        p.agg(4, 8)
        p.ptr()
        p.u32(0)
        p.ptr()
        p.u32(1)
        p.end(8)
    for v in values:
        name(p, v)
        p.u32(0)


def query(p):
    p.handle()
    several(p, ("a", "bcd"))
    p.u32(2)
    p.ptr()
    p.wide(4, 0, 4)
    p.raw(bytes(4))
    p.u32(4)


def found(p):
    several(p, ("a", "bcd"))
    p.ptr()
    p.wide(4, 0, 4)
    p.raw(b"dat\0")
    p.u32(4, 0)


packed("winreg", "BaseRegQueryMultipleValues", 29, query, found)
packed("winreg", "BaseRegQueryMultipleValues2", 34, query, found)
