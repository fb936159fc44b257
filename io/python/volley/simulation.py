"""Runs in this process: built, advanced, looked at, changed, gone on with; alone, or under mpirun on every rank."""
from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from .errors import UnknownName, VolleyError

PIECES = 100  # of one call of run(), between which Ctrl-C is heard
LEAST_PIECE = 10.0  # ms


def _load() -> Any:
    """The compiled module: beside this package, or where the sources were built. Its symbols are there for plug-ins."""
    here = os.path.dirname(os.path.abspath(__file__))
    for folder in (os.environ.get("VOLLEY_BUILD", "") + "/python", here, os.path.join(here, *[".."] * 3, "build", "release", "python")):
        path = os.path.join(folder, "_simulation.so")
        if not os.path.exists(path):
            continue
        flags = sys.getdlopenflags()
        sys.setdlopenflags(flags | os.RTLD_GLOBAL)
        try:
            loader = importlib.machinery.ExtensionFileLoader("_simulation", path)
            module: Any = importlib.util.module_from_spec(importlib.machinery.ModuleSpec("_simulation", loader, origin=path))
            loader.exec_module(module)
        except ImportError as error:
            raise VolleyError(f"runs in this process need the compiled module: {error}") from None
        finally:
            sys.setdlopenflags(flags)
        module.use(VolleyError)
        return module
    raise VolleyError("runs in this process need the compiled module _simulation.so: build Volley with Python's headers "
                      "(on Debian python3-dev)")


_module: Any = None


def module() -> Any:
    """The compiled module, loaded once."""
    global _module
    _module = _module or _load()
    return _module


def handle_of(comm: Any) -> int:
    """What the module knows a communicator of mpi4py by; 0 for None: all ranks."""
    if comm is None:
        return 0
    from mpi4py import MPI

    return int(np.frombuffer(int(MPI._handleof(comm)).to_bytes(8, sys.byteorder), np.uint64)[0])


