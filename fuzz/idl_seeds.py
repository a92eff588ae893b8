#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Seeds for the fuzz targets that idlc writes: idl_seeds.py NDRTOOL OUTDIR STAMP FILES [VECTORS...]

OUTDIR/idl_FILE gets each operation of each interface of FILE: empty, at random, and as in the vectors of
tests/golden/ndr, in NDR20 and NDR64. The form of an input is that of rpc_info_check_input()."""

import os
import subprocess
import sys

SEEDS = 3


def main():
    tool, out, stamp, files = sys.argv[1:5]
    vectors = {}
    for path in sys.argv[5:]:
        with open(path, encoding="ascii") as f:
            for line in f:
                words = line.split()
                if len(words) == 6 and not line.startswith("#"):
                    vectors.setdefault((words[0], words[2]), []).append(words[3:])
    p = subprocess.Popen([tool], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="ascii")

    def ask(line):
        p.stdin.write(line + "\n")
        p.stdin.flush()
        return p.stdout.readline().split()

    ops, line = [], ask("list")
    while line != ["end"]:
        ops.append(line)
        line = p.stdout.readline().split()
    count = 0
    for file in files.split(","):  # a file without operations still has a target
        directory = os.path.join(out, "idl_" + file)
        os.makedirs(directory, exist_ok=True)
        with open(os.path.join(directory, "empty"), "wb") as f:
            f.write(bytes(6))
    for iface, _, opnum, name, file, index, at in ops:
        directory = os.path.join(out, "idl_" + file)
        stubs = [(s, i, o) for s, i, o in vectors.get((iface, opnum), [])]
        for syntax in ("20", "64"):
            for seed in range(SEEDS):
                a = ask("gen %s %s %s %d %d" % (iface, opnum, syntax, seed, 1 if seed == 0 else 0))
                if a[0] == "ok":
                    stubs.append((syntax, a[1], a[2]))
        for n, (syntax, i, o) in enumerate(stubs):
            request = b"" if i in ("-", "empty") else bytes.fromhex(i)
            response = b"" if o in ("-", "empty") else bytes.fromhex(o)
            data = bytes([int(index)]) + int(at).to_bytes(2, "little") + bytes([syntax == "64"])
            data += len(request).to_bytes(2, "little") + request + response
            if len(data) <= 65536 and len(request) < 65536:
                count += 1
                with open(os.path.join(directory, "%s-%s-%d" % (iface, name, n)), "wb") as f:
                    f.write(data)
    with open(stamp, "w", encoding="ascii") as f:
        f.write("%d seeds\n" % count)
    return count == 0


if __name__ == "__main__":
    sys.exit(main())
