"""Published SONATA networks, where ../shared/sonata has them: 300 point neurons against as many spikes as NEST's own test
expects, and those of an independent calculation; 300 IntFire1 neurons by the event engine against NEURON's."""
import os
import sys
import tempfile

import h5py
import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import SOURCE, expect, finish, read_spikes, run  # noqa: E402

SHARED = os.environ.get("VOLLEY_SHARED", os.path.join(SOURCE, "..", "shared")) + "/sonata"


def check_published(folder, all_ranks=(1, 3)):
    output = folder + "/published.h5"
    config = SHARED + "/300_pointneurons/config.json"
    table = numpy.loadtxt(SHARED + "/300_pointneurons/expected_spikes.csv", delimiter=",", skiprows=1)
    for ranks in all_ranks:
        found = run(config, output, ranks=ranks)
        expect((found["synapses"], found["neurons"]) == (48432, 400), f"{found['synapses']} connections")
        times, ids, _ = read_spikes(output, "internal")
        same = len(times) == 18828 and numpy.allclose(times, table[:, 0], atol=1e-6) and (ids == table[:, 1]).all()
        expect(same, f"300_pointneurons, {ranks} ranks: {len(times)} spikes, not those that are published")
    wrong = {"populations.internal.initial.V_m": ("E_L", 18770), "projections.external_to_internal.type_delays":
             ("[0.01, 0.01]", 18835)}
    for key, (value, spikes) in wrong.items():
        run(config, output, {key: value})
        expect(len(read_spikes(output, "internal")[0]) == spikes, f"{key}: {value}: other spikes than are known of it")


def check_intfire(folder, settings, digits):
    """The spikes of 300_intfire against those that NEURON has written, of times that are known to so many digits of a ms."""
    output = folder + "/published.h5"
    with h5py.File(SHARED + "/300_intfire/output/spikes.h5") as file:
        truth = [file["spikes/v1/" + name][:] for name in ("timestamps", "node_ids")]
    order = numpy.lexsort((truth[1], numpy.round(truth[0], digits)))
    for ranks in (1, 3):
        run(SHARED + "/300_intfire/config.json", output, settings, ranks)
        times, ids, _ = read_spikes(output, "v1")
        same = len(times) == 4322 and (abs(times - truth[0][order]) < 10.0**-digits).all() and (ids == truth[1][order]).all()
        expect(same, f"300_intfire, {settings}, {ranks} ranks: {len(times)} spikes, not those that NEURON has written")


def main(*checks):
    if not os.path.isdir(SHARED):
        print(f"skipped: the published networks are not in {SHARED}")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        for check in checks:
            check(folder)
    finish()


if __name__ == "__main__":
    main(check_published, lambda folder: check_intfire(folder, {"simulation.engine": "event"}, 6))
