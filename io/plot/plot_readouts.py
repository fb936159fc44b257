"""Figures of readouts: what they learn, and their outputs as images."""
import matplotlib.pyplot as plt
import numpy as np

from plot_heading import add_heading
from plot_output import Fault, Rows, count, plain, text
from plot_spikes import add_key, draw_raster, left_out

DIMENSIONS = 12  # shown of a readout, and decoders
ZOOM_MS = 1000  # shown of each phase of learning
CELLS = 3  # whose traces are shown beside a readout
RASTER_CELLS = 150  # shown beside a readout
FRAMES = 10  # shown of a sequence of images
SUPERVISOR = "#999999"
OUTPUT = "#D55E00"  # Okabe and Ito's vermillion and blue
CELL = "#0072B2"


class Readout:
    """What was recorded of one readout: rows by what they hold, like output or supervisor."""

    def __init__(self, run, name):
        groups = [group for group in run.recorded("readout").values() if text(group.attrs["readout"]) == name]
        self.name = name
        self.start = min(float(group.attrs["start_ms"]) for group in groups)
        self.stop = max(float(group.attrs["stop_ms"]) for group in groups)
        self.learning = [float(groups[0].attrs[f"learning_{end}_ms"]) for end in ("start", "stop")]
        self.rows = {text(group.attrs["state"]): Rows(group) for group in groups}
        self.eigenvalues = run.file.get(f"eigenvalues/{name}")
        self.shown = [state for state in ("supervisor", "output") if state in self.rows]
        if "output" not in self.rows:
            self.shown = ["error"] if "error" in self.rows else self.shown

    def phases(self):
        """Name, begin and end of the time before, while and after it learns, as far as recorded."""
        begin, end = self.learning
        cuts = [("before learning", self.start, begin), ("learning", begin, end), ("after learning", end, self.stop)]
        if end <= begin:
            cuts = [("without learning", self.start, self.stop)]
        cuts = [(name, max(first, self.start), min(last, self.stop)) for name, first, last in cuts]
        return [(name, first, last) for name, first, last in cuts if last > first]


def readouts_of(run, start, stop):
    """All recorded readouts, within the window."""
    names = dict.fromkeys(text(group.attrs["readout"]) for group in run.recorded("readout").values())
    if not names:
        raise Fault(f"'{run.path}' holds no recorded readouts; give the experiment a recorder of type readout")
    readouts = [Readout(run, name) for name in names]
    for readout in readouts:
        readout.start = max(readout.start, -np.inf if start is None else start)
        readout.stop = min(readout.stop, np.inf if stop is None else stop)
    return readouts


