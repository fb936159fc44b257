"""Twenty networks of different kinds, small enough to be run in seconds: what volley check is measured by."""
import os

import h5py
import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
EXPERIMENTS = os.path.join(HERE, "..", "..", "jobs", "experiments")

CURRENT = """
populations:
  - {name: [E, I], model: iaf_psc_exp, size: [8000, 2000]}
projections:
  - {source: E, target: [E, I], rule: fixed_indegree, indegree: 800, weight: {distribution: normal, mean: 12, std: 1.2,
     min: 0}, delay: {distribution: normal, mean: 1.5, std: 0.75, min: 0.1}}
  - {source: I, target: [E, I], rule: fixed_indegree, indegree: 200, weight: -80, delay: 0.8}
stimuli:
  - {type: poisson, target: [E, I], rate: 8 Hz, sources: 2500, weight: 20}
recorders:
  - {type: spikes, population: [E, I]}
"""

ADAPTIVE = """
populations:
  - {name: N, model: aeif_cond_exp, size: 2000}
projections:
  - {source: N, target: N, rule: fixed_indegree, indegree: 50, weight: 1, delay: 1.5}
stimuli:
  - {type: poisson, target: N, rate: 8 kHz, weight: 8}
recorders:
  - {type: spikes, population: N}
"""

IZHIKEVICH = """
populations:
  - {name: [E, I], model: izhikevich, size: [4000, 1000]}
projections:
  - {source: E, target: [E, I], rule: pairwise_bernoulli, probability: 0.2, weight: {distribution: uniform, low: 0,
     high: 0.1}, delay: {distribution: uniform, low: 1, high: 10}}
  - {source: I, target: [E, I], rule: pairwise_bernoulli, probability: 0.2, weight: -0.2, delay: 1}
stimuli:
  - {type: noise, target: [E, I], mean: 4, std: 3}
recorders:
  - {type: spikes, population: [E, I]}
"""

DRIVEN = """
populations:
  - {name: N, model: iaf_psc_exp, size: 40000}
stimuli:
  - {type: poisson, target: N, rate: 12 kHz, weight: 30}
recorders:
  - {type: spikes, population: N}
"""

SILENT = """
populations:
  - {name: N, model: iaf_cond_alpha, size: 20000}
projections:
  - {source: N, target: N, rule: fixed_indegree, indegree: 500, weight: 1, delay: 1.5}
"""

DOPAMINE = """
populations:
  - {name: [E, I], model: iaf_psc_exp, size: [1600, 400]}
  - {name: DA, model: parrot, size: 10}
projections:
  - {source: E, target: E, rule: fixed_indegree, indegree: 160, weight: 20, delay: 1,
     synapse: {model: stdp_dopamine, dopamine: DA, Wmax: 100}}
  - {source: E, target: I, rule: fixed_indegree, indegree: 160, weight: 20, delay: 1}
  - {source: I, target: [E, I], rule: fixed_indegree, indegree: 40, weight: -100, delay: 1}
stimuli:
  - {type: poisson, target: [E, I], rate: 10 kHz, weight: 20}
  - {type: poisson, target: DA, rate: 5 Hz}
recorders:
  - {type: spikes, population: [E, I]}
"""

EDGES = """
populations:
  - {name: N, model: iaf_psc_exp, size: 10000}
projections:
  - {source: N, target: N, rule: edges, file: edges.h5}
stimuli:
  - {type: poisson, target: N, rate: 9 kHz, weight: 40}
recorders:
  - {type: spikes, population: N}
"""

TRACES = """
populations:
  - {name: N, model: iaf_psc_exp, size: 1000}
stimuli:
  - {type: poisson, target: N, rate: 9 kHz, weight: 40}
recorders:
  - {type: traces, population: N, states: V_m, interval: 0.1 ms}
"""

RELAYED = """
populations:
  - {name: [A, B], model: parrot, size: 10000}
projections:
  - {source: A, target: B, rule: one_to_one, delay: 1}
stimuli:
  - {type: poisson, target: A, rate: 100 Hz}
recorders:
  - {type: spikes, population: [A, B]}
"""

MANY = """
populations:
  - {name: [%s], model: iaf_psc_exp, size: 50}
projections:
  - {source: [%s], target: [%s], rule: fixed_total_number, number: 250, weight: 10, delay: {distribution: uniform, low: 1,
     high: 3}}
stimuli:
  - {type: poisson, target: [%s], rate: 9 kHz, weight: 40}
recorders:
  - {type: spikes, population: [%s]}
""" % ((", ".join(f"P{i}" for i in range(100)),) * 5)

SPARSE = """
populations:
  - {name: N, model: lif, size: 200000, parameters: {V_reset: -65, V_th: -40, I_e: -38},
     initial: {V_m: {distribution: uniform, low: -65, high: -40}}}
projections:
  - {source: N, target: N, rule: fixed_indegree, indegree: 10, weight: 0.01, delay: 1}
"""

