"""What the house promises of itself: floors, no circles, headers that compile alone, short files and functions, one format.

The floors are the table of docs/architecture.md: a file includes only headers of its own folder and of those above it."""
import collections
import glob
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import SOURCE, expect, finish  # noqa: E402

LONGEST_FILE, LONGEST_FUNCTION = 450, 60
FORMATTER = 14  # version of clang-format: others break lines elsewhere


def read(path):
    with open(os.path.join(SOURCE, path), encoding="utf-8") as file:
        return file.read()


def sources(*folders, ends=(".c", ".h")):
    """Paths below SOURCE of all files of C."""
    found = [path for folder in folders
             for path in glob.glob(os.path.join(SOURCE, folder, "**", "*.[ch]"), recursive=True) if path.endswith(ends)]
    return sorted(os.path.relpath(path, SOURCE) for path in found)


def included(path):
    return re.findall(r'^#include "([^"]+)"', read(path), re.MULTILINE)


def room_of(path):
    """src/base/text.c and base/text.h are in base, io/file/seal.h in io/file."""
    return os.path.dirname(path.removeprefix("src/"))


def floors():
    """Folders in the order of the table."""
    section = read("docs/architecture.md").split("\n## Floors\n")[1].split("\n## ")[0]
    names = re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)
    expect(len(names) > 15, f"docs/architecture.md: the table of floors has {len(names)} lines only")
    return [name.removeprefix("src/") for name in names]


def check_floors(files):
    order = floors()
    level = {room: number for number, room in enumerate(order)}
    rooms = {room_of(path) for path in files} - {""}
    expect(rooms <= level.keys(), f"folders that docs/architecture.md does not have: {sorted(rooms - level.keys())}")
    gone = [room for room in order if room not in rooms | {"main.c", "io/plot"} and not os.path.exists(
        os.path.join(SOURCE, "src", room))]
    expect(not gone, f"docs/architecture.md has folders that are not there: {gone}")
    for path in files:
        here = level.get(room_of(path), len(order))
        for header in included(path):
            there = level.get(room_of(header))
            if there is not None:
                expect(there <= here, f"{path} includes {header}, which is on a floor above it")


def check_circles(files):
    """No header includes itself by way of others, no folder uses one that uses it."""
    def is_reached(graph, start):
        seen, ways = set(), [start]
        while ways:
            for there in graph[ways.pop()] - seen:
                seen.add(there)
                ways.append(there)
        return start in seen

    headers, rooms = collections.defaultdict(set), collections.defaultdict(set)
    for path in files:
        for header in included(path):
            if path.endswith(".h"):
                headers[path.removeprefix("src/")].add(header)
            if room_of(header) != room_of(path) and room_of(header):
                rooms[room_of(path)].add(room_of(header))
    for graph in (headers, rooms):
        for name in sorted(graph):
            expect(not is_reached(graph, name), f"{name} includes itself by way of others")


def compile_flags():
    return [word for name in ("ompi-c", "hdf5-openmpi", "petsc", "yaml-0.1")
            for word in subprocess.run(["pkg-config", "--cflags", name], capture_output=True, text=True,
                                       check=False).stdout.split()]


def check_headers(files):
    """Each header is the first that a file of C includes, so that it needs no other before it, or is compiled here."""
    first = {names[0] for path in files if path.endswith(".c") and (names := included(path))}
    alone = [path for path in files if path.endswith(".h") and path.removeprefix("src/") not in first]
    text = "".join(f'#include "{path.removeprefix("src/")}"\n' for path in alone)
    for own in alone:
        code = f'#include "{own.removeprefix("src/")}"\n'
        result = subprocess.run(["cc", "-std=gnu11", "-fsyntax-only", "-x", "c", "-", "-I", SOURCE, "-I",
                                 os.path.join(SOURCE, "src"), *compile_flags()], input=code, capture_output=True,
                                text=True, check=False)
        expect(result.returncode == 0, f"{own} does not compile alone:\n{result.stderr[:600]}")
    expect(len(alone) < 40, f"headers that no file of C includes first:\n{text}")


def functions(text):
    """Name and number of lines of each function: in this house they begin and end in the first column."""
    begin = None
    for number, line in enumerate(text.split("\n")):
        if begin is None and re.match(r"(\w.*|    .*)\) \{$", line) and not line.startswith("      "):
            begin, name = number, line
        elif line.startswith("}") and begin is not None:
            yield name, number - begin + 1
            begin = None


def check_lengths(files):
    longest = 0
    for path in files:
        text = read(path)
        lines = text.count("\n")
        expect(lines <= LONGEST_FILE, f"{path} has {lines} lines; {LONGEST_FILE} are allowed")
        for name, length in functions(text):
            longest = max(longest, length)
            expect(length <= LONGEST_FUNCTION, f"{path}: {length} lines, {LONGEST_FUNCTION} are allowed: {name}")
    expect(longest > 20, "no function was found")


def check_format():
    """As .clang-format has it, where that version of the formatter is there."""
    program = shutil.which("clang-format")
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout if program else ""
    found = re.search(r"version (\d+)", version)
    if not found or int(found[1]) != FORMATTER:
        print(f"the format is not checked: clang-format {FORMATTER} is needed, {version.strip() or 'none'} is here")
        return
    files = sources("src", "io", "partition", "tests", "jobs")
    result = subprocess.run([program, "--dry-run", "--Werror", *files], cwd=SOURCE, capture_output=True, text=True, check=False)
    expect(result.returncode == 0, f"clang-format -i is needed:\n{result.stderr[:1500]}")


def main():
    files = sources("src", "io", "partition")
    check_floors(files)
    check_circles(files)
    check_headers(files)
    check_lengths(files)
    check_format()
    finish()


if __name__ == "__main__":
    main()
