"""A toy figure: the spikes of the first recorder as dots."""
import matplotlib.pyplot as plt
from plot_output import Fault


def plot_dots(run, start, stop):
    """Neurons over time."""
    groups = list(run.recorded("spikes").values())
    if not groups:
        raise Fault(f"'{run.path}' holds no recorded spikes")
    times, ids = groups[0]["timestamps"][:], groups[0]["node_ids"][:]
    inside = (times > (start or 0)) & (times <= (run.duration if stop is None else stop))
    figure, axes = plt.subplots(layout="constrained")
    axes.plot(times[inside], ids[inside], ".", ms=2)
    axes.set(xlabel="Time (ms)", ylabel="Neuron")
    return figure
