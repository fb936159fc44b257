"""volley sweep: every combination once, with the spikes that `volley run` has, in a table; what is there is kept; mistakes are told
before anything runs."""
import csv
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import VOLLEY, execute, expect, finish, run  # noqa: E402

NET = """simulation: {duration: 60 ms, seed: 1}
populations: [{name: A, model: iaf_psc_exp, size: 40, parameters: {I_e: 450 pA}}, {name: "B, b", model: iaf_psc_exp, size: 10}]
projections: [{source: A, target: "B, b", rule: fixed_indegree, indegree: 20, weight: 100 pA, delay: 1 ms}]
stimuli: [{type: poisson, target: A, rate: 900 Hz, weight: 90 pA, delay: 0.1 ms}]
recorders: [{type: spikes, population: A, name: s}]
"""
OVER = ["--over", "simulation.seed=1..2", "--over", "projections.0.weight=100:300:100 pA"]


def sweep(*words, ranks=1, code=0, texts=()):
    result = execute(["sweep", *words], ranks=ranks)
    text = result.stdout + result.stderr
    expect(result.returncode == code, f"sweep {words}: code {result.returncode}, {code} is right\n{text}")
    for said in texts:
        expect(said in text, f"sweep {words}: '{said}' is missing\n{text}")
    return result


def read_table(folder):
    with open(os.path.join(folder, "table.csv"), newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def main():
    with tempfile.TemporaryDirectory() as room:
        path, folder = os.path.join(room, "net.yaml"), os.path.join(room, "sweep")
        with open(path, "w", encoding="utf-8") as file:
            file.write(NET)
        # Mistakes, before anything is made.
        sweep(path, "--over", "simulation.seed=1,-1", "-o", folder, code=2, texts=["-1"])
        told = sweep(path + "x", "--over", "simulation.seed=1..4", "-o", folder, ranks=2, code=2, texts=["cannot be opened"])
        expect(told.stderr.count("cannot be opened") == 1, f"a mistake is told more than once: {told.stderr}")
        sweep(path, "--over", "simulation.seed=3:1:1", "-o", folder, code=2, texts=["never reached"])
        sweep(path, "--over", "simulation.seed=1", "--over", "simulation.seed=2", "-o", folder, code=2, texts=["twice"])
        sweep(path, "--over", "simulation.seed=1..2", code=2, texts=["--output"])
        sweep(path, *OVER, "-o", folder, "--ranks", "2", ranks=3, code=2, texts=["do not fill"])
        expect(not os.path.exists(os.path.join(folder, "1.h5")), "something ran in spite of a mistake")

        listed = sweep(path, *OVER, "--list").stdout.splitlines()
        expect(len(listed) == 6 and listed[1] == "simulation.seed=1 'projections.0.weight=200 pA'", f"--list: {listed}")

        sweep(path, *OVER, "-o", folder, ranks=3, texts=["6 of 6 runs done"])
        rows = read_table(folder)
        combinations = [(row["simulation.seed"], row["projections.0.weight"]) for row in rows]
        expect(combinations == [(str(s), f"{w} pA") for s in (1, 2) for w in (100, 200, 300)], f"the table has {combinations}")
        for row in rows[1::3]:
            plain = run(path, os.path.join(room, "plain.h5"), {"simulation.seed": int(row["simulation.seed"]),
                                                              "projections.0.weight": row["projections.0.weight"]})
            expect(plain["spike_digest"] == row["digest"] and plain["spikes"] == int(row["spikes"]), f"other spikes: {row}")
        info = json.loads(subprocess.run([VOLLEY, "info", os.path.join(folder, "6.h5"), "--json"], check=True,
                                         capture_output=True, text=True).stdout)
        for key, column in (("rate_hz", "rate_hz.A"), ("cv", "cv.A"), ("synchrony", "synchrony.A")):
            found = rows[5][column]
            expect(abs(float(found) - info["populations"][0][key]) < 1e-9, f"{column}: {found}, info: {info['populations'][0]}")
        expect("rate_hz.B, b" in rows[0], f"columns {list(rows[0])}")

        # A sweep that was broken off goes on.
        before = os.stat(os.path.join(folder, "1.h5")).st_mtime_ns
        os.remove(os.path.join(folder, "4.h5"))
        sweep(path, *OVER, "-o", folder, "--ranks", "2", ranks=2, texts=["1 of 6: simulation.seed=1", "there already", "4 of 6: "])
        expect(os.stat(os.path.join(folder, "1.h5")).st_mtime_ns == before, "an output that was there was made anew")
        expect(read_table(folder) == rows, "the table is another one after going on")
        # Runs that save have checkpoints of their own, and go on from them; lines for an array have all settings.
        saving = ["--set", "checkpoint.every='20 ms model'"]
        saved = os.path.join(room, "saved")
        sweep(path, "--over", "simulation.seed=1..4", "-o", saved, *saving, ranks=2, texts=["4 of 4 runs done"])
        expect(os.path.exists(os.path.join(saved, "3.checkpoint.h5")), "no checkpoint of its own")
        sweep(path, "--over", "simulation.seed=1..4", "-o", saved, *saving, texts=["4 of 4: simulation.seed=4: there already"])
        expect(read_table(saved)[0]["digest"] == rows[0]["digest"], "other spikes with checkpoints")
        sweep(path, "--over", "simulation.seed=1..4", "-o", saved, "--set", "checkpoint.file=one.h5", code=2, texts=["for all runs"])
        listed = sweep(path, "--over", "simulation.seed=1..2", *saving, "--list").stdout
        expect(all("checkpoint.every=" in line for line in listed.splitlines()), f"--list: {listed}")
        # Outputs of other settings, and a run that fails: a file cannot be made where a folder is.
        sweep(path, "--over", "simulation.seed=5..6", "-o", folder, code=2, texts=["of other settings"])
        expect(read_table(folder) == rows, "a refused sweep wrote over the table")
        os.makedirs(os.path.join(room, "new", "2.h5", "x"))
        sweep(path, "--over", "simulation.seed=1..3", "-o", os.path.join(room, "new"), code=2, texts=["2.h5"])
    finish()


main()
