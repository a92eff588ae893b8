# SPDX-License-Identifier: Apache-2.0
"""spoolss. In NDR64 Samba gives byte buffers 32-bit counts, so calls with one that is not null are in NDR20 only.
By hand, as the specification has it: what its Python does not have (28, 46, 47, 62, from 117), containers of ports (there
are structures of printers in Samba) and data to and from devices (there are pointers in place of the elements)."""

from ndr_vectors import DEFAULTS, auto, fill, packed, vector
from samba.dcerpc import security, spoolss as s

OFFERED = 1400  # room for the answer; Samba fills it from both ends as servers do


def v(cls, both=True, **values):
    vector("spoolss", auto(getattr(s, cls)(), **values), both=both)


def some(cls, **values):
    return auto(getattr(s, cls)(), **values)


def descriptor():
    return fill(security.descriptor(), type=0x8004, owner_sid=security.dom_sid("S-1-5-32-544"))


DEFAULTS["DeviceMode"] = lambda: {"devicename": "Ger\u00e4t", "formname": "A4", "size": 220, "driverextra_data": b"extra!!!"}
DEFAULTS["sec_desc_buf"] = lambda: {"sd": descriptor()}
DEFAULTS["UserLevelCtr"] = lambda: {"level": 1, "user_info": some("UserLevel1", client="\\\\cl\u00efent", user="alice")}
NO_DEVMODE = {"in_devmode_ctr": s.DevmodeContainer()}
NO_SECDESC = {"in_secdesc_ctr": security.sec_desc_buf()}

# Containers, at each level.
for level in range(10):
    info, both = some("SetPrinterInfoCtr", level=level), level > 0  # Samba has an enumeration for wProcessorArchitecture
    v("SetPrinter", both=both, in_info_ctr=info, in_command=0, **NO_DEVMODE, **NO_SECDESC)
    v("AddPrinter", both=both, in_info_ctr=info, **NO_DEVMODE, **NO_SECDESC)
    v("AddPrinterEx", both=both, in_info_ctr=info, **NO_DEVMODE, **NO_SECDESC)
v("SetPrinter", both=False, in_info_ctr=some("SetPrinterInfoCtr", level=3))
v("AddPrinterEx", both=False, in_info_ctr=some("SetPrinterInfoCtr", level=2))
for level in (2, 3, 4, 6, 8):
    info = some("AddDriverInfoCtr", level=level)
    v("AddPrinterDriver", both=level == 2, in_info_ctr=info)
    v("AddPrinterDriverEx", both=level == 2, in_info_ctr=info)
for level in (1, 2):
    v("AddForm", in_info_ctr=some("AddFormInfoCtr", level=level))
    v("SetForm", in_info_ctr=some("AddFormInfoCtr", level=level))
for level in (1, 2, 3, 4):
    v("SetJob", in_ctr=some("JobInfoContainer", level=level))
v("SetJob", in_ctr=None)
v("StartDocPrinter", in_info_ctr=some("DocumentInfoCtr", level=1))
v("OpenPrinter", both=False, in_access_mask=0x02000000)
v("OpenPrinter", in_printername=None, in_datatype=None, **NO_DEVMODE)
v("OpenPrinterEx", both=False, in_printername="\\\\srv\\laser", in_datatype="RAW", in_access_mask=8)
v("OpenPrinterEx", in_printername=None, in_datatype=None, **NO_DEVMODE)

