# SPDX-License-Identifier: Apache-2.0
"""The hostile world of a running npcmuxd: mux_hostile.py [SCENARIO...]

As msrpcd_hostile.py: each scenario has a daemon of its own (mux_world.py says what the environment has), and an honest
client takes the time meanwhile; afterwards the daemon has as many descriptors open as before, has not taken more memory
than it may, and ends in order. Prints "ok TEXT" and "not ok TEXT", at the end "done".

HOSTILE_DEADLINE_MS: what an honest client may have to wait; HOSTILE_SANITIZED=yes: memory is not looked at.
"""
import array
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

import mux_wire as w
from msrpcd_world import Daemon
from mux_wire import OK, Conn, Gone
from mux_world import HOST, NET, PASSWORD, Muxd, Probe, clean_env, finish, give, in_words, point, skip

DEADLINE_MS = int(os.environ.get("HOSTILE_DEADLINE_MS", "2000"))
SANITIZED = os.environ.get("HOSTILE_SANITIZED") == "yes"
server = muxd = None
held = []  # closed when a scenario is over, at the latest
scenarios = {}


def scenario(fn):
    name = fn.__doc__.split("\n")[0].rstrip(".")
    how = {"most_mb": 32, "lives_on": True, "muxd": {}, **getattr(fn, "how", {})}

    def run():
        global muxd
        muxd = Muxd(**how["muxd"])
        give(muxd.path, "admin", PASSWORD)
        probe = Probe(muxd.path)
        settle()
        before, mb = muxd.descriptors(), muxd.rss_mb()
        peak = [mb]
        fn(lambda: peak.append(muxd.rss_mb()))
        peak.append(muxd.rss_mb())
        kinds, why = probe.ask()
        while held:
            held.pop().close()
        slowest = max(k["max_us"] for k in kinds.values()) / 1000
        served = all(k["failed"] == 0 and k["calls"] for k in kinds.values())
        if how["lives_on"]:
            point(served and slowest < DEADLINE_MS, "%s: the others are served in time (at most %.0f ms)" % (name, slowest),
                  why or in_words(kinds))
        print("# " + in_words(kinds))
        end = time.monotonic() + 30
        while (after := muxd.descriptors()) > before and time.monotonic() < end:
            time.sleep(0.1)
        point(after <= before, "%s: no descriptor is left (%d before, %d after)" % (name, before, after))
        grown = max(peak) - mb
        point(SANITIZED or grown < how["most_mb"], "%s: memory stays bounded (%.0f MB more, %.0f MB left)" % (
            name, grown, muxd.rss_mb() - mb), "limit %d MB" % how["most_mb"])
        probe.end()
        rc = muxd.stop()
        point(rc == 0, "%s: the daemon ends in order" % name, "%d: %s" % (rc, muxd.said()[-3000:]))
        point(not os.path.exists(muxd.path), "%s: and takes its socket with it" % name)
    scenarios[fn.__name__] = run
    return run


def with_(**how):
    def mark(fn):
        fn.how = how
        return fn
    return mark


def settle():
    """What the probe has for good is there by then: the session, and the pipe that stays."""
    time.sleep(0.5)


def dial(**how):
    c = Conn(muxd.path, **how)
    held.append(c)
    return c


def dies(text, data, first_hello=True, half_close=False, wait=5):
    """The connection ends after this; True if it did."""
    c = Conn(muxd.path, say_hello=first_hello)
    try:
        c.send(data)
        if half_close:
            c.s.shutdown(socket.SHUT_WR)
    except Gone:
        pass
    gone = c.is_gone(wait)
    c.close()
    if text:
        point(gone, text)
    return gone


# ---- frames ----


@scenario
def framing(look):
    """Lengths, heads and types that lie."""
    for n in (0, 1, 4, 19, w.MAX + 1, 0x10000000, 0x7fffffff, 0x80000000, 0xffffffff, 0xffffffec):
        for first in (False, True):
            if not dies(None, struct.pack("<I", n) + bytes(64), first):
                point(False, "a length of %d ends the connection" % n)
    point(True, "lengths outside of the limits end the connection, before Hello and after")
    c = Conn(muxd.path)
    for n in (w.HDR, w.MAX):
        st, _ = c.call(999, bytes(n - w.HDR))
        point(st == w.INVALID_PARAMETER, "a message of %d octets is one" % n, hex(st))
    for kind in [0, w.HELLO] + list(range(18, 64)) + [0x7fff, 0x8000, 0x8001, 0x8000 | w.CONNECT, 0xffff]:
        st, why = c.call(kind & 0x7fff) if kind < 0x8000 else answer_to(c, kind)
        if st == OK or not why:
            point(False, "type 0x%x without a body" % kind, hex(st))
    point(True, "types that do not exist are refused one by one")
    for kind in range(2, 18):
        for body in (b"", b"\0", b"\xff" * 7, bytes(300), b"\xff" * 300, random.randbytes(2000)):
            st, why = answer_to(c, kind, body) if kind != w.PIPE_CANCEL else (1, "x")
            if st == OK and body and kind not in (w.CLEAR_AUTH, w.DROP):
                point(False, "type %d with a body of noise" % kind)
    point(c.call(w.STATUS)[0] == OK, "bodies of noise are refused, and the connection stays")
    for text, head in (("flags", dict(flags=1)), ("reserved", dict(reserved=1)), ("flags and reserved", dict(flags=0x8000, reserved=9))):
        dies("a message with %s" % text, w.frame(w.STATUS, 5, **head))
    dies("an id of 0", w.frame(w.STATUS, 0))
    c.send(w.frame(w.STATUS, 77, status=0xC0000001))
    point(c.answer()[1:3] == (77, OK), "a status in a request means nothing")
    c.close()


