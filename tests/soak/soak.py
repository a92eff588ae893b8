# SPDX-License-Identifier: Apache-2.0
"""A long run of msrpcd among honest, careless and hostile clients, with faults thrown in: `make soak`, docs/soak.md.

In the first part the daemon lives all the time, so that leaks show; in the second it is killed again and again, so that
lost changes show. SOAK_SECONDS (3600) for both, SOAK_SEED for the same faults again, SOAK_DEADLINE_MS (5000) for calls
on connections that stand. The rest of the environment is msrpcd_world.py's; TERN has the client."""
import collections
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time

os.environ["HOSTILE_CHILD"] = "yes"
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))
import msrpcd_hostile as hostile  # noqa: E402
from msrpcd_world import HOST, PASSWORD, SOURCES, Daemon, Probe  # noqa: E402

SECONDS = float(os.environ.get("SOAK_SECONDS", "3600"))
SEED = int(os.environ.get("SOAK_SEED") or random.randrange(1 << 32))
DEADLINE_MS = float(os.environ.get("SOAK_DEADLINE_MS", "5000"))
SANITIZER = os.environ.get("SOAK_SANITIZER", "")
DIR = os.environ["MSRPCD_DIR"]
TERN = os.environ["TERN"]
STEADY, LOADERS, WRITERS = 3, 4, 2
# After the daemon was down, or its store was, clients find their way back within this time.
RECOVERY = 4.0
REPORT = re.compile(r"ERROR: (Address|Leak|Thread|UndefinedBehavior)Sanitizer|WARNING: ThreadSanitizer|runtime error:")


def say(text):
    print("%7.1f  %s" % (time.monotonic() - began, text), flush=True)


class Run:
    def __init__(self):
        self.counts, self.faults = collections.Counter(), []
        self.down = [(0, 0)]       # times in which any call may fail
        self.store_down = [(0, 0)]  # times in which logons and changes may fail
        self.worst = collections.Counter()
        self.samples = []          # (time, RSS in MB, descriptors) of the life that runs
        self.stop, self.quiet = threading.Event(), threading.Event()
        self.lock = threading.Lock()
        self.daemon = None
        self.children = set()

    def wrong(self, text):
        with self.lock:
            self.faults.append(text)
        say("WRONG: " + text)
        if len(self.faults) >= 100:
            self.stop.set()

    def may_fail(self, begin, end, store):
        """Whether what began and ended then touched a time in which it may fail."""
        return any(begin < e + RECOVERY and end > b for b, e in self.down + (self.store_down if store else []))


# ---- those who work ----


def tern(run, *args, wait=30):
    """A child of its own, which may be killed by chaos. Its exit code and output."""
    p = subprocess.Popen([TERN, *args, "--server", HOST, "--user", "admin"], stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, env=dict(os.environ, TERN_PASSWORD=PASSWORD))
    with run.lock:
        run.children.add(p)
    try:
        out = p.communicate(timeout=wait)[0]
    except subprocess.TimeoutExpired:
        p.kill()
        out = p.communicate()[0]
    with run.lock:
        run.children.discard(p)
    return p.returncode, out


