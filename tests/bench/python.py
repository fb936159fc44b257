"""What `import volley` costs: opening and slicing an output of many spikes, and calls of a closed loop.

    VOLLEY=build/release/volley PYTHONPATH=io/python /usr/bin/python3 tests/bench/python.py [SPIKES]"""
import os
import resource
import sys
import tempfile
import time

import h5py
import numpy
import volley


def timed(call, times=1):
    """Seconds of a call, the least of some."""
    least = float("inf")
    for _ in range(times):
        begin = time.perf_counter()
        call()
        least = min(least, time.perf_counter() - begin)
    return least


def network(duration=None):
    net = volley.Network(dt=0.1, duration=duration)
    net.population("E", 800, "iaf_psc_exp")
    net.population("I", 200, "iaf_psc_exp")
    net.project("E", ["E", "I"], "fixed_indegree", indegree=80, weight=40, delay=1.5)
    net.project("I", ["E", "I"], "fixed_indegree", indegree=20, weight=-240, delay=1.5)
    net.stimulate("poisson", ["E", "I"], rate=8, sources=500, weight=40)
    net.record("spikes", ["E", "I"])
    return net


def read(n):
    """An output as of a run, its spikes replaced by n of 1000 s."""
    network(100).run("a.h5", overwrite=True)
    with h5py.File("a.h5", "r+") as file:
        group = next(iter(file["recorders/E/spikes"].values()))
        for name, kind in (("timestamps", numpy.float64), ("node_ids", numpy.uint64)):
            unit = group[name].attrs.get("units")
            del group[name]
            data = group.create_dataset(name, (n,), kind, chunks=(65536,))
            if unit is not None:
                data.attrs["units"] = unit
            for first in range(0, n, 1 << 22):
                rows = numpy.arange(first, min(n, first + (1 << 22)))
                data[rows[0]:rows[-1] + 1] = rows * (1e6 / n) if name == "timestamps" else rows % 800
        group.attrs["stop_ms"] = 1e6
    print(f"{n:.0e} spikes: opened in {1e3 * timed(lambda: volley.open('a.h5').spikes['E'], 5):.1f} ms, "
          f"a second of them sliced in {1e3 * timed(lambda: volley.open('a.h5').spikes['E'].between(5e5, 5.01e5).times, 5):.1f} ms "
          f"({len(volley.open('a.h5').spikes['E'].between(5e5, 5.01e5))} spikes), "
          f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def loop(steps=2000):
    """A loop that is closed every 5 ms, beside the same run in one piece."""
    zeros = numpy.zeros(800)

    def closed():
        with network().build(threads=1) as simulation:
            for _ in range(steps):
                simulation.run(5)
                simulation.spikes("E")
                simulation.inject("E", zeros)

    def whole():
        with network().build(threads=1) as simulation:
            simulation.inject("E", zeros)  # a current for each neuron takes its time in each step
            simulation.run(5 * steps)

    with network().build(threads=1) as simulation:
        calls = {"run(0)": lambda: simulation.run(0), "spikes": lambda: simulation.spikes("E"),
                 "inject": lambda: simulation.inject("E", zeros)}
        costs = ", ".join(f"{name} {1e6 * timed(lambda call=call: [call() for _ in range(1000)], 3) / 1000:.1f} us"
                          for name, call in calls.items())
    print(f"a call alone: {costs}")
    closed_s, whole_s = timed(closed, 5), timed(whole, 5)
    print(f"closed loop, 1000 neurons, 5 ms: {1e6 * closed_s / steps:.0f} us a turn, in one piece {1e6 * whole_s / steps:.0f} us: "
          f"{1e6 * (closed_s - whole_s) / steps:.1f} us for run, spikes and inject")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        loop()
        read(int(float(sys.argv[1])) if len(sys.argv) > 1 else 10**8)
        os.chdir("/")
