#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""For 29_msrpcd_watch.t: reads what msrpcd tells, strictly, and is a rude client.

log FILE [EVENT [KEY=VALUE ...]]   each line has to be JSON (or text, told by its first character); prints how many lines match
fields FILE OPERATION              the keys of the first such call, in order
metrics WHERE                      GET /metrics at a socket or HOST:PORT; the document has to be right; prints its samples
sample FILE NAME [KEY=VALUE ...]   the sum of the samples with these labels out of what `metrics` printed
logon HOST USER                    a logon by SMB with a wrong password, by Impacket; USER with Python's escapes
http WHERE REQUEST                 the first line of the answer to a request with Python's escapes
crowd WHERE N                      N connections that say nothing, kept until standard input ends
"""

import json
import re
import socket
import sys


def fail(text):
    print(text)
    sys.exit(1)


# ---- the log ----

def text_fields(line):
    """TIME EVENT KEY=VALUE ...; a value in quotes is a JSON string, another one has no blanks."""
    m = re.match(r"(?:<[0-7]>)?(\S+Z) ([a-z]+)", line)
    if not m:
        fail("no line of the log: " + line)
    found, at = {"time": m.group(1), "event": m.group(2)}, m.end()
    while at < len(line):
        m = re.compile(r' ([a-z_]+)=("(?:[^"\\]|\\.)*"|[A-Za-z0-9._:/@$\\\-+,\[\]#]+)').match(line, at)
        if not m:
            fail("no field at %d: %s" % (at, line))
        value = m.group(2)
        found[m.group(1)] = json.loads(value) if value[0] == '"' else value
        at = m.end()
    return found


def strict(pairs):
    if len({k for k, _ in pairs}) != len(pairs):
        fail("a key is there twice: %r" % (pairs,))
    return dict(pairs)


def log_lines(path):
    with open(path, "rb") as f:
        data = f.read()
    if data and not data.endswith(b"\n"):
        fail("the last line has no end")
    for raw in data.split(b"\n")[:-1]:
        if re.search(rb"[\x00-\x1f\x7f]", raw):
            fail("a control character: %r" % raw)
        line = raw.decode("utf-8")
        if line.startswith("{"):
            found = json.loads(line, object_pairs_hook=strict)
        else:
            found = text_fields(line)
        if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", found["time"]):
            fail("a time that is none: " + found["time"])
        yield found


def plain(value):
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def count_log(path, event=None, *wanted):
    wanted = [w.split("=", 1) for w in wanted]
    print(sum(1 for f in log_lines(path)
              if event in (None, f["event"]) and all(k in f and plain(f[k]) == v for k, v in wanted)))


def fields(path, operation):
    print(" ".join(next(f for f in log_lines(path) if f.get("operation") == operation)))


# ---- metrics ----

def connect(where):
    s = socket.socket(socket.AF_UNIX if where.startswith("/") else socket.AF_INET)
    s.settimeout(15)
    host = where.rsplit(":", 1)
    s.connect(where if where.startswith("/") else (host[0], int(host[1])))
    return s


def ask(where, request):
    with connect(where) as s:
        s.sendall(request)
        got = b""
        while True:
            more = s.recv(65536)
            if not more:
                return got
            got += more


SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\]|\\.)*",?)*)\})? (\S+)')


def labels_of(text):
    return re.findall(r'([a-z_]+)="((?:[^"\\]|\\.)*)"', text or "")


def check_histogram(name, rows):
    last, total = None, {}
    for labels, value in rows:
        key = tuple(l for l in labels if l[0] != "le")
        le = float(dict(labels)["le"].replace("+Inf", "inf"))
        if last and last[0] == key and not (le > last[1] and value >= last[2]):
            fail("%s: buckets do not grow" % name)
        last, total[key] = (key, le, value), value
    return total


def check_metrics(body):
    """Text format 0.0.4: a HELP and a TYPE in front of each family, its samples together, no sample twice."""
    types, seen, current, buckets, counts = {}, set(), None, {}, {}
    if not body.endswith("\n"):
        fail("the last line has no end")
    for line in body.split("\n")[:-1]:
        m = re.fullmatch(r"# (HELP|TYPE) ([a-z_]+) (.+)", line)
        if m and m.group(1) == "HELP":
            current = m.group(2)
            if current in types:
                fail("a family is there twice: " + current)
        elif m:
            if m.group(2) != current or m.group(3) not in ("counter", "gauge", "histogram"):
                fail(line)
            types[current] = m.group(3)
        else:
            m = SAMPLE.fullmatch(line)
            if not m:
                fail("no sample: " + line)
            name, labels, value = m.group(1), labels_of(m.group(2)), float(m.group(3))
            base = re.sub("_(bucket|sum|count)$", "", name) if types.get(current) == "histogram" else name
            if base != current:
                fail("a sample of another family: " + line)
            if (name, tuple(labels)) in seen:
                fail("a sample is there twice: " + line)
            seen.add((name, tuple(labels)))
            if types[current] == "counter" and (value < 0 or not name.endswith("_total")):
                fail("a counter that is none: " + line)
            if name.endswith("_bucket"):
                buckets.setdefault(base, []).append((labels, value))
            if types[current] == "histogram" and name.endswith("_count"):
                counts.setdefault(base, {})[tuple(labels)] = value
    for base, rows in buckets.items():
        if check_histogram(base, rows) != counts[base]:
            fail("%s: the count is not that of all" % base)


def metrics(where):
    answer = ask(where, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    head, body = answer.split(b"\r\n\r\n", 1)
    if not head.startswith(b"HTTP/1.1 200 OK\r\n"):
        fail(head)
    length = int(re.search(rb"Content-Length: (\d+)", head).group(1))
    if length != len(body) or b"text/plain; version=0.0.4" not in head:
        fail(head)
    check_metrics(body.decode("ascii"))
    sys.stdout.write(body.decode("ascii"))


def sample(path, name, *wanted):
    wanted, total = [tuple(w.split("=", 1)) for w in wanted], 0
    with open(path) as f:
        for line in f:
            m = SAMPLE.fullmatch(line.rstrip("\n"))
            if m and m.group(1) == name and all(w in labels_of(m.group(2)) for w in wanted):
                total += float(m.group(3))
    print("%g" % total)


# ---- rude clients ----

def logon(host, user):
    from impacket.smbconnection import SMBConnection, SessionError
    try:
        SMBConnection(host, host).login(user.encode().decode("unicode_escape"), "wrong")
        fail("it was let in")
    except SessionError as e:
        print(e)


def http(where, request):
    print(ask(where, request.encode().decode("unicode_escape").encode("latin-1")).split(b"\r\n")[0].decode())


def crowd(where, n):
    kept = [connect(where) for _ in range(int(n))]
    print("there", flush=True)
    sys.stdin.read()
    del kept


{"log": count_log, "fields": fields, "metrics": metrics, "sample": sample, "logon": logon, "http": http,
 "crowd": crowd}[sys.argv[1]](*sys.argv[2:])
