// SPDX-License-Identifier: Apache-2.0
/* Ceilings of the RPC runtime: what a peer, or a caller, can make us hold. */
#ifndef RPC_LIMITS_H
#define RPC_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/* Every implementation receives fragments of this size ([C706] 12.6.3.1, MustRecvFragSize); a peer that
 * claims less cannot be spoken to. */
#define RPC_FRAG_MIN 1432

/* What a server offers to a client that claims less than that; Windows' number. */
#define RPC_FRAG_LEAST_OFFER 2048

/* What we offer unless told otherwise: four Ethernet segments of payload, which is what Windows and Samba
 * take. */
#define RPC_FRAG_DEFAULT 5840

/* frag_length has 16 bits. Bind PDUs, which cannot be split, may grow to this for large tickets. */
#define RPC_FRAG_MAX 65535

/* Reassembled stub of one request or response. The longest legitimate ones are enumerations with
 * MAX_PREFERRED_LENGTH, some 20 MB for 100 000 users; more is an attack or a mistake. */
#define RPC_STUB_MAX ((size_t)64 << 20)

/* A response's first fragment tells (alloc_hint) how much will come. The hint is believed, that is, memory is
 * taken at once, only up to here; beyond, the buffer grows with what has really arrived. */
#define RPC_HINT_MAX ((size_t)4 << 20)

/* Presentation contexts of one connection: an interface each. More than the interfaces that any one endpoint
 * serves to one program. */
#define RPC_CONTEXTS_MAX 32

/* Contexts and transfer syntaxes in one bind: 8 bits each on the wire, a handful in practice. */
#define RPC_TRANSFERS_MAX 16

/* Security contexts of one connection. [MS-RPCE] sets no number; eight is what Windows' clients and the
 * public test suites of peers expect to be able to have, and each costs keys and a provider's memory. */
#define RPC_SECURITY_CONTEXTS_MAX 8

/* Calls of one connection that a server holds at a time, arriving, running or pending. Further requests get
 * nca_s_server_too_busy. A client with more outstanding uses several connections. */
#define RPC_SERVER_CALLS_MAX 1024

/* Bytes of stubs that one connection may have in memory before it has authenticated: an unauthenticated peer
 * can make a server hold no more than this ([MS-RPCE] bodies of epmapper and mgmt are far smaller). */
#define RPC_SERVER_STUB_ANONYMOUS ((size_t)1 << 20)

/* The same once a caller has a name: four calls of the longest kind at a time. */
#define RPC_SERVER_STUBS ((size_t)256 << 20)

/* What a stranger's stub may decode to. A referent id of 4 bytes can take a large structure. */
#define RPC_SERVER_DECODED_ANONYMOUS ((size_t)8 << 20)

/* What one peer, that is, an IPv4 address, the first half of an IPv6 address (a site has all of the other),
 * or a local user, can make a server hold, whatever number of connections it uses. Connections: many clients
 * may be behind one address, but no address may keep all others out, so the default is a quarter of
 * max_conns. */
#define RPC_SERVER_PEER_SHARE 4

/* Its connections that have not authenticated. They come by for the endpoint mapper and go; who has hundreds
 * at a time is not looking something up. */
#define RPC_SERVER_PEER_STRANGERS 256

/* Bytes of their stubs, together. */
#define RPC_SERVER_PEER_STRANGER_STUBS ((size_t)8 << 20)

/* Its calls, those included whose connection has gone and whose handler still works: the fill of four
 * connections. */
#define RPC_SERVER_PEER_CALLS 4096

/* Answers that wait for it to read them. At the ceiling its calls are refused, so that this is exceeded by
 * one answer at most. One connection is served no further beyond IO_HIGH_WATER. */
#define RPC_SERVER_PEER_OUTPUT ((size_t)64 << 20)

/* The same for the whole server: calls and answers. */
#define RPC_SERVER_ALL_CALLS  65536
#define RPC_SERVER_ALL_OUTPUT ((size_t)512 << 20)

/* Time in which a connection with more than IO_LOW_WATER of answers waiting has to take some of it, in
 * nanoseconds. */
#define RPC_SERVER_STALL UINT64_C(60000000000)

