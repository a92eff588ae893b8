# SPDX-License-Identifier: Apache-2.0
"""Real uids before one npcmuxd: mux_uids.py [SCENARIO...], as root.

Alice, bob and eve are uids without accounts here (mux_world.py says what the environment has). Alice and bob have
accounts of their own at one server; eve has nothing but what she guesses. Prints "ok TEXT" and "not ok TEXT", at the end
"done". With MUX_SAMBA=HOST and MUX_SAMBA_USERS=user:password,user:password the first scenarios are run against that
server, too."""
import array
import ctypes
import json
import os
import random
import signal
import socket
import stat
import struct
import subprocess
import sys
import time

import mux_wire as w
from msrpcd_world import Daemon
from mux_wire import OK, Conn
from mux_world import HOST, NET, PASSWORD, TERN, Muxd, add_user, clean_env, finish, point, skip

ALICE, BOB, EVE = 40001, 40002, 40003
SELF = os.path.abspath(__file__)
muxd = server = None
scenarios = {}


def scenario(fn):
    scenarios[fn.__name__] = fn
    return fn


# ---- another user ----


class As:
    """A process of another uid that runs lines of Python in this module and answers with what they return."""

    def __init__(self, uid):
        self.uid = uid
        self.p = subprocess.Popen(["setpriv", "--reuid", str(uid), "--regid", str(uid), "--clear-groups", sys.executable, "-u", SELF, "--as"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=clean_env(MUX_SOCKET=muxd.path))

    def __call__(self, code, **names):
        self.p.stdin.write(json.dumps([code, names]) + "\n")
        self.p.stdin.flush()
        line = self.p.stdout.readline()
        kind, value = json.loads(line) if line else ("died", self.p.wait())
        if kind != "ok":
            raise RuntimeError("uid %d: %s: %s" % (self.uid, code, value))
        return value

    def tern(self, *words, stdin=None):
        return tern(self.uid, *words, stdin=stdin)

    def end(self):
        self.p.stdin.close()
        self.p.stdout.close()
        self.p.wait()


def tern(uid, *words, stdin=None):
    """(exit code, output)"""
    p = subprocess.run(["setpriv", "--reuid", str(uid), "--regid", str(uid), "--clear-groups", TERN] + list(words), input=stdin, text=True,
                       capture_output=True, env=clean_env(TERN_NPC=muxd.path), timeout=30)
    return p.returncode, p.stdout + p.stderr


def serve_as():
    """The other end of As. Bytes go as hexadecimal."""
    names = {"w": w, "Conn": Conn, "path": os.environ["MUX_SOCKET"], "os": os, "socket": socket, "struct": struct, "time": time,
             "random": random, "array": array, "subprocess": subprocess}
    for line in sys.stdin:
        code, given = json.loads(line)
        names.update(given)
        try:
            if code.startswith("do "):
                exec(code[3:], names)
                value = names.get("ret")
            else:
                value = eval(code, names)
            json.dumps(value)
            print(json.dumps(["ok", value]), flush=True)
        except TypeError:
            print(json.dumps(["ok", None]), flush=True)
        except Exception as e:
            print(json.dumps(["error", repr(e)]), flush=True)


def sessions_at(host, user, password):
    """What the server says of its sessions: the users, with how many."""
    p = subprocess.run([TERN, "session", "list", "-S", host, "-U", user, "--json"], text=True, capture_output=True,
                       env=clean_env(TERN_PASSWORD=password, TERN_NPC="off"), timeout=30)
    users = []
    if p.returncode == 0:
        found = json.loads(p.stdout)
        rows = found if isinstance(found, list) else next(v for v in found.values() if isinstance(v, list))
        users = [str(r.get("user", r.get("username", ""))).lower().split("\\")[-1] for r in rows]
    else:
        print("# session list: " + p.stderr)
    return users


def world():
    """Alice and bob, each with a pipe that stands, and eve."""
    a, b, e = As(ALICE), As(BOB), As(EVE)
    for who, user, password in ((a, "alice", "Alice-11"), (b, "bob", "Bob-2222")):
        who("do c = Conn(path); ret = c.call(w.SET_AUTH, w.auth('*', user=u, secret=p))[0]", u=user, p=password)
        who("do pipe = Conn(path); st, f = pipe.open(host); ret = st if st else w.bound(pipe)", host=HOST)
    return a, b, e


# ---- scenarios ----


@scenario
def apart():
    """Two users, one server."""
    a, b, e = world()
    facts = [who("{'uid': pipe.welcome['uid'], 'pipe': f['pipe'], 'warm': f['warm'], 'works': w.echo_works(pipe)}") for who in (a, b)]
    point([f["uid"] for f in facts] == [ALICE, BOB], "the daemon knows who they are", facts)
    point(all(f["works"] for f in facts) and not facts[1]["warm"], "each has a session of his own", facts)
    users = sessions_at(HOST, "admin", PASSWORD)
    point(users.count("alice") == 1 and users.count("bob") == 1, "the server sees one session of each", users)
    a("do p2 = Conn(path); st, f2 = p2.open(host); ret = [st, f2['warm']]", host=HOST)
    users = sessions_at(HOST, "admin", PASSWORD)
    point(users.count("alice") == 1, "a second pipe of alice shares hers", users)
    keys = [who("do st, k = c.call(w.QUERY, w.query(f['pipe'], f['cookie'], 1)); ret = [st, w.Reader(k).blob().hex() if st == 0 else k]")
            for who in (a, b)]
    point(keys[0][0] == keys[1][0] == OK and keys[0][1] != keys[1][1] and len(keys[0][1]) >= 32, "the keys of their sessions differ",
          [k[0] for k in keys])
    lists = [who("[[x['pattern'], x['user'], x['uid']] for x in c.all(w.ENUM_AUTH)[1]]") for who in (a, b, e_(e))]
    point(lists == [[["*", "alice", ALICE]], [["*", "bob", BOB]], []], "each sees his own credentials", lists)
    lists = [who("sorted({(x['uid'], x['user']) for x in c.all(w.ENUM_CONNS)[1]})") for who in (a, b, e)]
    point(lists == [[[ALICE, "alice"]], [[BOB, "bob"]], []], "and his own connections", lists)
    mine = {p["pipe"] for who in (a, b) for p in who("[x for x in c.all(w.ENUM_CONNS)[1]]")}
    point(len(mine) == 3, "three pipes", mine)
    for who in (a, b):
        code, text = who.tern("mux", "credentials")
        other = "bob" if who is a else "alice"
        point(code == 0 and other not in text, "tern mux credentials of uid %d" % who.uid, text)
        code, text = who.tern("server", "info", "-S", HOST)
        point(code == 0, "tern server info of uid %d" % who.uid, text)
    code, text = e.tern("server", "info", "-S", HOST)
    point(code == 1 and "credentials" in text, "tern server info of eve: the muxer has no credentials of hers", text)
    root = Conn(muxd.path)
    st, all_ = root.all(w.ENUM_AUTH, w.ALL)
    point(st == OK and {(x["uid"], x["user"]) for x in all_} >= {(ALICE, "alice"), (BOB, "bob")}, "root sees all credentials")
    st, all_ = root.all(w.ENUM_CONNS, w.ALL)
    point(st == OK and {x["uid"] for x in all_} >= {ALICE, BOB}, "and connections")
    st, own = root.all(w.ENUM_AUTH)
    point(st == OK and own == [], "but has none of his own", own)
    st, why = root.open(HOST)
    point(st == w.NO_LOGON, "and cannot use theirs", (hex(st), why))
    root.close()
    e("do c.call(w.SET_AUTH, w.auth('*', user='alice', secret='Alice-11')); p = Conn(path); st, g = p.open(host); ret = [st, g['warm']]", host=HOST)
    users = sessions_at(HOST, "admin", PASSWORD)
    point(users.count("alice") == 2, "who knows alice's password has a session of his own all the same", users)
    for x in (a, b, e):
        x.end()


def e_(e):
    e("do c = Conn(path)")
    return e


@scenario
def guesses():
    """A third user guesses."""
    a, b, e = world()
    e_(e)
    tokens = [who("do ret = []\nfor i in range(8):\n t = c.call(w.CREATE_TOKEN)[1]; ret.append(int.from_bytes(t, 'little'))\n"
                  " c.call(w.SET_AUTH, w.auth('*', user=u, secret=p, token=ret[-1]))") for who in (a, b)]
    tokens = tokens[0] + tokens[1]
    point(len(set(tokens)) == 16, "alice and bob have 16 tokens")
    root = Conn(muxd.path)
    shown = {x["token"] for x in root.all(w.ENUM_AUTH, w.ALL)[1]} - {0}
    point(shown == set(tokens), "root sees their numbers")
    tries = list(shown) + [t ^ 1 for t in shown] + [0, 1, 2**64 - 1] + [random.getrandbits(64) for _ in range(300)]
    for kind in ("IMPERSONATE", "CLOSE_TOKEN"):
        got = e("sorted({c.call(w.%s, w.u64(t))[0] for t in tries})" % kind, tries=tries)
        point(got == [w.NO_TOKEN], "%s of %d numbers: STATUS_NO_TOKEN" % (kind, len(tries)), [hex(s) for s in got])
    some = [t for t in tries if t]
    got = e("sorted({c.call(w.SET_AUTH, w.auth('*', user='eve', secret='x', token=t))[0] for t in tries})", tries=some)
    point(got == [w.NO_TOKEN], "SetAuthInfo for them: STATUS_NO_TOKEN", [hex(s) for s in got])
    got = e("sorted({c.call(w.CONNECT, w.connect(host, mode=m, token=t, pipe='' if m == 0 else 'rpcecho'))[0] for t in tries for m in (0, 1, 2)})",
            tries=some, host=HOST)
    point(got == [w.NO_TOKEN], "Connect with them: STATUS_NO_TOKEN", [hex(s) for s in got])
    got = e("sorted({(r[0], r[1].hex()) for t in tries for r in [c.call(w.CLEAR_AUTH, w.clear('', t))]})", tries=tries)
    point(got == [[OK, "00000000"]], "ClearAuthInfo of them: none cleared", got)
    pipes = [x["pipe"] for x in root.all(w.ENUM_CONNS, w.ALL)[1]]
    cookies = [who("f['cookie'].hex()") for who in (a, b)]
    got = e("sorted({c.call(w.QUERY, w.query(p, bytes.fromhex(k), what))[0] for p in list(pipes) + list(range(0, 300)) + [2**64 - 1] for k in cookies "
            "for what in (1, 2, 3)})", pipes=pipes, cookies=cookies + ["00" * 16, "ff" * 16])
    point(got == [w.INVALID_HANDLE], "Query of all pipes, with the right cookies: STATUS_INVALID_HANDLE", [hex(s) for s in got])
    for name, other in (("alice", a), ("bob", b)):  # nor do they each other
        pipe_of, cookie = (b, a)[other is b]("[f['pipe'], f['cookie'].hex()]")
        got = other("sorted({c.call(w.QUERY, w.query(p, bytes.fromhex(k), what))[0] for what in (1, 2, 3)})", p=pipe_of, k=cookie)
        point(got == [w.INVALID_HANDLE], "%s cannot query the other's pipe" % name, got)
    got = e("[c.call(w.DROP, w.s(x))[1].hex() for x in ('', host)]", host=HOST)
    point(got == ["00000000"] * 2, "Drop: nothing to drop", got)
    got = e("[c.call(k, w.enum(w.ALL))[0] for k in (w.ENUM_AUTH, w.ENUM_CONNS)] + [c.call(k, w.enum(2))[0] for k in (w.ENUM_AUTH, w.ENUM_CONNS)]")
    point(got == [w.ACCESS_DENIED] * 2 + [w.INVALID_PARAMETER] * 2, "lists of everybody: STATUS_ACCESS_DENIED", [hex(s) for s in got])
    for words in (("credentials", "--all"), ("connections", "--all")):
        code, text = e.tern("mux", *words)
        point(code != 0 and "alice" not in text and "bob" not in text, "tern mux %s %s" % words, text)
    st = e("do st, body = c.call(w.STATUS); ret = [st, w.counters(body)]")
    point(st[0] == OK, "Status is numbers of all together, for everybody")
    for who, name in ((a, "alice"), (b, "bob")):
        left = who("[len(c.all(w.ENUM_AUTH)[1]), w.echo_works(pipe, 7, 3), c.call(w.QUERY, w.query(f['pipe'], f['cookie'], 1))[0]]")
        point(left == [9, True, OK], "%s has lost nothing" % name, left)
    users = sessions_at(HOST, "admin", PASSWORD)
    point(users.count("alice") == 1 and users.count("bob") == 1, "and the server has seen nothing of it", users)
    root.close()
    for x in (a, b, e):
        x.end()


@scenario
def taps():
    """A third user taps."""
    a, b, e = world()
    e_(e)
    pids = [who("os.getpid()") for who in (a, b)]
    got = e("do ret = []\nfor uid in (0xffffffff, 0, 40001, 40002):\n x = Conn(path); ret.append(x.call(w.TAP, w.tap(w.ALL, uid))[0]); x.close()")
    point(got == [w.ACCESS_DENIED] * 4, "of everybody, of root, of alice, of bob: STATUS_ACCESS_DENIED", [hex(s) for s in got])
    got = e("do t = [Conn(path) for _ in range(4)]; q = [w.tap(w.MINE, pid=p) for p in pids] + [w.tap(w.MINE, 40001), w.tap(server='*', pipe='*')]\n"
            "ret = [x.call(w.TAP, y)[0] for x, y in zip(t, q)]", pids=pids)
    mine = a("do t = Conn(path); ret = t.call(w.TAP, w.tap())[0]")
    point(mine == OK, "alice taps her own", hex(mine))
    for who in (a, b):
        who("[w.echo_works(pipe, i, i + 5) for i in range(20)]")
    quiet = e("do ret = 0\nfor x in t:\n x.s.settimeout(0.3)\n try: ret += len(x.s.recv(65536))\n except OSError: pass\n")
    point(quiet == 0, "taps of eve's own (%s) show nothing of theirs" % [hex(s) for s in got], quiet)
    seen = a("t.read(1500).hex()")
    point(len(seen) == 3000 and b"bob".hex() not in seen, "alice sees hers, and nothing of bob's")
    for x in (a, b, e):
        x.end()


@scenario
def lent():
    """Bound pipes are kept for one user."""
    a, b, e = world()
    e_(e)
    call = ("do x = Conn(path); st, g = x.open(host, mode=w.PDU)\nx.request(w.PIPE_SEND, w.blob(w.add_one(1, 9)))\n"
            "st2, p = x.call(w.PIPE_RECV, struct.pack('<IB', 5000, 0))\n"
            "ret = [st, g['bits'] >> 6 & 1, st2, w.Reader(p).blob()[24], x.call(w.PIPE_RELEASE, b'\\1')[1][0], g['group']]; x.close()")
    first, again, other = a(call, host=HOST), a(call, host=HOST), b(call, host=HOST)
    point(first[:5] == [OK, 0, OK, 2, 1] and again[:5] == [OK, 1, OK, 2, 1], "alice gives a pipe back, and has it again", (first, again))
    point(other[:5] == [OK, 0, OK, 2, 1] and other[5] != again[5], "bob has one of his own, of another association group", other)
    got = e("[c.call(w.PIPE_SEND, w.blob(w.add_one(1)))[0], c.call(w.PIPE_RECV, struct.pack('<IB', 100, 0))[0], c.call(w.PIPE_RELEASE, b'\\1')[0]]")
    point(OK not in got, "who has none can send, fetch and give back nothing", [hex(s) for s in got])
    got = e("c.call(w.CONNECT, w.connect(host, mode=w.PDU))[0]", host=HOST)
    point(got == w.NO_LOGON, "nor is one of theirs lent to eve", hex(got))
    for x in (a, b, e):
        x.end()


@scenario
def passed_on():
    """Descriptors that are handed over."""
    a, b, e = world()
    here, there = socket.socketpair(socket.AF_UNIX)
    path = os.path.join(os.path.dirname(muxd.path), "over")
    e("do over = socket.socket(socket.AF_UNIX); name = '\\0mux-over-%d' % os.getpid(); over.bind(name); over.listen(1); ret = name")
    name = e("name")
    a("do o = socket.socket(socket.AF_UNIX); o.connect(name); x = Conn(path)\n"
      "o.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [x.s.fileno(), pipe.s.fileno()]))])", name=name)
    e("do s, _ = over.accept(); _, anc, _, _ = s.recvmsg(1, 100)\n"
      "fds = array.array('i'); fds.frombytes(anc[0][2][:8])\n"
      "h = Conn(path); h.s.close(); h.s = socket.socket(fileno=fds[0]); h.s.settimeout(10)\n"
      "q = Conn(path); q.s.close(); q.s = socket.socket(fileno=fds[1]); q.s.settimeout(10)")
    got = e("[sorted({y['uid'] for y in h.all(w.ENUM_CONNS)[1]}), [y['user'] for y in h.all(w.ENUM_AUTH)[1]]]")
    point(got == [[ALICE], ["alice"]], "a connection that alice gives to eve stays alice's", got)
    point(e("w.echo_works(q, 1, 9)"), "and a pipe stays a pipe: who hands it over lends it")
    a("[x.s.close(), pipe.s.close()]")
    a("c.call(w.CLEAR_AUTH, w.clear())[0]")
    got = e("h.open(host)[0]", host=HOST)
    point(got == w.NO_LOGON, "what alice takes back there is not for eve either", hex(got))
    for s in (here, there):
        s.close()
    for x in (a, b, e):
        x.end()


@scenario
def changes():
    """A process whose uid changes."""
    code = """
import os, sys
sys.path.insert(0, %r)
import mux_wire as w
def become(e, r=None):
    os.setgroups([]); os.setresuid(r if r is not None else e, e, 0)
before = w.Conn(%r)
os.setresgid(%d, %d, 0)
become(%d)
mid = w.Conn(%r)
os.setresuid(0, 0, 0)
os.setresuid(%d, %d, %d)
after = w.Conn(%r)
print(before.welcome['uid'], mid.welcome['uid'], after.welcome['uid'])
print(before.call(w.ENUM_AUTH, w.enum(w.ALL))[0], mid.call(w.ENUM_AUTH, w.enum(w.ALL))[0])
""" % (os.path.dirname(SELF), muxd.path, ALICE, ALICE, ALICE, muxd.path, BOB, BOB, BOB, muxd.path)
    p = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True)
    point(p.stdout.split() == ["0", str(ALICE), str(BOB), "0", str(w.ACCESS_DENIED)],
          "the uid of a connection is the effective one of its beginning, whatever comes later", p.stdout + p.stderr)
    code = """
import os, sys
sys.path.insert(0, %r)
import mux_wire as w
os.setgroups([]); os.setresgid(%d, %d, %d)
os.setresuid(%d, 0, 0)
print(w.Conn(%r).welcome['uid'])
""" % (os.path.dirname(SELF), ALICE, ALICE, ALICE, ALICE, muxd.path)
    p = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True)
    point(p.stdout.strip() == "0", "a setuid program is who it has become, not who called it", p.stdout + p.stderr)
    r = subprocess.run(["setpriv", "--reuid", str(ALICE), "--regid", str(ALICE), "--clear-groups", "env", "TERN_NPC=" + muxd.path, TERN, "mux", "status"],
                       capture_output=True, text=True, env=clean_env())
    point(r.returncode == 0, "tern by its path", r.stderr)


