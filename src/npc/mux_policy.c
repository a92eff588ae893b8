// SPDX-License-Identifier: Apache-2.0
/* Whether the muxer is taken, where it is, and who the thread is to it. */
#include <stdlib.h>
#include <string.h>
#include <msrpc/npc_mux.h>
#include "npc/m_mux.h"

#define SYSTEM_SOCKET "/run/npcmux/socket"

/* The impersonation token is the thread's, as on Windows; see docs/design.md, "Concurrency". */
static _Thread_local uint64_t thread_token;

void npc_impersonate(uint64_t token)
{
    thread_token = token;
}

void npc_revert(void)
{
    thread_token = 0;
}

uint64_t npc_mux_token(void)
{
    return thread_token;
}

const char *npc_mux_chosen(const char *s)
{
    if (!s || !*s || strcmp(s, "off") == 0 || strcmp(s, "auto") == 0)
        return NULL;
    return strcmp(s, "on") == 0 ? SYSTEM_SOCKET : s;
}

const char *npc_mux_wanted(void)
{
    return npc_mux_chosen(secure_getenv("TERN_NPC"));
}

const char *npc_mux_path(const char *path)
{
    if (!path)
        path = secure_getenv("TERN_NPC");
    if (!path || !*path || strcmp(path, "on") == 0)
        return SYSTEM_SOCKET;
    return strcmp(path, "off") == 0 ? NULL : path;
}
