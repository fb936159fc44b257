"""Sums of the weights onto a target that are kept: by one factor for all synapses, or where there are bounds by a greater one
for those that are left."""
import os
import sys
import tempfile

import h5py
import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import expect, finish, run  # noqa: E402

# Nobody spikes in the last 20 ms.
NET = """
simulation: {{dt: 0.1 ms, duration: 80 ms, seed: 3}}
populations:
  - {{name: S, model: parrot, size: 30}}
  - {{name: T, model: iaf_psc_delta, size: 8}}
projections:
  - {{name: free, source: S, target: T, rule: fixed_indegree, indegree: 20, weight: {{distribution: uniform, low: 0.1, high: 2}},
     delay: 1.5 ms, synapse: {{model: stdp_pl, lambda: 0.3, w0: 1}}{normalize}}}
  - {{name: bounded, source: S, target: T, rule: fixed_indegree, indegree: 20, weight: {{distribution: uniform, low: 0, high: 2}},
     delay: 0.5 ms, synapse: {{model: stdp, lambda: 0.02, alpha: 4, mu_plus: 0, mu_minus: 0, Wmax: 2}}{normalize}}}
  - {{name: negative, source: S, target: T, rule: fixed_indegree, indegree: 20, weight: {{distribution: uniform, low: -1, high: 0}},
     delay: 2 ms, synapse: {{model: vogels_sprekeler, eta: 0.2, Wmax: -1.1}}{normalize}}}
stimuli:
  - {{type: poisson, target: S, rate: 60 Hz, stop: 55 ms}}
  - {{type: poisson, target: T, rate: 2 kHz, weight: 2, stop: 55 ms}}
recorders:
  - {{type: spikes, population: [S, T]}}
  - {{type: weights, projection: free, interval: 10 ms}}
  - {{type: weights, projection: bounded, interval: 10 ms}}
  - {{type: weights, projection: negative, interval: 10 ms}}
"""


def weights_of(folder, normalize, settings=None):
    """Weights by projection, [times][targets][20]."""
    path = os.path.join(folder, "net.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(NET.format(normalize=normalize))
    run(path, path + ".h5", settings)
    with h5py.File(path + ".h5") as file:
        return {name: group["data"][:].reshape(-1, 8, 20) for name, group in file["weights"].items()}


def restored(weights, sums, bound):
    """Weights of one target with this sum, by brute force: what would leave the bound is there, and the others share the
    rest."""
    held = numpy.zeros(len(weights), bool)
    while True:
        factor = (sums - bound * held.sum()) / weights[~held].sum()
        now = held | (abs(weights * factor) >= abs(bound))
        if (now == held).all():
            return numpy.where(held, bound, weights * factor)
        held = now


def main():
    for engine in ("clock", "event"):
        check({"simulation.engine": engine})
    finish()


def check(settings):
    with tempfile.TemporaryDirectory() as folder:
        soon = {f"recorders.{k}.interval": "0.1 ms" for k in (1, 2, 3)}
        first = weights_of(folder, "", {**settings, **soon, "simulation.duration": "0.1 ms"})
        plain = weights_of(folder, "", settings)
        once = weights_of(folder, ", normalize: {every: 70 ms}", settings)
        often = weights_of(folder, ", normalize: {every: 0.7 ms}", settings)
        for name, bound in (("free", 1e9), ("bounded", 2), ("negative", -1.1)):
            sums = first[name][0].sum(axis=1)
            for what, found in (("once", once[name]), ("often", often[name])):
                expect(numpy.allclose(found[-1].sum(axis=1), sums, rtol=1e-13), f"{name}, {what}: the sums are not kept")
                expect(abs(found[-1]).max() <= abs(bound), f"{name}, {what}: a weight beyond its bound")
            expected = [restored(weights, s, bound) if abs(s) > abs(weights.sum()) else weights * (s / weights.sum())
                        for weights, s in zip(plain[name][-1], sums)]
            expect(numpy.allclose(once[name][-1], expected, rtol=1e-12), f"{name}: other weights than by one factor")
            changed = abs(plain[name][-1].sum(axis=1) / sums - 1).max()
            expect(changed > 0.05, f"{name}: learning changes sums by {changed:.2g} only")
            expect(abs(often[name][-1] - first[name][0]).max() > 0.05, f"{name}: does not learn")
            print(f"{name}: sums changed by {changed:.2g} without")
        held = (once["bounded"][-1] == 2).sum()
        expect(held > 0, "no weight stands at its bound")


if __name__ == "__main__":
    main()
