"""A SONATA network with everything that is understood, against the same as an experiment file: on any ranks, after a restart, and
as check --resolved prints it. bad_input/test_sonata.py has what is wrong with others."""
import glob
import json
import os
import sys
import tempfile

import h5py
import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from program import execute, expect, finish, read_spikes, read_trace, run  # noqa: E402

N, V = 30, 8  # nodes: neurons of two types, virtual ones
random = numpy.random.default_rng(11)

FILES = {
    "config.json": {"network": "./net/circuit.json", "simulation": "simulation.json"},
    "net/circuit.json": {
        "manifest": {"$BASE": ".", "$MODELS": "$BASE/models"},
        "components": {"point_neuron_models_dir": "${MODELS}", "synaptic_models_dir": "$MODELS/synapses"},
        "networks": {"nodes": [{"nodes_file": "$BASE/nodes.h5", "node_types_file": "$BASE/types.csv"},
                               {"nodes_file": "virtual.h5", "node_types_file": "virtual.csv"}],
                     "edges": [{"edges_file": "$BASE/edges.h5", "edge_types_file": "edge_types.csv"},
                               {"edges_file": "in.h5", "edge_types_file": "in_types.csv"}]},
        "target_simulator": "NEST"},
    "net/models/a.json": {"C_m": 200.0, "tau_m": 12.0, "E_L": -65.0, "V_th": -52.0, "type": "point"},
    "net/models/b.json": {"C_m": 150.0, "V_m": -60.0},
    "net/models/synapses/plain.json": {},
    "net/models/synapses/minus.json": {"sign": -1, "delay": 7.0, "level_of_detail": "current"},
    "net/models/synapses/learns.json": {"lambda": 0.1, "Wmax": 200.0, "alpha": 1.1},
    "simulation.json": {
        "manifest": {"$OUT": "out"},
        "run": {"tstop": 120.0, "dt": 0.1, "nsteps_block": 100},
        "conditions": {"v_init": -80},
        "node_sets_file": "sets.json",
        "inputs": {"spikes": {"input_type": "spikes", "module": "h5", "input_file": "spikes.h5", "node_set": "virtual"},
                   "clamp": {"input_type": "current_clamp", "node_set": "excitatory", "amp": 250.0, "delay": 20.0,
                             "duration": 60.0}},
        "reports": {"v": {"cells": "some", "variable_name": "V_m", "module": "membrane_report", "dt": 1.0}},
        "output": {"output_dir": "$OUT", "spikes_file": "spikes.h5"}},
    "sets.json": {"excitatory": {"population": "cells", "ei": "e"}, "few": {"population": "cells", "node_id": [0, 1, 2, 9]},
                  "some": ["few", {"population": "cells", "node_id": [20]}]},
    "net/types.csv": "node_type_id ei model_type model_template dynamics_params\n"
                     "7 e point_process nest:iaf_psc_exp a.json\n3 i point_process nest:iaf_psc_exp b.json\n",
    "net/virtual.csv": "node_type_id model_type\n100 virtual\n",
    "net/edge_types.csv": "edge_type_id target_query syn_weight delay model_template dynamics_params\n"
                          "1 \"ei=='e' & x=='a b'\" 40.0 2.0 static_synapse plain.json\n"
                          "2 * NULL NULL static_synapse minus.json\n3 * 35.0 1.5 stdp_synapse learns.json\n",
    "net/in_types.csv": "edge_type_id syn_weight weight_function\n5 60.0 wmax\n",
}

EXPERIMENT = """
simulation: {dt: 0.1 ms, duration: 120 ms}
populations:
  - {name: cells, model: iaf_psc_exp, size: 30, initial: {V_m: {values: VM}},
     parameters: {C_m: {values: CM}, tau_m: {values: TAU}, E_L: {values: EL}, V_th: {values: VTH}, tau_syn_ex: {values: SYN}}}
  - {name: virtual, model: spike_source, size: 8, spikes: {times: TIMES, ids: IDS, off_grid: up}}
projections:
  - {source: cells, target: cells, rule: edges, file: plain.h5, group: static}
  - {source: cells, target: cells, rule: edges, file: plain.h5, group: learns,
     synapse: {model: stdp, lambda: 0.1, Wmax: 200, alpha: 1.1}}
  - {source: virtual, target: cells, rule: edges, file: plain.h5, group: in}
stimuli: [{type: dc, target: cells, neurons: NEURONS, amplitude: 250, start: 20 ms, stop: 80 ms}]
recorders:
  - {type: spikes, population: cells}
  - {name: v, type: traces, population: cells, neurons: [0-2, 9, 20], states: V_m, interval: 1 ms}
"""


