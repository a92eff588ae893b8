#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Seeds for fuzz_rpc_server and fuzz_rpc_calls: gen_rpc_seeds.py CORPUS. The heads of the targets say what the bytes mean."""
import os
import struct
import sys
import uuid

RAW, TIME, REPLY, LINK, BIND, REQUEST, CANCEL, HANDLE = range(8)
NONE, CONNECT, INTEGRITY, PRIVACY = range(4)
FIRST, LAST = 1, 2


def u32(*values):
    return struct.pack("<%dI" % len(values), *values)


# ---- the server's actions ----

def act(what, *rest, link=0):
    out = bytes([what | link << 3])
    for x in rest:
        out += x if isinstance(x, bytes) else bytes([x])
    return out


def raw(data, link=0):
    return act(RAW, struct.pack("<H", len(data)), data, link=link)


def bind(level=NONE, alter=False, sign=False, ndr64=False, features=False, mpx=True, group=0, ctx=0, sec=1, iface=0,
         token=b"\0alice", link=0):
    flags = alter | level << 1 | sign << 4 | ndr64 << 5 | features << 6 | mpx << 7
    return act(BIND, flags, group, ctx | sec << 4, iface, len(token), token, link=link)


def request(stub=b"", call=2, flags=FIRST | LAST, ctx=0, level=NONE, sec=1, op=0, link=0):
    return act(REQUEST, flags, call, ctx | level << 4 | sec << 6, op, struct.pack("<H", len(stub)), stub, link=link)


