// SPDX-License-Identifier: Apache-2.0
/*
 * What a source written for NetAPI needs of the Windows headers: types and error numbers, nothing of the
 * system itself.
 */
#ifndef TERN_WIN_WINDOWS_H
#define TERN_WIN_WINDOWS_H

#include "windef.h"
#include "winerror.h"

#endif
