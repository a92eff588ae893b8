# SPDX-License-Identifier: Apache-2.0
"""The protocol of npcmuxd by hand, made from docs/wire/npcmux.md: what an honest client sends, and with that all else.

mux_uids.py and mux_hostile.py use it. Nothing here is refused that the page forbids: that is for the daemon to do."""
import os
import socket
import struct
import time

MAGIC, VERSION, HDR, MAX = 0x4D43504E, 1, 20, 69632
(HELLO, SET_AUTH, CLEAR_AUTH, CREATE_TOKEN, CLOSE_TOKEN, IMPERSONATE, REVERT, CONNECT, PIPE_WRITE, PIPE_READ, PIPE_TRANSACT,
 PIPE_CANCEL, QUERY, DROP, ENUM_AUTH, ENUM_CONNS, STATUS, PIPE_SEND, PIPE_RECV, PIPE_RELEASE) = range(1, 21)
TAP, TAP_DATA = 0x20, 0x21
SESSION, PROXY, MESSAGE, PDU = range(4)
RECV_ALL = 1
PASSWORD, CCACHE, KEYTAB, ANONYMOUS = range(1, 5)
SESSION_KEY, APPLICATION_KEY, FACTS = range(1, 4)
MINE, ALL = 0, 1
WANTS_KEYS = 2

OK, OVERFLOW = 0, 0x80000005
INVALID_HANDLE, INVALID_PARAMETER, ACCESS_DENIED = 0xC0000008, 0xC000000D, 0xC0000022
NAME_INVALID, NAME_NOT_FOUND, BAD_NETWORK_PATH = 0xC0000033, 0xC0000034, 0xC00000BE
QUOTA, NO_LOGON, NO_TOKEN, LOGON_FAILURE = 0xC0000044, 0xC000005F, 0xC000007C, 0xC000006D
DEVICE_STATE, NO_RESOURCES = 0xC0000184, 0xC000009A


def s(text):
    b = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    return struct.pack("<H", len(b)) + b


def blob(b):
    return struct.pack("<I", len(b)) + b


def frame(kind, ident, body=b"", status=0, flags=0, reserved=0, length=None):
    return struct.pack("<IHHIII", HDR + len(body) if length is None else length, kind, flags, ident, status, reserved) + body


def hello(least=VERSION, greatest=VERSION, program="mux_wire", magic=MAGIC):
    return struct.pack("<IHH", magic, least, greatest) + s(program)


def auth(pattern, kind=PASSWORD, domain="", user="", secret=b"", name="", token=0, lifetime=0):
    if isinstance(secret, str):
        secret = secret.encode()
    return struct.pack("<Q", token) + s(pattern) + bytes([kind]) + s(domain) + s(user) + s(name) + blob(secret) + struct.pack(
        "<I", lifetime)


def clear(pattern="", token=0):
    return struct.pack("<Q", token) + s(pattern)


def u64(n):
    return struct.pack("<Q", n)


def connect(server, pipe="rpcecho", mode=PROXY, protection=0, options=0, port=0, least=0, greatest=0, timeout_ms=5000, token=0,
            target="", iface=None, version=(1, 0)):
    if iface is None:
        iface = ECHO_UUID if mode == PDU else bytes(16)
    return struct.pack("<BBIHHHIQ", mode, protection, options, port, least, greatest, timeout_ms, token) + iface + struct.pack(
        "<HH", *(version if any(iface) else (0, 0))) + s(server) + s(target) + s(pipe)


def query(pipe, cookie, what):
    return struct.pack("<Q", pipe) + cookie + bytes([what])


def enum(whose=MINE, first=0):
    return struct.pack("<BI", whose, first)


def tap(whose=MINE, uid=0xffffffff, pid=0, queue=0, server="", pipe=""):
    return struct.pack("<BIII", whose, uid, pid, queue) + s(server) + s(pipe)


