#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manual page and the completion of tern know every verb and every option: check_tern_docs.py TERN tern.1 tern.bash"""
import re
import subprocess
import sys


def tern_help(*args):
    return subprocess.run(args, stdout=subprocess.PIPE, check=True, encoding="utf-8").stdout


def options(text):
    return set(re.findall(r"^ +(?:-\w, )?--([a-z-]+)", text, re.M))


def main(tern, man_path, completion_path):
    with open(man_path, encoding="utf-8") as f:
        # "Fl -json" is an option, macros between words are noise
        man = re.sub(r"\bFl -", "--", f.read())
        man = re.sub(r"[ ,|]+-([a-z])", r" --\1", man)
        man = re.sub(r"\b(It|Cm|Ar|Oo|Oc|Op|Fl|Ns)\b ?", "", man)
    with open(completion_path, encoding="utf-8") as f:
        completion = f.read()
    problems = []
    verbs = re.findall(r"^  ([a-z]+) ([a-z-]+) ", tern_help(tern, "--help"), re.M)
    if len(verbs) < 40:
        problems.append("tern --help lists only %d verbs" % len(verbs))
    for noun, verb in verbs:
        if "%s %s" % (noun, verb) not in man:
            problems.append("%s does not have tern %s %s" % (man_path, noun, verb))
        if not re.search(r"^ +(\w+ \| )*%s( \| \w+)*\) verbs='[^']*\b%s\b" % (noun, verb), completion, re.M):
            problems.append("%s does not have tern %s %s" % (completion_path, noun, verb))
        for o in sorted(options(tern_help(tern, noun, verb, "--help"))):
            for path, text in ((man_path, man), (completion_path, completion)):
                if not re.search(r"--%s(?![a-z-])" % o, text):
                    problems.append("%s does not have --%s of tern %s %s" % (path, o, noun, verb))
    for p in problems:
        print(p)
    print("%d verbs, %d problems" % (len(verbs), len(problems)))
    return 1 if problems else 0


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
