"""XOR with the neurons and the window of the source (xor_conductances.yaml), and with two hidden layers (xor_deep.yaml): the images
that `volley info` finds rightly told without a teacher, mean over seeds by which no parameter was chosen."""
import json
import os
import sys
import tempfile

import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import EXPERIMENTS, execute, expect, finish, run  # noqa: E402

SEEDS = range(6, 16)
BARS = {"xor_conductances": ("inputs", 0.96), "xor_deep": ("test", 0.97)}  # the images that count; found: 0.985 and 0.991


def main():
    with tempfile.TemporaryDirectory() as folder:
        for name, (images, bar) in BARS.items():
            found, output = [], os.path.join(folder, name + ".h5")
            for seed in SEEDS:
                run(os.path.join(EXPERIMENTS, "dopamine", name + ".yaml"), output, {"simulation.seed": seed})
                told = json.loads(execute(["info", output, "--json"], threads=None).stdout)["classifications"]
                found += [entry["accuracy"] for entry in told if not entry["taught"] and entry["images"] == images]
            print(f"{name}: {numpy.mean(found):.3f}, by seed {found}")
            expect(len(found) == len(SEEDS) and numpy.mean(found) >= bar, f"{name}: {numpy.mean(found):.3f}, bar {bar}")
    finish()


if __name__ == "__main__":
    main()
