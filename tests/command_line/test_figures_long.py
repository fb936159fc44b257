"""Every kind of figure of every experiment that comes with Volley: drawn without a warning, without empty axes, with no text over
another one (tests/support/layout.py), where there is what it shows; else one message. Arguments: some experiments instead of all."""
import concurrent.futures
import glob
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import h5py  # noqa: E402
from plotting import python_that_plots  # noqa: E402
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


def draw(name, output, *words):
    """Exit code and what it says."""
    picture = f"figure{abs(hash((name, words, len(output))))}.png"
    result = execute(["plot", *output, "-o", picture, *words], threads=None)
    if os.path.exists(picture):
        os.remove(picture)
    expect("layout:" not in result.stderr and "Traceback" not in result.stderr and result.returncode in (0, 2),
           f"plot {name} {' '.join(words)}: code {result.returncode}: {result.stderr}")
    return result


def draw_all(name, output):
    with h5py.File(output) as file:
        must = kinds_of(file)
        taught = "taught" in file
    figures = [([output], (f"--{kind}",)) for kind in [*must, *["images"] * taught]]
    over_time = [f"--{kind}" for kind in ("raster", "psth", "traces", "weights", *ROWS) if kind in must]
    if over_time:
        figures += [([output], (*over_time, words)) for words in OVERLAID] + [([output, output], (*over_time,))]
    if "raster" in must:
        figures.append(([output], ("--raster", "--size=18x12cm")))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for (_, words), result in zip(figures, pool.map(lambda figure: draw(name, figure[0], *figure[1]), figures)):
            expect(result.returncode == 0, f"plot {name} {' '.join(words)}: {result.stderr}")
        for kind, result in zip(MAYBE, pool.map(lambda kind: draw(name, [output], f"--{kind}"), MAYBE)):
            expect(result.returncode == 0 or result.stderr.count("\n") == 1, f"plot {name} --{kind}: {result.stderr}")


def main():
    files = sys.argv[1:] or sorted(glob.glob(os.path.join(EXPERIMENTS, "**", "*.yaml"), recursive=True))
    with tempfile.TemporaryDirectory() as folder, python_that_plots(folder):
        os.chdir(folder)
        for file in files:
            name = os.path.relpath(file, EXPERIMENTS)
            with open(file, encoding="utf-8") as stream:
                words = set_words(settings(name, stream.read()))
            result = execute(["run", file, "-o", "moment.h5", "--overwrite", "--progress", "off", *words])
            expect(result.returncode == 0, f"run {name}: {result.stderr}")
            draw_all(name, "moment.h5")
        os.chdir("/")
    finish()


if __name__ == "__main__":
    main()
