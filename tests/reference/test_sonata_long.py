"""The published SONATA network of 300 IntFire1 neurons against the spikes that NEURON's event-driven simulation wrote, where
../shared/sonata has it."""
import os
import sys
import tempfile

import h5py
import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import SOURCE, expect, finish, read_spikes, run  # noqa: E402

SHARED = os.environ.get("VOLLEY_SHARED", os.path.join(SOURCE, "..", "shared")) + "/sonata"


def check_published(folder):
    output = folder + "/published.h5"
    with h5py.File(SHARED + "/300_intfire/output/spikes.h5") as file:
        truth = [file["spikes/v1/" + name][:] for name in ("timestamps", "node_ids")]
    for ranks in (1, 2, 3):
        run(SHARED + "/300_intfire/config.json", output, {"simulation.dt": "0.001 ms"}, ranks)
        times, ids, _ = read_spikes(output, "v1")
        order = numpy.lexsort((truth[1], numpy.round(truth[0], 3)))
        same = len(times) == 4322 and (abs(times - truth[0][order]) < 1e-3).all() and (ids == truth[1][order]).all()
        expect(same, f"300_intfire, {ranks} ranks: {len(times)} spikes, not those that NEURON has written")


def main():
    if not os.path.isdir(SHARED):
        print(f"skipped: the published networks are not in {SHARED}")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        check_published(folder)
    finish()


if __name__ == "__main__":
    main()
