"""Figures of synapses that learn: weights over time, and what each target has learned as an image."""
import matplotlib.pyplot as plt
import numpy as np

from plot_output import Fault, Rows, text

IMAGES = 10  # targets whose weights are shown as images
CURVES = 12  # synapses shown over time


class Synapses:
    """What one recorder of weights holds within a window."""

    def __init__(self, name, group, start, stop):
        rows = Rows(group)
        self.name = name
        self.projection = text(group.attrs["projection"])
        self.state = text(group.attrs["state"])
        self.unit = text(group["data"].attrs["units"])
        self.sources, self.targets = (group[f"mapping/{end}_ids"][:] for end in ("source", "target"))
        first = -np.inf if start is None else start
        self.times, self.values = rows.between(first, np.inf if stop is None else stop)
        if not self.times.size:
            raise Fault(f"recorder '{name}' holds no weights between --start and --stop")

    def label(self):
        return f"{self.state} ({self.unit})" if self.unit else self.state

    def images(self):
        """The last weights of the first targets, by target, if their sources make a square; else nothing."""
        images = {}
        for target in np.unique(self.targets)[:IMAGES]:
            own = np.flatnonzero(self.targets == target)
            side = round(np.sqrt(own.size))
            if side < 2 or side * side != own.size:
                return {}
            order = own[np.argsort(self.sources[own], kind="stable")]
            images[target] = self.values[-1, order].reshape(side, side)
        return images


def draw_images(part, synapses, images):
    """One panel a target, all in the same colours."""
    panels = part.subplots(1, IMAGES if len(images) > 4 else 4)
    low, high = (extreme(list(images.values())) for extreme in (np.min, np.max))
    for panel in panels:
        panel.axis("off")
    for panel, (target, image) in zip(panels, images.items()):
        shown = panel.imshow(image, cmap="cividis", vmin=low, vmax=high)
        panel.set_title(f"onto {target}", fontsize=7)
    part.colorbar(shown, ax=panels, shrink=0.7, label=synapses.label())
    part.suptitle(f"{synapses.projection} at {1e-3 * synapses.times[-1]:g} s", x=0.01, ha="left", fontsize=8)


def draw_course(part, synapses):
    """Some synapses over time, spread over all that there are."""
    axes = part.subplots()
    count = synapses.values.shape[1]
    chosen = np.unique(np.linspace(0, count - 1, min(CURVES, count)).astype(int))
    colours = plt.colormaps["cividis"](np.linspace(0, 0.85, chosen.size))
    for column, colour in zip(chosen, colours):
        label = f"{synapses.sources[column]} to {synapses.targets[column]}"
        axes.plot(1e-3 * synapses.times, synapses.values[:, column], lw=0.9, color=colour, label=label)
    some = f": {chosen.size} of {count} synapses" if chosen.size < count else ""
    axes.set_title(f"{synapses.projection}{some}", loc="left", fontsize=8)
    axes.set(xlabel="Time (s)", ylabel=synapses.label())
    axes.legend(fontsize=6, loc="center left", bbox_to_anchor=(1, 0.5))


def plot_weights(run, start, stop):
    """Of each recorder of weights the last ones as images, where sources make a square, and some over time."""
    groups = run.recorded("weights")
    if not groups:
        raise Fault(f"'{run.path}' holds no recorded weights; give the experiment a recorder of type weights")
    recorded = [Synapses(name, group, start, stop) for name, group in groups.items()]
    parts, heights = [], []
    for synapses in recorded:
        images = synapses.images()
        if images:
            parts.append((draw_images, (synapses, images)))
            heights.append(1.3 if len(images) > 4 else 2.0)
        parts.append((draw_course, (synapses,)))
        heights.append(2.0)
    figure = plt.figure(figsize=(7.2, sum(heights) + 0.4), layout="constrained")
    rows = np.atleast_1d(figure.subfigures(len(parts), 1, height_ratios=heights))
    for row, (draw, arguments) in zip(rows, parts):
        draw(row, *arguments)
    if run.title:
        figure.suptitle(run.title, x=0.01, ha="left", fontsize=9, fontweight="bold")
    return figure
