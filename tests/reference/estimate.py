"""Compares what volley check announces with what runs take: memory, size of the output, time."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import EXPERIMENTS, TIMEOUT, command, execute, expect, finish, set_words  # noqa: E402,F401

MEMORY_TOLERANCE = 0.2
OUTPUT_TOLERANCE, OUTPUT_FLOOR = 0.2, 100000  # bytes
MICROCIRCUIT = os.path.join(EXPERIMENTS, "microcircuit.yaml")
FORCE = os.path.join(EXPERIMENTS, "force", "lif_sine.yaml")

# Starts a program and prints its exit code, seconds, processor seconds of all its processes and the peak memory of the
# largest one in bytes. A small interpreter does so: the memory of whoever starts a program counts as the program's.
MEASURE = """import resource, subprocess, sys, time
begin = time.time()
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(code, time.time() - begin, used.ru_utime + used.ru_stime, 1024 * used.ru_maxrss)"""


def measured_run(experiment, output, settings, ranks, threads):
    """`volley run`; returns its summary with what it took: wall_s, cpu_s, peak_bytes."""
    summary = output + ".json"
    words = ["run", experiment, "-o", output, "--overwrite", "--progress", "off", "--summary", summary]
    line = command(words + set_words(settings), ranks, threads)
    result = subprocess.run([sys.executable, "-S", "-c", MEASURE] + line, capture_output=True, text=True,
                            timeout=TIMEOUT)
    found = result.stdout.split()
    if result.returncode != 0 or found[0] != "0":
        sys.exit(f"{' '.join(line)}\n{result.stdout}{result.stderr}")
    with open(summary, encoding="utf-8") as file:
        taken = json.load(file)
    taken["wall_s"], taken["cpu_s"], taken["peak_bytes"] = (float(figure) for figure in found[1:])
    return taken


def announced(experiment, settings, ranks, threads, is_alone=True):
    """What check says: from a single process that is told of the ranks, or from one on as many ranks. It counts the memory of its own
    process, which is less where one is forked."""
    words = ["check", experiment, "--json"] + set_words(settings)
    result = execute(words + ["--ranks", ranks] if is_alone else words, 1 if is_alone else ranks, threads, env=os.environ)
    if result.returncode != 0:
        sys.exit(f"{' '.join(result.args)}\n{result.stdout}{result.stderr}")
    return json.loads(result.stdout)


def rate_settings(summary):
    """The rates that a run found."""
    return {f"populations.{name}.mean_rate": repr(rate) for name, rate in summary["rate_hz"].items()}


def expect_near(what, said, taken, tolerance, floor=0):
    expect(abs(said - taken) <= max(tolerance * taken, floor), f"{what}: {said:.0f} bytes announced, {taken:.0f} taken")


def head(out=sys.stdout):
    print("| network | ranks x threads | memory: said / taken, MB | output: MB | build: s | simulate: s | all: s | "
          "of processor time |\n|---|---|---|---|---|---|---|---|", file=out, flush=True)


def compare(name, experiment, settings, ranks, threads, folder):
    """One row of the table. Memory and output are judged; time is printed, since it is that of the hour: the last
    column is the announced time of all workers over the processor time of the run, which other programs do not change
    much. (A rank or thread that waits uses processor time, too.)"""
    output = os.path.join(tempfile.mkdtemp(dir=folder), "run.h5")  # beside no checkpoint, which would be read
    taken = measured_run(experiment, output, settings, ranks, threads)
    said = announced(experiment, {**settings, **rate_settings(taken)}, ranks, threads)
    for _ in range(4 if threads > 1 else 0):  # on a busy computer threads may not have built at the same time
        if said["memory_bytes"]["peak"] - taken["peak_bytes"] <= MEMORY_TOLERANCE * taken["peak_bytes"]:
            break
        taken = max(taken, measured_run(experiment, output, settings, ranks, threads), key=lambda t: t["peak_bytes"])
    peak, size, seconds = said["memory_bytes"]["peak"], said["output_bytes"]["file"], said["seconds"]
    written = os.path.getsize(output)
    what = f"{name}, {ranks} x {threads}"
    print(f"| {name} | {ranks} x {threads} | {peak / 1e6:.0f} / {taken['peak_bytes'] / 1e6:.0f} = "
          f"{peak / taken['peak_bytes']:.2f} | {size / 1e6:.2f} / {written / 1e6:.2f} | "
          f"{seconds['build']:.2f} / {taken['build_s']:.2f} | {seconds['simulate']:.2f} / {taken['simulate_s']:.2f} | "
          f"{seconds['total']:.2f} / {taken['wall_s']:.2f} | "
          f"{seconds['total'] * ranks * threads / taken['cpu_s']:.2f} |", flush=True)
    expect_near(f"{what}: memory", peak, taken["peak_bytes"], MEMORY_TOLERANCE)
    expect_near(f"{what}: output", size, written, OUTPUT_TOLERANCE, OUTPUT_FLOOR)
    shutil.rmtree(os.path.dirname(output))


def compare_microcircuit(scale, duration, ranks, threads, folder):
    compare(f"microcircuit at scale {scale}", MICROCIRCUIT,
            {"network.scale.neurons": scale, "network.scale.indegree": scale, "simulation.duration": duration}, ranks,
            threads, folder)


def compare_force(size, ranks, threads, folder):
    """P has size * size / ranks numbers."""
    compare(f"FORCE, N = {size}", FORCE,
            {"populations.N.size": size, "simulation.duration": "0.2 s", "readouts.z.learning.start": "0.1 s",
             "readouts.z.learning.stop": "0.2 s", "readouts.z.learning.interval": "1 ms"}, ranks, threads, folder)
