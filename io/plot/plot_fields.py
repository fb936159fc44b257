"""What each target has learned, as an image: the last recorded weights of its synapses, by source."""
import numpy as np

from panel import Panel
from view import Fault, label, plain, scaled

PANELS = 10  # targets that are shown


def images_of(recorder, times, values):
    """The last weights of the first targets, by target, if their sources make a square, and how many targets there are."""
    images, all_targets = {}, np.unique(recorder.targets)
    for target in all_targets[:PANELS] if times.size else ():
        own = np.flatnonzero(recorder.targets == target)
        side = round(np.sqrt(own.size))
        if side < 2 or side * side != own.size:
            return {}, 0
        order = own[np.argsort(recorder.sources[own], kind="stable")]
        images[target] = values[-1, order].reshape(side, side)
    return images, all_targets.size


def draw_images(part, recorder, images, time, n_targets):
    """One panel a target, all in the same colours; signs have colours of their own where both occur."""
    panels = part.subplots(1, PANELS if len(images) > 4 else 4)
    low, high = (extreme(list(images.values())) for extreme in (np.min, np.max))
    signed, most = low < 0 < high, max(abs(low), abs(high))
    colours = {"cmap": "RdBu_r", "vmin": -most, "vmax": most} if signed else {"cmap": "cividis", "vmin": low, "vmax": high}
    for panel in panels:
        panel.axis("off")
    for panel, (target, image) in zip(panels, images.items()):
        shown = panel.imshow(image, **colours)
        panel.set_title(f"onto {target}", fontsize=scaled(7))
    part.colorbar(shown, ax=panels[:len(images)], shrink=0.7, label=label(recorder))
    some = f": the first {len(images)} of {n_targets} targets" if len(images) < n_targets else ""
    part.suptitle(f"{plain(recorder.projection)} at {1e-3 * time:g} s{some}", x=0.01, ha="left", fontsize=scaled(8))


def plot_fields(view):
    """One row for each recorder of weights whose sources make a square."""
    recorders = [recorder for recorder in view.recorded("weights") if recorder.columns]
    window, panels, others = view.window(recorders) if recorders else (), [], []
    for recorder in recorders:
        times, values = recorder.between(*window)
        images, n_targets = images_of(recorder, times, values)
        if not images:
            others.append(plain(recorder.name))
            continue
        row = recorder, images, times[-1], n_targets
        panels.append(Panel(lambda part, row=row: draw_images(part, *row), 1.8 if len(images) <= 4 else 1.3, part=True))
    if not panels:
        raise Fault(f"'{view.run.name}' holds no weights between --start and --stop whose sources make a square")
    view.note(*[f"no square of sources: {', '.join(others)}"] * bool(others))
    return panels
