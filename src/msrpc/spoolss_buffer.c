// SPDX-License-Identifier: Apache-2.0
/* INFO structures in buffers, see spoolss_buffer.h. Driven by tables, so that reading and writing cannot
 * differ. */
#include <msrpc/spoolss_buffer.h>

#include <stddef.h>

#include <msrpc/unistr.h>
#include "base/cursor.h"

/* What a member is on the wire. All but the numbers are offsets of 4 bytes. */
enum kind {
    K_U16,
    K_U32,
    K_U64,
    K_PAD4,
    K_TIME,    /* SYSTEMTIME, 8 numbers of 16 bits */
    K_STR,     /* UTF-16 */
    K_MULTI,   /* a list of them, ended by an empty one */
    K_ASCII,   /* 8-bit */
    K_DEVMODE, /* tells its size itself */
    K_SECDESC, /* as well */
    K_STRCB,   /* UTF-16, then the size in bytes */
    K_DATA,    /* bytes, then their number */
    K_FILES    /* DRIVER_FILE_INFO, then their number */
};

struct member {
    uint8_t kind;
    uint16_t at; /* in the structure */
};

/* clang-format off */
#define AT(type, name)      (uint16_t)offsetof(struct spl_##type, name)
#define U16(type, name)     { K_U16, AT(type, name) }
#define U32(type, name)     { K_U32, AT(type, name) }
#define I32(type, name)     { K_U32, AT(type, name) }
#define U64(type, name)     { K_U64, AT(type, name) }
#define TIME(type, name)    { K_TIME, AT(type, name) }
#define STR(type, name)     { K_STR, AT(type, name) }
#define MULTI(type, name)   { K_MULTI, AT(type, name) }
#define ASCII(type, name)   { K_ASCII, AT(type, name) }
#define DEVMODE(type, name) { K_DEVMODE, AT(type, name) }
#define SECDESC(type, name) { K_SECDESC, AT(type, name) }
#define STRCB(type, name)   { K_STRCB, AT(type, name) }
#define DATA(type, name)    { K_DATA, AT(type, name) }
#define FILES(type, name)   { K_FILES, AT(type, name) }
#define PAD4                { K_PAD4, 0 }

