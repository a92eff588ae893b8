# SPDX-License-Identifier: Apache-2.0
"""The hostile world of a running msrpcd: msrpcd_hostile.py [SCENARIO...]

Each scenario has a daemon of its own (msrpcd_world.py says what the environment has). While it runs an honest client
makes calls and takes the time; afterwards the daemon must have as many descriptors open as before, must not have taken
more memory than it may, and ends in order. Prints "ok TEXT" and "not ok TEXT", at the end "done".

HOSTILE_DEADLINE_MS: what an honest client may have to wait; HOSTILE_SANITIZED=yes: memory is not looked at.
"""
import hashlib
import hmac
import os
import random
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import time

from impacket import nmb, smb3
from impacket.smb3structs import SMB2_DIALECT_21

from msrpcd_world import HOST, PASSWORD, SOURCES, Daemon, Probe, in_words

DEADLINE_MS = int(os.environ.get("HOSTILE_DEADLINE_MS", "2000"))
SANITIZED = os.environ.get("HOSTILE_SANITIZED") == "yes"
daemon = None  # of the scenario that runs
TCP = int(os.environ.get("HOSTILE_TCP", "0"))

OK, PENDING, MORE = 0, 0x103, 0xC0000016
OVERFLOW, INVALID_PARAMETER, ACCESS_DENIED = 0x80000005, 0xC000000D, 0xC0000022
NOT_FOUND, NO_RESOURCES, NOT_AVAILABLE, DISCONNECTED, BROKEN = (
    0xC0000034, 0xC000009A, 0xC00000AC, 0xC00000B0, 0xC000014B)
LOGON_FAILURE, SESSION_DELETED = 0xC000006D, 0xC0000203
ECHO_UUID = bytes.fromhex("c55ea160e84dd711a637005056a20182")
NDR_UUID = bytes.fromhex("045d888aeb1cc9119fe808002b104860")

failures = 0


def point(good, text, why=""):
    global failures
    failures += not good
    print(("ok " if good else "not ok ") + text, flush=True)
    if not good and why:
        print("# " + str(why), flush=True)


# ---- what each scenario has around it ----


def scenario(fn):
    """Runs it beside an honest client and looks at what is left behind."""
    name = fn.__doc__.split("\n")[0].rstrip(".")
    how = {"most_mb": 64, "daemon": {}, "lives_on": True, **getattr(fn, "how", {})}

    def run():
        global daemon, TCP
        daemon = Daemon(**how["daemon"])
        TCP = daemon.ports["tcp"]
        probe = Probe()
        time.sleep(0.3)
        before, mb = daemon.descriptors(), daemon.rss_mb()
        peak = [mb]
        fn(lambda: peak.append(daemon.rss_mb()))
        peak.append(daemon.rss_mb())
        kinds, why = probe.ask()
        while dialled:
            dialled.pop().close()
        slowest = max(k["max_us"] for k in kinds.values()) / 1000
        served = all(k["failed"] == 0 and k["calls"] for k in kinds.values())
        if how["lives_on"]:
            point(served and slowest < DEADLINE_MS, "%s: the others are served in time (at most %.0f ms)" % (name, slowest), why)
        print("# " + in_words(kinds))
        end = time.monotonic() + 45
        while (after := daemon.descriptors()) > before and time.monotonic() < end:  # one look: the next may meet a new client
            time.sleep(0.1)
        point(after <= before, "%s: no descriptor is left (%d before, %d after)" % (name, before, after))
        grown = max(peak) - mb
        point(SANITIZED or grown < how["most_mb"], "%s: memory stays bounded (%.0f MB more, %.0f MB left)" % (
            name, grown, daemon.rss_mb() - mb), "limit %d MB" % how["most_mb"])
        probe.end()
        rc = daemon.stop()
        point(rc == 0, "%s: the daemon ends in order" % name, "%d: %s" % (rc, daemon.said()[-3000:]))
    scenarios[fn.__name__] = run
    return run


scenarios = {}


def with_(**how):
    def mark(fn):
        fn.how = how
        return fn
    return mark


# ---- SMB by hand: what is signed is signed right, all else is ours to choose ----


dialled = []  # closed when a scenario is over, at the latest


def dial(port, src=None, rcvbuf=0):
    s = socket.socket()
    if rcvbuf:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
    if src:
        s.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
        s.bind((src, 0))
    s.settimeout(20)
    dialled.append(s)
    s.connect((HOST, port))
    return s


