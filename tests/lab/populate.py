#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Adds many users to a test server at once: populate.py DIR N.

Users are bulk000001 and so on, with a full name and a comment; in a domain controller also a group bulkgrp0001 for every
ten of them. Running it again adds only what is missing. The accounts have no usable password.
"""
import os
import struct
import sys

MEMBERS = 10


def user_names(count):
    return [("bulk%06d" % i, "Bulk User %d" % i, "made for listing, number %d" % i) for i in range(1, count + 1)]


class TdbAccount:
    """A record of Samba's tdbsam: seven numbers, twelve strings with their lengths, the RID, and the rest. Only the few
    fields that differ are replaced in a copy of a record that Samba itself has written."""

    NUMBERS, STRINGS = 28, 12
    NAME, FULL_NAME, COMMENT = 0, 3, 8

    def __init__(self, raw):
        self.head, at, self.strings = raw[:self.NUMBERS], self.NUMBERS, []
        for _ in range(self.STRINGS):
            (n,) = struct.unpack_from("<I", raw, at)
            self.strings.append(raw[at + 4:at + 4 + n])
            at += 4 + n
        (self.rid,) = struct.unpack_from("<I", raw, at)
        self.rest = raw[at + 4:]

    def pack(self, name, full_name, comment, rid):
        s = list(self.strings)
        for field, text in ((self.NAME, name), (self.FULL_NAME, full_name), (self.COMMENT, comment)):
            s[field] = text.encode() + b"\0"
        return self.head + b"".join(struct.pack("<I", len(x)) + x for x in s) + struct.pack("<I", rid) + self.rest


def fill_standalone(directory, count):
    import tdb

    db = tdb.open(os.path.join(directory, "private", "passdb.tdb"), flags=os.O_RDWR)
    model = TdbAccount(db[b"USER_user1\0"])
    if db.get(b"RID_%08x\0" % model.rid) != b"user1\0":
        sys.exit("populate: this version of tdbsam has another layout")
    (rid,) = struct.unpack("<I", db[b"NEXT_RID\0"])
    added = 0
    db.transaction_start()
    for name, full_name, comment in user_names(count):
        key = b"USER_%s\0" % name.encode()
        if db.get(key) is None:
            db[key] = model.pack(name, full_name, comment, rid)
            db[b"RID_%08x\0" % rid] = name.encode() + b"\0"
            rid += 1
            added += 1
    db[b"NEXT_RID\0"] = struct.pack("<I", rid)
    db.transaction_commit()
    add_unix_accounts(os.path.join(directory, "passwd"), count)
    return added


def add_unix_accounts(path, count):
    """SAMR opens an account only where the Unix side knows it too."""
    with open(path, encoding="utf-8") as f:
        lines = f.read().splitlines()
    known = {line.split(":", 1)[0] for line in lines}
    for i, (name, _, _) in enumerate(user_names(count)):
        if name not in known:
            lines.append("%s:x:%d:100::/nonexistent:/usr/sbin/nologin" % (name, 100000 + i))
    with open(path + ".new", "w", encoding="utf-8") as f:
        f.write("\n".join(lines) + "\n")
    os.rename(path + ".new", path)


def fill_dc(directory, count):
    import ldb
    from samba.auth import system_session
    from samba.param import LoadParm
    from samba.samdb import SamDB

    lp = LoadParm()
    lp.load(os.path.join(directory, "smb.conf"))
    db = SamDB(url=lp.private_path("sam.ldb"), session_info=system_session(), lp=lp, options=["batch_mode:1"])
    base = str(db.domain_dn())
    unit = "OU=Bulk," + base
    found = db.search(base, ldb.SCOPE_SUBTREE, "(sAMAccountName=bulk*)", ["sAMAccountName"])
    have = {str(m["sAMAccountName"][0]) for m in found}
    added = 0
    db.transaction_start()
    if not db.search(base, ldb.SCOPE_ONELEVEL, "(ou=Bulk)", ["ou"]):
        db.add({"dn": unit, "objectClass": "organizationalUnit"})
    names = user_names(count)
    for name, full_name, comment in names:
        if name not in have:
            db.add({"dn": "CN=%s,%s" % (name, unit), "objectClass": "user", "sAMAccountName": name,
                    "displayName": full_name, "description": comment, "userAccountControl": "544"})
            added += 1
    for g in range(count // MEMBERS):
        group = "bulkgrp%04d" % (g + 1)
        if group not in have:
            db.add({"dn": "CN=%s,%s" % (group, unit), "objectClass": "group", "sAMAccountName": group,
                    "member": ["CN=%s,%s" % (n[0], unit) for n in names[g * MEMBERS:(g + 1) * MEMBERS]]})
    db.transaction_commit()
    return added


def main(argv):
    directory, count = argv[1], int(argv[2])
    fill = fill_dc if os.path.exists(os.path.join(directory, ".provisioned")) else fill_standalone
    print("%d users added" % fill(directory, count))


if __name__ == "__main__":
    main(sys.argv)
