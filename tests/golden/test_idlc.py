#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Golden tests of idlc. argv: idlc, this directory, C compiler and its arguments.

idlc/NAME.idl: the output has to be what is kept beside it, byte for byte, and has to compile. idlc/bad/NAME.idl: each
"//! LINE:COLUMN TEXT" at its end is an error that has to be found there, each "//? LINE:COLUMN TEXT" a warning, and there
may be no other. With --regenerate as a further
argument before the compiler the expected output is written anew: look at the difference before you commit it."""

import glob
import os
import re
import subprocess
import sys
import tempfile

idlc, here, args = os.path.abspath(sys.argv[1]), sys.argv[2], sys.argv[3:]
regenerate = args[:1] == ["--regenerate"]
compiler = args[1:] if regenerate else args
SUFFIXES = (".h", "_ndr.c", "_client.c", "_server.c", "_ops.c")
failures = 0


# What the server runtime will have to offer; until it does, dispatch is compiled against this.
RPC_SERVER_H = """#include <msrpc/rpc.h>
struct rpc_server;
struct rpc_server_call;
typedef enum nt_status rpc_dispatch_fn(const void *handlers, struct rpc_server_call *call, uint32_t opnum, void *r);
enum nt_status rpc_server_register(struct rpc_server *s, const struct rpc_interface *i, const struct rpc_op *const *ops,
                                   rpc_dispatch_fn *dispatch, const void *handlers, void *arg);
