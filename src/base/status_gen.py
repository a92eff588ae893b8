#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads status.tbl and writes <msrpc/status_codes.h> or the C tables behind src/base/status.c.

usage: status_gen.py --header status.tbl out.h
       status_gen.py --tables status.tbl out.c
"""
import re
import sys

KINDS = ("nt", "win32", "nerr", "rpcfault")
NONE = 0xFFFFFFFF


class Row:
    def __init__(self, where, kind, value, name, partner, text):
        self.where, self.kind, self.value, self.name = where, kind, value, name
        self.partner, self.text = partner, text
        self.exact = partner.startswith("=")
        self.alias = False


def fail(where, what):
    sys.exit("status.tbl:%d: %s" % (where, what))


def split_row(number, line):
    """kind, value and name are single words; the partner is known by its first character."""
    head = line.split(None, 3)
    if len(head) < 3 or head[0] not in KINDS:
        fail(number, "not a row: kind value NAME [partner] [text]")
    partner, text = "", head[3].strip() if len(head) > 3 else ""
    if text[:1] in ("=", ">", "-"):
        word, _, rest = text.partition(" ")
        partner, text = ("" if word == "-" else word), rest.strip()
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", head[2]):
        fail(number, "not a C identifier: " + head[2])
    if not text.isascii() or '"' in text or "\\" in text:
        fail(number, "the text must be plain ASCII without quotes and backslashes")
    return Row(number, head[0], int(head[1], 0), head[2], partner, text)


def load(path):
    """Returns the three spaces (nt, win32 with nerr, rpcfault) as lists in ascending order of value."""
    spaces = {"nt": [], "win32": [], "rpcfault": []}
    names = {}
    with open(path, encoding="ascii") as f:
        for number, line in enumerate(f, 1):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            r = split_row(number, line)
            if r.name in names:
                fail(number, "%s is also in line %d" % (r.name, names[r.name]))
            names[r.name] = number
            rows = spaces["win32" if r.kind == "nerr" else r.kind]
            if rows and rows[-1].value > r.value:
                fail(number, "values must ascend")
            r.alias = bool(rows) and rows[-1].value == r.value
            if r.alias and (r.partner or r.text):
                fail(number, "another spelling of a value carries neither partner nor text")
            rows.append(r)
    check_ranges(spaces)
    return spaces


def check_ranges(spaces):
    for r in spaces["win32"]:
        if not 0 <= r.value <= 0xFFFF:
            fail(r.where, "Win32 codes have 16 bits")
        if r.partner:
            fail(r.where, "partners are written in the nt row")
    for r in spaces["nt"] + spaces["rpcfault"]:
        if not 0 <= r.value <= 0xFFFFFFFF:
            fail(r.where, "more than 32 bits")
    for r in spaces["nt"]:
        if (r.value & 0xFFFF0000) == 0xC0070000:
            fail(r.where, "facility NTWIN32 is taken by wrapped Win32 codes")


def link(spaces):
    """Turns partner names into values, gives the exact partners of Win32 codes, and shares texts between them."""
    win = {r.name: r for r in spaces["win32"]}
    first = {}
    for r in spaces["win32"]:
        first.setdefault(r.value, r)
    nt = {r.name: r for r in spaces["nt"]}
    back = {}
    for r in spaces["nt"]:
        r.to = NONE
        if not r.partner:
            continue
        w = win.get(r.partner[1:])
        if not w:
            fail(r.where, "no such Win32 code: " + r.partner[1:])
        w = first[w.value]
        r.to = w.value
        if r.exact:
            if w.value in back:
                fail(r.where, "%s already has the exact partner %s" % (w.name, back[w.value].name))
            if (r.value >> 30) != 3 and r.value != w.value:
                fail(r.where, "an exact partner must have error severity")
            back[w.value] = r
            r.text = r.text or w.text
            w.text = w.text or r.text
    for w in spaces["win32"]:
        w.to = back[w.value].value if w.value in back else NONE
    for r in spaces["rpcfault"]:
        if r.partner[1:] not in nt:
            fail(r.where, "a fault code needs an NTSTATUS partner")
        r.to = nt[r.partner[1:]].value


def write_header(spaces, out):
    out.write("/* SPDX-License-Identifier: Apache-2.0\n"
              " * Made from src/base/status.tbl by status_gen.py; change the table, not this file. */\n"
              "#ifndef MSRPC_STATUS_CODES_H\n#define MSRPC_STATUS_CODES_H\n\n"
              "/* NTSTATUS, [MS-ERREF] 2.3. One type for local, SMB and RPC conditions. */\n"
              "__extension__ enum nt_status {\n")
    for r in spaces["nt"]:
        out.write("    %s = 0x%08X,\n" % (r.name, r.value))
    out.write("};\n\n"
              "/* Win32 codes, [MS-ERREF] 2.2, with W_ before the name: the bare names are macros of <winerror.h>. */\n"
              "__extension__ enum werror {\n    WERR_OK = 0,\n")
    for r in spaces["win32"]:
        out.write("    W_%s = %d,\n" % (r.name, r.value))
    out.write("};\n\n#endif\n")


class Pool:
    """One block of NUL-terminated strings; offset 0 is the empty string."""

    def __init__(self):
        self.parts, self.offsets, self.size = [""], {"": 0}, 1

    def add(self, s):
        if s not in self.offsets:
            self.offsets[s] = self.size
            self.parts.append(s)
            self.size += len(s) + 1
        return self.offsets[s]


def write_table(name, rows, pool, out):
    rows = [r for r in rows if not r.alias]
    out.write("\nconst struct status_row %s[] = {\n" % name)
    for r in rows:
        to = "STATUS_NO_PARTNER" if r.to == NONE else "0x%08X" % r.to
        out.write("    {0x%08X, %d, %d, %s},\n" % (r.value, pool.add(r.name), pool.add(r.text), to))
    out.write("};\nconst size_t %s_count = %d;\n" % (name, len(rows)))


def write_tables(spaces, out):
    pool = Pool()
    out.write("/* SPDX-License-Identifier: Apache-2.0\n"
              " * Made from src/base/status.tbl by status_gen.py; change the table, not this file. */\n"
              '#include "base/m_status.h"\n')
    write_table("status_nt_rows", spaces["nt"], pool, out)
    write_table("status_win_rows", spaces["win32"], pool, out)
    write_table("status_fault_rows", spaces["rpcfault"], pool, out)
    out.write("\nconst char status_pool[%d] =\n" % pool.size)
    for s in pool.parts[:-1]:
        out.write('    "%s\\0"\n' % s)
    out.write('    "%s";\n' % pool.parts[-1])


def main(argv):
    if len(argv) != 4 or argv[1] not in ("--header", "--tables"):
        sys.exit(__doc__)
    spaces = load(argv[2])
    link(spaces)
    with open(argv[3], "w", encoding="ascii") as out:
        (write_header if argv[1] == "--header" else write_tables)(spaces, out)


if __name__ == "__main__":
    main(sys.argv)
