// SPDX-License-Identifier: Apache-2.0
/* tern-rpc: verbs over the descriptions of interfaces. What its files share. */
#ifndef TOOLS_RPC_H
#define TOOLS_RPC_H

#include <msrpc/info.h>
#include "tern.h"

extern const struct verb rpc_verbs[];

int rpc_list(struct tern *t);
int rpc_show(struct tern *t);
int rpc_call_verb(struct tern *t);
int rpc_facts_verb(struct tern *t);
int rpc_encode(struct tern *t);
int rpc_decode_verb(struct tern *t);

/* "IFACE" or "IFACE.NAME", which may be the number of an operation. NULL, false: after having said what is
 * wrong. ret_rest: what stands behind the dot, or NULL. */
const struct rpc_info_interface *rpc_named_interface(struct tern *t, const char *name, const char **ret_rest);
bool rpc_named_op(struct tern *t, const char *name, const struct rpc_info_interface **ret_i,
                  const struct rpc_info_op **ret_op);
/* An operation by name or number; NULL: none. */
const struct rpc_info_op *rpc_op_of(const struct rpc_info_interface *i, const char *name);
/* A status that is not success, with a sentence, in tern's form; EXIT_FAILED. */
int rpc_failed(struct tern *t, enum nt_status st, const char *context);
int rpc_failed_werror(struct tern *t, enum werror code, const char *context);
/* The JSON of an argument (arg as given: "@FILE", "-", the text itself) is wrong: EXIT_USAGE. */
int rpc_bad_json(struct tern *t, enum nt_status st, const char *arg, const char *why);
/* A file, or standard input for "-", terminated by a NUL that is not counted; false after having said why. */
bool rpc_read_file(struct tern *t, const char *path, struct nt_blob *ret);
/* Standard output could be written? EXIT_OK, EXIT_FAILED. */
int rpc_flush(void);
void *rpc_need(void *p); /* ends the program when memory is short */

#endif
