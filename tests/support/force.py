"""FORCE experiments that are run with several seeds and judged by the measures of `volley info`."""
import json
import os
import sys

import numpy

from program import EXPERIMENTS, execute, expect, read_spikes, run


def weight_setting(yaml_text, size):
    """The standard deviation of the recurrent weights for another number of neurons: G / (p sqrt(N))."""
    line = next(line for line in yaml_text.splitlines() if "weight: {distribution: normal" in line)
    value, unit = line.split("std: ")[1].rstrip("}").split(" ", 1)
    full = int(next(line for line in yaml_text.splitlines() if line.strip().startswith("size:")).split(":")[1])
    return f"{float(value) * (full / size) ** 0.5!r} {unit}"


def measures(output, readout="z"):
    """What `volley info` says of a readout."""
    result = execute(["info", output, "--json"], threads=None)
    if result.returncode != 0:
        sys.exit(result.stdout + result.stderr)
    return next(entry for entry in json.loads(result.stdout)["readouts"] if entry["readout"] == readout)


def learn(name, folder, seed, size=None, threads=1, settings=None):
    """Runs jobs/experiments/force/NAME.yaml, with `size` neurons; returns its output and its measures."""
    experiment = os.path.join(EXPERIMENTS, "force", name + ".yaml")
    settings = {"simulation.seed": seed, **(settings or {})}
    with open(experiment, encoding="utf-8") as file:
        text = file.read()
    if "eigenvalues" in text:
        settings["readouts.z.eigenvalues"] = 0
    if size:
        settings["projections.recurrent.weight.std"] = weight_setting(text, size)
        settings["populations.N.size"] = size
    output = os.path.join(folder, f"{name}.{size}.{seed}.h5")
    run(experiment, output, settings, threads=threads)
    return output, measures(output)


def rates(output, begin, end, stop):
    """Mean rates in Hz before, in and after learning (times in ms); the first second is left out."""
    times, _, neurons = read_spikes(output, "N")
    edges = [1000, begin, end, stop]
    return [1000 * numpy.count_nonzero((times > a) & (times <= b)) / neurons / (b - a)
            for a, b in zip(edges[:-1], edges[1:])]


def judge(what, found, references, bounds):
    """Errors may not exceed the reference's, {measure: one value a seed}, beyond chance: the means over the seeds differ
    by three times the spread between seeds at most, the larger one of the reference's and the pooled one. Other measures
    have bounds for their means, {measure: (least, most)}."""
    for measure, theirs in references.items():
        ours = [seed[measure] for seed in found]
        squares = sum(numpy.var(values) * len(values) for values in (ours, theirs))
        spread = max(numpy.std(theirs, ddof=1), (squares / (len(ours) + len(theirs) - 2)) ** 0.5)
        most = float(numpy.mean(theirs) + 3 * spread)
        _judge_mean(what, measure, ours, 0, most)
    for measure, (least, most) in bounds.items():
        _judge_mean(what, measure, [seed[measure] for seed in found], least, most)


def _judge_mean(what, measure, values, least, most):
    values = [numpy.nan if value is None else value for value in values]
    mean = float(numpy.mean(values))
    print(f"{what}, {measure}: {' '.join(f'{value:.4g}' for value in values)}, mean {mean:.4g}, "
          f"bounds {least:.4g} to {most:.4g}", flush=True)
    expect(least <= mean <= most, f"{what}: {measure} is {mean:.4g} in the mean, {least:.4g} to {most:.4g} is right")
