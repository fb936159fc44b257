"""Plastic synapses against NEST 3.9: weights and currents within 1e-6 (relative).

NEST's volume transmitter brings dopamine with a delay of 1 ms and updates the synapses at 1600 ms: so the source of
such a pair spikes then, too.

A pair's source is a parrot; its target is made to spike at given times by a current of one step. A parrot stamps a
spike with the time at which it arrives: its stimulus is given one step earlier, with a delay of one step. NEST reads a
synapse at its last spike; so the source spikes once more at the end, and the weight is recorded when this arrives."""
import json
import os
import sys
import tempfile

import h5py
import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import expect, finish, read_spikes, read_trace, run  # noqa: E402

STEP = 0.1
TOLERANCE = 1e-6
FIRST = 50.0  # ms, first spike of the source
DOPAMINE_DELAY = 1.0  # ms
DOPAMINE_UPDATE = 1600.0  # ms


def times_text(times, shift=0.0):
    return "[" + ", ".join(f"{time + shift:.1f}" for time in times) + "]"


def spike_source(name, times):
    """A parrot that spikes at these times, as entries of populations and stimuli."""
    stimulus = f"  - {{type: spike_times, target: {name}, times: {times_text(times, -STEP)}, delay: {STEP} ms}}\n"
    return f"  - {{name: {name}, model: parrot, size: 1}}\n", stimulus if times else ""


def spike_target(name, times):
    """A neuron that spikes at these times, through a current that lifts it over its threshold within a step."""
    steps = [time for t in times for time in (t - STEP, t)]
    amplitudes = len(times) * [1e5, 0]
    return (f"  - {{name: {name}, model: iaf_psc_exp, size: 1, parameters: {{t_ref: 0.1}}}}\n",
            f"  - {{type: step_current, target: {name}, times: {times_text(steps)}, amplitudes: {amplitudes}}}\n")


def final_weight(group, time):
    """The weight in the row of a time."""
    first, _, step = group["mapping/time"][:]
    return group["data"][round((time - first) / step), 0]


def run_pairs(cases, rule, folder, last=()):
    """Runs all cases, each a source and a target; rule(case, number) gives the synapse's mapping and entries of
    populations and stimuli. last: more spikes of the sources. Returns the final weights."""
    populations, stimuli, projections, recorders, targets = "", "", "", "", []
    for n, case in enumerate(cases):
        first = case.get("first_pre_ms", FIRST)
        before = [first + k * case["period_ms"] for k in range(case["pairs"])]
        after = [time + case["pair_dt_ms"] for time in before]
        synapse, more_populations, more_stimuli = rule(case, n)
        for population, stimulus in (spike_source(f"s{n}", before + [case["final_pre_spike_ms"], *last]),
                                     spike_target(f"t{n}", after), (more_populations, more_stimuli)):
            populations += population
            stimuli += stimulus
        projections += (f"  - {{name: p{n}, source: s{n}, target: t{n}, rule: one_to_one, weight: {case['w0']}, "
                        f"delay: {case['dendritic_delay_ms']} ms, synapse: {synapse}}}\n")
        recorders += (f"  - {{type: weights, projection: p{n}, interval: {STEP} ms}}\n"
                      f"  - {{type: spikes, population: [s{n}, t{n}]}}\n")
        targets.append(after)
    path = os.path.join(folder, "pairs.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"simulation: {{dt: {STEP} ms, duration: {1605 if last else 1505} ms}}\npopulations:\n{populations}"
                   f"projections:\n{projections}stimuli:\n{stimuli}recorders:\n{recorders}")
    output = path + ".h5"
    run(path, output)
    for n, times in enumerate(targets):
        found = read_spikes(output, f"t{n}")[0]
        expect(len(found) == len(times) and numpy.allclose(found, times), f"target {n} spikes at {found}, not {times}")
    with h5py.File(output) as file:
        return [final_weight(file[f"weights/p{n}"], [case["final_pre_spike_ms"], *last][-1] + case["dendritic_delay_ms"])
                for n, case in enumerate(cases)]


def compare(what, found, expected):
    error = abs(found - expected) / abs(expected)
    expect(error <= TOLERANCE, f"{what}: {found!r}, reference {expected!r}, relative difference {error:.2g}")
    return error


def check_stdp(cases, folder):
    def rule(case, _):
        return (f"{{model: stdp, lambda: {case['lambda_']}, alpha: {case['alpha']}, tau_plus: {case['tau_plus_ms']}, "
                f"tau_minus: {case['tau_minus_ms']}, mu_plus: {case['mu_plus']}, mu_minus: {case['mu_minus']}, "
                f"Wmax: {case['Wmax']}}}", "", "")

    weights = run_pairs(cases, rule, folder)
    errors = [compare(f"stdp {case['mu_plus']}, {case['mu_minus']}, {case['pair_dt_ms']} ms", weight,
                      case["weight_after"]) for case, weight in zip(cases, weights)]
    print(f"stdp: {len(cases)} cases, greatest relative difference {max(errors):.2g}")


