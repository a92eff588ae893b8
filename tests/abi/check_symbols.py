#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares what a shared library exports with its list: check_symbols.py LIBRARY LIST [MAP] [--update]

LIST has one "name" or "name@@VERSION" a line, in order. MAP, the linker's version script, must name exactly the same
symbols. --update writes LIST anew: a removed or changed line is a break for built programs, so look at the diff.
"""
import re
import subprocess
import sys

# libtirpc's names: a program may use both libraries.
FOREIGN = ("rpc_call", "rpc_control", "rpc_createerr", "rpc_reg", "rpc_broadcast", "rpc_broadcast_exp", "rpc_nullproc",
           "rpc_gss_")


def exported(library):
    out = subprocess.run(["nm", "-D", "--defined-only", library], stdout=subprocess.PIPE, check=True, text=True).stdout
    names = [line.split()[-1] for line in out.splitlines() if len(line.split()) >= 3 and " A " not in line]
    return sorted(n for n in names if not re.match(r"(_init|_fini|__bss_start|_edata|_end)(@|$)", n))


def in_map(path):
    with open(path, encoding="ascii") as f:
        text = re.sub(r"/\*.*?\*/|#[^\n]*|//[^\n]*", "", f.read(), flags=re.S)
    text = re.sub(r"\blocal\s*:[^}]*", "", text)
    text = re.sub(r"}\s*\w+\s*;", "", text)  # the parent of a version node
    return {n for n in re.findall(r"([A-Za-z_]\w*)\s*;", text)}


def main(argv):
    update = "--update" in argv
    args = [a for a in argv[1:] if a != "--update"]
    if len(args) not in (2, 3):
        sys.exit(__doc__)
    have = exported(args[0])
    if update:
        with open(args[1], "w", encoding="ascii") as f:
            f.write("".join(n + "\n" for n in have))
        return 0
    with open(args[1], encoding="ascii") as f:
        want = sorted(line.strip() for line in f if line.strip() and not line.startswith("#"))
    problems = ["not in the list: " + n for n in sorted(set(have) - set(want))]
    problems += ["no longer exported: " + n for n in sorted(set(want) - set(have))]
    names = {n.split("@")[0] for n in have}
    problems += ["belongs to libtirpc: " + n for n in sorted(names) if n in FOREIGN or n.startswith("rpc_gss_")]
    if len(args) == 3:
        listed = in_map(args[2])
        problems += ["in the map, not exported: " + n for n in sorted(listed - names)]
        problems += ["exported past the map: " + n for n in sorted(names - listed)]
    for p in problems:
        print(p)
    print("%s: %d symbols, %d problems" % (args[0], len(have), len(problems)))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
