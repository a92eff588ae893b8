// SPDX-License-Identifier: Apache-2.0
/* Pipe names, from the caller and only from the caller. */
#include <string.h>
#include <strings.h>
#include "npc/m_npc.h"

static bool bad_char(unsigned char c)
{
    return c < 0x20 || c == 0x7f || c == '/' || c == '\\' || c == ':' || c == '*' || c == '?' || c == '"' ||
           c == '<' || c == '>' || c == '|';
}

enum nt_status npc_pipe_name(const char *name, char ret[NPC_NAME_SIZE])
{
    if (*name == '\\')
        name++;
    if (strncasecmp(name, "pipe\\", 5) == 0)
        name += 5;
    size_t n = strlen(name), units = 0;
    if (n == 0 || n >= NPC_NAME_SIZE || strcmp(name, ".") == 0 || strstr(name, ".."))
        return STATUS_OBJECT_NAME_INVALID;
    for (size_t i = 0; i < n; i++)
        if (bad_char((unsigned char)name[i]))
            return STATUS_OBJECT_NAME_INVALID;
    struct wr w; /* counts the units, and sees what is not UTF-8 */
    wr_init(&w, 2 * NPC_NAME_SIZE);
    enum nt_status st = smb_put_utf16(&w, name, &units);
    wr_free(&w);
    if (st == STATUS_SUCCESS && units > NPC_NAME_MAX)
        st = STATUS_OBJECT_NAME_INVALID;
    if (st == STATUS_SUCCESS)
        memcpy(ret, name, n + 1);
    return st;
}