def reset(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def is_gone(s, wait=5):
    """The other end has closed; what it said before is thrown away."""
    s.settimeout(wait)
    try:
        while s.recv(65536):
            pass
        return True
    except socket.timeout:
        return False
    except OSError:
        return True


class Session(nmb.NetBIOSTCPSession):
    """Impacket's, from an address that we choose."""
    source, rcvbuf = None, 0

    def _setup_connection(self, peer, timeout=None):
        return dial(peer[1], Session.source, Session.rcvbuf)


nmb.NetBIOSTCPSession = Session


class Smb:
    """A connection that Impacket has logged on, by dialect 2.1: each message is signed with HMAC-SHA256."""

    def __init__(self, src=None, user="admin", password=PASSWORD, rcvbuf=0, tree=True):
        Session.source, Session.rcvbuf = src, rcvbuf
        self.imp = smb3.SMB3(HOST, HOST, preferredDialect=SMB2_DIALECT_21)
        self.imp.login(user, password)
        self.key = self.imp._Session["SessionKey"][:16]
        self.id = self.imp._Session["SessionID"]
        self.mid = self.imp._Connection["SequenceWindow"]
        self.sock = self.imp._NetBIOSSession.get_socket()
        self.credits, self.tree, self.buf = 1, 0, b""
        if tree:
            self.call(ECHO, struct.pack("<HH", 4, 0), credits=500)
            self.tree = self.tree_connect()

    def tree_connect(self):
        path = ("\\\\%s\\IPC$" % HOST).encode("utf-16le")
        r = self.call(TREE, struct.pack("<HHHH", 9, 0, 72, len(path)) + path)
        return r["tree"] if r["status"] == OK else 0

    def element(self, cmd, body, nxt=0, flags=0, credits=1, tree=None, session=None, sign=True, mid=None, charge=1,
                async_id=None):
        if mid is None:
            mid = self.mid
            self.mid += max(charge, 1)
        ids = struct.pack("<Q", async_id) if async_id is not None else struct.pack(
            "<II", 0xfeff, self.tree if tree is None else tree)
        msg = struct.pack("<4sHHIHHIIQ", b"\xfeSMB", 64, charge, 0, cmd, credits, flags | (8 if sign else 0), nxt, mid)
        msg += ids + struct.pack("<Q", self.id if session is None else session) + bytes(16) + body
        return self.signed(msg) if sign else msg

    def signed(self, msg):
        return msg[:48] + hmac.new(self.key, msg, hashlib.sha256).digest()[:16] + msg[64:]

    def chain(self, parts, related=True, credits=1):
        out = b""
        for i, (cmd, body) in enumerate(parts):
            last = i + 1 == len(parts)
            pad = 0 if last else -(64 + len(body)) % 8
            nxt = 0 if last else 64 + len(body) + pad
            out += self.element(cmd, body + bytes(pad), nxt, 4 if related and i else 0, credits=credits)
        return out

    def send(self, msg):
        self.sock.sendall(struct.pack(">I", len(msg)) + msg)

    def receive(self, wait=20):
        """The answers of one message; None when the server has hung up."""
        end = time.monotonic() + wait
        while True:
            if len(self.buf) >= 4:
                n = struct.unpack(">I", self.buf[:4])[0]
                if len(self.buf) >= 4 + n:
                    msg, self.buf = self.buf[4:4 + n], self.buf[4 + n:]
                    return list(answers(msg))
            self.sock.settimeout(max(end - time.monotonic(), 0.001))
            try:
                data = self.sock.recv(262144)
            except socket.timeout:
                raise
            except OSError:
                return None
            if not data:
                return None
            self.buf += data

    def answer(self, wait=20):
        """Of a single request; interim answers are passed over."""
        while True:
            r = self.receive(wait)
            if r is None or r[0]["status"] != PENDING:
                return r[0] if r else None

    def call(self, cmd, body, **how):
        self.send(self.element(cmd, body, **how))
        return self.answer()

    def open(self, name="rpcecho"):
        """(status, file id)"""
        r = self.call(CREATE, create(name))
        return (r["status"], r["body"][64:80]) if r else (None, None)

    def close(self):
        self.sock.close()


def answers(msg):
    while True:
        size, charge, status, cmd, credits, flags, nxt, mid = struct.unpack("<HHIHHIIQ", msg[4:32])
        yield {"status": status, "cmd": cmd, "credits": credits, "flags": flags, "mid": mid,
               "async": struct.unpack("<Q", msg[32:40])[0], "tree": struct.unpack("<I", msg[36:40])[0],
               "session": struct.unpack("<Q", msg[40:48])[0], "body": msg[64:nxt or None]}
        if not nxt:
            return
        msg = msg[nxt:]


NEGOTIATE, SETUP, LOGOFF, TREE, TREE_END, CREATE, CLOSE, FLUSH, READ, WRITE, LOCK, IOCTL, CANCEL, ECHO = range(14)
ANY_FILE = b"\xff" * 16


def create(name):
    wire = name if isinstance(name, bytes) else name.encode("utf-16le")
    return struct.pack("<HBBIQQIIIIIHHII", 57, 0, 0, 2, 0, 0, 0x12019f, 0, 7, 1, 0, 120, len(wire), 0, 0) + (wire or b"\0")


def close_file(fid):
    return struct.pack("<HHI16s", 24, 0, 0, fid)


def read(fid, n=65536):
    return struct.pack("<HBBIQ16sIIIHHB", 49, 80, 0, n, 0, fid, 0, 0, 0, 0, 0, 0)


def write(fid, data):
    return struct.pack("<HHIQ16sIIHHI", 49, 112, len(data), 0, fid, 0, 0, 0, 0, 0) + data


def ioctl(fid, code, data=b"", out=65536):
    return struct.pack("<HHI16sIIIIIIII", 57, 0, code, fid, 120, len(data), 0, 0, 0, out, 1, 0) + data


TRANSCEIVE, PEEK = 0x11c017, 0x11400c
NEGOTIATION = struct.pack("<4sHHIHHIIQIIQ16s", b"\xfeSMB", 64, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, bytes(16)) + struct.pack(
    "<HHHHI16sQHH", 36, 2, 1, 0, 0, bytes(range(16)), 0, 0x202, 0x210)


def negotiate_smb(s):
    s.sendall(struct.pack(">I", len(NEGOTIATION)) + NEGOTIATION)
    return len(s.recv(4096)) > 100


# ---- RPC by hand ----


def pdu(ptype, body, call=1, flags=3):
    return struct.pack("<BBBBIHHI", 5, 0, ptype, flags, 0x10, 16 + len(body), 0, call) + body


def bind(contexts=1, first=0, flags=3):
    elements = b"".join(struct.pack("<HBB", first + i, 1, 0) + ECHO_UUID + struct.pack("<I", 1) + NDR_UUID + struct.pack(
        "<I", 2) for i in range(contexts))
    return pdu(11, struct.pack("<HHIBBH", 5840, 5840, 0, contexts, 0, 0) + elements, flags=flags)


def request(op, stub, call=1, flags=3):
    return pdu(0, struct.pack("<IHH", len(stub), 0, op) + stub, call, flags)


def source_data(n, call=1):
    return request(3, struct.pack("<I", n), call)


def sleep_call(seconds, call=1):
    return request(6, struct.pack("<I", seconds), call)


def bound(src=None, rcvbuf=0, flags=3):
    s = dial(TCP, src, rcvbuf)
    s.sendall(bind(flags=flags))
    return s if s.recv(4096)[2:3] == b"\x0c" else None


# ---- scenarios ----


@scenario
@with_(most_mb=200)
def silent(look):
    """10 000 silent connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    plan = [(445, 10000), (TCP, 4000), (135, 3000)]
    room = hard - 100
    total, held, refused = sum(n for _, n in plan), [], 0
    if room < total:
        print("# only %d descriptors here: fewer connections" % hard)
        plan = [(port, n * room // total) for port, n in plan]
    for port, n in plan:
        for i in range(n):
            try:
                s = dial(port, SOURCES[i % len(SOURCES)])
                s.setblocking(False)
                held.append(s)
            except OSError:
                refused += 1
        look()
    point(len(held) + refused == sum(n for _, n in plan) and refused == 0,
          "%d silent connections from %d addresses are there" % (len(held), len(SOURCES)), "%d refused" % refused)
    opened = time.monotonic()
    gone = 0
    poll = select.epoll()
    for s in held:
        poll.register(s, select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLONESHOT)
    point(len(held) == total or room < total, "there is room for %d" % total)
    while gone < len(held) and time.monotonic() < opened + 45:
        gone += len(poll.poll(1, 20000))
        look()
    point(gone == len(held), "all of them are gone after %.0f s" % (time.monotonic() - opened),
          "%d of %d" % (gone, len(held)))
    for s in held:
        s.close()


@scenario
@with_(most_mb=200)
def silent_tcp(look):
    """The port of the interfaces is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    n = min(11000, hard - 100)
    for i in range(n):
        dial(TCP, SOURCES[i % len(SOURCES)])
    look()
    time.sleep(3)
    poll = select.poll()
    for s in dialled:
        poll.register(s, select.POLLIN)
    gone = len(poll.poll(0))
    point(gone >= n - 10000, "%d silent connections, of which the %d oldest had to go" % (n, gone))


@scenario
@with_(most_mb=64)
def half_messages(look):
    """Strangers who send most of a message, and wait."""
    held = []
    for i in range(2000):
        try:
            s = dial(445, SOURCES[i % len(SOURCES)])
            s.settimeout(2)
            s.sendall(struct.pack(">I", 68 * 1024) + bytes(66 * 1024))
            held.append(s)
        except OSError:
            pass
        try:
            s = dial(TCP, SOURCES[i % len(SOURCES)])
            s.settimeout(2)
            s.sendall(struct.pack("<BBBBIHHI", 5, 0, 11, 3, 0x10, 65535, 0, 1) + bytes(64000))
            held.append(s)
        except OSError:
            pass
        if i % 50 == 0:
            look()
    look()
    point(len(held) > 2000, "%d half messages are sent" % len(held))
    for s in held:
        s.close()


@scenario
def stages(look):
    """Connections that stop at each stage."""
    held = []

    def stop(s):
        held.append(s)

    def smb(rest=b""):
        s = dial(445)
        if negotiate_smb(s) and rest:
            s.sendall(rest)
        return s
    for _ in range(10):
        stop(dial(445))                                            # connected
        s = dial(445)
        s.sendall(struct.pack(">I", len(NEGOTIATION)) + NEGOTIATION[:50])  # half a NEGOTIATE
        stop(s)
        stop(smb())                                                # negotiated
        blob = b"NTLMSSP\0" + struct.pack("<II", 1, 0xe2088297) + bytes(16)
        setup = NEGOTIATION[:12] + struct.pack("<HH", 1, 1) + bytes(8) + struct.pack("<Q", 1) + bytes(32) + struct.pack(
            "<HBBIIHHQ", 25, 0, 1, 0, 0, 88, len(blob), 0) + blob
        frame = struct.pack(">I", len(setup)) + setup
        stop(smb(frame[:60]))                                      # half a SESSION_SETUP
        stop(smb(frame))                                           # half a logon
        x = Smb(tree=False)
        stop(x.sock)                                               # logged on
        x = Smb()
        stop(x.sock)                                               # tree connected
        x = Smb()
        x.open()
        stop(x.sock)                                               # pipe open
        x = Smb()
        _, f = x.open()
        x.call(WRITE, write(f, bind()[:30]))                       # half a bind in a pipe
        stop(x.sock)
        x = Smb()
        _, f = x.open()
        x.call(WRITE, write(f, bind()))
        x.send(x.element(READ, read(f)))                           # a bind, its answer not read
        stop(x.sock)
        x = Smb()
        _, f = x.open()
        x.send(x.element(READ, read(f)))                           # a read that waits
        stop(x.sock)
        x = Smb()
        _, f = x.open()
        msg = x.element(WRITE, write(f, bind()))
        x.sock.sendall(struct.pack(">I", len(msg)) + msg[:100])    # half a WRITE
        stop(x.sock)
        s = dial(TCP)
        s.sendall(bind()[:40])                                     # half a bind over TCP
        stop(s)
        stop(bound())                                              # bound, unauthenticated
        s = bound()
        s.sendall(request(0, bytes(4))[:20])                       # half a request
        stop(s)
        s = bound()
        s.sendall(request(1, struct.pack("<I", 100) + bytes(50), flags=1))  # the first of several fragments
        stop(s)
        look()
    half = held[::2]
    for s in half:
        s.shutdown(socket.SHUT_WR)  # half closed, and stays so
    time.sleep(1)
    point(len(held) == 160, "%d connections stand still" % len(held))
    point(all(is_gone(s, 8) for s in half), "who has half closed is closed")
    for i, s in enumerate(held):
        if i % 2:
            reset(s)
        else:
            s.close()


@scenario
@with_(most_mb=200)
def slow_readers(look):
    """Clients that ask for much and read nothing."""
    held = []
    for i in range(20):  # SMB: big answers in pipes, fetched by many reads at once
        x = Smb(SOURCES[i], rcvbuf=4096)
        _, f = x.open()
        x.call(IOCTL, ioctl(f, TRANSCEIVE, bind()))
        for call in range(30):
            x.call(WRITE, write(f, source_data(1 << 20, call + 1)))
        x.sock.settimeout(1)
        many = b""
        for _ in range(400):
            m = x.element(READ, read(f))
            many += struct.pack(">I", len(m)) + m
        try:
            x.sock.sendall(many)
        except OSError:
            pass
        held.append(x.sock)
        look()
    for i in range(20):  # SMB: what can be looked at again and again without being taken
        x = Smb(SOURCES[20 + i], rcvbuf=4096)
        _, f = x.open()
        x.call(IOCTL, ioctl(f, TRANSCEIVE, bind()))
        x.call(WRITE, write(f, source_data(60000)))
        x.sock.settimeout(1)
        many = b""
        for _ in range(400):
            m = x.element(IOCTL, ioctl(f, PEEK))
            many += struct.pack(">I", len(m)) + m
        try:
            x.sock.sendall(many)
        except OSError:
            pass
        held.append(x.sock)
        look()
    for i in range(40):  # RPC over TCP, as a stranger
        s = bound(SOURCES[40 + i], 4096)
        s.settimeout(1)
        try:
            for call in range(100):
                s.sendall(source_data(1 << 20, call + 1))
        except OSError:
            pass
        held.append(s)
        look()
    time.sleep(2)
    look()
    point(len(held) == 80, "80 clients do not read")
    for s in held:
        s.close()


@scenario
@with_(most_mb=100)
def small_answers(look):
    """Strangers with small requests who read nothing."""
    def floods(conns, messages):
        """Each sends what messages(i) gives, as long as anything is taken; how many were closed."""
        rest, end, gone = {s: b"" for s in conns}, time.monotonic() + 5, 0
        for s in conns:
            s.setblocking(False)
        while time.monotonic() < end and rest:
            for s in list(rest):
                if len(rest[s]) < 100000:
                    rest[s] += messages(s)
                try:
                    rest[s] = rest[s][s.send(rest[s]):]
                except BlockingIOError:
                    pass
                except OSError:
                    gone += 1
                    del rest[s]
            look()
        return gone
    faults = b"".join(request(77, b"", call + 1) for call in range(4000))
    held = [bound(SOURCES[i % 8], 4096) for i in range(30)]
    point(floods(held, lambda s: faults) == 0, "requests for what there is not: who reads nothing is not read any more")
    smb, mids = [], {}
    for i in range(30):
        s = dial(445, SOURCES[i % 8], 4096)
        negotiate_smb(s)
        mids[s] = 1
        smb.append(s)

    def echos(s):
        first, mids[s] = mids[s], mids[s] + 2000
        return b"".join(struct.pack(">I", 68) + NEGOTIATION[:12] + struct.pack("<HHIIQ", ECHO, 1, 0, 0, mid) + bytes(
            32) + struct.pack("<HH", 4, 0) for mid in range(first, mids[s]))
    point(floods(smb, echos) == 30, "ECHO: who has not logged on, and reads nothing, is closed")
    for s in held + smb:
        s.close()


@scenario
@with_(most_mb=150)
def waiting_chains(look):
    """Requests that wait, with long chains behind them."""
    xs = []
    for i in range(10):
        x = Smb(SOURCES[i])
        for _ in range(20):
            x.call(ECHO, struct.pack("<HH", 4, 0), credits=500)
        _, f = x.open()
        x.sock.settimeout(5)
        refused = 0
        for _ in range(300):
            msg = x.chain([(READ, read(f)), (WRITE, write(ANY_FILE, bytes(60000)))])
            x.send(msg)
        xs.append((x, f))
        look()
    for x, f in xs:
        x.sock.close()
    point(True, "300 reads on each of 10 pipes wait, with 60 kB behind each")
    # each waiting read has a CLOSE of the next pipe behind it: the last one falls, and with it all others
    x = Smb()
    for _ in range(8):
        x.call(ECHO, struct.pack("<HH", 4, 0), credits=500)
    fs = [x.open()[1] for _ in range(400)]
    for a, b in zip(fs, fs[1:]):
        x.send(x.chain([(READ, read(a)), (CLOSE, close_file(b))], related=False))
    x.send(x.element(CLOSE, close_file(fs[0])))
    seen, end = {}, time.monotonic() + 10
    while len(seen) < 2 * 399 + 1 and time.monotonic() < end:
        r = x.receive()
        if r is None:
            break
        for a in r:
            if a["status"] != PENDING:
                seen[a["mid"]] = a["status"]
    point(list(seen.values()).count(BROKEN) == 399, "400 pipes close each other", "%d broken, %d answers" % (
        list(seen.values()).count(BROKEN), len(seen)))
    x.close()


@scenario
@with_(most_mb=100)
def floods(look):
    """Everything is opened until there is no more."""
    x = Smb(SOURCES[0])
    for _ in range(10):
        x.call(ECHO, struct.pack("<HH", 4, 0), credits=500)
    n, st = 1, OK
    while st == OK and n < 100:
        r = x.call(TREE, struct.pack("<HHHH", 9, 0, 72, 2 * len("\\\\h\\IPC$")) + "\\\\h\\IPC$".encode("utf-16le"))
        st = r["status"]
        n += st == OK
    point(st == NO_RESOURCES and n == 16, "trees of a session: %d" % n, hex(st))
    n, st, files = 0, OK, []
    while st == OK and n < 5000:
        st, f = x.open()
        files.append(f)
        n += st == OK
    point(st in (NO_RESOURCES, NOT_AVAILABLE) and n == 1024, "open pipes of a session: %d" % n, hex(st))
    st, _ = x.open()
    x.call(CLOSE, close_file(files[7]))
    point(st != OK and x.open()[0] == OK, "and one is free when another is closed")
    others = [Smb(SOURCES[0]) for _ in range(3)]
    n, st = 1024, OK
    for y in others:
        st = OK
        while st == OK:
            st, _ = y.open()
            n += st == OK
        look()
    point(n == 2501, "open pipes of an address: %d" % n, hex(st))
    for y in [x] + others:
        y.close()
    z = Smb(SOURCES[1], tree=False)
    z.call(ECHO, struct.pack("<HH", 4, 0), credits=500)
    blob = b"NTLMSSP\0" + struct.pack("<II", 1, 0xe2088297) + bytes(16)
    n, st = 1, MORE
    while st == MORE and n < 500:
        r = z.call(SETUP, struct.pack("<HBBIIHHQ", 25, 0, 1, 0, 0, 88, len(blob), 0) + blob, session=0, sign=False)
        st = r["status"] if r else None
        n += st == MORE
    point(n == 64 and st == NO_RESOURCES, "sessions of a connection: %d" % n, st and hex(st))
    z.close()
    s = bound()
    accepted = 1
    for first in range(1, 64):
        alter = bind(1, first)
        s.sendall(alter[:2] + b"\x0e" + alter[3:])  # alter_context
        accepted += s.recv(8192)[32:34] == b"\0\0"
    point(accepted == 32, "contexts of a connection: %d" % accepted)
    s.close()
    s = bound(SOURCES[2], flags=0x13)  # several calls at a time
    s.sendall(b"".join(sleep_call(1, call + 1) for call in range(1500)))  # at once: it hangs up in the middle
    s.settimeout(10)
    buf = s.recv(4096)
    point(buf[2] == 3 and buf[24:28] == bytes.fromhex("1400011c") and is_gone(s),
          "whoever has more than 1024 calls on one is told that the server is busy, and that was it", buf.hex())
    s.close()
    held = []
    for i in range(3000):
        try:
            held.append(dial(445, SOURCES[3]))
        except OSError:
            break
    time.sleep(0.5)
    open_now = sum(not select.select([c], [], [], 0)[0] for c in held[:1000])
    point(open_now == 1000, "the first connections of an address stay", open_now)
    poll = select.poll()
    for c in held:
        poll.register(c, select.POLLIN)
    point(len(poll.poll(100)) >= 499, "and those beyond its share of 2500 are refused")
    for c in held:
        c.close()


@scenario
def pipe_names(look):
    """Pipe names as paths open nothing."""
    x = Smb()
    for _ in range(4):
        x.call(ECHO, struct.pack("<HH", 4, 0), credits=500)
    names = ["..\\srvsvc", "../srvsvc", "\\..\\srvsvc", "/etc/passwd", "\\etc\\passwd", "C:\\tmp\\x", "\\\\host\\pipe\\srvsvc",
             "srvsvc/..", "srvsvc\\..\\srvsvc", "srvsvc/", "./srvsvc", "a/../srvsvc", "sam.db", "epmapper/../srvsvc",
             "%2e%2e%2fsrvsvc", "srvsvc%00", "srvsvc\0", "srvsvc\0.so", "\0srvsvc", "srvsvc\n", " srvsvc", "srvsvc ", "srvsvc.",
             "srvsvc:stream", "srvsvc::$DATA", "srv*", "s?vsvc", "\u0455rvsvc", "srvsv\u0441", "\uff53rvsvc", "srvsvc\u200b",
             "\ud800srvsvc", "", "\\", "\\\\", "..", ".", "srvsvc" * 50, "a" * 246, "a" * 247, "a" * 30000, "libfoo.so",
             "/proc/self/exe", "pipe\\srvsvc", "$(id)", "`id`", ";id", "|id", "srvsvc;id"]
    opened = [n for n in names if x.call(CREATE, create(n.encode("utf-16le", "surrogatepass")))["status"] == OK]
    point(not opened, "%d odd names open nothing" % len(names), opened)
    odd = x.call(CREATE, create(b"srvsv"))  # half a character
    point(odd is not None and odd["status"] != OK, "a name of an odd length")
    wait = struct.pack("<qIBB", 0, 20, 0, 0) + "..\\..\\etc\\x".encode("utf-16le")[:20]
    r = x.call(IOCTL, ioctl(ANY_FILE, 0x110018, wait))
    point(r["status"] == NOT_FOUND, "nor are they there to be waited for", hex(r["status"]))
    wait = struct.pack("<qIBB", 0, 0xfffffff0, 0, 0) + b"s\0r\0"
    r = x.call(IOCTL, ioctl(ANY_FILE, 0x110018, wait))
    point(r["status"] == INVALID_PARAMETER, "a length that lies", hex(r["status"]))
    point(x.open("srvsvc")[0] == OK and x.open("SrvSvc")[0] == OK, "and good names do")
    shares = ["\\\\h\\C$", "\\\\h\\ADMIN$", "\\\\h\\IPC$\\..\\C$", "\\\\h\\..\\IPC$", "\\\\h\\IPC$\0", "\\\\h\\\\IPC$", "IPC$",
              "\\IPC$", "\\\\", "", "\\\\h\\" + "a" * 20000]
    bad = []
    for s in shares:
        w = s.encode("utf-16le")
        r = x.call(TREE, struct.pack("<HHHH", 9, 0, 72, len(w)) + (w or b"\0"))
        if r is None or r["status"] == OK:
            bad.append(s)
    point(not bad, "%d odd names of shares connect to nothing" % len(shares), bad)
    x.close()


@scenario
def framing(look):
    """Lengths, chains and orders that lie."""
    empty = struct.pack("<HH", 4, 0)
    x = Smb()
    two = x.chain([(ECHO, empty), (ECHO, empty)])
    for name, nxt in (("into itself", 8), ("unaligned", 65), ("outside", 0x10000), ("at its own end", len(two)),
                      ("of 2^31", 0x80000000), ("of 2^32 - 8", 0xfffffff8)):
        x = Smb()
        m = bytearray(x.chain([(ECHO, empty), (ECHO, empty)]))
        m[20:24] = struct.pack("<I", nxt)
        m = x.signed(bytes(m)) if nxt == 0 else bytes(m)
        x.send(m)
        point(is_gone(x.sock), "NextCommand %s ends the connection" % name)
    x = Smb()
    x.call(ECHO, empty, credits=500)
    x.send(x.chain([(ECHO, empty)] * 300, related=False))
    point(is_gone(x.sock), "a chain of 300 ends the connection")
    x = Smb()
    x.sock.sendall(struct.pack(">I", 0xffffff) + bytes(1000))
    point(is_gone(x.sock), "a frame of 16 MB ends the connection")
    for first in (b"\x81\0\0\x44", b"\0\0\0\0", b"\0\0\0\x10", b"\xff\xff\xff\xff"):
        s = dial(445)
        s.sendall(first + bytes(64))
        point(is_gone(s), "a frame that begins with %s, too" % first.hex())
    x = Smb()
    m = x.element(ECHO, empty, mid=0)
    x.send(m)
    point(is_gone(x.sock), "a message id that was used ends the connection")
    x = Smb()
    x.send(x.element(ECHO, empty, mid=1 << 40))
    point(is_gone(x.sock), "one that was not granted, too")
    x = Smb()
    x.send(x.element(IOCTL, ioctl(ANY_FILE, PEEK), charge=60000))
    point(is_gone(x.sock), "more credits than there are, too")
    for how, text in (({"sign": False}, "without a signature"), ({"flags": 8, "sign": False}, "with a signature of zeros")):
        x = Smb()
        r = x.call(TREE, struct.pack("<HHHH", 9, 0, 72, 14) + "\\\\h\\IPC$".encode("utf-16le")[:14], **how)
        point(r is None or r["status"] == ACCESS_DENIED, "a request " + text + " is refused", r)
    x = Smb()
    m = bytearray(x.element(CREATE, create("srvsvc")))
    m[-1] ^= 1
    x.send(bytes(m))
    r = x.answer()
    point(r is None or r["status"] == ACCESS_DENIED, "one that was changed is refused", r)
    x, y = Smb(), Smb()
    r = y.call(ECHO, empty, session=x.id)
    point(r is None or r["status"] in (SESSION_DELETED, ACCESS_DENIED), "another connection's session is none here", r)
    _, f = x.open()
    r = y.call(READ, read(f))
    point(r["status"] not in (OK, PENDING), "another session's file is none here", hex(r["status"]))
    s = dial(445)
    s.sendall(struct.pack(">I", len(NEGOTIATION)) + NEGOTIATION)
    s.recv(4096)
    again = NEGOTIATION[:24] + struct.pack("<Q", 1) + NEGOTIATION[32:]
    s.sendall(struct.pack(">I", len(again)) + again)
    point(is_gone(s), "a second NEGOTIATE ends the connection")
    for cmd in (LOGOFF, TREE, CREATE, READ, WRITE, IOCTL, CLOSE, TREE_END, ECHO):
        s = dial(445)
        m = NEGOTIATION[:12] + struct.pack("<H", cmd) + NEGOTIATION[14:64] + empty
        s.sendall(struct.pack(">I", len(m)) + m)
        if not is_gone(s):
            point(False, "command %d before NEGOTIATE" % cmd)
    point(True, "no other command comes before NEGOTIATE")
    for n in list(range(16)) + [17, 23]:  # fragment lengths, in a pipe and over TCP
        b = bytearray(bind())
        b[8:10] = struct.pack("<H", n)
        s = dial(TCP)
        s.sendall(bytes(b))
        if not is_gone(s):
            point(False, "a fragment of %d over TCP" % n)
        x = Smb()
        _, f = x.open()
        x.call(WRITE, write(f, bytes(b)))
        r = x.call(READ, read(f))
        while r and r["status"] == OK:
            r = x.call(READ, read(f))
        if not r or r["status"] not in (BROKEN, DISCONNECTED):
            point(False, "a fragment of %d in a pipe" % n, r)
        x.close()
    point(True, "fragments of 0 to 23 end the connection, or the pipe")
    for ptype in range(20):
        s = dial(TCP)
        s.sendall(pdu(ptype, bytes(64)))
        s.shutdown(socket.SHUT_WR)
        if not is_gone(s):
            point(False, "PDU type %d first" % ptype)
    point(True, "every PDU type comes first once")


@scenario
def logons(look):
    """Logons that are not right."""
    def refused(text, fn):
        try:
            fn()
            point(False, text)
        except Exception as e:
            point(any(w in str(e) for w in ("LOGON_FAILURE", "ACCESS_DENIED", "DOWNGRADE_DETECTED")), text, e)
    refused("a wrong password", lambda: Smb(user="nobody", password="wrong", tree=False))
    refused("an unknown user", lambda: Smb(user="x" * 1000, tree=False))
    refused("no user", lambda: Smb(user="", password="", tree=False))
    from impacket import ntlm
    real = ntlm.getNTLMSSPType3

    def relayed(t1, t2, *rest, **kw):
        c = ntlm.NTLMAuthChallenge(t2)
        c["challenge"] = bytes(a ^ 0xff for a in c["challenge"])
        return real(t1, c.getData(), *rest, **kw)
    ntlm.getNTLMSSPType3 = relayed
    refused("the answer to another challenge", lambda: Smb(tree=False))

    def v1(t1, t2, user, password, domain, lm="", nt="", **kw):
        return real(t1, t2, user, password, domain, lm, nt, use_ntlmv2=False)
    ntlm.getNTLMSSPType3 = v1
    refused("NTLM of the first version", lambda: Smb(tree=False))

    def weak(t1, t2, *rest, **kw):
        t3, key = real(t1, t2, *rest, **kw)
        t3["flags"] &= ~(ntlm.NTLMSSP_NEGOTIATE_SIGN | ntlm.NTLMSSP_NEGOTIATE_SEAL | ntlm.NTLMSSP_NEGOTIATE_128 |
                         ntlm.NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY)
        return t3, key
    ntlm.getNTLMSSPType3 = weak
    refused("an answer that takes signing back", lambda: Smb(tree=False))
    ntlm.getNTLMSSPType3 = real
    x = Smb()
    blob = bytes([0x60, 0x84, 0xff, 0xff, 0xff, 0xff]) + bytes(60)
    r = x.call(SETUP, struct.pack("<HBBIIHHQ", 25, 0, 1, 0, 0, 88, len(blob), 0) + blob, session=0, sign=False)
    point(r is not None and r["status"] not in (OK, MORE), "a token of noise", r and hex(r["status"]))
    r = x.call(SETUP, struct.pack("<HBBIIHHQ", 25, 0, 1, 0, 0, 88, 60000, 0) + blob, session=0, sign=False)
    point(r is not None and r["status"] not in (OK, MORE), "a token that ends outside", r and hex(r["status"]))
    x.close()


@scenario
@with_(most_mb=100)
def lost_clients(look):
    """Clients that are killed in the middle of calls and reads that wait."""
    child = """
import os, sys
sys.argv = ['x']
os.environ['HOSTILE_CHILD'] = 'yes'
os.environ['HOSTILE_TCP'] = '%d'
sys.path.insert(0, os.path.dirname(%r))
from msrpcd_hostile import *
xs = []
for i in range(5):
    x = Smb()
    _, f = x.open()
    x.call(IOCTL, ioctl(f, TRANSCEIVE, bind()))
    x.send(x.element(WRITE, write(f, sleep_call(2))))
    x.send(x.element(READ, read(f)))
    xs.append(x)
    s = bound()
    s.sendall(sleep_call(2))
    xs.append(s)
print('up', flush=True)
import itertools
for n in itertools.count():
    x = Smb()
    _, f = x.open()
    x.call(IOCTL, ioctl(f, TRANSCEIVE, bind()))
    x.call(IOCTL, ioctl(f, TRANSCEIVE, source_data(100000)))
""" % (TCP, os.path.abspath(__file__))
    for turn in range(3):
        kids = [subprocess.Popen([sys.executable, "-c", child], stdout=subprocess.PIPE) for _ in range(3)]
        for k in kids:
            k.stdout.readline()
        time.sleep(random.uniform(0.1, 0.6))
        for k in kids:
            k.kill()
        for k in kids:
            k.wait()
        look()
    point(True, "9 clients were killed")
    for i in range(200):
        x = Smb()
        _, f = x.open()
        x.send(x.element(READ, read(f)))
        reset(x.sock)
    point(True, "200 connections were reset while they read")


@scenario
@with_(most_mb=100)
def scripts(look):
    """The hostile clients of tests/hostile."""
    for name in ("server_load", "server_states", "server_auth", "server_fragments", "server_lengths"):
        p = subprocess.run([os.environ["TERN_PEER"], "--tap", "-t", "5", "-D", "user=admin", "-D", "password=" + PASSWORD,
                            "-D", "pid=%d" % daemon.pid, "-D", "kilobytes=%d" % (1000000 if SANITIZED else 70000),
                            os.path.join(os.path.dirname(os.path.abspath(__file__)), "../hostile", name + ".peer"),
                            "%s:%d" % (HOST, TCP)], capture_output=True, text=True)
        bad = [line for line in p.stdout.split("\n") if line.startswith("not ok")]
        good = sum(line.startswith("ok") for line in p.stdout.split("\n"))
        look()
        point(p.returncode == 0 and not bad and good, "%s: %d cases" % (name, good), "; ".join(bad[:5]) or p.stderr[-500:])


# ---- the daemon itself ----


@scenario
@with_(lives_on=False)
def no_descriptors(look):
    """There are no descriptors left."""
    resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (100, 100))
    old = Smb()
    _, f = old.open()
    old.call(IOCTL, ioctl(f, TRANSCEIVE, bind()))
    held = [dial(445, SOURCES[i % len(SOURCES)]) for i in range(300)]  # the kernel takes them: its queue is longer
    time.sleep(1)
    point(daemon.descriptors() == 100, "all descriptors are used")
    took = []
    for i in range(50):
        begin = time.monotonic()
        r = old.call(IOCTL, ioctl(f, TRANSCEIVE, request(0, struct.pack("<I", i), i + 2)))
        took.append((time.monotonic() - begin) * 1000)
        if r["status"] != OK or struct.unpack("<I", r["body"][-4:])[0] != i + 1:
            point(False, "a call on a connection that stands", r)
    point(max(took) < DEADLINE_MS, "connections that stand are served (at most %.0f ms)" % max(took))
    cpu, begin = daemon.cpu_s(), time.monotonic()
    time.sleep(2)
    used = (daemon.cpu_s() - cpu) / (time.monotonic() - begin)
    point(used < 0.5, "the daemon does not spin meanwhile (%.0f %% of a core)" % (100 * used))
    for s in held:
        s.close()
    begin = time.monotonic()
    x = Smb()
    point(x.open()[0] == OK and time.monotonic() - begin < 5, "and a new one comes in when there are some again")


