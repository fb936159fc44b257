"""Numbers that neurons have their own of, from files of all kinds and lists: what one number gives each neuron, all by
themselves; the same spikes on any ranks, threads and partition, and after a restart."""
import os
import sys
import tempfile

import h5py
import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import execute, expect, finish, run  # noqa: E402

N = 90
NET = os.path.join(HERE, "inputs.yaml")


def write_files(folder):
    random = numpy.random.default_rng(9)
    numpy.save(os.path.join(folder, "c.npy"), random.integers(200, 300, N).astype("int16"))
    numpy.save(os.path.join(folder, "steps.npy"), numpy.column_stack([[1, 20, 33], random.uniform(-90, 400, (3, N))]))
    with h5py.File(os.path.join(folder, "inputs.h5"), "w") as file:
        file["amplitude"] = random.uniform(100, 500, N).astype("float32")
    with open(os.path.join(folder, "rates.csv"), "w", encoding="utf-8") as file:
        file.write("neuron, rate, weight\n")
        file.writelines(f"{i},{rate:.17g},{rate / 100:.17g}\n" for i, rate in enumerate(random.uniform(0, 9e3, N)))


ONE = """
simulation: {{duration: 30 ms}}
populations: [{{name: A, model: iaf_psc_exp, size: {size}, initial: {{V_m: -60}}}}]
stimuli:
  - {{type: dc, target: A, amplitude: {a}}}
  - {{type: ac, target: A, amplitude: {b}, frequency: {c}, phase: {a}, offset: {b}}}
  - {{type: spike_times, target: A, times: [3, 9, 9.1], weight: {c}}}
  - {{type: step_current, target: A, file: {file}}}
output: {{precision: double}}
recorders: [{{type: traces, population: A, states: V_m}}]
"""


def traces(folder, name, **values):
    path = os.path.join(folder, name + ".yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(ONE.format(**values))
    result = execute(["run", path, "--overwrite", "-o", path + ".h5"], cwd=folder)
    expect(result.returncode == 0, f"{name}: {result.stderr}")
    with h5py.File(path + ".h5") as file:
        found = []
        file.visititems(lambda p, item: found.append(item[()]) if p.endswith("A/data") else None)
    return found[0]


def check_one_by_one(folder):
    """A neuron among others has the bits that it has with the same numbers for all."""
    a, b, c = [300, 550.5, 0], [60, -7, 20], [70, 33, 250]
    rows = numpy.array([[2, 100, 200, 300], [7.5, -50, 0, 50]])
    numpy.save(os.path.join(folder, "all.npy"), rows)
    lists = {key: f"{{values: {values}}}" for key, values in zip("abc", (a, b, c))}
    together = traces(folder, "together", size=3, file="all.npy", **lists)
    for i in range(3):
        numpy.save(os.path.join(folder, "own.npy"), numpy.ascontiguousarray(rows[:, [0, i + 1]]))
        alone = traces(folder, "alone", size=1, file="own.npy", a=a[i], b=b[i], c=c[i])
        expect(numpy.array_equal(together[:, i], alone[:, 0]), f"neuron {i} with numbers of its own differs")


def main():
    with tempfile.TemporaryDirectory() as folder:
        write_files(folder)
        net = os.path.join(folder, "inputs.yaml")
        with open(NET, encoding="utf-8") as file, open(net, "w", encoding="utf-8") as copy:
            copy.write(file.read())
        one = run(net, os.path.join(folder, "one.h5"))
        other = {"simulation.partition": "round_robin", "simulation.exchange_interval": "min_delay"}
        many = run(net, os.path.join(folder, "many.h5"), other, 3, 2)
        expect(one["spike_digest"] == many["spike_digest"], "other spikes of inputs.yaml on 3 ranks")
        expect(one["spikes"] > 100, f"inputs.yaml: {one['spikes']} spikes are too few to show anything")
        part = os.path.join(folder, "part.h5")
        run(net, part, {"simulation.duration": "20 ms", "checkpoint.every": "20 ms model"}, 2)
        result = execute(["run", net, "-o", part, "--resume", "latest", "--overwrite"], 1, 2)
        expect(one["spike_digest"] in result.stdout, f"other spikes of inputs.yaml after a restart: {result.stdout}{result.stderr}")
        check_one_by_one(folder)
    finish()


if __name__ == "__main__":
    main()
