#!/usr/bin/env python3
"""How well an output replays its supervisor at each speed after learning: the curve of compressed_replay.yaml.

    python3 replay.py compressed.h5 [more.h5 ...] [curve.png]

A line for each speed: the correlation of output and supervisor over all channels, as they are and with the output taken up to
200 ms earlier, where it is largest, and the relative error there. Filters and neurons take time, whatever the speed. The first
200 ms at a speed are left out, and a halt (speed 0). Needs h5py, NumPy, PyYAML; Matplotlib for the curve."""
import sys

import h5py
import numpy
import yaml

SETTLE, LONGEST = 0.2, 0.2  # s


def time_of(text):
    """s of a time as experiments have it: 3 s, 20 ms or, in ms, 20."""
    number, _, unit = str(text).partition(" ")
    return float(number) * {"s": 1, "ms": 1e-3, "": 1e-3}[unit]


def rows_of(file, state):
    for group in file["readout"].values():
        if group.attrs["state"] == state:
            return group
    sys.exit(f"no {state.decode()} is recorded")


def judge(output, supervisor, interval):
    """Correlation at once; the best one, its delay in ms and the error there."""
    best = (-2,)
    first = round(LONGEST / interval)
    for delay in range(first + 1):
        z, x = output[first:], supervisor[first - delay:len(supervisor) - delay]
        correlation = numpy.corrcoef(z.ravel(), x.ravel())[0, 1]
        at_once = correlation if delay == 0 else at_once
        if correlation > best[0]:
            best = correlation, 1e3 * interval * delay, numpy.sqrt(((z - x) ** 2).sum() / (x**2).sum())
    return at_once, *best


def curve(path):
    """[(speed, at once, best, delay, error)] by speed."""
    with h5py.File(path) as file:
        experiment = yaml.safe_load(file["volley/experiment"][()])
        output, supervisor = rows_of(file, b"output"), rows_of(file, b"supervisor")
        interval = 1e-3 * output.attrs["interval_ms"]
        z, x = output["data"][:], supervisor["data"][:]
        begin, stop = 1e-3 * output.attrs["start_ms"], 1e-3 * output.attrs["learning_stop_ms"]
    signal = experiment["readouts"][0]["supervisor"]
    times = [-1.0] + [time_of(time) for time in signal.get("speed_times", [])]
    speeds = [1.0] + [float(speed) for speed in signal.get("speeds", [])]
    found = []
    for at, until, speed in zip(times, times[1:] + [begin + interval * len(z)], speeds):
        first = round((max(at + SETTLE, stop + SETTLE) - LONGEST - begin) / interval)
        end = round((until - begin) / interval)
        if speed != 0 and (end - first) * interval >= 0.5 + LONGEST:
            found.append((speed, *judge(z[max(first, 0):end], x[max(first, 0):end], interval)))
    return sorted(found)


def draw(path, curves):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(1, 2, figsize=(9, 3.4), sharey=True)
    for panel, sign, title in zip(panels, (1, -1), ("forwards", "backwards")):
        for number, (name, points) in enumerate(curves.items()):
            points = sorted((abs(p[0]), p[1], p[2]) for p in points if p[0] * sign > 0)
            if points:
                speed, at_once, best = zip(*points)
                panel.plot(speed, best, "o-", color=f"C{number}", label=name.replace("_", " "))
                panel.plot(speed, at_once, ":", color=f"C{number}")
        panel.axvspan(5.4, 8.1, color="0.9")
        panel.set(xscale="log", xlabel="times as fast", title=title, ylim=(0, 1))
        panel.set_xticks([1, 2, 4, 8, 16], ["1", "2", "4", "8", "16"])
        panel.minorticks_off()
    panels[0].set_ylabel("correlation\n(dotted: without a shift)")
    panels[0].legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path, dpi=240)


def main():
    curves = {}
    for path in sys.argv[1:]:
        if path.endswith(".png"):
            draw(path, curves)
            continue
        name = path.rsplit("/", 1)[-1].removesuffix(".h5")
        curves[name] = curve(path)
        print(f"{name}\n speed  at once  best  after  error")
        for speed, at_once, best, delay, error in curves[name]:
            print(f"{speed:6g} {at_once:8.3f} {best:5.3f} {delay:3.0f} ms {error:6.3f}")


if __name__ == "__main__":
    main()
