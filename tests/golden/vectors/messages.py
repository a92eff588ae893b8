# SPDX-License-Identifier: Apache-2.0
"""browser, msgsvc and msgsvcsend, by hand: Samba has no Python for them. Its ndrdump reads browser's; of the other two it has
names only."""

from ndr_vectors import packed


def optional(p, *texts):
    for text in texts:
        p.ptr(text is not None)
        if text is not None:
            p.wstr(text)


def enum(level, fixed, later):
    """A level, a union with a pointer to a container, as many elements as `later` has."""
    def pack(p):
        p.agg(4, 8)
        p.u32(level)
        p.agg(4, 8)
        p.u32(level)
        p.agg(4, 8)
        p.ptr()
        p.agg(4, 8)
        p.u32(len(later))
        p.agg(4, 8)
        p.ptr(later)
        if later:
            p.wide(len(later))
            for _ in later:
                fixed(p)
            for texts in later:
                for text in texts:
                    p.wstr(text)
    return pack


def server(p):
    p.agg(4, 8)
    p.u32(500)
    p.agg(4, 8)
    p.ptr()


def name0(p):
    p.agg(4, 8)
    p.ptr()


def name1(p):
    p.agg(4, 8)
    p.ptr()
    p.u32(4)
    p.agg(4, 8)
    p.ptr()


for domains in ([], [["LAB"]], [["LAB"], ["OTHER"], [""]]):
    packed("browser", "I_BrowserrQueryOtherDomains", 2, lambda p: (optional(p, "\\\\server"), enum(100, server, [])(p)),
           lambda p: (enum(100, server, domains)(p), p.u32(len(domains), 0)), samba="browser")

for level, fixed, all in ((0, name0, [["ALICE"], ["BOB"]]), (1, name1, [["ALICE", "BOB"]]), (1, name1, [])):
    packed("msgsvc", "NetrMessageNameEnum", 1,
           lambda p: (optional(p, None), enum(level, fixed, [])(p), p.u32(0xffffffff), p.ptr(), p.u32(0)),
           lambda p: (enum(level, fixed, all)(p), p.u32(len(all)), p.ptr(), p.u32(9, 0)))
for level, fixed, texts in ((0, name0, ["ALICE"]), (1, name1, ["ALICE", "BOB"])):
    packed("msgsvc", "NetrMessageNameGetInfo", 2, lambda p: (optional(p, "\\\\server"), p.wstr("ALICE"), p.u32(level)),
           lambda p: (p.agg(4, 8), p.u32(level), p.agg(4, 8), p.ptr(), fixed(p), [p.wstr(text) for text in texts], p.u32(0)))
packed("msgsvc", "NetrMessageNameAdd", 0, lambda p: (optional(p, None), p.wstr("ALICE")), lambda p: p.u32(0))
packed("msgsvc", "NetrMessageNameDel", 3, lambda p: (optional(p, None), p.wstr("ALICE")), lambda p: p.u32(2273))
packed("msgsvcsend", "NetrSendMessage", 0, lambda p: (p.str("BOB"), p.str("ALICE"), p.str("Lunch?")), lambda p: p.u32(0))