static const struct member printer_info_stress[] = {
    STR(PRINTER_INFO_STRESS, pPrinterName), STR(PRINTER_INFO_STRESS, pServerName),
    U32(PRINTER_INFO_STRESS, cJobs), U32(PRINTER_INFO_STRESS, cTotalJobs),
    U32(PRINTER_INFO_STRESS, cTotalBytes), TIME(PRINTER_INFO_STRESS, stUpTime),
    U32(PRINTER_INFO_STRESS, MaxcRef), U32(PRINTER_INFO_STRESS, cTotalPagesPrinted),
    U32(PRINTER_INFO_STRESS, dwGetVersion), U32(PRINTER_INFO_STRESS, fFreeBuild),
    U32(PRINTER_INFO_STRESS, cSpooling), U32(PRINTER_INFO_STRESS, cMaxSpooling),
    U32(PRINTER_INFO_STRESS, cRef), U32(PRINTER_INFO_STRESS, cErrorOutOfPaper),
    U32(PRINTER_INFO_STRESS, cErrorNotReady), U32(PRINTER_INFO_STRESS, cJobError),
    U32(PRINTER_INFO_STRESS, dwNumberOfProcessors), U32(PRINTER_INFO_STRESS, dwProcessorType),
    U32(PRINTER_INFO_STRESS, dwHighPartTotalBytes), U32(PRINTER_INFO_STRESS, cChangeID),
    U32(PRINTER_INFO_STRESS, dwLastError), U32(PRINTER_INFO_STRESS, Status),
    U32(PRINTER_INFO_STRESS, cEnumerateNetworkPrinters), U32(PRINTER_INFO_STRESS, cAddNetPrinters),
    U16(PRINTER_INFO_STRESS, wProcessorArchitecture), U16(PRINTER_INFO_STRESS, wProcessorLevel),
    U32(PRINTER_INFO_STRESS, cRefIC), U32(PRINTER_INFO_STRESS, dwReserved2),
    U32(PRINTER_INFO_STRESS, dwReserved3),
};
static const struct member printer_info_1[] = {
    U32(PRINTER_INFO_1, Flags), STR(PRINTER_INFO_1, pDescription), STR(PRINTER_INFO_1, pName),
    STR(PRINTER_INFO_1, pComment),
};
static const struct member printer_info_2[] = {
    STR(PRINTER_INFO_2, pServerName), STR(PRINTER_INFO_2, pPrinterName), STR(PRINTER_INFO_2, pShareName),
    STR(PRINTER_INFO_2, pPortName), STR(PRINTER_INFO_2, pDriverName), STR(PRINTER_INFO_2, pComment),
    STR(PRINTER_INFO_2, pLocation), DEVMODE(PRINTER_INFO_2, pDevMode), STR(PRINTER_INFO_2, pSepFile),
    STR(PRINTER_INFO_2, pPrintProcessor), STR(PRINTER_INFO_2, pDatatype), STR(PRINTER_INFO_2, pParameters),
    SECDESC(PRINTER_INFO_2, pSecurityDescriptor), U32(PRINTER_INFO_2, Attributes),
    U32(PRINTER_INFO_2, Priority), U32(PRINTER_INFO_2, DefaultPriority), U32(PRINTER_INFO_2, StartTime),
    U32(PRINTER_INFO_2, UntilTime), U32(PRINTER_INFO_2, Status), U32(PRINTER_INFO_2, cJobs),
    U32(PRINTER_INFO_2, AveragePPM),
};
static const struct member printer_info_3[] = {
    SECDESC(PRINTER_INFO_3, pSecurityDescriptor),
};
static const struct member printer_info_4[] = {
    STR(PRINTER_INFO_4, pPrinterName), STR(PRINTER_INFO_4, pServerName), U32(PRINTER_INFO_4, Attributes),
};
static const struct member printer_info_5[] = {
    STR(PRINTER_INFO_5, pPrinterName), STR(PRINTER_INFO_5, pPortName), U32(PRINTER_INFO_5, Attributes),
    U32(PRINTER_INFO_5, DeviceNotSelectedTimeout), U32(PRINTER_INFO_5, TransmissionRetryTimeout),
};
static const struct member printer_info_6[] = {
    U32(PRINTER_INFO_6, dwStatus),
};
static const struct member printer_info_7[] = {
    STR(PRINTER_INFO_7, pszObjectGUID), U32(PRINTER_INFO_7, dwAction),
};
static const struct member printer_info_8[] = {
    DEVMODE(PRINTER_INFO_8, pDevMode),
};
static const struct member job_info_1[] = {
    U32(JOB_INFO_1, JobId), STR(JOB_INFO_1, pPrinterName), STR(JOB_INFO_1, pMachineName),
    STR(JOB_INFO_1, pUserName), STR(JOB_INFO_1, pDocument), STR(JOB_INFO_1, pDatatype),
    STR(JOB_INFO_1, pStatus), U32(JOB_INFO_1, Status), U32(JOB_INFO_1, Priority), U32(JOB_INFO_1, Position),
    U32(JOB_INFO_1, TotalPages), U32(JOB_INFO_1, PagesPrinted), TIME(JOB_INFO_1, Submitted),
};
static const struct member job_info_2[] = {
    U32(JOB_INFO_2, JobId), STR(JOB_INFO_2, pPrinterName), STR(JOB_INFO_2, pMachineName),
    STR(JOB_INFO_2, pUserName), STR(JOB_INFO_2, pDocument), STR(JOB_INFO_2, pNotifyName),
    STR(JOB_INFO_2, pDatatype), STR(JOB_INFO_2, pPrintProcessor), STR(JOB_INFO_2, pParameters),
    STR(JOB_INFO_2, pDriverName), DEVMODE(JOB_INFO_2, pDevMode), STR(JOB_INFO_2, pStatus),
    SECDESC(JOB_INFO_2, pSecurityDescriptor), U32(JOB_INFO_2, Status), U32(JOB_INFO_2, Priority),
    U32(JOB_INFO_2, Position), U32(JOB_INFO_2, StartTime), U32(JOB_INFO_2, UntilTime),
    U32(JOB_INFO_2, TotalPages), U32(JOB_INFO_2, Size), TIME(JOB_INFO_2, Submitted), U32(JOB_INFO_2, Time),
    U32(JOB_INFO_2, PagesPrinted),
};
static const struct member job_info_3[] = {
    U32(JOB_INFO_3, JobId), U32(JOB_INFO_3, NextJobId), U32(JOB_INFO_3, Reserved),
};
static const struct member job_info_4[] = {
    U32(JOB_INFO_4, JobId), STR(JOB_INFO_4, pPrinterName), STR(JOB_INFO_4, pMachineName),
    STR(JOB_INFO_4, pUserName), STR(JOB_INFO_4, pDocument), STR(JOB_INFO_4, pNotifyName),
    STR(JOB_INFO_4, pDatatype), STR(JOB_INFO_4, pPrintProcessor), STR(JOB_INFO_4, pParameters),
    STR(JOB_INFO_4, pDriverName), DEVMODE(JOB_INFO_4, pDevMode), STR(JOB_INFO_4, pStatus),
    SECDESC(JOB_INFO_4, pSecurityDescriptor), U32(JOB_INFO_4, Status), U32(JOB_INFO_4, Priority),
    U32(JOB_INFO_4, Position), U32(JOB_INFO_4, StartTime), U32(JOB_INFO_4, UntilTime),
    U32(JOB_INFO_4, TotalPages), U32(JOB_INFO_4, Size), TIME(JOB_INFO_4, Submitted), U32(JOB_INFO_4, Time),
    U32(JOB_INFO_4, PagesPrinted), I32(JOB_INFO_4, SizeHigh),
};
static const struct member driver_info_1[] = {
    STR(DRIVER_INFO_1, pName),
};
static const struct member driver_info_2[] = {
    U32(DRIVER_INFO_2, cVersion), STR(DRIVER_INFO_2, pName), STR(DRIVER_INFO_2, pEnvironment),
    STR(DRIVER_INFO_2, pDriverPath), STR(DRIVER_INFO_2, pDataFile), STR(DRIVER_INFO_2, pConfigFile),
};
static const struct member driver_info_3[] = {
    U32(DRIVER_INFO_3, cVersion), STR(DRIVER_INFO_3, pName), STR(DRIVER_INFO_3, pEnvironment),
    STR(DRIVER_INFO_3, pDriverPath), STR(DRIVER_INFO_3, pDataFile), STR(DRIVER_INFO_3, pConfigFile),
    STR(DRIVER_INFO_3, pHelpFile), MULTI(DRIVER_INFO_3, pDependentFiles), STR(DRIVER_INFO_3, pMonitorName),
    STR(DRIVER_INFO_3, pDefaultDataType),
};
static const struct member driver_info_4[] = {
    U32(DRIVER_INFO_4, cVersion), STR(DRIVER_INFO_4, pName), STR(DRIVER_INFO_4, pEnvironment),
    STR(DRIVER_INFO_4, pDriverPath), STR(DRIVER_INFO_4, pDataFile), STR(DRIVER_INFO_4, pConfigFile),
    STR(DRIVER_INFO_4, pHelpFile), MULTI(DRIVER_INFO_4, pDependentFiles), STR(DRIVER_INFO_4, pMonitorName),
    STR(DRIVER_INFO_4, pDefaultDataType), MULTI(DRIVER_INFO_4, pszzPreviousNames),
};
static const struct member driver_info_5[] = {
    U32(DRIVER_INFO_5, cVersion), STR(DRIVER_INFO_5, pName), STR(DRIVER_INFO_5, pEnvironment),
    STR(DRIVER_INFO_5, pDriverPath), STR(DRIVER_INFO_5, pDataFile), STR(DRIVER_INFO_5, pConfigFile),
    U32(DRIVER_INFO_5, dwDriverAttributes), U32(DRIVER_INFO_5, dwConfigVersion),
    U32(DRIVER_INFO_5, dwDriverVersion),
};
static const struct member driver_info_6[] = {
    U32(DRIVER_INFO_6, cVersion), STR(DRIVER_INFO_6, pName), STR(DRIVER_INFO_6, pEnvironment),
    STR(DRIVER_INFO_6, pDriverPath), STR(DRIVER_INFO_6, pDataFile), STR(DRIVER_INFO_6, pConfigFile),
    STR(DRIVER_INFO_6, pHelpFile), MULTI(DRIVER_INFO_6, pDependentFiles), STR(DRIVER_INFO_6, pMonitorName),
    STR(DRIVER_INFO_6, pDefaultDataType), MULTI(DRIVER_INFO_6, pszzPreviousNames),
    U32(DRIVER_INFO_6, ftDriverDate.dwLowDateTime), U32(DRIVER_INFO_6, ftDriverDate.dwHighDateTime), PAD4,
    U64(DRIVER_INFO_6, dwlDriverVersion), STR(DRIVER_INFO_6, pMfgName), STR(DRIVER_INFO_6, pOEMUrl),
    STR(DRIVER_INFO_6, pHardwareID), STR(DRIVER_INFO_6, pProvider),
};
static const struct member driver_info_7[] = {
    U32(DRIVER_INFO_7, cbSize), U32(DRIVER_INFO_7, cVersion), STR(DRIVER_INFO_7, pszDriverName),
    STR(DRIVER_INFO_7, pszInfName), STR(DRIVER_INFO_7, pszInstallSourceRoot),
};
static const struct member driver_info_8[] = {
    U32(DRIVER_INFO_8, cVersion), STR(DRIVER_INFO_8, pName), STR(DRIVER_INFO_8, pEnvironment),
    STR(DRIVER_INFO_8, pDriverPath), STR(DRIVER_INFO_8, pDataFile), STR(DRIVER_INFO_8, pConfigFile),
    STR(DRIVER_INFO_8, pHelpFile), MULTI(DRIVER_INFO_8, pDependentFiles), STR(DRIVER_INFO_8, pMonitorName),
    STR(DRIVER_INFO_8, pDefaultDataType), MULTI(DRIVER_INFO_8, pszzPreviousNames),
    U32(DRIVER_INFO_8, ftDriverDate.dwLowDateTime), U32(DRIVER_INFO_8, ftDriverDate.dwHighDateTime), PAD4,
    U64(DRIVER_INFO_8, dwlDriverVersion), STR(DRIVER_INFO_8, pMfgName), STR(DRIVER_INFO_8, pOEMUrl),
    STR(DRIVER_INFO_8, pHardwareID), STR(DRIVER_INFO_8, pProvider), STR(DRIVER_INFO_8, pPrintProcessor),
    STR(DRIVER_INFO_8, pVendorSetup), MULTI(DRIVER_INFO_8, pszzColorProfiles), STR(DRIVER_INFO_8, pInfPath),
    U32(DRIVER_INFO_8, dwPrinterDriverAttributes), MULTI(DRIVER_INFO_8, pszzCoreDriverDependencies),
    U32(DRIVER_INFO_8, ftMinInboxDriverVerDate.dwLowDateTime),
    U32(DRIVER_INFO_8, ftMinInboxDriverVerDate.dwHighDateTime),
    U64(DRIVER_INFO_8, dwlMinInboxDriverVerVersion),
};
static const struct member driver_info_101[] = {
    U32(DRIVER_INFO_101, cVersion), STR(DRIVER_INFO_101, pName), STR(DRIVER_INFO_101, pEnvironment),
    FILES(DRIVER_INFO_101, pFileInfo), STR(DRIVER_INFO_101, pMonitorName),
    STR(DRIVER_INFO_101, pDefaultDataType), MULTI(DRIVER_INFO_101, pszzPreviousNames),
    U32(DRIVER_INFO_101, ftDriverDate.dwLowDateTime), U32(DRIVER_INFO_101, ftDriverDate.dwHighDateTime),
    U64(DRIVER_INFO_101, dwlDriverVersion), STR(DRIVER_INFO_101, pMfgName), STR(DRIVER_INFO_101, pOEMUrl),
    STR(DRIVER_INFO_101, pHardwareID), STR(DRIVER_INFO_101, pProvider),
};
static const struct member form_info_1[] = {
    U32(FORM_INFO_1, Flags), STR(FORM_INFO_1, pName), I32(FORM_INFO_1, Size.cx), I32(FORM_INFO_1, Size.cy),
    I32(FORM_INFO_1, ImageableArea.left), I32(FORM_INFO_1, ImageableArea.top),
    I32(FORM_INFO_1, ImageableArea.right), I32(FORM_INFO_1, ImageableArea.bottom),
};
static const struct member form_info_2[] = {
    U32(FORM_INFO_2, Flags), STR(FORM_INFO_2, pName), I32(FORM_INFO_2, Size.cx), I32(FORM_INFO_2, Size.cy),
    I32(FORM_INFO_2, ImageableArea.left), I32(FORM_INFO_2, ImageableArea.top),
    I32(FORM_INFO_2, ImageableArea.right), I32(FORM_INFO_2, ImageableArea.bottom),
    ASCII(FORM_INFO_2, pKeyword), U32(FORM_INFO_2, StringType), STR(FORM_INFO_2, pMuiDll),
    U32(FORM_INFO_2, dwResourceId), STR(FORM_INFO_2, pDisplayName), U16(FORM_INFO_2, wLangID),
    U16(FORM_INFO_2, unused),
};
static const struct member port_info_1[] = {
    STR(PORT_INFO_1, pPortName),
};
static const struct member port_info_2[] = {
    STR(PORT_INFO_2, pPortName), STR(PORT_INFO_2, pMonitorName), STR(PORT_INFO_2, pDescription),
    U32(PORT_INFO_2, fPortType), U32(PORT_INFO_2, Reserved),
};
static const struct member monitor_info_1[] = {
    STR(MONITOR_INFO_1, pName),
};
static const struct member monitor_info_2[] = {
    STR(MONITOR_INFO_2, pName), STR(MONITOR_INFO_2, pEnvironment), STR(MONITOR_INFO_2, pDLLName),
};
static const struct member printprocessor_info_1[] = {
    STR(PRINTPROCESSOR_INFO_1, pName),
};
static const struct member datatypes_info_1[] = {
    STR(DATATYPES_INFO_1, pName),
};
static const struct member printer_enum_values[] = {
    STRCB(PRINTER_ENUM_VALUES, pValueName), U32(PRINTER_ENUM_VALUES, dwType),
    DATA(PRINTER_ENUM_VALUES, pData),
};

