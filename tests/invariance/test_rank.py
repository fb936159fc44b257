"""Each rank of a network built and run by itself (bench_rank, by tests/bench/scaling.py) spikes as in the run of the whole."""
import csv
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import expect, finish  # noqa: E402

SMALL = ["network.scale.neurons=0.02", "network.scale.indegree=0.02"]


def main():
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out.csv")
        script = os.path.join(HERE, "..", "bench", "scaling.py")
        done = subprocess.run([sys.executable, script, os.environ["VOLLEY_BUILD"], out, "--model-s", "0.2", "--ranks",
                               "1,2,3", *SMALL], check=False)
        expect(done.returncode == 0, "scaling.py fails")
        with open(out, encoding="utf-8") as file:
            lines = list(csv.DictReader(file))
    expect([line["rank"] for line in lines] == ["0", "0", "1", "0", "1", "2"], f"other ranks in {lines}")
    for line in lines:
        expect(line["same_spikes"] == "yes", f"rank {line['rank']} of {line['ranks']} has other spikes")
    for name, least in (("own_spikes", 100), ("neurons", 1000), ("synapses", 10000)):
        sums = [sum(int(line[name]) for line in lines if line["ranks"] == ranks) for ranks in ("1", "2", "3")]
        expect(sums[0] > least and sums == 3 * sums[:1], f"{name} of all ranks of 1, 2 and 3: {sums}")
    finish()


if __name__ == "__main__":
    main()
