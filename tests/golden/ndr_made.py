# SPDX-License-Identifier: Apache-2.0
"""Calls filled without naming each member: made() asks python3-samba's classes what they want to hold."""

import importlib
import os
import re
import zlib

from ndr_vectors import GUID, fill, sid


SEED = os.environ.get("NDR_MADE_SEED", "")  # other values, the same calls: test_ndr_random.py


def made(cls, **given):
    """An object of a class of the bindings with something in every member: what `given` has under its name, at any depth,
    else a value that depends on the name alone. Members that count are 2, as long as the lists are. One that is given as
    ... stays as it is: of a pointer, null. What a member wants to be, the bindings tell when it is set to something else."""
    return _made(cls, given, 0)


def _made(cls, given, depth):
    obj = cls()
    names = [n for n in dir(cls) if "PIDL-generated element" in (getattr(cls.__dict__.get(n), "__doc__", None) or "")]
    names.sort(key=lambda n: (not _is_number(cls, n), n))  # levels before the unions that they choose from
    for name in names:
        bare = re.sub(r"^(in|out)_", "", name)
        value = given.get(name, given.get(bare))
        if value is ...:
            continue
        if value is None and re.search(r"(NTSTATUS|WERROR|HRESULT)$", cls.__dict__[name].__doc__):
            value = 0x57  # tried with another type, the bindings fail only later
        elif value is None and cls.__dict__[name].__doc__.endswith("DATA_BLOB"):
            value = b"ab"
        elif value is None:
            value = _wanted(lambda v: setattr(obj, name, v), bare, given, depth)
        if value is not ...:
            refusal = _refusal(lambda v: setattr(obj, name, v), value)
            if refusal:
                raise TypeError("%s.%s: %s" % (cls.__name__, name, refusal))
    return obj


def _is_number(cls, name):
    if re.search(r"(NTSTATUS|WERROR|HRESULT|DATA_BLOB)$", cls.__dict__[name].__doc__):
        return False
    try:
        setattr(cls(), name, 0)
        return True
    except (TypeError, OverflowError):
        return False


def _refusal(store, value):
    try:
        store(value)
    except (TypeError, OverflowError) as e:
        return str(e)
    return None


def _wanted(store, name, given, depth):
    refusal = _refusal(store, object())
    if refusal is None:
        return ...  # it takes anything: it is a union without such an arm, or looks when it is packed
    kind = re.search(r"Expected type (?:'([\w.]+)'|(\w+))", refusal)
    kind = (kind.group(1) or kind.group(2)) if kind else refusal
    if kind == "list":
        length = re.search(r"length (\d+)", _refusal(store, []) or "")
        items = int(length.group(1)) if length else 2
        return [_wanted(lambda v: store([v] * items), name, given, depth) for _ in range(items)]
    if kind == "int":
        return _number(store, name)
    if kind.startswith("str") or "unicode" in kind or kind == "PyString":
        return _text(name)
    if kind in ("misc.GUID", "GUID"):
        return GUID
    if kind == "security.dom_sid":
        return sid("S-1-5-21-%d-2-3" % (_hash(name) % 1000))
    module, _, cls = kind.partition(".")
    if not cls:
        raise TypeError("%s: %s" % (name, refusal))
    cls = getattr(importlib.import_module("samba.dcerpc." + module), cls)
    if (module, cls.__name__) in (("lsa", "String"), ("lsa", "StringLarge"), ("lsa", "AsciiString")):
        return fill(cls(), string=_text(name))
    return ... if depth > 8 else _made(cls, given, depth + 1)


def _hash(name):
    return zlib.crc32((SEED + name).encode())


def _text(name):
    """The name; with a seed, something of another length, which is empty now and then."""
    return (name * 3)[:_hash(name) % (2 * len(name) + 1)] if SEED else name


def _number(store, name):
    if re.search(r"count|num|len|size|entries", name):
        return 2
    value = _hash(name)
    while _refusal(store, value):  # does not fit
        value >>= 8
    return value & 0x7f if value < 256 else value
