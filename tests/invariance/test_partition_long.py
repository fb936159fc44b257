"""The same spikes with every kind of partition, on every number of ranks and threads, with every exchange, and after restarts from each
of these to the next; of neurons in space in all combinations, of plastic synapses in some of each."""
import itertools
import json
import os
import shutil
import sys
import tempfile

import h5py
import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import execute, expect, finish, run, set_words  # noqa: E402
from nets import EXCHANGES, RANKS, exchange_settings  # noqa: E402
from test_space import write_cloud  # noqa: E402

WAYS = tuple(itertools.product(EXCHANGES, (1, 2)))  # and threads


def kinds(neurons, populations, folder, has_positions):
    """Values of simulation.partition, and the least number of ranks of each."""
    with h5py.File(os.path.join(folder, "owners.h5"), "a") as file:
        if f"of_{neurons}" not in file:
            file[f"of_{neurons}"] = numpy.random.default_rng(1).integers(0, 5, neurons)
    owners = os.path.join(folder, "owners.h5")
    found = {"block": 1, "round_robin": 1, "weighted": 1, "graph": 1, "areas": populations,
             f"{{type: file, file: '{owners}', dataset: of_{neurons}}}": 1}
    return {**found, "tiles": 1} if has_positions else found


def resume(case, checkpoint, settings, ranks, threads, digest, folder):
    summary = os.path.join(folder, "resumed.json")
    result = execute(["run", "--resume", checkpoint, "-o", os.path.join(folder, "resumed.h5"), "--progress", "off", "--summary",
                      summary, "--overwrite", *set_words(settings)], ranks, threads)
    expect(result.returncode == 0, f"{case}: {result.stderr}")
    with open(summary, encoding="utf-8") as file:
        expect(json.load(file)["spike_digest"] == digest, f"{case}: other spikes")


def check_net(net, settings, populations, neurons, has_positions, ways, folder):
    """ways: so many exchanges and threads for each partition and number of ranks, in turn."""
    first = run(net, os.path.join(folder, "first.h5"), settings)
    expect(first["spikes"] > 100, f"{net}: too quiet to show anything")
    checkpoint, number = None, 0
    for partition, least in kinds(neurons, populations, folder, has_positions).items():
        for ranks in [ranks for ranks in RANKS if ranks >= least for _ in range(ways)]:
            exchange, threads = WAYS[3 * number % len(WAYS)]  # all of them by eight
            number += 1
            case = f"{net}, {partition}, {exchange}, {ranks} x {threads}"
            where = {"simulation.partition": partition, **exchange_settings(exchange, ranks)}
            if checkpoint:
                resume(case, checkpoint, where, ranks, threads, first["spike_digest"], folder)
            own = os.path.join(folder, f"run{number % 2}")
            shutil.rmtree(own, ignore_errors=True)
            os.mkdir(own)
            path = os.path.join(own, "out.h5")
            found = run(net, path, {"checkpoint.every": "17 ms model", "checkpoint.keep": 9, **settings, **where}, ranks, threads)
            expect(found["spike_digest"] == first["spike_digest"] and found["synapses"] == first["synapses"], f"{case}: other spikes")
            checkpoint = path[:-len(".h5")] + ".checkpoint.h5.1"


def main():
    with tempfile.TemporaryDirectory() as folder:
        write_cloud(folder)
        check_net(shutil.copy(os.path.join(HERE, "space.yaml"), folder), {}, 5, 2325, True, len(WAYS), folder)
        plastic = {"simulation.duration": "1100 ms", "checkpoint.every": "600 ms model"}
        check_net(shutil.copy(os.path.join(HERE, "plastic.yaml"), folder), plastic, 4, 55, False, 2, folder)
    finish()


if __name__ == "__main__":
    main()