#define N(table) table, sizeof(table) / sizeof(table[0])

static const struct level {
    enum spl_kind kind;
    uint32_t level;
    size_t size; /* in memory */
    const struct member *members;
    size_t n;
} levels[] = {
    { SPL_PRINTER, 0, sizeof(struct spl_PRINTER_INFO_STRESS), N(printer_info_stress) },
    { SPL_PRINTER, 1, sizeof(struct spl_PRINTER_INFO_1), N(printer_info_1) },
    { SPL_PRINTER, 2, sizeof(struct spl_PRINTER_INFO_2), N(printer_info_2) },
    { SPL_PRINTER, 3, sizeof(struct spl_PRINTER_INFO_3), N(printer_info_3) },
    { SPL_PRINTER, 4, sizeof(struct spl_PRINTER_INFO_4), N(printer_info_4) },
    { SPL_PRINTER, 5, sizeof(struct spl_PRINTER_INFO_5), N(printer_info_5) },
    { SPL_PRINTER, 6, sizeof(struct spl_PRINTER_INFO_6), N(printer_info_6) },
    { SPL_PRINTER, 7, sizeof(struct spl_PRINTER_INFO_7), N(printer_info_7) },
    { SPL_PRINTER, 8, sizeof(struct spl_PRINTER_INFO_8), N(printer_info_8) },
    { SPL_JOB, 1, sizeof(struct spl_JOB_INFO_1), N(job_info_1) },
    { SPL_JOB, 2, sizeof(struct spl_JOB_INFO_2), N(job_info_2) },
    { SPL_JOB, 3, sizeof(struct spl_JOB_INFO_3), N(job_info_3) },
    { SPL_JOB, 4, sizeof(struct spl_JOB_INFO_4), N(job_info_4) },
    { SPL_DRIVER, 1, sizeof(struct spl_DRIVER_INFO_1), N(driver_info_1) },
    { SPL_DRIVER, 2, sizeof(struct spl_DRIVER_INFO_2), N(driver_info_2) },
    { SPL_DRIVER, 3, sizeof(struct spl_DRIVER_INFO_3), N(driver_info_3) },
    { SPL_DRIVER, 4, sizeof(struct spl_DRIVER_INFO_4), N(driver_info_4) },
    { SPL_DRIVER, 5, sizeof(struct spl_DRIVER_INFO_5), N(driver_info_5) },
    { SPL_DRIVER, 6, sizeof(struct spl_DRIVER_INFO_6), N(driver_info_6) },
    { SPL_DRIVER, 7, sizeof(struct spl_DRIVER_INFO_7), N(driver_info_7) },
    { SPL_DRIVER, 8, sizeof(struct spl_DRIVER_INFO_8), N(driver_info_8) },
    { SPL_DRIVER, 101, sizeof(struct spl_DRIVER_INFO_101), N(driver_info_101) },
    { SPL_FORM, 1, sizeof(struct spl_FORM_INFO_1), N(form_info_1) },
    { SPL_FORM, 2, sizeof(struct spl_FORM_INFO_2), N(form_info_2) },
    { SPL_PORT, 1, sizeof(struct spl_PORT_INFO_1), N(port_info_1) },
    { SPL_PORT, 2, sizeof(struct spl_PORT_INFO_2), N(port_info_2) },
    { SPL_MONITOR, 1, sizeof(struct spl_MONITOR_INFO_1), N(monitor_info_1) },
    { SPL_MONITOR, 2, sizeof(struct spl_MONITOR_INFO_2), N(monitor_info_2) },
    { SPL_PRINTPROCESSOR, 1, sizeof(struct spl_PRINTPROCESSOR_INFO_1), N(printprocessor_info_1) },
    { SPL_DATATYPES, 1, sizeof(struct spl_DATATYPES_INFO_1), N(datatypes_info_1) },
    { SPL_VALUES, 1, sizeof(struct spl_PRINTER_ENUM_VALUES), N(printer_enum_values) },
};
/* clang-format on */