/* Time that clients have to leave after a SHUTDOWN PDU or the end of their pipe, when a server is drained, in nanoseconds. */
#define RPC_SERVER_LEAVE UINT64_C(1000000000)

/* Context handles of one association group. Leaks of clients end here; Windows programs hold a handful. */
#define RPC_SERVER_HANDLES_MAX 4096

/* Context handles that one request may name. Each is looked up and held; no interface we know passes more
 * than a few. */
#define RPC_SERVER_CALL_HANDLES_MAX 64

/* How deep calls may stand inside of callbacks inside of calls. [MS-RPCE] 3.3.1.5.9 leaves it open; each level is
 * a call that counts, and programs that need more than a few are in a circle. */
#define RPC_CALLBACK_DEPTH_MAX 8

/* Calls of one connection that have been started, on the wire or waiting. A program that starts more has lost
 * count. */
#define RPC_CALLS_MAX 4096

/* Of them, those that are on the wire at a time, where the server can take several. Ours, and its kind, hold
 * RPC_SERVER_CALLS_MAX; the rest is for calls that were given up and still run there. */
#define RPC_CALLS_SENT_MAX 1000

/* Bytes of requests that wait in our own queue before a further call is sent: enough to keep a connection
 * busy, and little beside what the calls themselves hold. */
#define RPC_SEND_AHEAD ((size_t)256 << 10)

/* Bytes of a pipe that have come and that its receiver has not taken yet: then the connection is not read. One
 * receive buffer may come on top. */
#define RPC_PIPE_AHEAD ((size_t)64 << 10)

/* What comes before the first pipe of a request is looked for with each fragment up to this length, and then
 * each time it has doubled, so that looking costs no more than what was sent. */
#define RPC_PIPE_HEAD ((size_t)64 << 10)

/* A pipe whose peer sends or takes nothing for so long has broken off. In nanoseconds. */
#define RPC_PIPE_STALL UINT64_C(120000000000)

/* Answers that have come in part, on one connection, together: four of the longest kind. A server may mix the
 * fragments of as many answers as we have calls out, but not make us hold a stub of 64 MiB for each. */
#define RPC_ANSWERS_HELD_MAX ((size_t)256 << 20)

/* And what of that may be taken at once on the word of their hints. */
#define RPC_ANSWERS_HINTED_MAX ((size_t)16 << 20)

/* Calls given up whose late answers are recognised one by one. When there are more, an answer to any call as
 * old as the oldest of them is dropped. */
#define RPC_ORPHANS_MAX 64

/* Exchanges of tokens in one authentication. NTLM has two, Kerberos two, SPNEGO with a retry four. */
#define RPC_AUTH_LEGS_MAX 8

/* Time between CO_CANCEL and giving up: a server that honours cancels answers at once, one that does not must
 * not make a person wait. In nanoseconds. */
#define RPC_CANCEL_GRACE UINT64_C(500000000)

/* Towers of an endpoint mapper's answer that we look at, and bytes of each: [MS-RPCE] 2.2.1.2.2
 * and 3.1.3.5.3. */
#define RPC_TOWERS_MAX      16
#define RPC_TOWER_BYTES_MAX 2000
#define RPC_FLOORS_MAX      6

/* Records of extended error information. [MS-EERR] sets no number; each layer that an error passes adds one.
 */
#define RPC_ERROR_RECORDS_MAX 32

/* What an endpoint mapper cache remembers: a program that talks to more interfaces on more hosts than this within
 * minutes asks again for some. */
#define RPC_EPM_CACHE_MAX 4096

/* The least port that is believed of an endpoint mapper, but for its own: dynamic ports lie above, and what listens
 * below speaks something else. */
#define RPC_MAPPED_PORT_LEAST 1024

/* Parts of a string binding. The whole is at most the sum. */
#define RPC_HOST_MAX        255 /* [RFC1035] 2.3.4, with room for a zone id */
#define RPC_ENDPOINT_MAX    255 /* pipe name ([MS-SMB2] names are longer, pipes are not) */
#define RPC_SOCKET_PATH_MAX 107 /* what a unix socket's address has room for */

#endif
