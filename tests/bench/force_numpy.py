"""FORCE training in NumPy, one BLAS thread, beside `volley run` on all cores: jobs/experiments/force/lif_sine.yaml or
lif_sine_page.yaml, whole runs.

    VOLLEY=build/release/volley python3 tests/bench/force_numpy.py [--experiment lif_sine] [--size 2000] [--seed 1] [--threads 2]
                                                                  [--rounds 1]

Prints seconds of both, in turns, their ratio, the microseconds of plain and learning steps in NumPy, and how well each has
learned. Nothing is shared with Volley but the parameters."""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

for variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "BLIS_NUM_THREADS"):
    os.environ[variable] = "1"
import numpy as np  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
EXPERIMENTS = os.path.join(HERE, "..", "..", "jobs", "experiments", "force")
SETS = {"lif_sine": (0.1, 30.0, 0.05), "lif_sine_page": (0.04, 10.0, 0.1)}  # G, Q, P in steps
DT, STEPS, BEGIN, END, EVERY = 5e-5, 300_000, 100_000, 200_000, 50
RISE, DECAY, MEMBRANE, REFRACTORY = 2e-3, 20e-3, 10e-3, 40
BIAS, THRESHOLD, RESET, SPARSENESS = -40.0, -40.0, -65.0, 0.1


def make_weights(size, gain, random):
    """[source][target], so that the spikes of a step are rows; the inputs of each target sum to zero."""
    weights = random.standard_normal((size, size)) * (random.random((size, size)) < SPARSENESS)
    weights *= gain / (SPARSENESS * size**0.5)
    present = weights != 0
    weights -= present * (weights.sum(axis=0) / present.sum(axis=0))
    return weights


def add_outer(p, c, factor):
    """p += factor c c', a piece at a time that stays in the cache."""
    for first in range(0, len(c), 64):
        p[first:first + 64] += np.multiply.outer(factor * c[first:first + 64], c)


def simulate(name, size, seed):
    """Outputs [steps], and seconds of plain and of learning steps."""
    random, (gain, feedback, p_steps) = np.random.default_rng(seed), SETS[name]
    weights, eta = make_weights(size, gain, random), feedback * random.uniform(-1, 1, size)
    v, held = random.uniform(-65, 30, size), np.zeros(size)
    current, h, r, rising, decoders = (np.zeros(size) for _ in range(5))
    p = p_steps * DT * np.eye(size)
    keep_rise, keep_decay, jump = np.exp(-DT / RISE), np.exp(-DT / DECAY), 1 / (RISE * DECAY)
    outputs, z = np.zeros(STEPS), 0.0
    seconds, counts = [0.0, 0.0], [0, 0]
    for step in range(1, STEPS + 1):
        begin = time.perf_counter()
        dv = (current + eta * z + BIAS - v) * (DT / MEMBRANE)
        v += dv * (held <= 0)
        held -= 1
        spikes = np.flatnonzero(v >= THRESHOLD)
        current *= keep_rise
        current += h * DT
        h *= keep_decay
        r *= keep_rise
        r += rising * DT
        rising *= keep_decay
        if len(spikes):
            h += weights[spikes].sum(axis=0) * jump
            rising[spikes] += jump
        z = decoders @ r
        learns = step % EVERY == 1 and BEGIN < step < END
        if learns:
            c = p @ r
            decoders -= c * (z - np.sin(10 * np.pi * step * DT))
            add_outer(p, c, -1 / (1 + r @ c))
        v[spikes] = RESET
        held[spikes] = REFRACTORY
        outputs[step - 1] = z
        seconds[learns] += time.perf_counter() - begin
        counts[learns] += 1
    return outputs, [1e6 * s / n for s, n in zip(seconds, counts)]


def measure(outputs):
    """train and the mean win of outputs sampled once a ms."""
    z = outputs[19::20]
    t = 1e-3 * np.arange(1, len(z) + 1)
    target = np.sin(10 * np.pi * t)

    def error(a, x):
        return np.linalg.norm(a - x) / np.linalg.norm(x)
    windows = [min(error(z[at:at + 1000], target[at - shift:at - shift + 1000]) for shift in range(200))
               for at in range(10_000, 15_000, 1000)]
    return error(z[9000:10_000], target[9000:10_000]), float(np.mean(windows))


def run_volley(name, size, seed, threads, folder):
    """Seconds of the whole process, from the network to the file, microseconds of plain and of learning steps, measures."""
    output, summary = os.path.join(folder, "sine.h5"), os.path.join(folder, "summary.json")
    words = [os.environ["VOLLEY"], "run", os.path.join(EXPERIMENTS, name + ".yaml"), "-o", output, "--overwrite", "--progress",
             "off", "--threads", str(threads), "--summary", summary, "--set", f"simulation.seed={seed}", "--set",
             f"populations.N.size={size}", "--set", "readouts.z.eigenvalues=0", "--set",
             f"projections.recurrent.weight.std={SETS[name][0] / (SPARSENESS * size**0.5)} mV s"]
    begin = time.perf_counter()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - begin
    info = subprocess.run([os.environ["VOLLEY"], "info", output, "--json"], check=True, capture_output=True, text=True)
    readout = json.loads(info.stdout)["readouts"][0]
    with open(summary, encoding="utf-8") as file:
        figures = json.load(file)
    learning = figures["seconds_by_phase"]["learn"]
    plain = 1e6 * (figures["simulate_s"] - learning) / STEPS
    return seconds, plain, plain + 1e6 * learning / ((END - BEGIN) // EVERY), readout["train"], readout["win_mean"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--experiment", choices=SETS, default="lif_sine")
    parser.add_argument("--size", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    print(f"N = {options.size}, {STEPS} steps, {(END - BEGIN) // EVERY} learning steps")
    for turn in range(options.rounds):
        with tempfile.TemporaryDirectory() as folder:
            words = options.experiment, options.size, options.seed + turn
            ours, plain_step, learning_step, train, win = run_volley(*words, options.threads, folder)
            begin = time.perf_counter()
            outputs, (plain, learning) = simulate(*words)
            theirs = time.perf_counter() - begin
            again = run_volley(*words, options.threads, folder)[0]
        line = "{:7} {:7.2f} s  {:6.1f} us a plain step, {:8.1f} us a learning step, train {:.4f}, win {:.4f}"
        print(line.format("NumPy", theirs, plain, learning, *measure(outputs)))
        print(line.format("Volley", (ours + again) / 2, plain_step, learning_step, train, win)
              + f", {options.threads} threads (before {ours:.2f}, after {again:.2f} s)")
        print(f"ratio   {2 * theirs / (ours + again):7.2f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
