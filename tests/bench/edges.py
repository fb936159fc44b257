"""What edges from a file take while a network is built: bytes and nanoseconds an edge and thread, beside what the file says.

    VOLLEY=build/release/volley python3 tests/bench/edges.py [MILLIONS [RANKS [THREADS]]]

Bytes are the peak memory of a rank, less that of the same run without edges, for each of its edges. Nanoseconds are those of
the build, for each edge of a thread. The same edges stand in each of the files, at random, 1000 to a neuron."""
import json
import os
import subprocess
import sys
import tempfile

import h5py
import numpy

INDEGREE = 1000
EXPERIMENT = """
simulation: {{dt: 0.1 ms, duration: 0.1 ms, seed: 1}}
populations: [{{name: N, model: iaf_psc_exp, size: {size}}}]
projections:
  - {{source: N, target: N, rule: edges, file: {file}, group: {group}{values}}}
recorders: []
"""


def write(path, group, names, edges, compressed=None):
    with h5py.File(path, "w") as file:
        for name, values in zip(names, edges):
            file.create_dataset(f"{group}/{name}", data=values, chunks=(1 << 16,) if compressed else None,
                                compression=compressed)


def write_matrix(path, size, edges):
    with h5py.File(path, "w") as file:
        matrix = file.create_dataset("W", (size, size), "f4")
        for begin in range(0, size, 500):
            rows = numpy.zeros((min(500, size - begin), size), "f4")
            own = (edges[1] >= begin) & (edges[1] < begin + len(rows))
            rows[edges[1][own] - begin, edges[0][own]] = edges[2][own]
            matrix[begin:begin + len(rows)] = rows


def build(folder, size, file, group, values, ranks, threads):
    """Seconds of the build, peak memory of a rank, synapses."""
    experiment, summary = os.path.join(folder, "e.yaml"), os.path.join(folder, "summary.json")
    with open(experiment, "w", encoding="utf-8") as text:
        described = EXPERIMENT.format(size=size, file=file, group=group, values=values)
        text.write(described if file else described.split("projections:")[0] + "recorders: []\n")
    launcher = ["mpirun", "-n", str(ranks)] if ranks > 1 else []
    subprocess.run([*launcher, os.environ["VOLLEY"], "run", experiment, "-o", os.path.join(folder, "out.h5"), "--overwrite",
                    "--progress", "off", "--summary", summary, "--threads", str(threads)], check=True,
                   stdout=subprocess.DEVNULL)
    with open(summary, encoding="utf-8") as text:
        found = json.load(text)
    return found["build_s"], max(found["peak_rss_bytes"]), found["synapses"]


def main():
    millions, ranks, threads = (int(word) for word in (sys.argv[1:] + ["10", "1", "1"][len(sys.argv) - 1:]))
    n = millions * 1_000_000
    size = n // INDEGREE
    random = numpy.random.default_rng(1)
    source, target = (random.integers(0, size, n, dtype="u4") for _ in range(2))
    edges = source, target, random.uniform(1, 2, n).astype("f4"), random.uniform(0.1, 3, n).astype("f4")
    names = "source", "target", "weight", "delay"
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/tmp")) as folder:
        path = lambda name: os.path.join(folder, name)
        write(path("edges.h5"), "edges", names, edges)
        write(path("wide.h5"), "edges", names, [v.astype("u8" if v.dtype.kind == "u" else "f8") for v in edges])
        write(path("gzip.h5"), "edges", names, edges, "gzip")
        order = numpy.argsort(target, kind="stable")
        write(path("sorted.h5"), "edges", names, [v[order] for v in edges])
        write(path("sonata.h5"), "edges/N_to_N", ("source_node_id", "target_node_id", "0/syn_weight", "0/delay",
                                                   "edge_type_id", "edge_group_id", "edge_group_index"),
              (*(v.astype("u8") if v.dtype.kind == "u" else v for v in edges), numpy.zeros(n, "u4"), numpy.zeros(n, "u4"),
               numpy.arange(n, dtype="u8")))
        write_matrix(path("matrix.h5"), size, edges)
        _, empty, _ = build(folder, size, "", "", "", ranks, threads)
        print(f"{n} edges onto {size} neurons, {ranks} x {threads}")
        for name, file, group, values in (("4 bytes a value", "edges.h5", "edges", ""), ("8 bytes a value", "wide.h5", "edges", ""),
                                          ("gzip", "gzip.h5", "edges", ""), ("by target", "sorted.h5", "edges", ""),
                                          ("SONATA", "sonata.h5", "edges/N_to_N", ""),
                                          ("a dense matrix", "matrix.h5", "W", ", delay: 1.5 ms")):
            seconds, peak, synapses = build(folder, size, path(file), group, values, ranks, threads)
            print(f"{name:18} {synapses} synapses {(peak - empty) * ranks / synapses:6.1f} bytes {1e9 * seconds * ranks * threads / synapses:6.1f} ns",
                  flush=True)


if __name__ == "__main__":
    main()
