# SPDX-License-Identifier: Apache-2.0
"""Faults around a running npcmuxd: mux_faults.py [SCENARIO...]: servers that fail in the middle of calls, passwords that
change, credentials that are replaced, pipes that are lent and not given back. With the harness of mux_hostile.py."""
import os
import random
import resource
import select
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import threading
import time

import mux_hostile as h
import mux_wire as w
from msrpcd_world import Daemon
from mux_hostile import dial, scenario, with_
from mux_wire import OK, Conn, Gone
from mux_world import HOST, NET, PASSWORD, TERN, Probe, add_user, clean_env, finish, give, point

h.scenarios.clear()
BAD = NET + ".91"  # where servers are that fail


class Between:
    """A server that is msrpcd, until `fault` says otherwise: fault(data of the server) gives what is sent, None: nothing more,
    or raises to end the connection with a reset."""

    def __init__(self):
        self.l = socket.socket()
        self.l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.l.bind((BAD, 0))
        self.l.listen(100)
        self.port = self.l.getsockname()[1]
        self.fault, self.conns, self.over, self.accepts = None, [], False, 0
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while not self.over:
            try:
                a, _ = self.l.accept()
            except OSError:
                return
            self.accepts += 1
            threading.Thread(target=self.pump, args=(a,), daemon=True).start()

    def pump(self, a):
        b = socket.create_connection((HOST, 445))
        self.conns += [a, b]
        try:
            while True:
                for s in select.select([a, b], [], [])[0]:
                    data = s.recv(65536)
                    if not data:
                        raise OSError("end")
                    if s is a:
                        b.sendall(data)
                        continue
                    if self.fault:
                        data = self.fault(data)
                        if data is None:
                            while a.recv(65536):  # stalls
                                pass
                            raise OSError("end")
                    a.sendall(data)
                    if getattr(self.fault, "over", False):
                        raise OSError("end")
        except (OSError, ValueError) as e:
            if isinstance(e, ConnectionResetError):
                a.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            for s in (a, b):
                try:
                    s.close()
                except OSError:
                    pass

    def close(self):
        self.over = True
        for s in [self.l] + self.conns:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()


def raise_(e):
    raise e


# What becomes of the server's answer in the middle of a call, and whether the pipe has to end by itself.
FAULTS = (
    ("says nothing more", lambda d: None, False),
    ("resets the connection", lambda d: raise_(ConnectionResetError()), True),
    ("closes", lambda d: raise_(OSError()), True),
    ("sends half and stops", None, False),
    ("sends half and closes", None, True),
    ("says a longer length", lambda d: d[:1] + struct.pack(">I", struct.unpack(">I", b"\0" + d[1:4])[0] + 1000)[1:] + d[4:], False),
    ("says a shorter length", lambda d: d[:1] + struct.pack(">I", len(d) - 24)[1:] + d[4:], True),
    ("says 16 MiB", lambda d: b"\0\xff\xff\xff" + d[4:], True),
    ("sends noise", lambda d: os.urandom(len(d)), True),
    ("changes a bit", lambda d: d[:-1] + bytes([d[-1] ^ 1]), True),
    ("answers twice", lambda d: d + d, False),
    ("sends a message of nothing", lambda d: b"\0\0\0\0" + d, True),
)


