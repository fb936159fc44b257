"""Changes while an experiment runs: what they do is what stimuli, networks built otherwise and arithmetic say, and the bits are
the same on any ranks and threads, and after a restart before, at and after a change."""
import os
import sys
import tempfile

import h5py
import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", folder) for folder in ("support", "invariance")]
from nets import same_bits  # noqa: E402
from program import execute, expect, finish, read_trace, run  # noqa: E402

NET = """
simulation: {dt: 0.1 ms, duration: 60 ms, seed: 3}
populations:
  - {name: E, model: iaf_psc_exp, size: 60, parameters: {I_e: {distribution: uniform, low: 300, high: 600}}}
  - {name: I, model: iaf_psc_exp, size: 20, parameters: {I_e: 400}}
projections:
  - {source: E, target: [E, I], rule: fixed_indegree, indegree: 5, weight: 20, delay: {distribution: uniform, low: 0.5, high: 4}}
  - {source: I, target: E, rule: fixed_outdegree, outdegree: 10, weight: {distribution: normal, mean: -50, std: 5}, delay: 1 ms}
  - {name: w, source: E, target: I, rule: fixed_indegree, indegree: 5, weight: 10, delay: 1.5 ms,
     synapse: {model: stdp, Wmax: 100}, normalize: {every: 9 ms}}
stimuli:
  - {name: p, type: poisson, target: E, rate: 8 kHz, weight: 10}
  - {name: dc, type: dc, target: I, amplitude: 5}
output: {precision: double}
recorders:
  - {type: spikes, population: [E, I]}
  - {name: v, type: traces, population: [E, I], states: V_m, interval: 1 ms}
  - {type: weights, projection: w, interval: 1 ms}
  - {type: stimuli, stimulus: p, interval: 4 ms}
  - {name: given, type: stimuli, stimulus: dc, interval: 4 ms}
"""
CHANGES = """
changes:
  - {at: [40 ms, 20 ms], population: [E, I], neurons: [0-9, 5], states: {V_m: {distribution: uniform, low: -70, high: -60}}}
  - {at: 15 ms, population: E, parameters: {I_e: 500 pA, tau_m: {distribution: uniform, low: 9 ms, high: 11 ms}}}
  - {at: 15 ms, population: E, neurons: 3-30, parameters: {t_ref: 3.1 ms}}
  - {at: 20 ms, population: I, parameters: {C_m: 240 pF}}
  - {at: 20 ms, projection: "E->E", weight: 45}
  - {at: [20.5 ms, 30 ms], projection: [I->E, E->E], factor: 0.9}
  - {at: 22 ms, projection: w, weight: 33}
  - {at: 44 ms, projection: w, factor: 1.5}
  - {at: 30 ms, stimulus: p, values: {rate: 12 kHz, weight: 11}}
  - {at: 35 ms, stimulus: p, values: {rate: 2 kHz}}
  - {at: 30 ms, stimulus: dc, values: {amplitude: 200}}
"""
EVENTS = """
simulation: {engine: event, duration: 60 ms, seed: 3}
populations:
  - {name: E, model: iaf_psc_exp, size: 60, parameters: {I_e: {distribution: uniform, low: 300, high: 600}}}
projections:
  - {name: w, source: E, target: E, rule: fixed_indegree, indegree: 5, weight: 10, delay: 1.5 ms, synapse: {model: stdp, Wmax: 100}}
recorders:
  - {type: spikes, population: E}
  - {type: traces, population: E, states: V_m, interval: 1 ms}
  - {type: weights, projection: w, interval: 1 ms}
"""
STEP = """
simulation: {dt: 0.1 ms, duration: 40 ms}
populations: [{name: E, model: iaf_psc_exp, size: 4, parameters: {I_e: 0}}]
recorders: [{type: traces, population: E, states: V_m}]
output: {precision: double}
"""


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def data(output):
    """All recorded numbers, by their paths."""
    found = {}
    with h5py.File(output) as file:
        file.visititems(lambda name, node: found.update({name: node[:]}) if isinstance(node, h5py.Dataset) and node.ndim
                        and not name.startswith("volley") else None)
    return found


def expect_same(case, output, whole):
    found = data(output)
    expect(found.keys() == whole.keys(), f"{case}: other datasets")
    for name, values in whole.items():
        expect(same_bits(values, found[name]), f"{case}: {name} differs")


