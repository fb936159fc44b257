"""What a run has written. Files are read where something is asked for, and no more of them than that."""
from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any, Callable, TypeVar

os.environ.setdefault("HDF5_USE_FILE_LOCKING", "FALSE")  # many file systems have no locks, and reading needs none
import h5py  # noqa: E402
import numpy as np  # noqa: E402

from . import program  # noqa: E402
from .errors import UnknownName, VolleyError  # noqa: E402

FORMAT = 2  # of outputs


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _searched(times: h5py.Dataset, time: float) -> int:
    """How many of the times, which ascend, are not after `time`; reads a logarithm of them."""
    low, high = 0, times.shape[0]
    while low < high:
        middle = (low + high) // 2
        if times[middle] <= time:
            low = middle + 1
        else:
            high = middle
    return low


def _attributes(group: h5py.Group) -> dict[str, Any]:
    return {name: _text(value) if isinstance(value, (bytes, str)) else value for name, value in group.attrs.items()}


class Spikes:
    """The spikes of one recorder, or those of a window of time, sorted by time.

    name, population: of the recorder; neurons: how many were recorded, silent ones included; start, stop: the window in ms
    (start < t <= stop)."""

    def __init__(self, name: str, group: h5py.Group, start: float = -np.inf, stop: float = np.inf):
        self._group = group
        self.name = name
        self.population = _text(group.attrs["population"])
        self.neurons = int(group.attrs["recorded_neurons"])
        self.start = max(start, float(group.attrs["start_ms"]))
        self.stop = min(stop, float(group.attrs["stop_ms"]))
        whole = np.isneginf(start) and np.isposinf(stop)
        n = min(group["timestamps"].shape[0], group["node_ids"].shape[0])
        self._rows = slice(0, n) if whole else slice(
            _searched(group["timestamps"], self.start), _searched(group["timestamps"], self.stop))

    @property
    def attributes(self) -> dict[str, Any]:
        """What the file says of the recorder."""
        return _attributes(self._group)

    def __len__(self) -> int:
        return max(0, self._rows.stop - self._rows.start)

    def __repr__(self) -> str:
        return f"<{len(self)} spikes of {self.neurons} neurons of {self.population}, {self.start:g} to {self.stop:g} ms>"

    @property
    def times(self) -> np.ndarray:
        """Times in ms, float64 [spikes], ascending."""
        return self._group["timestamps"][self._rows]

    @property
    def ids(self) -> np.ndarray:
        """Neurons, int64 [spikes], from 0 within the population."""
        return self._group["node_ids"][self._rows].astype(np.int64)

    def between(self, start: float, stop: float) -> Spikes:
        """Those with start < t <= stop, in ms. What lies outside is not read."""
        return Spikes(self.name, self._group, max(start, self.start), min(stop, self.stop))

    def trains(self) -> dict[int, np.ndarray]:
        """Times in ms by neuron, for those that spiked."""
        ids, times = self.ids, self.times
        order = np.argsort(ids, kind="stable")
        found, first = np.unique(ids[order], return_index=True)
        return dict(zip(found.tolist(), np.split(times[order], first[1:])))

    def rate(self) -> float:
        """Mean rate in Hz over all recorded neurons; NaN where nothing was recorded."""
        seconds = 1e-3 * (self.stop - self.start)
        return len(self) / self.neurons / seconds if self.neurons and seconds > 0 else float("nan")

    def histogram(self, interval: float) -> tuple[np.ndarray, np.ndarray]:
        """Ends of bins of `interval` ms and the mean rate of a neuron in each, in Hz; a rest shorter than a bin is left out."""
        if not interval > 0:
            raise VolleyError(f"interval is {interval} ms; a length above 0 is expected")
        n = int((self.stop - self.start) / interval * (1 + 1e-12))
        ends = self.start + interval * np.arange(1, n + 1)
        until = np.searchsorted(self.times, ends * (1 + 1e-12), side="right")
        return ends, np.diff(until, prepend=0) / max(self.neurons, 1) / (1e-3 * interval)

    def to_pandas(self) -> Any:
        """A table with the columns `time` (ms) and `id`; needs pandas."""
        import pandas

        return pandas.DataFrame({"time": self.times, "id": self.ids})

    def to_neo(self) -> Any:
        """A neo.Segment with a SpikeTrain for each neuron that spiked; needs neo."""
        import neo

        segment = neo.Segment(name=self.name)
        for neuron, times in self.trains().items():
            segment.spiketrains.append(neo.SpikeTrain(times, units="ms", t_start=self.start, t_stop=self.stop,
                                                      name=f"{self.population} {neuron}", id=neuron))
        return segment


