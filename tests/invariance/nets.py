"""Networks for the tests of invariance, and the comparison of two outputs."""
import os
import shutil
import sys

import h5py
import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import EXPERIMENTS, expect, run  # noqa: E402
from recorded_results import expect_recorded  # noqa: E402

RANKS, THREADS = (1, 2, 3, 4, 7), (1, 2, 3)
PARTITIONS, INTERVALS = ("block", "round_robin"), ("step", "min_delay")
DELIVERIES = ("auto", "listed", "direct")
EXCHANGES = ("allgather", "neighbour", "two_level", "auto")

# One step at least instead of 0.5 ms: everything is exchanged at once.
SHORT_DELAYS = {"projections.pairs.delay": "0.1 ms"}

SMALL = {
    "three neurons": """
populations:
  - {name: A, model: iaf_psc_delta, size: 2, parameters: {I_e: 700}}
  - {name: B, model: iaf_psc_exp, size: 1}
projections:
  - {source: A, target: [A, B], rule: all_to_all, weight: [[-1], [900]], delay: 0.3 ms}
simulation: {duration: 60 ms}
output: {precision: double}
recorders:
  - {type: spikes, population: [A, B]}
  - {name: trace, type: traces, population: A, states: V_m}
""",
    "no synapses": """
populations: [{name: A, model: iaf_psc_exp, size: 50, parameters: {I_e: {distribution: uniform, low: 300, high: 600}}}]
simulation: {duration: 50 ms}
recorders: [{type: spikes, population: A}]
""",
    "no recorders": """
populations: [{name: A, model: iaf_psc_exp, size: 50, parameters: {I_e: {distribution: uniform, low: 300, high: 600}}}]
projections: [{source: A, target: A, rule: fixed_indegree, indegree: 5, weight: 200, delay: 1.5 ms}]
simulation: {duration: 50 ms}
""",
    "small weights": """
populations:
  - {name: E, model: iaf_psc_exp, size: 80, parameters: {I_e: {distribution: uniform, low: 350, high: 500}}}
  - {name: I, model: iaf_psc_delta, size: 20, parameters: {I_e: 350}}
projections:
  - source: [E, I]
    target: [E, I]
    rule: fixed_indegree
    indegree: 10
    weight: {distribution: normal, mean: [[30, -100], [0.1, -0.4]], relative_std: 0.5}
    delay: {distribution: uniform, low: 0.1, high: 4}
simulation: {duration: 100 ms, weight_bits: 8}
output: {precision: double}
recorders:
  - {type: spikes, population: [E, I]}
  - {name: trace, type: traces, population: E, neurons: 0-9, states: V_m}
""",
    "one step": """
populations: [{name: A, model: iaf_psc_exp, size: 50, parameters: {V_reset: -80}, initial: {V_m: -50}}]
projections: [{source: A, target: A, rule: fixed_indegree, indegree: 5, weight: 200, delay: 1.5 ms}]
simulation: {duration: 0.1 ms}
output: {precision: double}
recorders:
  - {type: spikes, population: A}
  - {name: trace, type: traces, population: A, states: V_m}
""",
}


def make_everything(folder):
    """Puts everything.yaml and the data file that it names into a folder; returns its path."""
    random = numpy.random.default_rng(5)
    with h5py.File(os.path.join(folder, "everything.h5"), "w") as file:
        file["tau_syn_ex"] = random.uniform(1, 5, 120)
        file["currents/ex"] = random.uniform(0, 50, 120).astype("float32")
        n = 700
        file["edges/full/source"] = random.integers(0, 120, n).astype("uint32")
        file["edges/full/target"] = random.integers(0, 70, n).astype(">i8")
        file["edges/full/weight"] = random.normal(0.1, 0.3, n)
        file["edges/full/delay"] = random.uniform(0.5, 12, n)
        file["rates"] = numpy.column_stack([[0, 7.5, 21], random.uniform(0, 4000, (3, 120))])
        file["images"] = random.integers(0, 17, (6, 5, 1)).astype("uint8")
        file["labels"] = random.integers(0, 120, 6)
        file["edges/places/source"] = random.integers(0, 70, n).astype("uint8")
        file["edges/places/target"] = random.integers(0, 120, n).astype("int32")
    return shutil.copy(os.path.join(HERE, "everything.yaml"), folder)


