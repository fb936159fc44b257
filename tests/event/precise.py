"""NEST's neurons with precise spike times (precise.json.gz, made with NEST 3.9), alone and in two networks of 200."""
import gzip
import json
import os
import sys

import h5py
import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
sys.path.insert(0, HERE)
import referee  # noqa: E402

NETWORK = """
simulation: {{engine: event, duration: {duration_ms} ms}}
populations:
  - {{name: N, model: {model}, size: {neurons}, parameters: {{{parameters}, I_e: {{values: {I_e}}}}}, initial: {{V_m: {{values: {V_m}}}}}}}
projections:
  - {{source: N, target: N, rule: edges, file: edges.h5}}
recorders:
  - {{type: spikes, population: N}}
"""


def read():
    with gzip.open(os.path.join(HERE, "precise.json.gz"), "rt") as file:
        return json.load(file)


class Network:
    """One of the networks: `model` in units in which its weights are exact in single precision, as Volley keeps them. A network
    of delta synapses may be scaled: times stay as they are where all potentials and currents are multiplied by 1.25 about 0.
    coupling: a factor of all weights."""

    def __init__(self, data, model, coupling=1.0):
        n, p = data["network"], dict(data["network"]["parameters"][model])
        self.model, self.neurons, self.duration = model, n["neurons"], n["duration_ms"]
        self.V_m, self.I_e, weights = n["V_m_mV"], n["I_e_pA"], n["weights"][model]
        del p["I_e"], p["V_m"]
        if model == "iaf_psc_delta":
            rest = p["E_L"]
            p.update({key: 1.25 * (p[key] - rest) for key in ("E_L", "V_reset", "V_th")})
            self.V_m, self.I_e = [1.25 * (v - rest) for v in self.V_m], [1.25 * i for i in self.I_e]
            weights = [1.0, -3.75]
        self.parameters = p
        self.edges = [(source, target, coupling * weights[source >= n["inhibitory_from"]], delay)
                      for source, target, delay in zip(n["source"], n["target"], n["delay_ms"])]
        self.spikes = [(t, i) for i, t in n["spikes"][model]]

    def write(self, folder):
        """Returns the path of an experiment."""
        path = os.path.join(folder, self.model + ".yaml")
        parameters = ", ".join(f"{key}: {value!r}" for key, value in self.parameters.items())
        with open(path, "w", encoding="utf-8") as file:
            file.write(NETWORK.format(duration_ms=self.duration, model=self.model, neurons=self.neurons, parameters=parameters,
                                      I_e=self.I_e, V_m=self.V_m))
        with h5py.File(os.path.join(folder, "edges.h5"), "w") as file:
            for name, column in zip(("source", "target", "weight", "delay"), zip(*self.edges)):
                file[name] = numpy.array(column)
        return path

    def simulate(self, m=referee.doubles):
        """By the referee: [(time, neuron)]"""
        neurons = [referee.Linear(self.model, {**self.parameters, "I_e": i}, v, m) for v, i in zip(self.V_m, self.I_e)]
        return referee.simulate(neurons, self.edges, [], self.duration)


def trains(spikes):
    found = {}
    for t, i in sorted(spikes):
        found.setdefault(int(i), []).append(float(t))
    return found


def parting(ours, theirs, tolerance):
    """The time of the first spike, of either, that the other has not within `tolerance`; how many come before it, and by how
    much these differ at most."""
    ours, theirs, first = trains(ours), trains(theirs), float("inf")
    pairs = [(ours.get(i, []), theirs.get(i, [])) for i in set(ours) | set(theirs)]
    for a, b in pairs:
        k = next((k for k, (s, t) in enumerate(zip(a, b)) if abs(s - t) > tolerance), min(len(a), len(b)))
        first = min(a[k:k + 1] + b[k:k + 1] + [first])
    before = [abs(s - t) for a, b in pairs for s, t in zip(a, b) if s < first]
    return first, len(before), max(before, default=0.0)
