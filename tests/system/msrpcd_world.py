# SPDX-License-Identifier: Apache-2.0
"""A running msrpcd and an honest client of it, for tests that are not honest: msrpcd_hostile.py, tests/soak.

By the environment: MSRPCD (the program), MSRPCD_PROBE (msrpcd_probe), MSRPCD_HOST (its address), MSRPCD_DIR (where its
directory may be made), MSRPCD_NET (first three parts of addresses that are ours to call from)."""
import atexit
import os
import shutil
import subprocess
import time

HOST = os.environ.get("MSRPCD_HOST", "127.0.0.94")
NET = os.environ.get("MSRPCD_NET", "127.0.0")
PASSWORD = "Secret-1"
SOURCES = ["%s.%d" % (NET, n) for n in range(100, 250)]


class Daemon:
    def __init__(self, args=(), env=None, fresh=True, dir=None, host=HOST):
        self.host = host
        self.dir = dir or os.path.join(os.environ.get("MSRPCD_DIR", "/tmp"), "s")
        self.args, self.env = list(args), env or {}
        if fresh:
            shutil.rmtree(self.dir, ignore_errors=True)
        self.lives = 0
        atexit.register(lambda: self.p.poll() is None and self.p.kill())  # or all that comes next finds its address taken
        self.start()

    def start(self):
        """Until it is ready. How long that took is in started_ms."""
        self.lives += 1
        self.err = self.dir + ".err"
        begin = time.monotonic()
        with open(self.err, "ab") as err:
            self.p = subprocess.Popen(
                [os.environ["MSRPCD"], "--scratch", self.dir, "--listen", self.host] + self.args, stdout=subprocess.PIPE,
                stderr=err, text=True,
                env=dict(os.environ, MSRPCD_ADMIN_PASSWORD=PASSWORD, **self.env))
        line = self.p.stdout.readline()
        self.started_ms = (time.monotonic() - begin) * 1000
        if not line.startswith("ready "):
            raise RuntimeError("msrpcd does not start: " + open(self.err, errors="replace").read()[-2000:])
        line, self.local = line.rstrip("\n").split(" ncalrpc=")
        self.ports = {k: int(v) for k, v in (w.split("=") for w in line.split()[1:]) if v.isdigit()}
        self.pid = self.p.pid

    def signal(self, sig):
        os.kill(self.pid, sig)

    def stop(self, wait=20):
        """Its exit code."""
        if self.p.poll() is None:
            self.p.terminate()
        return self.p.wait(wait)

    def kill(self):
        self.p.kill()
        self.p.wait()

    def alive(self):
        return self.p.poll() is None

    def rss_mb(self):
        with open("/proc/%d/status" % self.pid) as f:
            return next(int(line.split()[1]) for line in f if line.startswith("VmRSS")) / 1024

    def cpu_s(self):
        with open("/proc/%d/stat" % self.pid) as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.pid))

    def said(self):
        with open(self.err, errors="replace") as f:
            return f.read()


class Probe:
    """msrpcd_probe: calls all the time and takes how long each waits."""
    kinds = 4

    def __init__(self, pause_ms=10, timeout_ms=10000):
        self.p = subprocess.Popen(
            [os.environ["MSRPCD_PROBE"], HOST, "admin", PASSWORD, str(timeout_ms), str(pause_ms)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        time.sleep(0.3)
        self.ask()

    def ask(self):
        """{kind: {calls, failed, p50_us, p99_us, max_us}} since the last time, and why one failed."""
        self.p.stdin.write("\n")
        self.p.stdin.flush()
        *kinds, why = self.p.stdout.readline().split("; ", self.kinds)
        return {k.split()[0]: {n: int(v) for n, v in (f.split("=") for f in k.split()[1:])} for k in kinds}, why.strip()

    def end(self):
        self.p.stdin.close()
        self.p.wait()


def in_words(kinds):
    return ", ".join("%s %d of %d failed, p50 %.1f ms, p99 %.1f ms, at most %.1f ms" % (
        n, k["failed"], k["calls"], k["p50_us"] / 1000, k["p99_us"] / 1000, k["max_us"] / 1000)
        for n, k in kinds.items())