class Rows:
    """What a recorder has written at equal intervals: rows by time, and columns.

    name: of the recorder; state, unit: what the values are; columns: how many there are; start, stop, interval: ms; row k is at
    start + (k + 1) interval; ids: the neuron of each column, None where columns are none."""

    def __init__(self, name: str, group: h5py.Group):
        self._group = group
        self.name = name
        self.state = _text(group.attrs["state"])
        self.unit = _text(group["data"].attrs["units"])
        self._first, _, self.interval = (float(x) for x in group["mapping/time"][:])
        self.start, self.stop = float(group.attrs["start_ms"]), float(group.attrs["stop_ms"])
        self.columns = group["data"].shape[1]
        self.ids = group["mapping/node_ids"][:].astype(np.int64) if "node_ids" in group["mapping"] else None

    def __len__(self) -> int:
        return self._group["data"].shape[0]

    def __repr__(self) -> str:
        unit = f" ({self.unit})" if self.unit else ""
        return f"<{self.name}: {self.state}{unit}, {len(self)} rows of {self.columns}, one in {self.interval:g} ms>"

    @property
    def attributes(self) -> dict[str, Any]:
        """What else the file says of it."""
        return _attributes(self._group)

    @property
    def times(self) -> np.ndarray:
        """Times in ms, float64 [rows]."""
        return self._first + self.interval * np.arange(len(self))

    @property
    def values(self) -> np.ndarray:
        """All values [rows, columns]."""
        return self._group["data"][:]

    def between(self, start: float, stop: float, columns: Any = slice(None)) -> tuple[np.ndarray, np.ndarray]:
        """Times [rows] and values [rows, columns] with start < t <= stop, in ms, of all columns or of those given as a slice or
        as an ascending array. What lies outside is not read."""
        times = self.times
        rows = slice(*np.searchsorted(times, (start, stop), side="right"))
        return times[rows], self._group["data"][rows, columns]


class Traces(Rows):
    """States of neurons over time; a column is a neuron: ids, int64 [columns], from 0 within the population."""

    def __init__(self, name: str, group: h5py.Group):
        super().__init__(name, group)
        self.population = _text(group.attrs["population"])

    def of(self, neuron: int) -> np.ndarray:
        """The trace [rows] of one neuron."""
        column = np.flatnonzero(self.ids == neuron)
        if column.size == 0:
            raise VolleyError(f"recorder '{self.name}' has no neuron {neuron} of '{self.population}'")
        return self._group["data"][:, int(column[0])]


class Weights(Rows):
    """Weights, or other states of synapses, over time; a column is a synapse: sources, targets (indices within the populations),
    delays (ms)."""

    def __init__(self, name: str, group: h5py.Group):
        super().__init__(name, group)
        self.projection = _text(group.attrs["projection"])
        self.source, self.target = _text(group.attrs["source"]), _text(group.attrs["target"])
        self.sources = group["mapping/source_ids"][:].astype(np.int64)
        self.targets = group["mapping/target_ids"][:].astype(np.int64)
        self.delays = group["mapping/delays"][:]

    def matrix(self, row: int = -1) -> Any:
        """The values of one row as a scipy.sparse matrix [source, target]; needs SciPy. Multapses are added up."""
        import scipy.sparse

        values = self._group["data"][range(len(self))[row]]
        shape = (int(self.sources.max(initial=-1)) + 1, int(self.targets.max(initial=-1)) + 1)
        return scipy.sparse.coo_matrix((values, (self.sources, self.targets)), shape=shape).tocsr()


class Eigenvalues:
    """Eigenvalues of the effective weight matrix of a readout, complex, `before` and `after` the run."""

    def __init__(self, name: str, group: h5py.Group):
        self.name = name
        self.before, self.after = (group[when][:].view(np.complex128)[:, 0] for when in ("before", "after"))


Kind = TypeVar("Kind")


