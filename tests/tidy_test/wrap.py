#!/usr/bin/env python3
"""Wraps the prose of Markdown pages at the columns that the tidy test allows: only paragraphs that have a longer line.

    wrap.py PAGE...

Tables, code, headings and lines that end in a hard break stay as they are.
"""
import pathlib
import re
import sys
import textwrap

import tidy

LIST_ITEM = re.compile(r"(\s*(?:[*+-]|\d+\.)\s+)(.*)")


def wrapped(paragraph):
    """A paragraph, or an item of a list with the lines that go on it."""
    if max(map(len, paragraph)) <= tidy.PROSE_COLUMNS_MAX:
        return paragraph
    item = LIST_ITEM.match(paragraph[0])
    first = item.group(1) if item else re.match(r"\s*", paragraph[0]).group(0)
    later = " " * len(first)
    text = " ".join([item.group(2) if item else paragraph[0].strip(), *(line.strip() for line in paragraph[1:])])
    lines = textwrap.wrap(text, tidy.PROSE_COLUMNS_MAX, initial_indent=first, subsequent_indent=later,
                          break_long_words=False, break_on_hyphens=False)
    # A line must not begin like an item of a list, or like a heading.
    return paragraph if any(re.match(r"\s*([*+-]|\d+\.|#+)\s", line[len(later):]) for line in lines[1:]) else lines


def wrap(page):
    out, paragraph, in_code = [], [], False

    def end():
        out.extend(wrapped(paragraph) if paragraph else [])
        paragraph.clear()

    for line in page.splitlines():
        is_fence = line.lstrip().startswith("```")
        if in_code or is_fence or not line.strip() or re.match(r"\s*(\||#|<|>)", line) or line.endswith("  "):
            end()
            out.append(line)
            in_code ^= is_fence
            continue
        if LIST_ITEM.match(line):
            end()
        paragraph.append(line)
    end()
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = pathlib.Path(name)
        path.write_text(wrap(path.read_text(encoding="utf-8")), encoding="utf-8")
