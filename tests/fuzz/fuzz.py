"""Random experiments, data files and environments: whatever they are, `volley check` and short runs end soon, with one of
Volley's exit codes and in its own words.

  fuzz.py [--checks N] [--runs N] [--first N] [--seed S] [--jobs J]     many; a failure prints what replays it
  fuzz.py --only c17 [--keep FOLDER]      check number 17 alone (r17: run 17), its files kept in a folder

A case is a function of seed and number alone. Most are nearly right: what is refused at once tests little."""
import argparse
import concurrent.futures
import copy
import os
import random
import re
import shlex
import subprocess
import sys
import tempfile

import experiments
import odd
import schema
import surroundings

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import ready  # noqa: E402

VOLLEY = os.environ["VOLLEY"]
MPIRUN = os.environ.get("VOLLEY_MPIRUN", "mpirun")
SOURCE = os.environ["VOLLEY_SOURCE"]
SANITIZED = "VOLLEY_TEST_C_FLAGS" in os.environ
SECONDS = 90 if SANITIZED else 10  # of the processor; unoptimised and with sanitizers all takes ten times as long
WALL_SECONDS = 180
ADDRESS_SPACE = 4_000_000  # kB; sanitizers need terabytes
RESIDENT = 6_000_000  # kB in memory, under these
FOREIGN = ["MPI_ABORT", "PETSC ERROR", "HDF5-DIAG", "HDF5: ", "Traceback (most recent", "ORTE_ERROR", "*** Process", "libgomp",
           "Sanitizer", "runtime error:", "Segmentation fault", "core dumped", "Assertion", "double free", "corrupted",
           "free(): ", "malloc(): ", "hwloc", "An error occurred in MPI", "PML ", "opal_", "glibc", "stack smashing", "mca_"]
SANITIZER_OPTIONS = {"ASAN_OPTIONS": "exitcode=99:detect_leaks=0:fast_unwind_on_malloc=1:malloc_context_size=2:"
                                     f"allocator_may_return_null=1:max_allocation_size_mb=4000:hard_rss_limit_mb={RESIDENT // 1000}",
                     "UBSAN_OPTIONS": "halt_on_error=1:exitcode=99:print_stacktrace=1"}


class Case:
    """files {name: bytes, or the path of what it is a copy of}, words of the command, variables and lines of Bash."""

    def __init__(self, name, files, words, ranks=1, variables=None, lines=()):
        self.name, self.files, self.words, self.ranks = name, files, words, ranks
        self.variables, self.lines = variables or {}, list(lines)

    def command(self):
        launcher = [MPIRUN, "-n", str(self.ranks)] if self.ranks > 1 else []
        return launcher + [VOLLEY] + self.words

    def script(self):
        limits = [f"ulimit -t {SECONDS * self.ranks}"] + ([] if SANITIZED else [f"ulimit -v {ADDRESS_SPACE}"])
        return "\n".join(limits + self.lines + ['exec "$@"'])

    def write(self, folder):
        for name, content in self.files.items():
            path = os.path.join(folder, name)
            if isinstance(content, bytes):
                with open(path, "wb") as file:
                    file.write(content)
            elif not os.path.lexists(path):
                os.symlink(content, path)

    def replay(self):
        variables = "".join(f"{name}={shlex.quote(value)} " for name, value in self.variables.items())
        lines = "".join(f"{line}; " for line in self.lines)
        return f"{lines}{variables}{' '.join(shlex.quote(word) for word in self.command())}"


class Maker:
    def __init__(self, seed):
        self.seed = seed
        self.schema = schema.Schema(VOLLEY)
        self.bases = experiments.read_bases(SOURCE)

    def make(self, name):
        """Case c17 or r17."""
        rng = random.Random(f"{self.seed} {name}")
        runs, kind = name[0] == "r", int(name[1:]) % 10
        if kind < 4:
            _, tree, files = rng.choice(self.bases)
            tree = copy.deepcopy(tree)
        else:
            grower = experiments.Grower(self.schema, rng)
            tree, files = grower.grow(), grower.files
        changes = 0 if kind >= 6 else rng.choice([0, 0, 1, 1] if runs else [0, 1, 1, 1, 2, 4])
        for _ in range(changes):
            experiments.mutate(tree, self.schema, rng, runs)
        text = experiments.write_file(tree, rng)
        if kind == 7:
            text = experiments.damage(text, rng)
        variables, lines = surroundings.make(rng) if kind == 9 else ({}, ())
        file = rng.choice(["net.yaml"] * 9 + ["a b.yaml", "x\x1b[1m.yaml", "-n.yaml", "é.yml", "net", ".yaml"])
        words = ["run" if runs else "check"]
        if rng.random() < 0.1:
            path = rng.choice(list(experiments.places(tree)) or [(0, 0, ("simulation",))])[2]
            value = experiments.odd_value(rng, str(path[-1]), runs)
            words += ["--set", ".".join(map(str, path)) + "=" + experiments.write(value, rng)]
        if runs:
            words += ["-o", "out.h5", "--overwrite", "--progress", "off", "--threads", rng.choice(["1", "1", "2"])]
            words += ["--set", "simulation.duration=5ms"] + rng.choice([[]] * 9 + [["--set", "simulation.dt=0.5"]])
        elif rng.random() < 0.3:
            words += rng.choice([["--ranks", rng.choice(["1", "7", "1000"])], ["--json"], ["--resolved"]])
        words += ["--", file] if file[0] == "-" and not runs else ["./" + file if file[0] == "-" else file]
        words = [word.replace("\0", "") for word in words]
        return Case(name, {file: text, **files}, words, 2 if runs and rng.random() < 0.05 else 1, variables, lines)


