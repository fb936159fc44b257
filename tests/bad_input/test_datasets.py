"""Values of neurons in a file that are out of range: check finds what run finds, one message and exit code 2;
values in range run. The same of numbers of single neurons in other files and lists, of neurons and stimuli. Every third run is
one of 3 ranks; of test_three_ranks_long.py all are."""
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


OTHER = """
populations: [{{name: A, model: iaf_psc_exp, size: 4, parameters: {{C_m: {of_neurons}}}}}]
simulation: {{duration: 1 ms}}
stimuli: [{{type: poisson, target: A, neurons: [0, 2-3], rate: {of_stimulus}, weight: {weight}}}]
"""
USUAL = {"of_neurons": 250, "of_stimulus": 100, "weight": 1}
OTHERS = [
    ({"of_neurons": "{file: four.npy}"}, None),
    ({"of_neurons": "{file: few.csv, column: 1}"}, None),
    ({"of_neurons": "{file: few.csv, column: c}"}, None),
    ({"of_stimulus": "{values: [1, 2, 3]}", "weight": "{values: [-1, -2, 0]}"}, None),
    ({"of_neurons": "{file: three.npy}"}, "'three.npy' holds 3 values for 4 neurons"),
    ({"of_neurons": "{file: text.npy}"}, "'text.npy' holds numbers of type '<U1'; floating or whole numbers of 8 bytes"),
    ({"of_neurons": "{file: short.npy}"}, "'short.npy' announces 32 bytes of numbers, but holds 20 of them"),
    ({"of_neurons": "{file: four.npy, column: 1}"}, "'four.npy' is a NumPy array, which has no columns with names"),
    ({"of_neurons": "{file: some.npz, dataset: C}"}, None),
    ({"of_neurons": "{file: some.npz, dataset: D}"}, "'some.npz' has no array 'D'; `dataset` says which array is meant: B, C"),
    ({"of_neurons": "{file: some.npz}"}, "'some.npz' has several arrays; `dataset` says which array is meant: B, C"),
    ({"of_neurons": "{file: packed.npz}"}, "'packed.npz' is compressed: save it by numpy.savez()"),
    ({"of_neurons": "{file: four.npy, dataset: C}"}, "'four.npy' is a NumPy array, which has no datasets"),
    ({"of_neurons": "{file: named.csv, column: C m (pF)}"}, None),
    ({"of_neurons": "{file: named.csv, column: right}"}, "value -7 of C_m for neuron 0 lies outside"),
    ({"of_neurons": "{file: few.csv}"}, "'few.csv' must have one dimension, or `column` must say which of its columns"),
    ({"of_neurons": "{file: few.csv, column: e}"}, "'few.csv' has no column 'e'; its line of names is 'i, c, d'"),
    ({"of_neurons": "{file: few.csv, column: 3}"}, "'few.csv' has no column '3'"),
    ({"of_neurons": "{file: few.csv, column: d}"}, "column 'd' of 'few.csv': value -1 of C_m for neuron 2 lies outside"),
    ({"of_neurons": "{file: few.csv, dataset: c, column: c}"}, "'dataset' is of HDF5 files, 'column' of texts"),
    ({"of_neurons": "{file: values.h5}"}, "'values.h5' is an HDF5 file; `dataset` must say where its values are"),
    ({"of_neurons": "{values: [250, 250]}"}, "2 values are given, for 4 neurons"),
    ({"of_stimulus": "{values: [250, 250]}"}, "rate: 2 values for 3 neurons"),
    ({"of_stimulus": "{file: four.npy}"}, "'four.npy' holds 4 values for 3 neurons"),
    ({"of_stimulus": "{values: [250, -1, 0]}"}, "values: value -1 of rate for neuron 1 lies outside 0 to inf"),
    ({"of_stimulus": "{values: [250, 1, 2e7]}"}, "rate times sources must not exceed 10 MHz"),
    ({"of_stimulus": "{distribution: normal, mean: 9.9 MHz, std: 1 MHz, min: 0}"}, "add a 'max' to the rate"),
    ({"of_stimulus": "{distribution: normal, mean: 10, std: 9}"}, "this distribution can give any negative number of Hz"),
    ({"weight": "{distribution: normal, mean: 10, std: 9}"}, "these weights have both signs"),
    ({"weight": "{values: [1, 0, -1]}"}, "weight: values of both signs"),
]


def write_others(folder):
    numpy.save(os.path.join(folder, "four.npy"), numpy.full(4, 250.0))
    numpy.savez(os.path.join(folder, "some.npz"), B=numpy.zeros((2, 3)), C=numpy.full(4, 250.0))
    numpy.savez_compressed(os.path.join(folder, "packed.npz"), C=numpy.full(4, 250.0))
    numpy.save(os.path.join(folder, "three.npy"), numpy.full(3, 250.0))
    numpy.save(os.path.join(folder, "text.npy"), numpy.array(["a", "b"]))
    with open(os.path.join(folder, "four.npy"), "rb") as file, open(os.path.join(folder, "short.npy"), "wb") as copy:
        copy.write(file.read()[:-12])
    with open(os.path.join(folder, "named.csv"), "w", encoding="utf-8") as file:  # blanks, and a name that is empty
        file.write('"",C m (pF),"right"\n' + "".join(f"{i},{200 + i},{-7 - i}\n" for i in range(4)))
    with open(os.path.join(folder, "few.csv"), "w", encoding="utf-8") as file:
        file.write("i, c, d\n0, 250, 1\n1, 251, 1\n2, 252, -1\n3, 253, 9\n")


def check_others(folder):
    write_others(folder)
    for values, text in OTHERS:
        with open(os.path.join(folder, "net.yaml"), "w", encoding="utf-8") as file:
            file.write(OTHER.format(**{**USUAL, **values}))
        result = execute(["check", "net.yaml"], 1, cwd=folder)
        messages = [line for line in result.stderr.splitlines() if line.startswith("volley: ")]
        is_right = result.returncode == 0 if text is None else (
            result.returncode == 2 and len(messages) == 1 and text in messages[0])
        expect(is_right, f"{values}: code {result.returncode}\n{result.stderr}")


def main(every):
    with tempfile.TemporaryDirectory() as folder:
        for number, (section, name, usual, odd, text) in enumerate(CASES):
            values = numpy.full(10, float(usual))
            values[7] = odd
            with h5py.File(os.path.join(folder, "values.h5"), "w") as file:
                file["values"] = values
            with open(os.path.join(folder, "net.yaml"), "w", encoding="utf-8") as file:
                file.write(EXPERIMENT.format(section=section, name=name))
            for command, ranks in ((["check", "net.yaml"], 1), (["run", "net.yaml", "--overwrite"], 1 if number % every else 3)):
                result = execute(command, ranks, cwd=folder)
                messages = [line for line in result.stderr.splitlines() if line.startswith("volley: ")]
                is_right = result.returncode == 0 if text is None else (
                    result.returncode == 2 and len(messages) == 1 and text in messages[0])
                expect(is_right, f"{command[0]}, {ranks} ranks, {section}.{name} {odd}: code {result.returncode}\n"
                       f"{result.stderr}")
        check_others(folder)


if __name__ == "__main__":
    main(3)
    finish()
