"""Brunel's four regimes against NEST 3.9: rate of the first 1000 excitatory neurons and CV of their intervals.

Both networks are draws from the same distribution, so only their statistics agree. NEST's figures are from two seeds;
expect_same_mean says what is compared and why. Rates may spread by 10 %, CVs by 0.06 between our seeds: the most that
a regime shows (SIslow's rate, SIfast's CV, whose network oscillations are few in 500 ms), with a margin."""
import concurrent.futures
import json
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import EXPERIMENTS, expect_same_mean, finish, rate_and_cv, read_spikes, run  # noqa: E402

REGIMES = ("SR", "AI", "SIfast", "SIslow")


def regime_settings(figures):
    """What makes brunel.yaml run in a regime: eta = 1 is a rate of 10 Hz, the inhibitory weight is -g * 0.1 mV."""
    return {"stimuli.external.rate": f"{10 * figures['eta']:g} Hz",
            "projections.inhibitory.weight": f"{-0.1 * figures['g']:g} mV"}


def main(seeds):
    with open(os.path.join(HERE, "data", "brunel.json"), encoding="utf-8") as file:
        reference = json.load(file)
    with tempfile.TemporaryDirectory() as folder:
        for regime in REGIMES:
            figures = reference[regime]

            def simulate(seed):
                output = os.path.join(folder, f"{regime}{seed}.h5")
                run(os.path.join(EXPERIMENTS, "brunel.yaml"), output,
                    {**regime_settings(figures), "simulation.seed": seed})
                return rate_and_cv(*read_spikes(output, "E"), *figures["window_ms"])

            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                rates, cvs = zip(*pool.map(simulate, seeds))
            nest_rates = [seed["rate_hz"] for seed in figures["seeds"]]
            expect_same_mean(f"{regime} rate (Hz)", rates, nest_rates, floor=0.1 * nest_rates[0])
            expect_same_mean(f"{regime} CV", cvs, [seed["cv_isi"] for seed in figures["seeds"]], floor=0.06)
    finish()


if __name__ == "__main__":
    main(range(1, 3))
