"""What a run was at a moment."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import h5py
import numpy as np

from .errors import UnknownName, VolleyError
from .output import Run, _text

FORMAT = 2  # of checkpoints


class States(Mapping[str, np.ndarray]):
    """States of the neurons of a population, or of the synapses of a projection, by their names: float64, one value each. Read where one is
    asked for."""

    def __init__(self, name: str, group: h5py.Group):
        self._name, self._group = name, group

    def __getitem__(self, state: str) -> np.ndarray:
        if state not in self._group:
            raise UnknownName(f"'{self._name}' has no state '{state}'; there are {', '.join(self._group)}")
        return self._group[state][:]

    def __iter__(self) -> Iterator[str]:
        return iter(self._group)

    def __len__(self) -> int:
        return len(self._group)

    def __repr__(self) -> str:
        return f"<states of {self._name}: {', '.join(self._group)}>"

    def unit(self, state: str) -> str:
        """The unit of a state; empty where it has none."""
        return _text(self._group[state].attrs.get("units", ""))


class Checkpoint(Run):
    """A checkpoint; open() makes it. What it has of a run: the experiment, populations, counts in `summary`, rates(), and states at `time` (ms).
    It has no recordings: these are in its `output`."""

    def __init__(self, file: h5py.File, name: str):
        self.file, self.name = file, name
        about = file["volley_checkpoint"].attrs
        if int(about["format_version"]) != FORMAT:
            raise VolleyError(f"'{name}' has format {about['format_version']}; this version of Volley reads checkpoints of format {FORMAT}")
        self.title, self.output = _text(about["title"]), _text(about["output"])
        self.dt, self.duration, self.time = (float(about[key]) for key in ("dt_ms", "duration_ms", "time_ms"))
        self.complete, self.trial, self.ended_early = False, None, None

    def __repr__(self) -> str:
        return f"<checkpoint '{self.name}': {', '.join(self.populations)}; at {self.time:g} ms>"

    @property
    def populations(self) -> dict[str, dict[str, Any]]:
        """By name: how many spikes each has sent so far, in the order of the experiment."""
        group = self.file["volley_checkpoint"]
        return {_text(name): {"spikes": int(spikes)} for name, spikes in zip(group["population_names"][:], group["population_spikes"][:])}

    @property
    def summary(self) -> dict[str, Any]:
        """Counts so far: neurons, synapses, spikes, synaptic_events, spike_digest; ranks and threads that wrote it."""
        about = self.file["volley_checkpoint"].attrs
        names = ("neurons", "synapses", "spikes", "synaptic_events", "spike_digest", "ranks", "threads")
        return {name: _text(about[name]) if name == "spike_digest" else int(about[name]) for name in names}

    @property
    def experiment_text(self) -> str:
        """The experiment as YAML with all that was set on the command line: `volley run` takes it."""
        return _text(self.file["volley_checkpoint/experiment"][()])

    @property
    def states(self) -> dict[str, States]:
        """By population: checkpoint.states["E"]["V_m"], [neurons]. Of models without states there are none."""
        return {name: States(name, group) for name, group in self.file.get("populations", {}).items()}

    @property
    def synapses(self) -> dict[str, States]:
        """By projection, of those whose synapses learn or whose weights a program has set: checkpoint.synapses["w"]["weight"], [synapses]."""
        found = {}
        for group in [*self.file.get("plastic", {}).values(), *self.file.get("plastic/set", {}).values()]:
            if "projection" in group.attrs:
                name = _text(group.attrs["projection"])
                found[name] = States(name, group)
        return found

    def rates(self) -> dict[str, float]:
        """Mean rate of each population since the beginning, in Hz, of those that have states."""
        found = {}
        for name, group in self.file.get("populations", {}).items():
            size = next(iter(group.values())).shape[0]
            found[name] = 1e3 * self.populations[name]["spikes"] / size / self.time if self.time > 0 else 0.0
        return found
