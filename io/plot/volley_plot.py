#!/usr/bin/env python3
"""Figures from the output of a Volley run: a raster with rates, intervals between spikes, or recorded traces."""
import argparse
import sys

import h5py
import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

LEAST_SPIKES = 4  # of a neuron whose intervals count
RASTER_NEURONS = 2000  # neurons shown in a raster
RASTER_SPIKES = 60000  # dots shown in a raster
RASTER_MS = 1000  # shown of a longer run, unless --start or --stop is given
INHIBITORY = "#D55E00"  # Okabe and Ito's vermillion and blue: told apart by every kind of colour vision, and in grey
EXCITATORY = "#0072B2"
STYLE = {
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.direction": "out",
    "legend.frameon": False,
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
}


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

    def recordings(self, start, stop):
        """Recorded populations in the order of the experiment; of several recorders the one with most neurons."""
        best = {}
        for name, group in self.file["spikes"].items():
            population = text(group.attrs["population"])
            if population not in best or group.attrs["recorded_neurons"] > best[population][1]:
                best[population] = (name, group.attrs["recorded_neurons"])
        if not best:
            raise Fault(f"'{self.path}' holds no recorded spikes")
        names = [best[population][0] for population in self.populations if population in best]
        return [Recording(name, self.file["spikes"][name], start, stop) for name in names]


def is_inhibitory(name):
    """By the custom of the field: a name that ends in I, or that says inh."""
    return name.endswith(("I", "_i")) or "inh" in name.lower()


def colour_of(name):
    return INHIBITORY if is_inhibitory(name) else EXCITATORY


def pretty(name):
    """L23E is printed as L2/3E."""
    return name.replace("L23", "L2/3")


def label_time(axes, start, stop):
    axes.set_xlim(start, stop)
    axes.set_xlabel("Time (ms)")


def thin(recording, shown, dots, random):
    """Rows (0 .. shown - 1) and times of `shown` neurons picked at random, at most about `dots` of their spikes."""
    seen = np.unique(recording.ids)
    size = max(recording.neurons, int(seen[-1]) + 1 if seen.size else 0)
    row = np.full(size, -1)
    picked = random.choice(recording.neurons, shown, replace=False) if shown < recording.neurons else np.arange(shown)
    if size == recording.neurons:
        row[np.sort(picked)] = np.arange(shown)
    else:  # some of the population: silent neurons have no known ids, so give rows to those that spike
        kept = seen[: recording.neurons]
        chosen = np.sort(picked)
        chosen = chosen[chosen < kept.size]
        row[kept[chosen]] = np.arange(chosen.size)
    rows = row[recording.ids]
    visible = np.flatnonzero(rows >= 0)
    if visible.size > dots:
        visible = np.sort(random.choice(visible, dots, replace=False))
    return rows[visible], recording.times[visible]


def draw_raster(axes, recordings, start, stop):
    """Dots by time and neuron, the first population on top, each with rows in proportion to its size."""
    random = np.random.default_rng(0)
    total = sum(recording.neurons for recording in recordings)
    spikes = sum(recording.times.size for recording in recordings)
    share = min(1.0, RASTER_NEURONS / max(total, 1))
    counts = [max(min(recording.neurons, 1), round(recording.neurons * share)) for recording in recordings]
    gap = max(1, round(0.012 * sum(counts)))
    size = np.clip(9000 / max(spikes * share, 1), 0.15, 2.5)
    top, ticks = 0, []
    for recording, shown in zip(recordings, counts):
        dots = int(RASTER_SPIKES * max(recording.times.size, 1) / max(spikes, 1)) + 1
        rows, times = thin(recording, shown, dots, random)
        colour = colour_of(recording.population)
        axes.plot(times, top + rows, "o", ms=np.sqrt(size), mew=0, color=colour, rasterized=True)
        ticks.append(top + shown / 2)
        top += shown + gap
    axes.set_ylim(top - gap / 2, -gap / 2)
    axes.set_yticks(ticks, [pretty(recording.population) for recording in recordings])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    label_time(axes, start, stop)
    return share


