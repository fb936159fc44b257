"""What is wrong with the layout of a figure: text over text or out of the figure, axes with nothing in them."""
import itertools

TOLERANCE = 1.0  # pixels at 100 an inch


def _tick_labels(axis):
    """Labels of ticks that are drawn."""
    for tick in axis._update_ticks():  # pylint: disable=protected-access
        for text in (tick.label1, tick.label2):
            if text.get_visible() and text.get_text():
                yield text


def box_of(text):
    """The box of what is to be read, without empty lines below it."""
    box, lines = text.get_window_extent(), text.get_text().split("\n")
    if not lines[-1]:
        box = box.from_extents(box.x0, box.y1 - box.height * len(text.get_text().rstrip("\n").split("\n")) / len(lines), box.x1, box.y1)
    return box


def texts_of(figure):
    """All visible texts of a figure with their boxes in pixels."""
    from matplotlib.axis import Axis  # pylint: disable=import-outside-toplevel
    from matplotlib.text import Text  # pylint: disable=import-outside-toplevel
    ticks, shown = set(), []
    for axis in figure.findobj(Axis):
        for tick in [*axis.majorTicks, *axis.minorTicks]:
            ticks.update((tick.label1, tick.label2))
        if axis.axes.axison and axis.get_visible():
            shown += _tick_labels(axis)
    shown += [text for text in figure.findobj(Text) if text not in ticks and text.get_visible() and text.get_text().strip()
              and (text.axes is None or text.axes.axison or text.axes.title is text)]
    return [(text, box_of(text)) for text in dict.fromkeys(shown)]


def is_empty(axes):
    """Whether nothing is drawn in the axes."""
    from matplotlib.lines import Line2D  # pylint: disable=import-outside-toplevel
    filled = [line for line in axes.lines if isinstance(line, Line2D) and len(line.get_xdata())]
    return axes.axison and axes.get_visible() and not (filled or axes.patches or axes.collections or axes.images or axes.texts)


def faults_of(figure):
    """Lines that say what is wrong; draws the figure."""
    figure.set_dpi(100)
    figure.canvas.draw()
    found = [f"axes {number} of {len(figure.axes)} are empty" for number, axes in enumerate(figure.axes) if is_empty(axes)]
    texts = texts_of(figure)
    for text, box in texts:
        if (box.x0 < -TOLERANCE or box.y0 < -TOLERANCE or box.x1 > figure.bbox.x1 + TOLERANCE
                or box.y1 > figure.bbox.y1 + TOLERANCE):
            found.append(f"'{text.get_text()}' leaves the figure")
    for (one, a), (other, b) in itertools.combinations(texts, 2):
        wide, high = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        if wide > TOLERANCE and high > 2 * TOLERANCE:
            found.append(f"'{one.get_text()}' and '{other.get_text()}' overlap by {wide:.0f} x {high:.0f}")
    return found
