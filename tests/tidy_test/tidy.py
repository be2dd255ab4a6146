#!/usr/bin/env python3
"""Reads the source tree and prints each place that breaks a rule of its shape.

    tidy.py [TREE]

The rules are the tables below: who may include whom, how long a file, function and line may be,
which words, clocks and number types are kept out of where, and which units need a test beside
them. Exit status 0 with no finding, 1 with any.
"""

import pathlib
import re
import sys

FILE_LINES_MAX = 600
# Printed by the program, and held to what it prints by a test: as long as what they list.
PRINTED_FILES = {"docs/api.md"}
FUNCTION_LINES_MAX = 60
COLUMNS_MAX = 100
# Prose in pages; tests/tidy_test/wrap.py wraps it.
PROSE_COLUMNS_MAX = 120
# One line a thing.
UNWRAPPED_PAGES = {"CHANGELOG.md"}

# floor -> the floors it may include besides itself. A value that is a set names the only files.
STORE_FACE = {"shapes/store.h", "shapes/audit.h", "shapes/collections.h", "shapes/query.h"}
PLAIN_BASE = {"result.h", "check.h", "time.h", "id.h", "histogram.h", "decimal.h", "exact_number.h",
              "characters.h"}
ANY = None
FLOORS = {
    "base": {},
    "domain": {"base": PLAIN_BASE},
    "http": {"base": ANY},
    "storage": {"domain": ANY, "base": ANY},
    "service": {"storage": STORE_FACE, "domain": ANY, "base": ANY},
    "calls": {"service": ANY, "http": ANY, "domain": ANY, "base": ANY},
    "api": {"calls": ANY, "service": ANY, "http": ANY, "domain": ANY, "base": ANY},
    "gateway": {"calls": ANY, "service": ANY, "http": ANY, "domain": ANY, "base": ANY},
    "workers": {
        "service": ANY,
        "storage": STORE_FACE,
        "http": {"outbound/outbound.h"},
        "domain": ANY,
        "base": ANY,
    },
    # The public client: the standard library, OpenSSL and its own files, so that the wire format is
    # tested from outside. Its headers for others are in include/metergate, and use no others of ours.
    "client": {},
}
FLOORS["app"] = {floor: ANY for floor in FLOORS if floor != "client"}

# The rooms of a floor: each may include itself and those before it. Tests may include all of them, and
# what only tests need (worlds, doubles) lies in TEST_ROOM.
ROOMS = {
    "service": ("shared", "tenants", "billing", "reports", "access", "meters", "webhooks", "metering",
                "analytics", "papers", "alerts", "terms", "corrections", "upkeep", "wiring"),
    "storage": ("bytes", "kv", "shapes", "journal", "archive", "ids", "history", "view", "fold",
                "engine", "cluster"),
    "http": ("words", "net", "wire", "server", "outbound"),
}
TEST_ROOM = "testing"
ROOM_FILES_MAX = 25  # without tests
README_LINES_MAX = 8

# What a floor's tests may include besides: the twins and doubles that stand in for the real thing.
TEST_EXTRAS = {
    "domain": {"base": ANY},
    "service": {"storage": ANY},
    "calls": {"storage": ANY},
    "api": {"storage": ANY},
    "gateway": {"storage": ANY},
    "workers": {"storage": ANY, "http": ANY},
}
CONCRETE_STORES = {"engine/memory_store.h", "engine/embedded_store.h", "engine/open_store.h"}

# The libraries that a floor's .cpp files may wrap, by how their headers begin.
FMT = "fmt/"
LIBRARIES = {
    "base": [FMT, "openssl/", "sodium", "date/", "boost/json", "simdjson", "utf8proc.h", "xxhash.h", "zstd.h",
             "zlib.h", "xlsxwriter.h", "cairo/", "pango/"],
    "domain": [FMT],
    "http": [FMT, "boost/asio", "boost/beast", "boost/system", "boost/json", "openssl/"],
    "storage": [FMT, "rocksdb/", "xxhash.h", "mongoc/", "bson/"],
    "service": [FMT, "toml++/"],
    "calls": [],
    "api": [FMT, "simdjson", "zstd.h", "zlib.h"],
    "gateway": [FMT, "toml++/"],
    "workers": [FMT],
    "client": ["openssl/"],
    "app": [FMT, "CLI/", "sodium", "openssl/", "zstd.h", "zlib.h", "rocksdb/version.h",
            "boost/version.hpp", "simdjson"],
}
HEADER_LIBRARIES = {"http": ["boost/asio", "boost/beast"]}
TEST_LIBRARIES = ["gtest/", "gmock/", "rapidcheck"]
SYSTEM_HEADER = re.compile(r"^(sys/|arpa/|netinet/|linux/|net/)?[a-z_0-9]+\.h$")
LIBRARY_HEADERS = ("sodium.h", "utf8proc.h", "zstd.h", "zlib.h", "xxhash.h", "simdjson.h", "rapidcheck.h",
                   "xlsxwriter.h")
