"""Networks in space: the same spikes on any ranks and threads and after a restart, positions in the output, the number of
synapses that check foretells, and what is wrong with positions of files and with neurons out of reach."""
import json
import os
import shutil
import sys
import tempfile

import h5py
import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import execute, expect, finish, run  # noqa: E402
from nets import exchange_settings  # noqa: E402

COMBINATIONS = ((2, 1, "graph", "min_delay", "neighbour"), (3, 2, "tiles", "step", "two_level"), (4, 1, "weighted", "step", "auto"))


def write_cloud(folder, rows=300, columns=2, last="0.25"):
    """Two clouds of neurons, one much denser."""
    random = numpy.random.default_rng(3)
    places = numpy.concatenate([random.normal(0, 0.1, (rows // 2, columns)), random.normal(1, 1, (rows - rows // 2, columns))])
    path = os.path.join(folder, "cloud.csv")
    numpy.savetxt(path, places, delimiter=",", header="x,y,z"[:2 * columns - 1], comments="")
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    lines[-1] = ",".join([last] * columns)
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return numpy.loadtxt(path, delimiter=",", skiprows=1) if last != "nan" else None


def check_positions(path, cloud):
    with h5py.File(path) as file:
        nodes = file["nodes"]
        x, y = nodes["E/0/x"][:], nodes["E/0/y"][:]
        expect(x.size == 900 and (abs(x) <= 1).all() and (abs(y) <= 0.5).all(), "positions of E lie outside")
        expect(numpy.allclose(nodes["I/0/x"][:25], 6 + (numpy.arange(25) + 0.5) * 2 / 25), "columns of the grid")
        expect(numpy.allclose(nodes["I/0/y"][::25], (numpy.arange(9) + 0.5) / 9 - 0.5), "rows of the grid")
        expect((numpy.stack([nodes["cloud/0/x"][:], nodes["cloud/0/y"][:]], 1) == cloud).all(), "positions of a file")
        expect(sorted(nodes["column/0"]) == ["x", "y", "z"] and list(nodes["ring/0"]) == ["x"], "axes")
        expect((nodes["E/node_group_index"][:] == numpy.arange(900)).all(), "group indices")


def check_estimate(net, found):
    text = execute(["check", net, "--json"], threads=None).stdout
    foretold = json.loads(text)["network"]["synapses"]
    expect(abs(foretold - found) < 0.05 * found, f"check foretells {foretold} synapses, there are {found}")


def refused(net, sets, message, folder, ranks=1):
    words = ["run", net, "-o", os.path.join(folder, "bad.h5")] + [w for k, v in sets.items() for w in ("--set", f"{k}={v}")]
    result = execute(words, ranks=ranks)
    expect(result.returncode == 2 and message in result.stderr and result.stderr.count("volley: ") == 1,
           f"{message} is expected: {result.returncode} {result.stderr}")


def check_faults(net, folder):
    size = "populations.cloud.size"
    refused(net, {size: 299}, "'" + os.path.join(folder, "cloud.csv") + "' has 300 rows; cloud has 299 neurons", folder, 2)
    refused(net, {"populations.cloud.positions": "{type: file, file: cloud.csv, extent: [1, 1]}"},
            "outside of the extent from -0.5 to 0.5", folder)
    refused(net, {"projections.in_cloud.probability.radius": 1e-7, "projections.in_cloud.probability.offset": 0},
            "there are neurons from which the probability reaches fewer of cloud than the 12 that outdegree asks for", folder)
    refused(net, {"projections.inhibition.probability": "{function: box, radius: 0.001}", "projections.inhibition.multapses":
                  "true"}, "there are neurons from which the probability reaches none of I, but indegree is", folder, 2)
    write_cloud(folder, columns=4)
    refused(net, {}, "has 4 columns; 1 to 3 are expected, the coordinates of a neuron", folder)


def main():
    with tempfile.TemporaryDirectory() as folder:
        net = os.path.join(folder, "space.yaml")
        shutil.copy(os.path.join(HERE, "space.yaml"), net)
        cloud = write_cloud(folder)
        first = run(net, os.path.join(folder, "first.h5"))
        expect(first["spikes"] > 2000 and first["synaptic_events"] > 20000, "too quiet to show anything")
        check_positions(os.path.join(folder, "first.h5"), cloud)
        for ranks, threads, partition, interval, exchange in COMBINATIONS:
            path = os.path.join(folder, f"{ranks}.h5")
            found = run(net, path, {"simulation.partition": partition, "simulation.exchange_interval": interval,
                                    **exchange_settings(exchange, ranks)}, ranks, threads)
            expect(found["spike_digest"] == first["spike_digest"] and found["synapses"] == first["synapses"],
                   f"other spikes on {ranks} ranks")
        check_positions(path, cloud)
        check_estimate(net, first["synapses"])
        kept = os.path.join(folder, "kept.h5")
        run(net, kept, {"checkpoint.every": "17 ms model", "simulation.partition": "tiles"}, 2)
        summary = os.path.join(folder, "resumed.json")
        result = execute(["run", "--resume", os.path.join(folder, "kept.checkpoint.h5.1"), "-o",
                          os.path.join(folder, "resumed.h5"), "--progress", "off", "--summary", summary,
                          "--set", "simulation.partition={type: areas, ranks: [1, 1, 1, 1, 1]}"], ranks=5)
        expect(result.returncode == 0, result.stderr)
        with open(summary, encoding="utf-8") as file:
            digest = json.load(file)["spike_digest"]
        expect(digest == first["spike_digest"], f"other spikes after a restart: {digest}")
        check_faults(net, folder)
    finish()


if __name__ == "__main__":
    main()
