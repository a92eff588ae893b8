# SPDX-License-Identifier: Apache-2.0
"""What the files in vectors/ share: each packs calls of one interface with python3-samba and hands them to vector()."""

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
