"""Compares the memory that volley check announces with what runs take."""
import os
import re
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import EXPERIMENTS, execute, expect, finish, run, set_words  # noqa: E402,F401

TOLERANCE = 0.1
MICROCIRCUIT = os.path.join(EXPERIMENTS, "microcircuit.yaml")
FORCE = os.path.join(EXPERIMENTS, "force", "lif_sine.yaml")


def announced_bytes(experiment, settings, ranks, threads, is_alone):
    """Peak of each rank: from a check on as many ranks, or from a single process that is told of them."""
    words = ["check", experiment] + set_words(settings)
    result = execute(words + ["--ranks", ranks] if is_alone else words, 1 if is_alone else ranks, threads)
    found = re.search(r"^ *peak +([0-9.]+) MB$", result.stdout, re.MULTILINE)
    if result.returncode != 0 or not found:
        sys.exit(f"{' '.join(result.args)}\n{result.stdout}{result.stderr}")
    return 1e6 * float(found.group(1))


def compare_memory(name, experiment, settings):
    with tempfile.TemporaryDirectory() as folder:
        for ranks, threads in ((1, 2), (2, 1)):
            summary = run(experiment, os.path.join(folder, "run.h5"), settings, ranks, threads)
            peak = max(summary["peak_rss_bytes"])
            for is_alone in (False, True):
                announced = announced_bytes(experiment, settings, ranks, threads, is_alone)
                what = f"{name}, {ranks} x {threads}, check on {1 if is_alone else ranks} ranks"
                print(f"{what}: {announced / 1e6:.1f} MB announced, {peak / 1e6:.1f} MB taken")
                expect(abs(announced / peak - 1) <= TOLERANCE, f"{what}: {announced:.0f} bytes announced, {peak} taken")


def compare_microcircuit(scale, duration):
    compare_memory(f"microcircuit at scale {scale}", MICROCIRCUIT,
                   {"network.scale.neurons": scale, "network.scale.indegree": scale, "simulation.duration": duration})


def compare_force(size):
    """P has size * size / ranks numbers."""
    compare_memory(f"FORCE, N = {size}", FORCE,
                   {"populations.N.size": size, "simulation.duration": "0.2 s", "readouts.z.learning.start": "0.1 s",
                    "readouts.z.learning.stop": "0.2 s", "readouts.z.learning.interval": "1 ms"})
