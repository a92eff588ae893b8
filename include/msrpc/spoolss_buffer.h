/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The INFO structures that spoolss and IRemoteWinspool carry in buffers of bytes ([MS-RPRN] 2.2.2): the fixed
 * parts of all elements come first, what has a length of its own stands somewhere behind, found by its
 * distance from the start of the element. No NDR: always little endian, the same in NDR20 and NDR64.
 *
 * Members are called as in the IDL ([MS-RPRN] 2.2.1). Strings are terminated, NULL is an offset of 0. Lists
 * of strings (pDependentFiles, ...) end with an empty string.
 */
#ifndef MSRPC_SPOOLSS_BUFFER_H
#define MSRPC_SPOOLSS_BUFFER_H

#include <msrpc/spoolss.h>

NT_BEGIN_DECLS

/* A _DEVMODE (2.2.2.1), a self-relative security descriptor, the data of a value. data NULL: none. */
struct spl_bytes {
    const uint8_t *data;
    uint32_t size;
};

enum spl_kind {
    SPL_PRINTER,        /* levels 0 to 8: RpcGetPrinter, RpcEnumPrinters, RpcEnumPerMachineConnections (4) */
    SPL_JOB,            /* 1 to 4: RpcGetJob, RpcEnumJobs */
    SPL_DRIVER,         /* 1 to 8 and 101: RpcGetPrinterDriver, RpcGetPrinterDriver2, RpcEnumPrinterDrivers */
    SPL_FORM,           /* 1, 2: RpcGetForm, RpcEnumForms */
    SPL_PORT,           /* 1, 2: RpcEnumPorts */
    SPL_MONITOR,        /* 1, 2: RpcEnumMonitors */
    SPL_PRINTPROCESSOR, /* 1: RpcEnumPrintProcessors */
    SPL_DATATYPES,      /* 1: RpcEnumPrintProcessorDatatypes */
    SPL_VALUES          /* 1: RpcEnumPrinterDataEx */
};

/* [MS-RPRN] 2.2.2.9.1, level 0 of SPL_PRINTER. */
struct spl_PRINTER_INFO_STRESS {
    const char16_t *pPrinterName, *pServerName;
    uint32_t cJobs, cTotalJobs, cTotalBytes;
    struct dtyp_SYSTEMTIME stUpTime;
    uint32_t MaxcRef, cTotalPagesPrinted, dwGetVersion, fFreeBuild, cSpooling, cMaxSpooling, cRef,
        cErrorOutOfPaper, cErrorNotReady, cJobError, dwNumberOfProcessors, dwProcessorType,
        dwHighPartTotalBytes, cChangeID, dwLastError, Status, cEnumerateNetworkPrinters, cAddNetPrinters;
    uint16_t wProcessorArchitecture, wProcessorLevel;
    uint32_t cRefIC, dwReserved2, dwReserved3;
};

/* [MS-RPRN] 2.2.2.9.2, level 1 of SPL_PRINTER. */
struct spl_PRINTER_INFO_1 {
    uint32_t Flags;
    const char16_t *pDescription, *pName, *pComment;
};

/* [MS-RPRN] 2.2.2.9.3, level 2 of SPL_PRINTER. */
struct spl_PRINTER_INFO_2 {
    const char16_t *pServerName, *pPrinterName, *pShareName, *pPortName, *pDriverName, *pComment, *pLocation;
    struct spl_bytes pDevMode;
    const char16_t *pSepFile, *pPrintProcessor, *pDatatype, *pParameters;
    struct spl_bytes pSecurityDescriptor;
    uint32_t Attributes, Priority, DefaultPriority, StartTime, UntilTime, Status, cJobs, AveragePPM;
};

/* [MS-RPRN] 2.2.2.9.4, level 3 of SPL_PRINTER. */
struct spl_PRINTER_INFO_3 {
    struct spl_bytes pSecurityDescriptor;
};

/* [MS-RPRN] 2.2.2.9.5, level 4 of SPL_PRINTER. */
struct spl_PRINTER_INFO_4 {
    const char16_t *pPrinterName, *pServerName;
    uint32_t Attributes;
};

/* [MS-RPRN] 2.2.2.9.6, level 5 of SPL_PRINTER. */
struct spl_PRINTER_INFO_5 {
    const char16_t *pPrinterName, *pPortName;
    uint32_t Attributes, DeviceNotSelectedTimeout, TransmissionRetryTimeout;
};

/* [MS-RPRN] 2.2.2.9.7, level 6 of SPL_PRINTER. */
struct spl_PRINTER_INFO_6 {
    uint32_t dwStatus;
};

/* [MS-RPRN] 2.2.2.9.8, level 7 of SPL_PRINTER. */
struct spl_PRINTER_INFO_7 {
    const char16_t *pszObjectGUID;
    uint32_t dwAction;
};

/* [MS-RPRN] 2.2.2.9.9, level 8 of SPL_PRINTER. */
struct spl_PRINTER_INFO_8 {
    struct spl_bytes pDevMode;
};