def check_restarts(net, whole, *ways):
    """Checkpoints between changes and at them; ways: which of them, the newest is 0, is gone on with on how many ranks."""
    output = net[:-len(".yaml")] + "-often.h5"
    words = ["run", net, "-o", output, "--checkpoint-every", "5 ms model", "--checkpoint-keep", "20"]
    result = execute(words, 2, 2)
    expect(result.returncode == 0, f"with checkpoints: {result.stderr}")
    expect_same("2 ranks, 2 threads, checkpoints", output, whole)
    for number, ranks in ways:
        resumed = f"{output}-on{number}.h5"
        checkpoint = f"{output[:-len('.h5')]}.checkpoint.h5.{number}"
        result = execute(["run", "-o", resumed, "--resume", checkpoint, "--checkpoint", resumed + ".c"], ranks)
        expect(result.returncode == 0, f"resuming {number}: {result.stderr}")
        expect_same(f"resumed {number} on {ranks}", resumed, whole)


def check_events(folder):
    """The event engine takes changes of neurons and of synapses that learn; the others it refuses."""
    text = EVENTS + CHANGES[:CHANGES.index("  - {at: 20 ms, projection")].replace("[E, I]", "[E, E]").replace(
        "population: I", "population: E").replace(", tau_m: {distribution: uniform, low: 9 ms, high: 11 ms}", ", tau_m: 11")
    net = write(os.path.join(folder, "events.yaml"), text + "  - {at: 22 ms, projection: w, weight: 33}\n")
    output = os.path.join(folder, "events.h5")
    digest = run(net, output)["spike_digest"]
    check_restarts(net, data(output), (9, 3))
    expect(run(net, output, {"changes": "[]"})["spike_digest"] != digest, "events: nothing is changed")
    step = STEP.replace("dt: 0.1 ms", "engine: event").replace("V_m}", "V_m, interval: 0.5}")
    traces = []
    for name, more in (("a", "changes: [{at: 10.25, population: E, parameters: {I_e: 400}}]"),
                       ("b", "stimuli: [{type: dc, target: E, amplitude: 400, start: 10.25}]")):
        run(write(os.path.join(folder, name + ".yaml"), step + more), os.path.join(folder, name + ".h5"))
        traces.append(read_trace(os.path.join(folder, name + ".h5"), "E")[1])
    expect(numpy.allclose(*traces, rtol=0, atol=1e-9) and numpy.ptp(traces[0]) > 10, "events: a step of I_e is none of dc")


def check_steps(folder):
    """A step of the constant current is that of a stimulus, and so is one of a stimulus' amplitude."""
    changes = {
        "parameter": "changes: [{at: 10.5 ms, population: E, parameters: {I_e: 400}}, {at: 25 ms, population: E, neurons: 0-3, "
                     "parameters: {I_e: 0}}]",
        "stimulus": "stimuli: [{name: d, type: dc, target: E, amplitude: 0}]\nchanges: [{at: 10.5 ms, stimulus: d, values: "
                    "{amplitude: 400}}, {at: 25 ms, stimulus: d, values: {amplitude: 0}}]",
        "steps": "stimuli: [{type: step_current, target: E, times: [10.5, 25], amplitudes: [400, 0]}]"}
    found = {}
    for name, text in changes.items():
        output = os.path.join(folder, name + ".h5")
        run(write(os.path.join(folder, name + ".yaml"), STEP + text), output)
        found[name] = read_trace(output, "E")[1]
    for name in changes:
        expect(same_bits(found[name], found["steps"]), f"a step by {name} is not that of step_current")
    expect(numpy.ptp(found["steps"]) > 10, "no step")


def check_lists(folder):
    """Parameters that are lists are changed as a list or one by one."""
    net = """
simulation: {duration: 40 ms, seed: 3}
populations:
  - {name: M, model: iaf_psc_exp_multisynapse, size: 3, parameters: {tau_syn: [2, 3]}}
stimuli:
  - {type: poisson, target: M, rate: 5 kHz, weight: 10, receptor: 1}
  - {type: poisson, target: M, rate: 5 kHz, weight: 10, receptor: 2}
recorders: [{type: traces, population: M, states: V_m}]
output: {precision: double}
changes: [{at: 10 ms, population: M, parameters: {%s}}]
"""
    traces = {}
    for values in ("tau_syn: [4, 5]", "tau_syn_1: 4, tau_syn_2: 5", "tau_syn: [2, 3]"):
        output = os.path.join(folder, "lists.h5")
        run(write(os.path.join(folder, "lists.yaml"), net % values), output)
        traces[values] = read_trace(output, "M")[1]
    first, second, same = traces.values()
    expect(same_bits(first, second) and not same_bits(first, same), "a list is not its values")
    result = execute(["check", write(os.path.join(folder, "lists.yaml"), net % "tau_syn: [4, 5, 6]")])
    words = "changes.0.parameters.tau_syn: 3 values of tau_syn listed, but iaf_psc_exp_multisynapse has 2, one for each receptor"
    expect(result.returncode == 2 and words in result.stderr, f"a list that is too long: {result.returncode} {result.stderr}")


