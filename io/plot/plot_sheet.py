"""Activity in space: which neurons fired where, in pictures of equal times; of populations whose nodes have x and y."""
import numpy as np

from panel import Panel
from plot_raster import note_on
from view import Fault, plain, scaled

FRAMES, POPULATIONS = 6, 4  # pictures in a row, rows


def places(run, population):
    """x and y of all neurons of a population, or None."""
    own = run.file.get(f"nodes/{population}/0", {})
    return (own["x"][:], own["y"][:]) if "x" in own and "y" in own else None


def draw_frame(axes, view, taken, where, begin, end):
    """Neurons that fired within begin < t <= end."""
    x, y = where
    fired = np.unique(taken.ids[(taken.times > begin) & (taken.times <= end)])
    size = float(np.clip(4000 / x.size, 0.1, 3)) ** 0.5
    axes.plot(x[fired], y[fired], "o", ms=scaled(2 * size), mew=0, color=view.colour(taken.population), rasterized=True)
    if not fired.size:
        axes.text(0.5, 0.5, "silent", transform=axes.transAxes, ha="center", va="center", fontsize=scaled(6))
    for limits, ends in ((axes.set_xlim, (x.min(), x.max())), (axes.set_ylim, (y.min(), y.max()))):
        limits(ends if ends[1] > ends[0] else (ends[0] - 0.5, ends[0] + 0.5))
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(True)


def plot_sheet(view):
    """Frames of the window, one row a population."""
    begin, end = view.window(view.recorded("spikes"))
    found = [(taken, places(view.run, taken.population)) for taken in view.spikes(begin, end)]
    rows = [(taken, where) for taken, where in found if where]
    if not rows:
        raise Fault(f"'{view.run.name}' has no recorded population that lies in two dimensions or three")
    note_on(view, [taken for taken, _ in rows[:POPULATIONS]], begin, end)
    edges = np.linspace(begin, end, FRAMES + 1)

    def draw(part):
        grid = part.subplots(len(rows[:POPULATIONS]), FRAMES, squeeze=False)
        for axes, (taken, where) in zip(grid, rows):
            for frame in range(FRAMES):
                draw_frame(axes[frame], view, taken, where, edges[frame], edges[frame + 1])
            axes[0].set_ylabel(plain(taken.population), fontsize=scaled(7))
        for frame in range(FRAMES):
            grid[0][frame].set_title(f"{edges[frame]:.5g} to {edges[frame + 1]:.5g} ms", fontsize=scaled(6))

    others = [plain(taken.population) for taken, where in found if not where]
    view.note(*[f"without x and y: {', '.join(others)}"] * bool(others))
    view.note(*[f"the first {POPULATIONS} of {len(rows)} populations"] * (len(rows) > POPULATIONS))
    return [Panel(draw, 1.4 * len(rows[:POPULATIONS]), part=True)]
