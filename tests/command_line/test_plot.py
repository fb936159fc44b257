"""volley plot: what it draws by itself and by option, and what it says where there is nothing to draw."""
import os
import struct
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ["VOLLEY_SOURCE"], "tests", "support"))
import h5py  # noqa: E402
import numpy  # noqa: E402
import program  # noqa: E402
from plotting import python_that_plots  # noqa: E402

EXPERIMENT = """
simulation: {{dt: 0.1 ms, duration: 60 ms}}
populations: [{{name: N, model: lif, size: 20, parameters: {{I_e: -30 mV}}}}]
readouts:
  - name: z
    population: N
    filter: {{rise: 2 ms, decay: 20 ms}}
    supervisor: {{type: series, rows: {rows}, interval: 10 ms, repeat: true}}
    learning: {{lambda: 1000, interval: 1 ms, start: 20 ms, stop: 40 ms}}
recorders: [{recorders}]
"""
SPIKES = "{type: spikes, population: N}"
TRACES = "{type: traces, population: N, neurons: 0-3, states: V_m}"
OUTPUTS = "{type: readout, readout: z, values: [output, supervisor]}"
DECODERS = "{name: d, type: readout, readout: z, values: [decoders, norm], neurons: 0-4, interval: 1 ms}"
RATES = "{type: rates, population: N, interval: 5 ms}"
ERROR = "{type: readout, readout: z, values: error}"
LEARNING = """
simulation: {dt: 0.1 ms, duration: 60 ms}
populations: [{name: P, model: parrot, size: 4}, {name: N, model: lif_adaptive, size: 2}]
projections:
  - {name: w, source: P, target: N, rule: all_to_all, receptor: ex, weight: 0.2, delay: 0.1 ms,
     synapse: {model: trace, learning_rate: 0.01, decay: 0, Wmin: 0, Wmax: 0.2}}
stimuli:
  - {name: shown, type: images, target: P, file: images.csv, label_column: 0, slot: 10 ms, blank: 10 ms, factor: 1}
  - {type: teacher, target: N, images: shown, amplitude: 100}
recorders: [{type: spikes, population: N}, {name: w, type: weights, projection: w, interval: 10 ms}]
"""
ONE, SIX = "[[0], [1], [0], [-1]]", "[[0, 1, 2, 3, 4, 5], [1, 0, 2, 3, 4, 5]]"


PLASTIC = """
simulation: {dt: 0.1 ms, duration: 60 ms, seed: 3}
populations: [{name: N, model: iaf_psc_delta, size: 9, parameters: {I_e: 600}, initial: {V_m: -60}}]
projections:
  - {name: few, source: N, target: N, rule: one_to_one, weight: 1, delay: 1 ms, synapse: &rule {model: stdp}}
  - {name: many, source: N, target: N, rule: all_to_all, weight: 1, delay: 2 ms, delay_is: axonal, synapse: *rule}
recorders:
  - {type: weights, projection: few, interval: 1 ms}
  - {type: weights, projection: many, interval: 1 ms}
"""


def record(name, *recorders, rows=ONE):
    """Runs a small experiment with these recorders; returns its output."""
    with open(name + ".yaml", "w", encoding="utf-8") as file:
        file.write(EXPERIMENT.format(rows=rows, recorders=", ".join(recorders)))
    program.run(name + ".yaml", name + ".h5")
    return name + ".h5"


def record_learning(name):
    """Runs a small network that learns two images of four pixels; returns its output."""
    with open("images.csv", "w", encoding="utf-8") as file:
        file.write("0,500,500,0,0\n1,0,0,500,500\n")
    with open(name + ".yaml", "w", encoding="utf-8") as file:
        file.write(LEARNING)
    program.run(name + ".yaml", name + ".h5")
    return name + ".h5"


def plot(output, *options):
    return program.execute(["plot", output, "-o", "figure.png", *options], threads=None)


def expect_figure(output, *options, least=(1000, 400)):
    """A figure of at least so many pixels and something in it."""
    if os.path.exists("figure.png"):
        os.remove("figure.png")
    what = f"plot {output} {' '.join(options)}"
    result = plot(output, *options)
    program.expect(result.returncode == 0, f"{what}: exit code {result.returncode}: {result.stderr}")
    program.expect(result.stderr == "", f"{what} says: {result.stderr}")
    if result.returncode == 0:
        with open("figure.png", "rb") as file:
            head = file.read(24)
        size = struct.unpack(">II", head[16:24])
        program.expect(head[1:4] == b"PNG" and size[0] >= least[0] and size[1] >= least[1], f"{what}: size {size}")