def write(folder, files):
    for name, content in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content if isinstance(content, str) else json.dumps(content, indent="\t"))


def write_edges(path, name, source, target, columns, ends):
    with h5py.File(path, "w") as file:
        group = file.create_group("edges/" + name)
        for end, ids, of in (("source_node_id", source, ends[0]), ("target_node_id", target, ends[1])):
            group[end] = ids
            group[end].attrs["node_population"] = of
        for key, values in columns.items():
            group[key] = values


def make_network(folder):
    """Writes the network in both ways. Node ids, groups of nodes and of edges stand in other orders than one after another."""
    write(folder, FILES)
    net = os.path.join(folder, "net")
    order, types, group = random.permutation(N), random.choice([7, 3], N), random.integers(0, 2, N)
    index = numpy.zeros(N, int)
    for g in (0, 1):
        index[group == g] = random.permutation((group == g).sum())
    tau_syn, c_m = random.uniform(1, 4, N), random.uniform(180, 260, N)
    with h5py.File(net + "/nodes.h5", "w") as file:
        nodes = file.create_group("nodes/cells")
        nodes["node_id"], nodes["node_type_id"] = order.astype("uint8"), types.astype("int16")[order]
        nodes["node_group_id"], nodes["node_group_index"] = group[order].astype("int8"), index[order].astype("uint16")
        for g in (0, 1):
            of = numpy.flatnonzero(group == g)
            place = numpy.argsort(index[of])
            nodes[f"{g}/dynamics_params/tau_syn_ex"] = tau_syn[of][place]
            nodes[f"{g}/x"] = numpy.zeros(len(of))
        nodes["1/dynamics_params/C_m"] = c_m[numpy.flatnonzero(group == 1)][numpy.argsort(index[group == 1])]
    with h5py.File(net + "/virtual.h5", "w") as file:
        file["nodes/virtual/node_type_id"] = numpy.full(V, 100)
    n = 900
    source, target, kind = random.integers(0, N, n), random.integers(0, N, n), random.choice([1, 2, 3], n)
    where, row, nsyns = random.integers(0, 2, n), numpy.zeros(n, int), random.integers(1, 4, n)
    where[kind == 2] = 1
    own = random.uniform(10, 60, n)
    delays = random.integers(5, 40, n) / 10
    for g in (0, 1):
        row[where == g] = random.permutation((where == g).sum())
    columns = {"edge_type_id": kind.astype("uint8"), "edge_group_id": where.astype("int32"),
               "edge_group_index": row.astype("uint16")}
    for g in (0, 1):
        columns[f"{g}/nsyns"] = nsyns[where == g][numpy.argsort(row[where == g])].astype("uint8")
    columns["1/syn_weight"] = own[where == 1][numpy.argsort(row[where == 1])]
    columns["1/delay"] = delays[where == 1][numpy.argsort(row[where == 1])]
    write_edges(net + "/edges.h5", "cells_cells", source.astype("uint16"), target.astype("int64"), columns, ("cells", "cells"))
    weight = numpy.where(where == 1, own, numpy.where(kind == 1, 40.0, 35.0)) * nsyns * numpy.where(kind == 2, -1, 1)
    delay = numpy.where(where == 1, delays, numpy.where(kind == 1, 2.0, 1.5))
    n_in = 160
    in_source, in_target = random.integers(0, V, n_in), random.integers(0, N, n_in)
    write_edges(net + "/in.h5", "virtual_cells", in_source.astype("uint32"), in_target.astype("uint8"),
                {"edge_type_id": numpy.full(n_in, 5)}, ("virtual", "cells"))
    times, ids = random.uniform(0.001, 119, 400).round(3), random.integers(0, V, 400)
    with h5py.File(folder + "/spikes.h5", "w") as file:
        file["spikes/timestamps"], file["spikes/gids"] = times + random.uniform(-0.0004, 0.0004, 400), ids.astype("int32")
    with h5py.File(folder + "/plain.h5", "w") as file:
        for name, chosen in (("static", kind != 3), ("learns", kind == 3)):
            for key, values in (("source", source), ("target", target), ("weight", weight), ("delay", delay)):
                file[f"{name}/{key}"] = values[chosen]
        for key, values in (("source", in_source), ("target", in_target), ("weight", numpy.full(n_in, 60.0)),
                            ("delay", numpy.full(n_in, 1.0))):
            file["in/" + key] = values
    a = types == 7
    values = {"VM": numpy.where(a, -70.0, -60.0), "CM": numpy.where(group == 1, c_m, numpy.where(a, 200.0, 150.0)),
              "TAU": numpy.where(a, 12.0, 10.0), "EL": numpy.where(a, -65.0, -70.0), "VTH": numpy.where(a, -52.0, -55.0),
              "SYN": tau_syn, "TIMES": times, "IDS": ids, "NEURONS": numpy.flatnonzero(a)}
    text = EXPERIMENT
    for key, numbers in values.items():
        text = text.replace(key, str(numbers.tolist()), 1)
    write(folder, {"plain.yaml": text})
    return folder + "/config.json", folder + "/plain.yaml"


