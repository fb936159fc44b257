"""Edges that stand in a file as a matrix, dense or sparse in any of SciPy's ways: the same spikes as those of a list of the same
edges, at any ranks; and what is wrong with such files."""
import os
import sys
import tempfile

import h5py
import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import execute, expect, finish, run  # noqa: E402

SOURCES, TARGETS = 230, 190  # more entries than are read at a time
NET = """
simulation: {duration: 30 ms}
populations:
  - {name: S, model: parrot, size: 230}
  - {name: T, model: iaf_psc_exp, size: 190, initial: {V_m: {distribution: uniform, low: -70, high: -56}}}
projections: [{source: S, target: T, rule: edges, file: w.h5, group: PLACE, delay: 1.5 ms}]
stimuli: [{type: poisson, target: S, rate: 200 Hz}]
recorders: [{type: spikes, population: T}]
"""
PLACES = ("list", "W", "dense", "csr", "csc", "csc_too", "coo")
WRONG = [  # path, what is put there, message
    ("W", numpy.ones((SOURCES, TARGETS)), "the matrix '/W' of 'w.h5' has 2 dimensions, 230 x 190; a row for each of 190 "
     "targets and a column for each of 230 sources are expected"),
    ("W", numpy.ones(SOURCES * TARGETS), "the matrix '/W' of 'w.h5' has 1 dimensions"),
    ("W", numpy.full((TARGETS, SOURCES), numpy.inf), "holds inf at position 0"),
    ("csr/indptr", numpy.arange(TARGETS), "dataset 'indptr' of 'w.h5' holds 190 values; 191 are expected: where the "
     "entries of each target begin"),
    ("csr/indptr", numpy.arange(TARGETS + 1), "dataset 'indptr' of 'w.h5' must ascend from 0 to"),
    ("csc/indptr", numpy.arange(SOURCES), "231 are expected: where the entries of each source begin"),
    ("csr/indices", numpy.full(10, 3), "but 'data' "),
    ("coo/row", numpy.full(10, 3), "but 'data' "),
    ("coo/col", None, "dataset 'col' of"),
    ("dense/delay", numpy.ones((SOURCES, TARGETS)), "the matrix 'delay' of 'w.h5' has 2 dimensions, 230 x 190"),
]


def write(folder):
    random = numpy.random.default_rng(4)
    weights = random.normal(40, 60, (TARGETS, SOURCES)) * (random.random((TARGETS, SOURCES)) < 0.2)
    delays = random.integers(1, 30, (TARGETS, SOURCES)) / 10
    row, col = numpy.nonzero(weights)
    by_column = numpy.lexsort((row, col))

    def starts(of, n):
        return numpy.concatenate([[0], numpy.cumsum(numpy.bincount(of, minlength=n))])

    with h5py.File(os.path.join(folder, "w.h5"), "w") as file:
        def put(group, order, **values):
            for name, value in values.items():
                file[f"{group}/{name}"] = value
            file[f"{group}/delay"] = delays[row, col][order]

        here = numpy.arange(len(row))
        put("list", here, source=col, target=row, weight=weights[row, col])
        put("coo", by_column, col=col[by_column], row=row[by_column].astype("uint8"), data=weights[row, col][by_column])
        put("csr", here, indices=col.astype("int32"), indptr=starts(row, TARGETS).astype("int32"), data=weights[row, col])
        put("csc", by_column, indices=row[by_column], indptr=starts(col, SOURCES), data=weights[row, col][by_column])
        for name in file["csc"]:
            file[f"csc_too/{name}"] = file["csc"][name]
        file["csc_too/format"] = "csc"  # as a dataset of variable length
        file["csc"].attrs["encoding-type"] = "csc_matrix"
        file["dense/weight"] = weights
        file.create_dataset("dense/delay", data=delays, chunks=(50, 60), compression=3)
        file["W"] = weights.astype("float32")
        file["plain/source"], file["plain/target"], file["plain/weight"] = col, row, weights[row, col]


def make(folder, place):
    path = os.path.join(folder, place.replace("/", "_") + ".yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(NET.replace("PLACE", "/" + place))
    return path


def main():
    with tempfile.TemporaryDirectory() as folder:
        write(folder)
        found = {place: run(make(folder, place), os.path.join(folder, "o.h5"), {}, ranks)
                 for place, ranks in zip(("plain", *PLACES), (1, 1, 3, 2, 3, 2, 1, 1))}
        for place in PLACES:
            same = "plain" if place == "W" else "list"  # a dataset by itself has no delays
            expect(found[place]["spike_digest"] == found[same]["spike_digest"], f"{place}: other spikes than {same}")
            expect(found[place]["synapses"] == found["list"]["synapses"], f"{place}: {found[place]['synapses']} synapses")
        expect(found["list"]["spikes"] > 100, "too quiet to show anything")
        for path, values, text in WRONG:
            write(folder)
            with h5py.File(os.path.join(folder, "w.h5"), "a") as file:
                del file[path]
                if values is not None:
                    file[path] = values
            name = os.path.basename(make(folder, path.split("/")[0]))
            result = execute(["check", name], cwd=folder)
            expect(result.returncode == 2 and text in result.stderr, f"{path}: code {result.returncode}, {result.stderr}")
    finish()


if __name__ == "__main__":
    main()
