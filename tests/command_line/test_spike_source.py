"""Spikes that are given: from all kinds of files and lists the same ones, on any ranks; off the grid; outside of the run; and
the same after a restart."""
import os
import sys
import tempfile

import h5py
import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from program import execute, expect, finish, read_spikes, run, set_words  # noqa: E402

NET = """
simulation: {dt: 0.1 ms, duration: 50 ms}
populations:
  - {name: S, model: spike_source, size: 7, spikes: SPIKES}
  - {name: T, model: iaf_psc_exp, size: 5}
projections:
  - {source: S, target: T, rule: all_to_all, weight: 300, delay: 1.3 ms}
recorders: [{type: spikes, population: [S, T]}]
"""
COUNT = 40000  # more than are read at a time by a rank


def write_files(folder, times, ids):
    """The spikes in all forms that are read; returns what `spikes` says of each."""
    def path(name):
        return os.path.join(folder, name)

    half = len(times) // 2
    with h5py.File(path("new.h5"), "w") as file:
        for name, of in (("some", ids), ("others", ids[::-1])):
            file[f"spikes/{name}/timestamps"], file[f"spikes/{name}/node_ids"] = times, of
            file[f"spikes/{name}/timestamps"].attrs["units"] = "ms"
    with h5py.File(path("old.h5"), "w") as file:
        file["spikes/timestamps"], file["spikes/gids"] = times, ids.astype("int8")
    with h5py.File(path("own.h5"), "w") as file:
        file["a/times"], file["a/ids"] = times[:half] * 1e-3, ids[:half].astype("uint16") + 100
        file["a/times"].attrs["units"] = numpy.bytes_("s")
        file["b/time"], file["b/ids"] = times[half:] * 1e-3, ids[half:] + 100
        file["b/time"].attrs["units"] = "s"
    with open(path("two.csv"), "w", encoding="utf-8") as file:
        file.writelines(f"{time:.1f},{neuron}\n" for time, neuron in zip(times, ids))
    with open(path("named.csv"), "w", encoding="utf-8") as file:
        file.write("# comment\nnode_ids population timestamps\n")
        file.writelines(f'{neuron} "some" {time:.1f}\n{neuron} other 3\n' for time, neuron in zip(times, ids))
    with open(path("trains.csv"), "w", encoding="utf-8") as file:
        file.write("gid spike-times\n")
        file.writelines(f"{n} {','.join(f'{t:.1f}' for t in times[ids == n])}\n" for n in range(7))
    trains = [[float(f"{t:.1f}") for t in times[ids == n][:50]] for n in range(7)]
    return {"new": "{file: new.h5, population: some}", "group": "{file: new.h5, group: /spikes/some}",
            "old": "{file: old.h5}", "several": "{file: [own.h5, own.h5], group: [a, b], first_id: 100, resolution: 0.001}",
            "csv": "{file: two.csv}", "names": "{file: named.csv, population: some}", "trains": "{file: trains.csv}"}, trains


