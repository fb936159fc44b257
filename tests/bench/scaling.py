"""What a run costs on any number of ranks, from single ranks of it that are run one after the other by bench_rank.

    scaling.py BUILD_FOLDER OUT.csv [--model-s 1] [--ranks 1,2,8,64,512,4096] [--sample 3] [--weak] [KEY=VALUE ...]

Strong scaling: the microcircuit is run once as a whole; then a sample of the ranks of each number plays its spikes, and
must spike as it did there. --weak: 11,250 neurons of 11,250 synapses a rank (Kunkel et al. 2014, Front. Neuroinform. 8:
78), with spikes drawn at 5 Hz. OUT.csv gets a line for each rank; OUT.png, where matplotlib is there, the cost of all
ranks together over their number: seconds of a core a second of model time, without exchange and waiting. The column
"foretold" is what `volley check` says of update, stimuli and delivery before anything is built."""
import argparse
import csv
import json
import os
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
EXPERIMENTS = os.path.join(HERE, "..", "..", "jobs", "experiments")
PARTS = ("update", "stimuli", "deliver")
WEAK = """
simulation: {{dt: 0.1 ms, duration: {ms} ms, seed: 1}}
populations: [{{name: N, model: iaf_psc_exp, size: {size}, mean_rate: 5}}]
projections:
  - {{source: N, target: N, rule: fixed_indegree, indegree: 11250, weight: 0.001, delay: 1.5 ms}}
"""


def sample(ranks, wanted):
    """Ranks spread over all of them."""
    wanted = min(ranks, wanted)
    return sorted({round((k + 0.5) * ranks / wanted - 0.5) for k in range(wanted)})


def foretell(arguments, experiment, ranks, settings):
    """Seconds a second of model time that a rank spends on update, stimuli and delivery, as check says."""
    words = [word for setting in settings for word in ("--set", setting)]
    done = subprocess.run([os.path.join(arguments.build, "volley"), "check", experiment, "--ranks", str(ranks),
                           "--threads", "1", "--json", *words], check=True, stdout=subprocess.PIPE, text=True)
    answer = json.loads(done.stdout)
    return sum(answer["seconds"][part] for part in PARTS) / (1e-3 * answer["network"]["model_ms"])


def rank_line(arguments, experiment, spikes, rank, ranks, settings, foretold):
    program = os.path.join(arguments.build, "tests", "bench_rank")
    done = subprocess.run([program, experiment, spikes, str(rank), str(ranks), "1", *settings], check=False,
                          stdout=subprocess.PIPE, text=True)
    names, figures = (line.split(",") for line in done.stdout.strip().split("\n")[-2:])
    line = dict(zip(names, figures))
    line["foretold"] = f"{foretold:.4f}"
    print(", ".join(f"{name} {value}" for name, value in line.items()), flush=True)
    if line["same_spikes"] == "no":
        raise SystemExit(f"rank {rank} of {ranks} spikes otherwise than in the whole run")
    return line


def strong(arguments, folder):
    experiment, spikes = os.path.join(EXPERIMENTS, "microcircuit.yaml"), os.path.join(folder, "whole.h5")
    settings = [f"simulation.duration={1000 * arguments.model_s} ms", "recorders.0.start=0 ms", *arguments.settings]
    words = [word for setting in settings for word in ("--set", setting)]
    subprocess.run([os.path.join(arguments.build, "volley"), "run", experiment, "-o", spikes, *words], check=True)
    for ranks in arguments.ranks:
        foretold = foretell(arguments, experiment, ranks, settings)
        for rank in sample(ranks, arguments.sample):
            yield rank_line(arguments, experiment, spikes, rank, ranks, settings, foretold)


def weak(arguments, folder):
    for ranks in arguments.ranks:
        experiment = os.path.join(folder, "weak.yaml")
        with open(experiment, "w", encoding="utf-8") as file:
            file.write(WEAK.format(ms=1000 * arguments.model_s, size=11250 * ranks))
        foretold = foretell(arguments, experiment, ranks, arguments.settings)
        for rank in sample(ranks, arguments.sample):
            yield rank_line(arguments, experiment, "5", rank, ranks, arguments.settings, foretold)


def draw(path, lines):
    try:
        import matplotlib
        matplotlib.use("Agg")
        from matplotlib import pyplot
    except ImportError:
        return
    numbers = sorted({int(line["ranks"]) for line in lines})
    figure, axes = pyplot.subplots(figsize=(5, 3.5), constrained_layout=True)
    for part in ("seconds", *PARTS):
        means = []
        for ranks in numbers:
            of_these = [float(line[part]) for line in lines if int(line["ranks"]) == ranks]
            means.append(ranks * sum(of_these) / len(of_these))
        axes.loglog(numbers, means, "o-", label="all" if part == "seconds" else part)
    axes.set_xlabel("ranks")
    axes.set_ylabel("core seconds a second of model time")
    axes.legend()
    figure.savefig(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("out")
    parser.add_argument("--model-s", type=float, default=1)
    parser.add_argument("--ranks", type=lambda text: [int(word) for word in text.split(",")],
                        default=[1, 2, 8, 64, 512, 4096])
    parser.add_argument("--sample", type=int, default=3)
    parser.add_argument("--weak", action="store_true")
    parser.add_argument("settings", nargs="*")
    arguments = parser.parse_intermixed_args()
    with tempfile.TemporaryDirectory() as folder:
        lines = list((weak if arguments.weak else strong)(arguments, folder))
    with open(arguments.out, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, lines[0])
        writer.writeheader()
        writer.writerows(lines)
    draw(os.path.splitext(arguments.out)[0] + ".png", lines)


if __name__ == "__main__":
    main()
