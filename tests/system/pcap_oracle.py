#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The calls of a capture, by tshark and by tern-rpc-pcap: pcap_oracle.py CAPTURE JSON

JSON is what `tern-rpc-pcap --json CAPTURE` printed. Both must have the same requests (connection, call id, context,
operation number, interface, fragments), answers and faults, and binds. Says what differs; ends with 1 if anything does.
"""
import collections
import json
import subprocess
import sys
import xml.etree.ElementTree as ET

REQUEST, RESPONSE, FAULT, BIND, ALTER = 0, 2, 3, 11, 14


def number(node, name, default=None):
    """The first field of this name below node."""
    for f in node.iter("field"):
        if f.get("name") == name:
            return int(f.get("show"), 0)
    return default


def contexts(node):
    """context id -> UUID of each item of a bind."""
    ret = {}
    for item in node.iter("field"):
        if item.get("name") == "dcerpc.cn_ctx_item":
            uuids = [f.get("show") for f in item.iter("field") if f.get("name") == "dcerpc.cn_bind_to_uuid"]
            if uuids:
                ret[number(item, "dcerpc.cn_ctx_id")] = uuids[0].lower()
    return ret


class Tshark:
    def __init__(self, path):
        self.requests, self.ends, self.binds = collections.Counter(), collections.Counter(), collections.Counter()
        self.fragments = collections.Counter()
        self.bound = {}   # (stream, pipe, context) -> UUID
        tshark = subprocess.Popen(["tshark", "-r", path, "-o", "tcp.try_heuristic_first:TRUE", "-Y", "dcerpc",
                                   "-T", "pdml"], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL)
        for _, packet in ET.iterparse(tshark.stdout):
            if packet.tag == "packet":
                self.packet(packet)
                packet.clear()
        if tshark.wait():
            sys.exit("tshark failed")

    def packet(self, packet):
        stream, pipe = None, None
        for proto in packet.iter():
            if proto.tag == "field" and proto.get("name") == "tcp.stream":
                stream = int(proto.get("show"))
            elif proto.tag == "field" and proto.get("name") == "smb2.fid":
                pipe = proto.get("show")
            elif proto.tag == "proto" and proto.get("name") == "dcerpc":
                self.pdu(stream, pipe, proto)

    def pdu(self, stream, pipe, p):
        kind, call = number(p, "dcerpc.pkt_type"), number(p, "dcerpc.cn_call_id")
        if kind in (BIND, ALTER):
            items = contexts(p)
            for context, uuid in items.items():
                self.bound[stream, pipe, context] = uuid
            self.binds[stream, call, kind == ALTER, tuple(sorted(items.items()))] += 1
        elif kind == REQUEST:
            context = number(p, "dcerpc.cn_ctx_id")
            self.fragments[stream, call] += 1
            if number(p, "dcerpc.cn_flags.first_frag"):
                self.requests[stream, call, context, number(p, "dcerpc.opnum"),
                              self.bound.get((stream, pipe, context))] += 1
        elif kind == RESPONSE and number(p, "dcerpc.cn_flags.last_frag"):
            self.ends[stream, call, "answered", None] += 1
        elif kind == FAULT:
            self.ends[stream, call, "fault", number(p, "dcerpc.cn_status")] += 1


class Ours:
    def __init__(self, path):
        self.requests, self.ends, self.binds = collections.Counter(), collections.Counter(), collections.Counter()
        self.fragments = collections.Counter()
        with open(path, encoding="utf-8") as f:
            for line in f:
                d = json.loads(line)
                assert d["version"] == 1
                if d["type"] == "call":
                    self.call(d)
                elif d["type"] == "bind":
                    items = {c["context"]: c["interface"]["uuid"] for c in d["contexts"]}
                    self.binds[d["stream"], d["call_id"], d["alter"], tuple(sorted(items.items()))] += 1

    def call(self, d):
        if d["request"]:
            self.requests[d["stream"], d["call_id"], d["context"], d["opnum"],
                          d["interface"] and d["interface"]["uuid"]] += 1
            self.fragments[d["stream"], d["call_id"]] += d["request"]["fragments"]
        if d["outcome"] in ("answered", "fault"):
            self.ends[d["stream"], d["call_id"], d["outcome"], d["fault"] and d["fault"]["code"]] += 1


def main(capture, output):
    theirs, ours = Tshark(capture), Ours(output)
    differences = 0
    for what in ("requests", "ends", "binds", "fragments"):
        a, b = getattr(theirs, what), getattr(ours, what)
        for name, d in (("tshark", a - b), ("tern", b - a)):
            for key, n in sorted(d.items(), key=str):
                differences += 1
                print("only %s: %s %s (%d)" % (name, what, key, n))
    print("%d requests, %d answers and faults, %d binds, %d fragments: %d differences" %
          (sum(theirs.requests.values()), sum(theirs.ends.values()), sum(theirs.binds.values()),
           sum(theirs.fragments.values()), differences))
    return 1 if differences else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