def check_small(folder):
    config, plain = make_network(folder)
    output, other = folder + "/sonata.h5", folder + "/plain_out.h5"
    expected = run(plain, other, ranks=2)
    for ranks, threads in ((1, 1), (3, 2)):
        found = run(config, output, ranks=ranks, threads=threads)
        for key in ("spike_digest", "synapses", "neurons", "spikes"):
            expect(found[key] == expected[key], f"{ranks} ranks: {key} {found[key]}, as an experiment {expected[key]}")
    expect(expected["spikes"] > 500, f"{expected['spikes']} spikes are too few to show anything")
    expect(numpy.array_equal(read_trace(output, "v")[1], read_trace(other, "v")[1]), "other traces")
    with h5py.File(output) as file:
        expect(file["report/cells/mapping/node_ids"][:].tolist() == [0, 1, 2, 9, 20], "nodes of the report")
    told = execute(["check", config]).stderr
    for text in ("of run not used: nsteps_block", "of conditions not used: v_init", "of /nodes/cells/0 not used: x"):
        expect(told.count(text) == 1, f"'{text}' is not told once:\n{told}")
    resolved = execute(["check", config, "--resolved"]).stdout
    write(folder, {"resolved.yaml": resolved})
    again = run(folder + "/resolved.yaml", output, ranks=2)
    expect(again["spike_digest"] == expected["spike_digest"], "other spikes of the experiment that check --resolved prints")
    ignored = execute(["run", config, "-o", output, "--overwrite", "--nsyns", "ignore"]).stdout
    expect("spike digest" in ignored and expected["spike_digest"] not in ignored, f"--nsyns ignore:\n{ignored}")
    part = {"simulation.duration": "50 ms", "checkpoint.every": "50 ms model"}
    run(config, output, part)
    result = execute(["run", config, "-o", output, "--resume", output.replace(".h5", ".checkpoint.h5"), "--overwrite"], 2)
    expect(expected["spike_digest"] in result.stdout, f"other spikes after a restart:\n{result.stdout}{result.stderr}")


# A population of three models, whose nodes come in any order, and the same as populations of one model each.
MIXED, MODELS = 150, {"a": "nest:iaf_psc_exp", "b": "nest:glif_psc", "v": None}
TYPES = {"a": 7, "b": 3, "v": 12}


