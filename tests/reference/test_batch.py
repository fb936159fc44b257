"""Batch learning while feedback is clamped: the decoders solve the ridge regression of what the spikes say, and the
equations that the checkpoint holds; a restart changes nothing; PETSc's options reach the solver."""
import os
import sys
import tempfile

import h5py
import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import execute, expect, finish  # noqa: E402

SIZE, STEPS, START, STOP, INTERVAL, LAMBDA = 75, 4000, 500, 3500, 10, 2.0
DT, RISE, DECAY = 1e-4, 2e-3, 20e-3  # s

EXPERIMENT = f"""
simulation: {{dt: 0.1, duration: {0.1 * STEPS!r}, seed: 3}}
populations:
  - {{name: A, model: lif, size: 50, parameters: {{I_e: -39}},
     initial: {{V_m: {{distribution: uniform, low: -65, high: -40}}}}}}
  - {{name: B, model: lif, size: 25, parameters: {{I_e: -38}},
     initial: {{V_m: {{distribution: uniform, low: -65, high: -40}}}}}}
projections:
  - {{source: [A, B], target: [A, B], rule: pairwise_bernoulli, probability: 0.2, delay: 0.1, balanced: true,
     weight: {{distribution: normal, mean: 0, std: 0.02}}}}
readouts:
  - name: out
    population: [B, A]
    filter: {{rise: 2, decay: 20}}
    supervisor: {{type: series, file: data.h5, dataset: supervisor, interval: 0.1}}
    learning: {{solver: batch, lambda: {LAMBDA!r}, interval: {0.1 * INTERVAL!r}, start: {0.1 * START!r}, stop: {0.1 * STOP!r}}}
    feedback: {{gain: 5, clamp: true}}
    decoders: {{distribution: normal, mean: 0, std: 0.001}}
recorders:
  - {{name: out, type: readout, readout: out, values: [output, decoders]}}
  - {{name: A, type: spikes, population: A}}
  - {{name: B, type: spikes, population: B}}
"""


def make_supervisor():
    times = DT * numpy.arange(STEPS + 1)
    return numpy.stack([numpy.sin(2 * numpy.pi * 10 * times), numpy.cos(2 * numpy.pi * 15 * times)], 1)