def answer_to(c, kind, body=b""):
    """Whatever comes for it: (status, sentence)."""
    ident = c.request(kind, body)
    k, i, st, answer = c.answer()
    return (st, "" if st in (OK, w.OVERFLOW) else w.Reader(answer).s()) if i == ident else (OK, "")


@scenario
def hellos(look):
    """Hello: none, two, late, wrong."""
    for kind in range(0, 32):
        if kind != w.HELLO and not dies(None, w.frame(kind, 1, w.hello()), False):
            point(False, "type %d before Hello" % kind)
    point(True, "every other type before Hello ends the connection")
    dies("a Hello with another magic", w.frame(w.HELLO, 1, w.hello(magic=0x4d43504f)), False)
    dies("a Hello in the other byte order", w.frame(w.HELLO, 1, struct.pack(">IHH", w.MAGIC, 1, 1) + w.s("x")), False)
    dies("a Hello with least above greatest", w.frame(w.HELLO, 1, w.hello(2, 1)), False)
    dies("a Hello with a program's name of 64 octets", w.frame(w.HELLO, 1, w.hello(program="x" * 64)), False)
    dies("a Hello with a name that is no UTF-8", w.frame(w.HELLO, 1, w.hello(program=b"\xff\xfe")), False)
    dies("HTTP", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", False)
    dies("a ClientHello of TLS", bytes.fromhex("1603010200010001fc0303") + bytes(500), False)
    for least, greatest in ((2, 9), (0, 0)):
        c = Conn(muxd.path, say_hello=False)
        c.send(w.frame(w.HELLO, 1, w.hello(least, greatest)))
        try:
            _, _, st, why = c.answer()
        except Gone:
            st = None
        point(st == 0xC0000059 and c.is_gone(), "versions %d to %d: told, then the end" % (least, greatest), st)
        c.close()
    c = Conn(muxd.path, say_hello=False)
    c.send(w.frame(w.HELLO, 1, w.hello(0, 0xffff) + b"what a later version has to say"))
    point(c.answer()[2] == OK, "a later Hello may say more")
    st, why = c.call(w.HELLO, w.hello())
    point(st == w.INVALID_PARAMETER and c.call(w.STATUS)[0] == OK, "a second Hello is refused", hex(st))
    c.close()
    silent = [Conn(muxd.path, say_hello=False) for _ in range(3)]
    silent[1].send(b"\x20")
    silent[2].send(w.frame(w.HELLO, 1, w.hello())[:-1])
    begin = time.monotonic()
    gone = all(c.is_gone(15) for c in silent)
    point(gone and 5 < time.monotonic() - begin < 14, "who does not say Hello has to go (after %.1f s)" % (time.monotonic() - begin))
    for c in silent:
        c.close()


@scenario
def half_messages(look):
    """Messages in pieces, and half of them."""
    c = Conn(muxd.path, say_hello=False)
    for b in w.frame(w.HELLO, 1, w.hello()):
        c.send(bytes([b]))
    point(c.answer()[2] == OK, "a Hello octet by octet")
    many = b"".join(w.frame(w.STATUS, i) for i in range(2, 30)) + w.frame(w.REVERT, 30)
    at = 0
    while at < len(many):
        n = random.randint(1, 33)
        c.send(many[at:at + n])
        at += n
    got = [c.answer() for _ in range(29)]
    point([g[1] for g in got] == list(range(2, 31)) and all(g[2] == OK for g in got), "29 requests in random pieces")
    c.close()
    whole = [w.frame(w.HELLO, 1, w.hello()), w.frame(w.SET_AUTH, 2, w.auth("half", user="u", secret="p" * 600)),
             w.frame(w.CONNECT, 3, w.connect(HOST)), w.bind()]
    n = 0
    for i, msg in enumerate(whole):
        for cut in sorted({1, 3, 4, 5, 19, 20, 21, len(msg) // 2, len(msg) - 1}):
            x = Conn(muxd.path, say_hello=False)
            try:
                x.send(b"".join(whole[:i]) + msg[:cut])
                if n % 3 == 1:
                    x.s.shutdown(socket.SHUT_WR)
                    if not x.is_gone(10):
                        point(False, "a half message (%d, %d) and the end of sending" % (i, cut))
                elif n % 3 == 2:
                    x.s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            except Gone:
                pass
            x.close()
            n += 1
    point(True, "%d times the end in the middle of a message" % n)
    give(muxd.path, "u", "p", pattern="half")


@scenario
@with_(most_mb=64)
def half_giants(look):
    """Everybody stops in the middle of the longest message."""
    before = len(held)
    for say in (False, True):
        for _ in range(600):
            try:
                c = dial(say_hello=say)
                c.s.settimeout(1)
                c.s.sendall(w.frame(w.SET_AUTH if say else w.HELLO, 9, bytes(66000), length=w.MAX))
            except (Gone, OSError):
                pass
        look()
    point(len(held) - before == 1200, "1 200 of them are there")


@scenario
@with_(most_mb=64)
def no_reader(look):
    """Clients that ask and do not read."""
    for _ in range(60):
        dial().open(HOST, pipe="rpcecho")  # entries of the lists
    asked = 0
    for kind, body in ((w.ENUM_CONNS, w.enum()), (w.STATUS, b""), (999, b""), (w.ENUM_CONNS, w.enum(w.ALL))):
        one = w.frame(kind, 1, body)
        c = dial(rcvbuf=4096)
        c.s.setblocking(False)
        end, chunk = time.monotonic() + 3, one * 2000
        at = 0
        while time.monotonic() < end:
            try:
                at += c.s.send(chunk[at % len(one):])
            except BlockingIOError:
                look()
                time.sleep(0.02)
            except OSError:
                break
        asked += at // len(one)
    look()
    point(True, "%d requests whose answers nobody read" % asked)


@scenario
@with_(most_mb=256)
def no_readers(look):
    """A thousand of them, each with as much as it can get."""
    for _ in range(60):
        dial().open(HOST, pipe="rpcecho")
    one = b"".join(w.frame(w.ENUM_CONNS, i + 1, w.enum()) for i in range(1000))
    for _ in range(1000):
        c = dial(rcvbuf=4096)
        c.s.setblocking(False)
        try:
            c.s.send(one)
        except OSError:
            pass
    time.sleep(2)
    look()
    point(True, "1 000 clients do not read")


@scenario
@with_(most_mb=64)
def many_in_flight(look):
    """More requests in flight than there may be."""
    c = dial()
    n = 5000
    c.s.settimeout(20)
    batch = b"".join(w.frame(w.STATUS, i + 1) for i in range(n))
    got, at, ids = b"", 0, []
    poll = select.poll()
    poll.register(c.s, select.POLLIN | select.POLLOUT)
    c.s.setblocking(False)
    end = time.monotonic() + 20
    while len(ids) < n and time.monotonic() < end:
        for _, ev in poll.poll(1000):
            if ev & select.POLLOUT and at < len(batch):
                try:
                    at += c.s.send(batch[at:at + 65536])
                except BlockingIOError:
                    pass
            if ev & select.POLLIN:
                got += c.s.recv(65536)
        if at == len(batch):
            poll.modify(c.s, select.POLLIN)
        while len(got) >= 4 and len(got) >= (length := struct.unpack("<I", got[:4])[0]):
            ids.append(struct.unpack("<I", got[8:12])[0])
            got = got[length:]
    point(ids == list(range(1, n + 1)), "%d requests in one go are all answered, in order" % n, len(ids))
    x = dial()
    x.send(b"".join(w.frame(w.STATUS, 7) for _ in range(40)))
    point(all(x.answer()[1] == 7 for _ in range(40)), "40 with the same id")
    y = dial()
    y.send(w.frame(w.CONNECT, 1, w.connect(HOST, mode=w.MESSAGE)) + w.frame(w.STATUS, 2) + w.frame(w.CONNECT, 3, w.connect(HOST)))
    first = [y.answer()[1:3] for _ in range(3)]
    point(sorted(first)[0] == (1, OK) and all(st != OK for _, st in sorted(first)[1:]), "what comes behind a Connect is the pipe's", first)


# ---- sockets ----


@scenario
def sockets(look):
    """Other sockets, half-closed ones, descriptors that come along."""
    for kind, text in ((socket.SOCK_SEQPACKET, "SOCK_SEQPACKET"), (socket.SOCK_DGRAM, "SOCK_DGRAM")):
        s = socket.socket(socket.AF_UNIX, kind)
        try:
            s.connect(muxd.path)
            point(False, "%s connects" % text)
        except OSError as e:
            point(e.errno in (91, 111), "%s does not connect (%s)" % (text, e.strerror))
        s.close()
    c = Conn(muxd.path)
    c.send(w.frame(w.STATUS, 1))
    c.s.shutdown(socket.SHUT_WR)
    try:
        point(c.answer()[2] == OK, "who half-closes has his answer")
    except Gone:
        point(False, "who half-closes has his answer")
    point(c.is_gone(), "and that is the end")
    c.close()
    c = dial()
    c.s.shutdown(socket.SHUT_RD)
    c.s.settimeout(2)
    try:
        for i in range(1000):
            c.s.sendall(w.frame(w.STATUS, i + 1) * 50)
    except OSError:
        pass
    point(True, "50 000 requests by somebody who has closed his ears")


@scenario
def descriptors(look):
    """Descriptors are sent along, which nobody asked for."""
    files = [os.open("/dev/null", os.O_RDONLY) for _ in range(200)]
    before = muxd.descriptors()

    def send(c, data, fds):
        c.s.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))])
    c = Conn(muxd.path, say_hello=False)
    send(c, w.frame(w.HELLO, 1, w.hello()), files[:1])
    point(c.answer()[2] == OK, "with Hello")
    for i in range(100):
        send(c, w.frame(w.STATUS, 2 + i), files)
        if c.answer()[2] != OK:
            point(False, "with Status")
    send(c, w.frame(w.CONNECT, 500, w.connect(HOST))[:10], files[:10])
    send(c, w.frame(w.CONNECT, 500, w.connect(HOST))[10:], files[:253])
    point(c.answer()[2] == OK, "with both halves of a Connect")
    send(c, w.bind(), files[:7])
    point(w.read_pdu(c)[2] == 12, "with a PDU")
    now = muxd.descriptors()
    point(now <= before + 8, "20 000 descriptors were sent, and none is kept", "%d before, %d now" % (before, now))
    mine, its = socket.socketpair()
    send(c, w.add_one(1), [its.fileno(), c.s.fileno(), mine.fileno()])
    point(w.read_pdu(c)[2] == 2, "the connection's own descriptor, too")
    its.close()
    mine.settimeout(5)
    point(mine.recv(1) == b"", "what was sent is closed at the daemon's end")
    for f in files:
        os.close(f)
    c.close()


