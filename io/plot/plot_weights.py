"""Figures of weights: over time, their distribution, and what a pair of spikes does to them."""
import matplotlib.pyplot as plt
import numpy as np

from plot_heading import add_heading
from plot_output import Fault, Rows, count, label, plain, text

LINES = 100  # synapses whose weights are drawn over time, of each recorder
FEW = 30  # so many are told apart by colour and have no distribution
BINS = 50
SOME = "#0072B2"  # Okabe and Ito's blue and vermillion
LAST = "#D55E00"


def weights_of(run):
    """Recorded weights by the name of their recorder."""
    groups = {name: group for name, group in run.recorded("weights").items() if group["data"].size}
    if not groups:
        raise Fault(f"'{run.path}' holds no recorded weights; give the experiment a recorder of type weights")
    return groups


def limits(groups, start, stop):
    """Begin and end in ms of what was recorded of these groups within the window."""
    begin = min(float(group.attrs["start_ms"]) for group in groups) if start is None else start
    return begin, min(max(float(group.attrs["stop_ms"]) for group in groups), np.inf if stop is None else stop)


def draw_courses(axes, name, group, start, stop):
    """Weights of some synapses over time, and the mean of all that were recorded."""
    times, values = Rows(group).between(start, stop)
    shown = np.unique(np.linspace(0, values.shape[1] - 1, LINES).astype(int))
    few = values.shape[1] <= FEW
    colours = plt.colormaps["cividis"](np.linspace(0, 0.85, shown.size)) if few else len(shown) * ["0.75"]
    for column, colour in zip(shown, colours):
        axes.plot(1e-3 * times, values[:, column], lw=0.8 if few else 0.3, color=colour)
    if not few:
        axes.plot(1e-3 * times, values.mean(1), lw=1.2, color=SOME, label="mean")
    axes.set_ylabel(label(group))
    some = f"{shown.size} of " if shown.size < values.shape[1] else ""
    mean = "" if few else ", blue: mean of all"
    axes.set_title(f"{plain(name)}: {some}{count(values.shape[1], 'synapse')}{mean}", loc="left", fontsize=8)


def draw_distributions(axes, group, start, stop):
    """Distribution of all recorded weights in the first row and in the last one."""
    times, values = Rows(group).between(start, stop)
    edges = np.linspace(values.min(), values.max() + 1e-12, BINS + 1)
    for row, colour in ((0, "0.6"), (-1, LAST)):
        counts, _ = np.histogram(values[row], edges)
        axes.stairs(counts / counts.sum(), edges, color=colour, label=f"{1e-3 * times[row]:g} s")
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(label(group))
    axes.legend(fontsize=6)


def plot_weights(run, start, stop):
    """One row for each recorder: weights over time and, where they are many, their distribution."""
    groups = weights_of(run)
    window = -np.inf if start is None else start, np.inf if stop is None else stop
    many = any(group["data"].shape[1] > FEW for group in groups.values())
    figure, axes = plt.subplots(
        len(groups), 1 + many, figsize=(7.2, 1.4 * len(groups) + 0.8), width_ratios=(2, 1)[: 1 + many], squeeze=False,
        layout="constrained"
    )
    for row, (name, group) in zip(axes, groups.items()):
        if not Rows(group).between(*window)[0].size:
            raise Fault(f"'{run.path}': recorder '{name}' has no weights between --start and --stop")
        draw_courses(row[0], name, group, *window)
        if group["data"].shape[1] > FEW:
            draw_distributions(row[1], group, *window)
        elif many:
            row[1].set_visible(False)
    axes[-1, 0].set_xlabel("Time (s)")
    add_heading(figure, run, limits(groups.values(), start, stop))
    return figure


def intervals_of(group):
    """Delay of each synapse; negative where it is axonal: the source's spike reaches the synapse later."""
    sign = -1 if text(group.attrs["delay_is"]) == "axonal" else 1
    return sign * group["mapping/delays"][:]


def has_dopamine(group):
    return bool(group.attrs.get("has_dopamine", 0))


def plot_window(run, start, stop):
    """Change of weights from the first row to the last one over the delays of their synapses; with spikes of source and
    target at the same time these are the intervals of the pairs."""
    figure, axes = plt.subplots(figsize=(3.6, 3.2), layout="constrained")
    groups = weights_of(run)
    colours = {False: "black", True: LAST}
    for name, group in groups.items():
        _, values = Rows(group).between(-np.inf if start is None else start, np.inf if stop is None else stop)
        if len(values) < 2:
            raise Fault(f"'{run.path}': recorder '{name}' has no two rows of weights between --start and --stop")
        axes.plot(intervals_of(group), values[-1] - values[0], "o", ms=2, mew=0, color=colours[has_dopamine(group)])
    kinds = {has_dopamine(group) for group in groups.values()}
    if True in kinds:
        axes.legend(handles=[plt.Line2D([], [], marker="o", ls="", ms=4, mew=0, color=colours[kind],
                                        label="with dopamine" if kind else "without dopamine")
                             for kind in sorted(kinds)], fontsize=6)
    axes.axhline(0, lw=0.5, color="0.6")
    axes.axvline(0, lw=0.5, color="0.6")
    axes.set_xlabel("Spike of the target after that of the source (ms)")
    axes.set_ylabel(f"Change of {' and '.join(dict.fromkeys(map(label, groups.values())))}")
    add_heading(figure, run, limits(groups.values(), start, stop))
    return figure