def draw_rates(axes, recordings):
    place = np.arange(len(recordings))
    rates = [recording.rate for recording in recordings]
    colours = [colour_of(recording.population) for recording in recordings]
    axes.barh(place, rates, height=0.7, color=colours)
    for y, rate in zip(place, rates):
        axes.annotate(f"{rate:.2f}", (rate, y), (2, 0), textcoords="offset points", va="center", fontsize=7)
    axes.set_yticks(place, [pretty(recording.population) for recording in recordings])
    axes.set_ylim(len(recordings) - 0.4, -0.6)
    axes.set_xlim(0, 1.2 * max(max(rates), 1e-3))
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("Mean rate (Hz)")


def add_heading(figure, run):
    """Title on the left, key to the colours on the right where both kinds occur."""
    if run.title:
        figure.suptitle(run.title, x=0.01, ha="left", fontsize=9, fontweight="bold")
    kinds = {is_inhibitory(name) for name in run.populations}
    if len(kinds) == 2:
        handles = [
            plt.Line2D([], [], marker="s", ls="", ms=5, mew=0, color=colour, label=label)
            for colour, label in ((EXCITATORY, "excitatory"), (INHIBITORY, "inhibitory"))
        ]
        figure.legend(handles=handles, loc="upper right", ncols=2, fontsize=7, handletextpad=0.1, columnspacing=1.0)


def plot_raster(run, start, stop):
    """Raster of the window (the last RASTER_MS of a long one), and rates over all of it."""
    recordings = run.recordings(0 if start is None else start, run.duration if stop is None else stop)
    end = max(recording.stop for recording in recordings)
    begin = min(recording.start for recording in recordings)
    if start is None and stop is None and end - begin > RASTER_MS:
        begin = end - RASTER_MS
    shown = run.recordings(begin, end)
    height = np.clip(0.35 * len(recordings) + 0.9, 2.2, 4.6)
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(7.2, height), width_ratios=(2.6, 1), layout="constrained"
    )
    share = draw_raster(left, shown, begin, end)
    if share < 1:
        left.set_ylabel(f"Neurons ({100 * share:.3g} % shown)")
    draw_rates(right, recordings)
    add_heading(figure, run)
    return figure


def draw_distribution(axes, values, bins, colour):
    counts, edges = np.histogram(values, bins=bins)
    axes.stairs(counts / max(counts.sum(), 1), edges, fill=True, color=colour, alpha=0.85)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)


def plot_isi(run, start, stop):
    """Distributions of intervals (logarithmic) and of CVs, one row a population."""
    recordings = run.recordings(0 if start is None else start, run.duration if stop is None else stop)
    results = [recording.intervals() for recording in recordings]
    longest = max((intervals.max() for intervals, _ in results if intervals.size), default=1000.0)
    shortest = min((intervals.min() for intervals, _ in results if intervals.size), default=1.0)
    shortest = max(shortest, run.dt)  # a parrot may repeat several spikes at one time
    if longest <= shortest:
        shortest, longest = 0.5 * shortest, 2 * longest
    time_bins = np.geomspace(0.9 * shortest, 1.1 * longest, 60)
    cv_bins = np.linspace(0, max(1.6, *(cv.max() if cv.size else 0 for _, cv in results)) * 1.02, 50)
    rows = len(recordings)
    figure, axes = plt.subplots(
        rows, 2, figsize=(7.2, 0.55 * rows + 1.0), sharex="col", squeeze=False, layout="constrained"
    )
    for (left, right), recording, (intervals, cv) in zip(axes, recordings, results):
        colour = colour_of(recording.population)
        draw_distribution(left, intervals, time_bins, colour)
        draw_distribution(right, cv, cv_bins, colour)
        left.set_ylabel(pretty(recording.population), rotation=0, ha="right", va="center")
        if recording is not recordings[-1]:
            left.tick_params(axis="x", which="both", length=0)
            right.tick_params(axis="x", length=0)
        if cv.size:
            right.axvline(cv.mean(), color="black", lw=0.8)
            right.annotate(f"mean {cv.mean():.2f}", (1, 0.75), xycoords="axes fraction", ha="right", fontsize=7)
    axes[0, 0].set_xscale("log")
    axes[0, 1].set_xlim(cv_bins[0], cv_bins[-1])
    axes[-1, 0].set_xlabel("Interval between spikes (ms)")
    axes[-1, 1].set_xlabel(f"CV of intervals (neurons with at least {LEAST_SPIKES} spikes)")
    add_heading(figure, run)
    return figure