def expect_fault(text, output, *options):
    result = plot(output, *options)
    what = f"plot {output} {' '.join(options)}"
    program.expect(result.returncode == 2, f"{what}: exit code {result.returncode}")
    program.expect(text in result.stderr and result.stderr.count("\n") == 1, f"{what} says: {result.stderr}")


def add_eigenvalues(output, readout):
    with h5py.File(output, "a") as file:
        for when in ("before", "after"):
            file[f"eigenvalues/{readout}/{when}"] = numpy.random.default_rng(1).normal(size=(20, 2))


def main(everything):
    for options in ((), ("--isi",), ("--traces",), ("--readout",), ("--readout", "--start", "25", "--stop", "35 ms")):
        expect_figure(everything, *options)
    expect_figure(everything, "--readout", "--stop", "10 ms")
    for options in (("--raster", "--psth", "--traces", "--bin", "5", "--states", "V_m"), ("--outputs", "--channels", "--spectrogram", "--style", "talk"),
                    ("--traces", "--neurons", "1,3", "--overlay", "populations", "--size", "16x14cm", "--start", "5 ms")):
        expect_figure(everything, *options)
    expect_figure(everything, "--phase", "V_m,V_m", least=(1000, 800))
    expect_figure(everything, "only_output.h5", "--outputs", "--same-scale", "--overlay", "files")
    expect_fault("--phase takes two states or two dimensions", everything, "--phase", "V_m")
    expect_fault("no recorded output of a readout has the dimensions 0, 1", everything, "--phase", "0,1")
    printed = plot(everything, "--bare", "--stop", "30 ms").stdout
    program.expect("0 to 30 of 60 ms" in printed, f"the heading that is not in the figure: {printed}")
    add_eigenvalues(everything, "z")
    expect_figure(everything, "--readout", least=(1000, 2000))

    only_output = "only_output.h5"
    expect_figure(only_output)
    expect_figure(only_output, "--frames", "2x3", least=(1000, 200))
    expect_figure(only_output, "--frames", "3x2", "--start", "10 ms", "--stop", "20 ms", least=(1000, 200))
    expect_fault("readout 'z' has 6 dimensions", only_output, "--frames", "2x4")
    expect_fault("--frames takes ROWSxCOLUMNS", only_output, "--frames", "6")
    expect_fault("holds no recorded spikes", only_output, "--isi")
    expect_fault("holds no recorded traces", only_output, "--traces")
    expect_figure(record("only_decoders", DECODERS))
    expect_figure(record("only_error", ERROR, SPIKES), "--readout")

    traces = record("only_traces", TRACES)
    expect_figure(traces)
    expect_fault("holds no recorded readouts", traces, "--readout")
    expect_fault("holds no recorded readouts", traces, "--frames", "1x1")
    expect_fault("holds no recorded output of readout 'z'", "only_decoders.h5", "--frames", "1x1")
    expect_figure(record("only_rates", RATES))
    expect_figure(record("spikes_and_rates", SPIKES, RATES), "--rates", "--start", "10 ms", "--stop", "32 ms")
    expect_fault("holds no recorded rates", traces, "--rates")
    expect_fault("holds nothing to plot", record("nothing"))
    expect_fault("holds no recorded weights", traces, "--weights")
    expect_fault("that a teacher has taught", traces, "--images")

    learning = record_learning("learning")
    expect_figure(learning, "--weights")
    expect_figure(learning, "--images")
    expect_figure(learning, "--images", "--start", "10 ms", "--stop", "35 ms")
    expect_fault("recorder 'w' has no weights between", learning, "--weights", "--start", "1 ms", "--stop", "2 ms")
    expect_figure(learning, "--fields", "--matrix", "--shown", least=(1000, 300))
    expect_fault("whose sources make a square", learning, "--fields", "--start", "1 ms", "--stop", "2 ms")

    with open("plastic.yaml", "w", encoding="utf-8") as file:
        file.write(PLASTIC)
    program.run("plastic.yaml", "plastic.h5")
    for options in ((), ("--weights", "--start", "10 ms"), ("--window",)):
        expect_figure("plastic.h5", *options)
    expect_fault("has no weights between", "plastic.h5", "--weights", "--start", "59.5 ms", "--stop", "59.8 ms")
    expect_fault("has no two rows", "plastic.h5", "--window", "--start", "58.5 ms", "--stop", "59.5 ms")
    expect_fault("holds no recorded weights", traces, "--weights")


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    everything = record("everything", SPIKES, TRACES, OUTPUTS, DECODERS)
    record("only_output", OUTPUTS, rows=SIX)
    expect_figure(everything)
    with python_that_plots(folder):
        main(everything)
    os.chdir("/")
program.finish()
