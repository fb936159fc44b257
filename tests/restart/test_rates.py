"""Recorders of rates: they count what recorders of spikes hold, and a run that is resumed within a bin has the same
bits, on other numbers of ranks."""
import os
import sys
import tempfile

import h5py
import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import execute, expect, finish, run  # noqa: E402

NET = """
simulation: {dt: 0.1 ms, duration: 60 ms, seed: 3}
populations:
  - {name: E, model: iaf_psc_exp, size: 100, parameters: {I_e: {distribution: uniform, low: 300, high: 600}}}
projections: [{source: E, target: E, rule: fixed_indegree, indegree: 5, weight: 20, delay: 1.5 ms}]
recorders:
  - {type: spikes, population: E}
  - {type: rates, population: E, interval: 10 ms}
  - {name: part, type: rates, population: E, neurons: [0, 5-60], interval: 0.7 ms, start: 2 ms}
"""


def rates(output, name):
    with h5py.File(output) as file:
        return file["rates"][name]["data"][:, 0]


def main():
    with tempfile.TemporaryDirectory() as folder:
        net, whole, cut, resumed = (os.path.join(folder, name) for name in ("net.yaml", "whole.h5", "cut.h5", "on.h5"))
        with open(net, "w", encoding="utf-8") as file:
            file.write(NET)
        run(net, whole)
        with h5py.File(whole) as file:
            steps = numpy.rint(10 * file["spikes/E/timestamps"][:]).astype(int)
        counted = numpy.bincount((steps - 1) // 100, minlength=6) / (100 * 0.01)
        expect(numpy.allclose(rates(whole, "E"), counted), "rates are not those of the spikes")
        expect(counted.max() > 0 and len(rates(whole, "part")) == 82, "no spikes, or other rows than bins")
        words = ["run", net, "-o", cut, "--set", "simulation.duration=24.4", "--checkpoint-every", "24.4 ms model"]
        result = execute(words, 2)
        expect(result.returncode == 0, f"the first part fails: {result.stderr}")
        result = execute(["run", net, "-o", resumed, "--resume", os.path.join(folder, "cut.checkpoint.h5")], 3)
        expect(result.returncode == 0, f"resuming fails: {result.stderr}")
        for name in ("E", "part"):
            expect(numpy.array_equal(rates(whole, name), rates(resumed, name)), f"resumed within a bin, {name} differs")
    finish()


if __name__ == "__main__":
    main()
