// SPDX-License-Identifier: Apache-2.0
/*
 * A program as one writes it for Windows, with L"" literals; built with -fshort-wchar. The file is only
 * compiled: that such a source needs no change is what it tests.
 */
#ifndef UNICODE
#define UNICODE
#endif
#include <windows.h>
#include <lm.h>
#include <dsgetdc.h>
#include <stdio.h>

static DWORD CALLBACK connect_as(LPWSTR remote, LPWSTR user, LPWSTR password)
{
    USE_INFO_2 ui2 = { 0 };
    DWORD parm = 0;

    ui2.ui2_remote = remote;
    ui2.ui2_asg_type = USE_IPC;
    ui2.ui2_username = user;
    ui2.ui2_domainname = (LPWSTR)L"EXAMPLE";
    ui2.ui2_password = password;
    return NetUseAdd(NULL, 2, (LPBYTE)&ui2, &parm);
}

static NET_API_STATUS list_users(IN LPCWSTR server, OUT PDWORD count OPTIONAL)
{
    LPUSER_INFO_20 buf = NULL;
    DWORD read = 0, total = 0, resume = 0, n = 0;
    NET_API_STATUS status;

    do {
        status = NetUserEnum(server, 20, FILTER_NORMAL_ACCOUNT, (LPBYTE *)&buf, MAX_PREFERRED_LENGTH, &read,
                             &total, &resume);
        if (status == NERR_Success || status == ERROR_MORE_DATA) {
            for (DWORD i = 0; i < read; i++) {
                if (buf[i].usri20_flags & UF_ACCOUNTDISABLE)
                    continue;
                if (buf[i].usri20_name[0] != L'$' && buf[i].usri20_user_id != 500)
                    n++;
            }
        }
        if (buf != NULL) {
            NetApiBufferFree(buf);
            buf = NULL;
        }
    } while (status == ERROR_MORE_DATA);
    if (count)
        *count = n;
    return status;
}

static BOOL add_user(LPCWSTR server)
{
    USER_INFO_1 ui;
    DWORD dwError = PARM_ERROR_NONE;
    WCHAR name[UNLEN + 1] = L"alice";

    ui.usri1_name = name;
    ui.usri1_password = (LPWSTR)L"Passw0rd.1";
    ui.usri1_password_age = 0;
    ui.usri1_priv = USER_PRIV_USER;
    ui.usri1_home_dir = NULL;
    ui.usri1_comment = (LPWSTR)L"\x65e5\x672c";
    ui.usri1_flags = UF_SCRIPT | UF_DONT_EXPIRE_PASSWD;
    ui.usri1_script_path = NULL;
    switch (NetUserAdd(server, 1, (LPBYTE)&ui, &dwError)) {
    case NERR_Success:
    case NERR_UserExists:
        return TRUE;
    case ERROR_ACCESS_DENIED:
    case NERR_PasswordTooShort:
    default:
        return FALSE;
    }
}

int main(void)
{
    LPCWSTR server = L"\\\\server";
    LPTSTR service = NULL;
    LPCTSTR message = TEXT("text");
    DOMAIN_CONTROLLER_INFO dc = { 0 };
    DWORD count = 0;

    dc.DomainName = service;
    if (connect_as((LPWSTR)L"\\\\server\\IPC$", (LPWSTR)L"root", (LPWSTR)L"secret") != ERROR_SUCCESS)
        return 1;
    if (!add_user(server) || list_users(server, &count) != NERR_Success || message[0] != L't')
        return 1;
    printf("%u\n", count);
    return dc.DomainName ? 1 : 0;
}
