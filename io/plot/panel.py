"""A figure is made of panels, one below the other, a column a file; above stand its title, the one window of time that all of it
shows, and what it leaves out."""
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field

import matplotlib.pyplot as plt
import numpy as np
from view import KINDS, plain, scaled

WIDTH = 7.2  # inches of a page
TITLE, BESIDE_KEY, NOTES = 11, 7, 17  # characters an inch
SECONDS = 5000  # ms: an axis that is so long is in seconds, as is one of a tenth of it that ends after twice as much


@dataclass
class Panel:
    """draw(axes), or draw(subfigure) of a panel that is many; height: inches; time: x is time in ms and is shared with the other
    panels; beside(axes) draws what stands on its right; square: as wide as high; key: what tells it from other panels;
    scale: those with the same one can have the same y axis; lines: what can be laid over those of another file."""

    draw: Callable
    height: float = 1.5
    time: bool = False
    part: bool = False
    square: bool = False
    beside: Callable | None = None
    title: str = ""
    key: tuple = ()
    scale: str = ""
    lines: list = field(default_factory=list)


def in_time(axes, span, last):
    """The axis of time of one panel; only the last one of several has numbers and a name."""
    seconds = span[1] - span[0] >= (SECONDS if span[1] < 2 * SECONDS else 0.1 * SECONDS)
    if span[1] > span[0]:
        axes.set_xlim(span)
    if seconds:
        axes.xaxis.set_major_locator(plt.FixedLocator(1e3 * plt.MaxNLocator(8, steps=[1, 2, 5, 10]).tick_values(1e-3 * span[0], 1e-3 * span[1])))
        axes.xaxis.set_major_formatter(lambda time, _: f"{1e-3 * time:.10g}")
    axes.tick_params(axis="x", labelbottom=last)
    axes.set_xlabel(f"Time ({'s' if seconds else 'ms'})" if last else "")


def legend_of(axes):
    """What the legend of the axes says and looks like; None without one."""
    legend = axes.get_legend()
    if legend is None:
        return None
    words = [text.get_text() for text in (legend.get_title(), *legend.get_texts())]
    return words, [str(line.get_color()) for line in legend.get_lines()], [patch.get_edgecolor() for patch in legend.get_patches()]


def leave_out_repeated(all_axes):
    """Of panels that stand below each other the first one's legend is enough, as long as the next ones' are the same."""
    last = None
    for axes in all_axes:
        this = legend_of(axes)
        if this is not None and this == last:
            axes.get_legend().remove()
        last = this


