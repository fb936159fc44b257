"""What export writes is the same network: run as SONATA, and read by `rule: edges`, it gives the same spikes."""
import os
import re
import sys
import tempfile

import h5py
import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from program import execute, expect, finish, run  # noqa: E402

HEAD = """
simulation: {dt: 0.1 ms, duration: 150 ms}
populations:
  - {name: Z, model: iaf_psc_exp, size: 80, parameters: {I_e: {distribution: uniform, low: 300, high: 700}},
     initial: {V_m: {distribution: uniform, low: -70, high: -56}}}
  - {name: A, model: iaf_cond_exp, size: 20, parameters: {I_e: 600}, positions: {type: uniform, extent: [2, 3]}}
  - {name: P, model: iaf_psc_exp_multisynapse, size: 12, parameters: {tau_syn: [1, 5, 9], I_e: 300}}
  - {name: S, model: spike_source, size: 3, spikes: {times: []}}
recorders: [{type: spikes, population: [Z, A, P]}]
projections:
"""
NET = HEAD + """
  - {source: [Z, A], target: [Z, A], rule: fixed_indegree, indegree: 10, weight: [[20, -50], [2, -3]],
     delay: {distribution: uniform, low: 0.5, high: 3}}
  - {name: named, source: A, target: A, rule: all_to_all, weight: 2.5, receptor: in, delay: 1 ms}
  - {name: learns, source: Z, target: Z, rule: pairwise_bernoulli, probability: 0.1, weight: 20, delay: 1.3 ms,
     synapse: {model: stdp, Wmax: 100, lambda: 0.05}}
  - {name: ports, source: Z, target: P, rule: fixed_indegree, indegree: 9, weight: 60, delay: 2 ms, receptor: 3}
  - {name: silent, source: S, target: Z, rule: all_to_all, weight: 1, delay: 1 ms}
"""


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def coordinates(output):
    with h5py.File(output) as file:
        return [file["nodes/A/0/" + axis][:].tolist() for axis in "xy"]


def main():
    with tempfile.TemporaryDirectory() as folder:
        net, output = write(folder + "/net.yaml", NET), folder + "/out.h5"
        expected = run(net, output)
        positions = coordinates(output)
        expect(expected["spikes"] > 300, f"{expected['spikes']} spikes are too few to show anything")
        for ranks, settings in ((1, []), (3, ["--set", "simulation.partition=round_robin"])):
            made = f"{folder}/made{ranks}"
            result = execute(["export", net, "-o", made] + settings, ranks, None)
            expect(result.returncode == 0 and "their spikes are not exported" in result.stderr, result.stderr)
            found = run(made + "/circuit_config.json", output, ranks=3 - ranks // 2)
            for key in ("spike_digest", "synapses"):
                expect(coordinates(output) == positions, f"exported by {ranks} ranks: other positions")
                expect(found[key] == expected[key], f"exported by {ranks} ranks: {key} {found[key]}, not {expected[key]}")
        # Coordinates that are not all there are nobody's places, and no reason to refuse the network.
        for number in range(8):
            if os.path.exists(f"{made}/nodes_{number}.h5"):
                with h5py.File(f"{made}/nodes_{number}.h5", "a") as file:
                    if "A" in file["nodes"]:
                        file["nodes/A/0/x"][3] = numpy.nan
        result = execute(["run", made + "/circuit_config.json", "-o", folder + "/nowhere.h5", "--progress", "off"])
        expect(result.returncode == 0 and "not used: x, y" in result.stderr, f"coordinates that are missing: {result.stderr}")
        with h5py.File(folder + "/nowhere.h5") as file:
            expect("x" not in file.get("nodes/A/0", {}), "places of which one is missing are in the output")
            expect(file["volley/summary"].attrs["spike_digest"].decode() == expected["spike_digest"], "other spikes without places")
        with open(made + "/nodes_2.json", encoding="utf-8") as file:
            nodes = file.read()
        write(made + "/nodes_2.json", re.sub(r'(?s)"tau_syn_1": (\S+),.*?: (\S+),.*?: ([0-9.e]+)', r'"tau_syn": [\1, \2, \3]', nodes))
        found = run(made + "/circuit_config.json", output)
        expect(found["spike_digest"] == expected["spike_digest"], "other spikes of parameters that are listed")
        with h5py.File(made + "/edges_2.h5") as file:
            (name, group), = file["edges"].items()
            expect(group["source_node_id"].attrs["node_population"] in ("Z", b"Z"), "population of the sources")
        synapse = ", synapse: {model: stdp, Wmax: 100, lambda: 0.05}"
        rows = []
        for number in range(8):
            with h5py.File(f"{made}/edges_{number}.h5") as file:
                (name, group), = file["edges"].items()
                ends = [file[f"edges/{name}/{end}_node_id"].attrs["node_population"] for end in ("source", "target")]
                source, target = (end.decode() if isinstance(end, bytes) else end for end in ends)
            rows.append(f'  - {{source: {source}, target: {target}, rule: edges, file: made3/edges_{number}.h5, '
                        f'group: "/edges/{name}"{synapse if name == "learns" else ", receptor: 3" if name == "ports" else ""}}}\n')
        found = run(write(folder + "/again.yaml", HEAD + "".join(rows)), output, ranks=2)
        expect(found["spike_digest"] == expected["spike_digest"], "other spikes from the edges of the files")
        again = execute(["export", net, "-o", made], threads=None)
        expect(again.returncode == 2 and "is there already; choose another folder" in again.stderr, again.stderr)
        missing = execute(["export", net], threads=None)
        expect(missing.returncode == 2 and "--output is missing" in missing.stderr, missing.stderr)
    finish()


if __name__ == "__main__":
    main()
