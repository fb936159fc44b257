"""Edges in a file that do not fit the experiment: check finds what run finds, one message and exit code 2, check
on 1 rank and run on 1 or 3 (test_three_ranks_long.py: on 3); and check tells the delays that the file has."""
import os
import sys
import tempfile

import h5py

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import execute, expect, finish, set_words  # noqa: E402

EXPERIMENT = """
populations: [{name: A, model: iaf_psc_exp, size: 10}]
projections: [{source: A, target: A, rule: edges, file: edges.h5}]
simulation: {duration: 1 ms}
"""
GOOD = {"source": [0, 1, 2], "target": [3, 4, 9], "weight": [1.0, -2.0, 3.0], "delay": [0.3, 1.0, 7.5]}
CASES = [
    ({"target": [3, 4, 10]}, "edge 2 of edges.h5 goes from 2 to 10, but A has 10 neurons"),
    ({"delay": [0.3, 0.01, 7.5]}, "edge 1 of edges.h5 has a delay of 0.01 ms"),
    ({"weight": [1e39, 1.0, 1.0]}, "edge 0 of edges.h5 has the weight 1e+39"),
    ({"weight": None}, "edges.h5 has no dataset 'weight'"),
    ({"delay": None}, "edges.h5 has no dataset 'delay'"),
]


def write_edges(folder, changes):
    with h5py.File(os.path.join(folder, "edges.h5"), "w") as file:
        for name, values in {**GOOD, **changes}.items():
            if values is not None:
                file[name] = values


def main(every):
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "net.yaml"), "w", encoding="utf-8") as file:
            file.write(EXPERIMENT)
        write_edges(folder, {})
        told = execute(["check", "net.yaml"], cwd=folder).stdout
        expect("about 0.3 to 7.5 ms" in told, f"check tells other delays:\n{told}")
        twice = execute(["check", "net.yaml"] + set_words({"projections.0.types": "[5, 2, 5]"}), cwd=folder)
        expect(twice.returncode == 2 and "types: 5 stands twice" in twice.stderr, f"a type twice:\n{twice.stderr}")
        for number, (changes, text) in enumerate(CASES):
            write_edges(folder, changes)
            for command, ranks in (("check", 1), ("run", 1 if number % every else 3)):
                result = execute([command, "net.yaml"], ranks, cwd=folder)
                messages = [line for line in result.stderr.splitlines() if line.startswith("volley: ")]
                is_right = result.returncode == 2 and len(messages) == 1 and text in messages[0]
                expect(is_right, f"{command}, {ranks} ranks, {changes}: code {result.returncode}\n{result.stderr}")


if __name__ == "__main__":
    main(3)
    finish()