STANDARD_HEADER = re.compile(r"^[a-z_0-9]+$")

BANNED_SUFFIX = re.compile(
    r"\b(?:class|struct|enum|union|using|concept)\s+(?:class\s+|struct\s+)?"
    r"(\w*(?:Manager|Helper|Utils?|Impl|Data|Info))\b(?!::)")
BANNED_FILE = re.compile(r"(^|_)(manager|helper|helpers|util|utils|impl|misc|common)\.(h|cpp)$")
# Put together here, so that this file does not break its own rule.
# XXX alone is an ISO 4217 code; with a colon it is a note of unfinished work.
BANNED_WORD = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X(?=:))(?!\w)")
# A comment begins with its noun or verb: a clause in front makes the reader wait for what it is about.
RIDDLE = re.compile(r"\s*// (?:What|Whether|Of|Who|Whom|Which)\b")
# A parameter without a name is exempt: a parser's interface may hand over what nobody can use.
FLOATING = re.compile(r"(?!(?<=\()double,)\b(double|float)\b")
HIDDEN_SOURCE = re.compile(
    r"::now\s*\(\s*\)|\btime\s*\(\s*(?:nullptr|NULL|0)\s*\)|\b(?:secure_)?getenv\b|\benviron\b"
    r"|\bs?rand\s*\(|\brandom_device\b|\bgettimeofday\b|\bclock_gettime\b|\blocaltime\w*\s*\(")
# The public client shares nothing with the server, so it has a clock of its own.
HIDDEN_SOURCE_HOMES = {"src/base/time.cpp", "src/app/config.cpp", "src/client/time.cpp"}
TESTED_FLOORS = ("domain", "service")

CODE_SUFFIXES = {".h", ".cpp"}
TEXT_SUFFIXES = CODE_SUFFIXES | {".py", ".sh", ".md", ".txt", ".cmake", ".toml", ".in", ".ts",
                                 ".mjs", ".js", ".php"}
TOP_FOLDERS = ("src", "include", "examples", "tests", "bench", "docs", "tools", "cmake", "data",
               "clients", "deploy", "packaging")
SKIPPED_PARTS = {"node_modules", "dist", "__pycache__"}


class Finding:
    def __init__(self, path, line, text):
        self.path, self.line, self.text = path, line, text

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}"


TOKENS = re.compile(
    r'R"(?P<mark>[^()\\\s]{0,16})\((?s:.)*?\)(?P=mark)"'  # a raw string
    r"|//[^\n]*|/\*(?s:.)*?\*/"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'(?:[^'\\\n]|\\.)+'")


def without_comments_and_texts(code):
    """The code with comments and literals blanked, line for line."""

    def blank(match):
        text = match.group(0)
        if text.startswith("'") and match.start() > 0 and code[match.start() - 1].isalnum():
            # A digit separator, 16'384, opens nothing: blanking to the next one would eat code.
            return text
        return "".join("\n" if c == "\n" else " " for c in text)

    without_separators = re.sub(r"(?<=[0-9a-fA-F])'(?=[0-9a-fA-F])", "", code)
    return TOKENS.sub(blank, without_separators)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def includes_of(code):
    pattern = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)
    for match in pattern.finditer(code):
        yield line_of(code, match.start()), match.group(1), match.group(2)


def is_test(path):
    return path.name.endswith(("_test.cpp", "_test.h")) or path.name.startswith("test_") or \
        path.name.endswith("_contract.h")


def floor_of(path):
    parts = path.parts
    if parts[0] == "src" and len(parts) > 2:
        return parts[1]
    if parts[0] == "include":
        return "client"
    return None


def room_of(path):
    """The room that a file of a floor with rooms lies in, or None."""
    return path.parts[2] if len(path.parts) == 4 and floor_of(path) in ROOMS else None


