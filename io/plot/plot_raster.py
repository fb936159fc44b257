"""Figures of spikes: rasters with mean rates beside, rates over time."""
import numpy as np

from lines import Line, in_panels
from panel import Panel
from view import Fault, count, plain, scaled

NEURONS = 2000  # shown in a raster
SPIKES = 60000  # dots shown in a raster
LAST_MS = 1000  # shown of a longer run, unless --start or --stop is given
BINS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)  # ms, of rates over time
NUMBERS_INCH = 0.22  # of a band of neurons whose numbers are told


def last_of(view):
    """The begin and end that rasters and the like have by themselves: the last second of what is recorded of spikes."""
    begin, end = view.window(view.recorded("spikes"))
    return max(begin, end - LAST_MS), end


def thin(taken, shown, dots, random):
    """Neurons of `shown` rows, and rows and times of at most about `dots` of their spikes. Neurons are picked at random."""
    neurons = taken.known if shown >= taken.known.size else np.sort(random.choice(taken.known, shown, replace=False))
    place = np.searchsorted(neurons, taken.ids)
    visible = np.flatnonzero((place < neurons.size) & (neurons[np.minimum(place, max(neurons.size - 1, 0))] == taken.ids)
                             if neurons.size else [])
    if visible.size > dots:
        visible = np.sort(random.choice(visible, dots, replace=False))
    return neurons, place[visible], taken.times[visible]


