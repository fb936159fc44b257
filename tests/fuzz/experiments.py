"""Experiment files: those of jobs/experiments made small, and grown from the schema; and mutations of both."""
import copy
import glob
import json
import os
import re

import yaml

import data
import odd


class _Texts(yaml.SafeLoader):
    """All scalars as they are written; only merges (<<) keep their meaning."""


_Texts.yaml_implicit_resolvers = {"<": [("tag:yaml.org,2002:merge", re.compile("^<<$"))]}


def is_number(text):
    try:
        float(text)
        return True
    except (TypeError, ValueError):
        return False


def _small(key, value, most):
    """A value of the key made small enough for a short run of a few neurons."""
    if isinstance(value, list):
        return [_small(key, item, most) for item in value]
    return str(min(int(float(value)), most[key])) if key in most and is_number(value) else value


def _shrink(tree, most):
    """Makes a whole experiment small and short, in place."""
    for item in tree if isinstance(tree, list) else []:
        _shrink(item, most)
    if not isinstance(tree, dict):
        return
    is_recorder = tree.get("type") in ("spikes", "traces", "readout", "weights", "rates")
    for key in list(tree):
        if key in ("start", "stop", "neurons", "targets", "sources") or (is_recorder and key == "interval"):
            if not isinstance(tree[key], dict) and not (key == "sources" and not is_recorder):
                del tree[key]
                continue
        tree[key] = _small(key, tree[key], most)
        _shrink(tree[key], most)
        if key in ("learning", "dopamine_on"):
            tree[key].update(start="1 ms", stop="4 ms")
            if "interval" in tree[key]:
                tree[key]["interval"] = "0.4 ms"


def read_bases(source):
    """The experiments of the project, small: (name, tree, files {name: path})."""
    bases = []
    for path in sorted(glob.glob(os.path.join(source, "jobs", "experiments", "**", "*.yaml"), recursive=True)):
        with open(path, encoding="utf-8") as file:
            tree = yaml.load(file, _Texts)
        images = any(stimulus.get("type") == "images" for stimulus in tree.get("stimuli", []))
        _shrink(tree, {"size": 64 if images else 12, "indegree": 3, "outdegree": 3, "number": 40, "eigenvalues": 3})
        tree["simulation"]["duration"] = "5 ms"
        tree["simulation"].setdefault("dt", "0.1")
        tree["simulation"].pop("exchange_interval", None)
        folder = os.path.dirname(path)
        files = {name: os.path.join(folder, name) for name in os.listdir(folder) if name.endswith((".csv", ".h5"))}
        bases.append((os.path.basename(path), tree, files))
    return bases


