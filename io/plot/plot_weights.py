"""Figures of weights: over time, their distribution, as a matrix, and what a pair of spikes does to them."""
import matplotlib.pyplot as plt
import numpy as np

from lines import Line, in_panels
from panel import Panel
from plot_raster import numbers_at
from view import OVERLAY, SEVERAL, Fault, count, label, plain, scaled, shades

LINES = 100  # synapses whose weights are drawn over time, of each recorder
FEW = 30  # so many are told apart by colour and have no distribution
BINS = 50
SOME, LAST = "#0072B2", "#D55E00"  # Okabe and Ito's blue and vermillion


def rows_of(view, least=1):
    """The chosen recorders of weights, each with times and values within the window."""
    recorders = [recorder for recorder in view.recorded("weights") if recorder.columns]
    if not recorders:
        raise Fault(f"'{view.run.name}' holds no recorded weights; give the experiment a recorder of type weights")
    window = view.window(recorders)
    for recorder in recorders:
        times, values = recorder.between(*window)
        if len(times) < least:
            raise Fault(f"'{view.run.name}': recorder '{recorder.name}' has no {'two rows of ' * (least > 1)}weights between "
                        "--start and --stop")
        yield recorder, times, values


def has_dopamine(recorder):
    return bool(recorder.attributes.get("has_dopamine", 0))


def draw_courses(axes, recorder, times, values):
    """Weights of some synapses over time, and the mean of all that were recorded."""
    shown = np.unique(np.linspace(0, values.shape[1] - 1, LINES).astype(int))
    few = values.shape[1] <= FEW
    for column, colour in zip(shown, shades(shown.size) if few else len(shown) * ["0.75"]):
        axes.plot(times, values[:, column], lw=scaled(0.8 if few else 0.3), color=colour)
    if not few:
        axes.plot(times, values.mean(1), lw=scaled(1.2), color=SOME, label="mean")
    axes.set_ylabel(label(recorder))
    return shown.size


def draw_distributions(axes, recorder, times, values):
    """Distribution of all recorded weights in the first row and in the last one."""
    low, high = values.min(), values.max()
    if high - low <= 1e-6 * max(abs(low), abs(high)):  # all alike
        low, high = low - 0.1 * (abs(low) or 1), high + 0.1 * (abs(high) or 1)
    edges = np.linspace(low, high, BINS + 1)
    highest = 1e-9
    for row, colour in ((0, "0.6"), (-1, LAST)):
        counts, _ = np.histogram(values[row], edges)
        axes.stairs(counts / counts.sum(), edges, color=colour, label=f"{1e-3 * times[row]:g} s")
        highest = max(highest, (counts / counts.sum()).max())
    axes.set_ylim(0, 1.5 * highest)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.locator_params(axis="x", nbins=4)
    axes.set_xlabel(label(recorder))
    axes.legend(fontsize=scaled(6), loc="upper right", ncols=2, handlelength=1, columnspacing=1, borderaxespad=0)


def overlaid(view, rows):
    """Weights of few synapses as lines. With --overlay projections those with dopamine and those without stay apart."""
    some = {has_dopamine(recorder) for recorder, _, _ in rows}
    for recorder, times, values in rows:
        shown = np.unique(np.linspace(0, values.shape[1] - 1, FEW).astype(int))
        dopamine = {"": "with dopamine" if has_dopamine(recorder) else "without dopamine"} if len(some) > 1 else {}
        note = f"{shown.size} of {count(values.shape[1], 'synapse')}" if shown.size < values.shape[1] else ""
        for column in shown:
            one = {} if values.shape[1] == 1 else {"neuron": f"{recorder.sources[column]} to {recorder.targets[column]}"}
            yield Line({"file": view.label, "projection": recorder.projection, **dopamine, **one, "state": recorder.state},
                       recorder.unit, times, values[:, column], note=note, colour=SEVERAL[0], width=1.0)


