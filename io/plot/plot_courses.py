"""What was recorded over time: states, rates, sums and means over populations, dopamine, stimuli, outputs of readouts."""
import numpy as np

from lines import Line, in_panels, of_recorder
from view import count

DIMENSIONS = 12  # shown of a readout
MARKS = 2000  # for spikes, of a figure
SUPERVISOR, OUTPUT = "#999999", "#D55E00"


def of_kind(view, kind, key=None, spikes=False):
    """Lines of all chosen recorders of a kind. key: the attribute of a recorder that tells it from others, beside its population."""
    recorders = view.recorded(kind)
    begin, end = view.window(recorders)
    marks = view.spikes(begin, end) if spikes and view.run.spikes else []
    for recorder in recorders:
        names = {key: recorder.attributes[key]} if key and key in recorder.attributes else {}
        own = [taken for taken in marks if taken.population == recorder.attributes.get("population")]
        yield from of_recorder(view, recorder, begin, end, own, **names)


def plot_traces(view):
    """A panel each population and state, with the spikes of the same neurons."""
    lines = list(of_kind(view, "traces", spikes=True))
    marks = sum(line.spikes.size for line in lines if line.spikes is not None)
    if marks > MARKS:
        view.note(f"without marks for {count(marks, 'spike')}")
        for line in lines:
            line.spikes = None
    elif any(line.spikes is not None for line in lines):
        view.note("marks above: spikes")
    return in_panels(view, lines)


def plot_rates(view):
    """Recorded rates: one in each bin that ends within the window."""
    recorders = view.recorded("histograms")
    begin, end = view.window(recorders)
    lines = []
    for recorder in recorders:
        for line in of_recorder(view, recorder, begin, end):
            line.steps, line.note = True, f"{line.note}, bins of {recorder.interval:g} ms"
            lines.append(line)
    return in_panels(view, lines)


def plot_sums(view):
    return in_panels(view, of_kind(view, "sums"))


def plot_means(view):
    return in_panels(view, of_kind(view, "means"))


def plot_stimuli(view):
    """What stimuli gave in bins: the mean of a current, the sum of the weights of spikes."""
    lines = list(of_kind(view, "stimuli", "stimulus"))
    for line in lines:
        line.steps = True
    return in_panels(view, lines)


def plot_dopamine(view):
    return in_panels(view, of_kind(view, "dopamine", "projection"))


def outputs_of(view, most=DIMENSIONS):
    """Lines of the recorded outputs and supervisors of readouts, a dimension a line; supervisors first."""
    recorders = [recorder for recorder in view.recorded("readouts") if recorder.state in ("output", "supervisor")]
    recorders.sort(key=lambda recorder: recorder.state == "output")
    begin, end = view.window(recorders or view.recorded("readouts"))
    for recorder in recorders:
        shown = min(recorder.columns, most)
        times, values = recorder.between(begin, end, np.arange(shown))
        note = f"{shown} of {count(recorder.columns, 'dimension')}" if shown < recorder.columns else ""
        if note:
            view.note(f"readout {recorder.attributes['readout']}: {note}")
        colour, width = (OUTPUT, 0.8) if recorder.state == "output" else (SUPERVISOR, 1.6)
        for dimension in range(shown):
            yield Line({"file": view.label, "readout": recorder.attributes["readout"],
                        "dimension": dimension if recorder.columns > 1 else "", "state": recorder.state}, "", times,
                       values[:, dimension], colour, width=width)


def plot_outputs(view):
    """Outputs over supervisors, a panel a dimension."""
    view.overlay = view.overlay | {"state"}
    return in_panels(view, outputs_of(view), 0.8)
