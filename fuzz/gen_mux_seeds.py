# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_mux, fuzz_muxd and fuzz_relay: python3 fuzz/gen_mux_seeds.py (from the top)."""
import os
import struct
import sys

sys.path.insert(0, "tests/system")
import mux_wire as w  # noqa: E402


def save(target, name, data):
    with open(os.path.join("fuzz/corpus", target, name), "wb") as f:
        f.write(data)


def rec(what, data=b""):
    return bytes([what]) + struct.pack("<H", len(data)) + data


BYTES, MESSAGE, HELLO, CONNECT, HOLD, TIME, ANEW, SERVER = (n << 2 for n in range(8))
TOKEN, PIPE = b"\x55" * 8, b"\x56" * 8

facts = struct.pack("<Q", 7) + bytes(range(16)) + bytes([3]) + struct.pack("<HHHIIIHH", 0x311, 2, 1, 65536, 65536, 65536, 16, 16) + bytes(
    16) + struct.pack("<HHI", 4280, 4280, 7) + w.s("ntlm") + w.s("192.0.2.1:445") + w.s("srv") + w.blob(bytes(16)) + w.blob(bytes(16))
auth_entry = struct.pack("<IIQB", 1000, 60, 5, 1) + w.s("*") + w.s("DOM") + w.s("alice")
conn_entry = struct.pack("<IIQBIQQIIHBB", 1000, 77, 9, 1, 2, 100, 200, 3, 4, 0x311, 2, 1) + b"".join(
    w.s(x) for x in ("srv", "srvsvc", "alice", "192.0.2.1:445", "ntlm", "tern"))
for i, (name, body) in enumerate((
        ("hello", w.hello()), ("welcome", struct.pack("<HIQI", 1, w.MAX, 5, 1000)), ("auth", w.auth("*.lab", user="u", domain="D", secret="p", name="n")),
        ("connect", w.connect("srv")), ("facts", facts), ("query", w.query(1, bytes(16), 1)), ("auth_entry", auth_entry), ("conn_entry", conn_entry),
        ("status", bytes(10 * 8 + 5 * 4)), ("tap", w.tap(server="srv", pipe="*")), ("tapped", struct.pack("<Q", 1) + w.s("npcmuxd") + w.s("host")),
        ("record", struct.pack("<BQQIIB", 1, 10, 3, 1000, 77, 1) + w.s("srv") + w.s("peer") + w.s("srvsvc")))):
    save("mux", name, bytes([i]) + body)

