"""Disks and memories that do not suffice, and places where no output can be: one complete message, the right exit code,
no hang, at 1 and 3 ranks."""
import os
import subprocess
import sys
import tempfile

import h5py
import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import EXPERIMENTS, MPIRUN, VOLLEY, expect, finish, run, set_words  # noqa: E402

TIMEOUT = 60 * (10 if "ASAN_OPTIONS" in os.environ else 1)
IS_SANITIZED = "VOLLEY_TEST_C_FLAGS" in os.environ  # sanitizers need terabytes of address space
MICROCIRCUIT = os.path.join(EXPERIMENTS, "microcircuit.yaml")
RANKS = (1, 3)

# 40 MB of traces and some spikes.
MUCH = """
populations: [{name: A, model: iaf_psc_exp, size: 500, parameters: {I_e: {distribution: uniform, low: 300, high: 600}}}]
projections: [{source: A, target: A, rule: fixed_indegree, indegree: 10, weight: 20, delay: 1.5 ms}]
simulation: {duration: 1 s}
output: {precision: double}
recorders:
  - {type: spikes, population: A}
  - {name: V, type: traces, population: A, states: V_m}
"""

HUGE = """
populations: [{name: A, model: iaf_psc_exp, size: 1000000000}]
projections: [{source: A, target: A, rule: fixed_indegree, indegree: 10000, weight: 20, delay: 1.5 ms}]
simulation: {duration: 10 ms}
"""

MANY = """
populations: [{name: A, model: parrot, size: 4000000000}]
simulation: {duration: 10 ms}
"""

LITTLE = """
populations: [{name: A, model: iaf_psc_exp, size: 10}]
simulation: {duration: 1 ms}
recorders: [{type: spikes, population: A}]
"""


def write(folder, text):
    path = os.path.join(folder, "net.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def judge(what, experiment, output, code, texts, settings=None, ranks=1, limit=None):
    """Runs, under a limit of the shell's ulimit if given, and expects an exit code and one message with the texts."""
    words = [VOLLEY, "run", experiment, "-o", output, "--threads", "1", "--progress", "off"] + set_words(settings)
    if limit:
        words = ["bash", "-c", f"ulimit {limit} && exec \"$@\"", "limited"] + words
    launcher = [MPIRUN, "-n", str(ranks)] if ranks > 1 else []
    what = f"{what}, {ranks} ranks"
    try:
        result = subprocess.run(launcher + words, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        expect(False, f"{what}: no end after {TIMEOUT} s")
        return
    messages = [line for line in result.stderr.splitlines() if line.startswith("volley: ")]
    expect(result.returncode == code, f"{what}: exit code {result.returncode}, {code} is right\n{result.stderr}")
    expect(len(messages) == 1, f"{what}: {len(messages)} messages\n{result.stderr}")
    for text in texts:
        expect(messages and text in messages[0], f"{what}: '{text}' is missing\n{result.stderr}")


def check_part(what, output, whole):
    """What a full disk leaves is a sound file with a part of what the whole run records."""
    expect(not os.path.exists(output), f"{what}: an incomplete file has the name of a whole one")
    with h5py.File(output + ".part") as part, h5py.File(whole) as full:
        expect(part["volley"].attrs["complete"] == 0, f"{what}: the file calls itself complete")
        for path in ("spikes/A/timestamps", "spikes/A/node_ids", "report/A/data"):
            found, right = part[path][:], full[path][:]
            expect(len(found) < len(right) or "spikes" in path, f"{what}: {path} is whole")
            expect(numpy.array_equal(found, right[:len(found)]), f"{what}: {path} holds other values")
    os.remove(output + ".part")


def check_full_disk(folder):
    experiment, whole = write(folder, MUCH), os.path.join(folder, "whole.h5")
    run(experiment, whole)
    for ranks in RANKS:
        # Above the 4 MB of the MPI library's own files in shared memory.
        output = os.path.join(folder, "limited.h5")
        texts = ["cannot write", "limited.h5.part", "File too large", "what was recorded before is kept"]
        judge("file size limit", experiment, output, 1, texts, ranks=ranks, limit="-f 20000")
        check_part(f"file size limit, {ranks} ranks", output, whole)
    disk = os.path.join(folder, "disk")
    os.mkdir(disk)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", disk], capture_output=True).returncode != 0:
        print("no right to mount a small disk: the limit of file sizes stands for it")
        return
    try:
        for ranks in RANKS:
            output = os.path.join(disk, "full.h5")
            texts = ["cannot write", "full.h5.part", "No space left on device", "what was recorded before is kept"]
            judge("full disk", experiment, output, 1, texts, ranks=ranks)
            check_part(f"full disk, {ranks} ranks", output, whole)
    finally:
        subprocess.run(["umount", disk], check=True)


def check_group(folder):
    settings = {"simulation.exchange": "two_level", "simulation.exchange_group": 4}
    texts = ["simulation.exchange_group: groups of 4 ranks, but there are 3 in all: at most so many make a group"]
    judge("a group larger than all ranks", write(folder, MUCH), os.path.join(folder, "groups.h5"), 2, texts, settings, 3)


def check_memory(folder):
    output = os.path.join(folder, "big.h5")
    needs = ["this network needs about", "GB more memory", "GB are left"]
    for ranks in RANKS:
        judge("10^13 synapses", write(folder, HUGE), output, 1, needs, ranks=ranks)
        judge("4 * 10^9 neurons", write(folder, MANY), output, 1, needs, ranks=ranks)
        if not IS_SANITIZED:
            judge("limited address space", MICROCIRCUIT, output, 1, needs, ranks=ranks, limit="-v 1500000")
        expect(not os.path.exists(output) and not os.path.exists(output + ".part"), "an output was begun")


def forbidden_folder(folder):
    """A folder where nothing can be created: without rights, or, since root has them all, one of the kernel's."""
    if os.geteuid() == 0:
        return "/proc"
    path = os.path.join(folder, "locked")
    os.mkdir(path, 0o555)
    return path


def check_places(folder):
    experiment = write(folder, LITTLE)
    existing = os.path.join(folder, "existing.h5")
    with open(existing, "w", encoding="utf-8") as file:
        file.write("precious")
    places = [("folder that is missing", os.path.join(folder, "nowhere", "out.h5"), "No such file or directory"),
              ("file as a folder", os.path.join(experiment, "out.h5"), "is not a folder"),
              ("read-only folder", os.path.join(forbidden_folder(folder), "out.h5"), "out.h5"),
              ("folder as a file", folder, folder),
              ("file that is there", existing, "--overwrite")]
    for what, place, text in places:
        for ranks in RANKS:
            judge(what, experiment, place, 2, [place, text], ranks=ranks)
    with open(existing, encoding="utf-8") as file:
        expect(file.read() == "precious", "a file that is there was overwritten")


def main():
    with tempfile.TemporaryDirectory() as folder:
        check_full_disk(folder)
        check_group(folder)
        check_memory(folder)
        check_places(folder)
    finish()


if __name__ == "__main__":
    main()
