"""A network of hh_cond_exp_traub in NEURON: FOLDER RESOLVED - THREADS. Prints one line of JSON."""
import json
import os
import subprocess
import sys
import time

import numpy

from network import Network

AREA = 20_000e-8  # cm2


def load_channels(folder):
    """traub.mod, compiled by nrnivmodl; that of Debian looks for its files where they are not."""
    here, environment, debian = os.path.dirname(os.path.abspath(__file__)), {**os.environ}, "/usr/lib/nrn"
    if os.path.exists(f"{debian}/nrnmech_makefile"):
        home = os.path.join(folder, "nrn")
        os.makedirs(f"{home}/bin", exist_ok=True)
        for link, to in ((f"{home}/lib", debian), (f"{home}/bin/nrnmech_makefile", f"{debian}/nrnmech_makefile"),
                         (f"{home}/bin/nocmodl", "/usr/bin/nocmodl")):
            if not os.path.exists(link):
                os.symlink(to, link)
        environment.update(NRNHOME="/usr", NRNHOME_EXEC=home, LIBRARY_PATH=debian)
    result = subprocess.run(["nrnivmodl", here], cwd=folder, capture_output=True, text=True, env=environment)
    if not os.path.exists(os.path.join(folder, "x86_64", "libnrnmech.so")):
        sys.exit(f"nrnivmodl (on Debian in neuron-dev): {result.stdout}{result.stderr}")
    os.chdir(folder)  # where NEURON looks for it
    from neuron import h
    return h


def make_cell(h, p, number):
    cell = h.Section(name=f"cell{number}")
    cell.diam = cell.L = (AREA * 1e8 / numpy.pi) ** 0.5
    cell.cm = p["C_m"] * 1e-6 / AREA  # pF to uF/cm2
    cell.insert("pas")
    cell.insert("traub")
    cell.g_pas, cell.e_pas = p["g_L"] * 1e-9 / AREA, p["E_L"]
    cell.gnabar_traub, cell.gkbar_traub = p["g_Na"] * 1e-9 / AREA, p["g_K"] * 1e-9 / AREA
    cell.vt_traub, cell.ena, cell.ek = p["V_T"], p["E_Na"], p["E_K"]
    synapses = [h.ExpSyn(cell(0.5)), h.ExpSyn(cell(0.5))]
    for synapse, tau, reversal in zip(synapses, (p["tau_syn_ex"], p["tau_syn_in"]), (p["E_ex"], p["E_in"])):
        synapse.tau, synapse.e = tau, reversal
    return cell, synapses


def main():
    folder, resolved, _, threads = sys.argv[1:5]
    with open(resolved, encoding="utf-8") as file:
        network = Network(folder, file.read())
    h = load_channels(folder)
    begin = time.perf_counter()
    random, keep, cells = numpy.random.default_rng(1), [], {}
    parallel = h.ParallelContext()
    parallel.nthread(int(threads))
    for name, population in network.populations.items():
        if population.model != "hh_cond_exp_traub":
            raise SystemExit(f"no neurons {population.model}")
        cells[name] = [make_cell(h, population.numbers, i) for i in range(population.size)]
    for edges in network.edges:
        threshold = network.populations[edges.source_name]["V_T"] + 30
        weights, delays = (numpy.broadcast_to(values, len(edges.source)) for values in (abs(edges.weight) * 1e-3, edges.delay))
        for source, target, weight, delay in zip(edges.source, edges.target, weights, delays):
            section = cells[edges.source_name][source][0]
            keep.append(h.NetCon(section(0.5)._ref_v, cells[edges.target_name][target][1][edges.sign() < 0], threshold, float(delay),
                                 float(weight), sec=section))
    for stimulus in network.poisson:
        rate = stimulus["rate"] * stimulus["sources"] / 1000
        for i, (_, synapses) in enumerate(cells[stimulus["target"]]):
            source = h.NetStim()
            source.interval, source.noise, source.start = 1 / rate, 1, 0
            source.number = random.poisson(rate * min(stimulus["stop"], network.duration))
            source.noiseFromRandom123(i, 1, 0)
            keep += [source, h.NetCon(source, synapses[0], 0, network.dt, stimulus["weight"] * 1e-3)]
    counts = {name: h.Vector() for name in cells}
    for name, found in cells.items():
        for section, _ in found:
            connection = h.NetCon(section(0.5)._ref_v, None, network.populations[name]["V_T"] + 30, 0, 0, sec=section)
            connection.record(counts[name])
            keep.append(connection)
    h.dt, h.secondorder = network.dt, 0
    parallel.set_maxstep(10)
    h.finitialize()
    for name, found in cells.items():
        for (section, _), v in zip(found, numpy.broadcast_to(network.populations[name]["V_m"], len(found))):
            section.v = float(v)
    h.fcurrent()
    built = time.perf_counter()
    parallel.psolve(network.duration)
    seconds = time.perf_counter() - built
    rates = {name: len(spikes) / len(cells[name]) / network.duration * 1000 for name, spikes in counts.items()}
    print(json.dumps({"version": h.nrnversion(0), "build_s": built - begin, "simulate_s": seconds, "rates": rates,
                      "settings": "implicit Euler, gates cnexp by tables"}))


main()
