// SPDX-License-Identifier: Apache-2.0
/*
 * All of NetAPI that a program usually wants. As on Windows, lmdfs.h, lmat.h, lmsname.h, dsgetdc.h and
 * dsrole.h are included by who needs them.
 */
#ifndef TERN_WIN_LM_H
#define TERN_WIN_LM_H

#include "lmcons.h"
#include "lmerr.h"
#include "lmapibuf.h"
#include "lmaccess.h"
#include "lmalert.h"
#include "lmaudit.h"
#include "lmconfig.h"
#include "lmerrlog.h"
#include "lmjoin.h"
#include "lmmsg.h"
#include "lmremutl.h"
#include "lmrepl.h"
#include "lmserver.h"
#include "lmshare.h"
#include "lmstats.h"
#include "lmsvc.h"
#include "lmuse.h"
#include "lmwksta.h"

#endif
