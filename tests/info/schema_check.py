#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The JSON Schema of every operation accepts the JSON of random calls, and refuses it once it is damaged:
schema_check.py NDRTOOL [SEEDS]"""

import json
import re
import subprocess
import sys

TYPES = {"object": dict, "array": list, "string": str, "null": type(None), "boolean": bool}


class Invalid(Exception):
    pass


def is_type(v, name):
    if name in ("integer", "number"):
        return not isinstance(v, bool) and isinstance(v, int if name == "integer" else (int, float))
    return isinstance(v, TYPES[name])


def any_of(schemas, v, root):
    n = 0
    for s in schemas:
        try:
            validate(s, v, root)
            n += 1
        except Invalid:
            pass
    return n


def validate(s, v, root):
    """The keywords that our schemas use, and no other."""
    unknown = set(s) - {"$ref", "$schema", "$defs", "title", "description", "type", "anyOf", "oneOf", "allOf", "const", "enum",
                        "properties", "required", "additionalProperties", "items", "minItems", "maxItems", "minimum", "maximum",
                        "pattern", "minLength", "maxLength"}
    if unknown:
        raise SystemExit("keywords without a meaning here: %s" % unknown)
    if "$ref" in s:
        validate(root["$defs"][s["$ref"].rsplit("/", 1)[1]], v, root)
    kinds = s.get("type")
    if kinds and not any(is_type(v, k) for k in ([kinds] if isinstance(kinds, str) else kinds)):
        raise Invalid("type")
    for x in s.get("allOf", []):
        validate(x, v, root)
    if "anyOf" in s and not any_of(s["anyOf"], v, root):
        raise Invalid("anyOf")
    if "oneOf" in s and any_of(s["oneOf"], v, root) != 1:
        raise Invalid("oneOf")
    if ("const" in s and v != s["const"]) or ("enum" in s and v not in s["enum"]):
        raise Invalid("enum")
    if isinstance(v, dict):
        known = s.get("properties", {})
        if s.get("additionalProperties") is False and set(v) - set(known) or set(s.get("required", [])) - set(v):
            raise Invalid("properties")
        for k in set(v) & set(known):
            validate(known[k], v[k], root)
    if isinstance(v, list):
        if not s.get("minItems", 0) <= len(v) <= s.get("maxItems", len(v)):
            raise Invalid("items")
        for x in v if "items" in s else []:
            validate(s["items"], x, root)
    if isinstance(v, str):
        if not s.get("minLength", 0) <= len(v) <= s.get("maxLength", len(v)) or not re.search(s.get("pattern", ""), v):
            raise Invalid("string")
    elif is_type(v, "number") and not s.get("minimum", v) <= v <= s.get("maximum", v):
        raise Invalid("range")


def main():
    p = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
    seeds = int(sys.argv[2]) if len(sys.argv) > 2 else 2
    calls = refused = problems = 0

    def ask(line):
        p.stdin.write(line + "\n")
        p.stdin.flush()
        return p.stdout.readline().rstrip("\n")

    ops, line = [], ask("list")
    while line != "end":
        ops.append(line.split(" "))
        line = p.stdout.readline().rstrip("\n")
    for iface, _, opnum, name, *_ in ops:
        schema = json.loads(ask("schema %s %s 20 - -" % (iface, opnum)))
        if schema["title"] != "%s.%s" % (iface, name):
            raise SystemExit("%s is the schema of %s" % (schema["title"], name))
        for seed in range(seeds):
            stubs = ask("gen %s %s 20 %d %d" % (iface, opnum, seed, 0 if seed else 1)).split(" ")
            answer = ask("take %s %s 20 %s %s" % (iface, opnum, *stubs[1:]))
            if not answer.startswith("ok "):
                raise SystemExit("%s.%s: %s" % (iface, name, answer))
            request, response = answer.split(" ", 3)[3].split("\t", 1)
            for side, text in (("in", request), ("out", response)):
                value = json.loads(text)
                calls += 1
                try:
                    validate(schema["properties"][side], value, schema)
                except Invalid as e:
                    problems += 1
                    print("%s.%s %s: %s: %s" % (iface, name, side, e, text[:300]))
                for key in value:  # no member is an object with such a name in it
                    try:
                        validate(schema["properties"][side], {**value, key: {"no such member": []}}, schema)
                        problems += 1
                        print("%s.%s %s: anything goes for %s" % (iface, name, side, key))
                    except Invalid:
                        refused += 1
    print("%d operations, %d sides accepted, %d damaged ones refused, %d problems" % (len(ops), calls, refused, problems))
    return problems > 0 or calls < 1000


if __name__ == "__main__":
    sys.exit(main())
