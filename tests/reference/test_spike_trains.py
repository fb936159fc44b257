"""Spike trains of generators against theory: rates, coefficients of variation, dead times and stationarity of gamma processes,
correlations of trains that are copied from one. The event engine gives the same processes."""
import os
import sys
import tempfile

import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import expect, finish, read_spikes, run  # noqa: E402

SECONDS, NEURONS, DT = 20, 60, 0.1
CASES = {  # name: rate in Hz, shape, dead time in ms
    "regular": (60, 4, 0), "irregular": (40, 0.5, 0), "exponential": (50, 1, 0), "dead": (80, 1, 5), "both": (70, 9, 3)}
NET = """
simulation: {{dt: {dt} ms, duration: {seconds} s, seed: 3{engine}}}
populations: [{{name: [{names}], model: {model}, size: {n}{parameters}}}]
stimuli:
{stimuli}
recorders: [{{type: spikes, population: [{names}]}}]
"""
GAMMA = "  - {{type: gamma, target: {}, rate: {}, gamma_shape: {}, dead_time: {}{}}}\n"
FIRES = ", parameters: {tau: 1000, refrac: 1.0e-3}"  # an intfire1 that each spike of weight 2 makes fire


def make(folder, name, names, stimuli, **more):
    path = os.path.join(folder, name + ".yaml")
    values = {"dt": DT, "seconds": SECONDS, "n": NEURONS, "engine": "", "model": "parrot", "parameters": "", **more}
    with open(path, "w", encoding="utf-8") as file:
        file.write(NET.format(names=", ".join(names), stimuli=stimuli, **values))
    run(path, path + ".h5")
    return path + ".h5"


def close(found, expected, deviation, what):
    """Within 4.5 standard deviations of what is estimated."""
    expect(abs(found - expected) < 4.5 * deviation, f"{what}: {found:.5g}, {expected:.5g} +- {deviation:.2g} expected")


def check_renewal(output, name, rate, shape, dead, rounding):
    times, ids, _ = read_spikes(output, name)
    trains = [numpy.sort(times[ids == i]) for i in range(NEURONS)]
    intervals = numpy.concatenate([numpy.diff(train) for train in trains])
    cv, n = (1 - rate * dead * 1e-3) / numpy.sqrt(shape), len(intervals)
    close(len(times) / SECONDS / NEURONS, rate, cv * numpy.sqrt(rate / SECONDS / NEURONS), f"{name}: rate in Hz")
    # the variance of a sample's deviation: by the kurtosis of gamma's, 3 + 6 / shape
    close(intervals.std() / intervals.mean(), cv, cv * numpy.sqrt((2 + 6 / shape) / 4 / n + cv**2 / n), f"{name}: CV")
    expect(intervals.min() >= dead - rounding, f"{name}: an interval of {intervals.min()} ms, dead time {dead} ms")
    first = numpy.array([train[0] for train in trains])
    mean = 1e3 / rate / 2 * (1 + cv**2)  # of what is left of an interval that is met at a random time
    close(first.mean(), mean, first.std() / numpy.sqrt(NEURONS), f"{name}: first spikes in ms")
    counts = numpy.histogram(times, bins=20, range=(0, 2e3 / rate))[0]
    usual = NEURONS * rate * 0.1 / rate
    expect(abs(counts[:5].sum() - 5 * usual) < 4.5 * numpy.sqrt(5 * usual), f"{name}: begins with {counts}")


def check_copies(folder):
    p = [0.1, 0.6]
    stimuli = "".join(f"  - {{type: mip, target: P{i}, rate: 100, p_copy: {p[i]}}}\n" for i in range(2))
    output = make(folder, "copies", ["P0", "P1", "shared"], stimuli + "  - {type: mip, target: shared, rate: 40 Hz}\n")
    for i in range(2):
        times, ids, _ = read_spikes(output, f"P{i}")
        rate = 100 * p[i]
        # all copies of one mother train: the sum varies as p n of the mother
        deviation = numpy.sqrt(rate / SECONDS / NEURONS * (1 + p[i] * (NEURONS - 1)))
        close(len(times) / SECONDS / NEURONS, rate, deviation, f"copies with p {p[i]}: rate in Hz")
        for width in (DT, 10):
            bins = int(SECONDS * 1e3 / width)
            counts = numpy.array([numpy.histogram(times[ids == k], bins, (DT / 2, SECONDS * 1e3 + DT / 2))[0]
                                  for k in range(NEURONS)])
            found = numpy.corrcoef(counts)[numpy.triu_indices(NEURONS, 1)].mean()
            events = SECONDS * 100 if width == DT else bins
            close(found, p[i], 2 / numpy.sqrt(events), f"copies with p {p[i]}, bins of {width} ms: correlation")
    times, ids, _ = read_spikes(output, "shared")
    trains = [times[ids == k] for k in range(NEURONS)]
    expect(all(numpy.array_equal(trains[0], train) for train in trains), "p_copy 1: trains differ")
    close(len(trains[0]) / SECONDS, 40, numpy.sqrt(40 / SECONDS), "shared train: rate in Hz")


def main():
    with tempfile.TemporaryDirectory() as folder:
        stimuli = "".join(GAMMA.format(name, *values, "") for name, values in CASES.items())
        output = make(folder, "gamma", CASES, stimuli)
        for name, values in CASES.items():
            check_renewal(output, name, *values, DT)
        stimuli = "".join(GAMMA.format(name, *values, ", weight: 2") for name, values in CASES.items())
        events = make(folder, "events", CASES, stimuli, engine=", engine: event", model="intfire1", parameters=FIRES)
        for name, values in CASES.items():
            if values[1] < 1:
                continue  # some spikes fall into the refractory time
            there, steps = read_spikes(events, name), read_spikes(output, name)
            same = [numpy.ceil(numpy.sort(there[0][there[1] == i]) / DT - 1e-9) for i in range(3)]
            late = [numpy.rint(numpy.sort(steps[0][steps[1] == i]) / DT) for i in range(3)]
            for i in range(3):
                n = min(len(same[i]), len(late[i]))
                expect(abs(len(same[i]) - len(late[i])) <= 2 and len(set((late[i][:n - 2] - same[i][:n - 2]).tolist())) <= 2,
                       f"{name}: other spikes of the event engine")
        check_copies(folder)
    finish()


if __name__ == "__main__":
    main()