# Buffers that are given empty and come back full; also the vectors of spoolss_buffer.
QUERIES = [
    ("GetPrinter", "PrinterInfo", (0, 1, 2, 3, 4, 5, 6, 7), {}),
    ("EnumPrinters", "PrinterInfo", (0, 1, 2, 4, 5), {"out_count": 1}),
    ("GetJob", "JobInfo", (1, 2, 3, 4), {}),
    ("EnumJobs", "JobInfo", (1, 2, 3, 4), {"out_count": 1}),
    ("GetPrinterDriver", "DriverInfo", (1, 2, 3, 4, 5, 6, 8), {}),
    ("GetPrinterDriver2", "DriverInfo", (3, 101), {}),
    ("EnumPrinterDrivers", "DriverInfo", (1, 2, 3, 4, 5, 6, 8), {"out_count": 1}),
    ("GetForm", "FormInfo", (1, 2), {}),
    ("EnumForms", "FormInfo", (1, 2), {"out_count": 1}),
    ("EnumPorts", "PortInfo", (1, 2), {"out_count": 1}),
    ("EnumMonitors", "MonitorInfo", (1, 2), {"out_count": 1}),
    ("EnumPrintProcessors", "PrintProcessorInfo", (1,), {"out_count": 1}),
    ("EnumPrintProcessorDataTypes", "PrintProcDataTypesInfo", (1,), {"out_count": 1}),
    ("GetPrinterDriverDirectory", "DriverDirectoryInfo", (1,), {}),
    ("GetPrintProcessorDirectory", "PrintProcessorDirectoryInfo", (1,), {}),
]
for cls, kind, levels, more in QUERIES:
    for level in levels:
        info = some(kind + str(level))
        v(cls, both=False, in_level=level, in_offered=OFFERED, in_buffer=bytes(OFFERED), **more,
          out_info=[info] if more else info, result=0)
    v(cls, in_level=levels[0], in_offered=0, in_buffer=None, out_info=None, result=122,
      **({"out_count": 0} if more else {}))
v("EnumPerMachineConnections", both=False, in_offered=OFFERED, in_buffer=bytes(OFFERED), out_count=1,
  out_info=[some("PrinterInfo4")])
v("AddJob", both=False, in_buffer=[0] * 40, in_offered=40, out_buffer=[7] * 40)

# Printer data.
v("GetPrinterData", both=False, in_offered=16, out_type=3, out_data=list(range(16)))
v("GetPrinterDataEx", both=False, in_offered=16, out_type=3, out_data=list(range(16)))
v("SetPrinterData", both=False, in_type=3, in_data=[1, 2, 3], in_offered=3)
v("SetPrinterDataEx", both=False, in_type=3, in_data=[1, 2, 3], in_offered=3)
v("EnumPrinterData", in_value_offered=20, out_value_name="value", in_data_offered=4, out_data=[1, 2, 3, 4])
v("EnumPrinterDataEx", both=False, in_offered=0, out_count=0, out_info=[])
v("EnumPrinterDataEx", both=False, in_offered=100, out_count=1,
  out_info=[some("PrinterEnumValues", value_name="value", value_name_len=12, type=3, data=b"\1\2\3\4", data_length=4)])
v("EnumPrinterKey", both=False, in_offered=24, out__ndr_size=12, out_key_buffer=["key1", "key2"])

# Jobs, pages, documents.
v("WritePrinter", both=False, in_data=b"%!PS")
v("ReadPrinter", both=False, in_data_size=4, out_data=[37, 33, 80, 83])
v("XcvData", both=False, in_in_data=b"\1\2\3", in_out_data_size=7, out_out_data=[1, 2, 3, 4, 5, 6, 7])
v("PlayGDIScriptOnPrinterIC", both=False, in_pIn=[1, 2, 3], in_cIn=3, in_cOut=4, out_pOut=[1, 0, 0, 0])
for cls in ("StartPagePrinter EndPagePrinter AbortPrinter EndDocPrinter ScheduleJob DeletePrinter ClosePrinter DeleteForm "
            "DeletePort CreatePrinterIC DeletePrinterIC DeletePrintProcessor FindClosePrinterNotify ReplyClosePrinter "
            "DeletePrinterData DeletePrinterDataEx DeletePrinterKey DeletePrinterDriver DeletePrinterDriverEx "
            "AddPrintProcessor AddPerMachineConnection DeletePerMachineConnection DeleteJobNamedProperty").split():
    v(cls, **(NO_DEVMODE if cls == "CreatePrinterIC" else {}))
v("ResetPrinter", **NO_DEVMODE)
v("CreatePrinterIC", both=False)
v("ResetPrinter", both=False)