class Simulation:
    """A network in time. Network.build() and resume() make it; a context manager, too.

    Under mpirun every rank makes the same calls with the same values, and gets the same. Values are arrays of float64, one a
    neuron, by index within the population. A fault is a VolleyError and leaves the simulation as it was, unless run() raised it: then
    it can only be closed."""

    def __init__(self, handle: Any):
        self._handle = handle
        self._closed = False
        self.arrays = ""  # the file of arrays that the experiment reads
        self.at_end: Any = None  # called once it is closed or forgotten
        self._constant: dict[str, np.ndarray] = {}  # I_e of populations for which it was set as a parameter
        self._replaced: set[str] = set()  # populations into which the rest of the I_e that was set is injected

    def __enter__(self) -> Simulation:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        if self._closed:
            return "<simulation that is closed>"
        time, neurons, synapses, spikes, _ = self._handle.about()
        return f"<simulation at {time:g} ms: {neurons} neurons, {synapses} synapses, {spikes} spikes so far>"

    def close(self) -> None:
        """Ends it; an output that it has come to the end of is completed."""
        self._closed = True
        self._handle.close()
        if self.at_end:
            self.at_end()

    @property
    def time(self) -> float:
        """Model time in ms."""
        return self._handle.time()

    @property
    def ended_early(self) -> str | None:
        """Why `stop_when` of the experiment has ended it, so that run() leaves it where it is; None: it has not."""
        return self._handle.ended_early()

    @property
    def neurons(self) -> int:
        """Neurons of all ranks."""
        return self._handle.about()[1]

    @property
    def synapses(self) -> int:
        """Synapses of all ranks."""
        return self._handle.about()[2]

    @property
    def digest(self) -> str:
        """Of all spikes so far, as `volley run` prints it: the same on any number of ranks and threads."""
        return self._handle.about()[4]

    @property
    def experiment_text(self) -> str:
        """All keys of the experiment with their values, as YAML."""
        return self._handle.resolve()

    def run(self, ms: float) -> None:
        """Goes on for so many ms of model time. Ctrl-C raises KeyboardInterrupt between two pieces of it, and the simulation can go on
        from there; other threads of Python run meanwhile."""
        if not ms >= 0:
            raise VolleyError(f"run({ms}): a time of 0 ms or more is expected")
        self._handle.advance(self._handle.time() + ms, max(ms / PIECES, LEAST_PIECE))

    def spikes(self, population: str) -> tuple[np.ndarray, np.ndarray]:
        """Times (ms, float64) and neurons (uint32, from 0) of the spikes of a population since the last call for it, sorted by time."""
        times, ids = self._handle.take_spikes(population)
        return np.frombuffer(times, np.float64), np.frombuffer(ids, np.uint32)

    def get(self, population: str, state: str) -> np.ndarray:
        """A state of all neurons of a population, in the unit of docs/models.md: float64 [neurons]."""
        return np.frombuffer(self._handle.get_state(population, state), np.float64).copy()

    def get_synapses(self, projection: str, state: str = "weight") -> np.ndarray:
        """A state of all synapses of a projection, as a spike would find them that arrives now, or their "source", "target" (indices within the
        populations) or "delay" (ms): float64 [synapses]. In order of the targets; of one target those that learn by source, delay and number of the edge,
        static ones, which have a weight alone, as their rule lists or draws them."""
        return np.frombuffer(self._handle.get_synapses(projection, state), np.float64).copy()

    def set_synapses(self, projection: str, state: str, values: Any) -> None:
        """Sets a state of all synapses of a projection from now on, "weight" first of all: one value for all, or float64 [synapses] in the order of
        get_synapses(). With weights of static synapses all tables are built again before the next step, once however many are set; save() keeps them.
        Raises VolleyError, and changes nothing, where there are not so many synapses or a value cannot be."""
        try:
            array = np.asarray(values, np.float64)
        except (TypeError, ValueError) as error:
            raise VolleyError(f"projection '{projection}': numbers are expected: {error}") from None
        if array.ndim == 0:
            array = np.full(len(self.get_synapses(projection, "source")), array)
        elif array.ndim > 1:
            raise VolleyError(f"projection '{projection}': one value for each synapse is expected, not an array of shape {array.shape}")
        self._handle.set_synapses(projection, state, np.ascontiguousarray(array))

    def set(self, population: str, name: str, values: Any) -> None:
        """Sets a state of all neurons of a population, or the constant current `I_e` from now on: one value for all, or
        float64 [neurons]."""
        if name == "I_e":
            self.inject(population, self._array(population, values) - self._constant_current(population))
            self._replaced.add(population)
        else:
            self._handle.set_state(population, name, self._array(population, values))

    def inject(self, population: str, values: Any) -> None:
        """A current into the neurons of a population (pA, for most), from now on until it is set again, beside all that the experiment
        injects: one value for all, or float64 [neurons]."""
        self._handle.inject(population, self._array(population, values))

    def set_stimulus(self, name: str | int, key: str, value: Any) -> None:
        """Sets a key of a stimulus, which is named or counted from 0, from now on: sim.set_stimulus("drive", "rate", "20 Hz")."""
        self.assign(f"stimuli.{name}.{key}={value}")

    def set_parameter(self, population: str, name: str, values: Any) -> None:
        """Sets a parameter of all neurons of a population from now on: one value for all, or float64 [neurons]."""
        self.set_parameters(population, {name: values})

    def set_parameters(self, population: str, values: Mapping[str, Any]) -> None:
        """Sets several parameters at once, by their names, as set_parameter() does each: all, or none where they do not go together."""
        arrays = {name: self._array(population, value) for name, value in values.items()}
        texts = {name: repr(float(array[0])) if len(array) and np.all(array == array[0]) else f"{{values: {array.tolist()}}}"
                 for name, array in arrays.items()}
        self.assign(*(f"populations.{population}.parameters.{name}={text}" for name, text in texts.items()))
        if "I_e" in arrays:
            self._constant[population] = arrays["I_e"].copy()
            if population in self._replaced:
                self.inject(population, 0)
                self._replaced.remove(population)

    def assign(self, *assignments: str) -> None:
        """Sets keys as `--set` does, from now on, all or none of them: of stimuli, parameters of populations, or the spikes of a source, for
        which its files are read anew: "populations.S.spikes.times=[30, 40]"."""
        self._handle.assign(assignments)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes a checkpoint; resume() and `volley run --resume` go on from it, on any number of ranks."""
        self._handle.save(os.fspath(path))

    def _array(self, population: str, values: Any) -> np.ndarray:
        try:
            array = np.ascontiguousarray(values, np.float64)
        except (TypeError, ValueError) as error:
            raise VolleyError(f"population '{population}': numbers are expected: {error}") from None
        return np.full(self._handle.size(population), array) if array.ndim == 0 or array.shape == (1,) else array

    def _constant_current(self, population: str) -> np.ndarray | float:
        import yaml

        if population in self._constant:
            return self._constant[population]
        experiment = yaml.safe_load(self.experiment_text)
        for change in experiment.get("changes") or []:
            if change.get("population") == population and "I_e" in (change.get("parameters") or {}):
                raise VolleyError(f"population '{population}': the experiment changes its I_e; inject() adds to what it is")
        for entry in experiment["populations"]:
            names = entry["name"] if isinstance(entry["name"], list) else [entry["name"]]
            if population not in names:
                continue
            current = entry.get("parameters", {}).get("I_e")
            if isinstance(current, list) and len(current) == len(names) > 1:
                current = current[names.index(population)]
            try:
                return float(str(current).split()[0])
            except ValueError:
                raise VolleyError(f"population '{population}': I_e is not one number for all its neurons; "
                                  "inject() adds to what it is") from None
        raise UnknownName(f"there is no population '{population}'")


def build(path: str, threads: int | None, output: str | None, comm: Any) -> Simulation:
    """A simulation of an experiment file. Collective over the communicator (None: all ranks)."""
    made = module()
    return Simulation(made.make(made.Handle, path, None, threads or 0, output, handle_of(comm)))


def resume(checkpoint: str | os.PathLike[str], *, threads: int | None = None, output: str | None = None,
           comm: Any = None) -> Simulation:
    """A simulation that goes on from a checkpoint, written by any number of ranks. output: where recorders go on; by default
    where they were. Collective over comm, a communicator of mpi4py (None: all ranks)."""
    made = module()
    return Simulation(made.make(made.Handle, "", os.fspath(checkpoint), threads or 0, output, handle_of(comm)))
