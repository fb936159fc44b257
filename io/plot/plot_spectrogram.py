"""What frequencies recorded rows have over time; and the dimensions of readouts as an image over time."""
import numpy as np

from panel import Panel
from plot_courses import of_kind, outputs_of
from view import Fault, count, plain

WINDOWS = 60  # about as many beside each other
SHORTEST = 16  # rows of a window
RANGE_DB = 50  # of power that is told apart
COLUMNS = 4000  # of an image of dimensions over time
KINDS = {"traces": None, "histograms": None, "sums": None, "means": None, "stimuli": "stimulus", "dopamine": "projection"}


def powers(values, interval):
    """Frequencies in Hz, the middles of windows in rows, and the power of each in dB; None where the course is too short."""
    length = min(max(SHORTEST, len(values) // WINDOWS * 4), len(values))
    if length < SHORTEST:
        return None
    step = max(1, length // 4)
    parts = np.lib.stride_tricks.sliding_window_view(values, length)[::step]
    parts = (parts - values.mean()) * np.hanning(length)
    power = np.abs(np.fft.rfft(parts, axis=1)) ** 2
    power = power[:, 1:]
    highest = power.max() or 1.0
    return (np.fft.rfftfreq(length, 1e-3 * interval)[1:], step * np.arange(len(parts)) + 0.5 * length,
            10 * np.log10(np.maximum(power, highest * 10 ** (-RANGE_DB / 10)) / highest))


def draw_powers(axes, line, found):
    frequencies, middles, power = found
    interval = line.times[1] - line.times[0]
    seen = frequencies[np.flatnonzero(power.max(0) > -0.8 * RANGE_DB)] if power.size else frequencies
    top = 1.1 * seen[-1] if seen.size else frequencies[-1]
    shown = axes.pcolormesh(line.times[0] + interval * middles, frequencies, power.T, cmap="cividis", shading="nearest",
                            rasterized=True)
    axes.set_ylim(0, max(top, frequencies[0]))
    axes.set_ylabel("Frequency (Hz)")
    axes.figure.colorbar(shown, ax=axes, label="Power (dB)")


def plot_spectrogram(view):
    """A panel for the first chosen column of each recorder of rows, and for the first dimension of each readout's output."""
    lines = []
    for kind, key in KINDS.items():
        if getattr(view.run, kind):
            recorders = {}
            for line in of_kind(view, kind, key):
                recorders.setdefault(tuple((name, value) for name, value in line.names.items() if name != "neuron"), line)
            lines += recorders.values()
    if view.run.readouts:
        lines += [line for line in outputs_of(view, 1) if line.names["state"] == "output"]
    found = [(line, powers(line.values, line.times[1] - line.times[0])) for line in lines if line.times.size > SHORTEST]
    if not found:
        raise Fault(f"'{view.run.name}' holds no recorded rows of at least {SHORTEST} within the window for a spectrogram")
    return [Panel(lambda axes, a=(line, power): draw_powers(axes, *a), 1.6, time=True, scale="Hz",
                  title=plain(" ".join(str(value) for name, value in line.names.items() if name != "file" and str(value) != "")))
            for line, power in found]


def plot_channels(view):
    """Supervisor and output of each readout as images: a row a dimension, over time."""
    together = {}
    for line in outputs_of(view, 10**9):
        together.setdefault((line.names["readout"], line.names["state"]), []).append(line)
    if not together:
        raise Fault(f"'{view.run.name}' holds no recorded output of a readout")

    def draw(axes, lines, limits):
        values = np.array([line.values for line in lines])
        times = lines[0].times
        step = max(1, -(-times.size // COLUMNS))
        view.note(*[f"one recorded row in {step}"] * (step > 1))
        shown = axes.pcolormesh(times[::step], np.arange(len(lines)), values[:, ::step], cmap="cividis", shading="nearest",
                                vmin=limits[0], vmax=limits[1], rasterized=True)
        axes.set_ylabel("Dimension")
        axes.yaxis.get_major_locator().set_params(integer=True)
        axes.figure.colorbar(shown, ax=axes)

    panels = []
    for (readout, state), lines in together.items():
        first = together.get((readout, "supervisor"), lines)
        values = np.array([line.values for line in first])
        limits = (values.min(), values.max()) if values.size else (0, 1)
        if values.size:
            panels.append(Panel(lambda axes, a=(lines, limits): draw(axes, *a), 1.5, time=True, scale="dimension",
                                title=f"{plain(readout)}: {state}, {count(len(lines), 'dimension')}"))
    if not panels:
        raise Fault(f"'{view.run.name}' holds no output of a readout within the window")
    return panels
