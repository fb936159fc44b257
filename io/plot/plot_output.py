"""What a Volley run has written, as figures need it."""
import os
import sys

os.environ["HDF5_USE_FILE_LOCKING"] = "FALSE"  # many file systems have no locks, and reading needs none
import h5py  # noqa: E402
import numpy as np  # noqa: E402

LEAST_SPIKES = 4  # of a neuron whose intervals count
FORMAT = 2  # of outputs


class Fault(Exception):
    """A fault of the user's: one message, exit code 2."""


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def plain(name):
    """A name as written, where matplotlib would take dollar signs for mathematics."""
    return name.replace("$", r"\$")


def count(number, one):
    """1 neuron, 2 neurons."""
    return f"{number} {one}{'' if number == 1 else 's'}"


def label(group):
    """What the rows of a recorder are, with the unit."""
    unit = text(group["data"].attrs["units"])
    return text(group.attrs["state"]) + (f" ({unit})" if unit else "")


class Recording:
    """The spikes of one recorder within a window, sorted by time."""

    def __init__(self, name, group, start, stop, others=0):
        self.name = name
        self.others = others  # recorders of the same population that are left out
        self.population = text(group.attrs["population"])
        self.neurons = int(group.attrs["recorded_neurons"])
        self.start = max(start, float(group.attrs["start_ms"]))
        self.stop = min(stop, float(group.attrs["stop_ms"]))
        first, last = np.searchsorted(group["timestamps"][:], (self.start, self.stop), side="right")
        self.times = group["timestamps"][first:last]
        self.ids = group["node_ids"][first:last].astype(np.int64)

    @property
    def rate(self):
        """Mean over all recorded neurons, silent ones included, in Hz; NaN where nothing was recorded."""
        seconds = 1e-3 * (self.stop - self.start)
        return self.times.size / self.neurons / seconds if self.neurons and seconds > 0 else np.nan

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

    def __init__(self, path, name):
        try:
            self.file = h5py.File(path, "r")
        except OSError as error:
            raise Fault(f"cannot open '{name}': {error}") from None
        if "volley" not in self.file:
            raise Fault(f"'{name}' is no output of Volley: it has no group /volley")
        self.path = name
        self.about = self.file["volley"].attrs
        if int(self.about["format_version"]) != FORMAT:
            raise Fault(f"'{name}' has format {self.about['format_version']}; this version of Volley reads format {FORMAT}")
        self.title = text(self.about["title"])
        self.duration = float(self.about["duration_ms"])
        self.dt = float(self.about["dt_ms"])
        populations = self.file["volley/populations"]
        self.populations = [text(name) for name in populations["name"][:]]
        self.outgoing = dict.fromkeys(self.populations, "")  # excitatory, inhibitory, mixed, none; "": not known
        if "outgoing" in populations:
            self.outgoing = dict(zip(self.populations, map(text, populations["outgoing"][:])))
        self.complete = bool(self.about["complete"])
        if not self.complete:
            self.duration = min(self.duration, float(self.about.get("recorded_ms", self.last_time())))
            print(f"volley: '{name}' is incomplete: the run still goes on or was broken off; recorded up to "
                  f"{self.duration:.10g} ms", file=sys.stderr)

    def last_time(self):
        """The last time that an incomplete file knows of, in ms."""
        times = [group["timestamps"][-1] for group in self.recorded("spikes").values() if group["timestamps"].size]
        for kind in ("report", "readout", "weights", "rates"):
            times += [rows.times[-1] for rows in map(Rows, self.recorded(kind).values()) if rows.times.size]
        return float(max(times, default=0.0))

    def recorded(self, kind):
        """Groups of the recorders of a kind by their names: spikes, report (traces), readout, weights, rates, sums
        and so on."""
        if kind not in ("spikes", "report"):
            return dict(self.file.get(kind, {}))
        recorders = self.file.get("recorders", {})
        return {name: next(iter(group[kind].values())) for name, group in recorders.items() if kind in group}

    def recordings(self, start, stop):
        """Recorded populations in the order of the experiment; of several recorders the one with most neurons."""
        recorders = {}
        groups = self.recorded("spikes")
        for name, group in groups.items():
            recorders.setdefault(text(group.attrs["population"]), []).append((group.attrs["recorded_neurons"], name))
        if not recorders:
            raise Fault(f"'{self.path}' holds no recorded spikes; give the experiment a recorder of type spikes")
        stop = min(stop, self.duration)
        found = []
        for population in self.populations:
            if population in recorders:
                name = max(recorders[population], key=lambda recorder: recorder[0])[1]
                found.append(Recording(name, groups[name], start, stop, len(recorders[population]) - 1))
        return found


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