@scenario
def namespaces():
    """User namespaces."""
    code = "import sys; sys.path.insert(0, %r); import mux_wire as w; import os; print(os.getuid(), w.Conn(%r).welcome['uid'])" % (
        os.path.dirname(SELF), muxd.path)
    for text, unshare, want in (("root in a namespace of his own", ["unshare", "--user", "--map-root-user"], ["0", str(ALICE)]),
                                ("an unmapped uid", ["unshare", "--user"], ["65534", str(ALICE)])):
        p = subprocess.run(["setpriv", "--reuid", str(ALICE), "--regid", str(ALICE), "--clear-groups"] + unshare + [sys.executable, "-c", code],
                           capture_output=True, text=True)
        if "unshare failed" in p.stderr or "Operation not permitted" in p.stderr:
            skip(text, p.stderr.strip())
            continue
        point(p.stdout.split() == want, "%s is who he is outside" % text, p.stdout + p.stderr)


@scenario
def inside():
    """The daemon in a user namespace."""
    d = os.path.join(os.path.dirname(os.path.dirname(muxd.path)), "ns")
    os.makedirs(d, exist_ok=True)
    os.chmod(d, 0o755)
    os.chown(d, ALICE, ALICE)
    path = os.path.join(d, "s")
    p = subprocess.Popen(["setpriv", "--reuid", str(ALICE), "--regid", str(ALICE), "--clear-groups", "unshare", "--user", "--map-root-user",
                          os.environ["NPCMUXD"], "--socket", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if not p.stdout.readline().startswith("ready"):
        skip("a daemon in a user namespace", p.stderr.read().strip())
        return
    seen = {}
    for uid in (ALICE, BOB, EVE):
        code = "import sys; sys.path.insert(0, %r); import mux_wire as w\ntry: print(w.Conn(%r).welcome['uid'])\nexcept w.Gone: print('gone')" % (
            os.path.dirname(SELF), path)
        r = subprocess.run(["setpriv", "--reuid", str(uid), "--regid", str(uid), "--clear-groups", sys.executable, "-c", code], capture_output=True,
                           text=True)
        seen[uid] = r.stdout.strip() or r.stderr[-200:]
    point(seen[ALICE] == "0", "its own uid is taken", seen)
    point(seen[BOB] == seen[EVE] == "gone", "uids that all look alike to it (65534) are not", seen)
    p.terminate()
    p.wait()


@scenario
def files():
    """The socket and what holds it."""
    st = os.stat(muxd.path)
    point(stat.S_ISSOCK(st.st_mode) and st.st_uid == 0, "the socket is the daemon's", oct(st.st_mode))
    a, e = As(ALICE), As(EVE)
    got = e("do ret = []\nfor f in (lambda: os.unlink(path), lambda: os.rename(path, path + '2'), lambda: os.chmod(path, 0o777), lambda: open(path)):\n"
            " try: f(); ret.append(0)\n except OSError as x: ret.append(x.errno)")
    point(got and all(n in (1, 13, 6) for n in got), "nobody else can take it away, rename it, change it", got)
    d = os.path.join(os.path.dirname(os.path.dirname(muxd.path)), "u")
    os.makedirs(d, exist_ok=True)
    os.chown(d, ALICE, ALICE)
    os.chmod(d, 0o700)
    p = subprocess.Popen(["setpriv", "--reuid", str(ALICE), "--regid", str(ALICE), "--clear-groups", os.environ["NPCMUXD"], "--socket", d + "/s"],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    point(p.stdout.readline().startswith("ready"), "alice has a daemon of her own")
    point(a("Conn(p).welcome['uid']", p=d + "/s") == ALICE, "which serves her")
    got = e("do ret = 0\ntry: Conn(p)\nexcept OSError as x: ret = x.errno", p=d + "/s")
    point(got == 13, "and nobody else, for nobody gets to it", got)
    link = os.path.join(os.path.dirname(muxd.path), "link")
    os.symlink("/etc/passwd", link)
    for text, at in (("a file", "/etc/hostname"), ("a link", link), ("a socket that somebody has", muxd.path)):
        r = subprocess.run([os.environ["NPCMUXD"], "--socket", at], capture_output=True, text=True, timeout=10)
        point(r.returncode != 0, "where there is %s no daemon starts" % text, r.stdout)
    point(os.path.islink(link) and os.path.isfile("/etc/hostname"), "and nothing is taken away")
    os.unlink(link)
    p.terminate()
    point(p.wait(10) == 0, "hers ends in order")
    a.end()
    e.end()


@scenario
def memory():
    """What is left in memory and logs."""
    a, b, e = world()
    said = muxd.said()
    point("Alice-11" not in said and "Bob-2222" not in said, "no password in the log")
    for flags in (0,):
        core = subprocess.run(["sh", "-c", "ulimit -c; cat /proc/%d/limits | grep -i core" % muxd.pid], capture_output=True, text=True).stdout
        print("# " + core.replace("\n", "; "))
    for x in (a, b, e):
        x.end()


@scenario
def samba():
    """Two users, one Samba server."""
    if not os.environ.get("MUX_SAMBA"):
        return
    host = os.environ["MUX_SAMBA"]
    port = int(os.environ.get("MUX_SAMBA_PORT", "445"))
    users = [u.split(":") for u in os.environ["MUX_SAMBA_USERS"].split(",")]
    who = [As(ALICE), As(BOB)]
    e = e_(As(EVE))
    for x, (user, password) in zip(who, users):
        st = x("do c = Conn(path); st = c.call(w.SET_AUTH, w.auth('*', user=u, secret=p))[0]\n"
               "pipe = Conn(path); st, f = pipe.open(host, port=port, pipe='srvsvc'); ret = [st, f if st else f['warm']]", u=user, p=password, host=host,
               port=port)
        point(st == [OK, False], "Samba: %s has a session of his own" % user, st)
    point(e("c.open(host, port=port, pipe='srvsvc')[0]", host=host, port=port) == w.NO_LOGON, "Samba: eve has none")
    keys = [x("c.call(w.QUERY, w.query(f['pipe'], f['cookie'], 1))[1].hex()") for x in who]
    point(keys[0] != keys[1], "Samba: the keys differ")
    p = subprocess.run([TERN, "session", "list", "-S", host, "-p", str(port), "-U", users[0][0], "--json"], text=True, capture_output=True,
                       env=clean_env(TERN_PASSWORD=users[0][1], TERN_NPC="off"), timeout=30)
    point(p.returncode == 0 and all(u.lower() in p.stdout.lower() for u, _ in users), "Samba: and sees two sessions with two users", p.stdout + p.stderr)
    pids = [x("[y['user'] for y in c.all(w.ENUM_CONNS)[1]]") for x in who]
    point(pids == [[users[0][0]], [users[1][0]]], "Samba: each sees his own connection", pids)
    for x in who + [e]:
        x.end()


if __name__ == "__main__":
    if sys.argv[1:] == ["--as"]:
        serve_as()
        sys.exit()
    server = Daemon()
    add_user(server, "alice", "Alice-11")
    add_user(server, "bob", "Bob-2222")
    for wanted in sys.argv[1:] or list(scenarios):
        muxd = Muxd()
        scenarios[wanted]()
        rc = muxd.stop()
        point(rc == 0, "%s: the daemon ends in order" % wanted, muxd.said()[-1500:])
    server.stop()
    finish()
