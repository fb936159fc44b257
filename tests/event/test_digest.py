"""The same spikes at the same times, bit for bit, from the event engine on every number of ranks and threads and with every
partition, also where a rank holds no neuron or has nothing to do for long.

A selection of the combinations, a part of it for each net; test_digest_long.py has them all."""
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
sys.path.insert(0, os.path.join(HERE, "..", "invariance"))
from nets import compare_combinations  # noqa: E402
from program import expect, finish  # noqa: E402

RANKS, THREADS, PARTITIONS = (1, 2, 3, 4), (1, 2, 3), ("block", "round_robin")
NETS = {
    "events, three neurons": """
simulation: {engine: event, duration: 60 ms}
populations:
  - {name: A, model: iaf_psc_delta, size: 2, parameters: {I_e: 700}}
  - {name: B, model: iaf_psc_exp, size: 1}
projections:
  - {source: A, target: [A, B], rule: all_to_all, weight: [[-1], [900]], delay: 0.3 ms}
output: {precision: double}
recorders:
  - {type: spikes, population: [A, B]}
  - {name: trace, type: traces, population: A, states: V_m, interval: 0.3 ms}
""",
    # every spike causes a hundred at one time, which come together at 60 neurons again
    "events, bursts": """
simulation: {engine: event, duration: 30 ms}
populations:
  - {name: A, model: parrot, size: 40}
  - {name: B, model: iaf_psc_delta, size: 60, parameters: {t_ref: 1 ms}}
projections:
  - {source: A, target: B, rule: all_to_all, weight: 0.375, delay: 1 ms}
  - {source: B, target: [A, B], rule: fixed_indegree, indegree: [[1], [3]], weight: [[1], [-0.25]], delay: [[2 ms], [0.5 ms]]}
stimuli:
  - {type: spike_times, target: A, times: [0, 3, 3, 7.5]}
recorders:
  - {type: spikes, population: [A, B]}
""",
    # long times without anything, for all or for all but one rank
    "events, silence": """
simulation: {engine: event, duration: 100 s}
populations: [{name: A, model: iaf_psc_exp, size: 50}, {name: B, model: parrot, size: 50}]
projections:
  - {source: A, target: A, rule: fixed_indegree, indegree: 5, weight: 500, delay: 0.01 ms}
  - {source: B, target: A, rule: one_to_one, weight: 3000, delay: 25 s}
stimuli:
  - {type: spike_times, target: B, neurons: 3, times: [12, 30000, 30000.001]}
  - {type: spike_times, target: A, neurons: 49, times: [77777.7], weight: 3000}
recorders:
  - {type: spikes, population: [A, B]}
""",
}


def every_combination():
    return [(r, t, p, "step", "auto") for r in RANKS for t in THREADS for p in PARTITIONS]


def some_combinations():
    """Each number of ranks with each of threads, and either partition with all of both."""
    return [(r, t, PARTITIONS[(r + t) % 2], "step", "auto") for r in RANKS for t in THREADS if r * t > 1]


def main(combinations):
    with tempfile.TemporaryDirectory() as folder:
        nets = {"events": os.path.join(HERE, "everything.yaml"), "events, plastic": os.path.join(HERE, "plastic.yaml")}
        for name, text in NETS.items():
            nets[name] = os.path.join(folder, name.replace(", ", "_").replace(" ", "_") + ".yaml")
            with open(nets[name], "w", encoding="utf-8") as file:
                file.write(text)
        for number, (name, path) in enumerate(nets.items()):
            found = compare_combinations(name, (path, {}), combinations(number), folder, ("allgather", "auto"))
            expect(found["spikes"] > 5 and found["synaptic_events"] > 5, f"{name}: too quiet to show anything")
    finish()


if __name__ == "__main__":
    main(lambda number: some_combinations()[number::6] if number else some_combinations()[::3])
