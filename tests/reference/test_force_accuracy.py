"""FORCE training reaches the figures of NumPy implementations of the published programs, three seeds each, with small
networks; test_force_accuracy_long.py has the full ones.

References are an independent implementation's (where it names a range for three seeds: its ends and middle) and, for
LIF, tests/bench/force_numpy.py's. For theta neurons there is none at this size: train <= 0.05, a mean win <= 0.25."""
import concurrent.futures
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from force import judge, learn, rates  # noqa: E402
from program import finish  # noqa: E402

BAR = {"train": (0, 0.05), "win_mean": (0, 0.25), "spread": (0.9, 1.1)}
LIF_1000 = {"train": [.024, .0265, .029, .0199, .0255, .0264, .0273, .0288, .0240, .0278, .0272, .0316, .0223],
            "win_mean": [.038, .045, .052, .0633, .0578, .0639, .0561, .0577, .0502, .0606, .0527, .0533, .0456]}
IZHIKEVICH_500 = {"train": [.045, .052, .059], "win_mean": [.083, .101, .119]}
EXPERIMENTS = [
    ("lif_sine", 1000, LIF_1000, {"spread": (0.95, 1.05), "period_s": (0.199, 0.201), "before": (29, 31),
                                  "in": (38, 40), "after": (38, 40)}),
    ("izhikevich_sine", 500, IZHIKEVICH_500, {"spread": (0.95, 1.05), "period_s": (0.198, 0.203), "before": (4.7, 5.1),
                                              "in": (36.5, 39.5), "after": (36.5, 39.5)}),
    ("theta_van_der_pol_harmonic", 500, {}, {**BAR, "period_s": (0.316, 0.322)}),
]
SEEDS = (1, 2, 3)


def learn_and_measure(name, folder, seed, size):
    """One run: what `volley info` measures, and the rates before, in and after learning."""
    output, seen = learn(name, folder, seed, size)
    seen["before"], seen["in"], seen["after"] = rates(output, 5000, 10000, 15000)
    os.remove(output)
    return seen


def main(experiments):
    """Two runs of one thread at a time."""
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(2) as pool:
        runs = [[pool.submit(learn_and_measure, name, folder, seed, size) for seed in SEEDS]
                for name, size, _, _ in experiments]
        for (name, size, references, bounds), seeds in zip(experiments, runs):
            judge(f"{name}, N = {size}", [seed.result() for seed in seeds], references, bounds)
    finish()


if __name__ == "__main__":
    main(EXPERIMENTS)
