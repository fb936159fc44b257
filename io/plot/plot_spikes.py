"""Figures of spikes, traces and rates: rasters, distributions of intervals, recorded states, rates in bins."""
import matplotlib.pyplot as plt
import numpy as np

from plot_heading import add_heading
from plot_output import LEAST_SPIKES, Fault, Rows, count, label, plain, text

RASTER_NEURONS = 2000  # neurons shown in a raster
RASTER_SPIKES = 60000  # dots shown in a raster
RASTER_MS = 1000  # shown of a longer run, unless --start or --stop is given
TRACES = 6  # neurons shown of a recorder of traces
# By the signs of a population's outgoing weights. Okabe and Ito's colours: told apart by every kind of colour vision.
COLOURS = {"excitatory": "#0072B2", "inhibitory": "#D55E00", "mixed": "#CC79A7", "none": "0.45", "": "0.45"}
KINDS = {"excitatory": "excitatory", "inhibitory": "inhibitory", "mixed": "weights of both signs",
         "none": "no outgoing weights"}


def colour_of(run, recording):
    return COLOURS[run.outgoing[recording.population]]


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


def draw_raster(axes, run, recordings, start, stop, most=RASTER_NEURONS):
    """Dots by time and neuron, the first population on top, each with rows in proportion to its size. Returns what is
    drawn of the neurons and of the spikes, for left_out()."""
    random = np.random.default_rng(0)
    total = sum(recording.neurons for recording in recordings)
    spikes = sum(recording.times.size for recording in recordings)
    share = min(1.0, most / max(total, 1))
    counts = [max(min(recording.neurons, 1), round(recording.neurons * share)) for recording in recordings]
    gap = max(1, round(0.012 * sum(counts)))
    size = np.clip(9000 / max(spikes * share, 1), 0.15, 2.5)
    top, ticks, drawn = 0, [], 0
    for recording, shown in zip(recordings, counts):
        dots = int(RASTER_SPIKES * max(recording.times.size, 1) / max(spikes, 1)) + 1
        rows, times = thin(recording, shown, dots, random)
        colour = colour_of(run, recording)
        axes.plot(times, top + rows, "o", ms=np.sqrt(size), mew=0, color=colour, rasterized=True)
        drawn += times.size
        ticks.append(top + shown / 2)
        top += shown + gap
    axes.set_ylim(top - gap / 2, -gap / 2)
    axes.set_yticks(ticks, [plain(recording.population) for recording in recordings])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    label_time(axes, start, stop)
    return [(sum(counts), total, "neuron"), (drawn, spikes, "spike")]


def left_out(*drawn):
    """Notes on what a raster leaves out, from what of it is drawn: number, number of all, name of one."""
    parts = [f"{n} of {count(total, one)}" for n, total, one in drawn if n < total]
    return ["dots: " + " and ".join(parts)] if parts else []


def draw_rates(axes, run, recordings):
    place = np.arange(len(recordings))
    rates = [recording.rate for recording in recordings]
    axes.barh(place, np.nan_to_num(rates), height=0.7, color=[colour_of(run, recording) for recording in recordings])
    for y, rate in zip(place, rates):
        known = np.isfinite(rate)
        axes.annotate(f"{rate:.2f}" if known else "not recorded", (rate if known else 0, y), (2, 0),
                      textcoords="offset points", va="center", fontsize=7)
    axes.set_yticks(place, [plain(recording.population) for recording in recordings])
    axes.set_ylim(len(recordings) - 0.4, -0.6)
    axes.set_xlim(0, 1.2 * max(np.nan_to_num(rates).max(), 1e-3))
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("Mean rate (Hz)")


def add_key(figure, run, recordings):
    """Key to the colours of the populations that are shown."""
    kinds = {run.outgoing[recording.population] for recording in recordings}
    if kinds & {"excitatory", "inhibitory", "mixed"}:
        handles = [plt.Line2D([], [], marker="s", ls="", ms=5, mew=0, color=COLOURS[kind], label=label)
                   for kind, label in KINDS.items() if kind in kinds]
        figure.legend(handles=handles, loc="upper right", ncols=len(handles), fontsize=7, handletextpad=0.1,
                      columnspacing=1.0)


def notes_on(recordings, begin, end):
    """What is not recorded in all of the window, and recorders that are left out."""
    notes = []
    for recording in recordings:
        if (recording.start, recording.stop) != (begin, end) and recording.start < recording.stop:
            notes.append(f"{plain(recording.population)} from {recording.start:g} to {recording.stop:g} ms")
        if recording.others:
            notes.append(f"{plain(recording.population)} by its largest recorder, {plain(recording.name)}, of "
                         f"{recording.others + 1}")
    return notes


def window_of(run, start, stop):
    """Begin and end in ms of the spikes recorded between start and stop (None: from the beginning, to the end)."""
    recordings = run.recordings(0 if start is None else start, run.duration if stop is None else stop)
    return min(recording.start for recording in recordings), max(recording.stop for recording in recordings)


