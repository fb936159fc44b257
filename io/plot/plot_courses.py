"""Figures of sums and means over populations, of dopamine, and of what stimuli give: recorded rows over time."""
import matplotlib.pyplot as plt
import numpy as np

from plot_heading import add_heading
from plot_output import Rows, count, label, plain, text
from plot_spikes import COLOURS, TRACES, groups_of, label_time, panels


def name_of(group):
    """What was recorded: the stimulus, or the projection that dopamine reaches, or the population."""
    return plain(text(next(group.attrs[key] for key in ("stimulus", "projection", "population") if key in group.attrs)))


def draw_rows(axes, run, group, start, stop):
    """The first columns of one recorder."""
    times, values = Rows(group).between(start, stop, TRACES)
    columns, all_columns = values.shape[1], group["data"].shape[1]
    single = COLOURS[run.outgoing.get(text(group.attrs["population"]), "")]
    colours = [single] if columns == 1 else plt.colormaps["cividis"](np.linspace(0, 0.85, columns))
    ids = group["mapping/node_ids"][:columns] if "node_ids" in group["mapping"] else ()
    for column, colour in enumerate(colours):
        axes.plot(times, values[:, column], lw=0.7, color=colour, label=str(ids[column]) if len(ids) else None)
    axes.set_ylabel(label(group))
    some = f": the first {columns} of {all_columns} recorded neurons" if all_columns > columns else ""
    if not some and all_columns == 1 and "recorded_neurons" in group.attrs:
        some = f": {count(int(group.attrs['recorded_neurons']), 'neuron')}"
    axes.set_title(name_of(group) + some, loc="left", fontsize=8)
    if columns > 1:
        axes.legend(title="neuron", fontsize=6, title_fontsize=6, loc="center left", bbox_to_anchor=(1, 0.5))


def plot_rows(run, kind, start, stop):
    """One panel for each recorder of a kind."""
    groups, begin, end = groups_of(run, kind, kind, start, stop)
    figure, axes = panels(groups)
    for panel, group in zip(axes, groups):
        draw_rows(panel, run, group, begin, end)
    label_time(axes[-1], begin, end)
    add_heading(figure, run, (begin, end))
    return figure


def plot_sums(run, start, stop):
    return plot_rows(run, "sums", start, stop)


def plot_means(run, start, stop):
    return plot_rows(run, "means", start, stop)


def plot_stimuli(run, start, stop):
    return plot_rows(run, "stimuli", start, stop)


def plot_dopamine(run, start, stop):
    return plot_rows(run, "dopamine", start, stop)