def room_finding(path, floor, included, name):
    """What is wrong with where the file lies, seen from the room of the file that it includes."""
    rooms, room, target = ROOMS[floor], room_of(path), name.partition("/")[0]
    if target == TEST_ROOM:
        return f'"{included}": {TEST_ROOM} is for tests only'
    if target not in rooms:
        return f'"{included}" does not name its room: {", ".join(rooms)}'
    if room in rooms and rooms.index(target) > rooms.index(room):
        allowed = ", ".join(rooms[:rooms.index(room)]) or "no other"
        return f'"{included}": of {floor}, the room {room} may include {allowed}'
    return None


def own_include_finding(path, floor, included):
    """What is wrong with including one of our headers, or None."""
    target, _, name = included.partition("/")
    if not name:
        return f'"{included}" does not name its floor: write "{floor}/{included}"'
    if target == "app" and floor != "app":
        return f'"{included}": nothing includes app'
    if target == "metergate":
        return None if floor == "client" else \
            f'"{included}": the public client is for applications, not for the server'
    if path.parts[0] == "include":
        return f'"{included}": a public header includes the standard library and its like only'
    if target not in FLOORS:
        return f'"{included}": there is no floor named {target}'
    if name in CONCRETE_STORES and target == "storage" and \
            floor not in ("app", "storage") and not is_test(path):
        return f'"{included}": only app and tests name a concrete store'
    if target == floor:
        return room_finding(path, floor, included, name) \
            if floor in ROOMS and not is_test(path) else None
    allowed = dict(FLOORS[floor])
    if is_test(path):
        allowed.update(TEST_EXTRAS.get(floor, {}))
    if target not in allowed:
        return f'"{included}": {floor} may not include {target}'
    if allowed[target] is not ANY and name not in allowed[target]:
        return f'"{included}": of {target}, {floor} may include only ' + \
            ", ".join(sorted(allowed[target]))
    return None


def library_finding(path, floor, included):
    """What is wrong with an include in angle brackets, or None."""
    if STANDARD_HEADER.match(included):
        return None
    in_header = path.suffix == ".h"
    allowed = HEADER_LIBRARIES.get(floor, []) if in_header else LIBRARIES[floor]
    if is_test(path):
        allowed = LIBRARIES[floor] + TEST_LIBRARIES
    if any(included.startswith(start) for start in allowed):
        return None
    if SYSTEM_HEADER.match(included) and included not in LIBRARY_HEADERS:
        if in_header and not is_test(path):
            return f"<{included}>: a system header belongs in the .cpp that needs it"
        return None
    if in_header:
        return f"<{included}>: a library's header belongs in the .cpp that wraps it"
    return f"<{included}>: {floor} does not wrap this library"


def check_includes(path, code):
    floor = floor_of(path)
    if floor is None:
        return
    if floor not in FLOORS:
        yield Finding(path, 1, f"src/{floor} is no floor of the architecture")
        return
    for line, ours, library in includes_of(code):
        text = own_include_finding(path, floor, ours) if ours else \
            library_finding(path, floor, library)
        if text:
            yield Finding(path, line, text)


SCOPE_HEAD = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b")
ACCESS_LABELS = re.compile(r"(\s|\b(public|private|protected)\s*:(?!:))*")
CONTROL_HEAD = re.compile(r"^\s*(if|for|while|switch|do|else|try|catch)\b")


def is_function_head(head):
    head = re.sub(r"\boperator\s*[^\s\w(]+", "operator_", head)
    head = re.sub(r"^\s*template\s*<[^{]*?>\s*(?=\w)", "", head)
    if "(" not in head or CONTROL_HEAD.match(head):
        return False
    depth = 0
    for character in head:
        depth += character in "([{"
        depth -= character in ")]}"
        if character == "=" and depth == 0:
            return False
    return True


def functions_of(bare):
    """(first line, last line) of each outermost function body; `bare` has no comments or texts."""
    bare = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group(0)),
                  bare, flags=re.MULTILINE)
    kinds, head_start, begin = [], 0, None
    for match in re.finditer(r"[{};]", bare):
        at, sign = match.start(), match.group(0)
        inside = "function" in kinds or "value" in kinds
        if sign == "{":
            head = bare[head_start:at]
            if inside:
                kinds.append("block")
            elif is_function_head(head):
                if begin is None:
                    begin = head_start + ACCESS_LABELS.match(head).end()
                kinds.append("function")
            elif SCOPE_HEAD.search(head) and "=" not in head:
                kinds.append("scope")
                head_start = at + 1
            else:
                kinds.append("value")
        elif sign == "}":
            kind = kinds.pop() if kinds else "scope"
            if kind in ("scope", "value"):
                head_start = at + 1
            elif kind == "function":
                # A member that is initialised with braces: the body is still to come.
                if re.match(r"\s*[,{]", bare[at + 1:]):
                    continue
                yield line_of(bare, begin), line_of(bare, at)
                begin, head_start = None, at + 1
        elif not inside and begin is None:
            head_start = at + 1