def check_dopamine(cases, folder):
    def rule(case, n):
        population, stimulus = spike_source(f"d{n}", case["dopamine_spike_times_ms"])
        return (f"{{model: stdp_dopamine, dopamine: d{n}, dopamine_delay: {DOPAMINE_DELAY}, A_plus: {case['A_plus']}, "
                f"A_minus: {case['A_minus']}, tau_plus: {case['tau_plus_ms']}, tau_minus: {case['tau_minus_ms']}, "
                f"tau_c: {case['tau_c_ms']}, tau_n: {case['tau_n_ms']}, b: {case['b']}, Wmin: {case['Wmin']}, "
                f"Wmax: {case['Wmax']}}}", population, stimulus)

    weights = run_pairs(cases, rule, folder, [DOPAMINE_UPDATE])
    errors = [compare(f"stdp_dopamine {case['pair_dt_ms']} ms, {case['dopamine_spike_times_ms']}", weight,
                      case["weight_after"]) for case, weight in zip(cases, weights)]
    print(f"stdp_dopamine: {len(cases)} cases, greatest relative difference {max(errors):.2g}")


def check_tsodyks(cases, folder):
    errors = []
    for name, case in cases.items():
        population, stimulus = spike_source("s", case["spike_times_ms"])
        path = os.path.join(folder, name + ".yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"simulation: {{dt: {STEP} ms, duration: 410 ms}}\n"
                       f"populations:\n  - {{name: t, model: iaf_psc_exp, size: 1}}\n{population}"
                       f"projections:\n  - {{source: s, target: t, rule: one_to_one, weight: {case['weight_pA']}, "
                       f"delay: 1 ms, synapse: {{model: tsodyks2, U: {case['U']}, tau_rec: {case['tau_rec_ms']}, "
                       f"tau_fac: {case['tau_fac_ms']}}}}}\nstimuli:\n{stimulus}"
                       f"recorders:\n  - {{name: trace, type: traces, population: t, states: I_syn_ex}}\n")
        run(path, path + ".h5")
        times, currents = read_trace(path + ".h5", "trace")
        for spike, expected in zip(case["spike_times_ms"], case["psc_increments_pA"]):
            at = int(numpy.argmin(abs(times - spike - 1)))
            jump = currents[at, 0] - currents[at - 1, 0] * numpy.exp(-STEP / 2)
            errors.append(compare(f"tsodyks2 {name}, {spike} ms", jump, expected))
    print(f"tsodyks2: {len(errors)} spikes, greatest relative difference {max(errors):.2g}")


def check_transmitted(cases, folder):
    """What random spikes of a source transmit, seen in the target's synaptic current; the target spikes, too."""
    populations, stimuli, projections, recorders = "", "", "", ""
    for name, case in cases.items():
        model = name.removesuffix("_synapse")
        given = {**case["parameters"], **({"u": 0.5} if model == "tsodyks2" else {})}  # NEST's default, whatever U is
        parameters = "".join(f", {key}: {value}" for key, value in given.items())
        for population, stimulus in (spike_source(f"s_{model}", case["pre_parrot_spikes_ms"]),
                                     spike_target(f"t_{model}", case["post_parrot_spikes_ms"])):
            populations += population
            stimuli += stimulus
        projections += (f"  - {{source: s_{model}, target: t_{model}, rule: one_to_one, weight: {case['weight_0']}, "
                        f"delay: {case['delay_ms']} ms, synapse: {{model: {model}{parameters}}}}}\n")
        recorders += (f"  - {{name: {model}, type: traces, population: t_{model}, states: I_syn_ex}}\n"
                      f"  - {{type: spikes, population: t_{model}}}\n")
    path = os.path.join(folder, "transmitted.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"simulation: {{dt: {STEP} ms, duration: 1005 ms}}\noutput: {{precision: double}}\n"
                   f"populations:\n{populations}projections:\n{projections}stimuli:\n{stimuli}recorders:\n{recorders}")
    run(path, path + ".h5")
    for name, case in cases.items():
        model = name.removesuffix("_synapse")
        found = read_spikes(path + ".h5", f"t_{model}")[0]
        expect(numpy.allclose(found, case["post_parrot_spikes_ms"]), f"{model}: the target spikes at {found}")
        times, currents = read_trace(path + ".h5", model)
        errors = []
        for spike, expected in case["weight_transmitted"]:
            at = int(numpy.argmin(abs(times - spike - case["delay_ms"])))
            jump = currents[at, 0] - currents[at - 1, 0] * numpy.exp(-STEP / 2)
            errors.append(compare(f"{model}, {spike} ms", jump, expected))
        print(f"{model}: {len(errors)} spikes, greatest relative difference {max(errors):.2g}")


def read_data(name):
    with open(os.path.join(HERE, "data", name), encoding="utf-8") as file:
        return json.load(file)


def main():
    data = read_data("plasticity.json")
    with tempfile.TemporaryDirectory() as folder:
        check_stdp(data["stdp_synapse"], folder)
        check_tsodyks(data["tsodyks2_synapse"], folder)
        check_dopamine(data["stdp_dopamine_synapse"], folder)
        check_transmitted(read_data("more_plasticity.json"), folder)
    finish()


if __name__ == "__main__":
    main()
