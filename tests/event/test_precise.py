"""The event engine against NEST's neurons with precise spike times, whose input lies off the grid: every spike of single neurons to
1e-11 ms, and two recurrent networks of 200 neurons spike for spike until rounding parts them.

With exponential currents nothing does so within 200 ms. With delta synapses spikes cause spikes at the same time, all times are
sums of delays and refractory times, and at 18.28 ms a spike arrives exactly where neuron 67's refractory time ends: the last
digit of a sum decides whether it is lost, which neuron 67 shows at 28.68 ms."""
import tempfile

import numpy

from neurons import Neuron, run_all
from precise import Network, parting, read
from program import expect, finish, read_spikes, run

SINGLE, WHOLE = 1e-11, 1e-9
MODELS = ("iaf_psc_delta", "iaf_psc_exp", "iaf_psc_alpha")
PARTING = {"iaf_psc_delta": (28.677, 263), "iaf_psc_exp": (200.0, 1602)}  # not before, ms, and after so many spikes


def check_single(data, folder):
    neurons = []
    for model in MODELS:
        arriving = [(t + given["delay"], w) for given, w in zip(data["inputs"], data[model]["weights"]) for t in given["times"]]
        p = dict(data[model]["parameters"])
        neurons.append(Neuron(model, model, p, p.pop("V_m"), arriving))
    found, _ = run_all(neurons, folder, 300.0)
    for n in neurons:
        ours, theirs = found[n.name], data[n.model]["spikes"]
        is_same = len(ours) == len(theirs) and numpy.abs(ours - theirs).max() <= SINGLE
        expect(is_same, f"{n.model}: spikes at {ours.tolist()}, NEST has {theirs}")
        if is_same:
            print(f"{n.model}: {len(ours)} spikes within {numpy.abs(ours - theirs).max():.2g} ms of NEST's")


def check_network(data, model, folder):
    network = Network(data, model)
    output = folder + "/out.h5"
    run(network.write(folder), output)
    times, ids, _ = read_spikes(output, "N")
    first, before, worst = parting(zip(times, ids), network.spikes, WHOLE)
    print(f"{model}: {before} of {len(network.spikes)} spikes within {worst:.2g} ms of NEST's, "
          + (f"then they part at {first} ms" if first < network.duration else "to the end"))
    earliest, least = PARTING[model]
    expect(first >= earliest and before >= least, f"{model}: parts from NEST at {first} ms, after {before} spikes")


def main():
    data = read()
    with tempfile.TemporaryDirectory() as folder:
        check_single(data, folder)
        for model in PARTING:
            check_network(data, model, folder)
    finish()


if __name__ == "__main__":
    main()
