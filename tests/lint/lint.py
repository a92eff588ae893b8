#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""House rules that a compiler does not check: lint.py SOURCE_ROOT

- a module includes only modules below it, and the private headers (m_*.h) of nobody else
- a source file has at most 2000 lines and names its licence in the first lines
- libraries never print, exit, abort, start threads or read the environment
- nothing in the tree names a machine it was built on
- what a library exports to users is named in a manual page of section 3
- every page and document is installed
- the configurations of msrpcd and npcmuxd have the keys, and with the defaults, that msrpcd.conf(5) and npcmuxd.conf(5) name
- the examples of docs/idl.md and docs/rpc.md are the ones that are tested
"""
import os
import re
import subprocess
import sys

MAX_LINES = 2000

# What each module may include besides itself and all that those may include. The order is that of the design.
BELOW = {
    "unistr": [],
    "base": ["unistr"],
    "crypto": ["base"],
    "io": ["base"],
    "sec": ["crypto", "io"],
    "smb": ["sec"],
    "npc": ["smb"],
    "ndr": ["npc"],
    "rpc": ["ndr"],
    "capture": ["rpc"],
    "msrpc": ["rpc"],
    "netapi": ["msrpc"],
    "info": ["msrpc"],
    "winrpc": ["rpc"],
    "smbd": ["npc"],
    "muxd": ["capture"],
    "samdb": ["sec"],
    "serve": ["msrpc", "smbd", "samdb"],
    "idlc": ["base"],
    "term": [],
    "daemons": ["serve", "muxd", "term", "netapi", "winrpc", "info", "capture"],
    "tools": ["serve", "term", "netapi", "winrpc", "capture", "info"],
}
PROGRAMS = ("idlc", "daemons", "tools")

# The module that an installed header belongs to. Those of win/ are netapi's, the rest are made from IDL files.
PUBLIC = {
    "base.h": "unistr", "status.h": "unistr", "status_codes.h": "unistr", "unistr.h": "unistr",
    "nt.h": "base", "loop.h": "io", "sec.h": "sec", "token.h": "sec", "smb.h": "smb", "npc.h": "npc", "npc_channel.h": "npc", "npc_mux.h": "npc", "npc_pdu.h": "npc", "npc_tap.h": "npc", "ndr.h": "ndr", "ndr_pidl.h": "ndr", "rpc.h": "rpc", "rpc_error.h": "rpc", "rpc_observe.h": "rpc", "rpc_pool.h": "rpc", "rpc_server.h": "rpc",
    "netapi.h": "netapi", "info.h": "info", "serve.h": "serve",
}

C_FILE = re.compile(r"\.(c|h|y|l)$")
LICENSED = re.compile(r"(\.(c|h|y|l|idl|py|sh|t)|meson\.build|Makefile)$")
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]')
FORBIDDEN = re.compile(r"(?<![\w.>])(printf|fprintf|vprintf|vfprintf|puts|fputs|putchar|perror|exit|_exit|abort|assert|"
                       r"pthread_create|thrd_create|getenv|setenv|signal|sigaction|atexit|pthread_atfork)\s*\(")
MANUAL = re.compile(r"docs/man/\w+\.3$")
MAP = re.compile(r"src/(lib\w+)\.map$")
DOCUMENT = re.compile(r"docs/((?:man/)?[\w.-]+\.(?:md|\d))$")
CONFIG, CONFIG_PAGE = "daemons/msrpcd/config.c", "docs/man/msrpcd.conf.5"
CONFIGS = ((CONFIG, CONFIG_PAGE), ("daemons/npcmuxd/config.c", "docs/man/npcmuxd.conf.5"))
IDL = re.compile(r"idl/([\w-]+)\.idl$")
NAMING = re.compile(r"\.(Fn|Fo|Va|Nm|Dv|Vt|Li|It) ")  # macros of mdoc that a name stands behind
MACHINE = re.compile("|".join(["/" + "work/", r"\.\./" + "shared", "/" + r"home/\w", "/" + r"root/\w"]))


def closure(module, seen=None):
    seen = set() if seen is None else seen
    if module not in seen:
        seen.add(module)
        for m in BELOW[module]:
            closure(m, seen)
    return seen


def module_of_file(path):
    parts = path.split("/")
    if parts[0] == "src" and len(parts) > 2:
        return parts[1]
    if parts[0] in ("daemons", "tools"):
        return parts[0]
    if path.startswith("include/msrpc/"):
        return "netapi" if "/win/" in path else PUBLIC.get(parts[-1], "msrpc")
    return None


def module_of_include(name):
    if name.startswith("msrpc/win/"):
        return "netapi"
    if name.startswith("msrpc/") and name.count("/") == 1 and name[6:] in PUBLIC:
        return PUBLIC[name[6:]]
    first = name.split("/")[0]
    return first if "/" in name and first in BELOW else None


def without_comments(text):
    """Comments and strings become blanks; lines stay where they are."""
    def blank(m):
        return re.sub(r"[^\n]", " ", m.group(0))
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', blank, text, flags=re.S)


def check_c(path, text, problems):
    module = module_of_file(path)
    if module is None:
        return
    if module not in BELOW:
        problems.append("%s: module %s has no place in the order (tests/lint/lint.py)" % (path, module))
        return
    allowed = closure(module)
    for n, line in enumerate(text.split("\n"), 1):
        m = INCLUDE.match(line)
        if not m:
            continue
        other = module_of_include(m.group(1))
        if other and other not in allowed:
            problems.append("%s:%d: %s may not include %s (%s)" % (path, n, module, m.group(1), other))
        if other and other != module and os.path.basename(m.group(1)).startswith("m_"):
            problems.append("%s:%d: %s is private to %s" % (path, n, m.group(1), other))
    if module in PROGRAMS:
        return
    for n, line in enumerate(without_comments(text).split("\n"), 1):
        m = FORBIDDEN.search(line)
        if m and not line.lstrip().startswith("#"):
            problems.append("%s:%d: a library does not call %s" % (path, n, m.group(1)))


def check_file(path, text, problems):
    lines = text.split("\n")
    if (C_FILE.search(path) or LICENSED.search(path)) and len(lines) > MAX_LINES + 1:
        problems.append("%s: %d lines; split it by duty before %d" % (path, len(lines) - 1, MAX_LINES))
    if LICENSED.search(path) and not any("SPDX-License-Identifier: Apache-2.0" in x for x in lines[:3]):
        problems.append("%s: no SPDX line" % path)
    for n, line in enumerate(lines, 1):
        if MACHINE.search(line):
            problems.append("%s:%d: names a machine or a place outside the tree" % (path, n))
    if C_FILE.search(path):
        check_c(path, text, problems)


def public_symbols(text):
    """The names that a linker map exports, but for those of *_PRIVATE nodes."""
    names = []
    for node, body in re.findall(r"(\w+)\s*\{(.*?)\}", re.sub(r"/\*.*?\*/", "", text, flags=re.S), flags=re.S):
        if not node.endswith("_PRIVATE"):
            names += re.findall(r"\b(\w+)\s*;", body.split("local:")[0])
    return names


def check_manuals(texts, problems):
    """A generated stub is covered by the name of its interface: a page that lists all of them helps nobody."""
    pages = {p: t for p, t in texts.items() if MANUAL.match(p)}
    named = set()
    for text in pages.values():
        for line in text.split("\n"):
            if NAMING.match(line):
                named.update(re.findall(r"\w+", line))
    interfaces = []
    for path, text in texts.items():
        idl = IDL.match(path)
        if idl:
            interfaces += [idl.group(1)] + re.findall(r"^interface (\w+)", text, flags=re.M)
    for path, text in sorted(texts.items()):
        lib = MAP.match(path)
        if not lib or "docs/man/%s.3" % lib.group(1) not in pages:
            continue
        for name in public_symbols(text):
            stub_of = [i for i in interfaces if lib.group(1) == "libmsrpc" and name.startswith(i + "_")]
            if name not in named and not any(i in named for i in stub_of):
                problems.append("%s: no page in docs/man names %s" % (path, name))


def check_documents(texts, problems):
    listed = texts.get("docs/meson.build", "")
    for path in sorted(texts):
        m = DOCUMENT.match(path)
        if m and "'%s'" % m.group(1) not in listed:
            problems.append("%s: not in docs/meson.build" % path)


def check_config(texts, problems):
    for config, page in CONFIGS:
        check_config_of(config, page, texts, problems)


def check_config_of(config, config_page, texts, problems):
    """A row of the table: { "key", TYPE, AT(key), "default" or NULL, ...; a key of the page: ".It Ic key No =", with
    "default is" or "default," in front of the default in the lines below."""
    table = dict(re.findall(r'^ *\{ "(\w+)", [A-Z]+, [^,]+,\s+("[^"]*"|NULL)', texts.get(config, ""), flags=re.M))
    page = {}
    for item in re.split(r"^\.It (?=Ic \w+ No =)", texts.get(config_page, ""), flags=re.M)[1:]:
        words = re.sub(r"\s+", " ", re.sub(r"^\.\w\w ", "", item, flags=re.M))
        page.update((key, words) for key in re.findall(r"Ic (\w+) No =", item.split("\n")[0]))
    for key in sorted(set(table) ^ set(page)):
        problems.append("only %s has the key %s" % (config if key in table else config_page, key))
    for key in sorted(set(table) & set(page)):
        default = table[key].strip('"')
        if default != "NULL" and not re.search(r"(default is|default,) %s( ?[.,:;]|$)" % re.escape(default), page[key]):
            problems.append("%s: does not say that the default of %s is %s" % (config_page, key, default))


def check_tutorial(texts, problems):
    """What docs/idl.md and docs/rpc.md teach is what the tests compile and run."""
    for page, where in (("docs/idl.md", "hello"), ("docs/rpc.md", "rpc")):
        for path in sorted(texts):
            if (re.match(r"examples/%s/.*\.(c|idl)$" % where, path)
                    and texts[path].split("\n", 1)[1].strip() not in texts.get(page, "")):
                problems.append("%s: %s is not there as it is" % (page, path))


def check_tree(root):
    names = subprocess.run(["git", "-C", root, "ls-files", "-z"], stdout=subprocess.PIPE, check=False).stdout
    files = [f for f in names.decode().split("\0") if f]
    if not files:  # a release without its history
        for d, dirs, fs in os.walk(root):
            dirs[:] = [x for x in dirs if not x.startswith(("build", ".git"))]
            files += [os.path.relpath(os.path.join(d, f), root) for f in fs]
    problems, texts = [], {}
    for path in sorted(files):
        try:
            with open(os.path.join(root, path), encoding="utf-8") as f:
                text = f.read()
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue  # fuzz corpora; files removed but not yet committed
        check_file(path, text, problems)
        if MAP.match(path) or IDL.match(path) or path in dict(CONFIGS) or path.startswith(("docs/", "examples/hello/", "examples/rpc/")):
            texts[path] = text
    check_manuals(texts, problems)
    check_documents(texts, problems)
    check_config(texts, problems)
    check_tutorial(texts, problems)
    return problems, len(files)


SPDX = "// SPDX-License-Identifier: Apache-2.0\n"
# Each text must give exactly this many problems: the linter is tested with the tree.
SELF_TEST = [
    ("src/base/x.c", SPDX + '#include "io/io.h"\n', 1),
    ("src/io/x.c", SPDX + '#include "base/cursor.h"\n#include <msrpc/nt.h>\n', 0),
    ("src/io/x.c", SPDX + '#include "base/m_status.h"\n', 1),
    ("src/base/x.c", SPDX + "#include <msrpc/rpc.h>\n", 1),
    ("include/msrpc/nt.h", SPDX + "#include <msrpc/sec.h>\n", 1),
    ("src/crypto/x.c", SPDX + '#include "io/io.h"\n', 1),
    ("src/smb/x.c", SPDX + "void f(void) { /* printf( */ x->exit(1); g(\"abort(\"); }\n", 0),
    ("src/smb/x.c", SPDX + "void f(void)\n{\n    printf(\"\");\n    abort();\n}\n", 2),
    ("src/smb/x.c", SPDX + "int n = snprintf(b, 2, \"x\");\n", 0),
    ("tools/x.c", SPDX + '#include "netapi/x.h"\nint f(void) { exit(1); }\n', 0),
    ("src/idlc/x.c", SPDX + '#include "rpc/x.h"\n', 1),
    ("src/elsewhere/x.c", SPDX, 1),
    ("tests/x.c", "int x;\n", 1),
    ("tests/x.c", SPDX + "\n" * (MAX_LINES + 1), 1),
    ("docs/x.md", "see /" + "work/main\n", 1),
]

MAPPED = "X_0 {\n global:\n  x_new; /* x_old; */\n srvsvc_Op_send;\n local: *;\n};\nX_PRIVATE {\n global:\n x_hid;\n} X_0;\n"
MANUAL_SELF_TEST = [
    ({"src/libmsrpc.map": MAPPED, "docs/man/libmsrpc.3": ".Fn x_new void\n", "idl/srvsvc.idl": ""}, 1),
    ({"src/libmsrpc.map": MAPPED, "docs/man/libmsrpc.3": "x_new\n.Li srvsvc\n", "idl/srvsvc.idl": ""}, 1),
    ({"src/libmsrpc.map": MAPPED, "docs/man/libmsrpc.3": ".Fo x_new\n.It Li srvsvc\n", "idl/srvsvc.idl": ""}, 0),
    ({"src/libx.map": MAPPED, "docs/man/libx.3": ".Fo x_new\n.It Li srvsvc\n", "idl/srvsvc.idl": ""}, 1),
]
DOCUMENT_SELF_TEST = [
    ({"docs/a.md": "", "docs/man/b.3": "", "docs/meson.build": "files('a.md', 'man/b.3')"}, 0),
    ({"docs/a.md": "", "docs/man/b.3": "", "docs/wire/c.md": "", "docs/meson.build": "'man/b.3'"}, 1),
]
ROWS = '    { "a", PORT, AT(a), "4", LIVE, "x" },\n    { "b", TEXT, AT(b), NULL, AT_START,\n      "x" },\n'
CONFIG_SELF_TEST = [
    ({CONFIG: ROWS, CONFIG_PAGE: ".It Ic a No = Ar n\nThe default is\n.Cm 4 .\n.It Ic b No = Ar n\nx\n"}, 0),
    ({CONFIG: ROWS, CONFIG_PAGE: ".It Ic a No = Ar n , Ic b No = Ar n\nThe default, 4, is\n"}, 0),
    ({CONFIG: ROWS, CONFIG_PAGE: ".It Ic a No = Ar n\nThe default is 5.\n.It Ic c No = Ar n\nx\n"}, 3),
]


def self_test():
    bad = []
    for texts, expected in MANUAL_SELF_TEST + DOCUMENT_SELF_TEST:
        problems = []
        check_manuals(texts, problems)
        if "docs/meson.build" in texts:
            check_documents(texts, problems)
        if len(problems) != expected:
            bad.append("self-test: %r expected %d: %s" % (sorted(texts.items())[0], expected, problems))
    for texts, expected in CONFIG_SELF_TEST:
        problems = []
        check_config(texts, problems)
        if len(problems) != expected:
            bad.append("self-test: %r expected %d: %s" % (texts, expected, problems))
    for path, text, expected in SELF_TEST:
        problems = []
        check_file(path, text, problems)
        if len(problems) != expected:
            bad.append("self-test: %r expected %d: %s" % (path + " " + text[len(SPDX):][:40], expected, problems))
    return bad


def main(argv):
    if len(argv) != 2:
        sys.exit(__doc__)
    problems = self_test()
    found, count = check_tree(argv[1])
    problems += found
    for p in problems:
        print(p)
    print("%d files, %d problems" % (count, len(problems)))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