#define FILE_INFO_SIZE 12 /* of DRIVER_FILE_INFO on the wire */
/* dmSize and dmDriverExtra stand at 68 and 70; a truncated _DEVMODE has at least dmFields, which ends at 76.
 */
#define DEVMODE_SIZE_AT  68
#define DEVMODE_EXTRA_AT 70
#define DEVMODE_MIN      76
/* [MS-DTYP] 2.4.6: revision, control, four offsets. */
#define SECDESC_HEADER 20
#define ACL_HEADER     8 /* [MS-DTYP] 2.4.5, part of AclSize */

static const struct level *find(enum spl_kind kind, uint32_t level)
{
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
        if (levels[i].kind == kind && levels[i].level == level)
            return &levels[i];
    return NULL;
}

static size_t wire_size(enum kind kind)
{
    switch (kind) {
    case K_U16:
        return 2;
    case K_U64:
    case K_STRCB:
    case K_DATA:
    case K_FILES:
        return 8;
    case K_TIME:
        return 16;
    default:
        return 4;
    }
}

static size_t fixed_size(const struct level *l)
{
    size_t size = 0;
    for (size_t i = 0; i < l->n; i++)
        size += wire_size(l->members[i].kind);
    return size;
}

size_t spl_fixed_size(enum spl_kind kind, uint32_t level)
{
    const struct level *l = find(kind, level);
    return l ? fixed_size(l) : 0;
}

