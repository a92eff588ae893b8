# SPDX-License-Identifier: Apache-2.0
"""A running npcmuxd before a running msrpcd, for mux_uids.py and mux_hostile.py.

By the environment, besides what msrpcd_world.py wants: NPCMUXD (the program), MUX_HONEST (mux_honest), TERN, and MUX_DIR, a
directory that everybody may search, for the socket."""
import atexit
import os
import resource
import shutil
import subprocess
import time

import msrpcd_world
from msrpcd_world import HOST, NET, PASSWORD, Probe as _Probe, in_words  # noqa: F401
from mux_wire import OK, PASSWORD as BY_PASSWORD, SET_AUTH, Conn, auth

TERN = os.environ.get("TERN", "tern")
DIR = os.environ.get("MUX_DIR", "/tmp")
failures = 0


def point(good, text, why=""):
    global failures
    failures += not good
    print(("ok " if good else "not ok ") + text, flush=True)
    if not good and why != "":
        print("# " + str(why).replace("\n", "\n# "), flush=True)
    return good


def skip(text, why):
    print("ok %s # SKIP %s" % (text, why), flush=True)


class Muxd(msrpcd_world.Daemon):
    """Started, measured and stopped as msrpcd is."""

    def __init__(self, nofile=None, args=(), name="m"):
        self.dir = os.path.join(DIR, name)
        self.path = os.path.join(self.dir, "s")
        self.nofile, self.args, self.lives = nofile, list(args), 0
        shutil.rmtree(self.dir, ignore_errors=True)
        os.mkdir(self.dir, 0o755)
        atexit.register(lambda: self.p.poll() is None and self.p.kill())
        self.start()

    def start(self):
        self.lives += 1
        self.err = self.dir + ".err"

        def limits():
            n = self.nofile or resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            resource.setrlimit(resource.RLIMIT_NOFILE, (n, n))
        begin = time.monotonic()
        with open(self.err, "ab") as err:
            self.p = subprocess.Popen([os.environ["NPCMUXD"], "--socket", self.path] + self.args, stdout=subprocess.PIPE,
                                      stderr=err, text=True, preexec_fn=limits)
        line = self.p.stdout.readline()
        self.started_ms = (time.monotonic() - begin) * 1000
        if not line.startswith("ready"):
            raise RuntimeError("npcmuxd does not start: " + self.said()[-2000:])
        self.pid = self.p.pid


class Probe(_Probe):
    """mux_honest: calls through the muxer all the time."""

    def __init__(self, path, server=HOST, pause_ms=10, timeout_ms=10000, **how):
        self.p = subprocess.Popen([os.environ["MUX_HONEST"], path, server, str(timeout_ms), str(pause_ms)],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=clean_env(), **how)
        time.sleep(0.3)
        self.ask()


def clean_env(**more):
    return {**{k: v for k, v in os.environ.items() if not k.startswith("TERN_") and not k.startswith("KRB5")}, **more}


def give(path, user, password, pattern="*", **how):
    """The credentials of who runs this."""
    c = Conn(path)
    st, why = c.call(SET_AUTH, auth(pattern, BY_PASSWORD, user=user, secret=password, **how))
    c.close()
    if st != OK:
        raise RuntimeError("SetAuthInfo: 0x%08x %s" % (st, why))


def add_user(server, name, password, administrator=False):
    subprocess.run([os.environ["MSRPCD"], "user", "add", "--scratch", server.dir, "--force"] +
                   ["--administrator"] * administrator + [name],
                   check=True, env=dict(os.environ, MSRPCD_ADMIN_PASSWORD=password), stdout=subprocess.DEVNULL)


def finish():
    print("done" if not failures else "%d failed" % failures)
