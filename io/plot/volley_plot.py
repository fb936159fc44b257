#!/usr/bin/env python3
"""Figures from the output of a Volley run: rasters, intervals between spikes, traces, weights, and what readouts learn."""
import argparse
import sys

import matplotlib

sys.dont_write_bytecode = True  # beside installed files
matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from plot_fields import plot_fields  # noqa: E402
from plot_images import plot_images  # noqa: E402
from plot_output import Fault, Run  # noqa: E402
from plot_readouts import frame_shape, plot_frames, plot_readouts  # noqa: E402
from plot_spikes import plot_isi, plot_raster, plot_traces  # noqa: E402
from plot_weights import plot_weights, plot_window  # noqa: E402

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


def choose(run, options):
    """What to draw: what is asked for, else what was recorded, spikes first."""
    if options.frames:
        return lambda *window: plot_frames(*window, frame_shape(options.frames))
    asked = {"isi": plot_isi, "traces": plot_traces, "readout": plot_readouts, "weights": plot_weights,
             "window": plot_window, "fields": plot_fields, "images": plot_images}
    for name, plot in asked.items():
        if getattr(options, name):
            return plot
    if not any(run.recorded(kind) for kind in ("spikes", "readout", "report", "weights")):
        raise Fault(f"'{run.path}' holds nothing to plot: the experiment has no recorders")
    drawn = {"spikes": plot_raster, "readout": plot_readouts, "report": plot_traces, "weights": plot_weights}
    return next(plot for kind, plot in drawn.items() if run.recorded(kind))


def parse():
    parser = argparse.ArgumentParser(prog="volley plot", description=__doc__)
    parser.add_argument("file", metavar="OUT.h5", help="output of a run")
    parser.add_argument("-o", "--output", required=True, metavar="FILE.png", help="figure to write (png, pdf, svg)")
    parser.add_argument("--start", type=float, metavar="MS", help="leave out what comes up to this time")
    parser.add_argument("--stop", type=float, metavar="MS", help="leave out what comes after this time")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--isi", action="store_true", help="distributions of intervals between spikes and of their CV")
    kind.add_argument("--traces", action="store_true", help="recorded traces")
    kind.add_argument("--readout", action="store_true", help="recorded readouts over their supervisors")
    kind.add_argument("--weights", action="store_true", help="recorded weights over time, and their distributions")
    kind.add_argument("--window", action="store_true", help="changes of recorded weights over the delays")
    kind.add_argument("--fields", action="store_true", help="last weights onto each target as images")
    kind.add_argument("--images", action="store_true", help="traces of outputs while images are shown")
    kind.add_argument("--frames", metavar="ROWSxCOLUMNS", help="outputs of readouts as images of this size")
    return parser.parse_args()


def main():
    options = parse()
    try:
        run = Run(options.file)
        start = 0 if options.start is None else options.start
        if start >= (run.duration if options.stop is None else options.stop):
            raise Fault("--stop must come after --start, and --start before the end of the run")
        with plt.rc_context(STYLE):
            choose(run, options)(run, options.start, options.stop).savefig(options.output, dpi=300)
    except Fault as fault:
        print(f"volley: {fault}", file=sys.stderr)
        return 2
    except (OSError, ValueError, KeyError) as error:
        print(f"volley: cannot plot '{options.file}' to '{options.output}': {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
