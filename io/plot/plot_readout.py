"""What readouts learn: outputs over supervisors before, while and after learning, cells, decoders, eigenvalues; images."""
import matplotlib.pyplot as plt
import numpy as np

from lines import envelope
from panel import Panel
from plot_courses import DIMENSIONS, OUTPUT, SUPERVISOR
from plot_raster import draw_raster, left_out
from view import Fault, count, plain, scaled

ZOOM_MS = 1000  # shown of each phase of learning
CELLS = 3  # whose traces are shown beside a readout
RASTER_CELLS = 150  # shown beside a readout
FRAMES = 10  # shown of a sequence of images
CELL = "#0072B2"


class Readout:
    """What was recorded of one readout: rows by what they hold, like output or supervisor, and the window of them."""

    def __init__(self, view, name, recorders):
        self.name = name
        self.rows = {recorder.state: recorder for recorder in recorders}
        self.start, self.stop = view.window(recorders)
        self.learning = [float(recorders[0].attributes[f"learning_{end}_ms"]) for end in ("start", "stop")]
        self.eigenvalues = view.run.file.get(f"eigenvalues/{name}")
        self.shown = [state for state in ("supervisor", "output") if state in self.rows]
        if "output" not in self.rows:
            self.shown = ["error"] if "error" in self.rows else self.shown
        self.dimensions = self.rows[self.shown[0]].columns if self.shown else 0

    def phases(self):
        """Name, begin and end of the time before, while and after it learns, as far as recorded."""
        begin, end = self.learning
        cuts = [("before learning", self.start, begin), ("learning", begin, end), ("after learning", end, self.stop)]
        if end <= begin:
            cuts = [("without learning", self.start, self.stop)]
        cuts = [(name, max(first, self.start), min(last, self.stop)) for name, first, last in cuts]
        return [(name, first, last) for name, first, last in cuts if last > first]

    def between(self, state, start, stop):
        """Times in ms and values of the dimensions, or decoders, that are shown."""
        return self.rows[state].between(start, stop, slice(DIMENSIONS))


def readouts_of(view):
    """All chosen readouts."""
    by_name = {}
    for recorder in view.recorded("readouts"):
        by_name.setdefault(recorder.attributes["readout"], []).append(recorder)
    return [Readout(view, name, recorders) for name, recorders in by_name.items()]


def spacing(readout):
    """Room that a dimension needs above the next, and the limits of all: from the supervisor, if recorded."""
    _, values = readout.between(readout.shown[0], readout.start, readout.stop)
    if not values.size:
        return 1.0, (-1.0, 1.0)
    low, high = values.min(0), values.max(0)
    room = 1.25 * max((high - low).max(), 1e-12)
    top, bottom = np.max(high[0]), np.min(low[-1] - room * (values.shape[1] - 1))
    return room, (bottom - 0.35 * room, top + 0.35 * room)


def draw_outputs(axes, readout, start, stop):
    """Outputs over supervisors, one dimension below the other."""
    room, limits = spacing(readout)
    shown = 1
    for state in readout.shown:
        times, values = envelope(*readout.between(state, start, stop), 6000)
        shown = values.shape[1]
        width, colour = (1.6, SUPERVISOR) if state == "supervisor" else (0.7, OUTPUT)
        axes.plot(1e-3 * times, values - room * np.arange(shown), lw=scaled(width), color=colour)
    if not times.size:
        axes.text(0.5, 0.5, "nothing in this window", transform=axes.transAxes, ha="center", va="center", fontsize=scaled(7))
    if shown > 1:
        axes.set_yticks(-room * np.arange(shown), range(shown), fontsize=scaled(6))
    axes.set_ylim(limits)
    axes.set_xlim(1e-3 * start, 1e-3 * stop)


def shade_learning(axes, readout):
    axes.axvspan(*(1e-3 * max(readout.start, min(readout.stop, time)) for time in readout.learning), color="0.93", lw=0)


def draw_course(axes, readout, state):
    """Decoders, or their norm, over time."""
    times, values = readout.between(state, readout.start, readout.stop)
    shade_learning(axes, readout)
    axes.plot(1e-3 * times, values, lw=scaled(0.8))
    axes.set_xlim(1e-3 * readout.start, 1e-3 * readout.stop)
    axes.set_xlabel("Time (s)")
    all_columns = readout.rows[state].columns
    some = f"\n({values.shape[1]} of {all_columns})" if values.shape[1] < all_columns else ""
    axes.set_ylabel({"decoders": "Decoders", "norm": "Norm of decoders"}[state] + some)


