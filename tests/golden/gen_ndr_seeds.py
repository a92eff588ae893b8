#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Seeds of fuzz_ndr from ndr/NAME.txt: one for each operation and transfer syntax. argv: vectors, directory."""

import os
import re
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
NUMBERS = {name: int(n) for n, name in
           re.findall(r"\[(\d+)\] = TEST_INTERFACE\((\w+)\)", open(HERE + "/../common/interfaces.h").read())}

for line in open(sys.argv[1]):
    if line.startswith("#"):
        continue
    interface, name, opnum, ndr, request, response = line.split()
    data = [b"" if x in ("empty", "-") else bytes.fromhex(x) for x in (request, response)]
    seed = struct.pack("<BBBH", NUMBERS[interface], int(opnum), int(ndr) // 64, len(data[0])) + data[0] + data[1]
    path = os.path.join(sys.argv[2], "%s-%s-%s" % (interface, name, ndr))
    with open(path, "wb") as f:  # the last of several
        f.write(seed)
