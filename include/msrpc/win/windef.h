// SPDX-License-Identifier: Apache-2.0
/*
 * Types of the Windows API, with the sizes that they have there: LONG and DWORD are 32 bits on every machine,
 * WCHAR is 16.
 *
 * WCHAR is wchar_t if that has 16 bits (-fshort-wchar), so L"" literals fit; else char16_t, so u"" literals
 * fit. Do not mix objects built either way in one C++ program: names of functions are mangled differently.
 */
#ifndef TERN_WIN_WINDEF_H
#define TERN_WIN_WINDEF_H

#include <stddef.h>
#include <stdint.h>
#ifndef __cplusplus
#include <uchar.h>
#endif

#if defined(UNICODE) && !defined(_UNICODE)
#define _UNICODE
#elif defined(_UNICODE) && !defined(UNICODE)
#define UNICODE
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Calling conventions are those of the platform. */
#define WINAPI
#define APIENTRY
#define CALLBACK
#define PASCAL
#define FAR
#define NEAR

/* Marks of direction in prototypes, for readers only. */
#ifndef IN
#define IN
#endif
#ifndef OUT
#define OUT
#endif
#ifndef OPTIONAL
#define OPTIONAL
#endif
#ifndef _In_
#define _In_
#define _In_opt_
#define _In_z_
#define _In_opt_z_
#define _Out_
#define _Out_opt_
#define _Outptr_
#define _Inout_
#define _Inout_opt_
#define _Reserved_
#endif

#ifndef CONST
#define CONST const
#endif
#ifndef VOID
#define VOID void
#endif
#ifndef TRUE
#define TRUE 1
#endif
#ifndef FALSE
#define FALSE 0
#endif
#ifndef MAX_PATH
#define MAX_PATH 260
#endif

typedef char CHAR;
typedef unsigned char UCHAR;
typedef unsigned char BYTE;
typedef unsigned char BOOLEAN;
typedef int16_t SHORT;
typedef uint16_t USHORT;
typedef uint16_t WORD;
typedef int INT;
typedef unsigned int UINT;
typedef int BOOL;
typedef int32_t LONG;
typedef uint32_t ULONG;
typedef uint32_t DWORD;
typedef int32_t INT32;
typedef uint32_t UINT32;
typedef int64_t INT64;
typedef uint64_t UINT64;
typedef int64_t LONGLONG;
typedef uint64_t ULONGLONG;
typedef uint64_t DWORD64;
typedef intptr_t INT_PTR;
typedef intptr_t LONG_PTR;
typedef uintptr_t UINT_PTR;
typedef uintptr_t ULONG_PTR;
typedef uintptr_t DWORD_PTR;
typedef ULONG_PTR SIZE_T;
typedef LONG HRESULT;
typedef LONG NTSTATUS;

typedef void *PVOID;
typedef void *LPVOID;
typedef const void *LPCVOID;
typedef void *HANDLE;
typedef HANDLE *PHANDLE, *LPHANDLE;

typedef UCHAR *PUCHAR;
typedef BYTE *PBYTE, *LPBYTE;
typedef const BYTE *LPCBYTE;
typedef BOOLEAN *PBOOLEAN;
typedef SHORT *PSHORT;
typedef USHORT *PUSHORT;
typedef WORD *PWORD, *LPWORD;
typedef INT *PINT, *LPINT;
typedef UINT *PUINT, *LPUINT;
typedef BOOL *PBOOL, *LPBOOL;
typedef LONG *PLONG, *LPLONG;
typedef ULONG *PULONG;
typedef DWORD *PDWORD, *LPDWORD;
typedef LONGLONG *PLONGLONG;
typedef ULONGLONG *PULONGLONG;
typedef LONG_PTR *PLONG_PTR;
typedef ULONG_PTR *PULONG_PTR;
typedef DWORD_PTR *PDWORD_PTR;

#if __SIZEOF_WCHAR_T__ == 2
typedef wchar_t WCHAR;
#define WIN_WIDE_(s) L##s
#else
typedef char16_t WCHAR;
#define WIN_WIDE_(s) u##s
#endif
#define WIN_WIDE(s) WIN_WIDE_(s) /* a string or character literal of WCHAR, whichever type that is */

typedef CHAR *PSTR, *LPSTR, *PCHAR;
typedef const CHAR *PCSTR, *LPCSTR;
typedef WCHAR *PWCHAR, *PWSTR, *LPWSTR;
typedef const WCHAR *PCWSTR, *LPCWSTR;

/* TCHAR and what is made of it follow UNICODE; the functions of NetAPI take WCHAR always. */
#ifdef UNICODE
typedef WCHAR TCHAR;
#define TEXT(s) WIN_WIDE(s)
#else
typedef CHAR TCHAR;
#define TEXT(s) s
#endif
typedef TCHAR *PTCHAR, *PTSTR, *LPTSTR;
typedef const TCHAR *PCTSTR, *LPCTSTR;
#ifndef _T
#define _T(s) TEXT(s)
#endif

#ifndef GUID_DEFINED
#define GUID_DEFINED
typedef struct _GUID {
    uint32_t Data1;
    uint16_t Data2;
    uint16_t Data3;
    uint8_t Data4[8];
} GUID, *PGUID, *LPGUID;
#endif

/* 100 ns since 1601-01-01 UTC, in halves: aligned to 4 bytes, unlike LARGE_INTEGER. */
typedef struct _FILETIME {
    DWORD dwLowDateTime;
    DWORD dwHighDateTime;
} FILETIME, *PFILETIME, *LPFILETIME;

/* QuadPart is a number of the host; the halves keep their meaning on either byte order. */
typedef union _LARGE_INTEGER {
    __extension__ struct {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        LONG HighPart;
        DWORD LowPart;
#else
        DWORD LowPart;
        LONG HighPart;
#endif
    };
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;

/* A SID and a self-relative security descriptor are passed as blocks of bytes in the form of [MS-DTYP] 2.4.
 */
typedef PVOID PSID;
typedef PVOID PSECURITY_DESCRIPTOR;

typedef struct _SID_IDENTIFIER_AUTHORITY {
    BYTE Value[6];
} SID_IDENTIFIER_AUTHORITY, *PSID_IDENTIFIER_AUTHORITY;

/* SubAuthority has SubAuthorityCount elements, numbers of the host; the last is the relative identifier. */
typedef struct _SID {
    BYTE Revision;
    BYTE SubAuthorityCount;
    SID_IDENTIFIER_AUTHORITY IdentifierAuthority;
    DWORD SubAuthority[1];
} SID, *PISID;

/* Kind of account that a SID belongs to, [MS-LSAT] 2.2.13. */
typedef enum _SID_NAME_USE {
    SidTypeUser = 1,
    SidTypeGroup,
    SidTypeDomain,
    SidTypeAlias,
    SidTypeWellKnownGroup,
    SidTypeDeletedAccount,
    SidTypeInvalid,
    SidTypeUnknown,
    SidTypeComputer,
    SidTypeLabel,
    SidTypeLogonSession,
} SID_NAME_USE,
    *PSID_NAME_USE;

/* Certificates belong to CryptoAPI; here only pointers to them are passed on. */
typedef const struct _CERT_CONTEXT *PCCERT_CONTEXT;

#ifdef __cplusplus
}
#endif

#endif
