// SPDX-License-Identifier: Apache-2.0
/* A keytab that only root may read, for a server that is root no more: its keys in memory. */
#ifndef MSRPCD_KEYTAB_H
#define MSRPCD_KEYTAB_H

#include <msrpc/nt.h>

/* A copy in memory under this name, for this process, until the handle is closed. */
#define KEYTAB_IN_MEMORY "MEMORY:msrpcd"

struct keytab;

/* The path of a keytab that is a file; NULL for other kinds, which are libkrb5's affair. */
const char *keytab_path(const char *name);
/* Copies all keys; STATUS_NOT_SUPPORTED without Kerberos. */
enum nt_status keytab_hold(const char *name, struct keytab **ret, struct nt_error *err);
/* Has libkrb5 load what it loads for the first logon, since that is code. */
void keytab_warm_up(void);
void keytab_free(struct keytab *k); /* accepts NULL */

#endif