/*
 * Reading. The buffer is turned once, as a whole, into UTF-16 of the host; strings are places in that. Where
 * the last terminators stand is looked up once, too: so an offset costs the same however long its string is.
 */

struct in {
    struct nt_arena *mem;
    struct rd r; /* at the members of the element */
    size_t start;
    const char16_t *units;
    size_t str_end, multi_end, ascii_end; /* behind the last place that ends one; 0: there is none */
    size_t files_left;                    /* DRIVER_FILE_INFO that the buffer could hold */
};

static enum nt_status prepare(struct in *in, struct nt_arena *mem, const uint8_t *buf, size_t len)
{
    size_t n = len / 2;
    char16_t *units = nt_arena_raw(mem, n ? n * sizeof(*units) : sizeof(*units), __alignof__(*units));
    if (!units)
        return STATUS_NO_MEMORY;
    *in = (struct in){ .mem = mem, .units = units, .files_left = len / FILE_INFO_SIZE };
    rd_init(&in->r, buf, len);
    for (size_t i = 0; i < n; i++) {
        units[i] = le16(buf + 2 * i);
        if (!units[i])
            in->str_end = i + 1;
        if (!units[i] && i && !units[i - 1])
            in->multi_end = i + 1;
    }
    for (size_t i = len; i && !in->ascii_end; i--)
        if (!buf[i - 1])
            in->ascii_end = i;
    return STATUS_SUCCESS;
}