"""


def fail(text):
    global failures
    failures += 1
    print("FAIL: " + text)


def run_idlc(path, out, *options):
    return subprocess.run([idlc, "--include-prefix", "msrpc", "-I", os.path.join(here, "..", "..", "idl"), "-o", out, "--header", "--ndr", "--client", "--server", "--ops", *options, path],
                          capture_output=True, text=True, cwd=here)


def expected(path, stderr):
    """Whether each error and warning is one that the file lists, and each of these is there."""
    with open(os.path.join(here, path)) as f:
        want = re.findall(r"^//([!?]) (\d+:\d+) (.*)$", f.read(), re.M)
    want = [("error" if kind == "!" else "warning", place, part) for kind, place, part in want]
    got = [(kind, place, message)
           for place, kind, message in re.findall(r"^[^\n:]*:(\d+:\d+): (error|warning): (.*)$", stderr, re.M)]
    missing = [w for w in want if not any(w[:2] == g[:2] and w[2] in g[2] for g in got)]
    more = [g for g in got if not any(w[:2] == g[:2] and w[2] in g[2] for w in want)]
    for kind, place, part in missing:
        fail("%s:%s: no %s with \"%s\"" % (path, place, kind, part))
    for kind, place, message in more:
        fail("%s:%s: unexpected %s \"%s\"" % (path, place, kind, message))
    return not missing and not more


def options_of(path):
    """"//% OPTION..." lines of an input; names of files are relative to it."""
    with open(os.path.join(here, path)) as f:
        options = " ".join(re.findall(r"^//% (.*)$", f.read(), re.M)).split()
    return [os.path.join(os.path.dirname(path), o[2:]) if o.startswith("./") else o for o in options]


def check_good(path):
    stem = os.path.basename(path)[:-4]
    with tempfile.TemporaryDirectory() as out:
        r = run_idlc(path, out, "--depfile", os.path.join(out, "d"), *options_of(path))
        if r.returncode or not expected(path, r.stderr):
            return fail("%s: exit %d\n%s" % (path, r.returncode, r.stderr))
        for suffix in SUFFIXES:
            with open(os.path.join(out, stem + suffix)) as f:
                got = f.read()
            kept = os.path.join(here, "idlc", stem + suffix)
            if regenerate:
                with open(kept, "w") as f:
                    f.write(got)
            want = open(kept).read() if os.path.exists(kept) else ""
            if got != want:
                first = next((i for i, (a, b) in enumerate(zip(got.split("\n"), want.split("\n"))) if a != b), -1)
                fail("%s differs from what is kept, first in line %d" % (stem + suffix, first + 1))
        dep = open(os.path.join(out, "d")).read()
        if path not in dep or (stem + "_ndr.c") not in dep:
            fail("%s: the rule does not name files: %s" % (stem, dep))


def check_compiles(stems):
    with tempfile.TemporaryDirectory() as out:
        os.mkdir(os.path.join(out, "msrpc"))
        with open(os.path.join(out, "msrpc", "rpc_server.h"), "w") as f:
            f.write(RPC_SERVER_H)
        for stem in stems:
            os.symlink(os.path.join(here, "idlc", stem + ".h"), os.path.join(out, "msrpc", stem + ".h"))
        for stem in stems:
            for suffix in SUFFIXES[1:]:
                r = subprocess.run(compiler + ["-I", out, "-fsyntax-only", os.path.join(here, "idlc", stem + suffix)],
                                   capture_output=True, text=True)
                if r.returncode:
                    fail("%s does not compile:\n%s" % (stem + suffix, r.stderr))
            path = os.path.join("idlc", stem + ".idl")
            info = os.path.join(out, "info")  # not where headers are looked for: one is called features.h
            os.makedirs(info, exist_ok=True)
            run_idlc(path, info, "--info", "--fuzz", *options_of(path))
            for suffix in ("_info.c", "_fuzz.c"):
                r = subprocess.run(compiler + ["-I", out, "-fsyntax-only", os.path.join(info, stem + suffix)],
                                   capture_output=True, text=True)
                if r.returncode:
                    fail("%s does not compile:\n%s" % (stem + suffix, r.stderr))


def check_bad(path):
    with tempfile.TemporaryDirectory() as out:
        r = run_idlc(path, out, *options_of(path))
        if r.returncode != 1 or os.listdir(out):
            fail("%s: exit %d, files %s" % (path, r.returncode, os.listdir(out)))
    if not expected(path, r.stderr):
        print(r.stderr)
    for line in r.stderr.split("\n"):
        if re.match(r" +\| \s*\S", line) and line.strip() != "| ^" and line.strip().strip("|").strip() != "^":
            fail("%s: odd caret line %r" % (path, line))


good = sorted(os.path.relpath(p, here) for p in glob.glob(os.path.join(here, "idlc", "*.idl")))
for p in good:
    check_good(p)
check_compiles([os.path.basename(p)[:-4] for p in good])
bad = sorted(os.path.relpath(p, here) for p in glob.glob(os.path.join(here, "idlc", "bad", "*.idl")))
for p in bad:
    check_bad(p)
for options, code, said in ((["--help"], 0, "usage: idlc"), (["--version"], 0, "idlc (Tern)"), ([], 2, "no input file"),
                            (["nowhere.idl"], 2, "cannot read nowhere.idl: No such file"), (["idlc"], 2, "Is a directory"),
                            (["--what", "x.idl"], 2, "unknown option --what"), (["x.idl", "-o"], 2, "a value is missing behind -o"),
                            (["x.idl", "y.idl"], 2, "one file at a time; this is another one: y.idl"),
                            (["--acf", "none.acf", "idlc/ancestor.idl"], 2, "cannot read none.acf: No such file"),
                            (["--cpp", "/nowhere/cc", "-DX", "idlc/ancestor.idl"], 2, "cannot run /nowhere/cc"),
                            (["-o", "/nowhere/at/all", "idlc/ancestor.idl"], 2, "cannot write /nowhere/at/all/ancestor.h")):
    r = subprocess.run([idlc, *options], capture_output=True, text=True, cwd=here)
    if r.returncode != code:
        fail("idlc %s: exit code is not %d" % (" ".join(options), code))
    if said not in r.stdout + r.stderr or (code and len(r.stderr.splitlines()) > 2):
        fail("idlc %s: says %s" % (" ".join(options), r.stdout + r.stderr))
print("%d inputs, %d bad inputs, %d failures" % (len(good), len(bad), failures))
sys.exit(failures != 0 or not good or not bad)
