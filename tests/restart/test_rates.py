"""Recorders of rates, sums, means, stimuli and dopamine: they tell what recorders of spikes and traces do, and a run that is
resumed within a bin has the same bits, on other numbers of ranks."""
import math
import os
import sys
import tempfile

import h5py
import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", folder) for folder in ("support", "invariance")]
from nets import same_bits  # noqa: E402
from program import execute, expect, finish, run  # noqa: E402

NET = """
simulation: {dt: 0.1 ms, duration: 60 ms, seed: 3}
populations:
  - {name: E, model: iaf_psc_exp, size: 100, parameters: {I_e: {distribution: uniform, low: 300, high: 600}}}
  - {name: P, model: parrot, size: 6}
projections:
  - {source: E, target: E, rule: fixed_indegree, indegree: 5, weight: 20, delay: 1.5 ms}
  - {name: w, source: P, target: E, rule: all_to_all, weight: 2, delay: 1.5 ms,
     synapse: {model: stdp_dopamine, dopamine: P, dopamine_delay: 2 ms, tau_n: 50, Wmax: 100}}
stimuli:
  - {name: p, type: poisson, target: P, neurons: 1-5, rate: 200 Hz, delay: 0.7 ms}
  - {name: noise, type: noise, target: E, std: 100, interval: 0.3 ms}
  - {name: dc, type: dc, target: E, neurons: 3, amplitude: 5, start: 10 ms, stop: 20.5 ms}
output: {precision: double}
recorders:
  - {type: spikes, population: E}
  - {type: rates, population: E, interval: 10 ms}
  - {name: part, type: rates, population: E, neurons: [0, 5-60], interval: 0.7 ms, start: 2 ms}
  - {type: spikes, population: P}
  - {name: v, type: traces, population: E, states: V_m, interval: 1 ms}
  - {type: sums, population: E, states: [V_m, I_syn_ex], interval: 1 ms}
  - {name: some, type: means, population: E, states: V_m, neurons: [0, 5-60], interval: 0.7 ms}
  - {type: stimuli, stimulus: p, interval: 7 ms}
  - {type: stimuli, stimulus: noise, neurons: 20-29, interval: 0.5 ms}
  - {type: stimuli, stimulus: dc, neurons: [2, 3], interval: 1 ms}
  - {type: dopamine, projection: w, interval: 0.5 ms}
"""
KINDS = ("rates", "sums", "means", "stimuli", "dopamine")


def rows(output):
    """Data of all recorders of these kinds, by kind and name."""
    with h5py.File(output) as file:
        return {f"{kind}/{name}": group["data"][:] for kind in KINDS for name, group in file[kind].items()}


def check_values(found, output):
    """Against recorded spikes and traces, and what is known of the stimuli."""
    with h5py.File(output) as file:
        steps = numpy.rint(10 * file["spikes/E/timestamps"][:]).astype(int)
        times, ids = file["spikes/P/timestamps"][:], file["spikes/P/node_ids"][:].astype(int)
        potentials = file["recorders/v/report/E/data"][:]
    counted = numpy.bincount((steps - 1) // 100, minlength=6) / (100 * 0.01)
    expect(numpy.allclose(found["rates/E"][:, 0], counted), "rates are not those of the spikes")
    expect(counted.max() > 0 and len(found["rates/part"]) == 82, "no spikes, or other rows than bins")
    sums = [math.fsum(row) for row in potentials]
    expect(sums == found["sums/E.V_m"][:, 0].tolist(), "sums are not those of the traces, rounded once")
    means = [math.fsum(row[[0, *range(5, 61)]]) / 57 for row in potentials[6::7]]
    expect(numpy.array_equal(means, found["means/some"][9::10, 0]), "means are not those of the traces")
    spikes = numpy.zeros((8, 6))
    within = times < 56.05
    numpy.add.at(spikes, ((numpy.rint(10 * times[within]).astype(int) - 1) // 70, ids[within]), 1)
    expect(numpy.array_equal(found["stimuli/p"], spikes), "parrots repeat other spikes than were given")
    dc = numpy.zeros((60, 2))
    dc[10:20, 1], dc[20, 1] = 5, 2.5
    expect(numpy.allclose(found["stimuli/dc"], dc), "the mean current is another one")
    at = numpy.arange(0.5, 60.2, 0.5)[:, None] - 0.1 - (times - 0.1 + 2)  # since each spike has arrived
    levels = (numpy.exp(-at.clip(0) / 50) / 50 * (at > -0.01)).sum(axis=1)
    expect(numpy.allclose(found["dopamine/w"][:, 0], levels), "dopamine is not that of the spikes")
    expect(numpy.std(found["stimuli/noise"]) > 50 and levels.max() > 0, "no noise or no dopamine")


def main():
    with tempfile.TemporaryDirectory() as folder:
        net, whole, cut, resumed = (os.path.join(folder, name) for name in ("net.yaml", "whole.h5", "cut.h5", "on.h5"))
        with open(net, "w", encoding="utf-8") as file:
            file.write(NET)
        run(net, whole)
        found = rows(whole)
        check_values(found, whole)
        words = ["run", net, "-o", cut, "--set", "simulation.duration=24.4", "--checkpoint-every", "24.4 ms model"]
        result = execute(words, 2)
        expect(result.returncode == 0, f"the first part fails: {result.stderr}")
        result = execute(["run", net, "-o", resumed, "--resume", os.path.join(folder, "cut.checkpoint.h5")], 3)
        expect(result.returncode == 0, f"resuming fails: {result.stderr}")
        for name, values in rows(resumed).items():
            expect(same_bits(values, found[name]), f"resumed within a bin, {name} differs")
    finish()


if __name__ == "__main__":
    main()