def check_sizes(path, code, bare):
    lines = code.count("\n")
    if lines > FILE_LINES_MAX and path.as_posix() not in PRINTED_FILES:
        yield Finding(path, lines, f"{lines} lines; a file has at most {FILE_LINES_MAX}")
    if path.suffix in CODE_SUFFIXES:
        for first, last in functions_of(bare):
            if last - first + 1 > FUNCTION_LINES_MAX:
                yield Finding(path, first, f"a function of {last - first + 1} lines; at most "
                                           f"{FUNCTION_LINES_MAX}")
    if path.suffix in CODE_SUFFIXES:
        for number, line in enumerate(code.splitlines(), 1):
            if len(line) > COLUMNS_MAX:
                yield Finding(path, number, f"{len(line)} columns; a line has at most "
                                            f"{COLUMNS_MAX}")


def check_prose(path, page):
    """Tables and code cannot be wrapped, and a word without a space (an address) neither."""
    if path.suffix != ".md" or path.name in UNWRAPPED_PAGES or path.as_posix() in PRINTED_FILES:
        return
    in_code = False
    for number, line in enumerate(page.splitlines(), 1):
        is_fence = line.lstrip().startswith("```")
        in_code ^= is_fence
        is_prose = not in_code and not is_fence and not line.lstrip().startswith("|") and " " in line.strip()
        if is_prose and len(line) > PROSE_COLUMNS_MAX:
            yield Finding(path, number, f"{len(line)} columns; a line of prose has at most "
                                        f"{PROSE_COLUMNS_MAX}: tests/tidy_test/wrap.py {path}")


def check_words(path, code, bare):
    for match in BANNED_WORD.finditer(code):
        yield Finding(path, line_of(code, match.start()), f"{match.group(0)} is left in the text")
    if path.suffix not in CODE_SUFFIXES:
        return
    yield from check_beginnings(path, code)
    for match in BANNED_SUFFIX.finditer(bare):
        yield Finding(path, line_of(bare, match.start()), f"{match.group(1)}: a name that says "
                                                          "nothing; name the noun")
    if BANNED_FILE.search(path.name):
        yield Finding(path, 1, f"{path.name}: a name that says nothing; name the noun")


def check_beginnings(path, code):
    is_comment = False
    for number, line in enumerate(code.splitlines(), 1):
        if not is_comment and RIDDLE.match(line):
            yield Finding(path, number, f"a comment begins with '{line.split()[1]}'; begin with its noun")
        is_comment = line.lstrip().startswith("//")


def keeps_out_floating(path):
    if path.parts[0] != "src":
        return False
    return floor_of(path) in ("domain", "service", "storage") or (
        floor_of(path) == "base" and path.name.startswith(("decimal", "json")))


def check_sources(path, bare):
    if keeps_out_floating(path):
        for match in FLOATING.finditer(bare):
            yield Finding(path, line_of(bare, match.start()),
                          f"{match.group(1)}: money and units are whole numbers")
    if path.parts[0] == "src" and str(path) not in HIDDEN_SOURCE_HOMES:
        for match in HIDDEN_SOURCE.finditer(bare):
            yield Finding(path, line_of(bare, match.start()),
                          f"{match.group(0)}: a clock, environment or random source is passed in")


NAMED_UNIT = re.compile(r"`((?:" + "|".join(sorted(FLOORS)) + r")/[\w./-]+)`")


def check_named_units(tree, path, text):
    """A page names a unit by its path below src; a unit that moves takes its pages along."""
    if path.suffix != ".md":
        return
    for match in NAMED_UNIT.finditer(text):
        named = tree / "src" / match.group(1)
        if not any(file.exists() for file in (named, named.with_suffix(".h"),
                                              named.with_suffix(".cpp"))):
            yield Finding(path, line_of(text, match.start()), f"src/{match.group(1)} is not there")