class Half:
    """The half of an answer, and then nothing, or the end."""

    def __init__(self, end):
        self.end, self.done, self.over = end, False, False

    def __call__(self, data):
        if self.done:
            return None
        self.done, self.over = True, self.end
        return data[:len(data) // 2]


@scenario
@with_(most_mb=48)
def bad_servers(look):
    """Servers that fail in the middle of a call."""
    n = 0
    for mode in (w.PROXY, w.PDU, w.MESSAGE):
        for text, fault, ends in FAULTS:
            s = Between()
            c = Conn(h.muxd.path, wait=10)
            st, f = c.open(BAD, port=s.port, mode=mode)
            if st != OK or not ready(c, mode):
                point(False, "a pipe by a server that is good so far", f)
                continue
            s.fault = fault or Half(ends)
            begin = time.monotonic()
            ask(c, mode)
            # others, by the same daemon, meanwhile
            o = Conn(h.muxd.path)
            if o.open(HOST)[0] != OK or not w.bound(o) or not w.echo_works(o) or time.monotonic() - begin > 2:
                point(False, "%s, mode %d: another server's pipe is not held up" % (text, mode))
            o.close()
            if ends:
                said = end_of(c, mode)
                if said is None or time.monotonic() - begin > 5:
                    point(False, "it %s, mode %d: the client is told" % (text, mode), said)
            c.close()
            s.fault = None
            c = Conn(h.muxd.path, wait=10)  # a new session, or the one that still stands
            st, why = c.open(BAD, port=s.port, mode=mode, timeout_ms=1500)
            if ends and (st != OK or not ready(c, mode)):
                point(False, "it %s, mode %d: the next one has a session" % (text, mode), why)
            c.close()
            s.close()
            n += 1
            look()
    point(n == 3 * len(FAULTS), "%d times: clients are told, others are not held up, and a new session comes after it" % n)


def ready(c, mode):
    if mode == w.PROXY:
        return w.bound(c)
    if mode == w.MESSAGE:
        st, b = c.call(w.PIPE_TRANSACT, struct.pack("<I", 4096) + w.blob(w.bind()))
        return st == OK and w.Reader(b).blob()[2] == 12
    return True  # bound already


def ask(c, mode):
    if mode == w.PROXY:
        c.send(w.add_one(1))
    elif mode == w.MESSAGE:
        c.request(w.PIPE_TRANSACT, struct.pack("<I", 4096) + w.blob(w.add_one(1)))
    else:
        c.request(w.PIPE_SEND, w.blob(w.add_one(1)))
        c.request(w.PIPE_RECV, struct.pack("<IB", 8000, 0))


def end_of(c, mode):
    """What the client hears: True the end, a status, None nothing."""
    try:
        if mode == w.PROXY:
            return c.is_gone(5) or None
        return c.answer(5)[2] or None
    except Gone:
        return True
    except (socket.timeout, TimeoutError):
        return None


@scenario
def mute_servers(look):
    """Servers that are mute from the beginning."""
    s = Between()
    for text, fault in (("accepts and says nothing", lambda d: None), ("says half a negotiation", Half(False)), ("sends noise", lambda d: os.urandom(200)),
                        ("says 16 MiB", lambda d: b"\0\xff\xff\xff"), ("closes", lambda d: raise_(OSError()))):
        s.fault = fault
        c = Conn(h.muxd.path)
        begin = time.monotonic()
        st, why = c.open(BAD, port=s.port, timeout_ms=1000)
        point(st != OK and time.monotonic() - begin < 4, "a server that %s: %.1f s, %s" % (text, time.monotonic() - begin, hex(st)), why)
        st, f = c.open(HOST)
        point(st == OK and w.bound(c), "and the connection is good for another server")
        c.close()
    before = s.accepts
    s.fault = lambda d: None
    many = [dial() for _ in range(50)]
    begin = time.monotonic()
    for c in many:
        c.request(w.CONNECT, w.connect(BAD, port=s.port, timeout_ms=1500))
    told = [c.answer(10)[2] for c in many]
    point(OK not in told and time.monotonic() - begin < 6 and s.accepts - before < 10,
          "50 clients that wait for one mute server are told in time (%.1f s), by %d connections" % (time.monotonic() - begin, s.accepts - before))
    s.close()


@scenario
def passwords(look):
    """The password changes at the server."""
    add_user(h.server, "carl", "Carl-333")
    s = Between()  # another name of the server: the honest client's credentials are not touched
    c = Conn(h.muxd.path)
    c.call(w.SET_AUTH, w.auth(BAD, user="carl", secret="Carl-333"))
    old = dial()
    st, f = old.open(BAD, port=s.port)
    point(st == OK and w.bound(old), "carl has a pipe")
    passwd("carl", "Other-444")
    point(w.echo_works(old, 5, 5), "which goes on after the change")
    c.call(w.DROP, w.s(BAD))
    n, told, whys = 0, set(), set()
    end = time.monotonic() + 3
    while n < 60 and time.monotonic() < end:
        x = Conn(h.muxd.path)
        st, why = x.open(BAD, port=s.port)
        told.add(st)
        whys.add(str(why)[:200])
        x.close()
        n += 1
    point(told == {w.LOGON_FAILURE}, "%d new ones are told of a logon failure" % n, ([hex(s) for s in told], whys))
    bad = bad_logons("carl")
    point(0 < bad <= 3, "the server has seen %d bad logons of them" % bad)
    code = subprocess.run([TERN, "server", "info", "-S", BAD, "-p", str(s.port)], capture_output=True, text=True, env=clean_env(TERN_NPC=h.muxd.path))
    point(code.returncode == 1 and "LOGON_FAILURE" in code.stderr, "tern says so", code.stderr)
    c.call(w.SET_AUTH, w.auth(BAD, user="carl", secret="Other-444"))
    x = dial()
    st, f = x.open(BAD, port=s.port)
    point(st == OK and w.bound(x) and w.echo_works(x), "new credentials are tried at once", f)
    c.call(w.CLEAR_AUTH, w.clear(BAD))
    c.close()
    s.close()


def passwd(user, password):
    subprocess.run([os.environ["MSRPCD"], "passwd", "--scratch", h.server.dir, "--force", user], check=True, stdout=subprocess.DEVNULL,
                   env=dict(os.environ, MSRPCD_ADMIN_PASSWORD=password))


def bad_logons(user):
    """As the account store has counted them."""
    db = sqlite3.connect("file:%s/sam.db?mode=ro" % h.server.dir, uri=True)
    return db.execute("select bad_count from user join principal using (id) where lower(principal.name) = ?", (user,)).fetchone()[0]


@scenario
def replaced(look):
    """Credentials are replaced, cleared and dropped while pipes are open."""
    s = Between()
    c = Conn(h.muxd.path)
    c.call(w.SET_AUTH, w.auth(BAD, user="alice", secret="Alice-11"))
    a = dial()
    st, f = a.open(BAD, port=s.port)
    point(st == OK and w.bound(a), "a pipe of alice's")
    c.call(w.SET_AUTH, w.auth(BAD, user="bob", secret="Bob-2222"))
    b = dial()
    st, g = b.open(BAD, port=s.port)
    point(st == OK and not g["warm"] and w.bound(b), "a new one is bob's, by a session of its own")
    point(w.echo_works(a, 1, 7), "alice's goes on")
    users = sorted(x["user"] for x in c.all(w.ENUM_CONNS)[1] if x["server"] == BAD and x["pipe"] in (f["pipe"], g["pipe"]))
    point(users == ["alice", "bob"], "the list says whose is which", users)
    c.call(w.CLEAR_AUTH, w.clear(BAD))
    x = Conn(h.muxd.path)
    st, k = x.open(BAD, port=s.port)
    point(st == OK and w.bound(x), "cleared: the next is by what is left for all servers")
    point(w.echo_works(b, 1, 7), "bob's goes on")
    n = int.from_bytes(c.call(w.DROP, w.s(BAD))[1], "little")
    point(n >= 1 and all(w.echo_works(p, 1, 9) for p in (a, b, x)), "dropped: pipes that are open go on", n)
    for p in (a, b, x):
        p.close()
    time.sleep(0.5)
    left = [y for y in c.all(w.ENUM_CONNS)[1] if y["user"] in ("alice", "bob")]
    point(not left, "and their sessions end with them", left)
    c.call(w.SET_AUTH, w.auth(BAD, user="alice", secret="Alice-11", lifetime=1))
    time.sleep(1.2)
    x = dial()
    st, f = x.open(BAD, port=s.port)
    users = {y["user"] for y in c.all(w.ENUM_CONNS)[1] if st == OK and y["pipe"] == f["pipe"]}
    point(users == {"admin"}, "credentials of one second are gone after it, and the next best is taken", (f, users))
    c.call(w.CLEAR_AUTH, w.clear(BAD))
    c.close()
    s.close()


@scenario
@with_(lives_on=False)
def server_killed(look):
    """The server is killed in the middle of calls, and starts again."""
    kids = [Probe(h.muxd.path, pause_ms=0) for _ in range(4)]
    for turn in range(3):
        c = dial()
        if c.open(HOST)[0] != OK or not w.bound(c):
            point(False, "a pipe before kill %d" % (turn + 1))
        c.send(w.sleep_call(5))
        time.sleep(random.uniform(0.2, 0.5))
        h.server.kill()
        begin = time.monotonic()
        point(c.is_gone(3), "kill %d: a call in flight ends (%.0f ms)" % (turn + 1, 1000 * (time.monotonic() - begin)))
        d = Conn(h.muxd.path)
        st, why = d.open(HOST, timeout_ms=2000)
        point(st != OK and HOST in str(why), "kill %d: new ones are told which server is not there" % (turn + 1), (hex(st), why))
        h.server.start()
        st, f = d.open(HOST, timeout_ms=5000)
        point(st == OK and w.bound(d) and w.echo_works(d), "start %d: the same client has a pipe again" % (turn + 1), f)
        d.close()
    time.sleep(1)
    for k in kids:
        k.ask()
    time.sleep(0.7)
    said = [k.ask() for k in kids]
    point(all(v["failed"] == 0 and v["calls"] for kinds, _ in said for v in kinds.values()), "all clients are served again", [x[1] for x in said])
    for k in kids:
        k.end()


@scenario
@with_(most_mb=48)
def lent(look):
    """Pipes that are lent and not given back, and what is not to be sent over them."""
    c = Conn(h.muxd.path)
    st, f = c.open(HOST, mode=w.PDU)
    point(st == OK and f["fragments"][0] >= 1432, "a pipe is lent", f)
    c.request(w.PIPE_SEND, w.blob(w.add_one(41, call=77)))
    st, b = c.call(w.PIPE_RECV, struct.pack("<IB", 5000, 0))
    p = w.Reader(b).blob()
    point(st == OK and p[2] == 2 and p[12:16] == struct.pack("<I", 77) and p[24:28] == struct.pack("<I", 42), "a call has its own id back", p.hex())
    wrong = []
    for t in list(range(20)) + [255]:
        if t in (0, 18, 19):
            continue
        x = Conn(h.muxd.path)
        x.open(HOST, mode=w.PDU)
        ident = x.request(w.PIPE_SEND, w.blob(w.pdu(t, bytes(32))))
        try:
            k, i, st, _ = x.answer(2)
            if st == OK or i != ident:
                wrong.append((t, hex(st)))
        except Gone:
            pass
        except (socket.timeout, TimeoutError):
            wrong.append((t, "taken"))
        x.close()
    point(not wrong, "a bind, an alter_context, answers and all that is no PDU are refused", wrong)
    wrong = []
    for text, data in (("none", b""), ("15 octets", w.add_one(1)[:15]), ("cut", w.add_one(1)[:20]), ("with more behind", w.add_one(1) + b"x"),
                       ("two", w.add_one(1) * 2), ("version 4", b"\4" + w.add_one(1)[1:]), ("length 0", w.pdu(0, b"", length=0)),
                       ("an auth trailer", w.add_one(1)[:10] + b"\x10\0" + w.add_one(1)[12:] + bytes(24)), ("noise", os.urandom(64)), ("60 000 octets", bytes(60000))):
        x = Conn(h.muxd.path)
        x.open(HOST, mode=w.PDU)
        ident = x.request(w.PIPE_SEND, w.blob(data))
        try:
            k, i, st, _ = x.answer(2)
            if st == OK:
                wrong.append((text, hex(st)))
        except Gone:
            pass
        except (socket.timeout, TimeoutError):
            wrong.append((text, "taken"))
        x.close()
    point(not wrong, "fragments that are none are refused", wrong)
    # What the one has not fetched the other does not see.
    x = Conn(h.muxd.path)
    x.open(HOST, mode=w.PDU)
    x.request(w.PIPE_SEND, w.blob(w.add_one(1000, call=5)))
    st, kept = x.call(w.PIPE_RELEASE, b"\1")
    point(st == OK and kept == b"\0", "released as clean with an answer outstanding: it is not kept", (hex(st), kept))
    for leave in ("close", "release", "half a call"):
        x = Conn(h.muxd.path)
        x.open(HOST, mode=w.PDU)
        x.request(w.PIPE_SEND, w.blob(w.request(0, b"\1\0\0\0", call=6, flags=1) if leave == "half a call" else w.sleep_call(1, call=6)))
        if leave == "release":
            x.call(w.PIPE_RELEASE, b"\0")
        x.close()
        y = Conn(h.muxd.path)
        y.open(HOST, mode=w.PDU)
        y.request(w.PIPE_SEND, w.blob(w.add_one(7, call=6)))
        st, b = y.call(w.PIPE_RECV, struct.pack("<IB", 5000, 0))
        p = w.Reader(b).blob() if st == OK else b
        point(st == OK and p[24:28] == struct.pack("<I", 8), "left by %s: the next has its own answer, and nobody else's" % leave, p)
        y.call(w.PIPE_RELEASE, b"\1")
        y.close()
    held = []
    for i in range(400):
        x = dial()
        st, f = x.open(HOST, mode=w.PDU)
        if st != OK:
            break
        x.request(w.PIPE_SEND, w.blob(w.source_data(100000, 9)))
        held.append(x)
    look()
    point(len(held) > 50, "%d pipes are lent at a time, each with an answer that nobody fetches" % len(held), (hex(st), f))
    c.call(w.PIPE_RELEASE, b"\1")
    c.close()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    h.server = Daemon()
    add_user(h.server, "alice", "Alice-11")
    add_user(h.server, "bob", "Bob-2222")
    for wanted in sys.argv[1:] or list(h.scenarios):
        h.scenarios[wanted]()
    h.server.stop()
    finish()