def mixed_files(names):
    """Files of the network whose models a, b, v are in the SONATA populations `names`."""
    lines = {name: "node_type_id ei model_type model_template dynamics_params\n" for name in names.values()}
    for model, name in names.items():
        lines[name] += f"{TYPES[model]} {model} " + (f"point_process {MODELS[model]} {model}.json\n" if MODELS[model]
                                                    else "virtual NULL NULL\n")
    nodes = [{"nodes_file": name + ".h5", "node_types_file": name + ".csv"} for name in lines]
    simulation = {
        "run": {"tstop": 80.0, "dt": 0.1},
        "inputs": {"spikes": {"input_type": "spikes", "module": "h5", "input_file": "in.h5", "node_set": "virtual"},
                   "clamp": {"input_type": "current_clamp", "node_set": "driven", "amp": 300.0, "delay": 5.0, "duration": 60.0}},
        "reports": {"v": {"cells": "neurons", "variable_name": "V_m", "module": "multimeter_report", "dt": 0.5}},
        "node_sets": {"virtual": {"ei": "v"}, "neurons": {"ei": ["a", "b"]}, "driven": {"ei": ["a", "b"]}},
        "output": {"output_dir": "out"}}
    circuit = {"components": {"point_neuron_models_dir": ".", "synaptic_models_dir": "."},
               "networks": {"nodes": nodes, "edges": [{"edges_file": "edges.h5", "edge_types_file": "edges.csv"}]}}
    return {"config.json": dict(simulation, **circuit), "a.json": {"tau_m": 12.0, "E_L": -65.0},
            "b.json": {"V_th": -58.0, "V_m": -72.0}, "named.json": {"receptor_type": 1}, "plain.json": {},
            "edges.csv": "edge_type_id syn_weight delay model_template dynamics_params\n"
                         "1 60.0 1.5 static_synapse plain.json\n2 90.0 2.0 static_synapse named.json\n"
                         "3 900.0 1.0 static_synapse plain.json\n",
            **{name + ".csv": text for name, text in lines.items()}}


def make_mixed(folder, names, models, edges, spikes):
    """Writes the network; returns by model the ids of its nodes, in the order of `models`."""
    ids = numpy.zeros(len(models), int)
    for name in set(names.values()):
        of = numpy.array([names[model] == name for model in models])
        ids[of] = numpy.arange(of.sum())
        os.makedirs(folder, exist_ok=True)
        with h5py.File(f"{folder}/{name}.h5", "w") as file:
            group = file.create_group("nodes/" + name)
            group["node_type_id"] = [TYPES[model] for model in models[of]]
            group["0/x"], group["0/y"] = numpy.flatnonzero(of) * 1.0, numpy.flatnonzero(of) * 2.0
            group["0/dynamics_params/tau_syn_ex"] = numpy.where(models[of] == "a", 1 + numpy.flatnonzero(of) / 100, numpy.nan)
    write(folder, mixed_files(names))
    for s, t in sorted({(names[models[i]], names[models[k]]) for i, k, _ in edges}):
        chosen = [(i, k, kind) for i, k, kind in edges if (names[models[i]], names[models[k]]) == (s, t)]
        with h5py.File(folder + "/edges.h5", "a") as file:
            group = file.create_group(f"edges/{s}_{t}")
            for end, column, of in (("source_node_id", 0, s), ("target_node_id", 1, t)):
                group[end] = ids[[edge[column] for edge in chosen]]
                group[end].attrs["node_population"] = of
            group["edge_type_id"] = [edge[2] for edge in chosen]
    with h5py.File(folder + "/in.h5", "w") as file:
        group = file.create_group("spikes/" + names["v"])
        group["timestamps"], group["node_ids"] = spikes[0], ids[spikes[1]]
    return {model: ids[models == model] for model in names}


def trains(path, names, ids):
    """Spikes of the models a and b: times, and their places among all nodes of the model."""
    found = []
    for model in "ab":
        times, nodes, _ = read_spikes(path, names[model])
        of = numpy.isin(nodes, ids[model])
        found += [times[of], numpy.searchsorted(ids[model], nodes[of])]
    return found


def same(one, other):
    return all(numpy.array_equal(x, y) for x, y in zip(one, other))


