"""Two runs on one output at once, started at random offsets: one is refused, or they come one after the other, and the
output is that of the one that says so.

Both have the same name for their output and different seeds. A run ends with code 0 only if the file is its own, unless the
other has replaced it afterwards, after it was finished: here nobody may, since none has --overwrite."""
import os
import random
import time

import h5py

from restarting import Job, all_at_once, read_summary, run_words, scratch
from program import expect, finish

NET = """
simulation: {dt: 0.1 ms, duration: 2 s}
populations:
  - {name: A, model: iaf_psc_exp, size: 200}
stimuli:
  - {type: poisson, target: A, rate: 20 kHz, weight: 60}
recorders:
  - {type: spikes, population: A}
"""
LONGEST_OFFSET = 0.7  # of what a run takes alone


def digest_of(output):
    with h5py.File(output) as file:
        return file["volley/summary"].attrs["spike_digest"].decode(), int(file["volley"].attrs["seed"])


def words(net, output, seed, checkpoints):
    every = "500 ms model" if checkpoints else None
    return [word for word in run_words(net, output, {"simulation.seed": seed}, every) if word != "--overwrite"]


def try_pair(net, folder, number, choice, right, longest):
    """One pair of runs, the second up to `longest` seconds after the first. Returns whether they met, so that one had to be refused while
    the other ran."""
    output = os.path.join(folder, f"out{number}.h5")
    ranks, checkpoints = choice.choice([(1, 1), (1, 2), (2, 1)]), choice.random() < 0.5
    first = Job(words(net, output, 1, checkpoints), folder, ranks[0])
    time.sleep(choice.random() * longest)
    second = Job(words(net, output, 2, checkpoints), folder, ranks[1])
    codes = [first.wait(), second.wait()]
    said = first.stderr + second.stderr
    case = f"pair {number}, {ranks} ranks, codes {codes}"
    expect(sorted(codes) == [0, 2], f"{case}: one must be refused\n{said}")
    if sorted(codes) != [0, 2]:
        return False
    winner = 1 + codes.index(0)
    expect(digest_of(output) == (right[winner], winner), f"{case}: the output is not that of run {winner}\n{said}")
    left = [name for name in os.listdir(folder)
            if name.startswith(f"out{number}.") and name.endswith((".lock", ".lock~", ".part", ".parts"))]
    expect(not left, f"{case}: {left} are left")
    met = "another run writes" in said
    expect(met or "exists; choose another" in said or "is left from a run" in said, f"{case}: refused for what?\n{said}")
    return met


def main(pairs):
    choice = random.Random(9)
    with scratch() as folder:
        net = os.path.join(folder, "net.yaml")
        with open(net, "w", encoding="utf-8") as file:
            file.write(NET)
        right = {}
        for seed in (1, 2):
            alone = os.path.join(folder, f"alone{seed}.h5")
            begin = time.time()
            Job(words(net, alone, seed, False), folder).wait()
            longest = LONGEST_OFFSET * (time.time() - begin)
            right[seed] = read_summary(alone)["spike_digest"]
        choices = [random.Random(choice.random()) for _ in range(pairs)]
        met = all_at_once(lambda k: try_pair(net, folder, k, choices[k], right, longest), range(pairs), 2)
        print(f"{sum(met)} of {pairs} pairs met")
        expect(sum(met) > 0, "no two runs met: the offsets are too long")
    finish()


if __name__ == "__main__":
    main(15)
