#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads from a pipe that has nothing to say, with Impacket: pending_read.py HOST PORT USER PASSWORD PIPE

Says "waiting" once the server has told that the read is pending, then what became of it: its status, or "lost" when the
connection ended without an answer.
"""
import struct
import sys

from impacket import smb3
from impacket.nt_errors import ERROR_MESSAGES
from impacket.smb3structs import SMB2_DIALECT_21, SMB2_READ, SMB2Read

STATUS_PENDING = 0x103


def main(host, port, user, password, pipe):
    c = smb3.SMB3(host, host, sess_port=int(port), timeout=30, preferredDialect=SMB2_DIALECT_21)
    c.login(user, password)
    tree = c.connectTree("IPC$")
    handle = c.create(tree, pipe, 0x0012019F, 7, 0, 1, 0)
    packet = c.SMB_PACKET()
    packet["Command"] = SMB2_READ
    packet["TreeID"] = tree
    read = SMB2Read()
    read["Padding"] = 0x50
    read["FileID"] = handle
    read["Length"] = 1024
    read["Offset"] = 0
    packet["Data"] = read
    packet["CreditCharge"] = 1
    sent = c.sendSMB(packet)
    told = False
    while True:
        try:
            answer = c._NetBIOSSession.recv_packet(30).get_trailer()
        except Exception:  # whatever Impacket makes of a connection that has ended
            print("lost")
            return 1
        status, command = struct.unpack_from("<I", answer, 8)[0], struct.unpack_from("<H", answer, 12)[0]
        if command != SMB2_READ or struct.unpack_from("<Q", answer, 24)[0] != sent:
            continue
        if status == STATUS_PENDING and not told:
            told = True
            print("waiting", flush=True)
            continue
        print(ERROR_MESSAGES.get(status, ("0x%08x" % status,))[0])
        return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