def side_by_side(panels):
    """Square panels that follow each other in one row, or rows of three."""
    rows, across = -(-len(panels) // 3), min(len(panels), 3)

    def draw(part):
        for axes, panel in zip(part.subplots(rows, across, squeeze=False).flat, [*panels, *[None] * (rows * across - len(panels))]):
            if panel is None:
                axes.remove()
                continue
            panel.draw(axes)
            axes.set_box_aspect(1)
            axes.set_title(panel.title, loc="left", fontsize=scaled(8))

    return Panel(draw, rows * min(panels[0].height, 7.2 / across), part=True)


def in_rows(column):
    """The panels of a column with squares beside each other."""
    rows, squares = [], []
    for panel in [*column, None]:
        if squares and (panel is None or not panel.square):
            rows += squares if len(squares) == 1 else [side_by_side(squares)]
            squares = []
        if panel is not None:
            (squares if panel.square else rows).append(panel)
    return rows


class Sheet:
    """The grid of all panels."""

    def __init__(self, columns, size, same_scale):
        self.columns, self.same_scale = [in_rows(column) for column in columns], same_scale
        columns = self.columns
        self.rows = max(map(len, columns))
        has_beside = any(panel.beside for column in columns for panel in column)
        self.per_file = 2 if has_beside else 1
        heights = [max(column[row].height for column in columns if row < len(column)) for row in range(self.rows)]
        letters = scaled(1)
        width = WIDTH if len(columns) == 1 else max(WIDTH, 3.4 * letters * len(columns))
        if all(panel.square for column in columns for panel in column):
            width = min(width, max(3.6, 3.3 * len(columns)))
        self.grows = not size  # with what stands above the panels
        self.figure = plt.figure(figsize=size or (width, letters * (sum(heights) + 0.85)), layout="constrained")
        self.grid = self.figure.add_gridspec(self.rows, self.per_file * len(columns), height_ratios=heights,
                                             width_ratios=([2.6, 1] if has_beside else [1]) * len(columns))
        self.times, self.scales = {}, {}

    def place(self, row, column, panel):
        """The axes, or the part of the figure, of a panel."""
        first = self.per_file * column
        all_columns = slice(first, first + self.per_file)
        cell = self.grid[row, first if panel.beside or panel.time and not panel.part else all_columns]
        if panel.part:
            return self.figure.add_subfigure(cell)
        axes = self.figure.add_subplot(cell, sharex=self.times.get(column) if panel.time else None,
                                       sharey=self.scales.get(self.scale_of(row, panel)))
        if panel.time:
            self.times.setdefault(column, axes)
        if self.scale_of(row, panel):
            self.scales.setdefault(self.scale_of(row, panel), axes)
        return axes

    def scale_of(self, row, panel):
        """Panels with the same one share their y axis: those of a row, or all with --same-scale."""
        if not panel.scale or not self.same_scale and len(self.columns) == 1:
            return None
        return panel.scale if self.same_scale else (row, panel.scale)

    def letters(self, panel):
        """How many letters of a title there is room for above a panel."""
        width = self.figure.get_figwidth() / len(self.columns) / scaled(1)
        return max(8, int(12 * width * (0.65 if self.per_file > 1 and (panel.beside or panel.time) else 0.9)))

    def name_part(self, part, view, row):
        """Which file it is, above the first of a column."""
        if row == 0 and len(self.columns) > 1:
            below = part._suptitle.get_text() if part._suptitle else ""  # pylint: disable=protected-access
            part.suptitle(": ".join([plain(view.label), *[below] * bool(below)]), x=0.01, ha="left", fontsize=scaled(8))

    def fill(self, views):
        for number, (view, column) in enumerate(zip(views, self.columns)):
            in_times = []
            for row, panel in enumerate(column):
                axes = self.place(row, number, panel)
                panel.draw(axes)
                if panel.part:
                    self.name_part(axes, view, row)
                    continue
                title = [plain(view.label)] * (row == 0 and len(self.columns) > 1) + [panel.title] * bool(panel.title)
                if title:
                    axes.set_title(textwrap.fill(": ".join(title), self.letters(panel)), loc="left", fontsize=scaled(8))
                if panel.time:
                    last = row + 1 == len(column) or not column[row + 1].time or column[row + 1].part
                    in_times.append((axes, last))
                if panel.square:
                    axes.set_box_aspect(1)
                if panel.beside:
                    panel.beside(self.figure.add_subplot(self.grid[row, self.per_file * number + 1]))
            leave_out_repeated(axes for axes, _ in in_times)
            for axes, last in in_times:
                in_time(axes, view.span, last)


def window_text(view):
    """The window in words: of the whole run, or of how much."""
    begin, end = view.span
    whole = begin <= 0 and end >= view.duration
    text = f"{begin:.10g} to {end:.10g}" + (" ms, the whole run" if whole else f" of {view.duration:.10g} ms")
    return text + ("" if view.run.complete else ", as far as an incomplete file knows")


def heading_of(views, title):
    """Title, and what stands below: the window of each file, where they differ, and notes."""
    windows = {}
    for view in views:
        windows.setdefault(window_text(view) if np.isfinite(view.span).all() else "", []).append(view.label)
    lines = [text if len(windows) == 1 else f"{plain(', '.join(labels))}: {text}" for text, labels in windows.items() if text]
    titles = dict.fromkeys(view.run.title for view in views if view.run.title)
    return title if title is not None else "; ".join(titles), lines + list(dict.fromkeys(n for view in views for n in view.notes))


def add_heading(figure, title, notes, letters):
    """On the left, with so many letters of the title an inch; the last thing that is drawn. Returns its lines beyond two."""
    width = figure.get_figwidth() / scaled(1)
    titles = [plain(line) for line in textwrap.wrap(title, int(letters * width))]
    lines = textwrap.wrap("; ".join(notes), int(NOTES * width))
    if not titles:
        figure.suptitle("\n".join(lines), x=0.01, ha="left", fontsize=scaled(7), linespacing=1.45)
        return 0
    heading = figure.suptitle("\n".join(titles + len(lines) * [""]), x=0.01, ha="left", fontsize=scaled(9), fontweight="bold",
                              linespacing=1.25)
    below = figure.axes[0].annotate("\n".join(lines), (0, 0), xycoords=heading, ha="left", va="bottom", fontsize=scaled(7),
                                    linespacing=1.45, annotation_clip=False)
    below.set_in_layout(False)
    return max(0, len(titles) + len(lines) - 2)


def add_key(figure, views):
    """Key to the colours of the populations that are shown; whether there is one."""
    signs = {kind: colour for view in views for kind, colour in view.signs.items() if kind}
    has_key = bool(set(signs) - {"none"})
    if has_key:
        handles = [plt.Line2D([], [], marker="s", ls="", ms=scaled(5), mew=0, color=signs[kind], label=text)
                   for kind, text in KINDS.items() if kind in signs]
        figure.legend(handles=handles, loc="upper right", ncols=len(handles), fontsize=scaled(7), handletextpad=0.1,
                      columnspacing=1.0, borderaxespad=0.2)
    return has_key


def compose(views, columns, options):
    """The figure of all panels, one column of them for each view. Returns it, and its heading as text."""
    sheet = Sheet(columns, options.size, options.same_scale)
    sheet.fill(views)
    title, notes = heading_of(views, options.title)
    if options.bare:
        return sheet.figure, "; ".join([title] * bool(title) + notes)
    has_key = add_key(sheet.figure, views)
    more = add_heading(sheet.figure, title, notes, BESIDE_KEY if has_key else TITLE)
    if sheet.grows:
        sheet.figure.set_figheight(sheet.figure.get_figheight() + scaled(0.15) * more)
    return sheet.figure, ""