/* [MS-RPRN] 2.2.2.6.1, level 1 of SPL_JOB. */
struct spl_JOB_INFO_1 {
    uint32_t JobId;
    const char16_t *pPrinterName, *pMachineName, *pUserName, *pDocument, *pDatatype, *pStatus;
    uint32_t Status, Priority, Position, TotalPages, PagesPrinted;
    struct dtyp_SYSTEMTIME Submitted;
};

/* [MS-RPRN] 2.2.2.6.2, level 2 of SPL_JOB. */
struct spl_JOB_INFO_2 {
    uint32_t JobId;
    const char16_t *pPrinterName, *pMachineName, *pUserName, *pDocument, *pNotifyName, *pDatatype,
        *pPrintProcessor, *pParameters, *pDriverName;
    struct spl_bytes pDevMode;
    const char16_t *pStatus;
    struct spl_bytes pSecurityDescriptor;
    uint32_t Status, Priority, Position, StartTime, UntilTime, TotalPages, Size;
    struct dtyp_SYSTEMTIME Submitted;
    uint32_t Time, PagesPrinted;
};

/* [MS-RPRN] 2.2.2.6.3, level 3 of SPL_JOB. */
struct spl_JOB_INFO_3 {
    uint32_t JobId, NextJobId, Reserved;
};

/* [MS-RPRN] 2.2.2.6.4, level 4 of SPL_JOB. */
struct spl_JOB_INFO_4 {
    uint32_t JobId;
    const char16_t *pPrinterName, *pMachineName, *pUserName, *pDocument, *pNotifyName, *pDatatype,
        *pPrintProcessor, *pParameters, *pDriverName;
    struct spl_bytes pDevMode;
    const char16_t *pStatus;
    struct spl_bytes pSecurityDescriptor;
    uint32_t Status, Priority, Position, StartTime, UntilTime, TotalPages, Size;
    struct dtyp_SYSTEMTIME Submitted;
    uint32_t Time, PagesPrinted;
    int32_t SizeHigh;
};

/* [MS-RPRN] 2.2.2.4.1, level 1 of SPL_DRIVER. */
struct spl_DRIVER_INFO_1 {
    const char16_t *pName;
};

/* [MS-RPRN] 2.2.2.4.2, level 2 of SPL_DRIVER. */
struct spl_DRIVER_INFO_2 {
    uint32_t cVersion;
    const char16_t *pName, *pEnvironment, *pDriverPath, *pDataFile, *pConfigFile;
};

/* [MS-RPRN] 2.2.2.4.3, level 3 of SPL_DRIVER. */
struct spl_DRIVER_INFO_3 {
    uint32_t cVersion;
    const char16_t *pName, *pEnvironment, *pDriverPath, *pDataFile, *pConfigFile, *pHelpFile,
        *pDependentFiles, *pMonitorName, *pDefaultDataType;
};

/* [MS-RPRN] 2.2.2.4.4, level 4 of SPL_DRIVER. */
struct spl_DRIVER_INFO_4 {
    uint32_t cVersion;
    const char16_t *pName, *pEnvironment, *pDriverPath, *pDataFile, *pConfigFile, *pHelpFile,
        *pDependentFiles, *pMonitorName, *pDefaultDataType, *pszzPreviousNames;
};

/* [MS-RPRN] 2.2.2.4.5, level 5 of SPL_DRIVER. */
struct spl_DRIVER_INFO_5 {
    uint32_t cVersion;
    const char16_t *pName, *pEnvironment, *pDriverPath, *pDataFile, *pConfigFile;
    uint32_t dwDriverAttributes, dwConfigVersion, dwDriverVersion;
};

/* [MS-RPRN] 2.2.2.4.6, level 6 of SPL_DRIVER. */
struct spl_DRIVER_INFO_6 {
    uint32_t cVersion;
    const char16_t *pName, *pEnvironment, *pDriverPath, *pDataFile, *pConfigFile, *pHelpFile,
        *pDependentFiles, *pMonitorName, *pDefaultDataType, *pszzPreviousNames;
    struct dtyp_FILETIME ftDriverDate;
    uint64_t dwlDriverVersion;
    const char16_t *pMfgName, *pOEMUrl, *pHardwareID, *pProvider;
};

/* [MS-RPRN] 2.2.2.4.7, level 7 of SPL_DRIVER. */
struct spl_DRIVER_INFO_7 {
    uint32_t cbSize, cVersion;
    const char16_t *pszDriverName, *pszInfName, *pszInstallSourceRoot;
};

/* [MS-RPRN] 2.2.2.4.8, level 8 of SPL_DRIVER. */
struct spl_DRIVER_INFO_8 {
    uint32_t cVersion;
    const char16_t *pName, *pEnvironment, *pDriverPath, *pDataFile, *pConfigFile, *pHelpFile,
        *pDependentFiles, *pMonitorName, *pDefaultDataType, *pszzPreviousNames;
    struct dtyp_FILETIME ftDriverDate;
    uint64_t dwlDriverVersion;
    const char16_t *pMfgName, *pOEMUrl, *pHardwareID, *pProvider, *pPrintProcessor, *pVendorSetup,
        *pszzColorProfiles, *pInfPath;
    uint32_t dwPrinterDriverAttributes;
    const char16_t *pszzCoreDriverDependencies;
    struct dtyp_FILETIME ftMinInboxDriverVerDate;
    uint64_t dwlMinInboxDriverVerVersion;
};

