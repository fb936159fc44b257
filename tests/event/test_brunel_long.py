"""Two of Brunel's regimes by either engine: same rates of the first 1000 excitatory neurons and CV of their intervals, within the
spread of the seeds. The others (by their names as arguments) are the same only with shorter steps of the clock engine:
docs/performance.md has the figures."""
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
sys.path.insert(0, os.path.join(HERE, "..", "reference"))
from program import EXPERIMENTS, expect_same_mean, finish, rate_and_cv, read_spikes, run  # noqa: E402
from test_brunel import regime_settings  # noqa: E402

ETA_AND_G = {"SR": (2, 3), "AI": (2, 5), "SIfast": (4, 6), "SIslow": (0.9, 4.5)}
WINDOW = (200, 700)


def simulate(regime, engine, seed, folder):
    eta, g = ETA_AND_G[regime]
    output = os.path.join(folder, "out.h5")
    run(os.path.join(EXPERIMENTS, "brunel.yaml"), output,
        {**regime_settings({"eta": eta, "g": g}), "simulation.engine": engine, "simulation.seed": seed}, threads=2)
    return rate_and_cv(*read_spikes(output, "E"), *WINDOW)


def main(regimes, seeds):
    with tempfile.TemporaryDirectory() as folder:
        for regime in regimes:
            rates, cvs = zip(*(simulate(regime, "event", seed, folder) for seed in seeds))
            clock_rates, clock_cvs = zip(*(simulate(regime, "clock", seed, folder) for seed in seeds))
            expect_same_mean(f"{regime} rate (Hz)", rates, clock_rates, floor=0.1 * clock_rates[0])
            expect_same_mean(f"{regime} CV", cvs, clock_cvs, floor=0.06)
    finish()


if __name__ == "__main__":
    main(sys.argv[1:] or ("SR", "SIslow"), range(1, 3))