# ---- Connect ----

BAD_PIPES = ["..\\srvsvc", "../srvsvc", "\\..\\srvsvc", "/etc/passwd", "\\etc\\passwd", "\\\\host\\pipe\\srvsvc", "srvsvc/..",
             "srvsvc\\..\\srvsvc", "srvsvc/", "./srvsvc", "a/../srvsvc", "epmapper/../srvsvc", "\x01srvsvc", "srvsvc\n", "srvsvc\x7f",
             "..", "\\", "\\\\", "a" * 256, "\u00e9" * 256, "/proc/self/exe"]
NOT_THERE = ["sam.db", "%2e%2e%2fsrvsvc", "srvsvc%00", " srvsvc", "srvsvc ", "srvsvc.", "C:", "srvsvc:stream", "srvsvc::$DATA", "srv*",
             "s?vsvc", "\u0455rvsvc", "srvsv\u0441", "\uff53rvsvc", "srvsvc\u200b", "libfoo.so", "$(id)", "`id`", ";id", "|id",
             "srvsvc;id", "a" * 246, ".", "srvsvc\u0085"]
NO_TEXT = [b"srvsvc\0", b"\0srvsvc", b"srvsvc\0.so", b"\xff", b"\xed\xa0\x80srvsvc", b"\xc0\xafsrvsvc", b"a" * 800]


