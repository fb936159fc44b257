"""Every kind of figure of every experiment that comes with Volley: drawn without a warning, without empty axes, with no text over
another one (tests/support/layout.py), where there is what it shows; else one message. Each experiment runs for a moment; its
figures are drawn in this process and looked at, not written. Arguments: some experiments instead of all."""
import contextlib
import gc
import glob
import io
import os
import sys
import tempfile
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "..", "io", "plot")]
import h5py  # noqa: E402
import volley_plot  # noqa: E402
from plotting import check_figures  # noqa: E402
from program import EXPERIMENTS, execute, expect, finish, set_words  # noqa: E402
from test_experiments import settings  # noqa: E402

SPIKES, ROWS = ["raster", "psth", "isi"], ["sums", "means", "stimuli", "dopamine", "rates"]
# Where there may be nothing to show although something was recorded: no squares, no maxima, no image in the window, ...
MAYBE = ["fields", "images", "shown", "sheet", "window", "maxima=0", "phase=0,1", "spectrogram", "frames=1x1"]
OVERLAID = ["--overlay=populations,states,neurons", "--overlay=projections,neurons", "--style=talk"]


def kinds_of(file):
    """Figures that must be there, of what was recorded."""
    recorders = [kind for recorder in file.get("recorders", {}).values() for kind in recorder]
    kinds = SPIKES * ("spikes" in recorders) + ["traces"] * ("report" in recorders)
    weights = [group["data"].shape for group in file.get("weights", {}).values()]
    weights = [rows > 0 for rows, columns in weights if columns]
    kinds += ["weights", "matrix"] * (bool(weights) and all(weights)) + [kind for kind in ROWS if kind in file]
    states = {group.attrs["state"] for group in file.get("readout", {}).values()}
    return kinds + ["readout"] * bool(states) + ["outputs", "channels"] * bool(states & {b"output", "output"})


def draw(name, output, kinds, *words):
    """Exit code of the plotting script and what it says; None where it broke off or the figure is not in order, which is a failure."""
    said, code = io.StringIO(), None
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        try:
            code = volley_plot.main([*output, "-o", "figure.png", *(f"--figure={kind}" for kind in kinds), *words])
        except (Exception, SystemExit):  # pylint: disable=broad-except
            traceback.print_exc()
    volley_plot.plt.close("all")
    expect(code in (0, 2), f"plot {name} {' '.join([*kinds, *words])}: {said.getvalue()}")
    return code, said.getvalue()


def draw_all(name, output):
    with h5py.File(output) as file:
        must = kinds_of(file)
        taught = "taught" in file
    figures = [([output], [kind], ()) for kind in [*must, *["images"] * taught]]
    over_time = [kind for kind in ("raster", "psth", "traces", "weights", *ROWS) if kind in must]
    if over_time:
        figures += [([output], over_time, (word,)) for word in OVERLAID] + [([output, output], over_time, ())]
    if "raster" in must:
        figures.append(([output], ["raster"], ("--size=18x12cm",)))
    for outputs, kinds, words in figures:
        code, said = draw(name, outputs, kinds, *words)
        expect(code != 2, f"plot {name} {' '.join([*kinds, *words])}: {said}")
    for kind in MAYBE:
        code, said = draw(name, [output], [kind])
        expect(code != 2 or said.count("\n") == 1, f"plot {name} {kind}: {said}")
    gc.collect()  # closes the file
    return len(figures) + len(MAYBE)


def main():
    files = sys.argv[1:] or sorted(glob.glob(os.path.join(EXPERIMENTS, "**", "*.yaml"), recursive=True))
    check_figures()
    os.environ["VOLLEY_PLOT_DEBUG"] = "1"  # what breaks is raised
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for number, file in enumerate(files):
            output = f"{number}.h5"
            name = os.path.relpath(file, EXPERIMENTS)
            with open(file, encoding="utf-8") as stream:
                words = set_words(settings(name, stream.read()))
            result = execute(["run", file, "-o", output, "--progress", "off", *words])
            expect(result.returncode == 0, f"run {name}: {result.stderr}")
            print(f"{name}: {draw_all(name, output)} figures", flush=True)
        os.chdir("/")
    finish()


if __name__ == "__main__":
    main()
