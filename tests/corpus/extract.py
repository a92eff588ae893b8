#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Takes the full IDL out of specifications that are kept as Markdown. argv: directory of the documents, output directory.

A document is DIR/NAME/NAME.md; its IDL is the appendix "Full IDL", text without a code block in which each line break has
become a blank line. An appendix in several sections gives one file for each, name_section.idl. Nothing is corrected: what a
document has wrong, the compiler has to find."""

import glob
import html
import os
import re
import sys

START = re.compile(r"^# .*Appendix .*(?:Full.*IDL|Interface Definition Language)", re.I)
CODE = re.compile(r"^(import|interface|\[|cpp_quote|//|/\*|#(?!# )|typedef|const |static |midl_pragma|library|struct|enum|union"
                  r"|dispinterface|coclass|include)")
HEADING = re.compile(r"^##+ [0-9.]+ (?:Appendix [A-Z0-9.]+:? *)?(.*)$")


def lines_of(markdown):
    """The lines of the appendix, without the blank ones that Markdown needs between them."""
    lines = markdown.split("\n")
    try:
        at = next(i for i, line in enumerate(lines) if START.match(line))
    except StopIteration:
        return []
    if "SunRPC" in lines[at]:
        return []  # XDR, another language
    out = []
    for line in lines[at + 1:]:
        if re.match(r"^# \d", line):
            break
        out.append(line)
    return out


def plain(line):
    line = re.sub(r"\[\*\*(.*?)\*\*\]\([^)]*\)", r"\1", line)
    line = re.sub(r"\[([^\]]*)\]\((?:#|\.\./)[^)]*\)", r"[\1]", line)
    line = re.sub(r"<a id=\"[^\"]*\"></a>", "", line)
    line = re.sub(r"\\([\\*_<>\[\]#|&`~-])", r"\1", line)
    return html.unescape(line).replace("\u00a0", " ")


def file_name(document, title):
    base = document.lower()
    if not title:
        return base + ".idl"
    title = title.strip().lower()
    ext = ".h" if title.endswith(".h") else ".idl"
    return base + "_" + re.sub(r"[^a-z0-9]+", "_", re.sub(r"\.(idl|h)$", "", title)).strip("_") + ext


def extract(path):
    """File name to text."""
    document = os.path.basename(path)[:-3]
    files, name, code = {}, file_name(document, ""), False
    with open(path, encoding="utf-8") as f:
        lines = lines_of(f.read())
    for raw in lines:
        heading = HEADING.match(raw)
        if heading:
            name, code = file_name(document, heading.group(1)), False
            continue
        line = plain(raw).rstrip()
        if not line.strip() or raw.startswith(("> ", "![", "```")) or re.match(r"^\| .*\|$", raw):
            continue
        if not code and not CODE.match(line.strip()):
            continue
        line = re.sub(r"^- (?=\S)", "", line)  # made a list item by the conversion
        code = True
        files[name] = files.get(name, "") + line + "\n"
    return files


def main():
    count = 0
    os.makedirs(sys.argv[2], exist_ok=True)
    for path in sorted(glob.glob(os.path.join(sys.argv[1], "*", "*.md"))):
        for name, text in extract(path).items():
            with open(os.path.join(sys.argv[2], name), "w", encoding="utf-8") as f:
                f.write(text)
            count += 1
    print("%d files" % count)
    return count == 0


if __name__ == "__main__":
    sys.exit(main())
