"""Figures of networks that are shown images: the images, and traces of neurons meanwhile."""
import os

import numpy as np

from panel import Panel
from view import Fault, plain, scaled, shades, text

TRACE_MS = 10  # decay of a trace
STEPS = 2000  # points of a trace
NEURONS = 10  # of a population that is chosen
PICTURES = 16  # that are shown


def trace(times, spikes):
    """Spikes of one neuron, each decaying with TRACE_MS, at these times."""
    spikes = spikes[spikes > times[0] - 20 * TRACE_MS]
    values = np.zeros(times.size)
    for spike in spikes:
        after = times >= spike
        values[after] += np.exp(-(times[after] - spike) / TRACE_MS)
    return values


def shown_images(view, start, stop):
    """Stimulus, begin, end and label (or row) of each image within the window."""
    for group in view.run.file.get("images", {}).values():
        labels = group["labels" if "labels" in group else "rows"][:]
        begins, ends = group["start_ms"][:], group["stop_ms"][:]
        for k in np.flatnonzero((ends > start) & (begins < stop)):
            yield text(group.attrs["stimulus"]), begins[k], ends[k], labels[k]


def draw_traces(axes, view, taken, labels, start, stop):
    """Over the times of images, shaded and with their labels above where there is room, the traces of some neurons."""
    images = list(shown_images(view, start, stop))
    few = len(images) <= 24
    for _, begin, end, name in images:
        begin, end = max(begin, start), min(end, stop)
        axes.axvspan(begin, end, color="0.92", lw=0)
        if few and end - begin > 0.01 * (stop - start):
            axes.annotate(str(name), (0.5 * (begin + end), 1.01), xycoords=("data", "axes fraction"), ha="center",
                          fontsize=scaled(7))
    times = np.linspace(start, stop, STEPS)
    for neuron, colour in zip(labels, shades(len(labels))):
        named = f"{neuron}" if labels[neuron] is None else f"{neuron} (label {labels[neuron]})"
        axes.plot(times, trace(times, taken.times[taken.ids == neuron]), lw=scaled(0.9), color=colour, label=named)
    axes.set_ylabel(f"Trace of {plain(taken.population)}")
    axes.legend(title="neuron", fontsize=scaled(6), title_fontsize=scaled(6), loc="center left", bbox_to_anchor=(1, 0.5),
                labelspacing=0.2, handlelength=1.2)
    if images and few:
        view.note("numbers above: labels of the images shown")


def plot_images(view):
    """Of each population that a teacher reaches, or that --population names, the traces of its neurons over the images."""
    taught = view.run.file.get("taught", {})
    if not taught:
        raise Fault(f"'{view.run.name}' holds no images with labels that a teacher has taught")
    begin, end = view.window(view.recorded("spikes"))
    panels = []
    for taken in view.spikes(begin - 20 * TRACE_MS, end):
        labels = {}
        if taken.population in taught:
            group = taught[taken.population]
            labels = dict(zip(group["node_ids"][:].tolist(), group["labels"][:].tolist()))
        elif view.populations is not None:
            labels = dict.fromkeys(range(min(NEURONS, taken.size)) if view.neurons is None else view.neurons.tolist())
            view.note(f"{plain(taken.population)}: neurons {', '.join(map(str, labels))}")
        if labels:
            panels.append(Panel(lambda axes, a=(taken, labels): draw_traces(axes, view, *a, begin, end), 2.0, time=True))
    if not panels:
        raise Fault(f"'{view.run.name}' holds no spikes of the neurons that a teacher has taught")
    view.note(f"traces: spikes, each decaying with {TRACE_MS} ms")
    return panels


def pixels_of(view, group):
    """The pixels of a stimulus' images, [rows of its table, pixels], without the column that has the labels; None where it has no
    table of text, or one that is not there any more."""
    path, rows = text(group.attrs["file"]), group["rows"][:]
    if not os.path.exists(path):
        view.note(f"{plain(os.path.basename(path))} is not where the run read it")
        return None
    try:
        with open(path, encoding="utf-8") as file:
            lines = [line.replace(",", " ").replace(";", " ").split() for line in file if line.strip() and line[0] != "#"]
        named = any(word[0].isalpha() for word in lines[0])  # names of columns
        table = np.array(lines[named:], float)
    except (ValueError, IndexError):  # HDF5, or nothing
        return None
    if "labels" in group and rows.size:
        told = [column for column in range(table.shape[1]) if np.array_equal(table[rows, column], group["labels"][:])]
        table = np.delete(table, told[:1], axis=1)
    return table


def draw_pictures(part, stimulus, pictures):
    """A picture each, in lines of eight, with its label."""
    side = round(np.sqrt(pictures[0][1].size))
    axes = part.subplots(-(-len(pictures) // 8), 8, squeeze=False)
    most = max(values.max() for _, values in pictures) or 1.0
    for panel in axes.flat:
        panel.axis("off")
    for panel, (name, values) in zip(axes.flat, pictures):
        panel.imshow(values.reshape(side, side), cmap="cividis", vmin=0, vmax=most)
        panel.set_title(str(name), fontsize=scaled(7), pad=scaled(2))
    part.suptitle(f"{plain(stimulus)}: the first {len(pictures)} images shown", x=0.01, ha="left", fontsize=scaled(8))


def plot_shown(view):
    """The first images within the window that each stimulus shows, from its table of text, where pixels make a square."""
    begin, end = (0 if view.start is None else view.start), (view.duration if view.stop is None else min(view.stop, view.duration))
    view.span = begin, end
    panels = []
    for group in view.run.file.get("images", {}).values():
        seen = np.flatnonzero((group["stop_ms"][:] > begin) & (group["start_ms"][:] < end))[:PICTURES]
        pixels = pixels_of(view, group) if seen.size else None
        if pixels is None or round(np.sqrt(pixels.shape[1])) ** 2 != pixels.shape[1]:
            continue
        names = group["labels" if "labels" in group else "rows"][:]
        pictures = [(names[k], pixels[group["rows"][k]]) for k in seen]
        panels.append(Panel(lambda part, a=(text(group.attrs["stimulus"]), pictures): draw_pictures(part, *a),
                            0.25 + 1.0 * -(-len(pictures) // 8), part=True))
    if not panels:
        raise Fault(f"'{view.run.name}' shows no images in this window whose pixels make a square and whose table of text is there")
    return panels
