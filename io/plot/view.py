"""What of a run a figure shows: chosen populations, neurons, states and recorders, the window of time, and what is left out."""
import os
import sys
from dataclasses import dataclass

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "python"))  # of the sources, or installed
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
from volley import VolleyError as Fault  # noqa: E402

# By the signs of a population's outgoing weights. Okabe and Ito's colours: told apart by every kind of colour vision.
COLOURS = {"excitatory": "#0072B2", "inhibitory": "#D55E00", "mixed": "#CC79A7", "none": "0.45", "": "0.45"}
KINDS = {"excitatory": "excitatory", "inhibitory": "inhibitory", "mixed": "weights of both signs",
         "none": "no outgoing weights"}
# For what has no signs: theirs, and three more.
SEVERAL = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "black", "#882255", "#999933", "0.6"]
OVERLAY = {"files": "file", "populations": "population", "projections": "projection", "readouts": "readout",
           "states": "state", "neurons": "neuron"}
WHAT = {"spikes": "spikes", "traces": "traces", "weights": "weights", "readouts": "readouts", "histograms": "rates",
        "sums": "sums", "means": "means", "stimuli": "stimuli", "dopamine": "dopamine"}  # of run -> type of recorder


def scaled(points):
    """A width of lines or a size of letters, in points of a figure with letters of 8 points."""
    return points * plt.rcParams["font.size"] / 8


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def plain(name):
    """A name as written, where matplotlib would take dollar signs for mathematics."""
    return name.replace("$", r"\$")


def count(number, one):
    """1 neuron, 2 neurons."""
    return f"{number} {one}{'' if number == 1 else 's'}"


def label(rows):
    """What the rows of a recorder are, with the unit."""
    return rows.state + (f" ({rows.unit})" if rows.unit else "")


def shades(n):
    """So many colours: such that are told apart, or of many from one end of a scale to the other."""
    return SEVERAL[:n] if n <= len(SEVERAL) else list(plt.colormaps["cividis"](np.linspace(0, 0.85, n)))


def names_in(words):
    """The names in a list with commas; None for no list."""
    return None if words is None else [word.strip() for word in words.split(",") if word.strip()]


def numbers_in(words):
    """The numbers of "0-4, 7", ascending; None for no list."""
    if words is None:
        return None
    try:
        ends = [[int(end) for end in part.split("-")] for part in words.split(",")]
        return np.unique(np.concatenate([np.arange(end[0], end[-1] + 1) for end in ends]))
    except ValueError:
        raise Fault(f"--neurons takes numbers and ranges, like 0-4,7, not '{words}'") from None


@dataclass
class Recorded:
    """The spikes of one recorder within the window that are chosen, sorted by time."""

    name: str
    population: str
    neurons: int  # recorded and chosen, silent ones included
    start: float
    stop: float
    times: np.ndarray
    ids: np.ndarray
    known: np.ndarray  # numbers of these neurons; where not all of a population are recorded, of those that spiked
    size: int
    others: int  # recorders of the same population that are left out

    @property
    def rate(self):
        """Mean over all these neurons, silent ones included, in Hz; NaN where nothing was recorded."""
        seconds = 1e-3 * (self.stop - self.start)
        return self.times.size / self.neurons / seconds if self.neurons and seconds > 0 else np.nan