def envelope(times, values, most=3000):
    """Long rows for a narrow panel: of each of at most `most` stretches the least and the greatest of every column."""
    n = -(-len(times) // most)
    if n <= 2:
        return times, values
    whole = len(times) // n * n
    parts = values[:whole].reshape(-1, n, values.shape[1])
    return np.repeat(times[:whole:n], 2), np.stack((parts.min(1), parts.max(1)), 1).reshape(-1, values.shape[1])


def spacing(readout):
    """Room that a dimension needs above the next, and the limits of all: from the supervisor, if recorded."""
    _, values = readout.rows[readout.shown[0]].between(readout.start, readout.stop, DIMENSIONS)
    if not values.size:
        return 1.0, (-1.0, 1.0)
    low, high = values.min(0), values.max(0)
    room = 1.25 * max((high - low).max(), 1e-12)
    top, bottom = np.max(high[0]), np.min(low[-1] - room * (values.shape[1] - 1))
    return room, (bottom - 0.35 * room, top + 0.35 * room)


def draw_outputs(axes, readout, start, stop):
    """Outputs over supervisors, one dimension below the other."""
    room, limits = spacing(readout)
    count = 1
    for state in readout.shown:
        times, values = envelope(*readout.rows[state].between(start, stop, DIMENSIONS))
        count = values.shape[1]
        width, colour = (1.6, SUPERVISOR) if state == "supervisor" else (0.7, OUTPUT)
        axes.plot(1e-3 * times, values - room * np.arange(count), lw=width, color=colour)
    if count > 1:
        axes.set_yticks(-room * np.arange(count), range(count))
    axes.set_ylim(limits)
    axes.set_xlim(1e-3 * start, 1e-3 * stop)


def shade_learning(axes, readout):
    axes.axvspan(*(1e-3 * max(readout.start, min(readout.stop, time)) for time in readout.learning), color="0.93", lw=0)


def draw_course(axes, readout, state):
    """Decoders, or their norm, over time."""
    times, values = readout.rows[state].between(readout.start, readout.stop, DIMENSIONS)
    shade_learning(axes, readout)
    axes.plot(1e-3 * times, values, lw=0.8)
    axes.set_xlim(1e-3 * readout.start, 1e-3 * readout.stop)
    axes.set_xlabel("Time (s)")
    all_columns = readout.rows[state].data.shape[1]
    some = f"\n({values.shape[1]} of {all_columns})" if values.shape[1] < all_columns else ""
    axes.set_ylabel({"decoders": "Decoders", "norm": "Norm of decoders"}[state] + some)


def draw_eigenvalues(axes, group):
    for when, colour in (("before", SUPERVISOR), ("after", OUTPUT)):
        if when in group:
            axes.plot(*np.transpose(group[when][:]), "o", ms=2.5, mew=0, color=colour, label=when)
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_xlabel("Eigenvalues, real")
    axes.set_ylabel("imaginary")
    axes.legend(fontsize=6)


def draw_cells(axes, run, start, stop):
    """Traces of the first neurons where recorded, else a raster of some. Returns notes on what is left out."""
    traces = list(run.recorded("report").values())
    if traces:
        times, values = Rows(traces[0]).between(start, stop, CELLS)
        room = 1.1 * max(np.ptp(values), 1e-12) if values.size else 1.0
        axes.plot(1e-3 * times, values - room * np.arange(values.shape[1]), lw=0.5, color=CELL)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_ylabel(f"{text(traces[0].attrs['state'])} of\n{plain(text(traces[0].attrs['population']))}")
        all_columns, notes = traces[0]["data"].shape[1], []
        if values.shape[1] < all_columns:
            notes = [f"{text(traces[0].attrs['state'])}: the first {values.shape[1]} of {count(all_columns, 'neuron')}"]
    else:
        neurons, _ = draw_raster(axes, run, run.recordings(start, stop), start, stop, RASTER_CELLS)
        notes = left_out(neurons)
        axes.xaxis.set_major_formatter(lambda time, _: f"{1e-3 * time:g}")
    unit = 1e-3 if traces else 1.0
    axes.set_xlim(unit * start, unit * stop)
    return notes


def draw_phases(figure, grid, row, run, readout):
    """The last second of each phase: outputs, and what some neurons do meanwhile. Returns notes on what is left out."""
    phases, notes = readout.phases(), []
    has_cells = run.recorded("report") or run.recorded("spikes")
    for column, (name, first, last) in enumerate(phases):
        zoom = max(first, last - ZOOM_MS), last
        axes = figure.add_subplot(grid[row, column])
        draw_outputs(axes, readout, *zoom)
        axes.set_title(name + (f", the last {1e-3 * ZOOM_MS:g} s" if zoom[0] > first else ""), fontsize=8)
        if column:
            axes.tick_params(axis="y", labelleft=False)
        if has_cells:
            axes.tick_params(axis="x", labelbottom=False)
            axes = figure.add_subplot(grid[row + 1, column])
            notes = draw_cells(axes, run, *zoom) or notes
            if column:
                axes.set(ylabel="", yticks=[])
        axes.set_xlabel("Time (s)")
    return notes


def draw_readout(figure, run, readout, heights):
    """All of the run on top, then a second of each phase, then decoders and eigenvalues. Returns notes on what is left
    out."""
    phases, courses = readout.phases(), [state for state in ("decoders", "norm") if state in readout.rows]
    grid = figure.add_gridspec(len(heights), max(len(phases), 1), height_ratios=heights)
    row, notes = 0, []
    if readout.shown:
        axes = figure.add_subplot(grid[0, :])
        shade_learning(axes, readout)
        draw_outputs(axes, readout, readout.start, readout.stop)
        handles = [plt.Line2D([], [], color=OUTPUT if state != "supervisor" else SUPERVISOR, label=state)
                   for state in readout.shown]
        axes.legend(handles=handles, loc="lower right", bbox_to_anchor=(1, 1), ncols=2, fontsize=7)
        total = readout.rows[readout.shown[0]].data.shape[1]
        some = f": {DIMENSIONS} of {total} dimensions" if total > DIMENSIONS else ""
        shaded = ", shaded: learning" if any(name == "learning" for name, _, _ in phases) else ""
        axes.set_title(f"Readout {plain(readout.name)}{some}{shaded}", loc="left", fontsize=8)
        notes = draw_phases(figure, grid, 1, run, readout)
        row = len(heights) - len(courses) - (readout.eigenvalues is not None)
    for state in courses:
        draw_course(figure.add_subplot(grid[row, :]), readout, state)
        row += 1
    if readout.eigenvalues is not None:
        draw_eigenvalues(figure.add_subplot(grid[row, :]), readout.eigenvalues)
    return notes


def heights_of(run, readout):
    """Inches of the rows of panels of a readout."""
    heights = []
    if readout.shown:
        count = min(readout.rows[readout.shown[0]].data.shape[1], DIMENSIONS)
        heights += 2 * [0.9 + 0.22 * count]
        heights += [1.1] if run.recorded("report") or run.recorded("spikes") else []
    heights += [1.1 for state in ("decoders", "norm") if state in readout.rows]
    return heights + ([2.6] if readout.eigenvalues is not None else [])


def plot_readout(run, start, stop):
    """Of each recorded readout: outputs over supervisors, decoders, and cells at the same time."""
    readouts = readouts_of(run, start, stop)
    heights = [heights_of(run, readout) for readout in readouts]
    sizes = [sum(rows) + 0.25 * len(rows) for rows in heights]
    figure = plt.figure(figsize=(7.2, sum(sizes) + 0.6), layout="constrained")
    parts = np.atleast_1d(figure.subfigures(len(readouts), 1, height_ratios=sizes))
    notes = []
    for part, readout, rows in zip(parts, readouts, heights):
        notes += draw_readout(part, run, readout, rows)
    window = min(readout.start for readout in readouts), max(readout.stop for readout in readouts)
    if run.recorded("spikes") and not run.recorded("report") and any(readout.shown for readout in readouts):
        add_key(figure, run, run.recordings(*window))
    add_heading(figure, run, window, dict.fromkeys(notes))
    return figure


def frame_shape(words):
    """Rows and columns of an image, from ROWSxCOLUMNS."""
    try:
        rows, columns = (int(word) for word in words.split("x"))
    except ValueError:
        rows = columns = 0
    if rows < 1 or columns < 1:
        raise Fault(f"--frames takes ROWSxCOLUMNS, like 8x10, not '{words}'")
    return rows, columns


def plot_frames(run, start, stop, shape):
    """Images at equal distances in the window (by default the last second): supervisors above outputs."""
    readout, *others = readouts_of(run, start, stop)
    begin = readout.stop - ZOOM_MS if start is None else readout.start
    if "output" not in readout.rows:
        raise Fault(f"'{run.path}' holds no recorded output of readout '{readout.name}'")
    width = readout.rows["output"].data.shape[1]
    if shape[0] * shape[1] != width:
        raise Fault(f"images of {shape[0]}x{shape[1]} have {shape[0] * shape[1]} pixels, "
                    f"but readout '{readout.name}' has {width} dimensions")
    height = 0.72 * len(readout.shown) * shape[0] / shape[1] + 1.1
    figure, axes = plt.subplots(
        len(readout.shown), FRAMES, figsize=(7.2, height), squeeze=False, layout="constrained"
    )
    for panels, state in zip(axes, readout.shown):
        times, values = readout.rows[state].between(begin, readout.stop)
        if state == readout.shown[0]:
            low, high = values.min(), values.max()
        for panel, row in zip(panels, np.linspace(0, len(times) - 1, FRAMES).astype(int)):
            panel.imshow(values[row].reshape(shape), cmap="gray", vmin=low, vmax=high)
            panel.set(xticks=[], yticks=[])
            panel.set_xlabel(f"{1e-3 * times[row]:.2f} s" if state == readout.shown[-1] else "", fontsize=6)
        panels[0].set_ylabel(state)
    notes = [f"readout {plain(readout.name)}: {FRAMES} of {count(len(times), 'row')}"]
    notes += [f"not shown: readout {plain(other.name)}" for other in others]
    add_heading(figure, run, (begin, readout.stop), notes)
    return figure