# Notifications.
OPTION = some("NotifyOption", count=1, types=[some("NotifyOptionType", count=2, fields=[2, 5])])
v("RemoteFindFirstPrinterChangeNotifyEx", in_notify_options=OPTION)
v("RemoteFindFirstPrinterChangeNotifyEx", in_notify_options=None, in_local_machine=None)
v("ReplyOpenPrinter", both=False, in_buffer=[1, 2, 3], in_bufsize=3)
v("ReplyOpenPrinter", in_buffer=None, in_bufsize=0)
v("RouterReplyPrinter", both=False, in_buffer=[1, 2, 3], in_bufsize=3)
SECDESC = fill(security.sec_desc_buf(), sd=descriptor())


def notify(kind, data):
    return fill(s.Notify(), type=kind % 2, field=kind, variable_type=kind, job_id=7, data=data)


NOTES = [notify(1, [3, 4]), notify(2, some("NotifyString", size=16, string="changed")), notify(4, some("TimeCtr")),
         notify(2, fill(s.NotifyString(), size=0, string=None))]
for notes, both in ((NOTES, True), (NOTES + [notify(3, some("DevmodeContainer")), notify(5, SECDESC)], False)):
    info = some("NotifyInfo", count=len(notes), notifies=notes)
    v("RouterReplyPrinterEx", both=both, in_reply_type=0, in_info=info)
    v("RouterRefreshPrinterChangeNotify", both=both, in_options=OPTION, out_info=info)
v("RouterRefreshPrinterChangeNotify", in_options=None, out_info=None)

# Named properties, logs of clients.
VALUES = [(1, "string"), (2, 0xfffffffe), (3, 1 << 40), (4, 200), (5, fill(s.propertyBlob(), cbBuf=3, pBuf=[1, 2, 3]))]
VALUES = [fill(s.PrintPropertyValue(), ePropertyType=kind, value=value) for kind, value in VALUES]
for value in VALUES:
    v("GetJobNamedPropertyValue", out_pValue=value)
    v("SetJobNamedProperty", in_pProperty=some("PrintNamedProperty", propertyValue=value))
    v("EnumJobNamedProperties", out_pcProperties=1, out_ppProperties=[some("PrintNamedProperty", propertyValue=value)])
LOGS = [(1, some("BranchOfficeJobDataPrinted")), (2, some("BranchOfficeJobDataRendered")), (3, some("BranchOfficeJobDataError")),
        (4, some("BranchOfficeJobDataPipelineFailed")), (5, some("BranchOfficeLogOfflineFileFull"))]
LOGS = [fill(s.BranchOfficeJobData(), eEventType=kind, JobId=7, JobInfo=info) for kind, info in LOGS]
v("LogJobInfoForBranchOffice", in_pBranchOfficeJobDataContainer=some("BranchOfficeJobDataContainer", cJobDataEntries=5, JobData=LOGS))
v("GetCorePrinterDrivers", in_core_driver_size=4, in_core_driver_dependencies=[97, 98, 0, 0],
  in_core_printer_driver_count=1, out_core_printer_drivers=[some("CorePrinterDriver")])
v("GetPrinterDriverPackagePath", in_driver_package_cab=None, in_driver_package_cab_size=0, out_driver_package_cab=None)
v("GetPrinterDriverPackagePath", in_driver_package_cab="abc", in_driver_package_cab_size=4, out_driver_package_cab="c:\\")


# By hand.
def done(p):
    p.u32(0)


def hand(name, opnum, request, response=done):
    packed("spoolss", name, opnum, request, response)


def optional(p, *texts):
    for text in texts:
        p.ptr(text is not None)
        if text is not None:
            p.wstr(text)


def port(level):
    def pack(p):
        p.agg(4, 8)
        p.u32(level)
        p.agg(4, 8)
        p.u32(level & 0x00ffffff)
        p.agg(4, 8)
        p.ptr()
        if level == 1:
            p.ptr()
            p.wstr("LPT1:")
        elif level == 2:
            for _ in range(3):
                p.ptr()
            p.u32(3, 0)
            for text in ("IP_1", "Standard TCP/IP", "at \u00c5s"):
                p.wstr(text)
        elif level == 3:
            p.u32(4)
            p.agg(4, 8)
            p.ptr()
            p.u32(2)
            p.end(8)
            p.wstr("full")
        else:
            p.ptr()
            p.u32(9)
            p.agg(4, 8)
            p.ptr(False)
            p.wstr("LPT1:")
    return pack


