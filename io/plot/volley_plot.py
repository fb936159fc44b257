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
    from plot_output import Fault, Run
    from plot_readouts import frame_shape, plot_frames
except ImportError as broken:
    sys.exit(f"volley: Python cannot plot ({broken}); name another one in VOLLEY_PYTHON")

STYLE = {
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.direction": "out",
    "legend.frameon": False,
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
}


# What is drawn by itself, of what was recorded, spikes first; others where they are asked for.
DRAWN = {"spikes": "raster", "readout": "readout", "report": "traces", "weights": "weights", "rates": "rates",
         "sums": "sums", "means": "means", "stimuli": "stimuli", "dopamine": "dopamine"}
OPTIONS = {"report": "--traces", "readout": "--readout", "weights": "--weights", "rates": "--rates", "sums": "--sums",
           "means": "--means", "stimuli": "--stimuli", "dopamine": "--dopamine", "taught": "--images"}


def find_plot(name):
    """The function plot_NAME() of a file of this folder."""
    for path in sorted(glob.glob(os.path.join(os.path.dirname(os.path.abspath(__file__)), "plot_*.py"))):
        plot = getattr(importlib.import_module(os.path.basename(path)[:-len(".py")]), f"plot_{name}", None)
        if plot:
            return plot
    raise Fault(f"there is no figure '{name}'")


def choose(run, options):
    """What to draw, and a hint at what else there is to draw."""
    if options.frames:
        return lambda *window: plot_frames(*window, frame_shape(options.frames)), ""
    if options.figure:
        return find_plot(options.figure), ""
    kinds = [kind for kind in DRAWN if run.recorded(kind)]
    if not kinds:
        raise Fault(f"'{run.path}' holds nothing to plot: the experiment has no recorders")
    others = [option for kind, option in OPTIONS.items() if run.recorded(kind) and kind != kinds[0]]
    return find_plot(DRAWN[kinds[0]]), f"; there is more to draw: {', '.join(others)}" if others else ""


def draw(options):
    """The figure, and a hint."""
    run = Run(options.file, options.name)
    start = 0 if options.start is None else options.start
    if start >= (run.duration if options.stop is None else options.stop):
        raise Fault("--stop must come after --start, and --start before the end of what was recorded, "
                    f"{run.duration:g} ms")
    plot, hint = choose(run, options)
    return plot(run, options.start, options.stop), hint


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


def parse():
    parser = argparse.ArgumentParser(prog="volley plot", description=__doc__)
    parser.add_argument("file", metavar="OUT.h5", help="output of a run")
    parser.add_argument("--name", help="what messages call the output, if not OUT.h5")
    parser.add_argument("-o", "--output", required=True, metavar="FILE.png", help="figure to write (png, pdf, svg)")
    parser.add_argument("--start", type=float, metavar="MS", help="leave out what comes up to this time")
    parser.add_argument("--stop", type=float, metavar="MS", help="leave out what comes after this time")
    parser.add_argument("--frames", metavar="ROWSxCOLUMNS", help="outputs of readouts as images of this size")
    parser.add_argument("--figure", metavar="NAME", help="isi, traces, ...: see volley help plot")
    options = parser.parse_args()
    options.name = options.name or options.file
    return options


def main():
    options = parse()
    warnings.showwarning = lambda message, *_: print(f"volley: {message}", file=sys.stderr)
    try:
        ending = check_ending(options.output)
        with plt.rc_context(STYLE):
            figure, hint = draw(options)
            save(figure, options.output, ending)
    except Fault as fault:
        print(f"volley: {fault}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"volley: cannot plot '{options.name}' to '{options.output}': {error}", file=sys.stderr)
        return 1
    except Exception as error:  # pylint: disable=broad-except  # whatever a damaged file leads to
        if "VOLLEY_PLOT_DEBUG" in os.environ:
            raise
        print(f"volley: cannot plot '{options.name}', it is damaged or was not written by this version of Volley: "
              f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2
    print(f"figure in {options.output}{hint}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