@scenario
def names(look):
    """Names of pipes and servers that are something else."""
    c = Conn(muxd.path)
    wrong = []
    for mode in (w.PROXY, w.MESSAGE):
        for n in BAD_PIPES:
            st, why = c.open(HOST, pipe=n, mode=mode)
            if st != w.NAME_INVALID:
                wrong.append((n, hex(st), why))
    point(not wrong, "%d names of pipes: STATUS_OBJECT_NAME_INVALID" % len(BAD_PIPES), wrong)
    wrong = [(n, hex(st), why) for n in NOT_THERE for st, why in [c.open(HOST, pipe=n)]
             if st not in (w.NAME_INVALID, w.NAME_NOT_FOUND)]
    point(not wrong, "%d others: what the server says" % len(NOT_THERE), wrong)
    wrong = [(n, hex(st)) for n in NO_TEXT for st, _ in [c.open(HOST, pipe=n)] if st != w.INVALID_PARAMETER]
    point(not wrong, "%d that are no text: STATUS_INVALID_PARAMETER" % len(NO_TEXT), wrong)
    hosts = ["..", "../x", "a/b", "a\\b", "\\\\srv", "\\\\srv\\pipe\\x", "a b", "srv\n", "\x01", "srv\x7f", "-o", "--socket", "-", "[::1", "::1]",
             "[::1]x", "[", "[]", "127.0.0.1:445", "a" * 255, "a." * 127, ".", ".srv", "srv..x", "*", "srv*", "%00", "$(id)", "`id`", ";id",
             "srv1UWhRCAAAAAAAAAAAAAAAAAAAAAAAAAAAAwbEAYBAAAA", "\u0455rv", "srv\u200b", "fe80::1%../../x"]
    wrong, slow = [], 0
    for n in hosts:
        begin = time.monotonic()
        st, why = c.open(n, timeout_ms=3000)
        slow = max(slow, time.monotonic() - begin)
        if st == OK or not why:
            wrong.append((n, hex(st), why))
    point(not wrong and slow < 5, "%d names of servers lead to none (%.1f s at most)" % (len(hosts), slow), wrong)
    wrong = [(n, hex(st)) for n in (b"srv\0", b"\0", b"\xff", b"a" * 256, b"a" * 300, "a" * 70000) if len(n) < 65536
             for st, _ in [c.open(n)] if st != w.INVALID_PARAMETER]
    point(not wrong, "servers that are no text, or 256 octets long: STATUS_INVALID_PARAMETER", wrong)
    st, why = c.open("[::1]", timeout_ms=3000)
    point(st != OK and st != w.NAME_INVALID, "[::1] is an address, where nobody is", hex(st))
    for n in ("a*b", "", "a b", "a/b", "\\\\srv", "**x", "\x01", "srv\n"):
        st, why = c.call(w.SET_AUTH, w.auth(n, user="x", secret="y"))
        if st != w.INVALID_PARAMETER:
            point(False, "the pattern %r is refused" % n, hex(st))
    point(True, "patterns that are none are refused")
    for text, a in (("a password with a zero", w.auth("t1", user="x", secret=b"a\0b")), ("one of 1 024 octets", w.auth("t1", user="x", secret=b"a" * 1024)),
                    ("kind 0", w.auth("t1", kind=0)), ("kind 9", w.auth("t1", kind=9)),
                    ("a secret of 64 KiB and one", w.auth("t1", user="x", secret=b"a" * 65537))):
        st, _ = c.call(w.SET_AUTH, a)
        point(st == w.INVALID_PARAMETER, text, hex(st))
    st, _ = c.call(w.SET_AUTH, w.auth("t1", kind=w.CCACHE, secret=random.randbytes(60000)))
    st2, why = c.open("t1", timeout_ms=3000)
    point(st2 != OK, "a cache of noise opens nothing", (hex(st), hex(st2), why))
    st, _ = c.call(w.SET_AUTH, w.auth("t2", kind=w.KEYTAB, user="a@B", secret=random.randbytes(60000)))
    st2, why = c.open("t2", timeout_ms=3000)
    point(st2 != OK, "nor does a keytab of noise", (hex(st), hex(st2), why))
    for kind in (w.CCACHE, w.KEYTAB):
        bad = [n for n in ("KCM:", "DIR:/tmp", "MEMORY:x", "KEYRING:persistent:0", "API:", "SRVTAB:/etc/shadow", "%{TEMP}/x")
               if c.call(w.SET_AUTH, w.auth("t3", kind=kind, name=n, user="a@B"))[0] == OK and c.open("t3", timeout_ms=2000)[0] == OK]
        point(not bad, "odd names of %s open nothing" % ("caches" if kind == w.CCACHE else "keytabs"), bad)
    point(c.call(w.STATUS)[0] == OK, "and the connection is still there")
    for n in ("t1", "t2", "t3"):
        c.call(w.CLEAR_AUTH, w.clear(n))
    st, f = c.open(HOST)
    point(st == OK and w.bound(c) and w.echo_works(c), "and good for a pipe")
    c.close()