def write_net(folder, spikes):
    path = os.path.join(folder, "net.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(NET.replace("SPIKES", spikes))
    return path


def check_forms(folder, output):
    random = numpy.random.default_rng(3)
    times, ids = numpy.sort(random.integers(1, 501, COUNT)) / 10, random.integers(0, 7, COUNT)
    forms, trains = write_files(folder, times, ids)
    digests = {}
    for number, (name, spikes) in enumerate(forms.items()):
        found = run(write_net(folder, spikes), output, ranks=1 + number % 3, threads=1 + number % 2)
        digests[name] = found["spike_digest"]
        read, of, _ = read_spikes(output, "S")
        order = numpy.lexsort((ids, times))
        expect(len(read) == COUNT and (abs(read - times[order]) < 1e-9).all() and (of == ids[order]).all(),
               f"{name}: other spikes than were given")
    expect(len(set(digests.values())) == 1, f"other digests: {digests}")
    os.replace(output, os.path.join(folder, "written.h5"))
    again = run(write_net(folder, "{file: written.h5, population: S}"), output, ranks=2)
    expect(again["spike_digest"] == digests["new"], "other spikes from Volley's own output")
    lists = run(write_net(folder, f"{{times: {trains}}}"), output)
    pairs = [(t, n) for n, train in enumerate(trains) for t in train]
    ids_too = run(write_net(folder, f"{{times: {[t for t, _ in pairs]}, ids: {[n for _, n in pairs]}}}"), output, ranks=3)
    expect(lists["spike_digest"] == ids_too["spike_digest"], "other spikes from lists for each neuron and with ids")
    expect(len(read_spikes(output, "S")[0]) == 350, "spikes from lists")


def check_grid(folder, output):
    """Off the grid; before the first step and behind the end."""
    given = "{times: [[0.24], [0.25], [0.04], [0.3], [49.97], [0, 50.04], [-3]], "
    for how, expected in (("nearest}", [(0.2, 0), (0.3, 1), (0.3, 3), (50, 4), (50, 5)]),
                          ("up}", [(0.1, 2), (0.3, 0), (0.3, 1), (0.3, 3), (50, 4)])):
        net = write_net(folder, given + "off_grid: " + how)
        result = execute(["run", net, "-o", output, "--overwrite"])
        found = [(round(t, 6), int(n)) for t, n in zip(*read_spikes(output, "S")[:2])]
        expect(found == expected, f"{how} {found}, not {expected}")
        expect("lie before the end of the first step" in result.stderr, f"no word of early spikes:\n{result.stderr}")
        late = "lie behind the end of the run at 50 ms" in result.stderr
        expect(late == (how == "up}"), f"late spikes:\n{result.stderr}")
    result = execute(["run", write_net(folder, given[:-2] + "}"), "-o", output, "--overwrite"])
    expect(result.returncode == 2 and "dt = 0.1 ms: 0.24 ms, of neuron 0" in result.stderr, result.stderr)


def check_restart(folder, output):
    net = write_net(folder, "{file: two.csv}")
    whole = run(net, output, ranks=2)
    part = {"simulation.duration": "23.4 ms", "checkpoint.every": "23.4 ms model"}
    run(net, output, part)
    result = execute(["run", net, "-o", output, "--resume", output.replace(".h5", ".checkpoint.h5"), "--overwrite",
                      "--progress", "off"] + set_words({"simulation.partition": "round_robin"}), 3, 2)
    expect(whole["spike_digest"] in result.stdout, f"other spikes after a restart:\n{result.stdout}{result.stderr}")


def check_events(folder, output):
    """The event engine takes all times as they are, on any ranks and after a restart."""
    net = write_net(folder, "{times: [[0.24], [0.25, 0.2503], [0, 0.04], [0.3], [49.97], [50.04], [-3]]}")
    event = {"simulation.engine": "event"}
    whole = run(net, output, event, 2)
    found = [(round(t, 9), int(n)) for t, n in zip(*read_spikes(output, "S")[:2])]
    expected = [(0, 2), (0.04, 2), (0.24, 0), (0.25, 1), (0.2503, 1), (0.3, 3), (49.97, 4)]
    expect(found == expected, f"event engine: {found}, not {expected}")
    run(net, output, {**event, "simulation.duration": "20 ms", "checkpoint.every": "20 ms model"}, 3)
    result = execute(["run", net, "-o", output, "--resume", output.replace(".h5", ".checkpoint.h5"), "--overwrite"]
                     + set_words(event))
    expect(whole["spike_digest"] in result.stdout, f"event engine: after a restart\n{result.stdout}{result.stderr}")


def check_end(folder, output):
    """The event engine takes a spike at the very end, whose time is no product of steps and dt; with a resolution, times near it."""
    for spikes in ("{times: [0.5 ms, 1.1 ms]}", "{times: [0.46, 1.12], resolution: 0.1}"):
        run(write_net(folder, spikes), output, {"simulation.engine": "event", "simulation.duration": "1.1 ms"})
        found = list(read_spikes(output, "S")[0])
        expect(found == [0.5] * 7 + [1.1] * 7, f"{spikes} up to 1.1 ms: {found}")


def check_estimate(folder):
    told = execute(["check", write_net(folder, "{file: new.h5, population: some}"), "--ranks", "2"]).stdout
    expect("4e+04 spikes" in told, f"check tells other spikes:\n{told}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, "net.h5")
        check_forms(folder, output)
        check_restart(folder, output)
        check_grid(folder, output)
        check_estimate(folder)
        check_events(folder, output)
        check_end(folder, output)
    finish()


if __name__ == "__main__":
    main()
