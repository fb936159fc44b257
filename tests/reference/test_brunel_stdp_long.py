"""With steps of learning ten times as large, weights that begin 5 % too small and 5 % too large come to the same stable
distribution with one peak, and the network keeps its rate."""
import concurrent.futures
import tempfile

import numpy

from test_brunel_stdp import START, learn
from program import expect, finish, read_spikes  # test_brunel_stdp knows where it is

SECONDS = 60


def settings(factor):
    return {"simulation.duration": f"{SECONDS} s", "projections.plastic.synapse.lambda": 1,
            "projections.plastic.weight": factor * START}


def main():
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(2) as pool:
        low, high = pool.map(lambda factor: learn(folder, f"from-{factor}", settings(factor)), (0.95, 1.05))
        means = numpy.array([weights.mean(axis=1) for _, weights in (low, high)])
        spreads = numpy.array([weights.std(axis=1) for _, weights in (low, high)])
        print(f"means\n{means[:, 9::10]}\nspreads\n{spreads[:, 9::10]}")
        expect(means[1, -1] - means[0, -1] < 0.05, f"mean weights at the end {means[:, -1]}")
        expect((numpy.abs(means[:, -1] - 1) < 0.05).all(), f"mean weights at the end {means[:, -1]}")
        for spread in spreads:
            third = SECONDS // 3
            expect(spread[-1] - spread[-third] < 0.3 * (spread[third] - spread[0]), f"weights still spread: {spread}")
        for output, weights in (low, high):
            counts, _ = numpy.histogram(weights[-1], numpy.arange(0, 4, 0.2))
            peak = counts.argmax()
            is_unimodal = (numpy.diff(counts[:peak + 1]) >= 0).all() and (numpy.diff(counts[peak:]) <= 0).all()
            expect(is_unimodal, f"weights have more than one peak: {counts}")
            times, _, neurons = read_spikes(output, "E")
            rate = (times > 1000 * SECONDS / 2).sum() / neurons / (SECONDS / 2)
            print(f"{rate:.2f} Hz in the second half")
            expect(5 < rate < 11, f"E spikes at {rate} Hz")
    finish()


if __name__ == "__main__":
    main()