@scenario
@with_(most_mb=64)
def floods(look):
    """Floods of Connect."""
    kids = [flood(i) for i in range(4)]
    end = time.monotonic() + 5
    while time.monotonic() < end:
        look()
        time.sleep(0.1)
    done = 0
    for k in kids:
        k.send_signal(signal.SIGTERM)
        done += int(k.stdout.readline() or 0)
        k.wait()
    point(done > 100, "%d connections, most of them ended in the middle of a Connect" % done)


def flood(seed):
    code = """
import random, signal, socket, sys
sys.path.insert(0, %r)
import mux_wire as w
random.seed(%d)
stop = []
signal.signal(signal.SIGTERM, lambda *a: stop.append(1))
n = 0
while not stop:
    try:
        c = w.Conn(%r, say_hello=False)
        msg = w.frame(w.HELLO, 1, w.hello()) + w.frame(w.CONNECT, 2, w.connect(random.choice([%r, "127.0.0.1", "no.such.invalid", %r]),
            pipe=random.choice(["rpcecho", "srvsvc", "nothing", ""]), mode=random.randrange(3), timeout_ms=random.choice([1, 50, 3000])))
        c.send(msg + (w.bind() if n %% 2 else b""))
        if n %% 3 == 0:
            c.answer(0.05); c.answer(0.05)
        if n %% 7 == 0:
            c.answer(0.3)
    except Exception:
        pass
    c.close()
    n += 1
print(n)
""" % (os.path.dirname(os.path.abspath(__file__)), seed, muxd.path, HOST, NET + ".93")
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=clean_env())


@scenario
@with_(most_mb=48)
def tokens(look):
    """Tokens and credentials without end."""
    c = Conn(muxd.path)
    got = []
    while len(got) < 1000:
        st, body = c.call(w.CREATE_TOKEN)
        if st != OK:
            break
        got.append(body)
    point(st == w.QUOTA and 0 < len(got) < 1000, "a connection has %d tokens at most" % len(got), hex(st))
    n = 0
    while n < 5000:
        st, why = c.call(w.SET_AUTH, w.auth("host%d" % n, user="u", secret="p" * 1000))
        if st != OK:
            break
        n += 1
    point(st == w.QUOTA, "a uid has %d credentials at most" % n, hex(st))
    more, st = 0, OK
    for t in got:
        st, why = c.call(w.SET_AUTH, w.auth("*", user="u", secret="p", token=struct.unpack("<Q", t)[0]))
        more += st == OK
    point(more == 0, "with those of its tokens", more)
    st, body = c.call(w.SET_AUTH, w.auth("host1", user="v", secret="q"))
    point(st == OK, "one of them can still be replaced", hex(st))
    st, entries = c.all(w.ENUM_AUTH)
    point(st == OK and len(entries) == n + 1, "all are listed", len(entries))
    for i in range(n):
        c.call(w.CLEAR_AUTH, w.clear("host%d" % i))
    st, entries = c.all(w.ENUM_AUTH)
    point(st == OK and len(entries) == 1, "and cleared", len(entries))
    rnd = [c.call(kind, struct.pack("<Q", t))[0] for kind in (w.IMPERSONATE, w.CLOSE_TOKEN)
           for t in [0, 1, 2**63, 2**64 - 1] + [random.getrandbits(64) for _ in range(200)]]
    point(set(rnd) == {w.NO_TOKEN}, "tokens that are guessed: STATUS_NO_TOKEN", {hex(s) for s in rnd})
    c.close()


# ---- pipes ----


def pipe(**how):
    c = dial(**how)
    st, f = c.open(HOST)
    if st != OK or not w.bound(c):
        raise RuntimeError("no pipe: %s" % f)
    return c


