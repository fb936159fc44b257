"""The field's own readers open what Volley records: BMTK's, and libsonata where it is installed. At the root a group is a
population; a recorder of another name is a SONATA file of its own at /recorders/NAME."""
import os
import sys
import tempfile
import warnings

import h5py
import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from program import expect, finish, recorded, run  # noqa: E402

NET = """
simulation: {dt: 0.1 ms, duration: 20 ms}
populations:
  - {name: E, model: iaf_psc_exp, size: 6, parameters: {I_e: {distribution: uniform, low: 400, high: 2000}}}
  - {name: I, model: iaf_psc_exp, size: 3}
recorders:
  - {type: spikes, population: [E, I]}
  - {name: some, type: spikes, population: E, neurons: [1, 4]}
  - {name: late, type: traces, population: E, states: V_m, neurons: [5, 2], start: 5 ms, stop: 12 ms, interval: 0.3 ms}
  - {type: traces, population: I, states: V_m}
  - {name: both, type: traces, population: [E, I], states: [V_m, I_syn_ex]}
"""
AT_ROOT = {"E": "late", "I": "I"}  # recorders of traces that stand for the populations


def times_of(group, neuron):
    return group["timestamps"][:][group["node_ids"][:] == neuron]


def check_bmtk(output):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            from bmtk.utils.reports import CompartmentReport, SpikeTrains
        except ImportError as error:
            print(f"skipped: BMTK is not installed ({error}); Debian's package is python3-bmtk")
            return
        spikes = SpikeTrains.from_sonata(output)
        report = CompartmentReport(output, "r")
    expect(sorted(spikes.populations) == ["E", "I"], f"BMTK: populations of spikes {spikes.populations}")
    expect(sorted(report.populations) == ["E", "I"], f"BMTK: populations of traces {report.populations}")
    with h5py.File(output) as file:
        trains, traces = recorded(file, "spikes"), recorded(file, "report")
        expect(len(times_of(trains["E"], 1)) > 1, "neuron 1 is too quiet to show anything")
        for neuron in range(6):
            same = numpy.array_equal(spikes.get_times(neuron, population="E"), times_of(trains["E"], neuron))
            expect(same, f"BMTK: spikes of neuron {neuron}")
        for population, name in AT_ROOT.items():
            check_report(report, population, traces[name])
        for name in ("late", "both.I.V_m", "both.E.I_syn_ex"):
            population = traces[name].attrs["population"].decode()
            alone = CompartmentReport(output, "r", h5_root="recorders/" + name)
            expect(list(alone.populations) == [population], f"BMTK: populations of {name}: {alone.populations}")
            check_report(alone, population, traces[name])


def check_report(report, population, group):
    """Every neuron's trace, all rows of it, as h5py reads it."""
    expect(report.units(population=population) in (b"mV", "mV", b"pA", "pA"), f"BMTK: {group.name}: units")
    nodes = report.node_ids(population=population)
    expect(nodes.tolist() == group["mapping/node_ids"][:].tolist(), f"BMTK: {group.name}: nodes")
    for column, node in enumerate(nodes):
        ours = report.data(node_id=node, population=population)[:, 0]
        expect(numpy.array_equal(ours, group["data"][:, column]), f"BMTK: {group.name}: neuron {node}")


def check_libsonata(output):
    try:
        import libsonata
    except ImportError:
        print("skipped: libsonata is not installed")
        return
    reports, spikes = libsonata.SomaReportReader(output), libsonata.SpikeReader(output)
    expect(sorted(reports.get_population_names()) == ["E", "I"], "libsonata: populations of traces")
    with h5py.File(output) as file:
        traces = recorded(file, "report")
        for population, name in AT_ROOT.items():
            frame = reports[population].get()
            expect(numpy.array_equal(frame.data, traces[name]["data"][:]), f"libsonata: traces of {population}")
            expect(len(spikes[population].get()) == len(file["spikes"][population]["node_ids"]), "libsonata: spikes")


def check_linked(output, folder):
    """Another file that has one recorder alone, for readers that look at the root only: a link, no copy."""
    late = os.path.join(folder, "late.h5")
    with h5py.File(late, "w") as file:
        file["report"] = h5py.ExternalLink(output, "/recorders/late/report")
    with h5py.File(late) as file, h5py.File(output) as whole:
        expect(numpy.array_equal(file["report/E/data"][:], whole["report/E/data"][:]), "a link to one recorder")


def main():
    with tempfile.TemporaryDirectory() as folder:
        path, output = os.path.join(folder, "net.yaml"), os.path.join(folder, "net.h5")
        with open(path, "w", encoding="utf-8") as file:
            file.write(NET)
        run(path, output, ranks=2)
        with h5py.File(output) as file:
            types = {"data": "<f4", "mapping/node_ids": "<u8", "mapping/index_pointers": "<u8",
                     "mapping/element_ids": "<u4", "mapping/element_pos": "<f4", "mapping/time": "<f8"}
            for name, group in recorded(file, "report").items():
                found = {path: group[path].dtype.str for path in types}
                expect(found == types, f"{name}: types {found}")
                start, stop, step = group["mapping/time"][:]
                rows = len(group["data"])
                expect(int((stop - start) / step) == rows, f"{name}: {rows} rows, not those of [{start}, {stop}, {step}]")
                expect(abs(start + rows * step - stop) < 1e-9, f"{name}: stop is not a step after the last row")
        check_bmtk(output)
        check_libsonata(output)
        check_linked(output, folder)
    finish()


if __name__ == "__main__":
    main()
