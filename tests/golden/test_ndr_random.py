#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The calls of vectors/ with other values: Samba packs them, we pull and push them again, byte for byte. argv: test_ndr_vectors;
NDR_SEEDS in the environment says how often (2). Skipped without python3-samba, which /usr/bin/python3 has or none."""

import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = "/usr/bin/python3"

if subprocess.run([PYTHON, "-c", "import samba.dcerpc.lsa"], stderr=subprocess.DEVNULL).returncode:
    sys.exit(77)
names = sorted(f[:-3] for f in os.listdir(HERE + "/vectors") if "ndr_made" in open("%s/vectors/%s" % (HERE, f)).read())
for seed in range(1, int(os.environ.get("NDR_SEEDS", 2)) + 1):
    with tempfile.TemporaryDirectory() as d:
        subprocess.run([PYTHON, HERE + "/gen_ndr_vectors.py", "--to", d, *names], check=True,
                       env={**os.environ, "NDR_MADE_SEED": str(seed)})
        for name in names:
            p = subprocess.run([sys.argv[1], "%s/%s.txt" % (d, name)], capture_output=True, text=True)
            if p.returncode:
                sys.exit("seed %d, %s:\n%s%s" % (seed, name, p.stdout[-2000:], p.stderr[-4000:]))