@scenario
@with_(most_mb=64)
def proxies(look):
    """What goes over a pipe as a stream."""
    c = pipe()
    data = b"".join(w.add_one(i, i + 2) for i in range(300))
    at = 0
    c.s.settimeout(20)
    while at < len(data):
        n = random.randint(1, 90)
        c.send(data[at:at + n])
        at += n
    good = 0
    for i in range(300):
        p = w.read_pdu(c)
        good += p[2] == 2 and struct.unpack("<I", p[24:28])[0] == i + 1
    point(good == 300, "300 calls in random pieces", good)
    for text, bad in (("of 0 octets", w.pdu(0, b"", length=0)), ("of 15", w.pdu(0, b"", length=15)), ("of version 4", b"\4" + w.add_one(1)[1:]),
                      ("that is HTTP", b"GET / HTTP/1.0\r\n\r\n"), ("that is noise", b"\xff" * 64)):
        x = pipe()
        x.send(w.add_one(1) + bad)
        try:
            point(w.read_pdu(x)[2] == 2 and x.is_gone(), "a PDU %s ends the pipe, after the answer to the one before" % text)
        except Gone:
            point(True, "a PDU %s ends the pipe" % text)
    x = pipe()
    big = bytearray(w.add_one(7))
    big[4] = 0
    big[8:10] = struct.pack(">H", len(big))
    big[10:12] = bytes(2)
    big[12:16] = struct.pack(">I", 3)
    big[16:24] = struct.pack(">IHH", 4, 0, 0)
    big[24:28] = struct.pack(">I", 7)
    x.send(bytes(big))
    try:
        answer = x.read(16)
        point(answer[0] == 5, "a PDU in the other byte order is cut right")
    except Gone:
        point(False, "a PDU in the other byte order is cut right")
    x = pipe()
    x.send(w.sleep_call(3))
    x.s.shutdown(socket.SHUT_WR)
    begin = time.monotonic()
    point(x.is_gone() and time.monotonic() - begin < 1, "who closes one direction ends the pipe")
    for i in range(100):
        x = pipe()
        x.send(w.sleep_call(1) if i % 2 else w.add_one(1)[:20])
        x.close()
    look()
    point(True, "100 pipes are left in the middle of a call")