/* Reads an offset. False: it is 0; or it leads out of the buffer, which fails the cursor. */
static bool target(struct in *in, size_t *ret_at)
{
    size_t off = rd_u32(&in->r);
    if (!off)
        return false;
    if (off > in->r.len - in->start) {
        rd_fail(&in->r, STATUS_INVALID_NETWORK_RESPONSE);
        return false;
    }
    *ret_at = in->start + off;
    return true;
}

static const char16_t *get_string(struct in *in, bool multi)
{
    size_t at;
    if (!target(in, &at))
        return NULL;
    size_t unit = at / 2, end = multi ? in->multi_end : in->str_end;
    /* a list that is empty is one terminator */
    bool empty = multi && unit < in->str_end && !in->units[unit];
    if (at % 2 || (unit >= end && !empty) || (multi && !empty && unit + 1 >= end)) {
        rd_fail(&in->r, STATUS_INVALID_NETWORK_RESPONSE);
        return NULL;
    }
    return in->units + unit;
}

static const char *get_ascii(struct in *in)
{
    size_t at;
    if (!target(in, &at))
        return NULL;
    if (at >= in->ascii_end) {
        rd_fail(&in->r, STATUS_INVALID_NETWORK_RESPONSE);
        return NULL;
    }
    return (const char *)in->r.base + at;
}

static struct spl_bytes get_bytes(struct in *in, size_t at, size_t size)
{
    struct rd w = rd_sub(&in->r, at, size);
    return w.st == STATUS_SUCCESS ? (struct spl_bytes){ w.base, (uint32_t)size } : (struct spl_bytes){ 0 };
}

static struct spl_bytes get_devmode(struct in *in)
{
    size_t at;
    if (!target(in, &at))
        return (struct spl_bytes){ 0 };
    struct rd head = rd_sub(&in->r, at, DEVMODE_MIN);
    if (head.st != STATUS_SUCCESS)
        return (struct spl_bytes){ 0 };
    size_t size = le16(head.base + DEVMODE_SIZE_AT);
    if (size < DEVMODE_MIN) {
        rd_fail(&in->r, STATUS_INVALID_NETWORK_RESPONSE);
        return (struct spl_bytes){ 0 };
    }
    return get_bytes(in, at, size + le16(head.base + DEVMODE_EXTRA_AT));
}

/* Where the owner, the group or an access list that starts at `off` ends; fails the cursor if outside of it.
 */
static size_t secdesc_part(struct rd *sd, size_t off, bool acl)
{
    struct rd head = rd_sub(sd, off, acl ? ACL_HEADER : 2);
    if (head.st != STATUS_SUCCESS)
        return 0;
    size_t size = acl ? le16(head.base + 2) : 8 + 4 * (size_t)head.base[1];
    if (acl && size < ACL_HEADER)
        rd_fail(sd, STATUS_INVALID_NETWORK_RESPONSE);
    (void)rd_sub(sd, off, size);
    return off + size;
}

/* A self-relative descriptor ends where the last of its parts does. */
static struct spl_bytes get_secdesc(struct in *in)
{
    size_t at, size = SECDESC_HEADER;
    if (!target(in, &at))
        return (struct spl_bytes){ 0 };
    struct rd sd = rd_sub(&in->r, at, in->r.len - at), head = rd_sub(&sd, 0, SECDESC_HEADER);
    for (size_t i = 0; i < 4 && head.st == STATUS_SUCCESS; i++) {
        size_t off = le32(head.base + 4 + 4 * i), end = off ? secdesc_part(&sd, off, i >= 2) : 0;
        if (end > size)
            size = end;
    }
    if (sd.st != STATUS_SUCCESS)
        rd_fail(&in->r, STATUS_INVALID_NETWORK_RESPONSE);
    return get_bytes(in, at, size);
}

static struct spl_bytes get_data(struct in *in)
{
    size_t at = 0;
    bool there = target(in, &at);
    size_t size = rd_u32(&in->r);
    return there ? get_bytes(in, at, size) : (struct spl_bytes){ 0 };
}

