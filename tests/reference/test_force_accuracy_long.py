"""FORCE training with the published networks: the figures of an independent implementation in NumPy, three seeds each.
The Lorenz attractor, which is chaotic, is judged by its shape (test_force_lorenz_long.py)."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from test_force_accuracy import BAR, main  # noqa: E402

PERIOD = {"period_s": (0.198, 0.202)}
VAN_DER_POL = {"period_s": (0.3166, 0.3214), "before": (7.5, 8.3), "in": (18, 19.2), "after": (18, 19.2)}
EXPERIMENTS = [
    ("lif_sine", 2000, {"train": [.013, .014, .011], "win_mean": [.037, .037, .048]},
     {"spread": (0.95, 1.05), **PERIOD, "before": (29, 31), "in": (37.5, 39.5), "after": (37.5, 39.5)}),
    ("lif_sine_page", 2000, {}, {"train": (0.025, 0.036), "win_mean": (0.05, 0.2), "spread": (0.95, 1.05), **PERIOD}),
    ("izhikevich_sine", 2000, {"train": [.015, .015, .015], "win_mean": [.132, .097, .106]},
     {"spread": (0.95, 1.05), "period_s": (0.199, 0.2043), "before": (4.8, 5.2), "in": (37, 39), "after": (35, 38)}),
    ("theta_van_der_pol_harmonic", 2000, {"train": [.014, .014, .014], "win_mean": [.031, .037, .038]},
     {"spread": (0.95, 1.05), **VAN_DER_POL}),
    ("theta_sine", 2000, {}, {**BAR, **PERIOD, "before": (7.5, 8.3), "in": (25, 27), "after": (25, 27)}),
    ("theta_van_der_pol_relaxation", 2000, {}, {**BAR, "period_s": (0.56, 0.59)}),
    ("lif_sawtooth", 2000, {}, {**BAR, **PERIOD}),
    ("lif_van_der_pol_harmonic", 2000, {}, BAR),
    ("lif_van_der_pol_relaxation", 2000, {}, BAR),
    ("izhikevich_sawtooth", 2000, {}, BAR),
    ("izhikevich_van_der_pol_harmonic", 2000, {}, BAR),
    ("izhikevich_van_der_pol_relaxation", 2000, {}, BAR),
    ("theta_sawtooth", 2000, {}, {**BAR, **PERIOD}),
    ("izhikevich_product", 2000, {}, BAR),
    ("izhikevich_complex", 2000, {}, {"train": (0, 0.08), "win_mean": (0, 0.25), "period_s": (0.495, 0.505)}),
    ("lif_product", 2000, {}, {**BAR, "train": (0, 0.09)}),  # what 2000 neurons can do
    ("theta_product", 2000, {}, {**BAR, "train": (0, 0.09)}),
]

if __name__ == "__main__":
    main(EXPERIMENTS)
