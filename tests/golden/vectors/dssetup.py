# SPDX-License-Identifier: Apache-2.0
"""dssetup, [MS-DSSP]: the one operation, each level; Samba has no Python for it, but ndrdump reads all of this."""

from ndr_vectors import packed


def level(n):
    return lambda p: p.enum(n)


def basic(names):
    def pack(p):
        p.ptr()
        p.enum(1)
        p.agg(4, 8)
        p.enum(5)
        p.u32(0x01000001)
        for n in names:
            p.ptr(n is not None)
        p.guid()
        p.end(8)
        for n in names:
            if n is not None:
                p.wstr(n)
        p.u32(0)
    return pack


def upgrade(p):
    p.ptr()
    p.enum(2)
    p.agg(4, 8)
    p.u32(4)
    p.enum(2)
    p.u32(0)


def operation(p):
    p.ptr()
    p.enum(3)
    p.agg(2, 8)  # the other arms count: NDR64 aligns a union to the widest
    p.enum(1)
    p.u32(0)


def failed(p):
    p.ptr(False)
    p.u32(0x57)


for args in ((level(1), basic(("LAB", "lab.example", "lab.example"))), (level(1), basic(("WORKGROUP", None, None))),
             (level(2), upgrade), (level(3), operation), (level(1), failed)):
    packed("dssetup", "DsRolerGetPrimaryDomainInformation", 0, *args, samba="dssetup")