@scenario
@with_(lives_on=False)
def killed(look):
    """The daemon is killed under load, and starts again."""
    clients = [Probe(pause_ms=0) for _ in range(4)]
    slowest = 0
    for turn in range(5):
        time.sleep(random.uniform(0.1, 0.5))
        daemon.kill()
        daemon.start()
        slowest = max(slowest, daemon.started_ms)
        global TCP
        TCP = daemon.ports["tcp"]
        x = Smb()
        point(x.open("srvsvc")[0] == OK, "start %d: it serves at once (ready after %.0f ms)" % (turn + 1, daemon.started_ms))
        x.close()
        s = socket.socket(socket.AF_UNIX)
        s.connect(daemon.local)
        s.sendall(bind())
        point(s.recv(4096)[2:3] == b"\x0c", "start %d: the socket of ncalrpc is its own" % (turn + 1))
        s.close()
    point(slowest < 1000, "it is ready within a second (at most %.0f ms)" % slowest)
    time.sleep(1)
    for c in clients:
        c.ask()
    time.sleep(0.5)
    kinds = [c.ask()[0] for c in clients]
    point(all(k["failed"] == 0 and k["calls"] for c in kinds for k in c.values()), "all clients are served again", kinds)
    for c in clients:
        c.end()


@scenario
def signals(look):
    """Signals in storms."""
    for i in range(300):
        daemon.signal(signal.SIGHUP)
        if i % 10 == 0:
            time.sleep(0.02)
    point(daemon.alive(), "300 times SIGHUP")
    for sig in (signal.SIGPIPE, signal.SIGWINCH, signal.SIGCONT, signal.SIGURG, signal.SIGCHLD):
        daemon.signal(sig)
    time.sleep(0.2)
    point(daemon.alive(), "signals that mean nothing")
    daemon.signal(signal.SIGSTOP)
    time.sleep(0.5)
    daemon.signal(signal.SIGCONT)


