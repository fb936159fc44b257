#!/usr/bin/env python3
"""Figures from the output of a Volley run: rasters, intervals between spikes, traces, weights, and what readouts learn."""
import argparse
import os
import sys
import warnings

sys.dont_write_bytecode = True  # beside installed files
try:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from plot_fields import plot_fields
    from plot_images import plot_images
    from plot_output import Fault, Run
    from plot_readouts import frame_shape, plot_frames, plot_readouts
    from plot_spikes import plot_isi, plot_raster, plot_rates, plot_traces
    from plot_weights import plot_weights, plot_window
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


# What is drawn by itself, of what was recorded, spikes first; and what is drawn where it is asked for.
DRAWN = {"spikes": plot_raster, "readout": plot_readouts, "report": plot_traces, "weights": plot_weights,
         "rates": plot_rates}
ASKED = {"isi": plot_isi, "traces": plot_traces, "readout": plot_readouts, "weights": plot_weights,
         "rates": plot_rates, "window": plot_window, "fields": plot_fields, "images": plot_images}
OPTIONS = {"report": "--traces", "readout": "--readout", "weights": "--weights", "rates": "--rates", "taught": "--images"}


def choose(run, options):
    """What to draw, and a hint at what else there is to draw."""
    if options.frames:
        return lambda *window: plot_frames(*window, frame_shape(options.frames)), ""
    for name, plot in ASKED.items():
        if getattr(options, name):
            return plot, ""
    kinds = [kind for kind in DRAWN if run.recorded(kind)]
    if not kinds:
        raise Fault(f"'{run.path}' holds nothing to plot: the experiment has no recorders")
    others = [option for kind, option in OPTIONS.items() if run.recorded(kind) and kind != kinds[0]]
    return DRAWN[kinds[0]], f"; there is more to draw: {', '.join(others)}" if others else ""


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
    for name in ASKED:
        parser.add_argument(f"--{name}", action="store_true", help="see: volley help plot")
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
