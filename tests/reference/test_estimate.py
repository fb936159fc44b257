"""What volley check announces of over twenty networks of different kinds, with different numbers of ranks and threads, in a
table: memory is within 20 % of the peak of a run, the output within 20 %. Times are printed. So short that most of a run is
building; test_estimate_long.py has the times."""
import tempfile

from estimate import announced, compare, compare_force, compare_microcircuit, expect, finish, head
from estimate_networks import make_networks

LENGTH = 0.25

with tempfile.TemporaryDirectory() as folder:
    head()
    networks = make_networks(folder, LENGTH)
    for network in networks:
        compare(*network, folder)
    compare_microcircuit(0.1, "0.6 s", 2, 1, folder)
    compare_force(4000, 1, 2, folder)
    compare_force(4000, 2, 1, folder)

    # A check on the ranks of the run says what one process says that is told of them.
    name, experiment, settings, ranks, threads = networks[2]
    alone, together = (announced(experiment, settings, 2, 1, is_alone)["memory_bytes"]["peak"]
                       for is_alone in (True, False))
    expect(abs(alone / together - 1) < 0.1, f"{name}: {alone} bytes announced alone, {together} by 2 ranks")
finish()