def make_small(folder, name):
    path = os.path.join(folder, name.replace(" ", "_") + ".yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(SMALL[name])
    return path


def make_nets(folder):
    """The networks that run on all kinds of machines: name -> (file, settings)."""
    everything = make_everything(folder)
    microcircuit = {"network.scale.neurons": 0.02, "network.scale.indegree": 0.02, "simulation.duration": "250 ms",
                    "recorders.0.start": "0 ms"}
    return {"microcircuit": (os.path.join(EXPERIMENTS, "microcircuit.yaml"), microcircuit),
            "everything": (everything, {}),
            "everything, delays of one step": (everything, SHORT_DELAYS),
            "plastic": (os.path.join(HERE, "plastic.yaml"), {"simulation.duration": "1100 ms"})}  # swept at 1000 ms


def every_combination():
    machines = [(r, t, p, i) for r in RANKS for t in THREADS for p in PARTITIONS for i in INTERVALS]
    return [(*machine, DELIVERIES[number % 3]) for number, machine in enumerate(machines)]


def pairwise_combinations():
    """15 combinations in which each pair of values of two factors occurs."""
    chosen = []
    for r, ranks in enumerate(RANKS):
        for t, threads in enumerate(THREADS):
            chosen.append((ranks, threads, PARTITIONS[(r + t) % 2], INTERVALS[(r + t // 2) % 2],
                           DELIVERIES[(r + 2 * t) % 3]))
    return chosen


def content(output):
    """All datasets of what was recorded in an output by path."""
    found = {}

    def note(path, item):
        if isinstance(item, h5py.Dataset):
            found[path] = item[()]

    with h5py.File(output) as file:
        for root in file:
            if root not in ("volley", "spikes", "report"):  # the last two: links to what stands in recorders
                file[root].visititems(lambda path, item, root=root: note(root + "/" + path, item))
    return found


def same_bits(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def exchange_settings(exchange, ranks):
    """Two ranks are a group where there are more, so that two_level has two levels."""
    group = {"simulation.exchange_group": 2} if exchange == "two_level" and ranks > 2 else {}
    return {"simulation.exchange": exchange, **group}


def compare_combinations(name, net, combinations, folder, exchanges=EXCHANGES):
    """Runs a network on the smallest machine and in all combinations, each with one of the exchanges: same digest, same
    bits in all datasets."""
    experiment, settings = net
    first = os.path.join(folder, "first.h5")
    expected = run(experiment, first, settings)
    recorded = content(first)
    print(f"{name}: {expected['spikes']} spikes, digest {expected['spike_digest']}", flush=True)
    saved = os.path.join(folder, "saved.h5")
    run(experiment, saved, {**settings, "checkpoint.every": f"{expected['model_ms']} ms model"})
    expect_recorded(name, expected["spike_digest"], first, os.path.join(folder, "saved.checkpoint.h5"))
    for number, (ranks, threads, partition, interval, delivery) in enumerate(combinations):
        exchange = exchanges[number % len(exchanges)]
        case = f"{name}, {ranks} x {threads}, {partition}, {interval}, {delivery}, {exchange}"
        output = os.path.join(folder, "other.h5")
        where = {"simulation.partition": partition, "simulation.exchange_interval": interval,
                 "simulation.delivery": delivery, **exchange_settings(exchange, ranks)}
        found = run(experiment, output, {**settings, **where}, ranks, threads)
        for key in ("spike_digest", "spikes", "synapses", "synaptic_events"):
            expect(found[key] == expected[key], f"{case}: {key} {found[key]}, on one thread {expected[key]}")
        other = content(output)
        expect(other.keys() == recorded.keys(), f"{case}: datasets {sorted(other)}")
        different = [path for path in recorded if path in other and not same_bits(recorded[path], other[path])]
        expect(not different, f"{case}: different bits in {different}")
    return expected
