"""Activity in space: which neurons fired where, in pictures of equal times; of populations whose nodes have x and y."""
import matplotlib.pyplot as plt
import numpy as np

from plot_heading import add_heading
from plot_output import Fault, plain
from plot_spikes import colour_of

FRAMES, POPULATIONS = 6, 4  # pictures in a row, rows


def places(run, population):
    """x and y of all neurons of a population, or None."""
    own = run.file.get(f"nodes/{population}/0", {})
    return (own["x"][:], own["y"][:]) if "x" in own and "y" in own else None


def draw_frame(axes, run, recording, where, begin, end):
    """Neurons that fired within begin < t <= end."""
    x, y = where
    fired = np.unique(recording.ids[(recording.times > begin) & (recording.times <= end)])
    size = float(np.clip(4000 / x.size, 0.1, 3)) ** 0.5
    axes.plot(x[fired], y[fired], "o", ms=2 * size, mew=0, color=colour_of(run, recording), rasterized=True)
    axes.set_xlim(x.min(), x.max())
    axes.set_ylim(y.min(), y.max())
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(True)


def plot_sheet(run, start, stop):
    """Frames of the window, one row a population."""
    begin, end = 0 if start is None else start, run.duration if stop is None else min(stop, run.duration)
    found = [(recording, places(run, recording.population)) for recording in run.recordings(begin, end)]
    rows = [(recording, where) for recording, where in found if where]
    if not rows:
        raise Fault(f"'{run.path}' has no recorded population that lies in two dimensions or three")
    shown = rows[:POPULATIONS]
    edges = np.linspace(begin, end, FRAMES + 1)
    figure, grid = plt.subplots(len(shown), FRAMES, figsize=(7.2, 1.4 * len(shown) + 0.6), layout="constrained", squeeze=False)
    for axes, (recording, where) in zip(grid, shown):
        for frame in range(FRAMES):
            draw_frame(axes[frame], run, recording, where, edges[frame], edges[frame + 1])
        axes[0].set_ylabel(plain(recording.population), fontsize=7)
    for frame in range(FRAMES):
        grid[0][frame].set_title(f"{edges[frame]:g} to {edges[frame + 1]:g} ms", fontsize=7)
    others = [plain(recording.population) for recording, where in found if not where]
    add_heading(figure, run, (begin, end), [f"without x and y: {', '.join(others)}"] * bool(others)
                + [f"the first {POPULATIONS} of {len(rows)} populations"] * (len(rows) > POPULATIONS))
    return figure
