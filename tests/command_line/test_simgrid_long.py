"""The exchange of spikes under SimGrid (jobs/scaling/simgrid): every kind on both topologies brings every spike, takes longer where
ranks and work are more, and as many calls as it would by itself; and predictions by it."""
import csv
import io
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import SOURCE, VOLLEY, expect, finish  # noqa: E402

SCALING = os.path.join(SOURCE, "jobs", "scaling")
sys.path.insert(0, SCALING)
from loading import load  # noqa: E402


def run(program, *words, **environment):
    return subprocess.run([os.path.join(SCALING, program), *words], capture_output=True, text=True, check=False,
                          env={**os.environ, "VOLLEY": VOLLEY, **environment})


def check_kinds(simgrid, folder):
    for topology in simgrid.TOPOLOGIES:
        def simulate(ranks, kind, topology=topology, **values):
            return simgrid.simulate(folder, topology, ranks, kind, 60, {"spikes": 0.4, "far_lag": 20, "group": 4, **values})

        few, many = (simulate(ranks, "allgather") for ranks in (8, 64))
        expect(few["step_s"] < many["step_s"] < 1e-3, f"{topology}: {few} on 8 ranks, {many} on 64")
        expect(60 <= many["calls"] <= 66, f"{topology}: {many['calls']} calls in 60 steps")  # a block may be too small
        groups = simulate(64, "two_level")
        expect(groups["known"] == many["known"] > 20, f"{topology}: {groups['known']} spikes a step in groups, {many['known']} without")
        expect(groups["calls"] * 10 <= many["calls"] and groups["group_calls"] >= 60, f"{topology}: in groups {groups}")
        near = simulate(64, "neighbour", told=2, lag=5, batch=5)
        expect(near["messages"] == 12 * 8 + near["calls"] * 6 and near["known"] < 3, f"{topology}: neighbours: {near}")
        uneven = simulate(64, "allgather", work=1e-3, sd=1e-4)
        waits = uneven["step_s"] - 1e-3 - many["step_s"]
        expect(1.8e-4 < waits < 3e-4, f"{topology}: the slowest of 64 is waited for {waits} s, not for 2.4 standard deviations")


def check_predictions(folder):
    done = run("predict", "microcircuit:0.05", "--strong", "--ranks", "8", "--simgrid", "fat_tree", "--steps", "6")
    expect(done.returncode == 0, done.stderr)
    (line,) = csv.DictReader(io.StringIO(done.stdout))
    expect(0.01 < float(line["exchange"]) < 1 and float(line["waiting"]) > 0, f"predicted: {line}")
    os.symlink(sys.executable, os.path.join(folder, "python3"))
    done = run("predict", "microcircuit:0.05", "--simgrid", "fat_tree", PATH=folder)
    expect(done.returncode == 1 and "SimGrid is missing" in done.stderr, f"without SimGrid: code {done.returncode}, {done.stderr}")


def main():
    simgrid = load("simgrid")
    if simgrid.missing():
        print(simgrid.missing())
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        check_kinds(simgrid, folder)
        check_predictions(folder)
    finish()


if __name__ == "__main__":
    main()
