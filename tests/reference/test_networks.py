"""Vogels and Abbott's self-sustained networks (benchmarks 1 and 2 of Brette et al. 2007) against NEST 3.9: mean rate of
all neurons and CV of their intervals.

NEST's figures are from three seeds; expect_same_mean says what is compared and why. Between our seeds rates may spread by 10 % and
CVs by 0.065, twice what those of 86 networks of coba do (0.028 and 0.037 with two generators of the kick). Some networks of coba fall silent
some 40 ms after the kick, which are left out: 50 of 212 with four streams of random numbers, one of twelve in Brian2 2.5.1. Half of them
may, which of twenty happens once in a hundred times. test_networks_long.py takes more seeds."""
import json
import os
import sys
import tempfile

import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import EXPERIMENTS, expect, expect_same_mean, finish, rate_and_cv, read_spikes, run  # noqa: E402


def statistics(output, window):
    """Rate and CV of excitatory and inhibitory neurons together."""
    times, ids, neurons = zip(*(read_spikes(output, name) for name in ("E", "I")))
    ids = (ids[0], ids[1] + neurons[0])
    return rate_and_cv(numpy.concatenate(times), numpy.concatenate(ids), sum(neurons), *window)


def main(seeds):
    with open(os.path.join(HERE, "data", "vogels_abbott.json"), encoding="utf-8") as file:
        reference = json.load(file)
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, "network.h5")
        for name, figures in reference.items():
            found = []
            for seed in seeds[name]:
                run(os.path.join(EXPERIMENTS, f"vogels_abbott_{name}.yaml"), output, {"simulation.seed": seed})
                found.append(statistics(output, figures["window_ms"]))
            alive = [figure for figure in found if figure[0] > 0]
            expect(len(alive) >= 0.5 * len(found), f"{name}: {len(found) - len(alive)} of {len(found)} networks fall silent")
            found = alive
            rates, cvs = zip(*found)
            nest_rates, nest_cvs = ([seed[key] for seed in figures["seeds"]] for key in ("rate_hz", "cv_isi"))
            expect_same_mean(f"{name} rate (Hz)", rates, nest_rates, floor=0.1 * nest_rates[0])
            expect_same_mean(f"{name} CV", cvs, nest_cvs, floor=0.065)
    finish()


if __name__ == "__main__":
    main({"coba": range(1, 9), "cuba": range(1, 6)})