def judge(case, code, output):
    """What is wrong with an outcome, or None."""
    text = output.decode(errors="replace")
    if code is None:
        return f"no end after {WALL_SECONDS} s"
    if code in (137, 152, -9, -24):
        return f"more than {SECONDS} s of the processor, or too much memory"
    if code not in (0, 1, 2, 3):
        return f"exit code {code}"
    foreign = [word for word in FOREIGN if word in text]
    if foreign:
        return f"the words of a library: {foreign}"
    hidden = any("/dev/null" in line or "2>&1" in line for line in case.lines)
    if code != 0 and "volley: " not in text:
        return "no message"
    if code == 0 and not text and not hidden:
        return "no output"
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text):
        return "bytes that a terminal obeys"
    return None


def execute(case, folder):
    """Exit code (None: no end) and output. A start of its own only where the case is about it."""
    environment = {**os.environ, **case.variables}
    try:
        limits = (SECONDS, 0, RESIDENT) if SANITIZED else (SECONDS, ADDRESS_SPACE, 0)
        found = ready.run(case.command(), folder, environment, WALL_SECONDS, limits) if case.ranks == 1 and not case.lines else None
    except subprocess.TimeoutExpired:
        return None, b""
    if found:
        return found[0], found[1] + found[2]
    process = subprocess.Popen(["bash", "-c", case.script(), "fuzz", *case.command()], cwd=folder, env=environment,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               start_new_session=True)
    try:
        output, _ = process.communicate(timeout=WALL_SECONDS)
        return process.returncode, output
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        process.communicate()
        return None, b""


def run_case(maker, name):
    """What failed, as a text that shows and replays it; empty if nothing did. And the exit code."""
    case = maker.make(name)
    with tempfile.TemporaryDirectory() as folder:
        case.write(folder)
        code, output = execute(case, folder)
    wrong = judge(case, code, output)
    if not wrong:
        return "", code
    shown = output.decode(errors="replace")[-3000:].encode("unicode_escape").decode().replace("\\n", "\n")
    file = case.files[[name for name, content in case.files.items() if isinstance(content, bytes)][0]]
    return (f"FAILED {name}: {wrong}\n  replay: fuzz.py --seed {maker.seed} --only {name} --keep FOLDER\n"
            f"  command: {case.replay()}\n  file: {file[:3000]!r}\n{shown}\n"), code


def keep(maker, name, folder):
    """Writes the files of a case, runs it there and shows everything."""
    case = maker.make(name)
    os.makedirs(folder, exist_ok=True)
    case.write(folder)
    print(f"cd {folder}; {case.replay()}", flush=True)
    code, output = execute(case, folder)
    print(output.decode(errors="replace"), f"exit code {code}; wrong: {judge(case, code, output)}", sep="")
    return 1 if judge(case, code, output) else 0


def run_all(maker, names, jobs):
    """Runs all cases; prints failures as they come and a summary. Returns the number of failures."""
    failed, codes = [], {}
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for name, (wrong, code) in zip(names, pool.map(lambda n: run_case(maker, n), names)):
            codes[code] = codes.get(code, 0) + 1
            if wrong:
                failed.append(name)
                print(wrong, flush=True)
    print(f"{len(names) - len(failed)} of {len(names)} passed; exit codes "
          + ", ".join(f"{code}: {n}" for code, n in sorted(codes.items(), key=str)) + f"; failed: {' '.join(failed)}")
    return len(failed)


def check_limit():
    """The limit of memory holds under sanitizers, too."""
    words = [VOLLEY, "check", os.path.join(SOURCE, "jobs", "experiments", "microcircuit.yaml")]
    found = ready.run(words, limits=(SECONDS, 0, 10_000))
    if not found or found[0] != -9:
        sys.exit(f"10 MB are no limit: {found}")


def main(checks=0, runs=0):
    parser = argparse.ArgumentParser()
    parser.add_argument("--checks", type=int, default=checks)
    parser.add_argument("--runs", type=int, default=runs)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=3)
    parser.add_argument("--only")
    parser.add_argument("--keep")
    arguments = parser.parse_args()
    if SANITIZED:
        os.environ.update({key: os.environ.get(key, "") + ":" + value for key, value in SANITIZER_OPTIONS.items()})
        check_limit()
    maker = Maker(arguments.seed)
    if arguments.only:
        with tempfile.TemporaryDirectory() as folder:
            return keep(maker, arguments.only, arguments.keep or folder)
    names = [f"c{n}" for n in range(arguments.first, arguments.first + arguments.checks)]
    names += [f"r{n}" for n in range(arguments.first, arguments.first + arguments.runs)]
    return 1 if run_all(maker, names, arguments.jobs) or not names else 0


if __name__ == "__main__":
    sys.exit(main())