def check_has_test(tree, path):
    """x.cpp has x_test.cpp; a part without a header of its own may share that of its unit."""
    if floor_of(path) not in TESTED_FLOORS or path.suffix != ".cpp" or is_test(path):
        return
    stems = [path.stem]
    if not (tree / path.with_suffix(".h")).exists():
        words = path.stem.split("_")
        stems += ["_".join(words[:count]) for count in range(1, len(words))]
    if not any((tree / path.with_name(stem + "_test.cpp")).exists() for stem in stems):
        yield Finding(path, 1, f"no {path.stem}_test.cpp beside it")


def check_room(path):
    """Each file of a floor with rooms lies in one of them."""
    floor = floor_of(path)
    if floor not in ROOMS or path.suffix not in CODE_SUFFIXES:
        return
    if room_of(path) == TEST_ROOM:
        if not is_test(path):
            yield Finding(path, 1, f"{TEST_ROOM} holds what only tests need, named …_test")
    elif room_of(path) not in ROOMS[floor]:
        yield Finding(path, 1, f"lies in no room of {floor}: {', '.join(ROOMS[floor])}")


def check_rooms(tree):
    """A room is small enough to be known, and says what it is for."""
    for floor, rooms in ROOMS.items():
        for room in rooms:
            folder = pathlib.Path("src", floor, room)
            files = [file for file in (tree / folder).glob("*") if file.suffix in CODE_SUFFIXES
                     and not is_test(file)]
            if len(files) > ROOM_FILES_MAX:
                yield Finding(folder, 1, f"{len(files)} files besides tests; a room has at most "
                                         f"{ROOM_FILES_MAX}")
            readme = tree / folder / "README.md"
            if files and not readme.exists():
                yield Finding(folder, 1, "no README.md: what it owns, what not, and its words")
            if readme.exists() and (lines := readme.read_text("utf-8").count("\n")) > README_LINES_MAX:
                yield Finding(folder / readme.name, lines,
                              f"{lines} lines; a room's README has at most {README_LINES_MAX}")


NAMESPACE = re.compile(r"^(?:inline )?namespace ([\w:]+) \{|^\}  // namespace ([\w:]+)$")
TYPE = re.compile(r"^(?:struct|class|enum class) (\w+)(?: final)?(?: :.*)? \{")


def types_of(header):
    """The types that a header defines at the top of a namespace, with their lines."""
    spaces = []
    for number, line in enumerate(header.splitlines(), 1):
        if match := NAMESPACE.match(line):
            spaces.append(match.group(1)) if match.group(1) else spaces and spaces.pop()
        elif match := TYPE.match(line):
            yield "::".join([*spaces, match.group(1)]), number


def check_types(tree):
    """A type's name stands once: the linker takes one of two, and the other's users call its functions."""
    seen = {}
    for file in sorted((tree / "src").rglob("*.h")):
        path = file.relative_to(tree)
        if floor_of(path) == "client" or SKIPPED_PARTS & set(path.parts):
            continue
        for name, line in types_of(file.read_text(encoding="utf-8")):
            if seen.setdefault(name, path) != path:
                yield Finding(path, line, f"{name} is defined in {seen[name]}, too")


def check_tree(tree):
    yield from check_rooms(tree)
    yield from check_types(tree)
    for folder in TOP_FOLDERS:
        for file in sorted((tree / folder).rglob("*")):
            path = file.relative_to(tree)
            if not file.is_file() or SKIPPED_PARTS & set(path.parts):
                continue
            if path.suffix not in TEXT_SUFFIXES:
                continue
            code = file.read_text(encoding="utf-8")
            bare = without_comments_and_texts(code) if path.suffix in CODE_SUFFIXES else code
            yield from check_room(path)
            yield from check_includes(path, code)
            yield from check_sizes(path, code, bare)
            yield from check_words(path, code, bare)
            yield from check_named_units(tree, path, code)
            yield from check_prose(path, code)
            if path.suffix in CODE_SUFFIXES:
                yield from check_sources(path, bare)
                yield from check_has_test(tree, path)
    for file in sorted(tree.glob("*.md")):
        yield from check_prose(file.relative_to(tree), file.read_text(encoding="utf-8"))


def main(arguments):
    tree = pathlib.Path(arguments[1] if len(arguments) > 1 else ".").resolve()
    if not (tree / "src").is_dir():
        print(f"tidy: {tree} has no src folder", file=sys.stderr)
        return 1
    findings = list(check_tree(tree))
    for finding in findings:
        print(finding)
    print(f"tidy: {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
