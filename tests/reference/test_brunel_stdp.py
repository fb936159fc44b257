"""Power-law STDP in a balanced network (after Morrison, Aertsen & Diesmann 2007) leaves it asynchronous, irregular and at
its rate, and weights about their mean, while they spread. test_brunel_stdp_long.py follows them until they are stable."""
import os
import sys
import tempfile

import h5py
import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import EXPERIMENTS, expect, finish, rate_and_cv, read_spikes, run  # noqa: E402

EXPERIMENT = os.path.join(EXPERIMENTS, "brunel_stdp.yaml")
START = 91.22  # pA, weight


def learn(folder, name, settings):
    """Runs the experiment; returns its output and the recorded weights over the start [times, synapses]."""
    output = os.path.join(folder, name + ".h5")
    run(EXPERIMENT, output, settings)
    return output, read_weights(output)


def read_weights(output):
    with h5py.File(output) as file:
        return file["weights/weights/data"][:] / START


def main():
    with tempfile.TemporaryDirectory() as folder:
        output, weights = learn(folder, "network", {"simulation.duration": "1.5 s", "recorders.weights.interval": "500 ms"})
        mean, spread = weights.mean(axis=1), weights.std(axis=1)
        print(f"weights: mean {mean}, spread {spread}")
        expect(numpy.abs(mean - 1).max() < 0.01, f"mean weights move away: {mean}")
        expect((numpy.diff(spread) > 0).all() and 0.005 < spread[-1] < 0.1, f"weights spread by {spread}")
        for name in "EI":
            rate, cv = rate_and_cv(*read_spikes(output, name), 500, 1500)
            print(f"{name}: {rate:.2f} Hz, CV {cv:.2f}")
            expect(6 < rate < 10, f"{name} spikes at {rate} Hz")
            expect(cv > 0.7, f"{name} spikes with a CV of {cv}")
    finish()


if __name__ == "__main__":
    main()
