"""What tests/python/test_simulation.py runs on several ranks: each network in pieces, looked at and saved; prints the digests."""
import os
import sys

sys.path.insert(0, os.path.join(os.environ["VOLLEY_SOURCE"], "io", "python"))
import volley  # noqa: E402

for name in sys.argv[1:]:
    with volley.load(name + ".yaml").build(threads=1, output=name + ".process.h5") as simulation:
        for _ in range(3):
            simulation.run(10)
            simulation.spikes("E")
        if name in ("current", "events"):
            simulation.save(name + ".half.h5")
        simulation.run(20)
        digest = simulation.digest
    if volley.simulation.module().rank(0)[0] == 0:
        print(name, digest, flush=True)