/* [MS-RPRN] 2.2.2.4.10 */
struct spl_DRIVER_FILE_INFO {
    const char16_t *pFileName;
    uint32_t FileType, FileVersion;
};

/* [MS-RPRN] 2.2.2.4.9, level 101 of SPL_DRIVER. */
struct spl_DRIVER_INFO_101 {
    uint32_t cVersion;
    const char16_t *pName, *pEnvironment;
    struct spl_DRIVER_FILE_INFO *pFileInfo;
    uint32_t dwFileCount;
    const char16_t *pMonitorName, *pDefaultDataType, *pszzPreviousNames;
    struct dtyp_FILETIME ftDriverDate;
    uint64_t dwlDriverVersion;
    const char16_t *pMfgName, *pOEMUrl, *pHardwareID, *pProvider;
};

/* [MS-RPRN] 2.2.2.5.1, level 1 of SPL_FORM. */
struct spl_FORM_INFO_1 {
    uint32_t Flags;
    const char16_t *pName;
    struct spoolss_SIZE Size;
    struct spoolss_RECTL ImageableArea;
};

/* [MS-RPRN] 2.2.2.5.2, level 2 of SPL_FORM. */
struct spl_FORM_INFO_2 {
    uint32_t Flags;
    const char16_t *pName;
    struct spoolss_SIZE Size;
    struct spoolss_RECTL ImageableArea;
    const char *pKeyword;
    uint32_t StringType;
    const char16_t *pMuiDll;
    uint32_t dwResourceId;
    const char16_t *pDisplayName;
    uint16_t wLangID, unused;
};

/* [MS-RPRN] 2.2.2.8.1, level 1 of SPL_PORT. */
struct spl_PORT_INFO_1 {
    const char16_t *pPortName;
};

/* [MS-RPRN] 2.2.2.8.2, level 2 of SPL_PORT. */
struct spl_PORT_INFO_2 {
    const char16_t *pPortName, *pMonitorName, *pDescription;
    uint32_t fPortType, Reserved;
};

/* [MS-RPRN] 2.2.2.7.1, level 1 of SPL_MONITOR. */
struct spl_MONITOR_INFO_1 {
    const char16_t *pName;
};

/* [MS-RPRN] 2.2.2.7.2, level 2 of SPL_MONITOR. */
struct spl_MONITOR_INFO_2 {
    const char16_t *pName, *pEnvironment, *pDLLName;
};

/* [MS-RPRN] 2.2.2.10, level 1 of SPL_PRINTPROCESSOR. */
struct spl_PRINTPROCESSOR_INFO_1 {
    const char16_t *pName;
};

/* [MS-RPRN] 2.2.2.3, level 1 of SPL_DATATYPES. */
struct spl_DATATYPES_INFO_1 {
    const char16_t *pName;
};

/* [MS-RPRN] 2.2.2.11 */
struct spl_PRINTER_ENUM_VALUES {
    const char16_t *pValueName;
    uint32_t dwType;
    struct spl_bytes pData;
};

/* Bytes of the fixed part of one element; 0 if there is no such level. */
NT_PUBLIC size_t spl_fixed_size(enum spl_kind kind, uint32_t level);

/*
 * Reads `count` elements (1, or what pcReturned says) from a buffer. *ret is an array of the structure of
 * that level, in `mem`; strings are there, too, but bytes and pKeyword stay where they are in `buf`. However
 * often its offsets name the same place, a buffer costs no more than a few times its length.
 * STATUS_INVALID_LEVEL: no such level. STATUS_INVALID_NETWORK_RESPONSE: something lies outside of the buffer,
 * a string has no end or an odd place. STATUS_NO_MEMORY.
 */
NT_PUBLIC enum nt_status spl_decode(struct nt_arena *mem, enum spl_kind kind, uint32_t level,
                                    const uint8_t *buf, size_t len, size_t count, void **ret) NT_CHECKED;

/* Bytes that spl_encode needs for these elements: what a server answers as pcbNeeded. */
NT_PUBLIC enum nt_status spl_size(enum spl_kind kind, uint32_t level, const void *elems, size_t count,
                                  size_t *ret_size) NT_CHECKED;

/*
 * Writes elements into a buffer of `len` bytes, from both ends; what is between is zero.
 * STATUS_BUFFER_TOO_SMALL if they need more. Counts of what hangs on an element (cbValueName, cbData,
 * dwFileCount) come from it.
 */
NT_PUBLIC enum nt_status spl_encode(enum spl_kind kind, uint32_t level, const void *elems, size_t count,
                                    uint8_t *buf, size_t len) NT_CHECKED;

/* The text that RpcGetPrinterDriverDirectory and RpcGetPrintProcessorDirectory fill a buffer with. */
NT_PUBLIC enum nt_status spl_decode_string(struct nt_arena *mem, const uint8_t *buf, size_t len,
                                           const char16_t **ret) NT_CHECKED;

NT_END_DECLS

#endif
