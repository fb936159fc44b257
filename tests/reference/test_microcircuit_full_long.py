"""The cortical microcircuit at full scale: mean rates over 10 s against the published ones, and CVs over NEST's window.

Takes about 4 GB and some minutes. Rates may differ by 5 %, or 0.25 Hz where that is more; CVs by 0.03."""
import json
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import EXPERIMENTS, expect, finish, rate_and_cv, read_spikes, run  # noqa: E402


def main():
    with open(os.path.join(HERE, "data", "microcircuit.json"), encoding="utf-8") as file:
        reference = json.load(file)
    nest_cvs = reference["nest_scale_1.0"]["cv_isi_mean"]
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, "microcircuit.h5")
        run(os.path.join(EXPERIMENTS, "microcircuit.yaml"), output, threads=2)
        for i, name in enumerate(reference["populations"]):
            spikes = read_spikes(output, name)
            published = reference["full_mean_rates_hz"][i]
            rate, _ = rate_and_cv(*spikes, 500, 10500)
            _, cv = rate_and_cv(*spikes, 500, 3000)
            print(f"{name}: {rate:.3f} Hz (published {published}), CV {cv:.3f} (NEST {nest_cvs[i]})")
            expect(abs(rate - published) <= max(0.05 * published, 0.25),
                   f"{name}: rate {rate:.3f} Hz, published {published}")
            expect(abs(cv - nest_cvs[i]) <= 0.03, f"{name}: CV {cv:.3f}, NEST has {nest_cvs[i]}")
    finish()


if __name__ == "__main__":
    main()