def check_mixed(folder):
    models = random.choice(["a", "a", "b", "v"], MIXED)
    places = {model: numpy.flatnonzero(models == model) for model in MODELS}
    edges = [(i, k, {"a": 1, "b": 2}[models[k]] if models[i] != "v" else 3 if models[k] == "a" else 2)
             for i, k in random.integers(0, MIXED, (4000, 2)) if models[k] != "v"]
    spikes = random.uniform(0.001, 79, 900).round(1) + 0.1, random.choice(places["v"], 900)
    together, apart = dict.fromkeys(MODELS, "cells"), {"a": "pyr", "b": "inh", "v": "ext"}
    one, other = folder + "/together", folder + "/apart"
    ids, apart_ids = (make_mixed(path, names, models, edges, spikes) for path, names in ((one, together), (other, apart)))
    run(other + "/config.json", other + "/out.h5")
    truth = trains(other + "/out.h5", apart, apart_ids)
    expect(len(truth[0]) > 100 and len(truth[2]) > 100, f"{len(truth[0])} and {len(truth[2])} spikes show too little")
    digests = set()
    for ranks in (1, 2, 3):
        digests.add(run(one + "/config.json", one + "/out.h5", {"simulation.partition": "round_robin"}, ranks)["spike_digest"])
        expect(same(trains(one + "/out.h5", together, ids), truth), f"mixed models, {ranks} ranks: other spikes")
        with h5py.File(one + "/out.h5") as file, h5py.File(other + "/out.h5") as file_apart:
            times, nodes = file["spikes/cells/timestamps"][:], file["spikes/cells/node_ids"][:]
            expect(same([numpy.lexsort((nodes, times))], [numpy.arange(len(times))]), f"{ranks} ranks: not sorted")
            nodes, data = file["report/cells/mapping/node_ids"][:], file["report/cells/data"][:]
            expect(same([nodes], [numpy.flatnonzero(models != "v")]), f"{ranks} ranks: nodes of the report {nodes}")
            for model in "ab":
                of = numpy.isin(nodes, ids[model])
                expect(same([data[:, of]], [file_apart[f"report/{apart[model]}/data"][:]]), f"{ranks} ranks: traces of {model}")
            expect(same([file["nodes/cells/0/x"][:][models != "v"]], [numpy.flatnonzero(models != "v")]), "positions")
    expect(len(digests) == 1, f"digests by ranks: {digests}")
    check_handed_on(folder, one, (together, ids, truth))


def check_handed_on(folder, one, wanted):
    """What comes of a mixed network elsewhere: in the resolved experiment, exported, after a restart, its spikes as inputs, in info."""
    names, ids, truth = wanted
    write(one, {"mixed.yaml": execute(["check", one + "/config.json", "--resolved"]).stdout})
    run(one + "/mixed.yaml", one + "/again.h5")
    expect(same(trains(one + "/again.h5", names, ids), truth), "mixed models: other spikes as an experiment")
    run(one + "/config.json", one + "/again.h5", {"simulation.duration": "31 ms", "checkpoint.every": "31 ms model"})
    execute(["run", one + "/config.json", "-o", one + "/again.h5", "--resume", one + "/again.checkpoint.h5", "--overwrite"], 2)
    expect(same(trains(one + "/again.h5", names, ids), truth), "mixed models: other spikes after a restart")
    told = execute(["info", one + "/out.h5"], threads=None).stdout
    expect(f"cells {MIXED:22d}" in told, f"info knows nothing of the nodes:\n{told}")
    write(folder, {"back.yaml": f"""
simulation: {{dt: 0.1 ms, duration: 80 ms}}
populations: [{{name: s, model: spike_source, size: {MIXED}, spikes: {{file: {one}/out.h5, population: cells}}}}]
recorders: [{{type: spikes, population: s}}]"""})
    run(folder + "/back.yaml", one + "/back.h5")
    expect(same(read_spikes(one + "/back.h5", "s")[:2], read_spikes(one + "/out.h5", "cells")[:2]), "spikes that are read back")
    result = execute(["export", one + "/config.json", "-o", folder + "/exported"], threads=None)
    expect(result.returncode == 0, result.stdout + result.stderr)
    with open(folder + "/exported/circuit_config.json", encoding="utf-8") as file:
        circuit = json.load(file)
    with open(one + "/config.json", encoding="utf-8") as file:
        config = dict(json.load(file), **{key: circuit[key] for key in ("components", "networks", "manifest") if key in circuit})
    config["node_sets"] = {key: {"model_type" if key == "virtual" else "model_template":
                                 "virtual" if key == "virtual" else [m for m in MODELS.values() if m]}
                           for key in config["node_sets"]}
    config["inputs"]["spikes"]["input_file"] = one + "/in.h5"
    write(folder, {"exported/config.json": config})
    run(folder + "/exported/config.json", one + "/again.h5")
    expect(same(trains(one + "/again.h5", names, ids), truth), "mixed models: other spikes of what is exported")


