"""What a Volley run has written, as figures need it."""
import sys

import h5py
import numpy as np

LEAST_SPIKES = 4  # of a neuron whose intervals count


class Fault(Exception):
    """A fault of the user's: one message, exit code 2."""


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


class Recording:
    """The spikes of one recorder within a window, sorted by time."""

    def __init__(self, name, group, start, stop):
        self.name = name
        self.population = text(group.attrs["population"])
        self.neurons = int(group.attrs["recorded_neurons"])
        self.start = max(start, float(group.attrs["start_ms"]))
        self.stop = min(stop, float(group.attrs["stop_ms"]))
        first, last = np.searchsorted(group["timestamps"][:], (self.start, self.stop), side="right")
        self.times = group["timestamps"][first:last]
        self.ids = group["node_ids"][first:last].astype(np.int64)

    @property
    def seconds(self):
        return max(1e-3 * (self.stop - self.start), 1e-12)

    @property
    def rate(self):
        """Mean over all recorded neurons, silent ones included, in Hz."""
        return self.times.size / self.neurons / self.seconds if self.neurons else 0.0

    def intervals(self):
        """All intervals between successive spikes of a neuron in ms, and the CV of each neuron with enough spikes."""
        order = np.argsort(self.ids, kind="stable")
        ids, times = self.ids[order], self.times[order]
        same = ids[1:] == ids[:-1]
        intervals, owner = np.diff(times)[same], ids[1:][same]
        n = np.bincount(owner)
        regular = n >= LEAST_SPIKES - 1
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = np.bincount(owner, intervals) / n
            variance = np.bincount(owner, (intervals - mean[owner]) ** 2) / n
            return intervals, (np.sqrt(variance) / mean)[regular]


class Run:
    """What a figure needs of an output file."""

    def __init__(self, path):
        try:
            self.file = h5py.File(path, "r")
        except OSError as error:
            raise Fault(f"cannot open '{path}': {error}") from None
        if "volley" not in self.file:
            raise Fault(f"'{path}' is no output of Volley: it has no group /volley")
        self.path = path
        self.about = self.file["volley"].attrs
        self.title = text(self.about["title"])
        self.duration = float(self.about["duration_ms"])
        self.dt = float(self.about["dt_ms"])
        populations = self.file["volley/populations"]
        self.populations = [text(name) for name in populations["name"][:]]
        self.sizes = dict(zip(self.populations, (int(size) for size in populations["size"][:])))
        if not int(self.about["complete"]):
            print(f"volley: '{path}' is incomplete: the run still goes on or was broken off", file=sys.stderr)

    def recorded(self, kind):
        """Groups of the recorders of a kind by their names: spikes, report (traces) or readout."""
        return dict(self.file.get(kind, {}))

    def recordings(self, start, stop):
        """Recorded populations in the order of the experiment; of several recorders the one with most neurons."""
        best = {}
        for name, group in self.file["spikes"].items():
            population = text(group.attrs["population"])
            if population not in best or group.attrs["recorded_neurons"] > best[population][1]:
                best[population] = (name, group.attrs["recorded_neurons"])
        if not best:
            raise Fault(f"'{self.path}' holds no recorded spikes; give the experiment a recorder of type spikes")
        names = [best[population][0] for population in self.populations if population in best]
        return [Recording(name, self.file["spikes"][name], start, stop) for name in names]


class Rows:
    """Recorded rows at equal intervals, of a readout or of a trace recorder."""

    def __init__(self, group):
        first, _, step = group["mapping/time"][:]
        self.data = group["data"]
        self.times = first + step * np.arange(self.data.shape[0])

    def between(self, start, stop, most=None):
        """Times in ms and the first columns of the rows with start < t <= stop."""
        rows = slice(*np.searchsorted(self.times, (start, stop), side="right"))
        return self.times[rows], self.data[rows, :most]
