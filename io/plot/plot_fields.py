"""What each target has learned, as an image: the last recorded weights of its synapses, by source."""
import matplotlib.pyplot as plt
import numpy as np

from plot_heading import add_heading
from plot_output import Fault, Rows, label, plain, text
from plot_weights import limits, weights_of

PANELS = 10  # targets that are shown


def images_of(group, start, stop):
    """The last weights of the first targets, by target, if their sources make a square, their time in ms, and how many
    targets there are; else nothing."""
    times, values = Rows(group).between(start, stop)
    sources, targets = (group[f"mapping/{end}_ids"][:] for end in ("source", "target"))
    images, all_targets = {}, np.unique(targets)
    for target in all_targets[:PANELS] if times.size else ():
        own = np.flatnonzero(targets == target)
        side = round(np.sqrt(own.size))
        if side < 2 or side * side != own.size:
            return {}, None, 0
        order = own[np.argsort(sources[own], kind="stable")]
        images[target] = values[-1, order].reshape(side, side)
    return images, times[-1] if times.size else None, all_targets.size


def draw_images(part, group, images, time, n_targets):
    """One panel a target, all in the same colours."""
    panels = part.subplots(1, PANELS if len(images) > 4 else 4)
    low, high = (extreme(list(images.values())) for extreme in (np.min, np.max))
    for panel in panels:
        panel.axis("off")
    for panel, (target, image) in zip(panels, images.items()):
        shown = panel.imshow(image, cmap="cividis", vmin=low, vmax=high)
        panel.set_title(f"onto {target}", fontsize=7)
    part.colorbar(shown, ax=panels, shrink=0.7, label=label(group))
    some = f": the first {len(images)} of {n_targets} targets" if len(images) < n_targets else ""
    part.suptitle(f"{plain(text(group.attrs['projection']))} at {1e-3 * time:g} s{some}", x=0.01, ha="left", fontsize=8)


def plot_fields(run, start, stop):
    """One row for each recorder of weights whose sources make a square."""
    window = -np.inf if start is None else start, np.inf if stop is None else stop
    groups = weights_of(run)
    rows = [(group, *images_of(group, *window)) for group in groups.values()]
    others = [plain(name) for name, row in zip(groups, rows) if not row[1]]
    rows = [row for row in rows if row[1]]
    if not rows:
        raise Fault(f"'{run.path}' holds no weights between --start and --stop whose sources make a square")
    figure = plt.figure(figsize=(7.2, 1.7 * len(rows) + 0.6), layout="constrained")
    for part, row in zip(np.atleast_1d(figure.subfigures(len(rows), 1)), rows):
        draw_images(part, *row)
    add_heading(figure, run, limits(groups.values(), start, stop),
                [f"no square of sources: {', '.join(others)}"] * bool(others))
    return figure