class Reader:
    """Of a body."""

    def __init__(self, body):
        self.b, self.at = body, 0

    def take(self, n):
        if self.at + n > len(self.b):
            raise ValueError("a field runs over the end of the answer")
        self.at += n
        return self.b[self.at - n:self.at]

    def n(self, size):
        return int.from_bytes(self.take(size), "little")

    def s(self):
        return self.take(self.n(2)).decode()

    def blob(self):
        return self.take(self.n(4))

    def end(self):
        if self.at != len(self.b):
            raise ValueError("the answer has %d octets left over" % (len(self.b) - self.at))


def facts(body):
    r = Reader(body)
    f = {"pipe": r.n(8), "cookie": r.take(16), "bits": r.n(1), "dialect": r.n(2), "cipher": r.n(2), "signing": r.n(2)}
    f["max"] = (r.n(4), r.n(4), r.n(4))
    f["key_len"], f["app_len"], f["guid"] = r.n(2), r.n(2), r.take(16)
    f["fragments"], f["group"] = (r.n(2), r.n(2)), r.n(4)
    f["mech"], f["peer"], f["server"], f["principal"], f["key"], f["app"] = r.s(), r.s(), r.s(), r.s(), r.blob(), r.blob()
    r.end()
    f["warm"] = bool(f["bits"] & 0x20)
    return f


def auth_entries(body):
    r = Reader(body)
    more, n = r.n(4), r.n(2)
    out = [{"uid": r.n(4), "expires": r.n(4), "token": r.n(8), "kind": r.n(1), "pattern": r.s(), "domain": r.s(),
            "user": r.s()} for _ in range(n)]
    r.end()
    return out, more


def conn_entries(body):
    r = Reader(body)
    more, n = r.n(4), r.n(2)
    out = [{"uid": r.n(4), "pid": r.n(4), "pipe": r.n(8), "mode": r.n(1), "users": r.n(4), "in": r.n(8), "out": r.n(8),
            "age": r.n(4), "idle": r.n(4), "dialect": r.n(2), "cipher": r.n(1), "signed": r.n(1), "server": r.s(), "name": r.s(),
            "user": r.s(), "peer": r.s(), "mech": r.s(), "program": r.s()} for _ in range(n)]
    r.end()
    return out, more


def counters(body):
    r = Reader(body)
    out = {k: r.n(8) for k in ("uptime", "accepted", "refused", "connects", "warm", "failed", "in", "out", "lent", "reused")}
    out.update({k: r.n(4) for k in ("conns", "owners", "sessions", "pipes", "pooled")})
    r.end()
    return out


class Gone(Exception):
    """The daemon has hung up."""


