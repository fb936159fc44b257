"""One quantity over another: states of a neuron, dimensions of a readout; each maximum of a dimension over the one before."""
import numpy as np

from panel import Panel
from plot_courses import OUTPUT, SUPERVISOR, outputs_of
from view import Fault, label, plain, scaled, shades

NEURONS = 3  # whose states are shown
LEAST = 0.1  # of the range, by which a course falls after a maximum that counts


def by_state(view):
    """Recorders of traces by population and state."""
    found = {}
    for recorder in view.recorded("traces"):
        found.setdefault(recorder.population, {}).setdefault(recorder.state, recorder)
    return found


def of_states(view, x, y):
    """A panel each population of which both states were recorded."""
    panels = []
    for population, states in by_state(view).items():
        if x not in states or y not in states:
            continue
        both = states[x], states[y]
        window = view.window(both)
        (times, _), ids = both[0].between(*window, slice(1)), np.intersect1d(both[0].ids, both[1].ids)
        ids = ids[view.columns(ids, NEURONS)]
        if not np.array_equal(times, both[1].between(*window, slice(1))[0]) or not ids.size:
            raise Fault(f"'{view.run.name}': {x} and {y} of '{population}' were not recorded at the same times of the same neurons")
        values = [recorder.between(*window, np.flatnonzero(np.isin(recorder.ids, ids)))[1] for recorder in both]
        panels.append((population, both, ids, values))
    if not panels:
        there = ", ".join(dict.fromkeys(state for states in by_state(view).values() for state in states))
        raise Fault(f"'{view.run.name}': no population has both {x} and {y} recorded; recorded are: {there}")
    return [Panel(lambda axes, a=panel: draw_states(axes, view, *a), 3.0, square=True, title=plain(panel[0])) for panel in panels]


def draw_states(axes, view, _, recorders, ids, values):
    for column, (neuron, colour) in enumerate(zip(ids, shades(len(ids)))):
        axes.plot(values[0][:, column], values[1][:, column], lw=scaled(0.7), color=colour, label=str(neuron))
    axes.set_xlabel(label(recorders[0]))
    axes.set_ylabel(label(recorders[1]))
    if len(ids) > 1:
        axes.legend(title="neuron", fontsize=scaled(6), title_fontsize=scaled(6), loc="center left", bbox_to_anchor=(1, 0.5))
    if len(ids) < min(recorder.columns for recorder in recorders):
        view.note(f"{recorders[0].population}: {len(ids)} of {recorders[0].columns} recorded neurons")


def dimensions(view, *numbers):
    """Recorded supervisor and output of the first readout that has these dimensions: times and values of each, by state."""
    found = {}
    for line in outputs_of(view, max(numbers) + 1):
        name, dimension = line.names["readout"], line.names["dimension"] or 0
        if dimension in numbers:
            found.setdefault(name, {}).setdefault(line.names["state"], {})[dimension] = line
    for name, states in found.items():
        if all(set(numbers) <= set(by_dimension) for by_dimension in states.values()):
            return name, {state: [by_dimension[number] for number in numbers] for state, by_dimension in states.items()}
    raise Fault(f"'{view.run.name}': no recorded output of a readout has the dimensions {', '.join(map(str, numbers))}")


def number(word, option):
    try:
        return int(word)
    except ValueError:
        raise Fault(f"--{option} takes numbers of dimensions, from 0, not '{word}'") from None


def plot_phase(view, words):
    """words: X,Y, two recorded states, or two dimensions of a readout."""
    names = words.split(",")
    if len(names) != 2:
        raise Fault(f"--phase takes two states or two dimensions, like V_m,U_m or 0,2, not '{words}'")
    if not names[0].strip().isdigit():
        return of_states(view, *(name.strip() for name in names))
    x, y = (number(name, "phase") for name in names)
    readout, states = dimensions(view, x, y)
    view.notes = {note: None for note in view.notes if not note.startswith("readout ")}

    def draw(axes):
        for state, (one, other) in states.items():
            colour = SUPERVISOR if state == "supervisor" else OUTPUT
            axes.plot(one.values, other.values, lw=scaled(0.5), color=colour, label=state)
        axes.set_xlabel(f"Dimension {x}")
        axes.set_ylabel(f"Dimension {y}")
        axes.legend(fontsize=scaled(6), loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderaxespad=0)

    return [Panel(draw, 3.3, square=True, title=f"Readout {plain(readout)}")]


def maxima(values):
    """The maxima of a course that it has risen to and falls from by more than its noise does."""
    least, found, rises = LEAST * np.ptp(values), [], False
    high = low = values[0]
    for value in values.tolist():
        high, low = max(high, value), min(low, value)
        if rises and value < high - least:
            found.append(high)
            rises, low = False, value
        elif not rises and value > low + least:
            rises, high = True, value
    return np.array(found)


def plot_maxima(view, words):
    """Each maximum of a dimension of a readout over the one before it."""
    readout, states = dimensions(view, number(words, "maxima"))
    found = {state: maxima(lines[0].values) for state, lines in states.items() if lines[0].values.size}
    view.note(f"maxima that are left by {LEAST:g} of the range")
    if not any(values.size > 1 for values in found.values()):
        raise Fault(f"'{view.run.name}': dimension {words} of readout '{readout}' has no two maxima in this window")

    def draw(axes):
        for state, values in found.items():
            colour = SUPERVISOR if state == "supervisor" else OUTPUT
            axes.plot(values[:-1], values[1:], "o", ms=scaled(2), mew=0, color=colour, label=state)
        axes.set_xlabel(f"Maximum of dimension {words}")
        axes.set_ylabel("The next one")
        axes.legend(fontsize=scaled(6), loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderaxespad=0)

    return [Panel(draw, 3.3, square=True, title=f"Readout {plain(readout)}")]
