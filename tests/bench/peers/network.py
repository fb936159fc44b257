"""A network that Volley has written (`volley export`) with its stimuli, as arrays: what the programs build that Volley is compared with."""
import json
import os
import re

import h5py
import numpy
import yaml


class Population:
    """numbers: those of a neuron by the names of docs/models.md, in their units; an array where they differ."""

    def __init__(self, folder, entry):
        with h5py.File(os.path.join(folder, entry["nodes_file"])) as file:
            (self.name, nodes), = file["nodes"].items()
            self.size = len(nodes["node_id"])
            own = {key: value[()] for key, value in nodes["0/dynamics_params"].items()} if "dynamics_params" in nodes["0"] else {}
        row = types(os.path.join(folder, entry["node_types_file"]))
        self.model = row["model_template"].removeprefix("nest:")
        self.numbers = {**load_json(folder, row["dynamics_params"]), **own}

    def __getitem__(self, name):
        return self.numbers[name]


class Edges:
    """Arrays of source and target (indices within their populations), weight and delay (numbers where all are alike)."""

    def __init__(self, folder, entry):
        with h5py.File(os.path.join(folder, entry["edges_file"])) as file:
            (self.name, edges), = file["edges"].items()
            self.source, self.target = (edges[f"{end}_node_id"][()] for end in ("source", "target"))
            self.source_name, self.target_name = (text(edges[f"{end}_node_id"].attrs["node_population"]) for end in ("source", "target"))
            self.weight, self.delay = (same(edges["0"][key][()]) for key in ("syn_weight", "delay"))
        row = types(os.path.join(folder, entry["edge_types_file"]))
        self.model = row["model_template"].removesuffix("_synapse")
        self.numbers = load_json(folder, row["dynamics_params"])

    def sign(self):
        return 1 if numpy.max(self.weight) > 0 else -1


class Network:
    def __init__(self, folder, resolved):
        with open(os.path.join(folder, "circuit_config.json"), encoding="utf-8") as file:
            parts = json.loads(file.read().replace("$NETWORK_DIR/", ""))["networks"]
        described = yaml.safe_load(resolved)
        self.dt, self.duration = (number(described["simulation"][key]) for key in ("dt", "duration"))  # ms
        self.populations = {p.name: p for p in (Population(folder, entry) for entry in parts["nodes"])}
        self.edges = [Edges(folder, entry) for entry in parts["edges"]]
        self.poisson = [each for stimulus in described.get("stimuli") or [] for each in spread(stimulus)]

    def synapses(self):
        return sum(len(edges.source) for edges in self.edges)


def spread(stimulus):
    """A Poisson stimulus of several populations, one by one: target, rate (Hz) of each of so many sources, weight, stop (ms)."""
    if stimulus["type"] != "poisson" or number(stimulus.get("start", 0)) != 0:
        raise SystemExit(f"no stimulus of this kind: {stimulus}")
    targets = stimulus["target"] if isinstance(stimulus["target"], list) else [stimulus["target"]]
    for k, target in enumerate(targets):
        rate, sources, weight = (number(value[k] if isinstance(value, list) else value)
                                 for value in (stimulus["rate"], stimulus["sources"], stimulus["weight"]))
        yield {"target": target, "rate": rate, "sources": int(sources), "weight": weight, "stop": number(stimulus.get("stop", "inf"))}


def number(value):
    """In ms, Hz, mV, pA, nS."""
    found, unit = re.fullmatch(r"(\S+)(?: (\S+))?", str(value)).groups()
    return float(found.replace(".inf", "inf")) * {"s": 1000, "kHz": 1000}.get(unit, 1)


def types(path):
    with open(path, encoding="utf-8") as file:
        return dict(zip(*(line.split() for line in file.read().splitlines()[:2])))


def load_json(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        return json.load(file)


def same(values):
    return float(values[0]) if len(values) and numpy.all(values == values[0]) else values


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)