/* Names in the array count from the start of the DRIVER_INFO_101, too. */
static void get_files(struct in *in, struct spl_DRIVER_FILE_INFO **ret_files, uint32_t *ret_n)
{
    size_t at = 0;
    bool there = target(in, &at);
    size_t n = rd_u32(&in->r);
    if (!there || !n)
        return;
    struct rd saved = in->r;
    if (n > in->files_left || n > (in->r.len - at) / FILE_INFO_SIZE) {
        rd_fail(&in->r, STATUS_INVALID_NETWORK_RESPONSE);
        return;
    }
    in->files_left -= n;
    struct spl_DRIVER_FILE_INFO *files = nt_arena_array(in->mem, n, sizeof(*files));
    if (!files) {
        rd_fail(&in->r, STATUS_NO_MEMORY);
        return;
    }
    in->r.pos = at;
    for (size_t i = 0; i < n; i++) {
        files[i].pFileName = get_string(in, false);
        files[i].FileType = rd_u32(&in->r);
        files[i].FileVersion = rd_u32(&in->r);
    }
    if (in->r.st == STATUS_SUCCESS)
        in->r.pos = saved.pos;
    *ret_files = files;
    *ret_n = (uint32_t)n;
}

static void get_member(struct in *in, const struct member *m, void *elem)
{
    char *to = (char *)elem + m->at;
    switch ((enum kind)m->kind) {
    case K_U16:
        *(uint16_t *)to = rd_u16(&in->r);
        break;
    case K_U32:
        *(uint32_t *)to = rd_u32(&in->r);
        break;
    case K_U64:
        *(uint64_t *)to = rd_u64(&in->r);
        break;
    case K_PAD4:
        rd_skip(&in->r, 4);
        break;
    case K_TIME:
        for (size_t i = 0; i < 8; i++)
            ((uint16_t *)to)[i] = rd_u16(&in->r);
        break;
    case K_STR:
    case K_MULTI:
        *(const char16_t **)to = get_string(in, m->kind == K_MULTI);
        break;
    case K_STRCB:
        *(const char16_t **)to = get_string(in, false);
        rd_skip(&in->r, 4);
        break;
    case K_ASCII:
        *(const char **)to = get_ascii(in);
        break;
    case K_DEVMODE:
        *(struct spl_bytes *)to = get_devmode(in);
        break;
    case K_SECDESC:
        *(struct spl_bytes *)to = get_secdesc(in);
        break;
    case K_DATA:
        *(struct spl_bytes *)to = get_data(in);
        break;
    case K_FILES: {
        struct spl_DRIVER_INFO_101 *d = elem;
        get_files(in, &d->pFileInfo, &d->dwFileCount);
        break;
    }
    }
}

enum nt_status spl_decode(struct nt_arena *mem, enum spl_kind kind, uint32_t level, const uint8_t *buf,
                          size_t len, size_t count, void **ret)
{
    const struct level *l = find(kind, level);
    struct in in;
    if (!l)
        return STATUS_INVALID_LEVEL;
    size_t fixed = fixed_size(l);
    if (count > len / fixed)
        return STATUS_INVALID_NETWORK_RESPONSE;
    char *elems = nt_arena_array(mem, count ? count : 1, l->size);
    if (!elems)
        return STATUS_NO_MEMORY;
    enum nt_status st = prepare(&in, mem, buf, len);
    for (size_t i = 0; st == STATUS_SUCCESS && i < count; i++) {
        in.start = in.r.pos = i * fixed;
        for (size_t k = 0; k < l->n; k++)
            get_member(&in, &l->members[k], elems + i * l->size);
        st = in.r.st;
    }
    if (st == STATUS_SUCCESS)
        *ret = elems;
    return st;
}

enum nt_status spl_decode_string(struct nt_arena *mem, const uint8_t *buf, size_t len, const char16_t **ret)
{
    struct in in;
    enum nt_status st = prepare(&in, mem, buf, len);
    if (st == STATUS_SUCCESS && !in.str_end)
        st = STATUS_INVALID_NETWORK_RESPONSE;
    if (st == STATUS_SUCCESS)
        *ret = in.units;
    return st;
}

/*
 * Writing. What hangs on an element is put before what was put last, so that the buffer fills from its end.
 * With buf NULL nothing is written and only the place is counted, down from a limit that is a multiple of 4.
 */

struct out {
    uint8_t *buf;
    size_t start, pos; /* of the element, of its next member */
    size_t used, room; /* behind the fixed parts: bytes in use, counted from the end; bytes there are */
    size_t end;
    bool full;
};

static size_t str_units(const char16_t *s, bool multi)
{
    size_t n = 0;
    while (s[n] || (multi && n && s[n - 1]))
        n++;
    return n + 1;
}

/* Takes `size` bytes from the end, at a multiple of `align`, and writes their offset. NULL: nowhere to write.
 */
static uint8_t *put_target(struct out *o, size_t size, size_t align, bool null)
{
    size_t at = 0;
    if (!null) {
        if (o->full || size > o->room - o->used)
            o->full = true;
        else
            o->used = (o->used + size + align - 1) & ~(align - 1);
        at = o->end - o->used;
    }
    bool write = o->buf && !o->full;
    if (write)
        put_le32(o->buf + o->pos, (uint32_t)(null ? 0 : at - o->start));
    o->pos += 4;
    return write && !null ? o->buf + at : NULL;
}