def server_seeds():
    sleep = lambda how, call: request(u32(how), call=call, op=6)
    null = bytes(20)
    yield "call", b"\0" + bind() + request(u32(41))
    yield "levels", b"".join([b"\1"] + [bind(level, sign=True, link=level) + request(u32(41), level=level, link=level)
                                       for level in range(4)])
    yield "bytes", b"\2" + bind(PRIVACY, sign=True, features=True) + request(u32(41), level=PRIVACY)
    yield "fragments", (b"\0" + bind(INTEGRITY) + request(u32(20, 20) + bytes(8), flags=FIRST, level=INTEGRITY, op=1) +
                        request(bytes(6), flags=0, level=INTEGRITY, op=1) + request(bytes(6), flags=LAST, level=INTEGRITY, op=1))
    yield "ndr64", b"\0" + bind(ndr64=True) + request(u32(5, 0, 5, 0) + b"hello", op=1)
    yield "many", b"\0" + bind(mpx=True) + b"".join(sleep(i, 2 + i) for i in range(6)) + act(REPLY, 1) + act(
        REPLY, 0x41) + act(REPLY, 0x82) + act(REPLY, 0xc0) + act(TIME, 3)
    yield "in_turn", b"\4" + bind(mpx=False) + sleep(0, 2) + request(u32(41), call=3) + act(REPLY, 0) + act(TIME, 1)
    yield "later", b"\0" + bind() + sleep(2, 2) + sleep(0x402, 3) + act(TIME, 0) + act(TIME, 9)
    yield "cancel", b"\0" + bind() + sleep(1, 2) + act(CANCEL, 2) + sleep(0, 3) + act(CANCEL, 0x83) + act(
        REPLY, 0) + sleep(2, 4) + act(CANCEL, 4) + act(CANCEL, 0x84)
    yield "gone", b"\0" + bind() + sleep(0, 2) + sleep(1, 3) + sleep(2, 4) + act(LINK) + act(REPLY, 0)
    make = bind(CONNECT, iface=1) + request(null + u32(0), level=CONNECT)
    yield "handles", b"\0" + make + b"".join(
        act(HANDLE) + request(u32(what), level=CONNECT, call=3 + i) for i, what in enumerate([6, 14, 5, 6]))
    yield "handle_busy", b"\0" + make + b"".join(
        act(HANDLE) + request(u32(what), level=CONNECT, call=3 + i) for i, what in enumerate([2, 4, 6])) + act(REPLY, 0)
    yield "handle_shared", b"\0" + bind(PRIVACY, iface=1) + request(null + u32(8), level=PRIVACY) + b"".join(
        act(HANDLE) + request(u32(what), level=PRIVACY, call=3 + i) for i, what in enumerate([10, 10, 13])) + act(
            REPLY, 0) + act(REPLY, 0)
    yield "group", (b"\0" + make + bind(CONNECT, iface=1, group=4, link=1) + act(LINK) + act(HANDLE, link=1) +
                    request(null + u32(6), level=CONNECT, link=1) + bind(CONNECT, iface=1, group=4, link=2))
    yield "maybe", b"\0" + bind(iface=1) + request(null + u32(0), op=1) + request(null + u32(2), op=1)
    yield "contexts", b"\0" + bind(PRIVACY) + b"".join(
        bind(level, alter=True, ctx=i & 3, sec=i, iface=i & 3) for i, level in enumerate([1, 2, 3, 3, 2, 1, 3, 3, 3])
    ) + request(u32(41), ctx=2, level=PRIVACY, sec=2)
    yield "legs", b"\0" + bind(PRIVACY, token=b"\1") + bind(PRIVACY, alter=True, token=b"\1") + bind(
        PRIVACY, alter=True, token=b"\2bob") + request(u32(41), level=PRIVACY)
    yield "auth3", b"\0" + bind(PRIVACY, token=b"\1") + bind(PRIVACY, group=8, token=b"\0bob") + request(
        u32(41), level=PRIVACY) + bind(PRIVACY, group=8)
    trailer = bytes.fromhex("8ae3137102f43671")
    echo = uuid.UUID("60a15ec5-4de8-11d7-a637-005056a20182").bytes_le + u32(1)
    ndr = uuid.UUID("8a885d04-1ceb-11c9-9fe8-08002b104860").bytes_le + u32(2)
    parts = [struct.pack("<HHI", 1, 4, 1), struct.pack("<HH", 2, 40) + echo + ndr,
             struct.pack("<HHIIIHH", 3, 16, 0, 0x10, 2, 0, 0), struct.pack("<HH", 0x8077, 0)]
    for i, p in enumerate(parts + [parts[0] + parts[1] + parts[2]]):
        last = bytearray(p)
        last[-len(parts[2]) + 1 if i == 4 else 1] |= 0x40
        yield "trailer%d" % i, b"\0" + bind(PRIVACY, sign=True) + request(u32(41) + trailer + bytes(last), level=PRIVACY)
    yield "nobody", b"\0" + bind(CONNECT, token=b"\3") + request(u32(41), level=CONNECT)
    yield "refused", b"\0" + bind(CONNECT, token=b"\x09") + bind() + request(u32(41))
    yield "explained", b"\x08" + bind(INTEGRITY) + request(u32(1, 0, 1) + b"\0\0", level=INTEGRITY, op=4)
    yield "source", b"\0" + bind() + request(u32(50000), op=3) + request(u32(50000), call=3, op=3)
    piped = lambda level: bind(level, iface=2)
    yield "put", b"\0" + piped(PRIVACY) + request(u32(1), flags=FIRST, level=PRIVACY) + request(
        u32(8) + b"elements" + u32(0), flags=LAST, level=PRIVACY) + act(REPLY, 0)
    yield "put_slowly", b"\0" + piped(NONE) + request(u32(1, 400) + bytes(50), flags=FIRST) + b"".join(
        request(bytes(50), flags=0) + act(REPLY, 0) for _ in range(7)) + request(u32(0), flags=LAST) + act(REPLY, 0)
    yield "put_refused", b"\0" + piped(NONE) + request(u32(7, 4, 0), flags=FIRST) + request(u32(0), flags=LAST)
    yield "put_cancelled", b"\0" + piped(NONE) + request(u32(1, 4, 0), flags=FIRST) + act(CANCEL, 2) + request(
        u32(0), flags=LAST) + request(u32(1, 4, 0), call=3, flags=FIRST) + act(CANCEL, 0x83) + act(LINK)
    yield "get", b"\0" + piped(INTEGRITY) + request(u32(20000), op=1, level=INTEGRITY) + act(REPLY, 0) * 9
    yield "get_gone", b"\0" + piped(NONE) + request(u32(60000), op=1) + act(REPLY, 0) + act(LINK)
    yield "samples", b"\0" + piped(NONE) + request(u32(2, 1, 2, 3, 4, 0), op=2) + request(u32(1, 1, 2, 0, 1, 0, 0, 0), call=3, op=3)
    yield "silence", b"\0" + act(HANDLE) + act(TIME, 12) + bind(PRIVACY, token=b"\1", link=1) + act(TIME, 12)


# ---- the client's ----

S_RAW, S_ACK, S_ANSWER, S_FAULT, C_CALL, C_CANCEL, C_TIME, C_OTHER = range(8)


