"""The table of docs/performance.md: what volley check announces of over twenty networks of different kinds and of the
microcircuit at full scale, and what they take."""
import os
import tempfile

from estimate import compare, compare_microcircuit, finish, head
from estimate_networks import make_networks

os.environ.pop("OMP_WAIT_POLICY", None)  # threads wait as a user's do

with tempfile.TemporaryDirectory() as folder:
    head()
    for name, experiment, settings, ranks, threads in make_networks(folder):
        compare(name, experiment, settings, ranks, threads, folder)
        if ranks * threads > 1:
            compare(name, experiment, settings, 1, 1, folder)
    compare_microcircuit(1, "1 s", 1, 2, folder)
finish()