class Recorders(Mapping[str, Kind]):
    """Recorders of one kind by their names; those of neurons also by the name of a population, if only one recorder has it."""

    def __init__(self, what: str, groups: Mapping[str, h5py.Group], make: Callable[[str, h5py.Group], Kind]):
        self._what, self._groups, self._make = what, groups, make

    def __getitem__(self, name: str) -> Kind:
        if name in self._groups:
            return self._make(name, self._groups[name])
        of_population = [key for key, group in self._groups.items() if _text(group.attrs.get("population", "")) == name]
        if len(of_population) == 1:
            return self._make(of_population[0], self._groups[of_population[0]])
        there = ", ".join(self._groups) or "none"
        several = f"several recorders have population '{name}'" if of_population else f"there is no '{name}'"
        raise UnknownName(f"{self._what}: {several}; recorded were: {there}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._groups)

    def __len__(self) -> int:
        return len(self._groups)

    def __contains__(self, name: object) -> bool:
        return name in self._groups

    def __repr__(self) -> str:
        return f"<{self._what}: {', '.join(self._groups) or 'none'}>"


class Run:
    """The output of a run, finished or not; open() makes it. A context manager, too."""

    def __init__(self, file: h5py.File, name: str):
        self.file = file
        self.name = name
        if "volley" not in file:
            raise VolleyError(f"'{name}' is no output of Volley: it has no group /volley")
        about = file["volley"].attrs
        if int(about["format_version"]) != FORMAT:
            raise VolleyError(f"'{name}' has format {about['format_version']}; this version of Volley reads format {FORMAT}")
        self.title = _text(about["title"])
        self.complete = bool(about["complete"])
        self.dt = float(about["dt_ms"])
        self.duration = float(about["duration_ms"])
        self.trial: int | None = int(about["trial"]) if "trial" in about else None  # of `repeat`, from 1
        self.ended_early: str | None = _text(about["ended_early"]) if "ended_early" in about else None  # by stop_when: why

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "" if self.complete else ", not finished"
        return f"<run '{self.name}': {', '.join(self.populations)}; {self.duration:g} ms{state}>"

    def close(self) -> None:
        """Closes the file; what was read stays."""
        self.file.close()

    @property
    def populations(self) -> dict[str, dict[str, Any]]:
        """By name: model, size, and what else the file says of it, in the order of the experiment; then what several of them are
        together, the nodes of a SONATA population."""
        table = self.file["volley/populations"]
        columns = {key: table[key][:] for key in table}
        names = [_text(name) for name in columns.pop("name")]
        found = {name: {key: _text(column[i]) if isinstance(column[i], bytes) else column[i].item()
                        for key, column in columns.items()} for i, name in enumerate(names)}
        for part in list(found.values()):
            if not part.get("nodes"):
                continue
            whole = found.setdefault(part["nodes"], {"model": "", "outgoing": "none", "size": 0, "first_gid": part["first_gid"]})
            signs = {whole["outgoing"], part["outgoing"]} - {"none"}
            whole["outgoing"] = "mixed" if len(signs) > 1 else next(iter(signs), "none")
            whole["model"] = ", ".join(filter(None, (whole["model"], part["model"])))
            whole["size"] += part["size"]
        return found

    @property
    def summary(self) -> dict[str, Any]:
        """What the run tells of itself at its end: digest, times, synapses, ...; empty before."""
        group = self.file.get("volley/summary")
        if group is None:
            return {}
        return {name: _text(value) if isinstance(value, (bytes, str)) else value.item()
                for name, value in group.attrs.items()}

    @property
    def experiment_text(self) -> str:
        """The experiment as YAML with all that was set on the command line: `volley run` takes it."""
        return _text(self.file["volley/experiment"][()])

    @property
    def experiment(self) -> dict[str, Any]:
        """The experiment as dictionaries and lists; needs PyYAML."""
        import yaml

        return yaml.safe_load(self.experiment_text)

    def _of_neurons(self, kind: str) -> dict[str, h5py.Group]:
        recorders = self.file.get("recorders", {})
        return {name: next(iter(group[kind].values())) for name, group in recorders.items() if kind in group}

    @property
    def spikes(self) -> Recorders[Spikes]:
        """Recorded spikes: run.spikes["E"]."""
        return Recorders("spikes", self._of_neurons("spikes"), Spikes)

    @property
    def traces(self) -> Recorders[Traces]:
        """Recorded states of neurons: run.traces["E"]."""
        return Recorders("traces", self._of_neurons("report"), Traces)

    @property
    def weights(self) -> Recorders[Weights]:
        """Recorded states of synapses."""
        return Recorders("weights", self.file.get("weights", {}), Weights)

    @property
    def readouts(self) -> Recorders[Rows]:
        """Recorded outputs, supervisors, errors, decoders of readouts."""
        return Recorders("readouts", self.file.get("readout", {}), Rows)

    @property
    def histograms(self) -> Recorders[Rows]:
        """Rates of populations over time, where they were recorded; Spikes.histogram() counts them from spikes."""
        return Recorders("rates", self.file.get("rates", {}), Rows)

    @property
    def sums(self) -> Recorders[Rows]:
        """Sums of states over populations."""
        return Recorders("sums", self.file.get("sums", {}), Rows)

    @property
    def means(self) -> Recorders[Rows]:
        """Means of states over populations."""
        return Recorders("means", self.file.get("means", {}), Rows)

    @property
    def stimuli(self) -> Recorders[Rows]:
        """What stimuli gave."""
        return Recorders("stimuli", self.file.get("stimuli", {}), Rows)

    @property
    def dopamine(self) -> Recorders[Rows]:
        """Concentrations of dopamine."""
        return Recorders("dopamine", self.file.get("dopamine", {}), Rows)

    @property
    def eigenvalues(self) -> Recorders[Eigenvalues]:
        """Of readouts that ask for them."""
        return Recorders("eigenvalues", self.file.get("eigenvalues", {}), Eigenvalues)

    def recorded_until(self) -> float:
        """The time in ms up to which a run has recorded that is not finished: as the file says, or of its last spike or row."""
        said = self.file["volley"].attrs.get("recorded_ms")
        if said is not None:
            return min(self.duration, float(said))
        times = [spikes.times[-1] for spikes in self.spikes.values() if len(spikes)]
        kinds: list[Mapping[str, Any]] = [self.traces, self.weights, self.readouts, self.histograms, self.sums, self.means, self.stimuli, self.dopamine]
        for kind in kinds:
            times += [rows.times[-1] for rows in kind.values() if len(rows)]
        return min(self.duration, float(max(times, default=0.0)))

    def rates(self) -> dict[str, float]:
        """Mean rate of each population in Hz: of all its neurons in a finished run, of the recorded ones before."""
        names = list(self.populations)
        if "volley/summary/rate_hz" in self.file:
            return dict(zip(names, self.file["volley/summary/rate_hz"][:].tolist()))
        found: dict[str, tuple[int, float]] = {}
        for spikes in self.spikes.values():
            found[spikes.population] = max(found.get(spikes.population, (0, 0.0)), (spikes.neurons, spikes.rate()))
        return {name: found[name][1] for name in names if name in found}

    def plot(self, path: str | None = None, *others: Run, **options: Any) -> str:
        """Draws as `volley plot` does, in one figure with other runs if there are any: run.plot("a.png", traces=True, start="100 ms",
        population=["E", "I"]). Returns the path of the picture."""
        path = path or os.path.splitext(self.name)[0] + ".png"
        words = ["plot", self.name, *(other.name for other in others), "-o", path]
        for key, value in options.items():
            name = "--" + key.replace("_", "-")
            if isinstance(value, (list, tuple, range, np.ndarray)):
                value = ",".join(map(str, value))
            words += [] if value is False or value is None else [name] if value is True else [f"{name}={value}"]
        program.call(words)
        return path


def open(path: str | os.PathLike[str], called: str | None = None) -> Run:  # noqa: A001
    """Opens the output of a run, path: OUT.h5; messages call it as said. Of a run that goes on or was interrupted what it has recorded so far, from
    OUT.h5.parts and OUT.h5.part, as it is now; a checkpoint as a Checkpoint. Nothing is read before it is asked for. Raises VolleyError."""
    from .checkpoint import Checkpoint

    name = os.fspath(path)
    try:
        if os.path.exists(name):
            file = h5py.File(name, "r")
            return (Checkpoint if "volley_checkpoint" in file else Run)(file, called or name)
        with tempfile.TemporaryDirectory() as folder:  # the file stays readable while it is open
            shown = os.path.join(folder, "view.h5")
            program.call(["view", name, "-o", shown])
            return Run(h5py.File(shown, "r"), called or name)
    except OSError as error:
        raise VolleyError(f"cannot open '{called or name}': {error}") from None


def _of_all_trials(run: Run) -> tuple[Any, ...]:
    """What trials of one experiment have in common; where they go on, one after the other, each has a duration of its own."""
    about, text = run.file["volley"].attrs, run.experiment_text
    text = re.sub(r"(?ms)^checkpoint:.*?\n(?=\S|\Z)", "", text)  # how often it was saved
    if re.search(r"(?m)^repeat:.*\breset: false", text):
        text = re.sub(r"(?ms)^(simulation:.*?\bduration): [^,}\n]+", r"\1", text)
    return int(about["trials"]), int(about["seed"]), _text(about["inputs_hash"]), re.sub(r"(?m)^(repeat:.*\btrial): \d+", r"\1", text)


def trials(path: str | os.PathLike[str]) -> list[Run]:
    """Opens the trials of an experiment that was repeated, in their order: OUT.1.h5, OUT.2.h5, ... of OUT.h5; of as many as the first says
    those that are there. Raises VolleyError where the first is not there, or one is of another experiment."""
    stem, ending = os.path.splitext(os.fspath(path))
    if not os.path.exists(f"{stem}.1{ending}"):
        raise VolleyError(f"'{os.fspath(path)}' has no trials: there is no '{stem}.1{ending}'")
    runs = [open(f"{stem}.1{ending}")]
    n = int(runs[0].file["volley"].attrs.get("trials", 1))
    runs += [open(name) for name in (f"{stem}.{k}{ending}" for k in range(2, n + 1)) if os.path.exists(name)]
    for run in runs:
        if run.trial is None or run.name != f"{stem}.{run.trial}{ending}":
            raise VolleyError(f"'{run.name}' is not the trial that its name says")
        if _of_all_trials(run) != _of_all_trials(runs[0]):
            raise VolleyError(f"'{run.name}' is no trial of the experiment of '{runs[0].name}': it is of another run, or of other settings")
    return runs
