"""Every experiment that comes with Volley is right, and runs for a moment; those that learn also begin to learn. All come
to what was recorded. Every third is checked, too; test_experiments_long.py checks all."""
import glob
import json
import os
import re
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import EXPERIMENTS, execute, expect, finish, set_words  # noqa: E402
from recorded_results import expect_recorded  # noqa: E402

SMALL = {"network.scale.neurons": 0.02, "network.scale.indegree": 0.02}


def settings(name, text):
    """Readouts of dt = 0.04 ms learn from 1 s on, when their neurons have settled."""
    small = SMALL if name == "microcircuit.yaml" else {}
    if "learning: {initial_p" not in text:
        at_once = {"recorders.0.start": 0} if re.search(r"type: spikes, .*start: \d+ ms", text) else {}
        duration = "50 ms" if name == "vogels_abbott_hh.yaml" else "110 ms"
        return {"simulation.duration": duration, **small, **at_once}
    start = 1000 if "dt: 0.04 ms" in text else 100
    learning = {f"readouts.{readout}.learning.{key}": f"{time} ms" for readout in re.findall(r"- name: (hdts|z)\n", text)
                for key, time in (("start", start), ("stop", start + 50))}
    spectra = {"readouts.z.eigenvalues": 0} if "eigenvalues: all" in text else {}
    return {"simulation.duration": f"{start + 60} ms", **learning, **spectra}


def main(every):
    files = sorted(glob.glob(os.path.join(EXPERIMENTS, "**", "*.yaml"), recursive=True))
    expect(len(files) > 40, f"only {len(files)} experiments")
    with tempfile.TemporaryDirectory() as folder:
        for number, file in enumerate(files):
            name = os.path.relpath(file, EXPERIMENTS)
            with open(file, encoding="utf-8") as stream:
                words = set_words(settings(name, stream.read()))
            output = os.path.join(folder, "moment.h5")
            run = ["run", file, "-o", output, "--overwrite", "--progress", "off", "--summary", output + ".json"] + words
            for command in ([["check", file]] if number % every == 0 else []) + [run]:
                result = execute(command)
                expect(result.returncode == 0, f"{command[0]} {name}: code {result.returncode}\n{result.stderr}")
            with open(output + ".json", encoding="utf-8") as stream:
                expect_recorded(name, json.load(stream)["spike_digest"], output)
    silent = ["check", os.path.join(EXPERIMENTS, "brunel_stdp.yaml"), "--set", "populations.0.mean_rate=1e-9"]
    expect(execute(silent).returncode == 0, "check: neurons that hardly ever spike")  # their sample must end, too
    finish()


if __name__ == "__main__":
    main(3)
