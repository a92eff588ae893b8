# SPDX-License-Identifier: Apache-2.0
"""What the files in vectors/ share: each packs calls of one interface with python3-samba and hands them to vector().
Calls that Samba's Python does not have are packed item by item, by hand, and handed to packed(), which has Samba's ndrdump
read them."""

import importlib
import os
import re
import subprocess
import tempfile

from samba.dcerpc import lsa, misc, security
from samba.ndr import ndr_pack_in, ndr_pack_out

GUID = misc.GUID("01234567-89ab-cdef-1032-547698badcfe")
SERVER = "\\\\server.example"
lines = []


def vector(interface, call, both=True, response=True):
    """Adds a call: its request and, if wanted, its response, in NDR20 and, if `both`, in NDR64."""
    def pack(how, ndr64):
        return how(call, ndr64=ndr64).hex() or "empty"
    for ndr64 in (False, True) if both else (False,):
        i, o = pack(ndr_pack_in, ndr64), pack(ndr_pack_out, ndr64) if response else "-"
        lines.append("%s %s %d %d %s %s" % (interface, type(call).__name__, call.opnum(), 64 if ndr64 else 20, i, o))


def fill(obj, **values):
    for name, value in values.items():
        setattr(obj, name, value)
    return obj


def handle():
    return fill(misc.policy_handle(), handle_type=0, uuid=GUID)


def lsa_string(text):
    return fill(lsa.String(), string=text)


def large(text):
    return fill(lsa.StringLarge(), string=text)


def sid(text):
    return security.dom_sid(text)


class Packer:
    """NDR by hand: whoever calls writes items in the order of the wire, so that each vector is a reading of the
    specification of its own."""

    def __init__(self, ndr64):
        self.ndr64, self.data, self.referent = ndr64, bytearray(), 0x00020000

    def align(self, n):
        self.data += bytes(-len(self.data) % n)

    def number(self, value, size):
        self.align(size)
        self.data += (value % (1 << 8 * size)).to_bytes(size, "little")

    def u8(self, *values):
        for v in values:
            self.number(v, 1)

    def u16(self, *values):
        for v in values:
            self.number(v, 2)

    def u32(self, *values):
        for v in values:
            self.number(v, 4)

    def u64(self, *values):
        for v in values:
            self.number(v, 8)

    def wide(self, *values):
        """Counts, tags of pointers: 4 bytes, in NDR64 8."""
        for v in values:
            self.number(v, 8 if self.ndr64 else 4)

    def enum(self, *values):
        for v in values:
            self.number(v, 4 if self.ndr64 else 2)

    def agg(self, n, n64=None):
        """The alignment of a structure, which differs in NDR64 if it has pointers or counts; also its end there."""
        self.align(n64 if self.ndr64 and n64 else n)

    def end(self, n):
        if self.ndr64:
            self.align(n)

    def ptr(self, there=True):
        self.wide(self.referent if there else 0)
        self.referent += 4 if there else 0

    def raw(self, data):
        self.data += data

    def array(self, data):
        """A conformant array of bytes."""
        self.wide(len(data))
        self.raw(data)

    def wstr(self, text):
        data = (text + "\0").encode("utf-16-le")
        self.wide(len(data) // 2, 0, len(data) // 2)
        self.raw(data)

    def str(self, text):
        data = (text + "\0").encode()
        self.wide(len(data), 0, len(data))
        self.raw(data)

    def guid(self, *guids):
        for _ in guids or [0]:
            self.align(4)
            self.raw(bytes.fromhex("67452301ab89efcd1032547698badcfe"))

    def handle(self):
        self.u32(0)
        self.guid()

    def sid(self, *subs):
        """S-1-5-..., as an open structure."""
        self.wide(len(subs))
        self.u8(1, len(subs), 0, 0, 0, 0, 0, 5)
        self.u32(*subs)


def ndrdump(args, what):
    p = subprocess.run(["ndrdump", *args], capture_output=True, text=True)
    text = p.stdout + p.stderr
    if p.returncode or "dump OK" not in text or "WARNING" in text:
        raise SystemExit("%s: ndrdump does not agree: ndrdump %s\n%s" % (what, " ".join(args), text[-2000:]))


def packed(interface, name, opnum, request, response, samba=None, validate=True, both=True):
    """Adds a call that `request` and `response` pack. `samba`: its name for the interface; it has to read the bytes to
    the last one and, with `validate`, to make the same bytes again."""
    for ndr64 in (False, True) if both else (False,):
        stubs = []
        for pack in (request, response):
            p = Packer(ndr64)
            pack(p)
            stubs.append(bytes(p.data))
        if samba:
            with tempfile.TemporaryDirectory() as d:
                for stub, file in zip(stubs, ("in", "out")):
                    with open(os.path.join(d, file), "wb") as f:
                        f.write(stub)
                # its --validate forgets --ndr64 when it reads again
                options = ["--ndr64"] if ndr64 else ["--validate"] if validate else []
                what = "%s %s, NDR%d" % (interface, name, 64 if ndr64 else 20)
                ndrdump([samba, str(opnum), "in", d + "/in", *options], what + " request")
                ndrdump([samba, str(opnum), "out", d + "/out", "-c", d + "/in", *options], what + " response")
        lines.append("%s %s %d %d %s %s" % (interface, name, opnum, 64 if ndr64 else 20,
                                            *(s.hex() or "empty" for s in stubs)))


DEFAULTS = {}  # name of a class: function that gives the members auto() shall not choose itself


def auto(obj, **values):
    """Fills each member of a structure or call with something, after `values` (levels and counts first). What a member
    is, its binding says when it is given the wrong thing; lists get two elements. What is set to None stays null."""
    values = {**DEFAULTS.get(type(obj).__name__, dict)(), **values}
    for name, value in values.items():
        setattr(obj, name, value)
    for name in dir(obj):
        if name.startswith("_") or name in values or callable(getattr(obj, name, None)):
            continue
        _auto_set(obj, name, len(name))
    return obj


def _auto_class(text):
    module, cls = text.rsplit(".", 1)
    return getattr(importlib.import_module("samba.dcerpc." + module), cls)


def _auto_value(message, name, seed):
    wanted = re.search(r"[Ee]xpected type '?([\w.]+)'?", message)
    kind = wanted.group(1).split(".")[-1] if wanted else ""
    if kind in ("int", "long"):
        return 2 if re.search("count|^num|_num|size$|length$|entries", name) else seed
    if kind == "dom_sid":
        return sid("S-1-5-21-1-2-%d" % seed)
    if kind == "GUID":
        return GUID
    if kind == "descriptor":
        return fill(security.descriptor(), type=0x8004, owner_sid=sid("S-1-5-32-544"))
    if wanted and "." in wanted.group(1):
        return auto(_auto_class(wanted.group(1))())
    raise TypeError(message)


def _auto_set(obj, name, seed):
    value, n = name.encode(), 0  # n: length of the list that is wanted
    for _ in range(4):
        try:
            setattr(obj, name, value)
            "".startswith("")  # status codes are converted without a look at the result; the next call has the error
            return
        except TypeError as e:
            message = str(e)
        except SystemError:
            message = "Expected type 'int'"
        fixed = re.search(r"Expected list of type list, length (\d+)", message)
        if fixed or "Expected type 'list'" in message:
            n = int(fixed.group(1)) if fixed else 2
            value = [b"one", b"two"]
        elif n:
            value = [_auto_value(message, name, seed + i) for i in range(n)]
        else:
            value = _auto_value(message, name, seed)
    raise TypeError(message)
