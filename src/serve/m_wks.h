// SPDX-License-Identifier: Apache-2.0
/* Inside of wkssvc: wks.c has the table and most operations, wks_names.c what the machine is called. */
#ifndef SERVE_M_WKS_H
#define SERVE_M_WKS_H

#include <msrpc/wkssvc.h>
#include "serve/m_host.h"

#define WKS_HANDLER(op) enum nt_status wks_##op(struct rpc_server_call *call, struct wkssvc_##op *r)
WKS_HANDLER(NetrAddAlternateComputerName);
WKS_HANDLER(NetrAddAlternateComputerName2);
WKS_HANDLER(NetrRemoveAlternateComputerName);
WKS_HANDLER(NetrRemoveAlternateComputerName2);
WKS_HANDLER(NetrEnumerateComputerNames);

#endif
