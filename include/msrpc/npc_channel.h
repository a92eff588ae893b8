// SPDX-License-Identifier: Apache-2.0
/*
 * A pipe as a descriptor: PDUs of DCE/RPC in, the server's answers out, without any framing, whether
 * npcmuxd(8) lends the pipe or it is one of the caller's own. Keys and facts of the transport are beside it,
 * for who puts security into what goes over it.
 *
 * Who moves the bytes. The library starts no threads. By the muxer the descriptor is a connection to the
 * daemon, which needs nobody else. A pipe of one's own is an SMB connection of this process, and between it
 * and the descriptor bytes go only while the channel's loop runs. A program works the same by both ways if it
 * does one of these, and what by the muxer need not be done then does nothing:
 *   - it gives a loop in the options and runs that, as it would for anything else on it, or
 *   - it gives none, and has a thread of its own call npc_channel_run, while others use the descriptor, or
 *   - it gives none, and uses npc_channel_send and npc_channel_recv in place of the descriptor.
 * Who does none of them, and blocks in a read of the descriptor, waits for ever.
 */
#ifndef MSRPC_NPC_CHANNEL_H
#define MSRPC_NPC_CHANNEL_H

#include <msrpc/npc.h>

NT_BEGIN_DECLS

struct npc_channel; /* of one thread at a time, but for what says otherwise */

/* protocol: "ncacn_np". address: name or address of the server; endpoint: of a pipe, as npc_pipe_open has it.
 * o: as npc_session_open, mux and token included, and TERN_NPC. Errors are those of npc_session_open and
 * npc_pipe_open, with the sentence in o->error; STATUS_NOT_SUPPORTED for another protocol. */
NT_PUBLIC enum nt_status npc_connect(const char *protocol, const char *address, const char *endpoint,
                                     const struct npc_options *o, struct npc_channel **ret) NT_CHECKED;
typedef void npc_connect_done(void *arg, enum nt_status st, struct npc_channel *c);
/* The same, asynchronously: o->loop must be set; done comes once, later; o->error must live until then,
 * nothing else of o. The calling thread's token is taken now. ret (NULL: not wanted): what is being opened,
 * good until done, for npc_channel_give_up only. */
NT_PUBLIC enum nt_status npc_connect_send(const char *protocol, const char *address, const char *endpoint,
                                          const struct npc_options *o, npc_connect_done *done, void *arg,
                                          struct npc_channel **ret) NT_CHECKED;
/* Ends an opening, whose done then comes soon: STATUS_CANCELLED, or success where that was faster. */
NT_PUBLIC void npc_channel_give_up(struct npc_channel *c);

/* A blocking stream socket, close-on-exec; the channel's, which closes it. PDUs are written whole and in
 * order, however cut. End of file: the server, or who stands between, has ended the pipe. -1 once
 * npc_channel_send or npc_channel_recv was called, which use it themselves. The number is the same for the
 * channel's life, and may be used in any thread. */
NT_PUBLIC int npc_channel_fd(const struct npc_channel *c);
/* Moves the bytes of a pipe of one's own, for which no loop was given, until the pipe ends, the descriptor is
 * shut down (shutdown(2), by any thread: STATUS_SUCCESS), or the cancel token of the options is fired
 * (STATUS_CANCELLED). Returns why the pipe ended; STATUS_SUCCESS at once where that is not needed. To be
 * called once, in any thread; nothing but the descriptor, facts and keys may be used meanwhile.
 * STATUS_INVALID_DEVICE_STATE after npc_channel_send or _recv. */
NT_PUBLIC enum nt_status npc_channel_run(struct npc_channel *c) NT_CHECKED;

/* In place of the descriptor. Time limit and cancel token are those of the options, for each call.
 * STATUS_IO_TIMEOUT and STATUS_CANCELLED leave the channel of use; what was to be sent is on its way then.
 * STATUS_INVALID_DEVICE_STATE from a callback of the loop. */
NT_PUBLIC enum nt_status npc_channel_send(struct npc_channel *c, const void *buf, size_t len) NT_CHECKED;
/* At least one byte, at most len. STATUS_END_OF_FILE: the pipe has ended, and npc_channel_error may say why.
 */
NT_PUBLIC enum nt_status npc_channel_recv(struct npc_channel *c, void *buf, size_t len,
                                          size_t *ret_n) NT_CHECKED;

/* As they were when it was opened: in any thread, as long as the channel. */
NT_PUBLIC enum nt_status npc_channel_facts(const struct npc_channel *c, struct npc_facts *ret) NT_CHECKED;
/* As npc_session_key and npc_application_key. Lent as long as the channel. */
NT_PUBLIC enum nt_status npc_channel_session_key(const struct npc_channel *c, struct nt_blob *ret) NT_CHECKED;
NT_PUBLIC enum nt_status npc_channel_application_key(const struct npc_channel *c,
                                                     struct nt_blob *ret) NT_CHECKED;

/* What npc_mux_query_facts and npc_mux_query_key know a pipe of the muxer by, as long as it is open: for
 * another thread, or another process of the same user to which the descriptor was handed. A secret of the
 * user. */
struct npc_channel_id {
    uint64_t pipe;
    uint8_t cookie[16];
};
/* STATUS_NOT_SUPPORTED for a pipe of one's own. */
NT_PUBLIC enum nt_status npc_channel_id(const struct npc_channel *c, struct npc_channel_id *ret) NT_CHECKED;

/* What went wrong last, for people; "" if nothing did. */
NT_PUBLIC const char *npc_channel_error(const struct npc_channel *c);
/* Ends the pipe, whatever duplicates there are of the descriptor. Accepts NULL. */
NT_PUBLIC void npc_channel_close(struct npc_channel *c);

NT_END_DECLS

#endif
