"""The same spikes, bit for bit, on every number of ranks and threads, with every partition, exchange interval and way of delivery.

A selection of combinations in which each pair of values occurs, a quarter of it for each net; test_digest_long.py has
them all."""
import os
import sys
import tempfile

import numpy

from nets import SMALL, compare_combinations, make_nets, make_small, pairwise_combinations

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import expect, finish, read_spikes  # noqa: E402

# More ranks than neurons or than anything has work for.
FEW = [(7, 1, "block", "step", "listed"), (7, 2, "round_robin", "min_delay", "direct"),
       (2, 1, "round_robin", "min_delay", "direct"), (3, 2, "block", "min_delay", "listed")]


def check_overflow(folder):
    """Some steps have more spikes than 7 ranks' blocks of 120 (src/exchange/allgather.c), most have not."""
    times, _, _ = read_spikes(os.path.join(folder, "first.h5"), "crowd")
    counts = numpy.bincount(numpy.round(times / 0.1).astype(int))
    expect((counts > 7 * 120).sum() >= 10, "everything: no step has more spikes than an exchange at first takes")
    expect(numpy.median(counts) < 120, "everything: too many spikes in most steps")


def main():
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, net) in enumerate(make_nets(folder).items()):
            found = compare_combinations(name, net, pairwise_combinations()[number::4], folder)
            expect(found["spikes"] > 100 and found["synaptic_events"] > 100, f"{name}: too quiet to show anything")
            if name.startswith("everything"):
                check_overflow(folder)
        for number, name in enumerate(SMALL):
            compare_combinations(name, (make_small(folder, name), {}), FEW[number % 4:][:1], folder)
    finish()


if __name__ == "__main__":
    main()
