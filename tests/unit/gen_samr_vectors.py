#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Vectors of test_samr_password.c, made by python3-samba's primitives: gen_samr_vectors.py >samr_vectors.h

Run by hand; the result is in the tree, so that the test needs no Samba. The "random" bytes are 0, 1, 2 ... in the order in
which the code under test asks for them.
"""
import hashlib
import struct
from samba.crypto import (aead_aes_256_cbc_hmac_sha512_blob, arcfour_crypt_blob, des_crypt_blob_16, md4_hash_blob,
                          sha512_pbkdf2)

ENC = b"Microsoft SAM encryption key AEAD-AES-256-CBC-HMAC-SHA512 16\0"
MAC = b"Microsoft SAM MAC key AEAD-AES-256-CBC-HMAC-SHA512 16\0"
KEY = bytes(range(0x10, 0x20))
PASSWORDS = ["", "Pa$$w0rd", "Ångström 日本語 \U0001F511", "x" * 256]


def noise(start, n):
    return bytes((start + i) & 0xff for i in range(n))


def show(name, data):
    print("static const uint8_t %s[] = {" % name)
    for i in range(0, len(data), 16):
        print("    " + " ".join("0x%02x," % b for b in data[i:i + 16]))
    print("};")


print("// SPDX-License-Identifier: Apache-2.0")
print("/* Made by gen_samr_vectors.py with python3-samba; changes are lost. */")
for i, text in enumerate(PASSWORDS):
    clear = text.encode("utf-16-le")
    pad = 512 - len(clear)
    block = noise(0, pad) + clear + struct.pack("<I", len(clear))
    show("rc4_%d" % i, arcfour_crypt_blob(block, KEY))
    salt = noise(0, 16)
    block = noise(16, pad) + clear + struct.pack("<I", len(clear))
    show("salted_%d" % i, arcfour_crypt_blob(block, hashlib.md5(salt + KEY).digest()) + salt)
    block = struct.pack("<H", len(clear)) + clear + noise(16, pad)
    cipher, auth = aead_aes_256_cbc_hmac_sha512_blob(block, KEY, ENC, MAC, salt)
    show("aes_auth_%d" % i, auth)
    show("aes_cipher_%d" % i, cipher)
    show("nt_hash_%d" % i, md4_hash_blob(clear))
show("hash_under_key", des_crypt_blob_16(md4_hash_blob(PASSWORDS[1].encode("utf-16-le")), KEY[:14]))
show("change_key", sha512_pbkdf2(md4_hash_blob(PASSWORDS[1].encode("utf-16-le")), noise(0, 16), 5000))