def draw_eigenvalues(axes, group):
    for when, colour, size in (("before", SUPERVISOR, 4), ("after", OUTPUT, 2)):
        if when in group:
            axes.plot(*np.transpose(group[when][:]), "o", ms=scaled(size), mew=0, color=colour, label=when)
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_xlabel("Eigenvalues, real")
    axes.set_ylabel("imaginary")
    axes.legend(fontsize=scaled(6))


def spikes_of(view, windows):
    """The spikes within each of the windows, with the same neurons known in all of them."""
    spikes = [view.spikes(*window) for window in windows]
    for taken in zip(*spikes):
        known = np.unique(np.concatenate([one.known for one in taken]))
        for one in taken:
            one.known = known
    return spikes


def draw_cells(axes, view, start, stop, spikes):
    """Traces of the first neurons where recorded, else a raster of some."""
    traces = list(view.run.traces.values())
    shown = view.columns(traces[0].ids, CELLS) if traces else ()
    if len(shown):
        times, values = traces[0].between(start, stop, shown)
        room = 1.1 * max(np.ptp(values), 1e-12) if values.size else 1.0
        axes.plot(1e-3 * times, values - room * np.arange(values.shape[1]), lw=scaled(0.5), color=CELL)
        rows = np.median(values, axis=0) - room * np.arange(values.shape[1]) if len(values) else ()
        axes.set_yticks(rows, [str(traces[0].ids[column]) for column in shown][:len(rows)], fontsize=scaled(6))
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_ylabel(f"{traces[0].state} of\n{plain(traces[0].population)}")
        if len(shown) < traces[0].columns:
            view.note(f"{traces[0].state}: {len(shown)} of {count(traces[0].columns, 'neuron')}")
        axes.set_xlim(1e-3 * start, 1e-3 * stop)
        return
    neurons, _ = draw_raster(axes, view, spikes or view.spikes(start, stop), 1.1, RASTER_CELLS)
    view.note(*left_out(neurons))
    axes.xaxis.set_major_formatter(lambda time, _: f"{1e-3 * time:g}")
    axes.set_xlim(start, stop)


def draw_phases(part, grid, row, view, readout):
    """The last second of each phase: outputs, and what some neurons do meanwhile."""
    phases = readout.phases()
    has_cells = bool(view.run.traces or view.run.spikes)
    zooms = [(max(first, last - ZOOM_MS), last) for _, first, last in phases]
    spikes = spikes_of(view, zooms) if view.run.spikes and not view.run.traces else len(phases) * [None]
    for column, ((name, first, _), zoom) in enumerate(zip(phases, zooms)):
        axes = part.add_subplot(grid[row, column])
        draw_outputs(axes, readout, *zoom)
        axes.locator_params(axis="x", nbins=4)
        axes.set_title(name + (f", the last {1e-3 * ZOOM_MS:g} s" if zoom[0] > first else ""), fontsize=scaled(7))
        if column:
            axes.tick_params(axis="y", labelleft=False)
        if has_cells:
            axes.tick_params(axis="x", labelbottom=False)
            axes = part.add_subplot(grid[row + 1, column])
            draw_cells(axes, view, *zoom, spikes[column])
            axes.locator_params(axis="x", nbins=4)
            if column:
                axes.set(ylabel="", yticks=[])
                axes.set_yticks([], minor=True)
        axes.set_xlabel("Time (s)")