def client_seeds():
    ack = bytes([S_ACK, 0x40])
    call = lambda n=100, how=0: bytes([C_CALL, n, how])
    answer = lambda which=0, flags=3, n=100, lie=0: bytes([S_ANSWER, which, flags, n, lie])
    for level in range(4):
        yield "call%d" % level, bytes([level]) + ack + call() + answer() + call(5) + answer(0, 3, 5)
    yield "bytes", bytes([3 | 16]) + ack + call() + answer()
    yield "ndr64", bytes([2 | 4]) + ack + call() + answer()
    yield "many", bytes([3]) + bytes([S_ACK, 0xc0]) + b"".join(call(10 + i) for i in range(5)) + answer(4, 3, 14) + answer(
        0, 3, 10) + answer(1, 3, 12) + answer(1, 3, 12) + answer(0, 3, 11)
    yield "mixed", bytes([2]) + bytes([S_ACK, 0xc0]) + call(100) + call(100) + answer(0, 1, 50) + answer(1, 1, 50) + answer(
        1, 2, 50) + answer(0, 2, 50)
    yield "cancel", bytes([1]) + ack + call() + bytes([C_CANCEL, 0, C_TIME, 6]) + answer() + call() + answer()
    yield "orphan", bytes([1]) + ack + call() + bytes([C_CANCEL, 0, C_TIME, 8]) + answer() + call() + answer()
    yield "deadline", bytes([0]) + ack + call() + bytes([C_TIME, 10]) + answer() + call()
    yield "fault", bytes([0]) + ack + call() + bytes([S_FAULT, 0, 5, 0]) + call() + bytes([S_FAULT, 0, 2, 3]) + b"\x20" + bytes(
        32) + call() + answer()
    yield "close_in_callback", bytes([0]) + bytes([S_ACK, 0xc0]) + call(10, 1) + call(10) + answer(0, 3, 10)
    yield "call_in_callback", bytes([0]) + bytes([S_ACK, 0xc0]) + call(10, 2) + answer(0, 3, 10) + answer(0, 3, 10)
    yield "second_interface", bytes([3]) + ack + bytes([C_OTHER, 4, C_OTHER, 0]) + call() + answer()
    yield "lies", bytes([3]) + ack + b"".join(call() + answer(0, 3, 100, lie) for lie in (1, 2, 4, 8, 16, 32))
    yield "gone", bytes([0]) + ack + call() + bytes([C_OTHER, 1])
    rest = bytes([C_TIME, 0]) * 8
    yield "pipe_get", bytes([32 | 3]) + ack + call(0, 0) + answer(0, 1, 20) + rest + answer(0, 2, 20, 64) + rest
    yield "pipe_get_once", bytes([32]) + ack + call(0, 0) + answer(0, 3, 30, 64) + rest
    yield "pipe_put", bytes([32 | 2]) + ack + call(255, 4) + rest + rest + answer(0, 3, 0)
    yield "pipe_put_early", bytes([32]) + ack + call(255, 4) + answer(0, 3, 0) + rest + call(255, 4) + bytes([S_FAULT, 0, 5, 0]) + rest
    yield "pipe_cancel", bytes([32]) + ack + call(255, 4) + bytes([C_CANCEL, 0]) + rest + call(9, 0) + answer(0, 1, 20) + bytes(
        [C_CANCEL, 1]) + rest + answer(0, 2, 20)
    yield "pipe_lies", bytes([32 | 3]) + ack + call(0, 0) + answer(0, 1, 20, 32) + rest + call(0, 0) + answer(0, 1, 20, 4)
    yield "again", bytes([1]) + ack + call() + bytes([C_OTHER, 1, C_OTHER, 4, C_OTHER, 3]) + call() + answer()
    yield "no", bytes([3]) + bytes([S_ACK, 0x42]) + bytes([C_OTHER, 3, S_ACK, 1, C_OTHER, 3, S_ACK, 8, C_OTHER, 3, S_ACK, 4])
    yield "raw", bytes([0]) + ack + call() + bytes([S_RAW, 16, 0]) + bytes.fromhex("05000203100000001000000002000000")


def main(argv):
    for target, seeds in (("rpc_server", server_seeds()), ("rpc_calls", client_seeds())):
        for name, data in seeds:
            path = os.path.join(argv[1], target, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as f:
                f.write(data)


if __name__ == "__main__":
    main(sys.argv)
