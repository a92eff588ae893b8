// SPDX-License-Identifier: Apache-2.0
/* UTF-16 in the byte order of the wire. Built from shifts, so the byte order of the host does not matter;
 * compilers turn the loops into plain copies or swaps. */
#include <stdlib.h>
#include "unistr/m_unistr.h"

/* Index of the low byte of a unit on the wire. */
enum order { LE = 0, BE = 1 };

static void pull(const uint8_t *p, size_t units, enum order low, char16_t *to)
{
    if (low == LE)
        for (size_t i = 0; i < units; i++)
            to[i] = (char16_t)(p[2 * i] | p[2 * i + 1] << 8);
    else
        for (size_t i = 0; i < units; i++)
            to[i] = (char16_t)(p[2 * i] << 8 | p[2 * i + 1]);
    to[units] = 0;
}

static void push(const char16_t *s, size_t units, enum order low, uint8_t *to)
{
    for (size_t i = 0; i < units; i++) {
        to[2 * i + (low == LE ? 0 : 1)] = (uint8_t)s[i];
        to[2 * i + (low == LE ? 1 : 0)] = (uint8_t)(s[i] >> 8);
    }
}

static enum nt_status check_wire(const uint8_t *p, size_t size, bool nul_ok)
{
    if (size % 2)
        return STATUS_INVALID_PARAMETER;
    if (nul_ok)
        return STATUS_SUCCESS;
    for (size_t i = 0; i < size; i += 2)
        if (!(p[i] | p[i + 1]))
            return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

static enum nt_status from_wire_buf(const void *wire, size_t size, enum order low, char16_t *buf, size_t cap,
                                    size_t *ret_len)
{
    enum nt_status st = check_wire(wire, size, ret_len != NULL);
    if (!nt_ok(st))
        return st;
    if (size / 2 >= cap)
        return STATUS_BUFFER_TOO_SMALL;
    pull(wire, size / 2, low, buf);
    if (ret_len)
        *ret_len = size / 2;
    return STATUS_SUCCESS;
}

static enum nt_status from_wire(const void *wire, size_t size, enum order low, char16_t **ret,
                                size_t *ret_len)
{
    enum nt_status st = check_wire(wire, size, ret_len != NULL);
    if (!nt_ok(st))
        return st;
    if (size > SIZE_MAX - sizeof(char16_t))
        return STATUS_NO_MEMORY;
    char16_t *to = malloc(size + sizeof *to);
    if (!to)
        return STATUS_NO_MEMORY;
    pull(wire, size / 2, low, to);
    *ret = to;
    if (ret_len)
        *ret_len = size / 2;
    return STATUS_SUCCESS;
}

static enum nt_status to_wire_buf(const char16_t *s, size_t len, enum order low, uint8_t *buf, size_t cap,
                                  size_t *ret_size)
{
    len = u_length(s, len);
    if (len > cap / 2)
        return STATUS_BUFFER_TOO_SMALL;
    push(s, len, low, buf);
    *ret_size = 2 * len;
    return STATUS_SUCCESS;
}

static enum nt_status to_wire(const char16_t *s, size_t len, enum order low, uint8_t **ret, size_t *ret_size)
{
    len = u_length(s, len);
    if (len > SIZE_MAX / 2)
        return STATUS_NO_MEMORY;
    uint8_t *to = malloc(len ? 2 * len : 1); /* an empty one too is something to free, never NULL */
    if (!to)
        return STATUS_NO_MEMORY;
    push(s, len, low, to);
    *ret = to;
    *ret_size = 2 * len;
    return STATUS_SUCCESS;
}

enum nt_status ustr_from_le(const void *wire, size_t size, char16_t **ret, size_t *ret_len)
{
    return from_wire(wire, size, LE, ret, ret_len);
}

enum nt_status ustr_from_be(const void *wire, size_t size, char16_t **ret, size_t *ret_len)
{
    return from_wire(wire, size, BE, ret, ret_len);
}

enum nt_status ustr_from_le_buf(const void *wire, size_t size, char16_t *buf, size_t cap, size_t *ret_len)
{
    return from_wire_buf(wire, size, LE, buf, cap, ret_len);
}

enum nt_status ustr_from_be_buf(const void *wire, size_t size, char16_t *buf, size_t cap, size_t *ret_len)
{
    return from_wire_buf(wire, size, BE, buf, cap, ret_len);
}

enum nt_status ustr_to_le(const char16_t *s, size_t len, uint8_t **ret, size_t *ret_size)
{
    return to_wire(s, len, LE, ret, ret_size);
}

enum nt_status ustr_to_be(const char16_t *s, size_t len, uint8_t **ret, size_t *ret_size)
{
    return to_wire(s, len, BE, ret, ret_size);
}

enum nt_status ustr_to_le_buf(const char16_t *s, size_t len, uint8_t *buf, size_t cap, size_t *ret_size)
{
    return to_wire_buf(s, len, LE, buf, cap, ret_size);
}

enum nt_status ustr_to_be_buf(const char16_t *s, size_t len, uint8_t *buf, size_t cap, size_t *ret_size)
{
    return to_wire_buf(s, len, BE, buf, cap, ret_size);
}
