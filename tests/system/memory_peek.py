# SPDX-License-Identifier: Apache-2.0
"""Looks for octets in the memory of a process: memory_peek.py PID HEX...; prints how often each is there, and the mappings. Reads
what may be read, and the content of files in memory that the process has open. Root only: the process is not dumpable."""
import os, re, sys


def pieces(pid):
    with open("/proc/%s/maps" % pid) as maps, open("/proc/%s/mem" % pid, "rb", 0) as mem:
        for line in maps:
            m = re.match(r"([0-9a-f]+)-([0-9a-f]+) (r)\S+ \S+ \S+ (\S+)\s*(.*)", line)
            if not m or m.group(5) in ("[vvar]", "[vsyscall]", "[vvar_vclock]"):
                continue
            start, end = int(m.group(1), 16), int(m.group(2), 16)
            while start < end:
                n = min(end - start, 16 << 20)
                try:
                    mem.seek(start)
                    yield m.group(5) or "(anonymous)", mem.read(n)
                except OSError:
                    pass
                start += n
    for fd in os.listdir("/proc/%s/fd" % pid):
        path = "/proc/%s/fd/%s" % (pid, fd)
        try:
            if os.readlink(path).startswith("/memfd:"):
                with open(path, "rb") as f:
                    yield "(memfd)", f.read()
        except OSError:
            pass


needles = [bytes.fromhex(h) for h in sys.argv[2:]]
found = [{} for _ in needles]
for where, data in pieces(sys.argv[1]):
    for i, needle in enumerate(needles):
        n = data.count(needle)
        if n:
            found[i][where] = found[i].get(where, 0) + n
for f in found:
    print(sum(f.values()), " ".join("%s:%d" % (os.path.basename(k), v) for k, v in sorted(f.items())))