SPECTRUM = """
populations:
  - {name: N, model: lif, size: 600, parameters: {V_reset: -65, V_th: -40, I_e: -38}}
projections:
  - {source: N, target: N, rule: pairwise_bernoulli, probability: 0.1, weight: {distribution: normal, mean: 0, std: 0.03},
     balanced: true, delay: 0.1}
readouts:
  - name: z
    population: N
    filter: {rise: 2, decay: 20}
    supervisor: {type: sines, frequencies: 5 Hz}
    learning: {initial_p: 1e-6, interval: 2 ms, start: 20, stop: 100}
    feedback: {gain: 10}
    eigenvalues: %s
"""

SAVED = """
populations:
  - {name: N, model: aeif_cond_exp, size: 20000}
projections:
  - {source: N, target: N, rule: fixed_indegree, indegree: 100, weight: 1, delay: 1.5,
     synapse: {model: stdp, Wmax: 100}}
stimuli:
  - {type: poisson, target: N, rate: 8 kHz, weight: 8}
checkpoint: {every: 20 ms model}
recorders:
  - {type: spikes, population: N}
"""

OUTDEGREE = """
populations:
  - {name: N, model: iaf_psc_delta, size: 20000}
projections:
  - {source: N, target: N, rule: fixed_outdegree, outdegree: 200, weight: 0.1, delay: 1.5}
stimuli:
  - {type: poisson, target: N, rate: 10 kHz, weight: 0.12}
recorders:
  - {type: spikes, population: N}
"""

DENSE = """
populations:
  - {name: N, model: lif_adaptive, size: 3000}
projections:
  - {source: N, target: N, rule: all_to_all, receptor: in, weight: -0.01, delay: 1}
stimuli:
  - {type: poisson, target: N, rate: 1000 Hz, weight: 0.2}
recorders:
  - {type: spikes, population: N}
"""


def _simulation(milliseconds):
    return f"simulation: {{dt: 0.1 ms, duration: {milliseconds} ms}}\n"


def _make_edges(folder, number, neurons):
    """Edges with weights and delays, in no order."""
    random = numpy.random.default_rng(1)
    with h5py.File(os.path.join(folder, "edges.h5"), "w") as file:
        file["source"] = random.integers(neurons, size=number, dtype=numpy.uint32)
        file["target"] = random.integers(neurons, size=number, dtype=numpy.uint32)
        file["weight"] = random.normal(0, 5, number)
        file["delay"] = random.uniform(1, 3, number)


def make_networks(folder, length=1):
    """Writes the experiments, of so many times their usual duration. Returns (what it is, experiment file, settings,
    ranks, threads) of each; a layout a network, so that all kinds of layout come up."""
    _make_edges(folder, 2000000, 10000)
    texts = [("current-based", CURRENT, 400, 1, 2), ("adaptive exponential", ADAPTIVE, 400, 1, 1),
             ("Izhikevich", IZHIKEVICH, 400, 2, 1), ("driven, no synapses", DRIVEN, 400, 1, 1),
             ("silent", SILENT, 200, 1, 2), ("dopamine", DOPAMINE, 500, 1, 1), ("edges from a file", EDGES, 300, 2, 1),
             ("many traces", TRACES, 1000, 1, 1), ("parrots, many spikes", RELAYED, 2000, 2, 1),
             ("100 small populations", MANY, 200, 1, 2), ("sparse, 4 ranks", SPARSE, 100, 4, 1),
             ("all eigenvalues", SPECTRUM % "all", 500, 1, 1), ("20 eigenvalues", SPECTRUM % "20", 500, 1, 2),
             ("checkpoints, stdp", SAVED, 100, 2, 1), ("outdegrees", OUTDEGREE, 200, 2, 1),
             ("all to all", DENSE, 500, 1, 1)]
    networks = []
    for number, (name, text, duration, ranks, threads) in enumerate(texts):
        path = os.path.join(folder, f"network{number}.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(_simulation(duration * length) + text)
        networks.append((name, path, {}, ranks, threads))
    jobs = [("delta", "brunel.yaml", {"simulation.duration": 300, "recorders.0.start": 0}, 1, 1),
            ("conductances", "vogels_abbott_coba.yaml", {"simulation.duration": 1000, "recorders.0.start": 0}, 1, 2),
            ("Hodgkin-Huxley", "vogels_abbott_hh.yaml", {"simulation.duration": 100, "recorders.0.start": 0}, 1, 1),
            ("power-law stdp", "brunel_stdp.yaml",
             {"simulation.duration": 400, "projections.plastic.indegree": 300,
              "recorders.0.start": 0, "recorders.1.interval": 100}, 1, 2),
            ("FORCE", "force/lif_sine.yaml", {"simulation.duration": 800, "readouts.z.learning.start": 100,
                                              "readouts.z.learning.stop": 600}, 1, 2),
            ("images", "digits/digits.yaml", {"simulation.duration": 20000, "stimuli.training.stop": 10000,
                                              "stimuli.test.start": 10000}, 1, 1)]
    for name, file, settings, ranks, threads in jobs:
        scaled = {key: value if key.endswith("degree") else value * length for key, value in settings.items()}
        networks.append((name, os.path.join(EXPERIMENTS, file), scaled, ranks, threads))
    return networks