static void put_u32(struct out *o, uint32_t v)
{
    if (o->buf && !o->full)
        put_le32(o->buf + o->pos, v);
    o->pos += 4;
}

static size_t put_string(struct out *o, const char16_t *s, bool multi)
{
    size_t n = s ? str_units(s, multi) : 0;
    uint8_t *to = put_target(o, 2 * n, 2, !s);
    for (size_t i = 0; to && i < n; i++)
        put_le16(to + 2 * i, s[i]);
    return 2 * n;
}

static void put_bytes(struct out *o, const void *data, size_t size, size_t align)
{
    uint8_t *to = put_target(o, size, align, !data);
    if (to && size)
        memcpy(to, data, size);
}

static void put_files(struct out *o, const struct spl_DRIVER_FILE_INFO *files, uint32_t n)
{
    size_t at = o->pos;
    (void)put_target(o, n * (size_t)FILE_INFO_SIZE, 4, !n);
    size_t array = o->end - o->used;
    put_u32(o, n);
    at += 8;
    for (size_t i = 0; i < n && !o->full; i++) {
        o->pos = array + i * FILE_INFO_SIZE;
        put_string(o, files[i].pFileName, false);
        put_u32(o, files[i].FileType);
        put_u32(o, files[i].FileVersion);
    }
    o->pos = at;
}

static void put_member(struct out *o, const struct member *m, const void *elem)
{
    const char *from = (const char *)elem + m->at;
    const struct spl_bytes *b = (const void *)from;
    bool write = o->buf && !o->full;
    switch ((enum kind)m->kind) {
    case K_U16:
        if (write)
            put_le16(o->buf + o->pos, *(const uint16_t *)(const void *)from);
        o->pos += 2;
        break;
    case K_U32:
        put_u32(o, *(const uint32_t *)(const void *)from);
        break;
    case K_U64:
        if (write)
            put_le64(o->buf + o->pos, *(const uint64_t *)(const void *)from);
        o->pos += 8;
        break;
    case K_PAD4:
        put_u32(o, 0);
        break;
    case K_TIME:
        for (size_t i = 0; i < 8 && write; i++)
            put_le16(o->buf + o->pos + 2 * i, ((const uint16_t *)(const void *)from)[i]);
        o->pos += 16;
        break;
    case K_STR:
    case K_MULTI:
        put_string(o, *(const char16_t *const *)(const void *)from, m->kind == K_MULTI);
        break;
    case K_STRCB:
        put_u32(o, (uint32_t)put_string(o, *(const char16_t *const *)(const void *)from, false));
        break;
    case K_ASCII: {
        const char *s = *(const char *const *)(const void *)from;
        put_bytes(o, s, s ? strlen(s) + 1 : 0, 2);
        break;
    }
    case K_DEVMODE:
    case K_SECDESC:
        put_bytes(o, b->data, b->size, 4);
        break;
    case K_DATA:
        put_bytes(o, b->data, b->size, 4);
        put_u32(o, b->data ? b->size : 0);
        break;
    case K_FILES: {
        const struct spl_DRIVER_INFO_101 *d = elem;
        put_files(o, d->pFileInfo, d->pFileInfo ? d->dwFileCount : 0);
        break;
    }
    }
}

static void put_all(struct out *o, const struct level *l, const char *elems, size_t count)
{
    size_t fixed = fixed_size(l);
    for (size_t i = 0; i < count && !o->full; i++) {
        o->start = o->pos = i * fixed;
        for (size_t k = 0; k < l->n; k++)
            put_member(o, &l->members[k], elems + i * l->size);
    }
}

enum nt_status spl_size(enum spl_kind kind, uint32_t level, const void *elems, size_t count, size_t *ret_size)
{
    const struct level *l = find(kind, level);
    if (!l)
        return STATUS_INVALID_LEVEL;
    struct out o = { .room = UINT32_MAX - 3, .end = SIZE_MAX & ~(size_t)3 };
    if (count > UINT32_MAX / fixed_size(l))
        return STATUS_BUFFER_OVERFLOW;
    put_all(&o, l, elems, count);
    size_t size = count * fixed_size(l) + o.used;
    if (o.full || size > UINT32_MAX)
        return STATUS_BUFFER_OVERFLOW;
    *ret_size = (size + 3) & ~(size_t)3;
    return STATUS_SUCCESS;
}

enum nt_status spl_encode(enum spl_kind kind, uint32_t level, const void *elems, size_t count, uint8_t *buf,
                          size_t len)
{
    const struct level *l = find(kind, level);
    size_t need;
    enum nt_status st = spl_size(kind, level, elems, count, &need);
    if (st != STATUS_SUCCESS)
        return st;
    if (need > len)
        return STATUS_BUFFER_TOO_SMALL;
    size_t fixed = count * fixed_size(l), end = len & ~(size_t)3;
    memset(buf, 0, len);
    struct out o = { .buf = buf, .end = end, .room = end - fixed };
    put_all(&o, l, elems, count);
    return STATUS_SUCCESS;
}
