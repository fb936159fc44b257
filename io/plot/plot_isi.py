"""Distributions of the intervals between spikes, and of their coefficients of variation."""
import numpy as np

from panel import Panel
from plot_raster import note_on
from view import count, plain, scaled

LEAST_SPIKES = 4  # of a neuron whose CV counts
MOST = 0.99  # of all intervals are within a linear axis


def intervals_of(taken):
    """All intervals between successive spikes of a neuron in ms, and the CV of each neuron with enough spikes."""
    order = np.argsort(taken.ids, kind="stable")
    ids, times = taken.ids[order], taken.times[order]
    same = ids[1:] == ids[:-1]
    intervals, owner = np.diff(times)[same], ids[1:][same]
    n = np.bincount(owner)
    regular = n >= LEAST_SPIKES - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.bincount(owner, intervals) / n
        variance = np.bincount(owner, (intervals - mean[owner]) ** 2) / n
        return intervals, (np.sqrt(variance) / mean)[regular]


def bins_of(view, results):
    """Edges of bins for all intervals: equal ones up to where nearly all end, or with --log by equal factors."""
    all_intervals = np.concatenate([intervals for intervals, _ in results] or [[]])
    if not all_intervals.size:
        return np.linspace(0, 1, 11)
    number = int(np.clip(2 * np.sqrt(all_intervals.size), 12, 60))
    if view.options.log:
        shortest = max(all_intervals.min(), view.run.dt)  # a parrot may repeat several spikes at one time
        longest = max(all_intervals.max(), 1.2 * shortest)
        below = int(np.sum(all_intervals < 0.9 * shortest))
        view.note(*[f"without {count(below, 'interval')} below dt"] * (below > 0))
        return np.geomspace(0.9 * shortest, 1.1 * longest, number)
    end = float(np.quantile(all_intervals, MOST))
    end = all_intervals.max() if all_intervals.max() < 1.5 * end else end
    beyond = int(np.sum(all_intervals > 1.05 * end))
    view.note(*[f"{beyond} of {count(all_intervals.size, 'interval')} are longer than {1.05 * end:.3g} ms"] * (beyond > 0))
    return np.linspace(0, 1.05 * max(end, view.run.dt), number)


def draw_distribution(axes, values, bins, colour):
    counts, edges = np.histogram(values, bins=bins)
    axes.stairs(counts / max(counts.sum(), 1), edges, fill=True, color=colour, alpha=0.85)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_ylim(0, 1.5 * max((counts / max(counts.sum(), 1)).max(), 1e-9))
    if values.size == 0:
        axes.text(0.5, 0.5, "none", transform=axes.transAxes, ha="center", va="center", fontsize=scaled(7))


def draw_intervals(part, view, spikes, results):
    """A row a population: intervals on the left, CVs on the right, both with their mean as a number."""
    bins = bins_of(view, results)
    most = max([1.6, *(cv.max() for _, cv in results if cv.size)]) * 1.02
    axes = part.subplots(len(spikes), 2, sharex="col", squeeze=False)
    for (left, right), taken, (intervals, cv) in zip(axes, spikes, results):
        colour = view.colour(taken.population)
        draw_distribution(left, intervals, bins, colour)
        draw_distribution(right, cv, np.linspace(0, most, 50), colour)
        left.set_ylabel(plain(taken.population), rotation=0, ha="right", va="center")
        if intervals.size:
            left.annotate(f"mean {intervals.mean():.4g} ms", (1, 0.82), xycoords="axes fraction", ha="right", fontsize=scaled(7))
        if cv.size:
            right.axvline(cv.mean(), color="black", lw=scaled(0.8))
            side = 0 if cv.mean() > 0.5 * most else 1  # away from the line
            right.annotate(f"CV {cv.mean():.2f} of {count(cv.size, 'neuron')}", (side, 0.82), xycoords="axes fraction",
                           ha=("left", "right")[side], fontsize=scaled(7))
    if view.options.log:
        axes[0, 0].set_xscale("log")
    axes[0, 0].set_xlim(bins[0], bins[-1])
    axes[0, 1].set_xlim(0, most)
    axes[-1, 0].set_xlabel("Interval (ms)")
    axes[-1, 1].set_xlabel("CV of intervals")


def plot_isi(view):
    """Distributions of intervals and of CVs, one row a population."""
    begin, end = view.window(view.recorded("spikes"))
    spikes = view.spikes(begin, end)
    note_on(view, spikes, begin, end)
    view.note(f"intervals between spikes; CV: of neurons with {LEAST_SPIKES} spikes or more")
    results = [intervals_of(taken) for taken in spikes]
    return [Panel(lambda part: draw_intervals(part, view, spikes, results), 0.55 * len(spikes) + 0.5, part=True)]
