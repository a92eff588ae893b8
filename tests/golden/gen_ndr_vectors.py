#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Stub data as Samba's marshalling makes them, for tests and as fuzz seeds: vectors/NAME.py makes ndr/NAME.txt.

Needs python3-samba. Not run by the build: the result is kept in the tree, so that a change of ours shows up as a
difference from what a peer sends. Each line: interface, operation, number, 20 or 64 (NDR), request in hexadecimal,
response in hexadecimal; "empty" has no bytes, a response "-" is left out. argv: [--to DIR] names, or none for all."""

import os
import runpy
import sys

import ndr_vectors

HERE = os.path.dirname(os.path.abspath(__file__))

ARGS, TO = sys.argv[1:], HERE + "/ndr"
if ARGS[:1] == ["--to"]:
    TO, ARGS = ARGS[1], ARGS[2:]

for name in ARGS or sorted(f[:-3] for f in os.listdir(HERE + "/vectors") if f.endswith(".py")):
    ndr_vectors.lines.clear()
    runpy.run_path("%s/vectors/%s.py" % (HERE, name))
    with open("%s/%s.txt" % (TO, name), "w") as f:
        f.write("# Made by gen_ndr_vectors.py: interface, operation, number, NDR, request, response.\n")
        f.write("\n".join(ndr_vectors.lines) + "\n")
