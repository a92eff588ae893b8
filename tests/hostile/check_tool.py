#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tern-peer against itself and against its own mistakes: check_tool.py TERN_PEER. Prints TAP."""
import json
import subprocess
import sys

PEER = sys.argv[1]
points = failed = 0


def point(ok, text, more=""):
    global points, failed
    points += 1
    failed += not ok
    print("%s %d - %s" % ("ok" if ok else "not ok", points, text))
    if not ok:
        print("\n".join("# " + line for line in str(more).splitlines()[-20:]))


def run(script, *args):
    return subprocess.run([PEER, "-t", "3", *args, "-"], input=script, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True, timeout=60, check=False)


# ---- scripts that are wrong: exit code 2, and where ----
WRONG = [
    ("frobnicate", "-:1: 'frobnicate' is not a command"),
    ("\nlet a=1\nprint $b", "-:3: there is no variable b"),
    ("case x {\n", "a { is not closed"),
    ("}", "a } that closes nothing"),
    ("case 'x {\n}", "a quote is not closed"),
    ("case x", "wants a block"),
    ("print x {\n}", "takes no block"),
    ("bind", "there is no connection"),
    ("expect close", "there is no connection"),
    ("connect nowhere", "is not an address"),
    ("sleep long", "is not a time"),
    ("repeat many {\n}", "'many' is not a number"),
    ("send hex 0", "two digits each"),
    ("do it", "nothing is defined as it"),
    ("define f a {\n}\ndo f", "a is missing"),
    ("define f {\ndo f\n}\ndo f", "nested more than"),
    ("security s provider=nosuch", "there is no provider nosuch"),
    ("resend x", "nothing was kept as x"),
    ("include /nonexistent/x.peer", "No such file"),
    ("check 1 like 1", "check A OP B"),
    ("accept", "nothing listens"),
]
for text, message in WRONG:
    r = run(text)
    point(r.returncode == 2 and message in r.stderr, "refused: %s" % text.replace("\n", "\\n"), r.stderr)
LISTEN = "listen 127.0.0.1:0\nconnect $listen as c\naccept as s\nuse c\n"
for text, message in [("bind color=red", "'color=red' means nothing here"), ("bind ctx=0 if=nosuch", "no interface of that name"),
                      ("request stub=zeros:x", "is not a number"), ("bind flags=sometimes", "is not a flag"),
                      ("request auth=s", "there is no security context s"), ("request tamper=900:00", "is not in this PDU"),
                      ("pdu ptype=1 drep=00", "four bytes"), ("bind transfer", "NAME=VALUE")]:
    r = run(LISTEN + text)
    point(r.returncode == 2 and message in r.stderr, "refused: %s" % text, r.stderr)

# ---- expectations that do not hold: exit code 1 ----
for text in ["expect nothing\nuse s\nexpect nothing\nuse c\nexpect close within=0.1", "close s\nexpect nothing", "fail no",
             "check 1 = 2", "check 0x10 != 16", "check abc ~ d", "use s\nbind_ack\nuse c\nexpect bind_nak",
             "use s\nfault status=5 call_id=1\nuse c\nexpect fault status=6", "start p false\nwait p code=0"]:
    r = run(LISTEN + text)
    point(r.returncode == 1, "does not hold: %s" % text.replace("\n", "; "), r.stdout + r.stderr)
r = run("case a {\nfail x\n}\ncase b {\n}\n", "--tap")
point(r.returncode == 1 and "not ok 1 - a" in r.stdout and "ok 2 - b" in r.stdout and "1..2" in r.stdout,
      "a case that fails does not end the others", r.stdout)