# Faults that only values of neurons show, of a change that the run would come to.
WRONG = {"parameters: {V_th: {values: [-55, -55, -55, -80]}}": "parameters drawn for neuron 3 of E: V_reset must be below V_th",
         "parameters: {V_th: {values: [-55, -55]}}": "V_th: 2 values are given, for 4 neurons",
         "parameters: {C_m: {values: [1, 2, 3]}}": "C_m: 3 values are given, for 4 neurons",
         "states: {V_m: {values: [-60, -61]}}": "V_m: 2 values are given, for 4 neurons",
         "states: {V_m: {file: three.csv}}": "'three.csv' holds 3 values for 4 neurons"}


def check_faults(folder):
    """They are told before anything is written."""
    write(os.path.join(folder, "three.csv"), "1\n2\n3\n")
    for values, words in WRONG.items():
        write(os.path.join(folder, "wrong.yaml"), STEP + f"changes: [{{at: 30 ms, population: E, {values}}}]")
        for command in (["check", "wrong.yaml"], ["run", "wrong.yaml", "-o", "wrong.h5"]):
            result = execute(command, cwd=folder)
            expect(result.returncode == 2 and "wrong.yaml:" in result.stderr and f"changes.0: {words}" in result.stderr,
                   f"{command[0]}, {values}: {result.returncode}\n{result.stderr}")
        expect(not os.path.exists(os.path.join(folder, "wrong.h5.part")), f"{values}: the run had begun")
    some = STEP + "projections: [{source: E, target: E, rule: all_to_all, weight: {distribution: exponential, mean: 1.0e37}, delay: 1}]\n"
    write(os.path.join(folder, "wrong.yaml"), some + "changes: [{at: 5 ms, projection: E->E, factor: 30}]")
    result = execute(["run", "wrong.yaml", "-o", "wrong.h5"], 2, cwd=folder)
    expect(result.returncode == 2 and "which is beyond 3.40282e+38" in result.stderr, f"weights that are drawn: {result.stderr}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        net = write(os.path.join(folder, "net.yaml"), NET + CHANGES)
        output = os.path.join(folder, "whole.h5")
        digest = run(net, output)["spike_digest"]
        whole = data(output)
        times, potentials = read_trace(output, "v.E")
        row = numpy.argmin(abs(times - 20))
        expect(numpy.all(potentials[row][:10] <= -60) and len(set(potentials[row][:10])) == 10, "states are not set")
        with h5py.File(output) as file:
            weights, given = file["weights/w/data"][:], file["stimuli/given/data"][:]
        expected = [5] * 7 + [(20 * 5 + 20 * 200) / 40] + [200] * 7
        expect(numpy.allclose(given, numpy.array(expected)[:, None], rtol=1e-12), f"a changed stimulus is recorded as {given[:, 0]}")
        expect(numpy.all(weights[21] == 33) and numpy.allclose(weights[43], 1.5 * weights[42], rtol=0.2), "weights are not set")
        other = os.path.join(folder, "other.h5")
        run(net, other, {"simulation.delivery": "listed", "simulation.exchange_interval": "min_delay"}, 3)
        expect_same("3 ranks, listed", other, whole)
        check_restarts(net, whole, (9, 1), (8, 3), (6, 1)) # 15 ms, 20 ms, 30 ms: within a row of stimuli
        check_events(folder)
        plain = run(write(os.path.join(folder, "plain.yaml"), NET), output)["spike_digest"]
        same = "changes: [{at: 20 ms, projection: E->E, factor: 1}, {at: 30 ms, projection: E->I, weight: 20}, {at: 31 ms, " \
               "population: I, parameters: {I_e: 400}}]"
        found = run(write(os.path.join(folder, "same.yaml"), NET + same), output)
        expect(found["spike_digest"] == plain and digest != plain, "what changes nothing changes spikes")
        some = "changes: [{at: 5 ms, population: E, neurons: 0-3, parameters: {V_th: -40}}, {at: 6 ms, population: E, neurons: 0-3, " \
               "parameters: {V_reset: -50}}]"
        expect(execute(["check", write(os.path.join(folder, "some.yaml"), NET + some)]).returncode == 0, "some neurons, twice")
        seeds = [run(os.path.join(folder, "plain.yaml"), output, {"simulation.noise_seed": seed}) for seed in (3, 4)]
        expect(seeds[0]["spike_digest"] == plain and seeds[1]["spike_digest"] != plain, "noise_seed is not what differs")
        check_steps(folder)
        check_lists(folder)
        check_faults(folder)
    finish()


if __name__ == "__main__":
    main()
