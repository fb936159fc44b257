"""The experiments of jobs/experiments/izhikevich: spikes of the published program, step by step, at 1 to 3 ranks; and
Izhikevich's own equations against a plain loop over the neurons."""
import json
import os
import sys
import tempfile

import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import EXPERIMENTS, expect, finish, read_spikes, read_trace, run  # noqa: E402

FOLDER = os.path.join(EXPERIMENTS, "izhikevich")
RING = ("first", "second", "third")
DT = 0.1  # ms, of single.yaml and ring.yaml


def spike_steps(output, populations, dt):
    """The steps in which each population, one neuron, fires."""
    return [(numpy.round(read_spikes(output, name)[0] / dt) - 1).astype(int).tolist() for name in populations]


def check_published_single(folder, reference):
    output = os.path.join(folder, "published_single.h5")
    run(os.path.join(FOLDER, "published_single.yaml"), output)
    found = spike_steps(output, ["neuron"], 1.0)
    expect(found == [reference["single"]["spike_steps"]], f"one neuron as published fires in the steps {found}")


def check_published_rings(folder, reference):
    """At every number of ranks and with every partition, to the last bit of the input that has been summed up."""
    output = os.path.join(folder, "published_ring.h5")
    for kind in ("excitatory", "inhibitory"):
        for ranks, partition in ((1, "block"), (2, "block"), (2, "round_robin"), (3, "block"), (3, "round_robin")):
            what = f"{kind} ring as published, {ranks} ranks, {partition}"
            settings = {"populations.0.parameters.amp": reference[kind]["amp"], "simulation.partition": partition,
                        "output.precision": "double"}
            run(os.path.join(FOLDER, "published_ring.yaml"), output, settings, ranks)
            found = spike_steps(output, RING, 1.0)
            expect(found == reference[kind]["spike_steps"], f"{what}: fires in the steps {found}")
            last = [read_trace(output, f"{name}.I")[1][-1, 0] for name in RING]
            expect(last == reference[kind]["final_I"], f"{what}: the inputs end at {last}")


def slopes(v, u):
    return 0.04 * v * v + 5 * v + 140 - u + 10, 0.02 * (0.2 * v - u)


def runge_kutta(v, u):
    v1, u1 = slopes(v, u)
    v2, u2 = slopes(v + DT / 2 * v1, u + DT / 2 * u1)
    v3, u3 = slopes(v + DT / 2 * v2, u + DT / 2 * u2)
    v4, u4 = slopes(v + DT * v3, u + DT * u3)
    return v + DT / 6 * (v1 + 2 * v2 + 2 * v3 + v4), u + DT / 6 * (u1 + 2 * u2 + 2 * u3 + u4)


def simulate(u, weight):
    """Spike steps of neurons with these recovery variables at the start, each of which hears the one before it 1 ms
    later; the first hears the last."""
    v, u, fired = [-65.0] * len(u), list(u), [[] for _ in u]
    for step in range(10000):
        for n in range(len(v)):
            v[n], u[n] = runge_kutta(v[n], u[n])
            v[n] += weight if step - 10 in fired[n - 1][-2:] else 0
            if v[n] >= 30:
                v[n], u[n] = -65, u[n] + 2
                fired[n].append(step)
    return fired


def check_izhikevich(folder):
    output = os.path.join(folder, "izhikevich.h5")
    run(os.path.join(FOLDER, "single.yaml"), output)
    found, expected = spike_steps(output, ["neuron"], DT), simulate([5], 0)
    expect(found == expected and len(found[0]) > 5, f"one neuron fires in the steps {found}, expected {expected}")
    for weight in (5, -5):
        run(os.path.join(FOLDER, "ring.yaml"), output, {"projections.ring.weight": weight}, ranks=2)
        found, expected = spike_steps(output, RING, DT), simulate([5, 0, -5], weight)
        expect(found == expected, f"ring with weight {weight} fires in the steps {found}, expected {expected}")


def main():
    with open(os.path.join(HERE, "data", "izhikevich_published.json"), encoding="utf-8") as file:
        reference = json.load(file)
    with tempfile.TemporaryDirectory() as folder:
        check_published_single(folder, reference)
        check_published_rings(folder, reference)
        check_izhikevich(folder)
    finish()


if __name__ == "__main__":
    main()