def plot_weights(view):
    """A panel a recorder: weights over time and, where they are many, their distribution; or lines over each other."""
    rows = list(rows_of(view))
    if view.overlay & {OVERLAY["files"], OVERLAY["projections"], OVERLAY["states"]}:
        return in_panels(view, overlaid(view, rows))
    panels = []
    for recorder, times, values in rows:
        n, few = values.shape[1], values.shape[1] <= FEW
        some = f"{min(LINES, n)} of " if n > LINES else ""
        beside = None if few else lambda axes, row=(recorder, times, values): draw_distributions(axes, *row)
        panels.append(Panel(lambda axes, row=(recorder, times, values): draw_courses(axes, *row), 1.4, time=True, beside=beside,
                            title=f"{plain(recorder.name)}: {some}{count(n, 'synapse')}{'' if few else ', blue: mean of all'}",
                            scale=label(recorder)))
    return panels


def draw_matrix(axes, recorder, values):
    """Weights by source and target. Signs have colours of their own where both occur or all are below 0."""
    sources, targets = np.unique(recorder.sources), np.unique(recorder.targets)
    matrix = np.full((targets.size, sources.size), np.nan)
    matrix[np.searchsorted(targets, recorder.targets), np.searchsorted(sources, recorder.sources)] = values
    signed = values.min() < 0
    most = np.abs(values).max() or 1.0
    colours = plt.colormaps["RdBu_r" if signed else "cividis"].copy()
    colours.set_bad("0.85")
    shown = axes.imshow(matrix, cmap=colours, aspect="auto", interpolation="none",
                        vmin=-most if signed else values.min(), vmax=most if signed else values.max())
    for axis, names, what in ((axes.xaxis, sources, recorder.source), (axes.yaxis, targets, recorder.target)):
        rows = [row for row, _ in numbers_at(names, 10 if names[-1] < 10 else 6)]
        axis.set_ticks(rows, names[rows].astype(str))
        axis.set_label_text(plain(f"{'Source' if axis is axes.xaxis else 'Target'}: {what}"))
    axes.figure.colorbar(shown, ax=axes, label=label(recorder))
    if matrix.size <= 36:
        for (row, column), value in np.ndenumerate(matrix):
            if np.isfinite(value):
                axes.text(column, row, f"{value:.2g}", ha="center", va="center", fontsize=scaled(6),
                          color="white" if abs(value) > 0.6 * most or not signed and value < 0.5 * most else "black")


def plot_matrix(view):
    """The last recorded weights by source and target, a panel a recorder; grey: no synapse, or none that is recorded."""
    return [Panel(lambda axes, row=(recorder, values[-1]): draw_matrix(axes, *row), 2.6, square=True,
                  title=f"{plain(recorder.name)} at {1e-3 * times[-1]:g} s") for recorder, times, values in rows_of(view)]


def plot_window(view):
    """Change of weights from the first row to the last one over the delays of their synapses; with spikes of source and
    target at the same time these are the intervals of the pairs. Where the delay is axonal the source's spike comes later."""
    rows = list(rows_of(view, 2))

    def draw(axes):
        for recorder, _, values in rows:
            sign = -1 if recorder.attributes["delay_is"] == "axonal" else 1
            axes.plot(sign * recorder.delays, values[-1] - values[0], "o", ms=scaled(2), mew=0,
                      color=LAST if has_dopamine(recorder) else "black")
        kinds = sorted({has_dopamine(recorder) for recorder, _, _ in rows})
        if True in kinds:
            handles = [plt.Line2D([], [], marker="o", ls="", ms=scaled(4), mew=0, color=LAST if kind else "black",
                                  label="with dopamine" if kind else "without dopamine") for kind in kinds]
            axes.legend(handles=handles, fontsize=scaled(6))
        axes.axhline(0, lw=scaled(0.5), color="0.6")
        axes.axvline(0, lw=scaled(0.5), color="0.6")
        axes.set_xlabel("Spike of the target after that of the source (ms)")
        axes.set_ylabel(f"Change of {' and '.join(dict.fromkeys(label(recorder) for recorder, _, _ in rows))}")

    return [Panel(draw, 3.2, square=True)]
