"""A network in NEST: FOLDER RESOLVED - THREADS. Prints one line of JSON."""
import json
import sys
import time

import numpy

from network import Network

import nest


def main():
    folder, resolved, _, threads = sys.argv[1:5]
    with open(resolved, encoding="utf-8") as file:
        network = Network(folder, file.read())
    nest.set_verbosity("M_ERROR")
    nest.ResetKernel()
    nest.SetKernelStatus({"resolution": network.dt, "local_num_threads": int(threads), "rng_seed": 1})
    begin = time.perf_counter()
    groups, recorders = {}, {}
    for name, population in network.populations.items():
        known = nest.GetDefaults(population.model)
        numbers = {key: value for key, value in population.numbers.items() if key in known and not (key == "tolerance")}
        fixed = {key: value for key, value in numbers.items() if not numpy.ndim(value)}
        groups[name] = nest.Create(population.model, population.size, params=fixed)
        for key, value in numbers.items():
            if numpy.ndim(value):
                groups[name].set({key: value.tolist()})
        recorders[name] = nest.Create("spike_recorder", params={"record_to": "memory"})
        nest.Connect(groups[name], recorders[name])
    for k, edges in enumerate(network.edges):
        count = len(edges.source)
        sources, targets = (numpy.asarray(groups[name].tolist())[ids] for name, ids in ((edges.source_name, edges.source),
                                                                                       (edges.target_name, edges.target)))
        model = f"synapses_{k}"
        nest.CopyModel({"static": "static_synapse", "stdp_pl": "stdp_pl_synapse_hom"}[edges.model], model)
        if edges.model == "stdp_pl":
            p = edges.numbers
            nest.SetDefaults(model, {"lambda": p["lambda"] * p["w0"] ** (1 - p["mu"]), "alpha": p["alpha"] / p["w0"] ** (1 - p["mu"]),
                                     "mu": p["mu"], "tau_plus": p["tau_plus"]})
            groups[edges.target_name].set({"tau_minus": p["tau_minus"]})
        nest.Connect(sources, targets, "one_to_one", {"synapse_model": model, "weight": numpy.broadcast_to(edges.weight, count),
                                                      "delay": numpy.broadcast_to(edges.delay, count)})
    for stimulus in network.poisson:
        times = {} if numpy.isinf(stimulus["stop"]) else {"stop": stimulus["stop"]}
        source = nest.Create("poisson_generator", params={"rate": stimulus["rate"] * stimulus["sources"], **times})
        nest.Connect(source, groups[stimulus["target"]], syn_spec={"weight": stimulus["weight"], "delay": network.dt})
    nest.Prepare()
    nest.Run(network.dt)  # what is set up at the first step
    built = time.perf_counter()
    nest.Run(network.duration)
    seconds = time.perf_counter() - built
    nest.Cleanup()
    rates = {name: recorder.n_events / network.populations[name].size / network.duration * 1000 for name, recorder in recorders.items()}
    print(json.dumps({"version": nest.__version__, "build_s": built - begin, "simulate_s": seconds, "rates": rates,
                      "settings": "its own integration, to 1e-3" if "cond" in str([p.model for p in network.populations.values()]) else "exact"}))


main()