class Grower:
    """Makes an experiment from the schema: mostly right, small and short."""

    def __init__(self, schema, random):
        self.schema, self.random, self.files = schema, random, {}
        self.populations, self.projections, self.size = {}, [], 1

    def number(self, row):
        """A number for a row of a table of keys or parameters; mostly within its bounds."""
        bounds = [float(x) for x in re.findall(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?", row.get("range", ""))]
        usual = row.get("default", "") if is_number(row.get("default", "").split(" ")[0]) else "1"
        usual = float(usual.split(" ")[0])
        pick = self.random.random()
        if row.get("value", "").startswith("whole"):
            return str(self.random.choice([1, 2, 3, 10]))
        if pick < 0.95:
            value = usual * self.random.choice([1, 1, 1, 1.05, 0.9])
        elif pick < 0.98 and bounds:
            value = self.random.choice(bounds)
        else:
            value = self.random.choice([0.1, 0.2, 1, 2, 5, 10, 20, 100, -10])
        unit = row.get("unit", "")
        return f"{value:g}" + (f" {unit}" if unit in ("ms", "Hz", "pF") and self.random.random() < 0.3 else "")

    def value(self, row, takes_file=True):
        if self.random.random() < 0.8:
            return self.number(row)
        middle = float(self.number({**row, "unit": ""}))
        kinds = ["normal", "uniform"] + (["lognormal", "exponential"] if middle > 0 else [])
        kind = self.random.choice(kinds + takes_file * ["file", "values"])
        low, high = f"{middle - 0.1 * abs(middle):g}", f"{middle + 0.1 * abs(middle):g}"
        if kind == "file":
            if self.random.random() < 0.2:
                return {"file": self.data("table"), "column": self.random.choice(["0", "1", "x"])}
            return {"file": self.data("values"), "dataset": self.random.choice(["v", "v", "m", "w", "/g/v"])}
        if kind == "values":
            return {"values": [self.number(row) for _ in range(self.size + (self.random.random() < 0.1))]}
        if kind == "uniform":
            return {"distribution": kind, "low": low, "high": high}
        second = {} if kind == "exponential" else {self.random.choice(["std", "relative_std"]): "0.1"}
        bounds = {"min": low, "max": high} if self.random.random() < 0.3 else {}
        mean = high if kind in ("lognormal", "exponential") else f"{middle:g}"
        return {"distribution": kind, "mean": mean, **second, **bounds}

    def data(self, kind):
        """The name of a new data file of a kind."""
        name, content = data.make(kind, self.random)
        name = f"{len(self.files)}_{name}"
        self.files[name] = content
        return name

    def numbers(self, row, n, ascending=False):
        if ascending:
            return [f"{t:.1f}" for t in sorted(self.random.sample([0.1 * k for k in range(50)], n))]
        return [self.number(row) for _ in range(n)]

    def population(self):
        return self.random.choice(list(self.populations))

    def fill(self, rows, entry, optional=0.25):
        """Adds the required keys of a table that the entry lacks, and some of the others."""
        for row in rows:
            key, value = row["key"], row["value"]
            needed = row.get("default", "").startswith("required")
            if key in entry or not (needed or self.random.random() < optional):
                continue
            if value in ("section", "signal", "name", "text") and key not in ("dataset", "label_dataset"):
                continue
            if key in ("speed_times", "speeds", "holds", "held_channels") and self.random.random() < 0.9:
                continue
            if key in ("times", "speed_times"):
                entry[key] = self.numbers(row, 3, ascending=True)
            elif value == "file":
                entry[key] = self.data("table")
                if entry[key].endswith("h5"):
                    entry["dataset"] = "m"
            elif value == "text":
                if entry.get("file", "").endswith("h5"):
                    entry[key] = self.random.choice(["m", "m", "v", "labels"])
            elif value in ("neurons", "indices"):
                entry[key] = self.random.choice(["all", "0", "0-1", ["0", "1"]])
            elif value in ("number or distribution", "number, or one for each neuron"):
                entry[key] = self.value(row)
            elif value == "list of rows":
                entry[key] = [["1", "0"], ["0", "1"]]
            elif value == "list of numbers":
                entry[key] = self.numbers(row, 3)
            elif value.startswith(("number", "whole")):
                entry[key] = self.number(row)
            elif "|" in value:
                entry[key] = self.random.choice(value.split("|"))
        return entry

    def signal(self):
        kind = self.random.choice(list(self.schema.kinds["Signals"]))
        rows = self.schema.kinds["Signals"][kind]
        entry = self.fill(rows + self.schema.sections["Signals"], {"type": kind})
        if any(row["key"] == "rows" for row in rows) and "file" not in entry:
            entry["rows"] = [["1", "0"], ["0", "1"]]
        return entry

    def grow_population(self, number):
        model = self.random.choice(list(self.schema.models))
        name = f"P{number}"
        self.populations[name] = model
        self.size = self.random.randint(1, 12)
        entry = {"name": name, "model": model, "size": str(self.size)}
        for section, table in (("parameters", "Parameters"), ("initial", "States")):
            rows = self.schema.models[model].get(table, [])
            chosen = self.random.sample(rows, min(len(rows), self.random.choice([0, 0, 1, 2, 4])))
            if chosen:
                entry[section] = {row["name"]: self.value(row) for row in chosen}
        if model == "spike_source":
            entry["spikes"] = {"times": self.numbers({}, 3, ascending=True)}
        return entry

    def grow_projection(self):
        source, target = self.population(), self.population()
        rule = self.random.choice(self.schema.rules)
        if rule == "one_to_one":
            target = source
        entry = {"source": source, "target": target, "rule": rule,
                 "delay": self.random.choice(["0.1", "1", "1.5 ms", "0.15",
                                              {"distribution": "uniform", "low": "0.5", "high": "2"}])}
        receptors = self.schema.models[self.populations[target]].get("Receptors", [])
        counts = self.populations[target] == "parrot"
        if not counts:
            entry["weight"] = self.value({"range": "", "default": "20"}, False)
        if len(receptors) > 1 and self.random.random() < 0.3:
            entry["receptor"] = self.random.choice(receptors)["name"]
        keys = {"fixed_indegree": "indegree", "fixed_outdegree": "outdegree", "fixed_total_number": "number"}
        if rule in keys:
            entry[keys[rule]] = str(self.random.choice([0, 1, 2, 5]))
        elif rule == "pairwise_bernoulli":
            entry["probability"] = self.random.choice(["0", "0.3", "1"])
        elif rule == "edges":
            entry["file"] = self.data("edges")
        if self.random.random() < 0.4 and not counts:
            model = self.random.choice(list(self.schema.synapses))
            rows = self.schema.synapses[model].get("Parameters", [])
            chosen = self.random.sample(rows, min(len(rows), self.random.choice([0, 1, 2])))
            entry["weight"] = "0.5"
            entry["synapse"] = {"model": model, **{row["name"]: self.number(row) for row in chosen}}
            if "dopamine" in model:
                entry["synapse"]["dopamine"] = self.population()
            entry["name"] = f"learning{len(self.projections)}"
            self.projections.append(entry["name"])
        if self.random.random() < 0.1:
            entry[self.random.choice(["autapses", "autapses", "balanced"])] = self.random.choice(["true", "false"])
        return entry

    def grow_stimulus(self):
        kind = self.random.choice(list(self.schema.kinds["stimuli"]))
        if kind == "teacher":
            kind = self.random.choice(list(self.schema.kinds["stimuli"]))
        entry = {"type": kind, "target": self.population()}
        self.fill(self.schema.kinds["stimuli"][kind], entry)
        if self.populations[entry["target"]] == "parrot":
            entry.pop("weight", None)
        if kind in ("inhomogeneous_poisson", "step_current") and "file" in entry:
            for key in ("times", "rates", "amplitudes"):
                entry.pop(key, None)
        elif kind in ("inhomogeneous_poisson", "step_current"):
            entry["rates" if kind[0] == "i" else "amplitudes"] = self.numbers({"default": "100"}, 3)
            entry["times"] = self.numbers({}, 3, ascending=True)
        if kind == "signal":
            entry.update(signal=self.signal(), gain=self.value({"default": "100"}))
        if kind == "teacher":
            entry["images"] = f"images->{self.population()}"
        return entry

    def grow_readout(self, number):
        entry = {"name": f"R{number}", "population": self.population(), "filter": {"decay": "20 ms", "rise": "2 ms"},
                 "supervisor": self.signal()}
        if self.random.random() < 0.8:
            entry["learning"] = self.fill(self.schema.sections["readouts.learning"],
                                          {"lambda": "1", "start": "1 ms", "stop": "4 ms", "interval": "0.2 ms",
                                           "initial_p": None}, 0.4)
            del entry["learning"]["initial_p"]
        if self.random.random() < 0.6:
            entry["feedback"] = self.fill(self.schema.sections["readouts.feedback"], {}, 0.4)
        if self.random.random() < 0.3:
            entry["decoders"] = self.value({"default": "1"})
        if self.random.random() < 0.3:
            entry["eigenvalues"] = self.random.choice(["0", "1", "3", "all"])
        return entry

    def grow_recorder(self, readouts, number):
        kind = self.random.choice(["spikes", "traces", "rates", "readout" if readouts else "spikes",
                                   "weights" if self.projections else "traces"])
        population = self.population()
        if kind == "traces" and not self.schema.models[self.populations[population]].get("States"):
            kind = "spikes"
        entry = {"type": kind, "name": f"{kind}{number}"}
        if self.random.random() < 0.2:
            del entry["name"]
        if kind in ("spikes", "traces", "rates"):
            entry["population"] = population
        if kind == "traces":
            states = self.schema.models[self.populations[entry["population"]]].get("States", [])
            entry["states"] = self.random.choice(states)["name"]
        elif kind == "readout":
            entry.update(readout="R0", values=self.random.choice(["output", ["error", "norm"], "decoders"]))
        elif kind == "weights":
            entry["projection"] = self.random.choice(self.projections)
        if kind != "spikes":
            entry["interval"] = self.random.choice(["0.1", "0.5", "1 ms"])
        return entry

    def grow(self):
        tree = {"simulation": {"dt": self.random.choice(["0.1", "0.1 ms", "0.05"]), "duration": "5 ms",
                               "seed": str(self.random.randint(0, 99))}}
        if self.random.random() < 0.2:
            tree["simulation"]["partition"] = self.random.choice(["round_robin", {"type": "round_robin"}, "weighted"])
        if self.random.random() < 0.2:
            tree["simulation"]["exchange_interval"] = "min_delay"
        some = self.random.randint
        tree["populations"] = [self.grow_population(i) for i in range(some(1, 3))]
        tree["projections"] = [self.grow_projection() for _ in range(some(0, 3))]
        tree["stimuli"] = [self.grow_stimulus() for _ in range(some(0, 3))]
        readouts = [self.grow_readout(i) for i in range(self.random.choice([0, 0, 1]))]
        if readouts:
            tree["readouts"] = readouts
        if self.random.random() < 0.1:
            tree["ablations"] = [{"population": self.population(), "neurons": "0", "start": "1", "stop": "2"}]
        tree["recorders"] = [self.grow_recorder(readouts, i) for i in range(some(0, 3))]
        if self.random.random() < 0.1:
            tree["network"] = {"scale": {"neurons": "0.5", "indegree": self.random.choice(["0.5", "1", "0.01"])}}
        if self.random.random() < 0.1:
            tree["checkpoint"] = {"every": "1 ms model"}
        if self.random.random() < 0.15:
            tree["stop_when"] = [self.random.choice([{"no_spikes": "1 ms", "population": self.population()}, {"wall": "1 h"},
                                                     {"rate_above": self.number({"default": "100"}), "window": "1 ms", "start": "0.5 ms"}])]
        return tree


def places(tree, above=()):
    """All (container, key or index, path) of a tree."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else []
    for key, value in list(items):
        yield tree, key, above + (key,)
        yield from places(value, above + (key,))


def _typo(word, random):
    at = random.randrange(len(word)) if word else 0
    return random.choice([word[:at] + word[at + 1:], word[:at] + "x" + word[at:], word.upper(), word + "s", word[::-1]])


def odd_value(random, key, runs):
    """A strange scalar. What runs may be refused as too large or small, but is nothing that takes minutes."""
    if key in odd.LARGE_KEYS and runs:
        return random.choice(["0", "-1", "1", "2.5", "1e15", "18446744073709551616", ".nan", "many", "1e12"])
    pick = random.random()
    if pick < 0.5:
        return random.choice(odd.NUMBERS) + (" " + random.choice(odd.UNITS) if random.random() < 0.3 else "")
    if pick < 0.9:
        return random.choice(odd.TEXTS)
    return random.choice([{"a": "1"}, [], ["1", "2"], {}, [["1"]], {"distribution": "normal", "mean": "1", "std": "1e30"},
                          {"file": "nowhere.h5", "dataset": "v"}])


def mutate(tree, schema, random, runs):
    """Changes one thing of a tree, in place."""
    all_places = [p for p in places(tree) if not (runs and p[2][0] == "simulation")]
    if not all_places:
        return
    holder, key, path = random.choice(all_places)
    name = next((part for part in reversed(path) if isinstance(part, str)), "")
    way = random.randrange(10)
    if way < 3:
        holder[key] = odd_value(random, name, runs)
    elif way == 3 and isinstance(holder, dict):
        del holder[key]
    elif way == 4 and isinstance(holder, dict):
        holder[_typo(str(key), random)] = holder.pop(key)
    elif way == 5 and isinstance(holder[key], str):
        words = list(schema.models) + list(schema.synapses) + schema.rules + ["block", "round_robin"]
        words += [kind for kinds in schema.kinds.values() for kind in kinds]
        holder[key] = random.choice(words)
    elif way == 6:
        other = random.choice(all_places)
        if not (runs and name in odd.LARGE_KEYS):
            holder[key] = copy.deepcopy(other[0][other[1]])
    elif way == 7:
        holder[key] = random.choice([[holder[key]], {"x": holder[key]}, [holder[key], copy.deepcopy(holder[key])]])
    elif way == 8 and isinstance(holder, dict):
        extra = random.choice(schema.all_keys() + ["x", "1", "null"])
        holder[extra] = odd_value(random, extra, runs)
    elif isinstance(holder[key], str) and is_number(holder[key].split(" ")[0]) and not (runs and name in odd.LARGE_KEYS):
        holder[key] = f"{float(holder[key].split(' ')[0]) * random.choice([-1, 0.1, 10, 0.5, 1.01, 1e-6, 1e6]):g}"


def write(tree, random):
    """A tree as YAML text. Scalars stand without quotation marks where they may."""
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{write(str(k), random)}: {write(v, random)}" for k, v in tree.items()) + "}"
    if isinstance(tree, list):
        return "[" + ", ".join(write(item, random) for item in tree) + "]"
    if re.fullmatch(r"[\w.+-][\w .+/>-]*", tree) and tree == tree.strip() and random.random() < 0.97:
        return tree
    return json.dumps(tree, ensure_ascii=False).replace("\x7f", "\\x7f").replace("\u0085", "\\N")


def write_file(tree, random):
    """The whole file, a line for each section."""
    if not isinstance(tree, dict):
        return write(tree, random).encode(errors="surrogatepass")
    lines = []
    for key, value in tree.items():
        if isinstance(value, list) and value and random.random() < 0.9:
            lines.append(f"{write(str(key), random)}:\n" + "".join(f"  - {write(item, random)}\n" for item in value))
        else:
            lines.append(f"{write(str(key), random)}: {write(value, random)}\n")
    return "".join(lines).encode(errors="surrogatepass")


def damage(text, random):
    """Changes bytes of a file."""
    for _ in range(random.choice([1, 1, 1, 2, 5])):
        at = random.randrange(len(text)) if text else 0
        way = random.randrange(8)
        if way < 3:
            text = text[:at] + random.choice(odd.BYTES) + text[at:]
        elif way == 3:
            text = text[:at] + bytes([random.randrange(256)]) + text[at + 1:]
        elif way == 4:
            text = text[:at] + text[at + random.choice([1, 1, 3, 20]):]
        elif way == 5:
            lines = text.splitlines(keepends=True) or [b""]
            number = random.randrange(len(lines))
            lines[number] = random.choice([b"", 2 * lines[number], b" " + lines[number], b"\t" + lines[number]])
            text = b"".join(lines)
        elif way == 6:
            text = text[:at]
        else:
            text = random.choice([b"\xef\xbb\xbf" + text, text.replace(b"\n", b"\r\n"), text.replace(b"\n", b"\r"),
                                  text.decode(errors="replace").encode("utf-16"), text.replace(b"  ", b"\t")])
    return text
