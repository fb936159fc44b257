"""What can be wrong with a SONATA network: exit code 2, and a message that names file and place, by check or run, every fifth on 3 ranks
(test_three_ranks_long.py: all). Each case is the network of command_line/test_sonata_networks.py with one thing changed; three programs at a time."""
import concurrent.futures
import os
import shutil
import sys
import tempfile

import h5py
import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", folder) for folder in ("support", "command_line")]
from program import execute, expect, finish  # noqa: E402
from test_sonata_networks import N, make_network  # noqa: E402

CASES = [  # file, what is there, what is there instead, message
    ("net/circuit.json", '"$MODELS": "$BASE/models"', '"$MODELS": "$A/m", "$A": "${MODELS}"',
     "the variables of the manifest refer to each other in a circle"),
    ("net/circuit.json", '"$BASE/nodes.h5"', '"$BAS/nodes.h5"', "the manifest has no variable '$BAS'"),
    ("net/circuit.json", '"$BASE/nodes.h5"', '"none.h5"', "none.h5"),
    ("net/circuit.json", '"$BASE/types.csv"', '"none.csv"', "none.csv' cannot be opened: No such file"),
    ("net/circuit.json", '"$BASE/edges.h5"', '"nodes.h5"', "has no populations in /edges"),
    ("net/types.csv", "3 i point", "4 i point", "there is no node_type_id 3, which node"),
    ("net/types.csv", "3 i point", "7 i point", "the node_type_id 7 stands twice"),
    ("net/types.csv", "nest:iaf_psc_exp a", "nest:iaf_psc_ex a", "the model 'nest:iaf_psc_ex' is not known"),
    ("net/types.csv", "i point_process", "i biophysical", "nodes of the type 'biophysical' are not known"),
    ("net/types.csv", "e point_process ", "point_process ", "types.csv:2:1: 4 cells; the line of names has 5"),
    ("net/types.csv", "3 i point_process nest", "3 i virtual nest", "of cells, which is virtual"),
    ("net/types.csv", "iaf_psc_exp b", "glif_psc b", "'tau_syn_ex' is no parameter of nest:glif_psc, and would not count"),
    ("net/types.csv", "b.json", "c.json", "models/c.json' cannot be opened"),
    ("net/models/a.json", '"C_m"', '"C_n"', "'C_n' is no parameter of nest:iaf_psc_exp, and would not count"),
    ("net/models/a.json", "200.0", '"much"', "C_m of nest:iaf_psc_exp is no number"),
    ("net/models/a.json", "12.0", "-12.0", "tau_m"),
    ("net/models/synapses/plain.json", "{}", '{"tau_x": 3}', "'tau_x' is no parameter of a static synapse"),
    ("net/models/synapses/plain.json", "{}", '{"receptor_type": 1.5}', "receptor_type is 1.5; a whole number"),
    ("net/edge_types.csv", "static_synapse plain", "quantal_synapse plain", "the synapse model 'quantal_synapse' is not known"),
    ("net/edge_types.csv", "3 * 35.0", "4 * 35.0", "has the edge_type_id 3, of which nothing is said"),
    ("net/edge_types.csv", "3 * 35.0", "2 * 35.0", "edge_types.csv:4:1: 2: the edge_type_id 2 stands twice"),
    ("net/in_types.csv", "wmax", "gauss", "the weight function 'gauss' is a script's"),
    ("net/in_types.csv", "60.0 wmax", "NULL wmax", "has no dataset 'weight'"),
    ("simulation.json", '"node_set": "virtual"', '"node_set": "virtua"', "there is no node set and no population 'virtua'"),
    ("simulation.json", '"node_set": "virtual"', '"node_set": "cells"', "spikes are given to cells, which is not virtual"),
    ("simulation.json", '"input_type": "spikes"', '"input_type": "noise"', "the input_type 'noise' is not understood"),
    ("simulation.json", '"spikes.h5",', '"none.h5",', "none.h5"),
    ("simulation.json", '"V_m"', '"V_n"', "unknown state of iaf_psc_exp 'V_n'; did you mean 'V_m'?"),
    ("simulation.json", '"tstop": 120.0,', "", "the key 'duration' is missing"),
    ("sets.json", '"ei": "e"', '"eo": "e"', "no type of nodes of cells has 'eo'"),
    ("sets.json", '"population": "cells",\n\t\t"ei": "e"', '"eo": "e"', "no node meets this node set"),
    ("net/circuit.json", '"$BASE/nodes.h5"', '"$BASE/nodes.h5", "enabled": false', "no file of nodes has such a population"),
    ("config.json", "{", "{,", "config.json"),
]


def change_data(path, name, values, attribute=None):
    with h5py.File(path, "a") as file:
        if attribute:
            file[name].attrs[attribute] = values
            return
        del file[name]
        if values is not None:
            file[name] = values


DATA = [  # file, dataset, values, message
    ("net/nodes.h5", "nodes/cells/node_type_id", None, "nodes.h5' has no dataset '/nodes/cells/node_type_id'"),
    ("net/nodes.h5", "nodes/cells/node_id", numpy.zeros(N, int), "the ids of 30 nodes must be 0 to 29, each once"),
    ("net/nodes.h5", "nodes/cells/node_id", numpy.arange(N) + 0.5, "node_id: 0.5 in row 0; the ids of 30 nodes must be"),
    ("net/nodes.h5", "nodes/cells/node_group_index", numpy.full(N, 31), "has the node_group_index 31"),
    ("net/nodes.h5", "nodes/cells/node_group_index", numpy.full(N, -3), "has the node_group_index -3; whole numbers from 0"),
    ("net/nodes.h5", "nodes/cells/0/dynamics_params/tau_syn_ex", numpy.zeros(N), "tau_syn_ex"),
    ("net/edges.h5", "edges/cells_cells/target_node_id", "elsewhere", "'elsewhere'; no file of nodes has such a population"),
    ("net/edges.h5", "edges/cells_cells/edge_type_id", numpy.ones(3, int), "dataset 'edge_type_id' of"),
    ("net/edges.h5", "edges/cells_cells/edge_group_index", numpy.full(900, 900), "an edge has the edge_group_index 900"),
    ("net/in.h5", "edges/virtual_cells/edge_type_id", numpy.full(160, 5.0), "must hold integers"),
    ("spikes.h5", "spikes/gids", numpy.full(400, 8), "of neuron 8, but the neurons of virtual are 0-7"),
]


def change_text(path, old, new):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert old in text, (path, old)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(old, new, 1))


def run_case(number, every, case, network):
    """A copy of the network with something changed, and what is said of it."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(network, folder, dirs_exist_ok=True)
        path = os.path.join(folder, case[0])
        if number < len(CASES):
            change_text(path, case[1], case[2])
        else:
            change_data(path, case[1], case[2], "node_population" if isinstance(case[2], str) else None)
        return execute([("check", "run")[number % 2], "config.json"], 3 if number % every == 0 else 1, cwd=folder)


def main(every):
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(3) as pool:
        make_network(folder)
        cases = [(name, *rest) for name, *rest in CASES] + DATA
        results = pool.map(lambda pair: run_case(pair[0], every, pair[1], folder), enumerate(cases))
        for case, result in zip(cases, results):
            messages = [line for line in result.stderr.splitlines() if line.startswith("volley: ") and "note:" not in line]
            is_right = result.returncode == 2 and messages and case[-1] in messages[0]
            expect(is_right, f"{case[0]}, {case[1]}: code {result.returncode}\n{result.stderr}")


if __name__ == "__main__":
    main(5)
    finish()
