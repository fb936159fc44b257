"""Figures of networks that tell images: what was shown, and the traces of the outputs meanwhile."""
import matplotlib.pyplot as plt
import numpy as np

from plot_heading import add_heading
from plot_output import Fault, plain, text
from plot_spikes import label_time

WINDOW_MS = 1000  # shown, the last of the run, unless --start or --stop is given
TRACE_MS = 10  # decay of a trace
STEPS = 2000  # points of a trace


def trace(times, spikes):
    """Spikes of one neuron, each decaying with TRACE_MS, at these times."""
    spikes = spikes[spikes > times[0] - 20 * TRACE_MS]
    values = np.zeros(times.size)
    for spike in spikes:
        after = times >= spike
        values[after] += np.exp(-(times[after] - spike) / TRACE_MS)
    return values


def shown_images(run, start, stop):
    """Begin, end and label (or row) of each image within the window, by stimulus."""
    for group in run.recorded("images").values():
        name = "labels" if "labels" in group else "rows"
        begins, ends, labels = (group[key][:] for key in ("start_ms", "stop_ms", name))
        seen = np.flatnonzero((ends > start) & (begins < stop))
        yield text(group.attrs["stimulus"]), [(begins[k], ends[k], labels[k]) for k in seen]


def draw_images(axes, run, start, stop):
    """Shades the time of each image, with its label above."""
    for _, images in shown_images(run, start, stop):
        for begin, end, label in images:
            axes.axvspan(max(begin, start), min(end, stop), color="0.92", lw=0)
            middle = 0.5 * (max(begin, start) + min(end, stop))
            axes.annotate(str(label), (middle, 1.01), xycoords=("data", "axes fraction"), ha="center", fontsize=7)


def draw_traces(axes, recording, taught, start, stop):
    times = np.linspace(start, stop, STEPS)
    labels = dict(zip(taught["node_ids"][:].tolist(), taught["labels"][:].tolist()))
    colours = plt.colormaps["cividis" if len(set(labels.values())) < 3 else "tab10"]
    for neuron, label in labels.items():
        place = label % 10 / 9 if colours.name == "tab10" else 0.9 * label
        own = recording.times[recording.ids == neuron]
        axes.plot(times, trace(times, own), lw=1, color=colours(place), label=f"{neuron} (label {label})")
    axes.set_ylabel(f"Trace of {plain(recording.population)}")
    axes.legend(title="neuron", fontsize=6, title_fontsize=6, loc="center left", bbox_to_anchor=(1, 0.5))
    label_time(axes, start, stop)


def plot_images(run, start, stop):
    """Of each population that a teacher reaches the traces of its neurons, over the images that are shown."""
    taught = run.recorded("taught")
    if not taught:
        raise Fault(f"'{run.path}' holds no images with labels that a teacher has taught")
    end = run.duration if stop is None else min(stop, run.duration)
    begin = max(0, end - WINDOW_MS) if start is None else start
    recordings = [r for r in run.recordings(begin - 20 * TRACE_MS, end) if r.population in taught]
    if not recordings:
        raise Fault(f"'{run.path}' holds no spikes of the neurons that a teacher has taught")
    figure, axes = plt.subplots(
        len(recordings), 1, figsize=(7.2, 2.2 * len(recordings) + 0.6), squeeze=False, layout="constrained"
    )
    for panel, recording in zip(axes[:, 0], recordings):
        draw_images(panel, run, begin, end)
        draw_traces(panel, recording, taught[recording.population], begin, end)
    notes = [f"traces: spikes, each decaying with {TRACE_MS} ms", "numbers above: labels of the images shown"]
    add_heading(figure, run, (begin, end), notes)
    return figure
