#!/usr/bin/env python3
"""Figures from the output of a Volley run: rasters, intervals between spikes, traces, weights, and what readouts learn."""
import argparse
import glob
import importlib
import os
import sys
import warnings

sys.dont_write_bytecode = True  # beside installed files
try:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from lines import merged
    from panel import compose
    from plot_raster import last_of
    from view import Fault, View

    import volley
except ImportError as broken:
    sys.exit(f"volley: Python cannot plot ({broken}); name another one in VOLLEY_PYTHON")

STYLE = {
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.formatter.useoffset": False,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.direction": "out",
    "legend.frameon": False,
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
}


LETTERS = {"paper": 8, "talk": 14}  # points
# What is drawn by itself, of what was recorded, spikes first; others where they are asked for.
DRAWN = {"spikes": "raster", "readouts": "readout", "traces": "traces", "weights": "weights", "histograms": "rates",
         "sums": "sums", "means": "means", "stimuli": "stimuli", "dopamine": "dopamine"}
LAST = {"raster", "images"}  # show the last second by themselves, and with them all of their figure


def find_plot(name):
    """The function plot_NAME() of a file of this folder."""
    for path in sorted(glob.glob(os.path.join(os.path.dirname(os.path.abspath(__file__)), "plot_*.py"))):
        plot = getattr(importlib.import_module(os.path.basename(path)[:-len(".py")]), f"plot_{name}", None)
        if plot:
            return plot
    raise Fault(f"there is no figure '{name}'")


def choose(runs, options):
    """The figures to draw, as names with values, and a hint at what else there is to draw."""
    if options.figure:
        return [figure.split("=", 1) for figure in options.figure], ""
    kinds = [kind for kind in DRAWN if getattr(runs[0], kind)]
    if not kinds:
        raise Fault(f"'{runs[0].name}' holds nothing to plot: the experiment has no recorders")
    others = [f"--{DRAWN[kind]}" for kind in kinds[1:]] + ["--images"] * ("taught" in runs[0].file)
    return [[DRAWN[kinds[0]]]], f"; there is more to draw: {', '.join(others)}" if others else ""


def check_window(view):
    start = 0 if view.start is None else view.start
    if start >= (view.duration if view.stop is None else view.stop):
        raise Fault("--stop must come after --start, and --start before the end of what was recorded, "
                    f"{view.duration:g} ms")


def labels_of(names):
    """What tells files apart: their names without folder and ending, or as they are."""
    short = [os.path.splitext(os.path.basename(name))[0] for name in names]
    return short if len(set(short)) == len(names) else names


def check_choice(views):
    """Populations that are chosen are there."""
    known = dict.fromkeys(name for view in views for name in view.outgoing)
    for name in views[0].populations or ():
        if name not in known:
            raise Fault(f"there is no population '{name}'; there are: {', '.join(known)}")


def draw(options):
    """The figure, a hint at what else there is, and the heading where it is not in the figure."""
    runs = [volley.open(path, name) for path, name in zip(options.files, options.name or options.files)]
    views = [View(run, options, label) for run, label in zip(runs, labels_of([run.name for run in runs]))]
    check_choice(views)
    kinds, hint = choose(runs, options)
    columns = []
    for view in views:
        check_window(view)
        if view.start is None and view.stop is None and LAST & {kind[0] for kind in kinds} and view.run.spikes:
            (view.start, view.stop), view.span = last_of(view), View.span
        columns.append([panel for kind in kinds for panel in find_plot(kind[0])(view, *kind[1:])])
    if not any(columns):
        raise Fault(f"nothing to plot of '{called(options)}': no recorded neuron is among those of --neurons {options.neurons}")
    if "file" in views[0].overlay:
        columns = merged(columns, views)
    return *compose(views, columns, options), hint


def check_ending(path):
    """The format, from the name of the figure."""
    known = plt.figure().canvas.get_supported_filetypes()
    ending = os.path.splitext(path)[1][1:].lower()
    if ending not in known:
        raise Fault(f"the ending of '{path}' tells no format of a figure; these are possible: {', '.join(known)}")
    return ending


def save(figure, path, ending):
    """Writes under another name first: an older figure stays whole until the new one is."""
    figure.savefig(path + ".part", format=ending, dpi=300)
    os.replace(path + ".part", path)


def size_of(words):
    """Width and height in inches, from WIDTHxHEIGHT with "cm" behind it or not."""
    try:
        width, height = (float(word) for word in words.removesuffix("cm").split("x"))
        if width > 0 and height > 0:
            return (width / 2.54, height / 2.54) if words.endswith("cm") else (width, height)
    except ValueError:
        pass
    raise Fault(f"--size takes WIDTHxHEIGHT in inches, like 7x4, or 18x10cm, not '{words}'")


def style_of(options):
    """The style with letters as large as --style or --font say."""
    try:
        letters = float(LETTERS[options.style] if options.font is None else options.font)
        if not 1 <= letters <= 100:
            raise ValueError
    except ValueError:
        raise Fault(f"--font takes the size of letters in points, from 1 to 100, not '{options.font}'") from None
    thick = {key: value * letters / 8 for key, value in STYLE.items() if key.endswith("width")}
    sizes = {f"{tick}tick.major.size": 3.5 * letters / 8 for tick in "xy"}
    return {**STYLE, **thick, **sizes, "font.size": letters}


def parse(words=None):
    parser = argparse.ArgumentParser(prog="volley plot", description=__doc__)
    parser.add_argument("files", nargs="+", metavar="OUT.h5", help="outputs of runs")
    parser.add_argument("--name", action="append", help="what messages call an output, if not as its file")
    parser.add_argument("-o", "--output", required=True, metavar="FILE.png", help="figure to write (png, pdf, svg)")
    parser.add_argument("--start", type=float, metavar="MS", help="leave out what comes up to this time")
    parser.add_argument("--stop", type=float, metavar="MS", help="leave out what comes after this time")
    parser.add_argument("--figure", action="append", metavar="NAME[=VALUE]", help="raster, isi, traces, ...: see volley help plot")
    parser.add_argument("--bin", type=float, metavar="MS", help="of --figure psth")
    for name in ("population", "neurons", "states", "recorder", "overlay", "size", "font", "title"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--style", choices=LETTERS, default="paper")
    for name in ("log", "bare", "same-scale"):
        parser.add_argument(f"--{name}", action="store_true")
    return parser.parse_args(words)


def called(options):
    return "', '".join(options.name or options.files)


def main(words=None):
    options = parse(words)
    warnings.showwarning = lambda message, *_: print(f"volley: {message}", file=sys.stderr)
    try:
        ending = check_ending(options.output)
        options.size = options.size and size_of(options.size)
        with plt.rc_context(style_of(options)):
            figure, heading, hint = draw(options)
            save(figure, options.output, ending)
    except Fault as fault:
        print(f"volley: {fault}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"volley: cannot plot '{called(options)}' to '{options.output}': {error}", file=sys.stderr)
        return 1
    except Exception as error:  # pylint: disable=broad-except  # whatever a damaged file leads to
        if "VOLLEY_PLOT_DEBUG" in os.environ:
            raise
        print(f"volley: cannot plot '{called(options)}', it is damaged or was not written by this version of Volley: "
              f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2
    print(f"figure in {options.output}{hint}" + f"\n{heading}" * bool(heading))
    return 0


if __name__ == "__main__":
    sys.exit(main())
