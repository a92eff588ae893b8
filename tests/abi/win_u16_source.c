// SPDX-License-Identifier: Apache-2.0
/*
 * A program in plain C11 with u"" literals; built without -fshort-wchar. The file is only compiled: it tests
 * that wchar_t of 32 bits and the 16-bit strings of NetAPI live side by side.
 */
#include <wchar.h>
#include <windows.h>
#include <lm.h>

static NET_API_STATUS share_type(LPWSTR server, DWORD *ret_type)
{
    SHARE_INFO_1 *info = NULL;
    char16_t name[] = u"public";
    NET_API_STATUS st = NetShareGetInfo(server, name, 1, (LPBYTE *)&info);

    if (st)
        return st;
    *ret_type = info->shi1_type & STYPE_MASK;
    return NetApiBufferFree(info);
}

static NET_API_STATUS add_members(const char16_t *group)
{
    char16_t alice[] = u"EXAMPLE\\alice", bob[] = u"EXAMPLE\\bob";
    LOCALGROUP_MEMBERS_INFO_3 members[] = { { alice }, { bob } };

    return NetLocalGroupAddMembers(u"server", group, 3, (LPBYTE)members, 2);
}

int main(void)
{
    wchar_t wide[] = L"text";
    DWORD type = 0;

    _Static_assert(sizeof(WCHAR) == 2 && sizeof(wchar_t) >= 4, "both kinds of wide character");
    if (share_type(NULL, &type) || type != STYPE_DISKTREE)
        return 1;
    return add_members(GROUP_SPECIALGRP_USERS) || wcslen(wide) != 4;
}