def numbers_at(neurons, room):
    """Rows of a band and the numbers that are told there, as far as there is room for so many: of all neurons, of the first ones
    of ranges with wide gaps between them, or round ones."""
    if neurons.size <= room or neurons.size < 2 or room < 1:
        return [(row, neuron) for row, neuron in enumerate(neurons) if room >= 1]
    gaps = np.diff(neurons)
    firsts = [0, *(1 + np.flatnonzero(gaps > max(10 * np.median(gaps), 0.05 * (neurons[-1] - neurons[0]))))]
    if 1 < len(firsts) <= room:
        return [(row, neurons[row]) for row in firsts]
    step = next(step for power in range(12) for step in (10**power, 2 * 10**power, 5 * 10**power)
                if (neurons[-1] - neurons[0]) / step <= room)
    told = np.arange(-(-neurons[0] // step) * step, neurons[-1] + 1, step)
    rows, at = np.unique(np.searchsorted(neurons, told), return_index=True)
    return list(zip(rows, told[at]))


def draw_raster(axes, view, spikes, height, most=NEURONS, names=True):
    """Dots by time and neuron, the first population on top, each with rows in proportion to its size, names and numbers at
    their rows. Returns what is drawn of neurons and of spikes, for left_out()."""
    random = np.random.default_rng(0)
    total, all_spikes = sum(taken.neurons for taken in spikes), sum(taken.times.size for taken in spikes)
    share = min(1.0, most / max(total, 1))
    counts = [max(min(taken.neurons, 1), round(taken.neurons * share)) for taken in spikes]
    least = 0.16 / height * max(sum(counts), 1)  # rows that a name takes
    dot = np.clip(9000 / max(all_spikes * share, 1), 0.15, 2.5)
    few = sum(counts) <= 40  # neurons: marks instead of dots
    top, drawn, middles, places, numbers = 0, 0, [], [], []
    for taken, shown in zip(spikes, counts):
        dots = int(SPIKES * max(taken.times.size, 1) / max(all_spikes, 1)) + 1
        neurons, rows, times = thin(taken, shown, dots, random)
        band = max(shown, least)
        first = top + 0.5 * (band - shown) + 0.5
        mark = min(7, 45 * height / max(sum(counts), 6)) if few else np.sqrt(dot)
        axes.plot(times, first + rows, "|" if few else "o", ms=scaled(mark),
                  mew=scaled(0.8) if few else 0, color=view.colour(taken.population), rasterized=not few)
        inches = height * shown / max(sum(counts), least * len(counts))
        told = numbers_at(neurons, int(inches / NUMBERS_INCH)) if taken.size > 1 else []
        told = [(row, neuron) for row, neuron in told if not places or first + row - places[-1] >= 0.7 * least]
        places += [first + row for row, _ in told]
        numbers += [str(neuron) for _, neuron in told]
        drawn += times.size
        middles.append(top + 0.5 * band)
        top += band + 0.012 * sum(counts)
    axes.set_ylim(top, -0.012 * sum(counts))
    if not drawn:
        axes.text(0.5, 0.5, "no spikes in this window", transform=axes.transAxes, ha="center", va="center", fontsize=scaled(7))
    name_rows(axes, places, numbers, middles, [plain(taken.population) for taken in spikes] if names else [])
    return [(sum(counts), total, "neuron"), (drawn, all_spikes, "spike")]


def name_rows(axes, places, numbers, middles, names):
    """Numbers of neurons at the axis, names of populations left of them."""
    axes.yaxis.remove_overlapping_locs = False
    axes.set_yticks(places, numbers, fontsize=scaled(6))
    axes.tick_params(axis="y", length=scaled(2))
    if names:
        axes.set_yticks(middles, names, minor=True)
        pad = max(map(len, numbers), default=0)
        axes.tick_params(axis="y", which="minor", length=0, pad=scaled(4 + 4.1 * pad + 5 * (pad > 0)))


def left_out(*drawn):
    """Notes on what a raster leaves out, from what of it is drawn: number, number of all, name of one."""
    parts = [f"{n} of {count(total, one)}" for n, total, one in drawn if n < total]
    return ["dots: " + " and ".join(parts)] if parts else []


def draw_rates(axes, view, spikes):
    place = np.arange(len(spikes))
    rates = [taken.rate for taken in spikes]
    axes.barh(place, np.nan_to_num(rates), height=0.7, color=[view.colour(taken.population) for taken in spikes])
    for y, rate in zip(place, rates):
        known = np.isfinite(rate)
        axes.annotate(f"{rate:.2f}" if known else "not recorded", (rate if known else 0, y), (scaled(2), 0),
                      textcoords="offset points", va="center", fontsize=scaled(7))
    axes.set_yticks(place, [plain(taken.population) for taken in spikes])
    axes.set_ylim(len(spikes) - 0.4, -0.6)
    axes.set_xlim(0, 1.35 * (np.nan_to_num(rates).max() or 1))
    is_wide = axes.bbox.width > scaled(1.1) * axes.figure.dpi
    axes.locator_params(axis="x", nbins=4 if is_wide else 2)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("Mean rate (Hz)" if is_wide else "Mean\nrate (Hz)")


def note_on(view, spikes, begin, end):
    """What is not recorded in all of the window, and recorders that are left out."""
    for taken in spikes:
        if (taken.start, taken.stop) != (begin, end) and taken.start < taken.stop:
            view.note(f"{plain(taken.population)} from {taken.start:g} to {taken.stop:g} ms")
        if taken.others:
            view.note(f"{plain(taken.population)} by its largest recorder, {plain(taken.name)}, of {taken.others + 1}")


def plot_raster(view):
    """Raster and mean rates of the window."""
    begin, end = view.window(view.recorded("spikes"))
    spikes = view.spikes(begin, end)
    note_on(view, spikes, begin, end)
    height = float(np.clip(0.35 * len(spikes) + 1.1, 1.6, 4.8))

    def draw(axes):
        view.note(*(note + ", rates of all" for note in left_out(*draw_raster(axes, view, spikes, height))))

    return [Panel(draw, height, time=True, beside=lambda axes: draw_rates(axes, view, spikes))]


def bin_of(view, begin, end):
    """Length of a bin in ms: of --bin, or about a hundredth of the window."""
    given = view.options.bin
    if given is None:
        return max(next((ms for ms in BINS if ms >= 0.008 * (end - begin)), BINS[-1]), view.run.dt)
    if not 0 < given <= end - begin:
        raise Fault(f"--bin takes a length in ms, above 0 and up to the window's {end - begin:g}, not {given:g}")
    return given


def plot_psth(view):
    """The mean rate of a neuron of each population over time, counted from spikes in bins."""
    begin, end = view.window(view.recorded("spikes"))
    lines = []
    for taken in view.spikes(begin, end):
        length = bin_of(view, taken.start, taken.stop) if taken.stop > taken.start else 1.0
        edges = taken.start + length * np.arange(int((taken.stop - taken.start) / length * (1 + 1e-12)) + 1)
        counts = np.histogram(np.nextafter(taken.times, -np.inf), edges)[0]  # a spike at an edge counts for the bin that ends there
        lines.append(Line({"file": view.label, "population": taken.population, "state": "rate"}, "Hz", edges[1:],
                          counts / max(taken.neurons, 1) / (1e-3 * length), view.colour(taken.population), steps=True,
                          note=f"{count(taken.neurons, 'neuron')}, bins of {length:g} ms"))
    return in_panels(view, lines, 0.8)
