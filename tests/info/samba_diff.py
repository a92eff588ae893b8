#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Our marshalling against python3-samba's, for every operation of every interface that both have.

samba_diff.py NDRTOOL [--count N] [--only INTERFACE[.OP]] [--verbose] [--all]

Random values are packed by us, unpacked and packed again by Samba: what Samba packs we have to take, pack to the same
bytes, and understand as the same values (as JSON). Then Samba's objects are changed at random, packed by Samba, and have
to go through us unchanged. NDR20 and NDR64. Referent ids are normalised. Where Samba is known to differ, DEVIATIONS says
how and why (samba_deviations.py); an entry that nothing needs any more is an error, too, unless --only is given."""

import argparse
import importlib
import json
import os
import pkgutil
import random
import re
import signal
import subprocess
import sys

from samba_deviations import DEVIATIONS, RARE

FILL_PLAIN = 2
SAMBA_REF = 0xaef1aef1  # what Samba sends for a reference pointer inside a structure
COUNT = 6  # random calls for each operation and transfer syntax
OP_SECONDS = 10  # some values make Samba loop
UNUSED = re.compile(r"NotUsedOnWire$|^Opnum\d+")


class Tool:
    def __init__(self, path):
        self.p = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def ask(self, line):
        self.p.stdin.write(line + "\n")
        self.p.stdin.flush()
        return self.p.stdout.readline().rstrip("\n")

    def list(self):
        self.p.stdin.write("list\n")
        self.p.stdin.flush()
        ops = []
        while True:
            line = self.p.stdout.readline().rstrip("\n")
            if line == "end" or not line:
                return ops
            ops.append(line.split(" "))


def deviation(iface, name, kind):
    """Index of the entry for it, or None."""
    for at, (i, ops, k, _) in enumerate(DEVIATIONS + RARE):
        if i == iface and k == kind and re.fullmatch(ops, name):
            return at
    return None


def samba_interfaces():
    """uuid -> {opnum: class}"""
    import samba.dcerpc
    found = {}
    for m in pkgutil.iter_modules(samba.dcerpc.__path__):
        try:
            module = importlib.import_module("samba.dcerpc." + m.name)
            syntax = module.abstract_syntax()
        except Exception:  # pylint: disable=broad-except
            continue
        ops = {}
        for name in dir(module):
            cls = getattr(module, name)
            if isinstance(cls, type) and hasattr(cls, "__ndr_pack_in__"):
                ops[cls.opnum()] = cls
        found[str(syntax.uuid)] = ops
    return found


def normal(data):
    """Referent ids by the order of their first use."""
    ids, out = {}, bytearray(data)
    for i in range(0, len(data) - 3, 4):
        v = int.from_bytes(data[i:i + 4], "little")
        if v == SAMBA_REF:
            v = -i - 1  # one for each
        if v < 0 or 0x20000 <= v < 0x24000 and v % 4 == 0:
            out[i:i + 4] = (0x20000 + 4 * ids.setdefault(v, len(ids))).to_bytes(4, "little")
    return bytes(out)


def hexed(b):
    return b.hex() or "-"


def plain(v):
    """JSON without what packing makes anew: room of counted strings."""
    if isinstance(v, dict):
        if set(v) == {"Length", "MaximumLength", "Buffer"}:
            return v["Buffer"] if v["Buffer"] or v["Length"] else None
        return {k: plain(x) for k, x in v.items()}
    if isinstance(v, list):
        return None if v == [None] else [plain(x) for x in v]
    return None if v == "" else v


COUNTS = re.compile(r"count|num|size|length|len|level|max|entries|type|bytes|offered|needed|ver|total|flags|switch|ndr",
                    re.I)


def mutate(obj, rnd, depth=0):
    """Other values for texts and plain numbers, in place."""
    if depth > 6:
        return
    for name in dir(obj):
        if name.startswith("_"):
            continue
        try:
            v = getattr(obj, name)
        except Exception:  # pylint: disable=broad-except
            continue
        if callable(v) and not isinstance(v, type(obj)):
            continue
        try:
            if isinstance(v, str):
                if v and rnd.random() < 0.5 and not COUNTS.search(name):
                    setattr(obj, name, "".join(rnd.choice("abz\u00e9\u65e5") for _ in range(len(v))))
            elif isinstance(v, bool):
                pass
            elif isinstance(v, int):
                if not COUNTS.search(name) and rnd.random() < 0.5:
                    setattr(obj, name, rnd.choice([0, 1, 77, 0x7fff, 0x12345678]))
            elif isinstance(v, list):
                for x in v:
                    if hasattr(x, "__ndr_pack__"):
                        mutate(x, rnd, depth + 1)
            elif hasattr(v, "__ndr_pack__"):
                mutate(v, rnd, depth + 1)
        except Exception:  # pylint: disable=broad-except
            pass


class Differ:
    def __init__(self, tool, iface, opnum, name, cls):
        self.tool, self.iface, self.opnum, self.name, self.cls = tool, iface, opnum, name, cls

    def take(self, syntax, i, o):
        a = self.tool.ask("take %s %s %d %s %s" % (self.iface, self.opnum, syntax, hexed(i), hexed(o)))
        if not a.startswith("ok "):
            return None, a
        _, ri, ro, rest = a.split(" ", 3)
        ji, jo = rest.split("\t", 1)

        def raw(h):
            return b"" if h == "-" else bytes.fromhex(h)
        return (raw(ri), raw(ro), json.loads(ji), json.loads(jo)), None

    def samba(self, syntax, i, o, rnd=None):
        call, ndr64 = self.cls(), syntax == 64
        call.__ndr_unpack_in__(i, ndr64=ndr64)
        call.__ndr_unpack_out__(o, ndr64=ndr64)
        if rnd:
            mutate(call, rnd)
        return call.__ndr_pack_in__(ndr64=ndr64), call.__ndr_pack_out__(ndr64=ndr64)

    def same_bytes(self, syntax, i, o):
        """Ours takes what Samba packed, and gives the same."""
        ours, why = self.take(syntax, i, o)
        if not ours:
            return None, "we refuse what Samba packs: %s" % why
        for side, theirs, mine in (("in", i, ours[0]), ("out", o, ours[1])):
            if theirs != mine and normal(theirs) != normal(mine):
                return None, "%s: Samba packs %s, we %s" % (side, theirs.hex(), mine.hex())
        return ours, None

    def one(self, syntax, seed):
        """None, or what differs."""
        a = self.tool.ask("gen %s %s %d %d %d" % (self.iface, self.opnum, syntax, seed, FILL_PLAIN))
        if not a.startswith("ok "):
            return "ours: " + a
        i, o = (b"" if h == "-" else bytes.fromhex(h) for h in a.split(" ")[1:])
        mine, why = self.take(syntax, i, o)
        if not mine:
            return "ours: " + why
        try:
            bi, bo = self.samba(syntax, i, o)
        except Exception as e:  # pylint: disable=broad-except
            return "refuses %s; %s %s" % (e, i.hex(), o.hex())
        theirs, why = self.same_bytes(syntax, bi, bo)
        if not theirs:
            return why
        for side in (2, 3):
            if plain(mine[side]) != plain(theirs[side]):
                return "values: we %s, Samba %s" % (json.dumps(mine[side])[:400], json.dumps(theirs[side])[:400])
        try:
            mi, mo = self.samba(syntax, i, o, random.Random(seed))
        except Exception:  # pylint: disable=broad-except
            return None  # the change was one that Samba does not pack
        why = self.same_bytes(syntax, mi, mo)[1]
        return None if why and "RPC_NT_INVALID_BOUND" in why else why  # Samba does not know all bounds


def work(args, only):
    """All operations of one interface; one line for each, so that a crash costs one."""
    tool = Tool(args.tool)
    samba = samba_interfaces()
    for iface, uuid, opnum, name, *_ in tool.list():
        if iface != only or int(opnum) <= args.after:
            continue
        cls = samba.get(uuid, {}).get(int(opnum))
        print("begin %s %s" % (opnum, name), flush=True)
        if cls is None or UNUSED.search(name):
            print("missing", flush=True)
            continue
        if (args.op and args.op != name) or (not args.all and deviation(iface, name, "crashes") is not None):
            print("skip", flush=True)
            continue
        d = Differ(tool, iface, opnum, name, cls)
        accepted = 0
        signal.alarm(OP_SECONDS)  # its default action ends the worker
        for syntax in (20, 64):
            said = set()
            for seed in range(1, args.count + 1):
                why = d.one(syntax, seed)
                accepted += not why
                kind = (why or "").split(" ")[0]
                if why and kind not in said:
                    print("%s %d %d %s" % ("refuses" if kind == "refuses" else "differs", syntax, seed,
                                           why.replace("\n", " ")), flush=True)
                    said.add(kind)
        print("done %d" % accepted, flush=True)


def run_interface(args, iface):
    """Yields (operation, syntax, what differs), and with what None (operation, None, None) when done."""
    after = -1
    while True:
        p = subprocess.Popen([sys.executable, os.path.abspath(__file__), args.tool, "--count", str(args.count), "--worker",
                              iface, "--after", str(after)] + (["--op", args.op] if args.op else []) + (["--all"] if args.all else []),
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        name = None
        for line in p.stdout:
            word, _, rest = line.rstrip("\n").partition(" ")
            if word == "begin":
                after, name = int(rest.split(" ")[0]), rest.split(" ")[1]
            elif word in ("differs", "refuses"):
                syntax, _, why = rest.split(" ", 2)
                yield name, int(syntax), word, why
            elif word in ("done", "missing", "skip"):
                yield name, None, word, rest
                name = None
        if p.wait() == 0:
            return
        if name is None:
            yield "?", 0, "differs", "the worker ended with %d" % p.returncode
            return
        yield name, 0, "crashes", "Samba's process ended with %d" % p.returncode


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("tool")
    ap.add_argument("--count", type=int, default=COUNT)
    ap.add_argument("--only")
    ap.add_argument("--worker")
    ap.add_argument("--op")
    ap.add_argument("--all", action="store_true")
    ap.add_argument("--after", type=int, default=-1)
    ap.add_argument("--verbose", action="store_true")
    args = ap.parse_args()
    if args.worker:
        work(args, args.worker)
        return 0
    only, _, args.op = (args.only or "").partition(".")
    samba = samba_interfaces()
    interfaces = []
    for iface, uuid, *_ in Tool(args.tool).list():
        if uuid in samba and iface not in interfaces and (not only or iface == only):
            interfaces.append(iface)
    compared, missing, known, problems, used, calls = 0, 0, 0, 0, set(), 0
    for iface in interfaces:
        for name, syntax, kind, why in run_interface(args, iface):
            if syntax is None:
                compared += kind == "done"
                missing += kind == "missing"
                calls += int(why or 0)
                continue
            at = deviation(iface, name, kind)
            if at is not None:
                used.add(at)
                known += 1
                if args.verbose:
                    print("known: %s.%s NDR%s %s: %s" % (iface, name, syntax, kind, why[:300]))
                continue
            problems += 1
            print("%s.%s NDR%s %s: %s" % (iface, name, syntax or "?", kind, why[:1500]))
    for at, entry in enumerate(DEVIATIONS):
        if at not in used and not args.only and args.count == COUNT and entry[2] != "crashes":
            problems += 1
            print("%s.%s %s: the deviation is gone: %s" % entry)
    print("%d interfaces, %d operations compared, %d that Samba does not have, %d calls agree, %d known deviations, "
          "%d problems" % (len(interfaces), compared, missing, calls, known, problems))
    return problems > 0 or (compared < 300 and not args.only)


if __name__ == "__main__":
    sys.exit(main())
