# SPDX-License-Identifier: Apache-2.0
"""winreg, [MS-RRP] and [MS-RSP]: every operation that the specifications have."""

from samba.dcerpc import winreg

from ndr_made import made
from ndr_vectors import vector


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
# LoadKey is missing: Samba has a unique pointer to the name of the key, [MS-RRP] a reference.
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
