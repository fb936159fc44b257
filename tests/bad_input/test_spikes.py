"""Files of given spikes that do not fit: check finds what run finds, one message and exit code 2, at 1 and 3 ranks."""
import os
import sys
import tempfile

import h5py

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import execute, expect, finish  # noqa: E402

EXPERIMENT = """
populations: [{name: A, model: spike_source, size: 10, spikes: {SPIKES}}]
simulation: {duration: 100 ms}
"""
GOOD = {"timestamps": [1.0, 2.0, 3.0], "node_ids": [0, 9, 4]}
H5, TEXT = "file: s.h5", "file: s.csv"
CASES = [  # what `spikes` says, datasets of /spikes/a or a text, message
    (H5, {"node_ids": [0, 10, 4]}, "a spike at 2 ms of neuron 10, but the neurons of A are 0-9"),
    (H5 + ", first_id: 1", {}, "a spike at 1 ms of neuron 0, but the neurons of A are 1-10"),
    (H5, {"node_ids": [0, -1, 4]}, "dataset 'node_ids' of 's.h5' holds -1 at position 1"),
    (H5, {"node_ids": [0.0, 1.0, 4.0]}, "dataset 'node_ids' of 's.h5' must hold integers"),
    (H5, {"node_ids": None}, "dataset 'node_ids' of 's.h5' does not exist"),
    (H5, {"node_ids": [1, 2]}, "dataset 'timestamps' of 's.h5' holds 3 values but 'node_ids' 2"),
    (H5, {"timestamps": [1.0, float("nan"), 2.03]}, "dataset 'timestamps' of 's.h5' holds nan at position 1"),
    (H5, {"timestamps": [1.0, 2.0, 2.03]}, "dt = 0.1 ms: 2.03 ms, of neuron 4; 'off_grid: nearest' or 'up' moves"),
    (H5, {"timestamps": [1.0, 1e-320, 2.0]}, "9.999888672e-321 ms, of neuron 9"),
    (H5 + ", population: b", {}, "'s.h5' has no spikes of a population 'b'; there are a"),
    (H5 + ", group: /b", {}, "group '/b' does not exist in 's.h5'"),
    ("file: none.h5", {}, "the file 'none.h5' cannot be opened"),
    (TEXT, "1.5,3\n2,x\n", "'s.csv', line 2: 'x' is no neuron"),
    (TEXT, "1.5,3\n\n2,-1\n", "'s.csv', line 3: '-1' is no neuron"),
    (TEXT, "1.5,3\n2\n", "'s.csv', line 2: the neuron is missing"),
    (TEXT, "# spikes\ntime,weight\n1,2\n", "'s.csv', line 2: no column is called node_ids (or ids, id, gids, gid)"),
    (TEXT, "id,when\n1,2\n", "'s.csv', line 1: no column is called timestamps (or times, time, time_ms)"),
    (TEXT, "1.5,3\nnan,3\n", "'s.csv', line 2: the time nan is not finite"),
    (TEXT, "1.5,3\n2.01,3\n", "dt = 0.1 ms: 2.01 ms, of neuron 3"),
    (TEXT, "1.5,11\n", "a spike at 1.5 ms of neuron 11, but the neurons of A are 0-9"),
    (TEXT, "id time population\n1 2 a\n1 3 b\n", "'s.csv', line 3: spikes of another population, 'b'"),
    (TEXT + ", population: c", "id time population\n1 2 a\n", "'s.csv' has no spikes of a population 'c'"),
    ("times: [[1], [2]]", {}, "2 lists of times for 10 neurons; one for each is expected"),
    ("times: [1, 2], ids: [3]", {}, "1 id for 2 times; one for each is expected"),
    ("times: [1, 2], ids: [3, 10]", {}, "a spike at 2 ms of neuron 10"),
    ("times: [1, 2], ids: [0.5, 1]", {}, "an id of a neuron is expected, a whole number"),
    ("times: [1, 2.01]", {}, "dt = 0.1 ms: 2.01 ms, of neuron 0"),
    ("times: [1, .inf]", {}, "is not finite"),
    ("times: [1], group: /x", {}, "'group' says something of a file, which is not given"),
    (H5 + ", ids: [1]", {}, "'ids' goes with 'times', which are not given"),
    (H5 + ", times: [1]", {}, "'file' and 'times' are both given; keep one of them"),
    ("off_grid: up", {}, "'file' or 'times' is missing: where the spikes are"),
    (H5 + ", off_grid: down", {}, "unknown off_grid 'down'"),
    ("file: [s.h5, s.h5, s.h5], group: [a, b]", {}, "2 groups for 3 files; one for all or one for each is expected"),
]


def write_files(folder, given):
    with h5py.File(os.path.join(folder, "s.h5"), "w") as file:
        for name, values in {**GOOD, **(given if isinstance(given, dict) else {})}.items():
            if values is not None:
                file["spikes/a/" + name] = values
    with open(os.path.join(folder, "s.csv"), "w", encoding="utf-8") as file:
        file.write(given if isinstance(given, str) else "1,2\n")


def check(folder, spikes, given, text, command, ranks):
    with open(os.path.join(folder, "net.yaml"), "w", encoding="utf-8") as file:
        file.write(EXPERIMENT.replace("SPIKES", spikes))
    write_files(folder, given)
    result = execute([command, "net.yaml"], ranks, cwd=folder)
    messages = [line for line in result.stderr.splitlines() if line.startswith("volley: ") and "note" not in line]
    is_right = result.returncode == 2 and len(messages) == 1 and text in messages[0]
    expect(is_right, f"{command}, {ranks} ranks, {spikes}, {given!r}: code {result.returncode}\n{result.stderr}")


def main(every):
    with tempfile.TemporaryDirectory() as folder:
        for number, (spikes, given, text) in enumerate(CASES):
            check(folder, spikes, given, text, ("check", "run")[number % 2], 1)
            if number % every == 0:
                check(folder, spikes, given, text, ("run", "check")[number // every % 2], 3)


if __name__ == "__main__":
    main(4)
    finish()
