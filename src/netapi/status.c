// SPDX-License-Identifier: Apache-2.0
/* The one conversion to NET_API_STATUS: what NetAPI's callers on Windows expect, then the common Win32
 * mapping. */
#include "netapi/m_netapi.h"

NET_API_STATUS nt_to_net_api(enum nt_status st)
{
    switch (st) {
    case STATUS_SUCCESS:
        return NERR_Success;
    case STATUS_MORE_ENTRIES:
    case STATUS_BUFFER_OVERFLOW:
        return ERROR_MORE_DATA;
    case STATUS_NO_SUCH_USER:
        return NERR_UserNotFound;
    case STATUS_USER_EXISTS:
        return NERR_UserExists;
    case STATUS_NO_SUCH_GROUP:
        return NERR_GroupNotFound;
    case STATUS_GROUP_EXISTS:
        return NERR_GroupExists;
    case STATUS_MEMBER_IN_GROUP:
        return NERR_UserInGroup;
    case STATUS_MEMBER_NOT_IN_GROUP:
        return NERR_UserNotInGroup;
    case STATUS_LAST_ADMIN:
        return NERR_LastAdmin;
    case STATUS_SPECIAL_ACCOUNT:
        return NERR_SpeGroupOp;
    case STATUS_PASSWORD_RESTRICTION:
        return NERR_PasswordTooShort;
    case STATUS_INVALID_COMPUTER_NAME:
        return NERR_InvalidComputer;
    case STATUS_WRONG_PASSWORD:
        return ERROR_INVALID_PASSWORD;
    case STATUS_INVALID_INFO_CLASS:
    case STATUS_INVALID_LEVEL:
        return ERROR_INVALID_LEVEL;
    case STATUS_NO_USER_SESSION_KEY: /* passwords need a pipe without RPC security; the sentence says so */
        return ERROR_NO_USER_SESSION_KEY;
    default:
        if (nt_ok(st)) /* some other success code with less than everything in it */
            return NERR_Success;
        return (NET_API_STATUS)nt_to_werror(st);
    }
}
