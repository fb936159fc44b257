"""What tests of pyNN.volley run, on any simulator of PyNN: python3 pynn_networks.py SIMULATOR writes what it gives as JSON.

pynn_neuron.json is what pyNN.neuron 0.10.1 with NEURON 8.2 gave at steps of 0.001 ms (cells), 0.01 ms (the rest) and 0.1 ms
(the networks of Vogels and Abbott, of seed 1)."""
import json
import sys
from importlib import import_module

import numpy
from pyNN.parameters import Sequence
from pyNN.random import NumpyRNG, RandomDistribution

# Each cell with a current, and spikes that excite and inhibit it: parameters, initial values, weights of the two, duration in ms.
CELLS = {
    "IF_curr_exp": ({"i_offset": 0.7}, {}, (0.5, -0.4), 100),
    "IF_curr_alpha": ({"i_offset": 0.7, "tau_syn_E": 1.5, "tau_syn_I": 2.5, "tau_refrac": 2}, {}, (0.8, -0.6), 100),
    "IF_cond_exp": ({"i_offset": 0.6, "tau_refrac": 3}, {}, (0.02, 0.05), 100),
    "IF_cond_alpha": ({"i_offset": 0.6, "tau_syn_E": 1, "tau_syn_I": 2}, {"v": -60}, (0.05, 0.1), 100),
    "IF_cond_exp_gsfa_grr": ({"i_offset": 1.2}, {}, (0.02, 0.05), 100),
    "IF_facets_hardware1": ({}, {}, (0.005, 0.01), 100),
    "EIF_cond_exp_isfa_ista": ({"i_offset": 0.6}, {"w": 0.05}, (0.01, 0.02), 100),
    "EIF_cond_alpha_isfa_ista": ({"i_offset": 0.6, "tau_syn_E": 1, "tau_syn_I": 2}, {}, (0.02, 0.03), 100),
    "HH_cond_exp": ({"i_offset": 0.2}, {"m": 0.0, "h": 0.0, "n": 0.0}, (0.003, 0.01), 60),
    "Izhikevich": ({"i_offset": 0.007}, {}, (3.0, -2.0), 100),
}
EXCITES, INHIBITS = [11.3, 12.6, 31.4, 55.2, 56.3, 80.1], [20.4, 41.3, 58.6]  # ms


def run_cells(sim, dt):
    """V of each cell every ms, and its spikes."""
    found = {}
    for name, (parameters, initial, weights, duration) in CELLS.items():
        sim.setup(timestep=dt / 10 if name == "Izhikevich" else dt, min_delay=1.0)  # its potential runs away
        cell = sim.Population(1, getattr(sim, name)(**parameters), initial_values=initial)
        for times, weight, receptor in ((EXCITES, weights[0], "excitatory"), (INHIBITS, weights[1], "inhibitory")):
            source = sim.Population(1, sim.SpikeSourceArray(spike_times=times))
            sim.Projection(source, cell, sim.OneToOneConnector(), sim.StaticSynapse(weight=weight, delay=1.0), receptor_type=receptor)
        cell.record(["spikes", "v"], sampling_interval=1.0)
        sim.run(duration)
        data = cell.get_data().segments[0]
        found[name] = {"v": data.filter(name="v")[0].magnitude[:, 0].round(4).tolist(),
                       "spikes": data.spiketrains[0].magnitude.round(4).tolist()}
        sim.end()
    return found


def run_small_network(sim, dt):
    """As PyNN's example small_network: twenty cells with random input. V and conductance of two of them every 4 ms, all spikes."""
    sim.setup(timestep=dt, max_delay=1.0)
    cells = sim.Population(20, sim.IF_cond_alpha(tau_m=20, tau_syn_E=2, tau_syn_I=4, tau_refrac=2, v_rest=-60, v_reset=-70, v_thresh=-50,
                                                 cm=0.5),
                           initial_values={"v": RandomDistribution("uniform", (-60.0, -50.0), NumpyRNG(seed=945645645))})
    numpy.random.seed(26278342)
    trains = [Sequence((0.1 + numpy.cumsum(numpy.random.exponential(20, size=100))).round(2)) for _ in range(20)]
    sources = sim.Population(20, sim.SpikeSourceArray(spike_times=trains))
    cells.record("spikes")
    cells[0:2].record(["v", "gsyn_exc"], sampling_interval=4.0)
    sim.Projection(sources, cells, sim.FixedProbabilityConnector(0.5, rng=NumpyRNG(seed=1)), sim.StaticSynapse(weight=0.002, delay=1.0))
    sim.run(500)
    data = cells.get_data().segments[0]
    found = {"v": data.filter(name="v")[0].magnitude.round(4).tolist(), "g": data.filter(name="gsyn_exc")[0].magnitude.round(7).tolist(),
             "spikes": [train.magnitude.round(4).tolist() for train in data.spiketrains]}
    sim.end()
    return found