class Conn:
    """A connection to the daemon."""

    def __init__(self, path, say_hello=True, rcvbuf=0, sndbuf=0, wait=10):
        self.s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        if rcvbuf:
            self.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        if sndbuf:
            self.s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, sndbuf)
        self.s.connect(path)  # blocking: else it fails when the queue is full
        self.s.settimeout(wait)
        self.wait, self.buf, self.ident, self.welcome = wait, b"", 0, None
        if say_hello:
            st, body = self.call(HELLO, hello())
            if st != OK:
                raise Gone("hello: 0x%08x" % st)
            r = Reader(body)
            self.welcome = {"version": r.n(2), "longest": r.n(4), "instance": r.n(8), "uid": r.n(4)}

    def send(self, data):
        try:
            self.s.sendall(data)
        except (BrokenPipeError, ConnectionResetError) as e:
            raise Gone(str(e))

    def request(self, kind, body=b"", **how):
        self.ident += 1
        self.send(frame(kind, self.ident, body, **how))
        return self.ident

    def read(self, n, wait=None):
        """n octets; Gone when there are not so many any more."""
        end = time.monotonic() + (wait or self.wait)
        while len(self.buf) < n:
            self.s.settimeout(max(end - time.monotonic(), 0.001))
            try:
                got = self.s.recv(262144)
            except (ConnectionResetError, BrokenPipeError) as e:
                raise Gone(str(e))
            if not got:
                raise Gone("end")
            self.buf += got
        out, self.buf = self.buf[:n], self.buf[n:]
        return out

    def answer(self, wait=None):
        """(type, id, status, body)"""
        length, kind, flags, ident, status, reserved = struct.unpack("<IHHIII", self.read(HDR, wait))
        if not HDR <= length <= MAX or flags or reserved:
            raise ValueError("a head that makes no sense")
        return kind, ident, status, self.read(length - HDR, wait)

    def call(self, kind, body=b"", wait=None):
        """(status, body); where it failed the body is the sentence."""
        ident = self.request(kind, body)
        k, i, status, answer = self.answer(wait)
        if k != kind | 0x8000 or i != ident:
            raise ValueError("the answer to something else: type %x id %u" % (k, i))
        if status not in (OK, OVERFLOW):
            r = Reader(answer)
            answer = r.s()
            r.end()
        return status, answer

    def all(self, kind, whose=MINE):
        """(status, the entries of all pages)"""
        out, first = [], 0
        while True:
            st, body = self.call(kind, enum(whose, first))
            if st != OK:
                return st, []
            got, first = (auth_entries if kind == ENUM_AUTH else conn_entries)(body)
            out += got
            if not first:
                return OK, out

    def open(self, server, **how):
        """Connect: (status, facts or sentence)"""
        st, body = self.call(CONNECT, connect(server, **how), wait=how.pop("wait", None))
        return st, facts(body) if st == OK else body

    def is_gone(self, wait=5):
        """The daemon has hung up; what it says before is thrown away."""
        try:
            while True:
                self.buf = b""
                self.read(1, wait)
        except Gone:
            return True
        except (socket.timeout, TimeoutError):
            return False

    def close(self):
        self.s.close()


# ---- RPC over a pipe, by hand ----

ECHO_UUID = bytes.fromhex("c55ea160e84dd711a637005056a20182")
NDR_UUID = bytes.fromhex("045d888aeb1cc9119fe808002b104860")


def pdu(ptype, body, call=1, flags=3, length=None):
    return struct.pack("<BBBBIHHI", 5, 0, ptype, flags, 0x10, 16 + len(body) if length is None else length, 0, call) + body


def bind():
    return pdu(11, struct.pack("<HHIBBH", 5840, 5840, 0, 1, 0, 0) + struct.pack("<HBB", 0, 1, 0) + ECHO_UUID + struct.pack(
        "<I", 1) + NDR_UUID + struct.pack("<I", 2))


def request(op, stub, call=1, flags=3):
    return pdu(0, struct.pack("<IHH", len(stub), 0, op) + stub, call, flags)


def add_one(n, call=1):
    return request(0, struct.pack("<I", n), call)


def source_data(n, call=1):
    return request(3, struct.pack("<I", n), call)


def sink_data(n, call=1):
    """As fragments of one request."""
    stub = struct.pack("<II", n, n) + bytes(n)
    stub += bytes(-len(stub) % 4)
    out, at, most = b"", 0, 5840 - 24
    while at < len(stub):
        piece = stub[at:at + most]
        flags = (at == 0) | (2 if at + len(piece) == len(stub) else 0)
        out += pdu(0, struct.pack("<IHH", len(stub) - at, 0, 2) + piece, call, flags)
        at += len(piece)
    return out


def sleep_call(seconds, call=1):
    return request(6, struct.pack("<I", seconds), call)


def read_pdu(c, wait=None):
    head = c.read(16, wait)
    return head + c.read(struct.unpack("<H", head[8:10])[0] - 16, wait)


def bound(c, wait=None):
    """The connection is a pipe: it takes calls to the echo interface from now on."""
    c.send(bind())
    return read_pdu(c, wait)[2] == 12


def echo_works(c, n=41, call=1, wait=None):
    c.send(add_one(n, call))
    p = read_pdu(c, wait)
    return p[2] == 2 and struct.unpack("<I", p[24:28])[0] == n + 1


def environ_path():
    return os.environ.get("NPCMUXD_SOCKET", "/run/npcmux/socket")