class View:
    """One run as a figure sees it. label: what tells it from other files; notes: what is said below the title; span: the window of
    all that was looked at."""

    span = np.inf, -np.inf

    def __init__(self, run, options, file_label=""):
        self.run, self.options, self.label = run, options, file_label
        self.start, self.stop = options.start, options.stop
        self.populations, self.neurons = names_in(options.population), numbers_in(options.neurons)
        self.states, self.recorders = names_in(options.states), names_in(options.recorder)
        self.overlay = {OVERLAY[word] for word in self.overlaid(options.overlay)}
        self.notes, self.signs = {}, {}
        self.duration = run.duration if run.complete else run.recorded_until()
        self.outgoing = {name: about.get("outgoing", "") for name, about in run.populations.items()}
        if run.complete:
            return
        print(f"volley: '{run.name}' is incomplete: the run still goes on or was broken off; recorded up to "
              f"{self.duration:.10g} ms", file=sys.stderr)

    @staticmethod
    def overlaid(words):
        words = names_in(words) or ["neurons"]
        unknown = [word for word in words if word not in OVERLAY]
        if unknown:
            raise Fault(f"--overlay takes {', '.join(OVERLAY)}, not '{unknown[0]}'")
        return words

    def note(self, *texts):
        """Says below the title what the figure leaves out, once."""
        self.notes.update(dict.fromkeys(texts))

    def size(self, population):
        """How many neurons it has; None where it is no population."""
        return self.run.populations.get(population, {}).get("size")

    def colour(self, population):
        """By the signs of its outgoing weights; the key has it then."""
        kind = self.outgoing.get(population, "")
        self.signs[kind] = COLOURS[kind]
        return COLOURS[kind]

    def window(self, recorders):
        """Begin and end in ms of what these recorders took between --start and --stop. All of a figure shows one window."""
        recorders = list(recorders)
        begin = min(recorder.start for recorder in recorders) if self.start is None else self.start
        end = max(recorder.stop for recorder in recorders) if self.stop is None else self.stop
        end = min(end, self.duration)
        self.span = min(begin, self.span[0]), max(end, self.span[1])
        return begin, end

    def is_chosen(self, recorder):
        """Whether the options choose this recorder; those of several states or populations by the first part of their names."""
        if self.recorders is not None and not any(
                recorder.name == name or recorder.name.startswith(name + ".") for name in self.recorders):
            return False
        population = recorder.attributes.get("population")
        if self.populations is not None and population is not None and population not in self.populations:
            return False
        return self.states is None or getattr(recorder, "state", None) is None or recorder.state in self.states

    def recorded(self, kind):
        """The chosen recorders of a kind, an attribute of the run; a fault where there is none."""
        there = list(getattr(self.run, kind).values())
        if not there:
            raise Fault(f"'{self.run.name}' holds no recorded {WHAT[kind]}; give the experiment a recorder of type "
                        f"{WHAT[kind].removesuffix('s') if kind == 'readouts' else WHAT[kind]}")
        chosen = [recorder for recorder in there if self.is_chosen(recorder)]
        if not chosen:
            names = ", ".join(dict.fromkeys(recorder.name for recorder in there))
            raise Fault(f"'{self.run.name}': none of the recorded {WHAT[kind]} is chosen by --population, --states, --recorder; "
                        f"recorders are: {names}")
        return chosen

    def spikes(self, begin, end):
        """What is recorded of each population within begin < t <= end, in the order of the experiment; of several recorders of
        a population the one with most neurons."""
        by_population = {}
        for recorder in self.recorded("spikes"):
            by_population.setdefault(recorder.population, []).append(recorder)
        return [self.taken(max(by_population[name], key=lambda recorder: recorder.neurons), begin, end,
                           len(by_population[name]) - 1, about["size"])
                for name, about in self.run.populations.items() if name in by_population]

    def taken(self, recorder, begin, end, others, size):
        part = recorder.between(begin, min(end, self.duration))
        ids, times, neurons = part.ids, part.times, part.neurons
        if self.neurons is not None:
            chosen = np.isin(ids, self.neurons)
            ids, times = ids[chosen], times[chosen]
            neurons = min(neurons, int(np.sum(self.neurons < size)))
        known = np.unique(ids)[:neurons] if recorder.neurons < size else np.arange(size)
        if recorder.neurons == size and self.neurons is not None:
            known = self.neurons[self.neurons < size]
        return Recorded(recorder.name, recorder.population, neurons, part.start, part.stop, times, ids, known, size, others)

    def columns(self, ids, most):
        """Places among the recorded neurons: those of --neurons, else the first."""
        if self.neurons is None:
            return np.arange(min(len(ids), most))
        return np.flatnonzero(np.isin(ids, self.neurons))
