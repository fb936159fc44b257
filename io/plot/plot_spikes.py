"""Figures of spikes and traces: rasters with rates, distributions of intervals, recorded states."""
import matplotlib.pyplot as plt
import numpy as np

from plot_output import LEAST_SPIKES, Fault, text

RASTER_NEURONS = 2000  # neurons shown in a raster
RASTER_SPIKES = 60000  # dots shown in a raster
RASTER_MS = 1000  # shown of a longer run, unless --start or --stop is given
INHIBITORY = "#D55E00"  # Okabe and Ito's vermillion and blue: told apart by every kind of colour vision, and in grey
EXCITATORY = "#0072B2"


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


def draw_raster(axes, recordings, start, stop, most=RASTER_NEURONS):
    """Dots by time and neuron, the first population on top, each with rows in proportion to its size."""
    random = np.random.default_rng(0)
    total = sum(recording.neurons for recording in recordings)
    spikes = sum(recording.times.size for recording in recordings)
    share = min(1.0, most / max(total, 1))
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