for level in (1, 2, 3, 0x00ffffff, 0x01ffffff):
    hand("RpcSetPort", 71, lambda p: (optional(p, "\\\\server", "LPT1:"), port(level)(p)))
hand("RpcAddPortEx", 61, lambda p: (optional(p, None), port(0x00ffffff)(p), p.agg(4, 8), p.u32(3), p.agg(4, 8), p.ptr(),
                                    p.array(b"abc"), p.wstr("Local Port")))
hand("RpcWaitForPrinterChange", 28, lambda p: (p.handle(), p.u32(0x7777ffff)), lambda p: p.u32(0x100, 0))
hand("RpcRemoteFindFirstPrinterChangeNotification", 62,
     lambda p: (p.handle(), p.u32(0xff00, 0), optional(p, "\\\\client"), p.u32(7, 4), p.ptr(), p.array(b"abcd")),
     lambda p: (p.ptr(), p.array(b"ABCD"), p.u32(0)))


def monitor(level):
    def pack(p):
        p.agg(4, 8)
        p.u32(level)
        p.agg(4, 8)
        p.u32(level)
        p.agg(4, 8)
        p.ptr()
        texts = ("mon", "Windows x64", "mon.dll")[:level * 2 - 1]
        for _ in texts:
            p.ptr()
        for text in texts:
            p.wstr(text)
    return pack


for level in (1, 2):
    hand("RpcAddMonitor", 46, lambda p: (optional(p, None), monitor(level)(p)))
hand("RpcDeleteMonitor", 47, lambda p: (optional(p, None, "Windows x64"), p.wstr("mon")))


def bidi(*items):
    """Elements of RPC_BIDI_REQUEST_DATA, or of RESPONSE with a result in front."""
    def pack(p, result):
        p.wide(len(items))
        p.agg(4, 8)
        p.u32(1, 0, len(items))
        for kind, value in items:
            p.agg(4, 8)
            if result:
                p.u32(0)
            p.u32(11)
            p.agg(4, 8)
            p.ptr()
            p.u32(kind)
            p.agg(4, 8)
            p.u32(kind)
            p.agg(4, 8)
            if kind in (4, 5, 6):
                p.ptr()
            elif kind == 7:
                p.u32(len(value))
                p.agg(4, 8)
                p.ptr()
            else:
                p.u32(value)
                p.end(8)
            p.end(8)
        p.end(8)
        for kind, value in items:
            p.wstr("\\Printer.Layout")
            if kind in (4, 5, 6):
                p.wstr(value)
            elif kind == 7:
                p.array(value)
    return pack


for items in ([], [(0, 0)], [(1, 0xfffffffb)], [(2, 0x3fc00000)], [(3, 1), (4, "t"), (5, "tt"), (6, "e"), (7, b"abcde")]):
    hand("RpcSendRecvBidiData", 97, lambda p: (p.handle(), optional(p, "GET"), bidi(*items)(p, False)),
         lambda p: (p.ptr(), bidi(*items)(p, True), p.u32(0)))


def names(p):
    p.u32(2)
    p.wide(2)
    p.ptr()
    p.ptr()
    p.wstr("job-id")
    p.wstr("copies")


def answer(p):
    p.u32(5)
    p.ptr()
    p.array(b"\1\1\0\0\3")
    p.u32(0)


def group(p):
    p.u32(3)
    p.array(b"\1\2\3")


hand("RpcRegeneratePrintDeviceCapabilities", 117, lambda p: p.handle())
hand("RpcIppCreateJobOnPrinter", 119, lambda p: (p.handle(), p.u32(7), optional(p, "application/pdf"), group(p)), answer)
hand("RpcIppGetJobAttributes", 120, lambda p: (p.handle(), p.u32(7), names(p)), answer)
hand("RpcIppSetJobAttributes", 121, lambda p: (p.handle(), p.u32(7), group(p)), answer)
hand("RpcIppGetPrinterAttributes", 122, lambda p: (p.handle(), names(p)), answer)
hand("RpcIppSetPrinterAttributes", 123, lambda p: (p.handle(), group(p)), answer)
hand("RpcFlushPrinter", 96, lambda p: (p.handle(), p.array(b"abc"), p.u32(3, 100)), lambda p: p.u32(3, 0))
