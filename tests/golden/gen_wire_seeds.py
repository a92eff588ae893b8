#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes fuzz/corpus/ndr_wire: the streams of tests/unit/test_ndr_wire.c and test_pickle.c, each with every operation
that it may belong to. argv: the sources, the directory."""

import hashlib
import os
import re
import sys

OPS = ["put", "get", "samples", "two", "unions", "sids", "strings", "grids", "windows", "mixed", "aliases"]


def octets(text):
    out = b""
    for zeros, byte in re.findall(r"\((\d+)\)|([0-9A-Fa-f]{2})", text):
        out += bytes(int(zeros)) if zeros else bytes([int(byte, 16)])
    return out


def keep(data):
    with open(os.path.join(sys.argv[-1], hashlib.sha1(data).hexdigest()[:16]), "wb") as f:
        f.write(data)


os.makedirs(sys.argv[-1], exist_ok=True)
for source in sys.argv[1:-1]:
    text = open(source).read()
    for m in re.finditer(r'(?:"[0-9A-Fa-f ()|]{8,}"\s*)+', text):
        stream = octets("".join(re.findall(r'"([^"]*)"', m.group(0))))
        if "pickle" in source:
            keep(bytes([0, 0x80]) + stream)
            continue
        before = re.findall(r"(?:pipes|wire)_(\w+)_op", text[max(0, m.start() - 400):m.start()])
        op = before[-1] if before and before[-1] in OPS else "grids"
        for flags in (0, 1, 4):
            keep(bytes([OPS.index(op), flags]) + len(stream).to_bytes(2, "little") + stream)
            keep(bytes([OPS.index(op), flags]) + bytes(2) + stream)
