"""More neuron models against NEST 3.9, all in one run: states every 0.5 ms and spike times. What both integrate by the same
rule agrees within 1e-9 (mV, pA); what both approximate, by schemes of their own, within the bounds of TOLERANCES.
Currents are shifted by a step for the reason that test_single_neuron.py tells."""
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

EXACT = 1e-9
AEIF = {"V_m": 5e-3, "w": 1e-4}  # with error control; of split steps:
SPLIT, SHIFT = {"V_m": 0.05, "w": 0.1}, 0.03  # ms, see test_single_neuron.py

# States to compare, each with its tolerance in its own unit. NEST's own errors are of the size of the larger ones.
TOLERANCES = {
    "aeif_cond_alpha": {**AEIF, "g_ex": 1e-5, "g_in": 1e-5},
    "aeif_psc_exp": {**AEIF, "I_syn_ex": 1e-4, "I_syn_in": 1e-4},
    "aeif_psc_alpha": AEIF,
    "aeif_cond_beta_multisynapse": AEIF,
    "iaf_cond_beta": {"V_m": 1e-3, "g_ex": 1e-3, "g_in": 1e-6},
    "iaf_cond_exp_sfa_rr": {"V_m": 2e-3, "g_ex": 1e-5, "g_in": 1e-5, "g_sfa": 1e-5, "g_rr": 1e-3},
    "mat2_psc_exp": {"V_m": EXACT, "V_th": EXACT},
    "iaf_psc_exp_multisynapse": {"V_m": EXACT},
    "iaf_psc_alpha_multisynapse": {"V_m": EXACT},
    **{"glif_psc_" + kind: {"V_m": EXACT, "threshold": EXACT, "ASCurrents_sum": EXACT}
       for kind in ("lif", "lif_r", "lif_asc", "lif_r_asc", "lif_r_asc_a")},
}
NMDA = {"V_m": 5e-3, "s_AMPA": 1e-4, "s_GABA": 1e-4, "s_NMDA": 1e-6}
OPPOSITE = {("aeif_psc_exp", "I_syn_in")}  # in NEST, which subtracts it


def experiment(data, cases):
    step = data["dc_delay_ms"]
    window = {"start": data["dc_start_ms"] + step, "stop": data["dc_stop_ms"] + step}
    net = {"simulation": {"dt": data["resolution_ms"], "duration": data["duration_ms"]},
           "output": {"precision": "double"}, "populations": [], "stimuli": [], "recorders": []}
    for name, case in cases.items():
        net["populations"].append({"name": name, "model": case["model"], "size": 1, "parameters": case["set"]})
        net["stimuli"].append({"name": name + "_dc", "type": "dc", "target": name, "amplitude": case["dc_pA"], **window})
        for k, given in enumerate(case["inputs"]):
            stimulus = {"name": f"{name}_{k}", "type": "spike_times", "target": name, "weight": given["weight"],
                        "times": data["spike_times_ms"][given["train"]], "delay": given["delay_ms"]}
            net["stimuli"].append({**stimulus, "receptor": given["port"]} if given["port"] else stimulus)
        net["recorders"].append({"type": "spikes", "population": name})
        net["recorders"].append({"name": name, "type": "traces", "population": name, "states": list(TOLERANCES[name]),
                                 "interval": data["interval_ms"]})
    return net


def add_nmda(net, data):
    """The first neuron drives the second through NMDA receptors."""
    case = data["nmda"]
    for name in ("first", "second"):
        net["populations"].append({"name": name, "model": case["model"], "size": 1})
        net["recorders"].append({"type": "spikes", "population": name})
    for given in case["inputs"]:
        net["stimuli"].append({"name": f"{given['to']}_{given['receptor']}", "type": "spike_times", "target": given["to"],
                               "times": data["spike_times_ms"][given["train"]], "weight": given["weight"],
                               "delay": given["delay_ms"], "receptor": given["receptor"]})
    net["projections"] = [{"source": "first", "target": "second", "rule": "one_to_one", "weight": case["weight"],
                           "delay": case["delay_ms"], "receptor": "NMDA", "synapse": {"model": "nmda_gating"}}]
    net["recorders"].append({"name": "second", "type": "traces", "population": "second", "states": list(NMDA),
                             "interval": data["interval_ms"]})


def compare(name, case, output, tolerances, is_split=False):
    times, _, _ = read_spikes(output, name)
    expect(len(times) == len(case["spikes_ms"]) and numpy.allclose(times, case["spikes_ms"], rtol=0, atol=1e-6),
           f"{name}: spikes at {times.tolist()}, NEST has {case['spikes_ms']}")
    for state, tolerance in tolerances.items():
        times, data = read_trace(output, f"{name}.{state}" if len(tolerances) > 1 else name)
        given = numpy.array(case["states"][state]) * (-1 if (name, state) in OPPOSITE else 1)
        expect(len(times) >= len(given), f"{name}: {len(times)} samples of {state}, NEST has {len(given)}")
        difference = distance(data[:len(given), 0], given, times[1] - times[0], SHIFT if is_split else 0)
        worst = int(numpy.argmax(difference))
        expect(difference[worst] <= tolerance, f"{name}: {state} differs by {difference[worst]:.3g} at {times[worst]:.1f} "
               f"ms, first at {times[numpy.argmax(difference > tolerance)]:.1f} ms")
        print(f"{name}: {state} within {difference[worst]:.2g}")


def main():
    with gzip.open(os.path.join(HERE, "data", "more_neurons.json.gz"), "rt") as file:
        data = json.load(file)
    cases = {name: case for name, case in data["neurons"].items() if name in TOLERANCES}
    with tempfile.TemporaryDirectory() as folder:
        path, output = os.path.join(folder, "neurons.yaml"), os.path.join(folder, "neurons.h5")
        with open(path, "w", encoding="utf-8") as file:
            net = experiment(data, cases)
            add_nmda(net, data)
            json.dump(net, file)
        for integration in ("adaptive", "splitting"):
            run(path, output, {"simulation.integration": integration})
            for name, case in cases.items():
                is_split = integration == "splitting" and name.startswith("aeif")
                compare(name, case, output, {**TOLERANCES[name], **(SPLIT if is_split else {})}, is_split)
        nmda = data["nmda"]
        times, _, _ = read_spikes(output, "first")
        expect(numpy.allclose(times, nmda["spikes_ms"]["first"], rtol=0, atol=1e-6), f"first: spikes at {times.tolist()}")
        compare("second", {"spikes_ms": nmda["spikes_ms"]["second"], "states": nmda["states_of_second"]}, output, NMDA)
    finish()


if __name__ == "__main__":
    main()