ODD = {
    "config.json": {
        "components": {"point_neuron_models_dir": ".", "synaptic_models_dir": "."}, "run": {"tstop": 30.0, "dt": 0.1},
        "networks": {"nodes": [{"nodes_file": "nodes.h5", "node_types_file": "types.csv"}],
                     "edges": [{"edges_file": "edges.h5", "edge_types_file": "edges.csv"}]},
        "inputs": {"s": {"input_type": "spikes", "module": "csv", "input_file": "in.csv", "node_set": {"ei": "v"}}}},
    "types.csv": "node_type_id ei model_type model_template dynamics_params\n7 a point_process nest:iaf_psc_exp p.json\n"
                 "3 b point_process nest:iaf_psc_alpha p.json\n12 v virtual NULL NULL\n",
    "edges.csv": "edge_type_id syn_weight delay nsyns model_template dynamics_params\n"
                 "1 10.0 1.5 3 static_synapse p.json\n2 5000.0 1.0 NULL static_synapse p.json\n",
    "p.json": {}, "in.csv": "population,timestamps,node_ids\ncells,1.0,2\nv2,11.0,2\n"}


def check_odd(folder):
    """Names that would be made up are there already, nsyns of edges or else of types, no edges, and spikes of several populations."""
    write(folder, ODD)
    with h5py.File(folder + "/nodes.h5", "w") as file:
        for name, types in (("cells", [7, 3, 12, 7]), ("cells_iaf_psc_exp", [7]), ("v2", [12] * 3)):
            file[f"nodes/{name}/node_type_id"] = types
    for number, (name, source, ids, target, onto, kind) in enumerate((
            ("cc", "cells", [0, 0, 0, 0, 2], "cells", [0, 1, 3, 1, 0], [1, 1, 1, 2, 2]), ("cc_2", "v2", [2], "cells", [3], [2]),
            ("empty", "cells", [], "cells", [], []))):
        with h5py.File(folder + "/edges.h5", "a") as file:
            group = file.create_group("edges/" + name)
            for end, nodes, of in (("source_node_id", ids, source), ("target_node_id", onto, target)):
                group[end] = nodes
                group[end].attrs["node_population"] = of
            group["edge_type_id"] = kind
            if number == 0:
                group["edge_group_id"], group["edge_group_index"], group["1/nsyns"] = [0, 0, 1, 1, 0], [0, 1, 0, 1, 2], [2, 5]
    found = execute(["run", "config.json", "-o", "out.h5"], 2, cwd=folder)
    expect(found.returncode == 0, f"odd network: {found.stdout}{found.stderr}")
    times, ids, _ = read_spikes(folder + "/out.h5", "cells")
    first = {node: times[ids == node][0] for node in (0, 3)}
    expect(2 < first[0] < 5 and 12 < first[3] < 15, f"the first spikes of neurons {first}, not after those of cells and v2")
    execute(["export", "config.json", "-o", "exported"], threads=None, cwd=folder)
    weights = {}
    for path in glob.glob(folder + "/exported/edges_*.h5"):
        with h5py.File(path) as file:
            for name, group in file["edges"].items():
                weights[name] = sorted(group["0/syn_weight"][:].tolist())
    found = sorted(sum(weights.values(), []))
    expect({"cc", "cc_2", "cc_3"} <= set(weights) and weights["cc_2"] == [5000], f"populations of edges {weights}")
    expect(found == [20, 30, 30, 5000, 5000, 25000], f"weights, nsyns times, {found}")
    with h5py.File(folder + "/exported/nodes_0.h5") as file:
        expect({"0", "1", "2"} <= set(file["nodes/cells"]), f"groups of the exported nodes {list(file['nodes/cells'])}")
    write(folder, {"in.csv": "population,timestamps,node_ids\ncells,1.0,2\n"})
    found = execute(["check", "config.json"], cwd=folder)
    expect(found.returncode == 2 and "has spikes of 'cells' and none of 'v2'" in found.stderr, f"for v2: {found.stderr}")
    alone = {"s": dict(ODD["config.json"]["inputs"]["s"], node_set="v2")}
    write(folder, {"config.json": dict(ODD["config.json"], inputs=alone)})
    found = execute(["check", "config.json"], cwd=folder)
    expect(found.returncode == 0 and "no spikes of 'v2'; those of 'cells' are taken" in found.stderr, f"note: {found.stderr}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        check_small(folder)
        check_mixed(folder)
        check_odd(folder + "/odd")
    finish()


if __name__ == "__main__":
    main()
