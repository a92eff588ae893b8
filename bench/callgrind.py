# SPDX-License-Identifier: Apache-2.0
"""What valgrind has counted, taken out of its files."""
import json, re


def by_object(path):
    """Self cost of each object in a callgrind file."""
    names, cost, ob, skip = {}, {}, "", False
    with open(path) as f:
        for line in f:
            m = re.match(r"ob=(\(\d+\))(?: (.*))?", line)
            if m:
                if m.group(2):
                    names[m.group(1)] = m.group(2).strip()
                ob = names[m.group(1)]
                continue
            m = re.match(r"cob=(\(\d+\)) (.*)", line)
            if m:
                names[m.group(1)] = m.group(2).strip()
            if line.startswith("calls="):
                skip = True
                continue
            m = re.match(r"(?:[+-]?\d+|\*) (\d+)$", line)
            if m and not skip:
                cost[ob] = cost.get(ob, 0) + int(m.group(1))
            if m:
                skip = False
    return cost


def copied(path):
    """Octets that memcpy and its kin have moved, by call stack, in a file of DHAT's copy mode."""
    with open(path) as f:
        d = json.load(f)
    moved = {}
    for pp in d["pps"]:
        stack = " < ".join(re.sub(r"^0x[0-9A-F]+: ", "", d["ftbl"][i]) for i in pp["fs"])
        moved[stack] = moved.get(stack, 0) + pp["tb"]
    return moved
