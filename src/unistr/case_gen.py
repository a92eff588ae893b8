#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes case_table.c, the case mapping of NT: case_gen.py case_table.c

The output is committed, so that a build depends on no version of Python's Unicode data. What NT maps is the table of
[MS-UCODEREF] 3.1.5.3 ("Windows 8 Upper Case Mapping Table"). It follows from two rules:
 - a simple uppercase mapping of Unicode inside the BMP counts only if the simple lowercase mapping of its result
   leads back. That leaves out U+00B5, U+0131, U+017F, U+03C2, the titlecase digraphs and the letter variants, each of
   which shares a capital with another letter;
 - the capital was in Unicode 5.1. NT has not followed later additions, for names already on disk must stay distinct.
"""
import sys

# Capitals younger than Unicode 5.1, whose partners NT leaves alone.
YOUNGER = [(0x37f, 0x37f), (0x524, 0x52f), (0x10c7, 0x10cd), (0x13a0, 0x13f5), (0x1c89, 0x1cbf), (0x2c2f, 0x2c2f),
           (0x2c70, 0x2c70), (0x2c7e, 0x2c7f), (0x2ceb, 0x2cff), (0xa660, 0xa660), (0xa698, 0xa69b), (0xa78d, 0xa7ff)]
BLOCK = 64


def simple_upper(c):
    for s in (chr(c).upper(), chr(c).title()):  # where the full mapping is longer, the titlecase is the simple one
        if len(s) == 1:
            return ord(s)
    return c


def upper_pairs():
    for c in range(0x10000):
        if 0xd800 <= c < 0xe000:
            continue
        u = simple_upper(c)
        if u == c or u > 0xffff or chr(u).lower() != chr(c):
            continue
        if not any(a <= u <= b for a, b in YOUNGER):
            yield c, u


def blocks_of(mapping):
    """Deltas in blocks, equal blocks once; block 0 is the one without mappings."""
    blocks, index = [(0,) * BLOCK], []
    for base in range(0, 0x10000, BLOCK):
        b = tuple((mapping.get(c, c) - c) & 0xffff for c in range(base, base + BLOCK))
        if b not in blocks:
            blocks.append(b)
        index.append(blocks.index(b))
    return blocks, index


def emit_numbers(out, numbers, form, per_line):
    for i in range(0, len(numbers), per_line):
        out.write('    ' + ' '.join(form % n + ',' for n in numbers[i:i + per_line]) + '\n')


def emit(out, name, mapping):
    blocks, index = blocks_of(mapping)
    out.write('\nconst uint8_t u_%s_index[%d] = {\n' % (name, len(index)))
    emit_numbers(out, index, '%d', 24)
    out.write('};\n\nconst uint16_t u_%s_delta[%d] = {\n' % (name, len(blocks) * BLOCK))
    emit_numbers(out, [d for b in blocks for d in b], '0x%04x', 13)
    out.write('};\n')


def main():
    up = dict(upper_pairs())
    down = {u: c for c, u in up.items()}
    assert len(up) == len(down)
    with open(sys.argv[1], 'w') as out:
        out.write('// SPDX-License-Identifier: Apache-2.0\n')
        out.write('/* Written by case_gen.py: do not edit. %d pairs of letters. */\n' % len(up))
        out.write('#include "unistr/m_unistr.h"\n\n// clang-format off\n')
        emit(out, 'up', up)
        emit(out, 'down', down)


if __name__ == '__main__':
    main()