def loader(run, n):
    """Programs of ours and of others, one after the other."""
    rng = random.Random("%d loader %d" % (SEED, n))
    others = []
    if shutil.which("rpcclient"):
        for what in ("srvinfo", "netshareenum 2", "netsessenum", "wkssvc_wkstagetinfo 100"):
            others.append(["rpcclient", "--configfile=/dev/null", "-U", "admin%" + PASSWORD, HOST, "-c", what])
        others.append(["rpcclient", "--configfile=/dev/null", "-U", "admin%" + PASSWORD, "ncacn_ip_tcp:%s[seal]" % HOST,
                       "-c", "echoaddone 41"])
        others.append(["rpcclient", "--configfile=/dev/null", "-U", "admin%" + PASSWORD, "ncacn_np:%s" % HOST, "-c",
                       "sourcedata 100000"])
    if shutil.which("smbclient"):
        others.append(["smbclient", "--configfile=/dev/null", "-L", HOST, "-U", "admin%" + PASSWORD])
    ours = [("share", "list"), ("server", "info"), ("session", "list"), ("file", "list"), ("share", "list")]
    while not run.stop.is_set():
        if run.quiet.is_set():
            time.sleep(0.1)
            continue
        begin = time.monotonic()
        if others and rng.random() < 0.3:
            kind, cmd = "others", rng.choice(others)
            p = subprocess.Popen(cmd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
            with run.lock:
                run.children.add(p)
            try:
                rc = p.wait(30)
            except subprocess.TimeoutExpired:
                p.kill()
                rc = p.wait() or 1
            with run.lock:
                run.children.discard(p)
        else:
            kind = "tern"
            cmd = rng.choice(ours)
            rc, out = tern(run, *cmd)
        run.counts[kind] += 1
        if rc:
            run.counts[kind + " failed"] += 1
            if rc > 0 and not run.may_fail(begin, time.monotonic(), True):
                run.wrong("%s ended with %d" % (" ".join(cmd), rc) + (": " + out[-300:] if kind == "tern" else ""))
        time.sleep(rng.uniform(0, 0.3))


class Writer:
    """Adds and removes shares, and remembers what was acknowledged; of what was not both is right."""

    def __init__(self, run, n):
        self.run, self.n, self.serial = run, n, 0
        self.there, self.gone, self.open = set(), set(), set()
        self.rng = random.Random("%d writer %d" % (SEED, n))

    def step(self):
        run, begin = self.run, time.monotonic()
        if self.there and (len(self.there) > 40 or self.rng.random() < 0.4):
            name = self.rng.choice(sorted(self.there))
            self.there.discard(name)
            self.open.add(name)
            rc, out = tern(run, "share", "delete", name)
            to = self.gone
        else:
            self.serial += 1
            name = "w%d-%d" % (self.n, self.serial)
            self.open.add(name)
            rc, out = tern(run, "share", "add", name, "--path", "C:\\tmp")
            to = self.there
        run.counts["changes"] += 1
        if rc == 0:
            run.counts["changes acknowledged"] += 1
            self.open.discard(name)
            to.add(name)
        elif rc > 0 and not run.may_fail(begin, time.monotonic(), True):
            run.wrong("a change was refused with %d: %s" % (rc, out[-300:]))

    def loop(self):
        while not self.run.stop.is_set():
            if self.run.quiet.is_set():
                time.sleep(0.1)
                continue
            self.step()
            time.sleep(self.rng.uniform(0, 0.2))

    def check(self, names):
        mine = {n for n in names if n.startswith("w%d-" % self.n)}
        for name in self.there - mine:
            self.run.wrong("%s was acknowledged and is lost" % name)
        for name in self.gone & mine:
            self.run.wrong("%s is back, its removal had been acknowledged" % name)
        for name in mine - self.there - self.open:
            self.run.wrong("%s was never asked for" % name)
        for name in list(self.open):  # now it is known
            (self.there if name in mine else self.gone).add(name)
            self.open.discard(name)


def steady(run, n):
    """Connections that stand and new ones, measured; asked every second."""
    probe = Probe(pause_ms=20, timeout_ms=20000)
    last = time.monotonic()
    while not run.stop.is_set():
        run.stop.wait(1)
        now = time.monotonic()
        try:
            kinds, why = probe.ask()
        except (OSError, ValueError):
            run.wrong("a probe has died")
            return
        for kind, k in kinds.items():
            store = kind in ("fresh", "mapper")
            excused = run.may_fail(last - 1, now, store)
            run.counts["calls"] += k["calls"]
            run.counts["calls failed"] += k["failed"]
            if k["failed"] and not excused:
                run.wrong("%d of %d calls (%s) failed: %s" % (k["failed"], k["calls"], kind, why))
            if not excused:
                run.worst[kind] = max(run.worst[kind], k["max_us"] / 1000)
                if not store and k["max_us"] / 1000 > DEADLINE_MS:
                    run.wrong("a call (%s) took %.0f ms" % (kind, k["max_us"] / 1000))
        last = now
    probe.end()


def sampler(run):
    while not run.stop.wait(2):
        try:
            run.samples.append((time.monotonic(), run.daemon.rss_mb(), run.daemon.descriptors()))
        except (OSError, StopIteration):
            pass  # it is being started anew
        if not run.daemon.alive() and not run.may_fail(time.monotonic() - 1, time.monotonic(), False):
            run.wrong("the daemon has died: " + run.daemon.said()[-2000:])
            run.stop.set()


# ---- what is thrown in ----


def kill_client(run, rng):
    with run.lock:
        some = list(run.children)
    if some:
        try:
            rng.choice(some).kill()
        except ProcessLookupError:
            pass


def resets(run, rng):
    """Connections that break off somewhere."""
    for _ in range(rng.randrange(5, 60)):
        try:
            which = rng.randrange(4)
            if which == 0:
                s = hostile.dial(rng.choice((445, 135, hostile.TCP)), rng.choice(SOURCES))
            elif which == 1:
                s = hostile.dial(445, rng.choice(SOURCES))
                s.sendall(rng.randbytes(rng.randrange(1, 300)))
            elif which == 2:
                s = hostile.bound(rng.choice(SOURCES))
                s.sendall(hostile.source_data(rng.randrange(1 << 20)))
            else:
                s = hostile.dial(135, rng.choice(SOURCES))
                s.sendall(hostile.bind()[:rng.randrange(1, 60)])
            hostile.reset(s) if rng.random() < 0.7 else s.close()
        except (OSError, AttributeError):
            pass


def careless(run, rng):
    """Clients that know the password, and behave as they like."""
    for _ in range(rng.randrange(1, 8)):
        try:
            x = hostile.Smb(rng.choice(SOURCES), rcvbuf=4096)
            _, f = x.open(rng.choice(("rpcecho", "srvsvc", "wkssvc", "nothing")))
            if not f:
                x.close()
                continue
            x.call(hostile.IOCTL, hostile.ioctl(f, hostile.TRANSCEIVE, hostile.bind()))
            for call in range(rng.randrange(20)):
                x.send(x.element(hostile.WRITE, hostile.write(f, hostile.source_data(rng.randrange(1 << 18), call + 1))))
            for _ in range(rng.randrange(40)):
                x.send(x.element(rng.choice((hostile.READ, hostile.IOCTL)), hostile.read(f)))
            x.sock.settimeout(0.2)
            if rng.random() < 0.5:
                hostile.reset(x.sock)
            else:
                x.close()
        except Exception:  # refused, broken off: so it goes
            pass


def slow(run, rng):
    """Peers that say half of something, or read nothing, and stay for a while."""
    held = []
    for _ in range(rng.randrange(10, 150)):
        try:
            if rng.random() < 0.5:
                s = hostile.dial(445, rng.choice(SOURCES))
                s.sendall(b"\0\1\0\0" + bytes(rng.randrange(60000)))
            else:
                s = hostile.bound(rng.choice(SOURCES), 4096)
                s.settimeout(0.1)
                for call in range(20):
                    s.sendall(hostile.source_data(100000, call + 1))
            held.append(s)
        except (OSError, AttributeError):
            pass
    stay = time.monotonic() + rng.uniform(1, 8)
    while held and time.monotonic() < stay and not run.stop.is_set():
        time.sleep(0.2)
    for s in held:
        s.close()


def wrong_passwords(run, rng):
    """Of somebody who is not there, and one of somebody who is: ten of those would lock the account."""
    for user in ["nobody%d" % rng.randrange(100) for _ in range(rng.randrange(1, 12))] + ["admin"]:
        try:
            hostile.Smb(rng.choice(SOURCES), user=user, password="wrong", tree=False)
            run.wrong("a wrong password was taken")
        except Exception:
            pass


def hang_up_signal(run, rng):
    for _ in range(rng.randrange(1, 30)):
        run.daemon.signal(signal.SIGHUP)


def busy_store(run, rng):
    """Somebody else writes to the store, and takes his time."""
    begin = time.monotonic()
    run.store_down.append((begin, begin + 30))
    try:
        db = sqlite3.connect(os.path.join(run.daemon.dir, "sam.db"), timeout=5, isolation_level=None)
        db.execute("BEGIN IMMEDIATE")
        time.sleep(rng.uniform(0.2, 4))
        db.execute("ROLLBACK")
        db.close()
    except sqlite3.Error as e:
        say("the store could not be held: %s" % e)
    run.store_down[-1] = (begin, time.monotonic())


def full_disk(run, rng):
    """The disk of the store is full for a while."""
    begin = time.monotonic()
    run.store_down.append((begin, begin + 60))
    name = os.path.join(DIR, "full")
    try:
        with open(name, "wb", buffering=0) as f:
            while True:
                f.write(bytes(65536))
    except OSError:
        pass
    time.sleep(rng.uniform(0.5, 5))
    os.unlink(name)
    run.store_down[-1] = (begin, time.monotonic())


def restart(run, rng, hard):
    """Killed, or told to end; it must be back at once, and have what it acknowledged."""
    begin = time.monotonic()
    run.down.append((begin, begin + 60))
    if hard:
        run.daemon.kill()
    else:
        rc = run.daemon.stop()
        if rc:
            run.wrong("it ended with %d: %s" % (rc, run.daemon.said()[-3000:]))
    try:
        run.daemon.start()
    except RuntimeError as e:
        run.wrong(str(e))
        run.stop.set()
        return
    hostile.TCP = run.daemon.ports["tcp"]
    run.samples = []
    run.counts["starts"] += 1
    run.worst["start"] = max(run.worst["start"], run.daemon.started_ms)
    run.down[-1] = (begin, time.monotonic())


def compare(run, writers):
    """What was acknowledged against what is there, with nobody at work."""
    run.quiet.set()
    time.sleep(0.5)
    end = time.monotonic() + 40
    while run.children and time.monotonic() < end:
        time.sleep(0.1)
    for _ in range(5):
        rc, out = tern(run, "share", "list", "--json")
        if rc == 0:
            break
        time.sleep(1)
    if rc:
        run.wrong("the shares cannot be listed: " + out[-300:])
    else:
        names = set(re.findall(r"w\d+-\d+", out))
        for w in writers:
            w.check(names)
        run.counts["comparisons"] += 1
    run.quiet.clear()


def part(run, rng, until, actions, writers, every):
    """Faults at random until then, and comparisons now and then."""
    compared = time.monotonic()
    while time.monotonic() < until and not run.stop.is_set():
        time.sleep(rng.uniform(0.2, 2))
        name, fn = rng.choices([(n, f) for n, f, _ in actions], [w for _, _, w in actions])[0]
        run.counts["fault: " + name] += 1
        fn(run, rng)
        while hostile.dialled:
            hostile.dialled.pop().close()
        if time.monotonic() - compared > every or name in ("kill", "end"):
            compare(run, writers)
            compared = time.monotonic()


# ---- the verdict ----


def slope(samples):
    """MB an hour, by least squares."""
    n = len(samples)
    if n < 10:
        return 0.0
    mx, my = sum(t for t, _, _ in samples) / n, sum(m for _, m, _ in samples) / n
    var = sum((t - mx) ** 2 for t, _, _ in samples)
    return 3600 * sum((t - mx) * (m - my) for t, m, _ in samples) / var if var else 0.0


def look_at_memory(run, samples, first, quiet_mb, descriptors):
    """Of the long life: the second half must not grow, and at rest nothing is left open."""
    half = samples[len(samples) // 2:]
    hours = (half[-1][0] - half[0][0]) / 3600 if len(half) > 1 else 0
    growth = slope(half) * hours
    say("memory: %.1f MB at the start, %.1f MB at most, %.1f MB at rest afterwards; second half %+.1f MB (%+.1f MB an hour)" % (
        first[0], max(m for _, m, _ in samples), quiet_mb, growth, slope(half)))
    say("descriptors: %d at the start, %d at most, %d at rest afterwards" % (
        first[1], max(d for _, _, d in samples), descriptors))
    # what the allocator keeps swings with the load; a sanitizer keeps what was freed
    if not SANITIZER and growth > max(6.0, 0.15 * half[0][1]):
        run.wrong("memory grows: %.1f MB in the second half" % growth)
    if descriptors > first[1]:
        run.wrong("descriptors are left open: %d, %d at the start" % (descriptors, first[1]))


def settle(run, first):
    """Nobody is there any more. What is left?"""
    end = time.monotonic() + 50
    while time.monotonic() < end and run.daemon.descriptors() > first[1]:
        time.sleep(0.5)
    return run.daemon.rss_mb(), run.daemon.descriptors()


def main():
    run, rng = Run(), random.Random(SEED)
    say("seed %d, %.0f seconds%s" % (SEED, SECONDS, ", " + SANITIZER if SANITIZER else ""))
    mounted = os.geteuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m,mode=700", "none", DIR], capture_output=True).returncode == 0
    if not mounted:
        say("no file system of our own here: the disk is never full")
    run.daemon = Daemon(dir=os.path.join(DIR, "s"))
    hostile.TCP = run.daemon.ports["tcp"]
    p = Probe()  # what is made once is there
    time.sleep(1)
    p.end()
    time.sleep(0.5)
    first = run.daemon.rss_mb(), run.daemon.descriptors()
    writers = [Writer(run, n) for n in range(WRITERS)]
    jobs = [threading.Thread(target=steady, args=(run, n)) for n in range(STEADY)]
    jobs += [threading.Thread(target=loader, args=(run, n)) for n in range(LOADERS)]
    jobs += [threading.Thread(target=w.loop) for w in writers] + [threading.Thread(target=sampler, args=(run,))]
    for j in jobs:
        j.start()
    actions = [("killed client", kill_client, 6), ("resets", resets, 4), ("careless clients", careless, 4), ("slow peers", slow, 3),
               ("wrong passwords", wrong_passwords, 2), ("SIGHUP", hang_up_signal, 2), ("busy store", busy_store, 1)]
    if mounted:
        actions.append(("full disk", full_disk, 1))
    deaths = [("kill", lambda r, g: restart(r, g, True), 2), ("end", lambda r, g: restart(r, g, False), 1)]
    part(run, rng, began + 0.6 * SECONDS, actions, writers, 60)
    long_life = list(run.samples)
    part(run, rng, began + SECONDS, actions + deaths, writers, 60)
    compare(run, writers)
    run.stop.set()
    for j in jobs:
        j.join()
    alive = run.daemon.alive()
    if alive and long_life:
        look_at_memory(run, long_life, first, *settle(run, first))
    rc = run.daemon.stop() if alive else run.daemon.p.returncode
    if rc:
        run.wrong("it ended with %d" % rc)
    said = run.daemon.said()
    reports = REPORT.findall(said)
    if reports:
        i = REPORT.search(said).start()
        run.wrong("%d reports of sanitizers, the first:\n%s" % (len(reports), said[i:i + 5000]))
    if mounted:
        subprocess.run(["umount", DIR])
    for name in sorted(run.counts):
        say("%-28s %d" % (name, run.counts[name]))
    for name in sorted(run.worst):
        say("%-28s %.0f ms" % ("slowest " + name, run.worst[name]))
    print("verdict: %s (seed %d, %d lives, %d calls, %d changes acknowledged, none lost%s)" % (
        "FAILED" if run.faults else "passed", SEED, run.daemon.lives, run.counts["calls"],
        run.counts["changes acknowledged"], "" if not run.faults else " unless said above"), flush=True)
    for f in run.faults[:20]:
        print("  " + f.replace("\n", "\n  "))
    return 1 if run.faults else 0


began = time.monotonic()
if __name__ == "__main__":
    sys.exit(main())
