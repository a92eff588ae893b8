// SPDX-License-Identifier: Apache-2.0
/* Buffers of NetAPI. */
#ifndef TERN_WIN_LMAPIBUF_H
#define TERN_WIN_LMAPIBUF_H

#include "lmcons.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Makes *Buffer a block of ByteCount bytes (0 is allowed), not cleared. NetApiBufferFree releases it.
 * ERROR_NOT_ENOUGH_MEMORY, ERROR_INVALID_PARAMETER (no place for the result).
 */
NET_API_STATUS NET_API_FUNCTION NetApiBufferAllocate(DWORD ByteCount, LPVOID *Buffer);

/* Releases a block that any function of NetAPI returned, with all that it points to; NULL is allowed. */
NET_API_STATUS NET_API_FUNCTION NetApiBufferFree(LPVOID Buffer);

/*
 * Gives OldBuffer (NULL: a new block) the size NewByteCount; *NewBuffer is where it is now, with the old
 * content as far as it fits, and OldBuffer is gone. A size of 0 releases it and gives NULL.
 * ERROR_NOT_ENOUGH_MEMORY (OldBuffer is then as it was).
 */
NET_API_STATUS NET_API_FUNCTION NetApiBufferReallocate(LPVOID OldBuffer, DWORD NewByteCount,
                                                       LPVOID *NewBuffer);

/* *ByteCount is the size in bytes that a block was made with. ERROR_INVALID_PARAMETER. */
NET_API_STATUS NET_API_FUNCTION NetApiBufferSize(LPVOID Buffer, LPDWORD ByteCount);

#ifdef __cplusplus
}
#endif

#endif
