// SPDX-License-Identifier: Apache-2.0
/* What every public header needs: visibility, result checking, fixed width types. */
#ifndef MSRPC_BASE_H
#define MSRPC_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uchar.h>

#define NT_PUBLIC            __attribute__((visibility("default")))
#define NT_CHECKED           __attribute__((warn_unused_result))
#define NT_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

#ifdef __cplusplus
#define NT_BEGIN_DECLS extern "C" {
#define NT_END_DECLS   }
#else
#define NT_BEGIN_DECLS
#define NT_END_DECLS
#endif

#endif
