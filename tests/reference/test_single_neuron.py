"""Neuron models against NEST 3.9: states at every step and spike times. What both integrate by the same rule agrees
within 1e-9 (mV, pA); what both approximate, by schemes of their own, within the bounds that TOLERANCES gives.

A NEST device sends its current as an event with a delay of 0.1 ms at least: the current of a dc_generator that is on in
[start, stop) flows in the neuron's steps that begin in [start + 0.1 ms, stop + 0.1 ms). Volley's dc stimulus flows in
the steps that begin in its own [start, stop). So the start and stop of the protocol are shifted by one step here.
Spikes need no shift: one stamped t with delay d acts at t + d in both.

Each protocol runs twice: with the spikes as stimuli of the neuron, and through parrots and projections. A parrot
stamps a spike with the time at which it arrives, so the spikes of its own stimulus are given one step earlier, with a
delay of one step."""
import csv
import gzip
import json
import os
import sys
import tempfile

import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from shifted import distance  # noqa: E402
from program import expect, finish, read_spikes, read_trace, run  # noqa: E402

DATA = os.path.join(HERE, "data")
STEP = 0.1
EXACT = 1e-9


# States to compare, each with its tolerance in its own unit. NEST's own errors are of the size of the larger ones.
TOLERANCES = {
    "iaf_psc_exp": {"V_m": EXACT, "I_syn_ex": EXACT, "I_syn_in": EXACT},
    "iaf_psc_alpha": {"V_m": EXACT},
    "iaf_psc_delta": {"V_m": EXACT},
    "iaf_cond_exp": {"V_m": 2e-3, "g_ex": 1e-3, "g_in": 1e-6},
    "iaf_cond_alpha": {"V_m": 1e-3, "g_ex": 1e-3, "g_in": 1e-6},
    "aeif_cond_exp": {"V_m": 5e-3, "w": 1e-4, "g_ex": 1e-5, "g_in": 1e-6},
    "hh_psc_alpha": {"V_m": 0.05, "Act_m": 1e-3, "Inact_h": 1e-3, "Act_n": 1e-3},
    "izhikevich": {"V_m": EXACT, "U_m": EXACT},
}

# Of split steps where the tolerances above are those with error control, which is tried besides.
SPLIT = {"aeif_cond_exp": {"V_m": 1e-2, "w": 2e-3}}

# By so many ms split steps may come later or sooner, besides: that is what counts where a spike changes by 300 mV/ms.
SHIFTS = {"hh_psc_alpha": 1e-3, "aeif_cond_exp": 5e-3}

EXPERIMENT = """
simulation: {{dt: {step} ms, duration: {duration_ms} ms}}
output: {{precision: double}}
populations:
  - {{name: neuron, model: {model}, size: 1}}
{parrots}
stimuli:
  - {{name: current, type: dc, target: neuron, amplitude: {dc_pA} pA, start: {dc_start} ms, stop: {dc_stop} ms}}
{spikes}
recorders:
  - {{type: spikes, population: neuron}}
  - {{name: trace, type: traces, population: neuron, states: [{states}]}}
"""

DIRECT = """\
  - {{name: ex, type: spike_times, target: neuron, times: {exc}, weight: {exc_weight}, delay: {exc_delay_ms} ms}}
  - {{name: in, type: spike_times, target: neuron, times: {inh}, weight: {inh_weight}, delay: {inh_delay_ms} ms}}
"""

PARROTS = """\
  - {{name: [ex, in], model: parrot, size: 1}}
projections:
  - {{source: ex, target: neuron, rule: one_to_one, weight: {exc_weight}, delay: {exc_delay_ms} ms}}
  - {{source: in, target: neuron, rule: one_to_one, weight: {inh_weight}, delay: {inh_delay_ms} ms}}
"""

TO_PARROTS = """\
  - {{name: ex, type: spike_times, target: ex, times: {exc}, delay: {step} ms}}
  - {{name: in, type: spike_times, target: in, times: {inh}, delay: {step} ms}}
"""


def times_text(times, shift=0.0):
    return "[" + ", ".join(f"{t + shift:.1f}" for t in times) + "]"


def write_experiment(path, model, protocol, through_parrots):
    shift = -STEP if through_parrots else 0.0
    values = {**protocol, **protocol["models"][model], "model": model, "step": STEP,
              "states": ", ".join(TOLERANCES[model]),
              "dc_start": protocol["dc_start_ms"] + STEP, "dc_stop": protocol["dc_stop_ms"] + STEP,
              "exc": times_text(protocol["exc_spike_times_ms"], shift),
              "inh": times_text(protocol["inh_spike_times_ms"], shift)}
    values["parrots"] = PARROTS.format(**values) if through_parrots else ""
    values["spikes"] = (TO_PARROTS if through_parrots else DIRECT).format(**values)
    with open(path, "w", encoding="utf-8") as file:
        file.write(EXPERIMENT.format(**values))


def read_reference(model):
    """Spike times, and columns of the trace by name."""
    with gzip.open(os.path.join(DATA, model + ".csv.gz"), "rt") as file:
        rows = list(csv.reader(file))
    columns = {name: numpy.array([float(row[i]) for row in rows[1:]]) for i, name in enumerate(rows[0])}
    with open(os.path.join(DATA, model + ".spikes.csv"), encoding="utf-8") as file:
        spikes = [float(line) for line in file.read().split()[1:]]
    return spikes, columns


def compare(case, output, model, reference, is_split):
    spikes, columns = reference
    times, _, _ = read_spikes(output, "neuron")
    expect(len(times) == len(spikes) and numpy.allclose(times, spikes, rtol=0, atol=1e-6),
           f"{case}: spikes at {times.tolist()}, NEST has {spikes}")
    states = {**TOLERANCES[model], **(SPLIT.get(model, {}) if is_split else {})}
    for state, tolerance in states.items():
        times, data = read_trace(output, f"trace.{state}" if len(states) > 1 else "trace")
        n = len(columns["time_ms"])
        is_aligned = len(times) >= n and numpy.allclose(times[:n], columns["time_ms"], rtol=0, atol=1e-6)
        expect(is_aligned, f"{case}: times of {state} differ from NEST's")
        if not is_aligned:
            continue
        difference = distance(data[:n, 0], columns[state], STEP, SHIFTS.get(model, 0) if is_split else 0)
        worst = int(numpy.argmax(difference))
        expect(difference[worst] <= tolerance,
               f"{case}: {state} differs by {difference[worst]:.3g} at {times[worst]:.1f} ms, first at "
               f"{times[numpy.argmax(difference > tolerance)]:.1f} ms")
        print(f"{case}: {state} within {difference[worst]:.2g} over {n} steps")


def main():
    with open(os.path.join(DATA, "single_neuron.json"), encoding="utf-8") as file:
        protocol = json.load(file)
    with tempfile.TemporaryDirectory() as folder:
        experiment, output = os.path.join(folder, "neuron.yaml"), os.path.join(folder, "neuron.h5")
        for model in sys.argv[1:] or TOLERANCES:
            reference = read_reference(model)
            for through_parrots in (False, True):
                write_experiment(experiment, model, protocol, through_parrots)
                for ranks in (1, 2):
                    run(experiment, output, ranks=ranks)
                    case = f"{model}, {'parrots' if through_parrots else 'stimuli'}, {ranks} ranks"
                    compare(case, output, model, reference, True)
            if model in SPLIT:
                run(experiment, output, {"simulation.integration": "adaptive"})
                compare(f"{model}, adaptive", output, model, reference, False)
    finish()


if __name__ == "__main__":
    main()