def write_experiment(folder):
    with h5py.File(os.path.join(folder, "data.h5"), "w") as file:
        file["supervisor"] = make_supervisor()
    path = os.path.join(folder, "batch.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(EXPERIMENT)
    return path


def run(words, ranks, threads, code=0):
    result = execute(["run", "--progress", "off", "--threads", threads] + words, ranks, None)
    if result.returncode != code:
        sys.exit(f"{' '.join(result.args)}\nexit code {result.returncode}\n{result.stdout}{result.stderr}")
    return result


def read(path):
    """Decoders at the beginning and at the end, outputs, and spikes [steps + 1][neurons of the readout]."""
    spikes = numpy.zeros((STEPS + 1, SIZE))
    with h5py.File(path) as file:
        for name, first in (("B", 0), ("A", 25)):
            steps = numpy.round(1e-3 * file[f"spikes/{name}/timestamps"][:] / DT).astype(int)
            spikes[steps, first + file[f"spikes/{name}/node_ids"][:].astype(int)] = 1
        decoders = file["readout/out.decoders/data"][:]
        return (decoders[0].reshape(SIZE, 2), decoders[-1].reshape(SIZE, 2), file["readout/out.output/data"][:], spikes)


def regress(before, spikes):
    """The decoders by NumPy, and the outputs that they give in all steps."""
    supervisor, rows, targets, filtered = make_supervisor(), [], [], []
    r, h = numpy.zeros(SIZE), numpy.zeros(SIZE)
    for n in range(1, STEPS + 1):
        r = r * numpy.exp(-DT / RISE) + h * DT
        h = h * numpy.exp(-DT / DECAY) + spikes[n] / (RISE * DECAY)
        filtered.append(r)
        if n % INTERVAL == 1 and START < n < STOP:
            rows.append(r)
            targets.append(supervisor[n])
    rows, targets = numpy.array(rows), numpy.array(targets)
    decoders = numpy.linalg.solve(LAMBDA * numpy.eye(SIZE) + rows.T @ rows, LAMBDA * before + rows.T @ targets)
    return decoders, numpy.array(filtered) @ decoders


def difference(found, wanted):
    return numpy.abs(found - wanted).max() / numpy.abs(wanted).max()


def expect_solution(checkpoint, decoders):
    """The decoders solve A D = B, both as the checkpoint holds them."""
    with h5py.File(checkpoint) as file:
        group = file["readouts/out"]
        a, vectors = group["P"][:].reshape(SIZE, SIZE), group["pending"][:].reshape(-1, SIZE)
    gathered, b = vectors[:-2], vectors[-2:].T
    a = a + gathered.T @ gathered
    expect((a == a.T).all() or numpy.abs(a - a.T).max() < 1e-14 * numpy.abs(a).max(), "A is not symmetric")
    expect(numpy.linalg.eigvalsh(a).min() > 0.9 * LAMBDA, "A has eigenvalues below lambda")
    error = difference(decoders, numpy.linalg.solve(a, b))
    print(f"batch and NumPy: {error:.1e} relative, condition {numpy.linalg.cond(a):.1e}")
    expect(error < 1e-8, f"decoders do not solve the equations: {error:.3g} relative")


def main():
    with tempfile.TemporaryDirectory() as folder:
        experiment = write_experiment(folder)

        def out(name):
            return os.path.join(folder, name)

        for ranks, threads in ((1, 1), (2, 2), (3, 1)):
            what = f"batch on {ranks} ranks"
            run([experiment, "-o", out(f"{ranks}.h5"), "--checkpoint-every", "150 ms model"], ranks, threads)
            before, decoders, outputs, spikes = read(out(f"{ranks}.h5"))
            wanted, wanted_outputs = regress(before, spikes)
            error = difference(decoders, wanted)
            print(f"{what} and NumPy: {error:.1e} relative")
            expect(error < 1e-8, f"{what}: decoders differ by {error:.3g} relative")
            error = difference(outputs[STOP - 1:], wanted_outputs[STOP - 1:])
            expect(error < 1e-8, f"{what}: outputs after learning differ by {error:.3g} relative")
            run([experiment, "--resume", out(f"{ranks}.checkpoint.h5.1"), "-o", out(f"resumed{ranks}.h5")], ranks, 1)
            again = read(out(f"resumed{ranks}.h5"))[1]
            expect((again == decoders).all(), f"{what}: other decoders after a restart")
        run([experiment, "-o", out("end.h5"), "--checkpoint-every", f"{0.1 * STOP} ms model"], 2, 1)
        expect_solution(out("end.checkpoint.h5.1"), read(out("end.h5"))[1])
        run([experiment, "-o", out("other.h5"), "--", "-ksp_type", "minres", "-pc_type", "jacobi"], 2, 1)
        error = difference(read(out("other.h5"))[1], wanted)
        print(f"MINRES: {error:.1e} relative")
        expect(0 < error < 1e-6, f"MINRES: decoders differ by {error:.3g} relative")
        run([experiment, "-o", out("rls.h5"), "--set", "readouts.out.learning.solver=rls", "--set",
             "readouts.out.learning.update=exact"], 2, 2)
        before, decoders, _, spikes = read(out("rls.h5"))
        error = difference(decoders, regress(before, spikes)[0])
        print(f"recursive least squares and NumPy's regression: {error:.1e} relative")
        expect(error < 1e-8, f"recursive least squares: decoders differ by {error:.3g} relative")
        result = run([experiment, "-o", out("few.h5"), "--", "-pc_type", "none", "-ksp_max_it", 2], 2, 1, 1)
        expect("DIVERGED_ITS" in result.stderr, f"no reason why the solver stopped: {result.stderr}")
    finish()


if __name__ == "__main__":
    main()
