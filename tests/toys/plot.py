"""A toy figure: the spikes of each population as dots."""
from panel import Panel


def plot_dots(view):
    """Neurons over time, a panel a population."""
    window = view.window(view.recorded("spikes"))
    return [Panel(lambda axes, taken=taken: axes.plot(taken.times, taken.ids, ".", ms=2), time=True, title=taken.population)
            for taken in view.spikes(*window)]