@scenario
@with_(lives_on=False)
def ends(look):
    """SIGTERM in storms, while it is busy."""
    clients = [Probe(pause_ms=0) for _ in range(3)]
    held = [Smb(SOURCES[i]) for i in range(20)]
    for x in held:
        _, f = x.open()
        x.send(x.element(READ, read(f)))
    time.sleep(0.3)
    begin = time.monotonic()
    for _ in range(100):
        try:
            daemon.signal(random.choice((signal.SIGTERM, signal.SIGINT, signal.SIGHUP)))
        except ProcessLookupError:
            break
    try:
        rc = daemon.p.wait(15)
    except subprocess.TimeoutExpired:
        rc = "still running"
    point(rc == 0, "it ends in order (after %.0f ms)" % ((time.monotonic() - begin) * 1000), rc)
    point(not os.path.exists(daemon.local), "and takes its sockets with it")
    for c in clients:
        c.end()
    daemon.start()


@scenario
@with_(daemon={"env": {"LD_PRELOAD": os.environ.get("CLOCK_SHIFT", ""),
                       "CLOCK_SHIFT_FILE": os.path.join(os.environ.get("MSRPCD_DIR", "/tmp"), "shift")}})
def clocks(look):
    """The clock on the wall jumps."""
    def shift(seconds):
        with open(os.environ["MSRPCD_DIR"] + "/shift", "r+b") as f:
            f.write(struct.pack("<q", seconds))

    def year():
        s = dial(445)
        s.sendall(struct.pack(">I", len(NEGOTIATION)) + NEGOTIATION)
        t = struct.unpack("<Q", s.recv(4096)[4 + 64 + 40:4 + 64 + 48])[0]
        s.close()
        return 1970 + (t / 1e7 - 11644473600) / 31556952
    now = year()
    x = Smb()
    _, f = x.open()
    waiting = Smb()
    _, g = waiting.open()
    waiting.send(waiting.element(READ, read(g)))
    for years in (10, -20, 0.003, 200, -30, 0):
        shift(int(years * 31556952))
        time.sleep(0.7)
        moved = year() - now
        point(abs(moved - years) < 0.1, "the server tells a time that is %.3g years off" % moved)
        point(x.call(ECHO, struct.pack("<HH", 4, 0))["status"] == OK, "a session goes on")
        y = Smb()
        point(y.open()[0] == OK, "a new one begins")
        y.close()
    waiting.receive(1)  # the interim answer
    waiting.sock.settimeout(0.2)
    try:
        point(waiting.sock.recv(1) is None, "a read that waits is not disturbed")
    except socket.timeout:
        point(True, "a read that waits is not disturbed")


if not os.environ.get("HOSTILE_CHILD"):
    with open(os.path.join(os.environ.get("MSRPCD_DIR", "/tmp"), "shift"), "wb") as zero:
        zero.write(bytes(8))
    for wanted in sys.argv[1:] or list(scenarios):
        scenarios[wanted]()
    print("done" if not failures else "%d failed" % failures)
