"""Experiments described by calls. The keys are those of experiment files (docs/experiment.md), and so are the messages."""
from __future__ import annotations

import copy
import json
import os
import re
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from typing import Any

import h5py
import numpy as np

from . import job, models, program, simulation
from .errors import VolleyError
from .job import Job
from .output import Run
from .output import open as open_output
from .output import trials as open_trials
from .simulation import Simulation

INLINE = 64  # longer arrays go to a file of their own


def _arrays_of(path: str) -> str:
    """Where the long arrays of an experiment file are."""
    return os.path.splitext(path)[0] + ".arrays.h5"


def _remove(path: str) -> None:
    if os.path.exists(path):
        os.remove(path)


def _without_place(path: str, fault: VolleyError) -> VolleyError:
    """The fault without the place in a file that nobody has seen."""
    return VolleyError(re.sub(rf"(?m)^{re.escape(path)}(:\d+)*: ", "", str(fault)))


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.ndim > 0


def _plain(value: Any) -> Any:
    """Dictionaries, lists, texts and numbers as YAML knows them."""
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value.item() if isinstance(value, np.generic) else value


def _indices(what: str, values: Any) -> np.ndarray:
    array = np.asarray(values)
    if array.ndim != 1 or (array.size and (array.dtype.kind not in "iu" or array.min() < 0 or array.max() >= 2**32)):
        raise VolleyError(f"edges: {what}: a list of whole numbers from 0 on is expected")
    return array.astype(np.uint32)


def _edges(sources: Any, targets: Any, weights: Any, delays: Any) -> dict[str, np.ndarray]:
    """The datasets of rule edges, of equal lengths."""
    edges = {"source": _indices("sources", sources), "target": _indices("targets", targets)}
    for name, values in (("weight", weights), ("delay", delays)):
        if _is_array(values):
            edges[name] = np.array(values, np.float64)
    lengths = {name: len(values) for name, values in edges.items()}
    if len(set(lengths.values())) > 1:
        raise VolleyError(f"edges: arrays of equal length are expected, not {lengths}")
    return edges