def plot_raster(run, start, stop):
    """Raster and rates of the window; of a long run without one, of the last RASTER_MS."""
    begin, end = window_of(run, start, stop)
    if start is None and stop is None:
        begin = max(begin, end - RASTER_MS)
    recordings = run.recordings(begin, end)
    height = np.clip(0.35 * len(recordings) + 1.1, 2.4, 4.8)
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(7.2, height), width_ratios=(2.6, 1), layout="constrained"
    )
    drawn = draw_raster(left, run, recordings, begin, end)
    draw_rates(right, run, recordings)
    add_key(figure, run, recordings)
    notes = [note + ", rates of all" for note in left_out(*drawn)]
    add_heading(figure, run, (begin, end), notes + notes_on(recordings, begin, end))
    return figure


def draw_distribution(axes, values, bins, colour):
    counts, edges = np.histogram(values, bins=bins)
    axes.stairs(counts / max(counts.sum(), 1), edges, fill=True, color=colour, alpha=0.85)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)


def plot_isi(run, start, stop):
    """Distributions of intervals (logarithmic) and of CVs, one row a population."""
    begin, end = window_of(run, start, stop)
    recordings = run.recordings(begin, end)
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
        colour = colour_of(run, recording)
        draw_distribution(left, intervals, time_bins, colour)
        draw_distribution(right, cv, cv_bins, colour)
        left.set_ylabel(plain(recording.population), rotation=0, ha="right", va="center")
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
    zeros = sum(int(np.sum(intervals < 0.9 * shortest)) for intervals, _ in results)
    add_key(figure, run, recordings)
    add_heading(figure, run, (begin, end), [f"without {count(zeros, 'interval')} below dt"] * (zeros > 0) +
                notes_on(recordings, begin, end))
    return figure


def draw_trace(axes, group, spikes, start, stop):
    """The first columns of one trace recorder, with the spikes of these neurons where they are recorded."""
    first, _, step = group["mapping/time"][:]
    data, ids = group["data"], group["mapping/node_ids"][:TRACES]
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
    axes.set_ylabel(label(group))
    some = f": the first {TRACES} of {data.shape[1]} recorded neurons" if data.shape[1] > TRACES else ""
    axes.set_title(plain(text(group.attrs["population"])) + some, loc="left", fontsize=8)
    if data.shape[1] > 1:
        axes.legend(title="neuron", fontsize=6, title_fontsize=6, loc="center left", bbox_to_anchor=(1, 0.5))


def groups_of(run, kind, name, start, stop):
    """Recorders of a kind, and the window in ms of what they recorded between start and stop."""
    groups = list(run.recorded(kind).values())
    if not groups:
        raise Fault(f"'{run.path}' holds no recorded {name}; give the experiment a recorder of type {name}")
    begin = min(float(group.attrs["start_ms"]) for group in groups) if start is None else start
    end = max(float(group.attrs["stop_ms"]) for group in groups) if stop is None else stop
    return groups, begin, min(end, run.duration)


def panels(groups):
    """A figure with one panel for each recorder."""
    figure, axes = plt.subplots(
        len(groups), 1, figsize=(7.2, 1.5 * len(groups) + 0.9), sharex=True, squeeze=False, layout="constrained"
    )
    return figure, axes[:, 0]


def plot_rates(run, start, stop):
    """One panel for each recorder of rates: the rate in each bin that ends within the window."""
    groups, begin, end = groups_of(run, "rates", "rates", start, stop)
    figure, axes = panels(groups)
    for panel, group in zip(axes, groups):
        population, bin_ms = text(group.attrs["population"]), float(group.attrs["interval_ms"])
        times, rates = Rows(group).between(begin, end)
        if times.size:
            edges = np.append(times - bin_ms, times[-1])
            panel.stairs(rates[:, 0], edges, fill=True, color=COLOURS[run.outgoing[population]])
        panel.set_ylabel(label(group))
        neurons = count(int(group.attrs["recorded_neurons"]), "neuron")
        panel.set_title(f"{plain(population)}: {neurons}, bins of {bin_ms:g} ms", loc="left", fontsize=8)
    label_time(axes[-1], begin, end)
    add_heading(figure, run, (begin, end))
    return figure


def plot_traces(run, start, stop):
    """One panel for each trace recorder."""
    groups, begin, end = groups_of(run, "report", "traces", start, stop)
    by_population = {}
    if run.recorded("spikes"):
        by_population = {recording.population: recording for recording in run.recordings(begin, end)}
    figure, axes = panels(groups)
    for panel, group in zip(axes, groups):
        draw_trace(panel, group, by_population.get(text(group.attrs["population"])), begin, end)
    label_time(axes[-1], begin, end)
    add_heading(figure, run, (begin, end), ["marks above: spikes"] * bool(by_population))
    return figure
