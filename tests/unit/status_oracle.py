#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""status.tbl beside the tables of python3-samba, where that is installed: status_oracle.py status.tbl

An independent source of the same facts: every name that both have must have the same value.
"""
import sys

try:
    from samba import ntstatus, werror
except ImportError:
    print("python3-samba is not installed")
    sys.exit(77)

AT_LEAST = {"nt": 1700, "win": 2300}


def ours(path):
    table = {}
    with open(path, encoding="ascii") as f:
        for line in f:
            w = line.split()
            if w and w[0] in ("nt", "win32", "nerr"):
                table[w[2]] = int(w[1], 0)
    return table


def spellings(name):
    """The same code as Tern spells it."""
    if name.startswith("NT_STATUS_RPC_"):
        return ["RPC_NT_" + name[14:]]
    if name.startswith("NT_STATUS_EPT_"):
        return ["EPT_NT_" + name[14:]]
    if name.startswith("NT_STATUS_"):
        return ["STATUS_" + name[10:], name[10:]]
    return ["ERROR_" + name[5:], name[5:], "NERR_" + name[5:]]


def compare(table, module, prefix):
    same, differ = 0, []
    for name, value in vars(module).items():
        if not name.startswith(prefix) or not isinstance(value, int):
            continue
        for n in spellings(name):
            if n in table:
                same += table[n] == value
                if table[n] != value:
                    differ.append("%s: %#x here, %#x there" % (n, table[n], value))
                break
    return same, differ


def main(argv):
    table = ours(argv[1])
    nt, bad = compare(table, ntstatus, "NT_STATUS_")
    win, more = compare(table, werror, "WERR_")
    for b in bad + more:
        print(b)
    print("%d NTSTATUS and %d Win32 codes agree" % (nt, win))
    return 1 if bad or more or nt < AT_LEAST["nt"] or win < AT_LEAST["win"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
