"""What stands above every figure: its title, the one window of time that all of it shows, and what it leaves out."""
import textwrap

from plot_output import plain

TITLE, NOTES = 7, 17  # characters an inch; beside the title there is room for a key


def window_text(run, begin, end):
    """The window in words: of the whole run, or of how much."""
    whole = begin <= 0 and end >= run.duration
    text = f"{begin:g} to {end:g}" + (" ms, the whole run" if whole else f" of {run.duration:g} ms")
    return text + ("" if run.complete else ", as far as an incomplete file knows")


def add_heading(figure, run, window, notes=()):
    """Title, window (begin and end in ms) and notes, on the left; the last thing that is drawn."""
    width = figure.get_figwidth()
    title = [plain(line) for line in textwrap.wrap(run.title, int(TITLE * width))]
    lines = textwrap.wrap("; ".join([window_text(run, *window), *notes]), int(NOTES * width))
    if not title:
        figure.suptitle("\n".join(lines), x=0.01, ha="left", fontsize=7, linespacing=1.45)
        return
    heading = figure.suptitle("\n".join(title + len(lines) * [""]), x=0.01, ha="left", fontsize=9, fontweight="bold",
                              linespacing=1.25)
    below = figure.axes[0].annotate("\n".join(lines), (0, 0), xycoords=heading, ha="left", va="bottom", fontsize=7,
                                    linespacing=1.45, annotation_clip=False)
    below.set_in_layout(False)
