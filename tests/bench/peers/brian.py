"""A network in Brian 2: FOLDER RESOLVED TARGET THREADS, TARGET numpy, cython or cpp_standalone. Prints one line of JSON."""
import json
import sys
import time
import warnings

import numpy

from network import Network

warnings.filterwarnings("ignore")
from brian2 import (Network as Brian, NeuronGroup, PoissonGroup, PoissonInput, SpikeMonitor, Synapses, __version__, defaultclock, get_device,
                    ms, prefs, seed, set_device)

# Numbers in ms, mV, pA, nS, pF; times of decay carry the unit.
SYNAPSES = {
    "current": "dI_ex/dt = -I_ex / tau_ex / ms : 1\ndI_in/dt = -I_in / tau_in / ms : 1\n",
    "alpha": "dI_ex/dt = (s_ex - I_ex) / tau_ex / ms : 1\ndI_in/dt = (s_in - I_in) / tau_in / ms : 1\n"
             "ds_ex/dt = -s_ex / tau_ex / ms : 1\nds_in/dt = -s_in / tau_in / ms : 1\n",
    "conductance": "dg_ex/dt = -g_ex / tau_ex / ms : 1\ndg_in/dt = -g_in / tau_in / ms : 1\n",
}
LEAKY = "dV/dt = ((E_L - V) / tau_m + (I_ex + I_in + I_e) / C_m) / ms : 1 (unless refractory)\n"
FIRES = {"threshold": "V > V_th", "reset": "V = V_reset", "refractory": "t_ref * ms"}
HH = """
dV/dt = (-g_Na * m**3 * h * (V - E_Na) - g_K * n**4 * (V - E_K) - g_L * (V - E_L) + g_ex * (E_ex - V) + g_in * (E_in - V) + I_e) / C_m / ms : 1
dm/dt = (0.32 * 4 / exprel((13 - V + V_T) / 4) * (1 - m) - 0.28 * 5 / exprel((V - V_T - 40) / 5) * m) / ms : 1
dn/dt = (0.032 * 5 / exprel((15 - V + V_T) / 5) * (1 - n) - 0.5 * exp((10 - V + V_T) / 40) * n) / ms : 1
dh/dt = (0.128 * exp((17 - V + V_T) / 18) * (1 - h) - 4 / (1 + exp((40 - V + V_T) / 5)) * h) / ms : 1
"""
# equations, method, what else, the variables that excitatory and inhibitory synapses add to, and by what factor of a weight
MODELS = {
    "iaf_psc_exp": (LEAKY + SYNAPSES["current"], "exact", FIRES, ("I_ex", "I_in"), lambda p, sign: 1),
    "iaf_psc_alpha": (LEAKY + SYNAPSES["alpha"], "exact", FIRES, ("s_ex", "s_in"), lambda p, sign: numpy.e),
    "iaf_cond_exp": ("dV/dt = (g_L * (E_L - V) + g_ex * (E_ex - V) + g_in * (E_in - V) + I_e) / C_m / ms : 1 (unless refractory)\n"
                     + SYNAPSES["conductance"], "exponential_euler", FIRES, ("g_ex", "g_in"), lambda p, sign: sign),
    "hh_cond_exp_traub": (HH + SYNAPSES["conductance"], "exponential_euler",
                          {"threshold": "V > V_T + 30", "refractory": "V > V_T + 30"}, ("g_ex", "g_in"), lambda p, sign: sign),
}
STDP_PL = {"model": "w : 1\ndplus/dt = -plus / tau_plus / ms : 1 (event-driven)\ndminus/dt = -minus / tau_minus / ms : 1 (event-driven)",
           "on_pre": "{variable}_post += {factor} * w\nw = clip(w - lambda_ * alpha * w * minus, 0, inf)\nplus += 1",
           "on_post": "w += lambda_ * w0 * (w / w0)**mu * plus\nminus += 1"}


def make_group(population, name):
    equations, method, fires, _, _ = MODELS[population.model]
    p = population.numbers
    constants = {key: value for key, value in p.items() if not numpy.ndim(value) and key not in ("g_ex", "g_in")}  # those are states
    constants.update(tau_ex=p["tau_syn_ex"], tau_in=p["tau_syn_in"])
    group = NeuronGroup(population.size, equations, method=method, namespace=constants, name=name, **fires)
    for key in ("V_m", "I_e"):
        if numpy.ndim(p.get(key, 0)):
            if key == "I_e":
                raise SystemExit("no currents that differ")
    group.V = p["V_m"]
    for ours, theirs in (("Act_m", "m"), ("Act_n", "n"), ("Inact_h", "h")):
        if ours in p:
            setattr(group, theirs, p[ours])
    return group


