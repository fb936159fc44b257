"""Values of neurons in a file that are out of range: check finds what run finds, one message and exit code 2;
values in range run. check on 1 rank, run on 3."""
import os
import sys
import tempfile

import h5py
import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import execute, expect, finish  # noqa: E402

EXPERIMENT = """
populations: [{{name: A, model: iaf_psc_exp, size: 10, {section}: {{{name}: {{file: values.h5, dataset: /values}}}}}}]
simulation: {{duration: 1 ms}}
"""
CASES = [
    ("parameters", "tau_m", 10, 5, None),
    ("parameters", "tau_m", 10, -5, "value -5 of tau_m for neuron 7 lies outside"),
    ("parameters", "tau_m", 10, 0, "value 0 of tau_m for neuron 7 lies outside"),
    ("parameters", "t_ref", 2, 0, None),
    ("parameters", "t_ref", 2, -1, "value -1 of t_ref for neuron 7 lies outside 0 to 1e+09"),
    ("parameters", "C_m", 250, numpy.nan, "holds nan at position 7"),
    ("initial", "V_m", -65, -80, None),
    ("initial", "V_m", -65, numpy.inf, "holds inf at position 7"),
]


def main():
    with tempfile.TemporaryDirectory() as folder:
        for section, name, usual, odd, text in CASES:
            values = numpy.full(10, float(usual))
            values[7] = odd
            with h5py.File(os.path.join(folder, "values.h5"), "w") as file:
                file["values"] = values
            with open(os.path.join(folder, "net.yaml"), "w", encoding="utf-8") as file:
                file.write(EXPERIMENT.format(section=section, name=name))
            for command, ranks in ((["check", "net.yaml"], 1), (["run", "net.yaml", "--overwrite"], 3)):
                result = execute(command, ranks, cwd=folder)
                messages = [line for line in result.stderr.splitlines() if line.startswith("volley: ")]
                is_right = result.returncode == 0 if text is None else (
                    result.returncode == 2 and len(messages) == 1 and text in messages[0])
                expect(is_right, f"{command[0]}, {ranks} ranks, {section}.{name} {odd}: code {result.returncode}\n"
                       f"{result.stderr}")
    finish()


if __name__ == "__main__":
    main()
