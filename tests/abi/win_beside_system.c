// SPDX-License-Identifier: Apache-2.0
/*
 * The Windows-shaped headers go together with those of the system and with our own, whichever come first
 * (WIN_FIRST): no name of one is a macro of the other. The file is only compiled.
 */
#ifdef WIN_FIRST
#include <windows.h>
#include <lm.h>
#include <lmdfs.h>
#include <lmat.h>
#include <lmsname.h>
#include <dsgetdc.h>
#include <dsrole.h>
#endif

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <resolv.h>
#include <search.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>
#include <ares.h>
#if __has_include(<gssapi/gssapi.h>)
#include <gssapi/gssapi.h>
#endif
#if __has_include(<krb5.h>)
#include <krb5.h>
#endif
#if __has_include(<uv.h>)
#include <uv.h>
#endif
#if __has_include(<libsmartcols/libsmartcols.h>)
#include <libsmartcols/libsmartcols.h>
#endif

#include <msrpc/nt.h>
#include <msrpc/loop.h>
#include <msrpc/sec.h>
#include <msrpc/npc.h>
#if __has_include(<msrpc/ndr.h>)
#include <msrpc/rpc.h>
#endif
#include <msrpc/status.h>

#include <windows.h>
#include <lm.h>
#include <lmdfs.h>
#include <lmat.h>
#include <lmsname.h>
#include <dsgetdc.h>
#include <dsrole.h>

/* enum werror and the macros are the same numbers under two names */
_Static_assert((int)W_ERROR_ACCESS_DENIED == ERROR_ACCESS_DENIED, "Win32 code");
_Static_assert((int)W_NERR_UserNotFound == NERR_UserNotFound, "NERR code");
_Static_assert(sizeof(GUID) == sizeof(struct nt_guid), "GUID");
