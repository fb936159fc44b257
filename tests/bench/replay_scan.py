"""What decides how well a film is replayed faster and backwards: jobs/experiments/force/compressed_replay.yaml, its clock at one speed
while it learns, with other recurrent weights, clocks, feedback, adaptation and filters.

    VOLLEY=build/release/volley python3 tests/bench/replay_scan.py FOLDER [NAME=VALUE ...] [SCAN ...]

SCAN: strength (of recurrent weights and clock), feedback, adaptation, filter, pulses, quick (as strength, with neurons that adapt for
20 ms), many (as strength, with a clock at 1, 2, 4 and 8 times its speed in either direction while it learns), both; by default the first.
N, learn (s) and seed have other values by NAME=VALUE. A run takes some ten seconds (N = 500); those that are there are not made again. For
each speed: the correlation of output and supervisor at the delay where it is largest (replay.py). FOLDER/SCAN.png has the curves."""
import csv
import itertools
import os
import random
import subprocess
import sys

FORCE = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "jobs", "experiments", "force"))
sys.path.insert(0, FORCE)
from replay import curve  # noqa: E402

VOLLEY = os.path.abspath(os.environ.get("VOLLEY", "build/release/volley"))
SPEEDS = [1, 2, 4, 5.4, 8.1, -1, -2, -5.4]
CLOCK = "stimuli.clock.signal.scale=0.25,0.5,1,2,4"  # of 4000 pA
FEWER = "stimuli.clock.signal.scale=0.5,1,2,4"
QUICK = "populations.N.parameters.a=0.05 1/ms"


def weights_of(used, gains):
    """The recurrent weights of these G in pA ms."""
    return "projections.recurrent.weight.std=" + ",".join(f"{gain / (0.1 * used['N'] ** 0.5):.9g} pA ms" for gain in gains)


def shown(used, key, value):
    """A key's name and value as they stand in tables and curves."""
    if key.startswith("projections"):
        return "G (pA ms)", f"{float(value.split()[0]) * 0.1 * used['N'] ** 0.5:.0f}"
    if key.endswith("scale"):
        return "clock (pA)", f"{4000 * float(value):g}"
    unit = value.partition(" ")[2]
    return key.rsplit(".", 1)[1] + f" ({unit})" * bool(unit), value.partition(" ")[0]


def scans_of(used):
    """--over of each scan."""
    few = weights_of(used, (1, 5000, 10000))
    return {"strength": [weights_of(used, (1, 2500, 5000, 10000)), CLOCK],
            "feedback": ["readouts.z.feedback.gain=0 pA,100 pA,400 pA,1600 pA"],
            "adaptation": ["populations.N.parameters.d=0 pA,100 pA", "populations.N.parameters.a=0.002 1/ms,0.01 1/ms,0.05 1/ms"],
            "filter": ["readouts.z.filter.decay=5 ms,20 ms,80 ms"],
            "pulses": ["populations.N.parameters.a=0.002 1/ms,0.05 1/ms", "stimuli.clock.signal.pulses=16,32,64,128,256"],
            "quick": [QUICK, few, FEWER],
            "many": [few, FEWER],
            "both": [QUICK, few, FEWER]}


def times_of(used, many):
    """Times and speeds of the clock: one speed or many until learning ends, then each of SPEEDS for a film's length or 2.6 s."""
    times, speeds, at = [], [], 1 + used["learn"]
    if many:
        draw = random.Random(1)
        time = 1.0
        while time < at:
            for speed in draw.sample([1, 2, 4, 8, -1, -2, -4, -8], 8):
                if time < at:
                    times, speeds = times + [time], speeds + [speed]
                time += 4.4 / abs(speed)  # as much of the film at each speed
    for speed in SPEEDS:
        times, speeds = times + [at], speeds + [speed]
        at += max(2.6, 0.2 + 8 / abs(speed))
    return "[" + ", ".join(f"{round(time, 3)} s" for time in times) + "]", str(speeds), round(at, 3)


def settings_of(used, scan):
    times, speeds, end = times_of(used, scan in ("many", "both"))
    weight = weights_of(used, (5000,))
    sets = [f"populations.N.size={used['N']}", f"simulation.seed={used['seed']}", f"simulation.duration={end} s", weight,
            f"readouts.z.learning.stop={1 + used['learn']} s",
            "recorders=[{type: readout, readout: z, values: [output, supervisor], interval: 4 ms}]"]
    for signal in ("stimuli.clock.signal", "readouts.z.supervisor"):
        sets += [f"{signal}.speed_times={times}", f"{signal}.speeds={speeds}"]
    return sets


def read(used, folder):
    """Names of the keys, and [(values, {speed: correlation})] of the runs that are there."""
    with open(os.path.join(folder, "table.csv"), newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    keys, found = list(rows[0])[1:list(rows[0]).index("code")], []
    for row in rows:
        path = os.path.join(folder, row["run"] + ".h5")
        if os.path.exists(path):
            found.append(([shown(used, key, row[key])[1] for key in keys], {speed: best for speed, _, best, _, _ in curve(path)}))
    return [shown(used, key, rows[0][key])[0] for key in keys], found


def draw(path, keys, found):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    ticks = list(dict.fromkeys(values[-1] for values, _ in found))
    figure, panels = plt.subplots(2, len(SPEEDS) // 2, figsize=(9, 4.6), sharex=True, sharey=True)
    for panel, speed in zip(panels.flat, SPEEDS):
        for before, points in itertools.groupby(found, lambda run: run[0][:-1]):
            x, y = zip(*((ticks.index(values[-1]), of[speed]) for values, of in points))
            panel.plot(x, y, "o-", markersize=3, label=before[-1] if before else "")
        panel.set(title=f"{abs(speed):g} times" + ", backwards" * (speed < 0), ylim=(0.4, 1))
        panel.set_xticks(range(len(ticks)), ticks, fontsize=8)
        panel.axhline(0.9, color="0.8", zorder=0)
    for panel in panels[:, 0]:
        panel.set_ylabel("correlation")
    for panel in panels[-1]:
        panel.set_xlabel(keys[-1])
    if len(keys) > 1:
        panels[0, 0].legend(title=keys[-2], frameon=False, fontsize=8, title_fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=240)


def make(folder, scan, used):
    out = os.path.join(folder, scan)
    words = [VOLLEY, "sweep", os.path.join(FORCE, "compressed_replay.yaml"), "--threads", "1", "-o", out]
    over = scans_of(used)[scan]
    keys = {word.split("=")[0] for word in over}
    words += [word for text in over for word in ("--over", text)]
    words += [word for text in settings_of(used, scan) if text.split("=")[0] not in keys for word in ("--set", text)]
    done = subprocess.run(words, stdout=subprocess.DEVNULL, check=False)
    keys, found = read(used, out)
    print("\n| " + " | ".join(keys + [f"{speed:g}" for speed in SPEEDS]) + " |")
    print("|---" * (len(keys) + len(SPEEDS)) + "|")
    for values, of in found:
        print("| " + " | ".join(values + [f"{of[speed]:.3f}" for speed in SPEEDS]) + " |", flush=True)
    draw(os.path.join(folder, scan + ".png"), keys, found)
    return done.returncode


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    used = {"N": 1000, "learn": 40, "seed": 1}
    used.update((key, int(value)) for key, value in (word.split("=") for word in sys.argv[2:] if "=" in word))
    scans = [word for word in sys.argv[2:] if "=" not in word] or ["strength"]
    os.makedirs(sys.argv[1], exist_ok=True)
    sys.exit(max(make(sys.argv[1], scan, used) for scan in scans))


if __name__ == "__main__":
    main()