def draw_trace(axes, group, spikes, start, stop, most=6):
    """The first columns of one trace recorder, with the spikes of these neurons where they are recorded."""
    first, _, step = group["mapping/time"][:]
    data, ids = group["data"], group["mapping/node_ids"][:most]
    times = first + step * np.arange(data.shape[0])
    rows = slice(*np.searchsorted(times, (start, stop), side="right"))
    values = data[rows, : ids.size]
    colours = plt.colormaps["cividis"](np.linspace(0, 0.85, ids.size))
    for column, (node, colour) in enumerate(zip(ids, colours)):
        axes.plot(times[rows], values[:, column], lw=0.7, color=colour, label=str(node))
        if spikes is not None:
            own = spikes.times[spikes.ids == node]
            above = np.full(own.size, 0.97)
            axes.plot(own, above, "|", ms=6, mew=0.8, color=colour, transform=axes.get_xaxis_transform())
    axes.margins(y=0.12)
    axes.set_ylabel(f"{text(group.attrs['state'])} ({text(data.attrs['units'])})")
    axes.set_title(pretty(text(group.attrs["population"])), loc="left", fontsize=8)
    if data.shape[1] > 1:
        axes.legend(title="neuron", fontsize=6, title_fontsize=6, loc="center left", bbox_to_anchor=(1, 0.5))


def plot_traces(run, start, stop):
    """One panel for each trace recorder."""
    groups = list(run.file["report"].values())
    if not groups:
        raise Fault(f"'{run.path}' holds no recorded traces")
    begin = min(float(group.attrs["start_ms"]) for group in groups) if start is None else start
    end = max(float(group.attrs["stop_ms"]) for group in groups) if stop is None else stop
    by_population = {}
    if len(run.file["spikes"]):
        by_population = {recording.population: recording for recording in run.recordings(begin, end)}
    figure, axes = plt.subplots(
        len(groups), 1, figsize=(7.2, 1.5 * len(groups) + 0.7), sharex=True, squeeze=False, layout="constrained"
    )
    for panel, group in zip(axes[:, 0], groups):
        draw_trace(panel, group, by_population.get(text(group.attrs["population"])), begin, end)
    label_time(axes[-1, 0], begin, end)
    if run.title:
        figure.suptitle(run.title, x=0.01, ha="left", fontsize=9, fontweight="bold")
    return figure


def parse():
    parser = argparse.ArgumentParser(prog="volley plot", description=__doc__)
    parser.add_argument("file", metavar="OUT.h5", help="output of a run")
    parser.add_argument("-o", "--output", required=True, metavar="FILE.png", help="figure to write (png, pdf, svg)")
    parser.add_argument("--start", type=float, metavar="MS", help="leave out what comes up to this time")
    parser.add_argument("--stop", type=float, metavar="MS", help="leave out what comes after this time")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--isi", action="store_true", help="distributions of intervals between spikes and of their CV")
    kind.add_argument("--traces", action="store_true", help="recorded traces")
    return parser.parse_args()


def main():
    options = parse()
    plot = plot_isi if options.isi else plot_traces if options.traces else plot_raster
    try:
        run = Run(options.file)
        start = 0 if options.start is None else options.start
        if start >= (run.duration if options.stop is None else options.stop):
            raise Fault("--stop must come after --start, and --start before the end of the run")
        with plt.rc_context(STYLE):
            plot(run, options.start, options.stop).savefig(options.output, dpi=300)
    except Fault as fault:
        print(f"volley: {fault}", file=sys.stderr)
        return 2
    except (OSError, ValueError, KeyError) as error:
        print(f"volley: cannot plot '{options.file}' to '{options.output}': {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
