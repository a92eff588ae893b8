#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each interface of idl/ that has operations is in tests/common/interfaces.h, so that vectors and the fuzzer reach it.
argv: the source directory, then the names in idl/meson.build."""

import os
import re
import sys

top, names = sys.argv[1], sys.argv[2:]
listed = set(re.findall(r"TEST_INTERFACE\((\w+)\)", open(os.path.join(top, "tests/common/interfaces.h")).read()))
missing = []
for name in names:
    text = open(os.path.join(top, "idl", name + ".idl")).read()
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.S)
    for attrs, interface, body in re.findall(r"(\[[^\[\]]*\])\s*interface\s+(\w+)[^{;]*\{(.*?)\n\}", text, re.S):
        if not re.search(r"\bobject\b|\blocal\b", attrs) and re.search(r"\w\s*\(", re.sub(r"\[[^\]]*\]", "", body)):
            if interface not in listed:
                missing.append("%s of idl/%s.idl" % (interface, name))
for m in missing:
    print("not in tests/common/interfaces.h: " + m)
sys.exit(1 if missing else 0)