echo = CONNECT, bytes([w.PROXY, 0, 0])
start = rec(HELLO) + rec(echo[0], echo[1])
for name, data in (
        ("proxy", start + rec(BYTES, w.bind()) + rec(BYTES, w.add_one(1)) + rec(BYTES, w.add_one(2)[:20]) + rec(BYTES, w.add_one(2)[20:])),
        ("late", rec(HELLO) + rec(CONNECT, bytes([w.PROXY, 2, 0])) + rec(BYTES, w.add_one(1)) + rec(TIME, bytes(11)) + rec(BYTES, w.pdu(18, b"", 1))),
        ("twice", rec(HELLO) + rec(CONNECT, bytes([w.PROXY, 1, 0])) + rec(BYTES, w.add_one(1) * 3)),
        ("bye", rec(HELLO) + rec(CONNECT, bytes([w.PROXY, 4, 0])) + rec(BYTES, w.add_one(1))),
        ("messages", rec(HELLO) + rec(CONNECT, bytes([w.MESSAGE, 0, 0])) + rec(MESSAGE, bytes([w.PIPE_WRITE]) + w.blob(b"abc")) +
         rec(MESSAGE, bytes([w.PIPE_READ]) + struct.pack("<I", 100)) + rec(MESSAGE, bytes([w.PIPE_TRANSACT]) + struct.pack("<I", 100) + w.blob(b"xyz")) +
         rec(MESSAGE, bytes([w.PIPE_READ]) + struct.pack("<I", 100)) + rec(MESSAGE, bytes([w.PIPE_CANCEL]) + struct.pack("<IB", 6, 0))),
        ("tokens", rec(HELLO) + rec(MESSAGE, bytes([w.CREATE_TOKEN])) + rec(MESSAGE, bytes([w.SET_AUTH]) + TOKEN +
         w.auth("*", user="bob", domain="FAKEDOM", secret="x")[8:]) + rec(MESSAGE, bytes([w.IMPERSONATE]) + TOKEN) +
         rec(CONNECT, bytes([1, 0, 1])) + rec(HELLO | 1) + rec(MESSAGE | 1, bytes([w.CLOSE_TOKEN]) + TOKEN)),
        ("lists", start + rec(HELLO | 2) + rec(CONNECT | 2, bytes([1, 0, 0])) + rec(HELLO | 1) + rec(MESSAGE | 1, bytes([w.ENUM_CONNS]) + w.enum()) +
         rec(MESSAGE | 1, bytes([w.ENUM_AUTH]) + w.enum()) + rec(MESSAGE | 1, bytes([w.STATUS])) + rec(MESSAGE | 1, bytes([w.DROP]) + w.s(""))),
        ("query", rec(HELLO) + rec(CONNECT, bytes([w.SESSION, 0, 2])) + rec(MESSAGE, bytes([w.QUERY]) + PIPE + b"\1") +
         rec(MESSAGE, bytes([w.QUERY]) + PIPE + b"\3") + rec(CONNECT, bytes([1, 0, 0]))),
        ("clear", start + rec(HELLO | 1) + rec(MESSAGE | 1, bytes([w.CLEAR_AUTH]) + w.clear()) + rec(BYTES, w.add_one(1)) + rec(CONNECT | 1, bytes([1, 0, 0]))),
        ("server_goes", start + rec(BYTES, w.add_one(1)) + rec(SERVER) + rec(BYTES, w.add_one(1)) + rec(SERVER) + rec(ANEW) + start),
        ("tap", rec(HELLO | 1) + rec(MESSAGE | 1, bytes([w.TAP]) + w.tap()) + start + rec(BYTES, w.bind() + w.add_one(1)) + rec(HOLD | 1) +
         rec(BYTES, w.add_one(1))),
        ("pdu", rec(HELLO) + rec(CONNECT, bytes([3, 0, 0])) + rec(MESSAGE, bytes([w.PIPE_SEND]) + w.blob(w.add_one(1))) + rec(MESSAGE, bytes([w.PIPE_RECV]) + bytes(5)) +
         rec(MESSAGE, bytes([w.PIPE_RELEASE, 1]))),
        ("held", start + rec(HOLD) + rec(BYTES, w.add_one(1) * 50) + rec(HOLD)),
        ("idle", start + rec(ANEW) + rec(TIME, bytes(14)) + start)):
    save("muxd", name, b"\0" + data)
    save("muxd", name + "_pieces", b"\x28" + data)

answer = w.pdu(2, struct.pack("<IHHI", 4, 0, 0, 42))
for name, data in (
        ("calls", rec(0, w.bind()) + rec(2, w.pdu(12, bytes(40))) + rec(0, w.add_one(1) * 2) + rec(2, answer) + rec(5) + rec(2, answer)),
        ("pieces", rec(0, w.add_one(1)[:5]) + rec(0, w.add_one(1)[5:]) + rec(3, answer[:20]) + rec(2, answer[20:])),
        ("fragments", rec(0, w.request(1, bytes(8), flags=1)) + rec(5) + rec(0, w.request(1, bytes(8), flags=2)) + rec(2, answer)),
        ("cancel", rec(0, w.add_one(1)) + rec(0, w.pdu(18, b"")) + rec(5) + rec(0, w.pdu(19, b"")) + rec(4, b"\1")),
        ("broken", rec(0, w.add_one(1)) + rec(4)), ("bad", rec(0, w.pdu(0, b"", length=3))), ("slow", rec(6) + rec(0, w.add_one(1)) + rec(2, answer) + rec(7)),
        ("noise", rec(0, w.add_one(1)) + rec(2, b"noise, and more than a head has"))):
    save("relay", name, b"\0" + data)
    save("relay", name + "_1", b"\1" + data)
