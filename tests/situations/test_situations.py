"""Situations of daily use, as data: every file of this folder, *.yaml, is a list of cases.

  name:      what happens, unique
  files:     {NAME: text} written into an empty folder, where the commands run
  prepare:   a Bash script that makes what text cannot (its output is shown only if it fails)
  command:   a Bash script; $RUN stands before `volley` where it starts MPI ("mpirun -n RANKS", on 1 rank nothing)
  code:      its exit code
  says:      texts that its output, stdout or stderr, has
  never:     texts that it has not
  check:     Python expressions that must be true: text(NAME), json(NAME), h5(NAME, PATH) a dataset as a list (spikes/NAME
             and report/NAME are recorders of that name, too), attribute(NAME, PATH,
             ATTRIBUTE), exists(NAME), names() of the folder, output (what the command printed), close(A, B, TOLERANCE)
  ranks:     at which numbers of ranks; if not given 1, every third case also 2 (test_situations_long.py: every case)
  within:    seconds that the command may take, 60 if not given
  sanitized: false where the case makes no sense under sanitizers

Whatever is said of a case, its output has no word of a library that failed and no Python traceback, and its exit code is
one of Volley's. Arguments: FILE.yaml ... or --only TEXT to run the cases whose names have it."""
import argparse
import concurrent.futures
import glob
import json
import math
import os
import subprocess
import sys
import tempfile

import h5py
import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from plotting import python_that_plots  # noqa: E402

VOLLEY = os.environ["VOLLEY"]
MPIRUN = os.environ.get("VOLLEY_MPIRUN", "mpirun")
SANITIZED = "VOLLEY_TEST_C_FLAGS" in os.environ
SLOWER = 10 if SANITIZED else 1
FOREIGN = ["MPI_ABORT", "PETSC ERROR", "HDF5-DIAG", "Traceback (most recent", "Segmentation fault", "ORTE", "*** Process",
           "AddressSanitizer", "runtime error:", "LeakSanitizer", "mpirun noticed", "core dumped"]
KEYS = {"name", "files", "prepare", "command", "code", "says", "never", "check", "ranks", "within", "sanitized"}


def environment(ranks):
    """The program on the PATH, and $RUN."""
    path = os.path.dirname(VOLLEY) + os.pathsep + os.environ["PATH"]
    return {**os.environ, "PATH": path, "RUN": f"{MPIRUN} -n {ranks}" if ranks > 1 else "", "SITUATIONS": HERE,
            "RANKS": str(ranks)}


def names_for_checks(folder, output):
    """What the expressions of `check` may use."""
    def place(name):
        return os.path.join(folder, name)

    def text(name):
        with open(place(name), encoding="utf-8", errors="replace") as file:
            return file.read()

    def h5(name, path):
        with h5py.File(place(name), "r") as file:
            kind, recorder, *rest = path.split("/") if path.count("/") > 1 else (path, "")
            groups = file.get(f"recorders/{recorder}/{kind}", {})
            return (file[path] if len(groups) == 0 else next(iter(groups.values()))["/".join(rest)])[()].tolist()

    def attribute(name, path, key):
        with h5py.File(place(name), "r") as file:
            return file[path].attrs[key]

    return {"text": text, "h5": h5, "attribute": attribute, "output": output, "math": math, "folder": folder, "os": os,
            "json": lambda name: json.loads(text(name)),
            "exists": lambda name: os.path.lexists(place(name)), "names": lambda: sorted(os.listdir(folder)),
            "close": lambda a, b, tolerance: abs(a - b) <= tolerance}


def bash(script, folder, ranks, seconds):
    """Exit code and output of a script; code None if it did not end in time."""
    process = subprocess.Popen(["bash", "-c", script], cwd=folder, env=environment(ranks), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        output, _ = process.communicate(timeout=seconds)
        return process.returncode, output.decode(errors="replace")
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        output, _ = process.communicate()
        return None, output.decode(errors="replace")


def judge(case, code, output, folder):
    """All that is wrong with the outcome, as texts."""
    wrong = []
    if code is None:
        wrong.append("no end in time")
    elif code != case["code"]:
        wrong.append(f"exit code {code}, {case['code']} is right")
    wrong += [f"does not say: {text}" for text in case.get("says", []) if text not in output]
    wrong += [f"says: {text}" for text in case.get("never", []) + FOREIGN if text in output]
    for expression in case.get("check", []):
        try:
            if not eval(expression, names_for_checks(folder, output)):  # pylint: disable=eval-used
                wrong.append(f"not true: {expression}")
        except Exception as error:  # pylint: disable=broad-except
            wrong.append(f"{expression}: {error!r}")
    return wrong


def run_case(case, ranks):
    """What is wrong with a case at a number of ranks: a text, empty if nothing is."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in case.get("files", {}).items():
            os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        code, output = bash("set -e\n" + case.get("prepare", ""), folder, ranks, 60 * SLOWER)
        wrong = [f"preparation failed: {code}"] if code != 0 else []
        if not wrong:
            code, output = bash(case["command"], folder, ranks, case.get("within", 60) * SLOWER)
            wrong = judge(case, code, output, folder)
    return f"FAILED {case['name']}, {ranks} ranks: " + "; ".join(wrong) + "\n" + output if wrong else ""


def read_cases(files):
    """All cases of the files; a case with a key that means nothing ends the test."""
    cases = []
    for name in files:
        with open(name, encoding="utf-8") as file:
            cases += yaml.safe_load(file)
    for case in cases:
        unknown = set(case) - KEYS
        if unknown or not {"name", "command", "code"} <= set(case):
            sys.exit(f"case {case.get('name')}: unknown or missing keys {unknown}")
    twice = {case["name"] for case in cases if sum(c["name"] == case["name"] for c in cases) > 1}
    if twice:
        sys.exit(f"two cases have one name: {twice}")
    return [case for case in cases if case.get("sanitized", True) or not SANITIZED]


def ranks_of(case, number, every):
    return case.get("ranks", [1, 2] if number % every == 0 else [1])


def main(every=3):
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="*")
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    cases = read_cases(arguments.files or sorted(glob.glob(os.path.join(HERE, "*.yaml"))))
    work = [(c, r) for number, c in enumerate(cases) if arguments.only in c["name"]
            for r in ranks_of(c, number, 1 if arguments.only else every)]
    with tempfile.TemporaryDirectory() as folder, python_that_plots(folder, written=False), \
         concurrent.futures.ThreadPoolExecutor(3) as pool:
        outcomes = list(pool.map(lambda item: run_case(*item), work))
    print("".join(outcomes), end="")
    failed = sum(bool(outcome) for outcome in outcomes)
    print(f"{len(outcomes) - failed} of {len(outcomes)} passed")
    return 1 if failed or not outcomes else 0


if __name__ == "__main__":
    sys.exit(main())