# ---- both sides by tern-peer itself ----
BOTH = LISTEN + """
define sealed level order split {
  case "$level, $order endian, in pieces of $split" {
    listen
    connect $listen as c
    accept as s
    security there provider=ntlm role=server password=secret
    security here provider=ntlm level=$level id=5 user=alice password=secret
    use c
    split $split
    set order=$order
    bind ctx=3 if=rpcecho/1.0 transfer=ndr20 transfer=ndr64 ctx=4 if=rpcecho/1.0 transfer=features:3 auth=here call_id=77
    use s
    expect bind call_id=77 order=$order n_ctx=2 ctx0=3 if0=rpcecho/1.0 transfer0=ndr20 transfer1=features:3 auth=ok auth_ctx=5
    bind_ack auth=there
    use c
    expect bind_ack call_id=77 result0=0 syntax0=ndr20 result1=3 reason1=3 addr=135 auth=ok
    auth3 auth=here
    use s
    expect auth3 auth=ok
    use c
    request flags=first,object op=7 ctx=3 stub=text:hello, auth=here object=00000001-0002-0003-0405-060708090a0b
    request flags=last op=7 ctx=3 call_id=78 stub=u8:1,u16:2,u32:3,u64:4,beu16:5,utf16:ab,byte:7:2,zeros:3,align:4 auth=here
    use s
    expect request call_id=78 flags=first,object op=7 ctx=3 stub=68656c6c6f object=00000001-0002-0003-0405-060708090a0b
    expect request flags=last stub=01020003000000040000000000000000056100620007070000000000 auth=ok|none
    response stub=2a000000 auth=there
    use c
    expect response call_id=78 stub=2a000000 stub_len>=4 stub_len<=4
    set
  }
}
for level in connect integrity privacy {
  for order in little big {
    do sealed $level $order 1
    do sealed $level $order 5840
  }
}
case "a signature that is wrong is found" {
  listen
  connect $listen as c
  accept as s
  security there provider=ntlm role=server password=secret
  security here provider=ntlm level=privacy user=alice password=secret
  use c
  bind auth=here
  use s
  expect bind auth=ok
  bind_ack auth=there
  use c
  expect bind_ack auth=ok
  auth3 auth=here
  request stub=00 auth=here sign=wrong
  use s
  expect auth3 auth=ok
  expect request auth=STATUS_ACCESS_DENIED
}
case "another password is found" {
  listen
  connect $listen as c
  accept as s
  security there provider=ntlm role=server password=other
  security here provider=ntlm level=privacy user=alice password=secret
  use c
  bind auth=here
  use s
  expect bind auth=ok
  bind_ack auth=there
  use c
  expect bind_ack auth=ok
  auth3 auth=here
  use s
  expect auth3 auth!=ok
}
case "kept, cut, tampered with, gathered" {
  listen
  connect $listen as c
  accept as s
  use c
  request op=1 stub=00112233 keep=r send=no
  cork
  resend r
  resend r
  uncork
  request stub=00112233 tamper=stub+1:ff flip=stub+3
  fault status=access_denied cancels=2
  alter_resp result=2 reason=1
  pdu ptype=99
  send hex 0500
  half
  use s
  expect request op=1 stub=00112233 call_id=1
  expect request op=1 stub=00112233 call_id=1
  expect request stub=00ff2232 call_id=2
  expect fault status=access_denied cancels=2
  expect alter_resp result0=2 reason0=1
  expect garbage why~type
  expect cut
}
"""
r = run(BOTH, "--tap")
for line in r.stdout.splitlines():
    if line.startswith(("ok ", "not ok ")):
        point(line.startswith("ok "), "itself: " + line.split(" - ", 1)[1], r.stdout.split(line)[0][-1500:] + r.stdout.split(line)[1][:300])

# ---- JSON ----
r = run(LISTEN + "case one {\n listen\n connect $listen\n bind\n}\n", "--json")
try:
    events = [json.loads(line) for line in r.stdout.splitlines()]
    sent = [e for e in events if e["event"] == "sent"]
    good = (sent[0]["pdu"]["type"] == "bind" and len(bytes.fromhex(sent[0]["bytes"])) == sent[0]["pdu"]["frag_length"] and
            events[-1] == dict(events[-1], event="end", cases=1, failed=0) and any(e["event"] == "case" and e["passed"] for e in events))
except (ValueError, KeyError, IndexError) as e:
    good = e is None
point(good, "--json: each line is an object", r.stdout)
r = run("print hello", "-q")
point(r.stdout == "" and r.returncode == 0, "--quiet", r.stdout)
r = subprocess.run([PEER, "--help"], stdout=subprocess.PIPE, universal_newlines=True, check=False)
point(r.returncode == 0 and r.stdout.startswith("Usage: tern-peer"), "--help", r.stdout)
r = subprocess.run([PEER], stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, check=False)
point(r.returncode == 2, "no script", r.stderr)
print("1..%d" % points)
