"""The clock engine converges to the event engine at first order: a network of 200 iaf_psc_exp neurons (that of precise.py with a
quarter of its weights, so that no error tips a spike over), run in ever smaller steps. A step's spikes are stamped with its
end and act a delay later, so that errors are a fraction of a step, and halve with it.

    test_convergence.py --plot FILE     draws the errors, also of the network with its full weights, by their medians"""
import sys
import tempfile

import numpy

from precise import Network, parting, read, trains
from program import expect, finish, read_spikes, run

STEPS = [0.05 / 2**k for k in range(5)]  # ms
STOP = 50.0


def errors(ours, right):
    """Of all spikes of `right`, by their number in each neuron."""
    ours = trains(ours)
    pairs = [(s, t) for i, train in trains(right).items() for s, t in zip(ours.get(i, []), train) if t < STOP]
    return numpy.abs(numpy.diff(pairs, axis=1)[:, 0])


def simulate(network, folder, settings=None):
    output = folder + "/out.h5"
    run(network.write(folder), output, settings)
    return list(zip(*read_spikes(output, "N")[:2]))


def measure(coupling, folder):
    """The spikes of the event engine, and the errors of the clock engine by step."""
    network = Network(read(), "iaf_psc_exp", coupling)
    network.duration = STOP + 10
    exact = simulate(network, folder)
    by_step = {dt: errors(simulate(network, folder, {"simulation.engine": "clock", "simulation.dt": f"{dt} ms"}), exact)
               for dt in STEPS}
    return network, exact, by_step


def order(means):
    """The slope of log error over log step."""
    return numpy.polyfit(numpy.log(STEPS), numpy.log(means), 1)[0]


def plot(file):
    import matplotlib  # pylint: disable=import-outside-toplevel
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt  # pylint: disable=import-outside-toplevel
    figure, axes = plt.subplots(figsize=(5.4, 3.6), layout="constrained")
    with tempfile.TemporaryDirectory() as folder:
        for coupling, marker in ((0.25, "o"), (1.0, "s")):
            by_step = measure(coupling, folder)[2]
            axes.loglog(STEPS, [numpy.median(by_step[dt]) for dt in STEPS], marker, label=f"weights x {coupling:g}")
    axes.loglog(STEPS, [0.8 * dt for dt in STEPS], color="grey", linewidth=0.8, label="first order")
    axes.set(xlabel="step of the clock engine (ms)", ylabel="error of a spike time, median (ms)")
    axes.legend(frameon=False)
    figure.savefig(file, dpi=200)


def main():
    with tempfile.TemporaryDirectory() as folder:
        network, exact, by_step = measure(0.25, folder)
        first, _, worst = parting(exact, network.simulate(), 1e-9)
        expect(first == float("inf"), f"the event engine parts from the referee at {first} ms")
        print(f"event engine: {len(exact)} spikes within {worst:.2g} ms of the referee's")
    means = [numpy.mean(by_step[dt]) for dt in STEPS]
    for dt, mean in zip(STEPS, means):
        print(f"step {dt:.6f} ms: error {mean:.5f} ms, {mean / dt:.3f} steps, at most {by_step[dt].max():.4f} ms")
    expect(abs(order(means) - 1) < 0.05, f"order {order(means):.3f}")
    expect(0.3 < means[-1] / STEPS[-1] < 2, f"an error of {means[-1] / STEPS[-1]:.3f} steps")
    print(f"order {order(means):.3f}")
    finish()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--plot"]:
        plot(sys.argv[2])
    else:
        main()
