# SPDX-License-Identifier: Apache-2.0
"""InitShutdown; by hand WindowsShutdown, which Samba does not have."""

from ndr_vectors import auto, large, packed, vector
from samba.dcerpc import initshutdown

for message in (large("Au revoir, \u00e0 bient\u00f4t"), large(""), None):
    for cls in (initshutdown.Init, initshutdown.InitEx):
        vector("InitShutdown", auto(cls(), in_hostname=None if message is None else 0x5c, in_message=message, in_timeout=30))
vector("InitShutdown", auto(initshutdown.Abort(), in_server=None))
vector("InitShutdown", auto(initshutdown.Abort(), in_server=0x5c, result=1116))


# By hand.
def counted(p, text):
    """An RPC_UNICODE_STRING behind a pointer."""
    p.ptr(text is not None)
    if text is not None:
        p.agg(4, 8)
        p.u16(2 * len(text), 2 * len(text))
        p.agg(4, 8)
        p.ptr()
        p.wide(len(text), 0, len(text))
        p.u16(*[ord(c) for c in text])


for text, hint in (("maintenance", None), (None, "script"), (None, None)):
    packed("WindowsShutdown", "WsdrInitiateShutdown", 0,
           lambda p: (counted(p, text), p.u32(60, 4, 0x80040001), counted(p, hint)), lambda p: p.u32(0))
    packed("WindowsShutdown", "WsdrAbortShutdown", 1, lambda p: counted(p, hint), lambda p: p.u32(1116))