def make_synapses(edges, groups, populations, number):
    target = populations[edges.target_name]
    _, _, _, variables, factor_of = MODELS[target.model]
    variable, factor = variables[edges.sign() < 0], factor_of(target, edges.sign())
    if edges.model == "static":
        factor /= target["tau_syn_ex" if edges.sign() > 0 else "tau_syn_in"] if target.model == "iaf_psc_alpha" else 1
        how, namespace = {"model": "w : 1", "on_pre": f"{variable}_post += {factor!r} * w"}, {}
    elif edges.model == "stdp_pl":
        factor /= target["tau_syn_ex"]
        how = {key: value.format(variable=variable, factor=repr(factor)) for key, value in STDP_PL.items()}
        namespace = {{"lambda": "lambda_"}.get(key, key): value for key, value in edges.numbers.items()}
    else:
        raise SystemExit(f"no synapses {edges.model}")
    synapses = Synapses(groups[edges.source_name], groups[edges.target_name], namespace=namespace, name=f"synapses_{number}", **how)
    synapses.connect(i=edges.source.astype(numpy.int32), j=edges.target.astype(numpy.int32))
    synapses.w = edges.weight
    synapses.delay = edges.delay * ms if not numpy.ndim(edges.delay) else numpy.asarray(edges.delay) * ms
    return synapses


def make_input(stimulus, groups, populations, number):
    target = populations[stimulus["target"]]
    _, _, _, variables, factor_of = MODELS[target.model]
    weight = stimulus["weight"] * factor_of(target, 1) / (target["tau_syn_ex"] if target.model == "iaf_psc_alpha" else 1)
    if numpy.isinf(stimulus["stop"]):
        return [PoissonInput(groups[target.name], variables[0], stimulus["sources"], stimulus["rate"] / (1000 * ms), weight)]
    rate = stimulus["rate"] * stimulus["sources"]
    sources = PoissonGroup(target.size, f"{rate} * Hz * int(t < {stimulus['stop']} * ms)", name=f"poisson_{number}")
    synapses = Synapses(sources, groups[target.name], on_pre=f"{variables[0]}_post += {weight!r}", name=f"input_{number}")
    synapses.connect(j="i")
    return [sources, synapses]


def main():
    folder, resolved, target, threads = sys.argv[1:5]
    with open(resolved, encoding="utf-8") as file:
        network = Network(folder, file.read())
    if target == "cpp_standalone":
        set_device("cpp_standalone", build_on_run=False, directory=folder + "/brian")
        prefs.devices.cpp_standalone.openmp_threads = 0 if threads == "1" else int(threads)
        prefs.codegen.cpp.extra_compile_args_gcc = ["-O3", "-march=native", "-ffast-math", "-w"]  # Brian's own, but for this machine
    else:
        prefs.codegen.target = target
    defaultclock.dt = network.dt * ms
    seed(1)
    begin = time.perf_counter()
    groups = {name: make_group(population, f"group_{k}") for k, (name, population) in enumerate(network.populations.items())}
    parts = list(groups.values())
    parts += [make_synapses(edges, groups, network.populations, k) for k, edges in enumerate(network.edges)]
    for k, stimulus in enumerate(network.poisson):
        parts += make_input(stimulus, groups, network.populations, k)
    monitors = {name: SpikeMonitor(group, record=False) for name, group in groups.items()}
    brian = Brian(*parts, *monitors.values())
    if target == "cpp_standalone":
        brian.run(network.duration * ms)
        get_device().build(directory=folder + "/brian", compile=True, run=False, with_output=False)
        built = time.perf_counter()
        get_device().run(directory=folder + "/brian", with_output=False, run_args=[])
        seconds = get_device()._last_run_time
    else:
        brian.run(network.dt * ms)  # generates the code
        built = time.perf_counter()
        brian.run(network.duration * ms)
        seconds = time.perf_counter() - built
    rates = {name: monitor.num_spikes / network.populations[name].size / network.duration * 1000 for name, monitor in monitors.items()}
    print(json.dumps({"version": __version__, "build_s": built - begin, "simulate_s": seconds, "rates": rates,
                      "settings": ", ".join(sorted({MODELS[p.model][1] for p in network.populations.values()}))}))


main()
