"""Rows over time as lines, laid over each other in panels as --overlay says."""
from dataclasses import dataclass, field

import numpy as np
from panel import Panel
from view import count, plain, scaled, shades

COLUMNS = 6  # neurons shown of a recorder
POINTS = 6000  # of a line in a panel


@dataclass
class Line:
    """What one column of a recorder was. names: what it is of, by population, state, neuron and the like; steps: values hold for
    the interval that ends at their times; note: what else the title of its panel says."""

    names: dict
    unit: str
    times: np.ndarray
    values: np.ndarray
    colour: object = None
    steps: bool = False
    spikes: np.ndarray | None = None
    note: str = ""
    width: float = 0.7

    @property
    def quantity(self):
        state = self.names.get("state", "")
        return state + (f" ({self.unit})" if self.unit else "")


def envelope(times, values, most=POINTS):
    """Long rows for a narrow panel: of each of at most half as many stretches the least and the greatest of every column."""
    n = -(-2 * len(times) // most)
    if n <= 2:
        return times, values
    whole = len(times) // n * n
    parts = values[:whole].reshape(-1, n, *values.shape[1:])
    return np.repeat(times[:whole:n], 2), np.stack((parts.min(1), parts.max(1)), 1).reshape(-1, *values.shape[1:])


def of_recorder(view, recorder, begin, end, spikes=(), **names):
    """Lines of the chosen columns of one recorder, with the spikes of these neurons where they are recorded."""
    ids = getattr(recorder, "ids", None)
    wanted = view.columns(ids, COLUMNS) if ids is not None and len(ids) else np.arange(min(recorder.columns, COLUMNS))
    if not len(wanted):
        return
    times, values = recorder.between(begin, end, wanted)
    population, note = recorder.attributes.get("population", ""), ""
    if len(wanted) < recorder.columns:
        first = "" if view.neurons is not None else "the first "
        note = f"{first}{len(wanted)} of {recorder.columns} recorded neurons"
    elif recorder.columns == 1 and (ids is None or not len(ids)) and "recorded_neurons" in recorder.attributes:
        note = count(int(recorder.attributes["recorded_neurons"]), "neuron")
    colours = [view.colour(population)] if len(wanted) == 1 else shades(len(wanted))
    names = {"file": view.label, "population": population, **names, "state": recorder.state}
    for place, (column, colour) in enumerate(zip(wanted, colours)):
        neuron = {"neuron": int(ids[column])} if ids is not None and len(ids) and view.size(population) != 1 else {}
        marks = None
        if len(spikes) and ids is not None:
            marks = np.concatenate([taken.times[taken.ids == ids[column]] for taken in spikes])
        yield Line({**names, **neuron}, recorder.unit, times, values[:, place], colour, spikes=marks, note=note)


def told_apart(lines):
    """The names by which the lines of a panel differ."""
    return [name for name in lines[0].names if len({line.names.get(name) for line in lines}) > 1]


def colours_of(lines):
    """Each line's own colour, if they are all different; else others."""
    own = [line.colour for line in lines]
    return own if len(set(map(str, own))) == len(lines) else shades(len(lines))


def name_of_axis(lines, apart, letters):
    """Units where the legend has the states; where these have none, themselves, if there is room for so many letters."""
    units = list(dict.fromkeys(line.unit for line in lines if line.unit)) if "state" in apart else []
    names = units or list(dict.fromkeys(line.quantity for line in lines))
    return ", ".join(names) if len(", ".join(names)) <= letters or len(names) == 1 else ""


def draw_lines(axes, lines, height):
    """The lines of one panel of so many inches, with a legend beside it where they are several."""
    apart = told_apart(lines)
    for line, colour in zip(lines, colours_of(lines)):
        text = plain(" ".join(str(line.names.get(name, "")) for name in apart))
        style = {"lw": scaled(line.width), "color": colour, "label": text or None}
        if line.steps and line.times.size:
            interval = line.times[1] - line.times[0] if line.times.size > 1 else line.times[0]
            edges = np.append(line.times - interval, line.times[-1])
            axes.stairs(line.values, edges, fill=len(lines) == 1 and line.unit == "Hz", baseline=0, **style)
        else:
            axes.plot(*envelope(line.times, line.values), **style)
        if line.spikes is not None:
            axes.plot(line.spikes, np.full(line.spikes.size, 0.96), "|", ms=scaled(5), mew=scaled(0.8), color=colour,
                      transform=axes.get_xaxis_transform())
    marked = any(line.spikes is not None for line in lines)
    if not any(line.steps for line in lines):
        axes.margins(y=0.15 if marked else 0.08)
    axes.set_ylabel(name_of_axis(lines, apart, int(15 * height)))
    if apart:
        many = len(lines) > 4
        axes.legend(title=" ".join(apart), fontsize=scaled(6), title_fontsize=scaled(6), loc="center left", bbox_to_anchor=(1, 0.5),
                    labelspacing=0.15 if many else 0.4, handlelength=1.2, borderaxespad=0.3)
    if not any(line.times.size for line in lines):
        axes.text(0.5, 0.5, "nothing in this window", transform=axes.transAxes, ha="center", va="center", fontsize=scaled(7))


def title_of(key, lines):
    """What all lines of a panel have alike, with what is to be said of them."""
    names = [str(value) for name, value in key if name not in ("state", "file") and str(value)]
    notes = dict.fromkeys(line.note for line in lines if line.note)
    return plain(": ".join([" ".join(names)] * bool(names) + [", ".join(notes)] * bool(notes)))


def in_panels(view, lines, height=1.2):
    """Panels, one for the lines that differ in nothing but in what is laid over each other."""
    groups = {}
    order = {state: place for place, state in enumerate(view.states or ())}
    for line in sorted(lines, key=lambda line: order.get(line.names["state"], -1)):
        key = tuple((name, value) for name, value in line.names.items() if name not in view.overlay)
        groups.setdefault(key, []).append(line)
    return [line_panel(key, group, height) for key, group in groups.items()]


def line_panel(key, lines, height):
    height = max(height, 0.12 * len(lines) + 0.35 if told_apart(lines) else 0)
    return Panel(lambda axes: draw_lines(axes, lines, height), height, time=True, title=title_of(key, lines), key=key,
                 scale=lines[0].quantity, lines=lines)


def merged(columns, views):
    """With --overlay files: panels of lines of all files in one column, each with those of the same key laid over it."""
    together, panels = {}, []
    for panel in (panel for column in columns for panel in column):
        if panel.lines and panel.key in together:
            together[panel.key].lines.extend(panel.lines)
            continue
        panels.append(panel)
        if panel.lines:
            together[panel.key] = panel
    for number, panel in enumerate(panels):
        if panel.lines:
            panels[number] = line_panel(panel.key, panel.lines, panel.height)
    begin, end = np.transpose([view.span for view in views])
    views[0].span = begin.min(), end.max()
    return [panels]
