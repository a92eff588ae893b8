// SPDX-License-Identifier: Apache-2.0
/* What C that specifications quote (cpp_quote) takes from the headers of Windows. */
#ifndef TERN_CORPUS_QUOTED_H
#define TERN_CORPUS_QUOTED_H

#include <stddef.h>

#define __RPC_USER
#define DEFINE_ENUM_FLAG_OPERATORS(type) struct type##_operators
typedef const void *LPCWSTR __attribute__((unused));

#endif
