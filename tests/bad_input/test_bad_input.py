"""Every fault of an experiment file gives its messages once, exit code 2 and no hang: `check` on 1 rank, for every twelfth
case `run` on 3 ranks, and for some the other way round; test_three_ranks_long.py has both ways of all. Three
programs at a time: some wait for others."""
import concurrent.futures
import os
import random
import re
import subprocess
import sys
import tempfile

BASES = {"cases.txt": "base.yaml", "force_cases.txt": "force.yaml", "plastic_cases.txt": "plastic.yaml",
         "event_cases.txt": "event.yaml", "space_cases.txt": "space.yaml"}
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import ready  # noqa: E402

VOLLEY = os.environ["VOLLEY"]
MPIRUN = os.environ.get("VOLLEY_MPIRUN", "mpirun")
TIMEOUT = 60 * (10 if "ASAN_OPTIONS" in os.environ else 1)


def unescape(text):
    return text.replace("\\n", "\n").replace("\\t", "\t").replace("\\x20", " ")


def read_cases():
    """All cases of this build: dictionaries with name, base, edits, sets and expected messages."""
    cases = []
    version = subprocess.run([VOLLEY, "--version"], capture_output=True, text=True, check=True).stdout
    lines = [(base, line) for file, base in BASES.items() for line in open(os.path.join(HERE, file), encoding="utf-8")]
    for base, line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        key, value = line.rstrip("\n").split(": ", 1)
        if key == "case":
            cases.append({"name": value, "base": base, "edit": [], "set": [], "gids": [], "expect": []})
        elif key == "edit":
            old, new = value.split(" => ", 1)
            cases[-1]["edit"].append((unescape(old.strip()), unescape(new)))
        else:
            cases[-1][key].append(value.strip())
    return [case for case in cases if all(f"gids of {bits} bits" in version for bits in case["gids"])]


def edited(case):
    text = open(os.path.join(HERE, case["base"]), encoding="utf-8").read()
    for old, new in case["edit"]:
        assert old in text, (case["name"], old)
        text = text.replace(old, new, 1)
    return text.encode()


def odd_files():
    """Name, bytes (None: no such file) and expected message of files that are no experiments at all."""
    bytes_of = random.Random(1).randbytes
    bomb = "".join(f"{chr(98 + i)}: &{chr(98 + i)} [" + ", ".join(9 * [f"*{chr(97 + i)}"]) + "]\n" for i in range(9))
    names = ", ".join(f"p{i}" for i in range(8193))
    some = ", ".join(5000 * ["A"])
    start = "simulation: {duration: 1}\npopulations:\n  - {model: parrot, size: 1, name: "
    return [
        ("too many populations", f"{start}[{names}]}}\n".encode(),
         "FILE:3:3: populations: 8193 populations in all, lists expanded; at most 8192 are possible"),
        ("too many pairs", f"{start}A}}\nprojections:\n  - {{source: [{some}], target: [{some}], rule: one_to_one, "
         "delay: 1}\n".encode(),
         "FILE:5:3: projections: 25000000 pairs of source and target in all, lists expanded; at most 16777215 are"),
        ("missing file", None, "FILE: the experiment file cannot be opened: No such file or directory"),
        ("empty file", b"", "the file is empty"),
        ("comments only", b"# nothing\n", "the file is empty"),
        ("a text", b"hello\n", "the file holds a text or a list"),
        ("a list", b"[1, 2]\n", "the file holds a text or a list"),
        ("10 MB of random bytes", bytes_of(10_000_000), "FILE: this is not a YAML text"),
        ("10 MB of letters", bytes(97 + b % 26 for b in bytes_of(10_000_000)), "the file holds a text or a list"),
        ("invalid UTF-8", b"title: \xff\xfe\n", "FILE: this is not a YAML text"),
        ("zero bytes", bytes(1000), "FILE: this is not a YAML text"),
        ("a zero byte in a text", b'title: "a\\0b"\nsimulation: {duration: 1}\npopulations: [{name: A, model: parrot, '
         b"size: 1}]\n", "FILE:1:8: a text holds a zero byte"),
        ("deep flow nesting", b"a: " + 100_000 * b"[", "nested more than 64 levels deep"),
        ("deep flow mappings", 100_000 * b"{a: ", "nested more than 64 levels deep"),
        ("nesting of 100", b"a: " + 100 * b"[" + 100 * b"]", "nested more than 64 levels deep"),
        ("deep block nesting", b"".join(i * b" " + b"a:\n" for i in range(3000)), "nested more than 64 levels deep"),
        ("aliases that explode", b"a: &a [1, 2]\n" + bomb.encode(), "its aliases expand to more than"),
    ]


def run(command, file, sets, ranks, folder):
    arguments = [VOLLEY, command, file] + [word for s in sets for word in ("--set", s)]
    found = ready.run(arguments, folder, timeout=TIMEOUT, ranks=ranks)
    if found:
        return subprocess.CompletedProcess(arguments, *found)
    arguments = ([MPIRUN, "-n", str(ranks)] if ranks > 1 else []) + arguments
    return subprocess.run(arguments, cwd=folder, capture_output=True, timeout=TIMEOUT)


def faults_of(stderr):
    return [line for line in stderr.decode(errors="replace").splitlines() if line.startswith("volley: ")]


def judge(result, expected, file, folder):
    """What is wrong with the outcome, or None."""
    messages = faults_of(result.stderr)
    if result.returncode != 2:
        return f"exit code {result.returncode}"
    for text in expected:
        text = text.replace("FILE", file)
        hits = [m for m in messages if text in m]
        if len(hits) != 1:
            return f"{len(hits)} messages with: {text}"
    if len(messages) != len(expected):
        return f"{len(messages)} messages, {len(expected)} expected"
    if any(not re.match(r"volley: \S", m) for m in messages):
        return "a message without text"
    left = [name for name in os.listdir(folder) if ".h5" in name]
    return f"left behind: {left}" if left else None


def check_case(number, every, name, content, sets, expected):
    """Runs one case in a folder of its own; returns how many runs that were, and what failed."""
    file = name.replace(" ", "_") + ".yaml"
    ways = [("check", 1)] + ([("run", 3)] if number % every == 0 else []) + (
        [("check", 3), ("run", 1)] if every == 1 or number % (2 * every) == 1 else [])
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        if content is not None:
            with open(os.path.join(folder, file), "wb") as stream:
                stream.write(content)
        for command, ranks in ways:
            try:
                result = run(command, file, sets, ranks, folder)
                wrong = judge(result, expected, file, folder)
                output = result.stderr.decode(errors="replace")
            except subprocess.TimeoutExpired:
                wrong, output = f"no end after {TIMEOUT} s", ""
            if wrong:
                failures.append(f"FAILED {name} ({command}, {ranks} ranks): {wrong}\n{output}")
    return len(ways), failures


def main(every=12):
    cases = [(c["name"], edited(c), c["set"], c["expect"]) for c in read_cases()]
    cases += [(name, content, [], [message]) for name, content, message in odd_files()]
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        outcomes = list(pool.map(lambda item: check_case(item[0], every, *item[1]), enumerate(cases)))
    for _, failures in outcomes:
        print("".join(failures), end="")
    count, failed = sum(n for n, _ in outcomes), sum(len(failures) for _, failures in outcomes)
    print(f"{count - failed} of {count} passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