def run_plastic(sim, dt):
    """Weights and conductances of synapses that change, after pairs of spikes 2 ms to 20 ms apart."""
    found = {}
    rules = {"additive": sim.AdditiveWeightDependence(w_min=0.0, w_max=0.02),
             "multiplicative": sim.MultiplicativeWeightDependence(w_min=0.0, w_max=0.02)}
    for name, rule in rules.items():
        sim.setup(timestep=dt, min_delay=1.0)
        source = sim.Population(1, sim.SpikeSourceArray(spike_times=[50, 150, 270, 350, 450]))
        driver = sim.Population(1, sim.SpikeSourceArray(spike_times=[52, 145, 268, 370, 430]))
        cell = sim.Population(1, sim.IF_curr_exp(tau_m=2, tau_refrac=5))
        plasticity = sim.STDPMechanism(sim.SpikePairRule(tau_plus=20, tau_minus=15, A_plus=0.05, A_minus=0.06), rule, weight=0.01, delay=1.0,
                                       dendritic_delay_fraction=0)
        learning = sim.Projection(source, cell, sim.AllToAllConnector(), plasticity)
        sim.Projection(driver, cell, sim.AllToAllConnector(), sim.StaticSynapse(weight=100.0, delay=1.0))
        sim.run(500)
        found[name] = learning.get("weight", format="list", with_address=False)[0]
        sim.end()
    for name, parameters in {"depressing": {"U": 0.5, "tau_rec": 800.0, "tau_facil": 0.0},
                             "facilitating": {"U": 0.04, "tau_rec": 100.0, "tau_facil": 1000.0}}.items():
        sim.setup(timestep=dt, min_delay=0.5)
        source = sim.Population(1, sim.SpikeSourceArray(spike_times=list(range(10, 100, 10))))
        cells = sim.Population(2, sim.IF_cond_exp(e_rev_I=-75, tau_syn_I=[1.2, 6.7]))
        sim.Projection(source, cells, sim.AllToAllConnector(), sim.TsodyksMarkramSynapse(weight=0.01, delay=0.5, **parameters),
                       receptor_type="inhibitory")
        cells.record("gsyn_inh", sampling_interval=1.0)
        sim.run(120)
        found[name] = cells.get_data().segments[0].filter(name="gsyn_inh")[0].magnitude.round(7).tolist()
        sim.end()
    return found


def run_vogels_abbott(sim, benchmark, seed, n=4000):
    """The networks of Brette et al. 2007, benchmarks 1 and 2: mean rates in Hz and CV of intervals of the excitatory cells."""
    coba, rng = benchmark == "COBA", NumpyRNG(seed=seed)
    sim.setup(timestep=0.1, min_delay=0.2, max_delay=1.0)
    parameters = {"tau_m": 20.0, "tau_syn_E": 5.0, "tau_syn_I": 10.0, "v_rest": -60.0 if coba else -49.0, "v_reset": -60.0, "v_thresh": -50.0,
                  "cm": 0.2, "tau_refrac": 5.0} | ({"e_rev_E": 0.0, "e_rev_I": -80.0} if coba else {})
    cells = sim.Population(n, (sim.IF_cond_exp if coba else sim.IF_curr_exp)(**parameters))
    cells.initialize(v=RandomDistribution("uniform", low=-60.0, high=-50.0, rng=rng))
    excitatory, inhibitory = cells[:n * 4 // 5], cells[n * 4 // 5:]
    weights = (0.004, 0.051) if coba else (0.27e-3 * 60, 4.5e-3 * -20)
    connector = sim.FixedProbabilityConnector(80.0 / n, rng=rng)
    for part, weight, receptor in ((excitatory, weights[0], "excitatory"), (inhibitory, weights[1], "inhibitory")):
        sim.Projection(part, cells, connector, sim.StaticSynapse(weight=weight, delay=0.2), receptor_type=receptor)
    if coba:
        trains = [Sequence(numpy.sort(rng.rng.uniform(0.1, 50, rng.rng.poisson(5)))) for _ in range(20)]
        source = sim.Population(20, sim.SpikeSourceArray(spike_times=trains))
        sim.Projection(source, cells, sim.FixedProbabilityConnector(0.01, rng=rng), sim.StaticSynapse(weight=0.1, delay=0.2))
    cells.record("spikes")
    sim.run(1000)
    trains = [train.magnitude for train in cells.get_data().segments[0].spiketrains]
    sim.end()
    counts = numpy.array([len(train) for train in trains])
    intervals = [numpy.diff(train) for train in trains[:n * 4 // 5] if len(train) > 5]
    return {"E": float(counts[:n * 4 // 5].mean()), "I": float(counts[n * 4 // 5:].mean()),
            "CV": float(numpy.mean([i.std() / i.mean() for i in intervals]))}


if __name__ == "__main__":
    simulator = import_module("pyNN." + sys.argv[1])
    found = {"cells": run_cells(simulator, 0.001), "small_network": run_small_network(simulator, 0.01),
             "plastic": run_plastic(simulator, 0.01),
             "vogels_abbott": {b: [run_vogels_abbott(simulator, b, 1)] for b in ("CUBA", "COBA")}}
    json.dump(found, sys.stdout)