@scenario
@with_(most_mb=48)
def slow_pipes(look):
    """Pipes whose clients do not read, and send on."""
    xs = [pipe(rcvbuf=4096) for _ in range(8)]
    for x in xs:
        x.s.setblocking(False)
    data, at = b"".join(w.source_data(200000, i + 5) for i in range(20)), [0] * len(xs)
    end = time.monotonic() + 4
    while time.monotonic() < end:
        for i, x in enumerate(xs):
            try:
                at[i] += x.s.send(data[at[i]:at[i] + 65536])
            except OSError:
                pass
        look()
        time.sleep(0.05)
    point(sum(at) == len(data) * len(xs), "%d calls for 200 KB each were sent, and nothing was read" % (sum(at) // 28))
    x = xs[0]
    x.s.setblocking(True)
    calls = fragments = 0
    try:
        while calls < 20:
            p = w.read_pdu(x, 20)
            calls += p[2] == 2 and p[3] & 2 == 2
            fragments += p[2] == 2
    except (Gone, socket.timeout):
        pass
    point(calls == 20 and fragments > 20 * 30, "when one reads again its answers are there (%d of them, %d fragments)" % (calls, fragments))


@scenario
@with_(most_mb=48)
def slow_server(look):
    """A server that takes nothing: SIGSTOP while clients send."""
    other = Daemon(dir=os.path.join(os.environ["MSRPCD_DIR"], "stopped"), host=NET + ".92")
    xs = []
    for _ in range(4):
        x = dial()
        st, f = x.open(NET + ".92")
        if st != OK or not w.bound(x):
            point(False, "a pipe to the second server", f)
        xs.append(x)
    other.signal(signal.SIGSTOP)
    for x in xs:
        x.s.setblocking(False)
    data, sent = w.sink_data(900000, 3), 0
    at = [0] * len(xs)
    end = time.monotonic() + 4
    while time.monotonic() < end:
        for i, x in enumerate(xs):
            try:
                n = x.s.send(data[at[i] % len(data):])
                at[i] += n
                sent += n
            except BlockingIOError:
                pass
        look()
        time.sleep(0.02)
    point(sent < 24 << 20, "the daemon does not take it either (%d KB of it)" % (sent // 1024))
    begin = time.monotonic()
    y = dial()
    st, f = y.open(HOST)
    point(st == OK and w.bound(y) and w.echo_works(y) and time.monotonic() - begin < 2, "another server's pipes go on")
    z = dial()
    begin = time.monotonic()
    st, why = z.open(NET + ".92", timeout_ms=1500)
    point(st != OK and time.monotonic() - begin < 5, "a new pipe there ends at its time limit (%.1f s: %s)" % (time.monotonic() - begin, why))
    other.signal(signal.SIGCONT)
    x = xs[0]
    x.s.setblocking(True)
    x.s.settimeout(20)
    rest = -at[0] % len(data)
    try:
        x.s.sendall(data[len(data) - rest:])
        p = w.read_pdu(x, 20)
        point(p[2] in (2, 3), "and when the server is back the calls are answered")
    except (Gone, OSError, socket.timeout) as e:
        point(False, "and when the server is back the calls are answered", repr(e))
    other.stop()


@scenario
@with_(most_mb=48)
def stopped_clients(look):
    """Clients that are stopped in the middle of everything."""
    kids = [flood(100 + i) for i in range(4)]
    time.sleep(0.5)
    for turn in range(5):
        for k in kids:
            k.send_signal(signal.SIGSTOP)
        time.sleep(0.5)
        look()
        for k in kids:
            k.send_signal(signal.SIGCONT)
        time.sleep(0.1)
    for k in kids:
        k.send_signal(signal.SIGSTOP)
    time.sleep(1)
    for k in kids:
        k.kill()
        k.wait()
    point(True, "4 clients were stopped 6 times, and killed")


@scenario
@with_(most_mb=96)
def messages(look):
    """Pipes by messages, wrongly used."""
    c = dial()
    st, f = c.open(HOST, mode=w.MESSAGE)
    point(st == OK, "a pipe by messages")
    st, b = c.call(w.PIPE_TRANSACT, struct.pack("<I", 4096) + w.blob(w.bind()))
    point(st == OK and w.Reader(b).blob()[2] == 12, "bind by a message")
    for text, kind, body, want in (
            ("a read of 64 KiB and one", w.PIPE_READ, struct.pack("<I", 65537), w.INVALID_PARAMETER),
            ("a read of 2^32 - 1", w.PIPE_READ, struct.pack("<I", 0xffffffff), w.INVALID_PARAMETER),
            ("a write that ends outside", w.PIPE_WRITE, struct.pack("<I", 500) + b"x", w.INVALID_PARAMETER),
            ("a SetAuthInfo", w.SET_AUTH, w.auth("x"), w.DEVICE_STATE), ("a Status", w.STATUS, b"", w.DEVICE_STATE),
            ("a Connect", w.CONNECT, w.connect(HOST), w.DEVICE_STATE)):
        st, why = c.call(kind, body)
        point(st == want, "%s: refused" % text, hex(st))
    a = c.request(w.PIPE_READ, struct.pack("<I", 100))
    b = c.request(w.PIPE_READ, struct.pack("<I", 100))
    k, i, st, _ = c.answer()
    point(i == b and st != OK, "two reads at a time: the second is refused", (i, hex(st)))
    for n in range(1000):
        c.send(w.frame(w.PIPE_CANCEL, 9000 + n, struct.pack("<IB", n + 5000, n % 2)))
    c.send(w.frame(w.PIPE_CANCEL, 1, struct.pack("<IB", a, 0)))
    k, i, st, _ = c.answer()
    point(i == a and st != OK, "a cancelled read is answered", (i, hex(st)))
    st, b = c.call(w.PIPE_TRANSACT, struct.pack("<I", 4096) + w.blob(w.add_one(41)))
    point(st == OK and w.Reader(b).blob()[24:28] == struct.pack("<I", 42), "and the pipe goes on")
    xs = []
    for _ in range(20):
        x = dial(rcvbuf=4096)
        x.open(HOST, mode=w.MESSAGE)
        x.call(w.PIPE_TRANSACT, struct.pack("<I", 4096) + w.blob(w.bind()))
        x.s.setblocking(False)
        xs.append(x)
    one = w.frame(w.PIPE_TRANSACT, 1, struct.pack("<I", 65536) + w.blob(w.source_data(100000)))
    end = time.monotonic() + 3
    while time.monotonic() < end:
        for x in xs:
            try:
                x.s.send(one * 50)
            except OSError:
                pass
        look()
        time.sleep(0.02)
    point(True, "20 of them ask for much and read nothing")


# ---- the many ----

CROWD = """
import os, resource, select, socket, sys, time
sys.path.insert(0, %(here)r)
import mux_wire as w
resource.setrlimit(resource.RLIMIT_NOFILE, (%(n)d + 100, %(n)d + 100))
if %(uid)d:
    os.setgroups([]); os.setresgid(%(uid)d, %(uid)d, %(uid)d); os.setresuid(%(uid)d, %(uid)d, %(uid)d)
held, half = [], w.frame(w.HELLO, 1, w.hello())
refused = 0
for i in range(%(n)d):
    try:
        s = socket.socket(socket.AF_UNIX)
        s.connect(%(path)r)  # blocking: else it fails when the queue is full
        s.settimeout(60)
        if 2400 <= i < 2450:
            s.send(half[:-1] if i %% 2 else b"")
        elif i %% 2:
            s.send(half)
        else:
            s.send(half + w.frame(w.STATUS, 2) + b"\\x40\\0")
        s.setblocking(False)
        held.append(s)
    except OSError:
        refused += 1
time.sleep(1)
poll = select.epoll()
for s in held:
    poll.register(s, select.EPOLLRDHUP)
closed = len(poll.poll(0, len(held) + 1))
print(len(held), refused, closed, flush=True)
sys.stdin.readline()
time.sleep(0.1)
closed = len(poll.poll(0, len(held) + 1))
print(closed, flush=True)
sys.stdin.readline()
"""


@scenario
@with_(most_mb=200)
def crowd(look):
    """10 000 local connections."""
    root = os.getuid() == 0
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    plan = [(0, 2450), (40001, 3000), (40002, 3000), (40003, 3000)] if root else [(0, min(3000, hard - 200))]
    if root and hard < 10500:
        skip("10 000 local connections", "only %d descriptors here" % hard)
        plan = [(u, n * hard // 20000) for u, n in plan]
    kids = []
    for uid, n in plan:
        code = CROWD % {"here": os.path.dirname(os.path.abspath(__file__)), "uid": uid, "n": n, "path": muxd.path}
        kids.append(subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=clean_env()))
    told = [[int(x) for x in k.stdout.readline().split()] for k in kids]
    look()
    st = Conn(muxd.path)
    n = w.counters(st.call(w.STATUS)[1])
    st.close()
    print("# held, refused, closed by uid: %s; the daemon has %d, refused %d" % (told, n["conns"], n["refused"]))
    if root and hard >= 10500:
        point(n["conns"] >= 9800, "%d connections at a time" % n["conns"])
        point(all(t[2] >= 499 for t in told[1:]), "of one uid no more than a quarter of them", told)
        point(told[0][1] == 0, "root is among them", told)
    else:
        point(n["conns"] > 100, "%d connections at a time" % n["conns"])
    begin = time.monotonic()
    time.sleep(11)
    look()
    for k in kids:
        k.stdin.write("\n")
        k.stdin.flush()
    closed = [int(k.stdout.readline()) for k in kids]
    point(sum(closed) >= sum(t[2] for t in told) or not root, "and who says no Hello has gone after %.0f s" % (time.monotonic() - begin), (closed, told))
    x = Conn(muxd.path)
    left = w.counters(x.call(w.STATUS)[1])["conns"]
    x.close()
    point(n["conns"] - 220 <= left <= n["conns"] - 100, "the others stay (%d)" % left)
    for k in kids:
        k.stdin.close()
        k.wait()


# ---- the daemon itself ----


@scenario
@with_(muxd={"nofile": 60}, lives_on=False)
def no_descriptors(look):
    """There are no descriptors left."""
    c = Conn(muxd.path)
    st, f = c.open(HOST)
    point(st == OK and w.bound(c), "a pipe stands")
    crowd_ = []
    for _ in range(100):
        x = socket.socket(socket.AF_UNIX)
        x.connect(muxd.path)
        crowd_.append(x)
    time.sleep(0.5)
    point(muxd.descriptors() == 60, "all descriptors are used", muxd.descriptors())
    took = []
    for i in range(50):
        begin = time.monotonic()
        if not w.echo_works(c, i, i + 2):
            point(False, "a call on a pipe that stands")
        took.append((time.monotonic() - begin) * 1000)
    point(max(took) < DEADLINE_MS, "pipes that stand are served (at most %.0f ms)" % max(took))
    cpu, begin = muxd.cpu_s(), time.monotonic()
    time.sleep(2)
    used = (muxd.cpu_s() - cpu) / (time.monotonic() - begin)
    point(used < 0.5, "the daemon does not spin meanwhile (%.0f %% of a core)" % (100 * used))
    for x in crowd_[:40]:
        x.close()
    time.sleep(0.5)
    d = None
    try:
        d = Conn(muxd.path, wait=5)
        st, why = d.call(w.SET_AUTH, w.auth("other", kind=w.CCACHE, secret=b"x" * 100))
        st, why = d.open(NET + ".93", timeout_ms=2000)
        point(st not in (OK,), "what cannot be dialled is told (%s)" % why)
    except (Gone, OSError):
        point(True, "somebody else was first")
    for x in crowd_[40:]:
        x.close()
    if d:
        d.close()
    begin = time.monotonic()
    e = Conn(muxd.path)
    st, f = e.open(HOST)
    point(st == OK and w.bound(e) and time.monotonic() - begin < 5, "and a new one comes in when there are some again")
    e.close()
    c.close()


@scenario
@with_(lives_on=False)
def killed(look):
    """The daemon is killed in the middle of calls, and starts again."""
    kids = [Probe(muxd.path, pause_ms=0) for _ in range(16)]
    c = Conn(muxd.path)
    c.open(HOST)
    w.bound(c)
    c.send(w.sleep_call(3))
    for turn in range(3):
        time.sleep(random.uniform(0.2, 0.6))
        for k in kids:
            k.ask()
        muxd.kill()
        begin = time.monotonic()
        if turn == 0:
            point(c.is_gone(2), "a client in the middle of a call is told at once (%.0f ms)" % ((time.monotonic() - begin) * 1000))
        time.sleep(0.3)
        said = [k.ask() for k in kids]
        bad = [why for kinds, why in said if sum(k["failed"] for k in kinds.values()) == 0 or "muxer" not in why]
        point(not bad, "kill %d: all 16 clients see an error, and it names the muxer" % (turn + 1), bad[:3])
        slow = max(k["max_us"] for kinds, _ in said for k in kinds.values()) / 1000
        point(slow < DEADLINE_MS, "kill %d: nobody waits for it (at most %.0f ms)" % (turn + 1, slow))
        muxd.start()
        give(muxd.path, "admin", PASSWORD)
        time.sleep(1)
        for k in kids:
            k.ask()
        time.sleep(0.7)
        said = [k.ask() for k in kids]
        bad = [(in_words(kinds), why) for kinds, why in said if any(k["failed"] or not k["calls"] for k in kinds.values())]
        point(not bad, "start %d: all are served again" % (turn + 1), bad[:2])
    for k in kids:
        k.end()


@scenario
@with_(lives_on=False)
def ends(look):
    """SIGTERM in the middle of everything."""
    kids = [Probe(muxd.path, pause_ms=0) for _ in range(3)]
    for _ in range(20):
        x = pipe()
        x.send(w.sleep_call(2))
    half = dial()
    half.send(w.frame(w.SET_AUTH, 2, w.auth("x"))[:-1])
    waits = dial()
    waits.request(w.CONNECT, w.connect(NET + ".93", timeout_ms=20000))
    time.sleep(0.3)
    begin = time.monotonic()
    rc = muxd.stop(20)
    point(rc == 0, "it ends in order (after %.0f ms)" % ((time.monotonic() - begin) * 1000), rc)
    for k in kids:
        k.end()
    muxd.start()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    server = Daemon()
    for wanted in sys.argv[1:] or list(scenarios):
        scenarios[wanted]()
    server.stop()
    finish()
