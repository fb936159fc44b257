"""For tests of the whole program: runs volley, reads what it wrote, and reports what is wrong."""
import json
import os
import subprocess
import sys

import h5py
import numpy
import ready

VOLLEY = os.environ["VOLLEY"]
MPIRUN = os.environ.get("VOLLEY_MPIRUN", "mpirun")
SOURCE = os.environ["VOLLEY_SOURCE"]
EXPERIMENTS = os.path.join(SOURCE, "jobs", "experiments")
TIMEOUT = 1800

_failures = []


def command(words, ranks=1, threads=1):
    """The command line of `volley WORDS` with so many ranks and threads; one rank needs no mpirun. threads: None where
    the command takes no such option."""
    launcher = [MPIRUN, "-n", str(ranks)] if ranks > 1 else []
    return launcher + [VOLLEY] + [str(word) for word in words] + (["--threads", str(threads)] if threads else [])


def execute(words, ranks=1, threads=1, **options):
    """Runs `volley WORDS` and returns the completed process with its output as text."""
    line = command(words, ranks, threads)
    if VOLLEY == os.environ["VOLLEY"] and not set(options) - {"cwd"}:
        found = ready.run(command(words, 1, threads), options.get("cwd"), timeout=TIMEOUT, ranks=ranks)
        if found:
            return subprocess.CompletedProcess(line, found[0], *(text.decode() for text in found[1:]))
    return subprocess.run(line, capture_output=True, text=True, timeout=TIMEOUT, **options)


def set_words(settings):
    """--set words of a dictionary from keys to values."""
    return [word for key, value in (settings or {}).items() for word in ("--set", f"{key}={value}")]


def run(experiment, output, settings=None, ranks=1, threads=1):
    """`volley run`; returns its summary, a dictionary. A run that fails ends the test."""
    summary = output + ".json"
    words = ["run", experiment, "-o", output, "--overwrite", "--progress", "off", "--summary", summary]
    result = execute(words + set_words(settings), ranks, threads)
    if result.returncode != 0:
        sys.exit(f"{' '.join(result.args)}\nexit code {result.returncode}\n{result.stdout}{result.stderr}")
    with open(summary, encoding="utf-8") as file:
        return json.load(file)


def recorded(file, kind):
    """Groups of all recorders of spikes or traces (kind report) by their names."""
    return {name: next(iter(group[kind].values())) for name, group in file["recorders"].items() if kind in group}


def read_spikes(output, recorder):
    """Times in ms and indices of a recorder's spikes, and how many neurons it recorded."""
    with h5py.File(output) as file:
        group = recorded(file, "spikes")[recorder]
        return group["timestamps"][:], group["node_ids"][:], int(group.attrs["recorded_neurons"])


def read_trace(output, recorder):
    """Times of the rows in ms and data [rows, neurons] of a trace recorder."""
    with h5py.File(output) as file:
        group = recorded(file, "report")[recorder]
        data = group["data"][:]
        first, _, step = group["mapping/time"][:]
        return first + step * numpy.arange(len(data)), data


def rate_and_cv(times, ids, neurons, start, stop, at_least=4):
    """Mean rate in Hz over all recorded neurons, and the mean over those with `at_least` spikes in start < t <= stop
    of the coefficient of variation of their intervals."""
    inside = (times > start) & (times <= stop)
    times, ids = times[inside], ids[inside]
    trains = [times[ids == i] for i in numpy.unique(ids)]
    intervals = [numpy.diff(train) for train in trains if len(train) >= at_least]
    cvs = [numpy.std(train) / numpy.mean(train) for train in intervals]
    return 1000 * len(times) / neurons / (stop - start), float(numpy.mean(cvs)) if cvs else float("nan")


def expect(is_true, message):
    """Notes a failure and goes on, so that one run of a test tells all that is wrong."""
    if not is_true:
        _failures.append(message)
        print(f"FAILED {message}", flush=True)


def expect_same_mean(what, ours, theirs, floor=0.0, known=0.0):
    """Compares the means of two samples, one value a seed: they may differ by three times the spread between seeds.

    The spread is the reference's sample standard deviation or, where that is less, the pooled one of both samples, or one
    that is `known` from more seeds. The reference has two or three seeds; some of these agree far better than chance lets
    them (a standard deviation from two values is below a tenth of the true one in 8 % of all cases), so their spread alone
    cannot be the measure. That our own spread does not hide a fault is expected too: it may be at most three times the
    reference's, or `floor`, or what the `known` one comes to in one of ten thousand samples of that many seeds."""
    ours, theirs = numpy.asarray(ours), numpy.asarray(theirs)
    from scipy.stats import chi2  # here: most tests do not need it

    spread_ours, spread_theirs = numpy.std(ours, ddof=1), numpy.std(theirs, ddof=1)
    squares = (len(ours) - 1) * spread_ours**2 + (len(theirs) - 1) * spread_theirs**2
    spread = max(spread_theirs, numpy.sqrt(squares / (len(ours) + len(theirs) - 2)), known)
    difference = numpy.mean(ours) - numpy.mean(theirs)
    print(f"{what}: {numpy.mean(ours):.4g} +- {spread_ours:.2g}, "
          f"reference {numpy.mean(theirs):.4g} +- {spread_theirs:.2g}, difference {difference / spread:+.2f} spreads")
    expect(abs(difference) <= 3 * spread, f"{what}: means differ by {difference:.4g}, 3 spreads are {3 * spread:.3g}")
    by_chance = known * numpy.sqrt(chi2.ppf(1 - 1e-4, len(ours) - 1) / (len(ours) - 1))
    expect(spread_ours <= max(3 * spread_theirs, floor, by_chance), f"{what}: seeds spread by {spread_ours:.3g}")


def finish():
    """Ends the test: exit code 1 if any expectation failed."""
    print(f"{len(_failures)} failures" if _failures else "passed")
    sys.exit(1 if _failures else 0)
