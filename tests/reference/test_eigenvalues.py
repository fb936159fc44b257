"""Eigenvalues of effective weights against NumPy's of the same matrix, where a rank's share of a population is no multiple
of 8, populations are not read, a readout reads them in another order than the file's, and synapses learn. At 1 to 4
ranks, with 1 and 2 threads."""
import os
import sys
import tempfile

import h5py
import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import execute, expect, finish, run  # noqa: E402

LAYOUTS = ((1, 1), (1, 2), (2, 2), (3, 1), (4, 2))
SIZES = {"A": 9, "X": 3, "B": 5, "C": 14}  # X is not read
READ = ["C", "A", "B"]
N = sum(SIZES[name] for name in READ)

EXPERIMENT = """
simulation: {dt: 0.1 ms, duration: 20 ms}
populations:
  - {name: [A, X, B, C], model: iaf_psc_exp, size: [9, 3, 5, 14]}
projections:
EDGES
stimuli:
  - {type: dc, target: [A, X, B, C], amplitude: 2000 pA}
readouts:
  - name: z
    population: [C, A, B]
    eigenvalues: all
    filter: {decay: 20 ms, unit: 1/s}
    supervisor: {type: van_der_pol, mu: 0.3}
    learning: {lambda: 1e3, interval: 1 ms, start: 5 ms, stop: 15 ms}
    feedback: {gain: 50 pA, eta: {file: data.h5, dataset: eta}}
recorders:
  - {name: D, type: readout, readout: z, values: decoders, interval: 20 ms}
RECORDERS
"""


def make_edges(folder):
    """All pairs with weights of three decimals; those from B and from C onto A and B are plastic. Returns the text of the
    projections and the static matrix [target, source] by gid, with the plastic pairs left out."""
    rng = numpy.random.default_rng(1)
    text, plastic = "", []
    matrix = {}
    with h5py.File(os.path.join(folder, "data.h5"), "w") as file:
        file["eta"] = rng.uniform(-1, 1, (N, 2))
        for source, n_source in SIZES.items():
            for target, n_target in SIZES.items():
                name = f"{source}{target}"
                is_plastic = source != "X" and target in "AB"
                pairs = numpy.argwhere(rng.random((n_target, n_source)) < 0.7)
                weights = rng.integers(-400, 400, len(pairs)) / 4  # floats hold them
                weights = abs(weights) if is_plastic else weights
                file[f"{name}/source"], file[f"{name}/target"] = pairs[:, 1], pairs[:, 0]
                file[f"{name}/weight"], file[f"{name}/delay"] = weights, rng.integers(3, 9, len(pairs)) / 10
                learns = ", synapse: {model: stdp, Wmax: 100, lambda: 0.4}" if is_plastic else ""
                text += (f"  - {{name: {name}, source: {source}, target: {target}, rule: edges, file: data.h5, "
                         f"group: {name}{learns}}}\n")
                block = numpy.zeros((n_target, n_source))
                block[pairs[:, 0], pairs[:, 1]] = weights
                matrix[name] = block
                plastic += [name] if is_plastic else []
    return text, matrix, plastic


def assemble(blocks):
    return numpy.block([[blocks[source + target] for source in READ] for target in READ])


def expect_spectrum(what, file, when, matrix):
    values = file[f"eigenvalues/z/{when}"][:]
    left = list(numpy.linalg.eigvals(matrix))
    away = 0
    for value in values[:, 0] + 1j * values[:, 1]:
        nearest = min(range(len(left)), key=lambda i: abs(left[i] - value))  # pylint: disable=cell-var-from-loop
        away = max(away, abs(left.pop(nearest) - value))
    expect(len(values) == N and away < 1e-8 * abs(matrix).sum(), f"{what}, {when}: {len(values)}, off by {away:.3g}")


def weights_at_the_end(file, names, blocks):
    """The blocks with the plastic weights of the recorders in place of the first ones."""
    last = dict(blocks)
    for name in names:
        group = file[f"weights/{name}"]
        last[name] = numpy.zeros_like(blocks[name])
        last[name][group["mapping/target_ids"][:], group["mapping/source_ids"][:]] = group["data"][-1]
    return last


def expect_the_same_resumed(folder, experiment):
    """A run that goes on from its middle has the first weights of the beginning, not of where it goes on."""
    outputs = [os.path.join(folder, name) for name in ("whole.h5", "resumed.h5")]
    settings = {"checkpoint": f"{{every: 10 ms model, file: {folder}/c.h5}}"}
    run(experiment, outputs[0], settings)
    result = execute(["run", experiment, "-o", outputs[1], "--resume", f"{folder}/c.h5.1", "--progress", "off"])
    expect(result.returncode == 0 and "resuming at 10 ms" in result.stderr, f"resumed: {result.stdout}{result.stderr}")
    found = []
    for output in outputs:
        with h5py.File(output) as file:
            found.append([file[f"eigenvalues/z/{when}"][:].tolist() for when in ("before", "after")])
    expect(found[0] == found[1], "a resumed run has other eigenvalues")


def main():
    with tempfile.TemporaryDirectory() as folder:
        projections, blocks, plastic = make_edges(folder)
        recorders = "".join(f"  - {{name: {name}, type: weights, projection: {name}, interval: 20 ms}}\n"
                            for name in plastic)
        text = EXPERIMENT.replace("EDGES\n", projections).replace("RECORDERS\n", recorders)
        experiment, output = os.path.join(folder, "net.yaml"), os.path.join(folder, "out.h5")
        with open(experiment, "w", encoding="utf-8") as file:
            file.write(text)
        for ranks, threads in LAYOUTS:
            what = f"{ranks} ranks, {threads} threads"
            run(experiment, output, ranks=ranks, threads=threads)
            with h5py.File(output) as file, h5py.File(os.path.join(folder, "data.h5")) as data:
                decoders = file["readout/D/data"][-1].reshape(N, 2)
                last = weights_at_the_end(file, plastic, blocks)
                moved = max(abs(last[name] - blocks[name]).max() for name in plastic)
                expect(moved > 1 and abs(decoders).max() > 0, f"{what}: nothing was learned")
                expect_spectrum(what, file, "before", assemble(blocks))
                expect_spectrum(what, file, "after", assemble(last) + 50 * data["eta"][:] @ decoders.T)
        expect_the_same_resumed(folder, experiment)
    finish()


if __name__ == "__main__":
    main()