def _of_matrix(matrix: Any, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sources, targets and weights of a matrix [source, target], of NumPy (zeros are no synapses) or SciPy (what is stored)."""
    if matrix.shape != shape:
        raise VolleyError(f"weight: a matrix of shape {shape} (sources, targets) is expected, not {matrix.shape}")
    if hasattr(matrix, "tocoo"):
        matrix = matrix.tocoo()
        return matrix.row, matrix.col, matrix.data
    sources, targets = np.nonzero(matrix)
    return sources, targets, matrix[sources, targets]


class Network:
    """An experiment in the making.

        net = volley.Network(dt=0.1, duration=1000)
        net.population("E", 800, "iaf_psc_exp", tau_m=20, V_m=array)
        net.project("E", "E", "fixed_indegree", indegree=80, weight=40, delay=1.5)
        net.stimulate("poisson", "E", rate=8, sources=500, weight=40)
        net.record("spikes", "E")
        run = net.run(ranks=2)

    Numbers have the units of docs/experiment.md (ms, mV, pA, nS, Hz); texts may have others: "0.5 nA". title, seed and
    other keywords: the keys of the section `simulation`; folder: where relative paths of files start."""

    def __init__(self, dt: float | str | None = None, duration: float | str | None = None, *, title: str | None = None,
                 folder: str = ".", plugins: Sequence[str] = (), **simulation: Any):
        self.folder = folder
        self._tree: dict[str, Any] = {"title": title, "plugins": list(plugins) or None,
                                      "simulation": {"dt": dt, "duration": duration, **copy.deepcopy(simulation)}}
        self._data: dict[str, np.ndarray] = {}  # by their dataset

    # ---- What the network is made of.

    def population(self, name: str, size: int, model: str, *, mean_rate: float | None = None,
                   spikes: Mapping[str, Any] | None = None, **values: Any) -> str:
        """Adds a population of `size` neurons; returns its name. values: parameters and initial states of the model by name,
        each a number, a text with a unit, a distribution ({"distribution": "normal", "mean": -60, "std": 5}) or an array with one
        value a neuron [size]; a list where the model has one (tau_syn). spikes: of a spike_source."""
        table = models.find("neurons", model, self._plugins())
        entry: dict[str, Any] = {"name": name, "model": model, "size": size, "mean_rate": mean_rate, "spikes": spikes}
        for key, value in values.items():
            if key in table.get("lists", "").split("|"):
                entry.setdefault("parameters", {})[key] = value.tolist() if isinstance(value, np.ndarray) else value
                continue
            part = next((part for part in ("parameters", "states") if key in table[part]), None)
            if part is None:
                raise models.unknown(f"population '{name}': {model} has no parameter or state", key,
                                     [*table["parameters"], *table["states"]])
            section = entry.setdefault("parameters" if part == "parameters" else "initial", {})
            section[key] = self._values(f"{name}/{key}", value, (size,), f"population '{name}': {key}")
        self._add("populations", entry)
        return name

    def project(self, source: str | list[str], target: str | list[str], rule: str | None = None, *, weight: Any = None,
                delay: Any = None, edges: tuple[Any, Any] | None = None, **keys: Any) -> str:
        """Adds a projection; returns its name. weight, delay: numbers, texts or distributions; an array of weights [source, target], of
        NumPy (a zero is no synapse) or a SciPy sparse matrix, gives the synapses themselves, and so does edges=(sources, targets),
        arrays of indices, with arrays of weights and delays or one for all. keys: the others of the rule and the projection."""
        name = keys.pop("name", None)
        entry: dict[str, Any] = {"name": name, "source": source, "target": target}
        if edges is None and getattr(weight, "ndim", 0) == 2:
            shape = self._size(source), self._size(target)
            sources, targets, weight = _of_matrix(weight, shape)
            edges = sources, targets
        if edges is not None:
            if rule not in (None, "edges"):
                raise VolleyError(f"rule is '{rule}', but edges are given: leave it out")
            group = f"edges/{len(self._tree.get('projections', []))}"
            for key, values in _edges(*edges, weight, delay).items():
                self._data[f"{group}/{key}"] = values
            entry |= {"rule": "edges", "file": "", "group": group}
        elif rule is None:
            raise VolleyError(f"projection of '{source}' onto '{target}': give a rule, edges or a matrix of weights")
        elif _is_array(weight) or _is_array(delay):
            raise VolleyError(f"rule {rule}: arrays of weights or delays belong to edges=(sources, targets)")
        else:
            entry["rule"] = rule
        entry |= {"weight": None if _is_array(weight) else weight, "delay": None if _is_array(delay) else delay, **keys}
        self._add("projections", entry)
        return name or f"{source}->{target}"

    def stimulate(self, type: str, target: str | list[str], *, name: str | None = None, **keys: Any) -> None:  # noqa: A002
        """Adds a stimulus of a type ("poisson", "dc", ...) to a population or several, with its keys."""
        models.find("stimuli", type, self._plugins())
        self._add("stimuli", {"name": name, "type": type, "target": target, **keys})

    def record(self, type: str, population: str | list[str] | None = None, *, name: str | None = None,  # noqa: A002
               **keys: Any) -> None:
        """Adds a recorder of a type ("spikes", "traces", "weights", ...), with its keys."""
        self._add("recorders", {"name": name, "type": type, "population": population, **keys})

    def change(self, at: float | str | list[float | str], population: str | None = None, *, projection: str | None = None,
               stimulus: str | None = None, neurons: Any = None, weight: Any = None, factor: float | None = None,
               **values: Any) -> None:
        """Changes something at a time, or at each of a list of times: of a population parameters and states by name, as population()
        has them, of all neurons or some; of a projection its weights, to `weight` or by `factor`; of a stimulus keys of its type."""
        entry: dict[str, Any] = {"at": at, "population": population, "projection": projection, "stimulus": stimulus,
                                 "neurons": neurons, "weight": weight, "factor": factor}
        if population is None:
            entry["values"] = values or None
            self._add("changes", entry)
            return
        found = next((e for e in self._tree.get("populations", []) if e["name"] == population), None)
        if found is None:
            raise VolleyError(f"there is no population '{population}' yet")
        table = models.find("neurons", found["model"], self._plugins())
        for key, value in values.items():
            part = next((part for part in ("parameters", "states") if key in table[part]), None)
            if part is None:
                raise models.unknown(f"change of '{population}': {found['model']} has no parameter or state", key,
                                     [*table["parameters"], *table["states"]])
            number = len(self._tree.get("changes", []))
            entry.setdefault(part, {})[key] = self._values(f"changes/{number}/{key}", value, (found["size"],),
                                                           f"change of '{population}': {key}")
        self._add("changes", entry)

    def stop_when(self, **condition: Any) -> None:
        """Ends the run before its duration is over: rate_above= or rate_below= (Hz) in a window= (ms), no_spikes= (ms), of a
        population= or a list of them (all), from start= (ms) on; or wall= by the clock ("2 h")."""
        self._add("stop_when", condition)

    def repeat(self, trials: int, *, reset: bool = True) -> None:
        """Makes run_trials() run it so often, trial k with the noise of noise_seed + k - 1. reset: whether each begins at time 0 with the
        initial states, or with what the one before has ended with, and its time goes on."""
        self._tree["repeat"] = {"trials": trials, "reset": reset}

    def readout(self, name: str, population: str | list[str], **keys: Any) -> None:
        """Adds a readout that learns (FORCE), with its keys."""
        self._add("readouts", {"name": name, "population": population, **keys})

    def set(self, path: str, value: Any) -> None:
        """Sets any key as `--set` does: net.set("populations.E.size", 100), net.set("simulation.seed", 3)."""
        *way, last = path.split(".")
        node: Any = self._tree
        for step in way:
            if isinstance(node, list):
                found = [k for k, entry in enumerate(node) if entry.get("name") == step or str(k) == step]
                if not found:
                    raise VolleyError(f"{path}: there is no entry '{step}'")
                node = node[found[0]]
            else:
                node = node.setdefault(step, {})
        if not isinstance(node, dict):
            raise VolleyError(f"{path}: '{'.'.join(way)}' has no keys")
        node[last] = copy.deepcopy(value)

    def _add(self, section: str, entry: dict[str, Any]) -> None:
        self._tree.setdefault(section, []).append(copy.deepcopy({key: value for key, value in entry.items() if value is not None}))

    def _plugins(self) -> tuple[str, ...]:
        plugins = self._tree["plugins"] or []
        return tuple(os.path.join(self.folder, path) for path in ([plugins] if isinstance(plugins, str) else plugins))

    def _size(self, population: Any) -> int:
        for entry in self._tree.get("populations", []):
            if entry["name"] == population:
                return int(entry["size"])
        raise VolleyError(f"there is no population '{population}' yet")

    def _values(self, dataset: str, value: Any, shape: tuple[int, ...], what: str) -> Any:
        """A value as it stands in the file; long arrays are kept for a file beside it."""
        if not _is_array(value):
            return value
        array = np.array(value, np.float64)  # the caller's may change
        if array.shape != shape:
            raise VolleyError(f"{what}: an array of shape {shape} is expected, not {array.shape}")
        if array.size <= INLINE:
            return {"values": array}
        self._data[dataset] = array
        return {"file": "", "dataset": dataset}

    # ---- What it is good for.

    def _filled(self, node: Any, data: str) -> Any:
        """The tree without what is not given, and with the name of the file of arrays."""
        if isinstance(node, dict):
            return {key: data if key == "file" and value == "" else self._filled(value, data)
                    for key, value in node.items() if value is not None}
        return [self._filled(entry, data) for entry in node] if isinstance(node, list) else node

    def to_yaml(self, data: str = "arrays.h5") -> str:
        """The experiment as YAML; arrays that are too long for it are in the HDF5 file `data` that save() writes. Needs PyYAML."""
        import yaml

        return yaml.safe_dump(_plain(self._filled(self._tree, data)), sort_keys=False, allow_unicode=True, width=120)

    def _try_to_save(self, path: str) -> VolleyError | None:
        """Saves it with a duration; what was wrong."""
        given = self._tree["simulation"].get("duration")
        try:
            self._tree["simulation"]["duration"] = 1e7 if given is None else given
            self.save(path)
        except Exception as error:  # noqa: BLE001  # other ranks must hear of it, whatever it is
            return error if isinstance(error, VolleyError) else VolleyError(f"{path}: {error}")
        finally:
            self._tree["simulation"]["duration"] = given
        return None

    def save(self, path: str | os.PathLike[str]) -> str:
        """Writes PATH, and its long arrays to a file beside it, NAME.arrays.h5; returns the path."""
        path = os.fspath(path)
        data = _arrays_of(path)
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.to_yaml(os.path.basename(data)))
        if self._data:
            with h5py.File(data, "w") as arrays:
                for dataset, values in self._data.items():
                    arrays[dataset] = values
        return path

    def check(self, ranks: int | None = None, threads: int | None = None) -> dict[str, Any]:
        """What `volley check --json` says: faults as an exception, else synapses, memory, time of a run on ranks and threads."""
        words = [*(["--ranks", str(ranks)] if ranks else []), *(["--threads", str(threads)] if threads else [])]
        with tempfile.NamedTemporaryFile(prefix=".volley-", suffix=".yaml", dir=self.folder) as file:
            try:
                return json.loads(program.call(["check", self.save(file.name), "--json", *words]))
            except VolleyError as fault:
                raise _without_place(file.name, fault) from None
            finally:
                if self._data:
                    os.remove(_arrays_of(file.name))

    def build(self, *, threads: int | None = None, output: str | os.PathLike[str] | None = None,
              comm: Any = None) -> Simulation:
        """Builds the network in this process, at time 0: alone, or under mpirun on all ranks of comm, a communicator of mpi4py (None:
        all). output: a file that recorders write to, which must not exist yet. Without a duration it may go on for 1e7 ms.
        Collective over comm."""
        handle = simulation.handle_of(comm)
        rank, ranks = simulation.module().rank(handle)
        path = os.path.join(os.path.abspath(self.folder), f".volley-{os.getppid() if ranks > 1 else os.getpid()}.yaml")
        fault = built = None
        arrays = _arrays_of(path)
        try:
            if rank == 0:  # the file is read by rank 0, arrays by all once the experiment is known, and again when a stimulus is set
                fault = self._try_to_save(path)
            if not simulation.module().agree(handle, fault is None):
                raise fault or VolleyError("rank 0 cannot write the experiment")
            built = simulation.build(path, threads, None if output is None else os.fspath(output), comm)
            built.arrays = arrays
            if rank == 0:
                built.at_end = weakref.finalize(built, _remove, arrays)
            return built
        except VolleyError as fault:
            raise _without_place(path, fault) from None
        finally:
            if rank == 0:
                _remove(path)
            if rank == 0 and built is None:
                _remove(arrays)

    def run(self, output: str | os.PathLike[str] = "out.h5", *, ranks: int = 1, threads: int | None = None,
            overwrite: bool = False, launcher: Sequence[str] = ("mpirun", "-n", "{ranks}"), **options: Any) -> Run:
        """Runs the experiment by the program and opens its output. ranks, threads: as `volley run` has them; launcher: what starts
        several ranks; options: others of `volley run` (resume="latest", from_="a.checkpoint.h5", checkpoint_every="10 min wall"). The experiment is
        kept where its relative paths start, as OUT.experiment.yaml. Raises VolleyError with the faults of the experiment or the run."""
        if self._has_trials(options):
            raise VolleyError("the experiment has trials: run_trials() runs them")
        self._start(output, ranks, {"threads": threads, "overwrite": overwrite, **options}, launcher)
        return open_output(output)

    def run_trials(self, output: str | os.PathLike[str] = "out.h5", *, ranks: int = 1, threads: int | None = None,
                   overwrite: bool = False, launcher: Sequence[str] = ("mpirun", "-n", "{ranks}"), **options: Any) -> list[Run]:
        """Runs all trials of repeat(), as run() does, into OUT.1.h5, OUT.2.h5, ..., and opens these; trials() opens them later."""
        if not self._has_trials(options):
            raise VolleyError("the experiment has no trials, or repeat.trial is one of them: repeat() makes trials, and run() runs one")
        self._start(output, ranks, {"threads": threads, "overwrite": overwrite, **options}, launcher)
        return open_trials(output)

    def submit(self, output: str | os.PathLike[str] = "out.h5", *, nodes: int = 1, ranks_per_node: int = 1, threads: int = 1,
               time: str | None = None, sbatch: Mapping[str, Any] | None = None, **options: Any) -> Job:
        """Submits the run as a job of SLURM, by jobs/slurm/run.sbatch: before its time limit ("2:00:00") it is saved, queued again, and goes
        on. threads: cores of each rank; sbatch: other options ({"account": "brain", "mem_per_cpu": "1G"}); options: those of `volley run` that
        the script does not give itself (set="simulation.seed=4", summary="a.json"), and checkpoint_every ("10 min wall"). Job.wait() follows
        it and gives its output, which must not exist yet. Raises VolleyError where SLURM takes it not."""
        job.check(options)
        output = os.path.abspath(output)
        if self._has_trials(options):
            raise VolleyError('the experiment has trials: submit each of them, net.set("repeat.trial", 1) and so on')
        if os.path.exists(output):
            raise VolleyError(f"output '{output}' exists; choose another name or remove it")
        file = os.path.abspath(self._save_for(output))
        every = options.pop("checkpoint_every", None)
        return job.submit(file, output, nodes=nodes, ranks_per_node=ranks_per_node, threads=threads, time=time, sbatch=sbatch or {},
                          every=every, words=_options(options))

    def _has_trials(self, options: Mapping[str, Any]) -> bool:
        """Whether the program would run all trials of repeat()."""
        if str(options.get("set")).startswith("repeat"):
            raise VolleyError(f"set='{options['set']}': repeat() makes trials, and net.set(\"repeat.trial\", 1) chooses one")
        repeat = self._tree.get("repeat")
        return bool(repeat) and not (isinstance(repeat, dict) and repeat.get("trial") is not None)

    def _save_for(self, output: str) -> str:
        return self.save(os.path.join(self.folder, os.path.splitext(os.path.basename(output))[0] + ".experiment.yaml"))

    def _start(self, output: str | os.PathLike[str], ranks: int, options: Mapping[str, Any], launcher: Sequence[str]) -> None:
        output = os.fspath(output)
        words = ["run", self._save_for(output), "-o", output, "--progress", "off", *_options(options)]
        program.call(words, [word.format(ranks=ranks) for word in launcher] if ranks > 1 else [])


def _options(options: Mapping[str, Any]) -> list[str]:
    """Keywords as options of `volley run`."""
    words: list[str] = []
    for key, value in options.items():
        option = "--" + key.rstrip("_").replace("_", "-")
        words += [] if value is None or value is False else [option] if value is True else [option, str(value)]
    return words


def _forget_file(node: Any, name: str) -> Any:
    """The tree with the file of that name as one that is to be written yet."""
    if isinstance(node, dict):
        return {key: "" if key == "file" and value == name else _forget_file(value, name) for key, value in node.items()}
    return [_forget_file(entry, name) for entry in node] if isinstance(node, list) else node


def load(path: str | os.PathLike[str]) -> Network:
    """An experiment file as a Network that can be changed, checked, run. Needs PyYAML."""
    import yaml

    path = os.fspath(path)
    try:
        with open(path, encoding="utf-8") as file:
            tree = yaml.safe_load(file)
    except (OSError, yaml.YAMLError) as error:
        raise VolleyError(f"{path}: {error}") from None
    if not isinstance(tree, dict):
        raise VolleyError(f"{path}: an experiment is a mapping of sections")
    net = Network(folder=os.path.dirname(path) or ".")
    net._tree = {"plugins": None, **tree}
    if os.path.exists(_arrays_of(path)):  # arrays that save() has written: they are written again
        with h5py.File(_arrays_of(path), "r") as arrays:
            arrays.visititems(lambda name, item: net._data.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
        net._tree = _forget_file(net._tree, os.path.basename(_arrays_of(path)))
    return net