def draw_readout(part, view, readout, heights):
    """All of the run on top, then a second of each phase, then decoders and eigenvalues."""
    phases, courses = readout.phases(), [state for state in ("decoders", "norm") if state in readout.rows]
    grid = part.add_gridspec(len(heights), max(len(phases), 1), height_ratios=heights)
    row = 0
    if readout.shown:
        axes = part.add_subplot(grid[0, :])
        shade_learning(axes, readout)
        draw_outputs(axes, readout, readout.start, readout.stop)
        handles = [plt.Line2D([], [], color=OUTPUT if state != "supervisor" else SUPERVISOR, label=state)
                   for state in readout.shown]
        axes.legend(handles=handles, loc="lower right", bbox_to_anchor=(1, 1), ncols=2, fontsize=scaled(7), borderaxespad=0)
        some = f": {DIMENSIONS} of {readout.dimensions} dimensions" if readout.dimensions > DIMENSIONS else ""
        shaded = ", shaded: learning" if any(name == "learning" for name, _, _ in phases) else ""
        axes.set_title(f"Readout {plain(readout.name)}{some}{shaded}", loc="left", fontsize=scaled(8))
        draw_phases(part, grid, 1, view, readout)
        row = len(heights) - len(courses) - (readout.eigenvalues is not None)
    for state in courses:
        draw_course(part.add_subplot(grid[row, :]), readout, state)
        row += 1
    if readout.eigenvalues is not None:
        draw_eigenvalues(part.add_subplot(grid[row, :]), readout.eigenvalues)


def heights_of(view, readout):
    """Inches of the rows of panels of a readout."""
    heights = []
    if readout.shown:
        heights += 2 * [0.9 + 0.22 * min(readout.dimensions, DIMENSIONS)]
        heights += [1.1] if view.run.traces or view.run.spikes else []
    heights += [1.1 for state in ("decoders", "norm") if state in readout.rows]
    return heights + ([2.6] if readout.eigenvalues is not None else [])


def plot_readout(view):
    """Of each recorded readout: outputs over supervisors, decoders, and cells at the same time."""
    panels = []
    for readout in readouts_of(view):
        heights = heights_of(view, readout)
        panels.append(Panel(lambda part, a=(readout, heights): draw_readout(part, view, *a), sum(heights) + 0.25 * len(heights),
                            part=True))
    return panels


def frame_shape(words):
    """Rows and columns of an image, from ROWSxCOLUMNS."""
    try:
        rows, columns = (int(word) for word in words.split("x"))
    except ValueError:
        rows = columns = 0
    if rows < 1 or columns < 1:
        raise Fault(f"--frames takes ROWSxCOLUMNS, like 8x10, not '{words}'")
    return rows, columns


def draw_frames(part, readout, shape, begin):
    """Images at equal distances: supervisors above outputs."""
    axes = part.subplots(len(readout.shown), FRAMES, squeeze=False)
    for panels, state in zip(axes, readout.shown):
        times, values = readout.rows[state].between(begin, readout.stop)
        if state == readout.shown[0]:
            low, high = values.min(), values.max()
        for panel, row in zip(panels, np.linspace(0, len(times) - 1, FRAMES).astype(int)):
            panel.imshow(values[row].reshape(shape), cmap="gray", vmin=low, vmax=high)
            panel.set(xticks=[], yticks=[])
            panel.set_xlabel(f"{1e-3 * times[row]:.2f} s" if state == readout.shown[-1] else "", fontsize=scaled(6))
        panels[0].set_ylabel(state)


def plot_frames(view, words):
    """The outputs of the first readout as images (by default of the last second), words: ROWSxCOLUMNS."""
    shape = frame_shape(words)
    readout, *others = readouts_of(view)
    begin = max(readout.stop - ZOOM_MS, readout.start) if view.start is None else readout.start
    if "output" not in readout.rows:
        raise Fault(f"'{view.run.name}' holds no recorded output of readout '{readout.name}'")
    if shape[0] * shape[1] != readout.dimensions:
        raise Fault(f"images of {shape[0]}x{shape[1]} have {shape[0] * shape[1]} pixels, "
                    f"but readout '{readout.name}' has {readout.dimensions} dimensions")
    n = len(readout.rows["output"].between(begin, readout.stop, slice(1))[0])
    if not n:
        raise Fault(f"'{view.run.name}': readout '{readout.name}' has no outputs between --start and --stop")
    view.span = begin, readout.stop
    view.note(f"readout {plain(readout.name)}: {FRAMES} of {count(n, 'row')}")
    view.note(*[f"not shown: readout {plain(other.name)}" for other in others])
    return [Panel(lambda part: draw_frames(part, readout, shape, begin), 0.72 * len(readout.shown) * shape[0] / shape[1] + 0.5,
                  part=True)]
