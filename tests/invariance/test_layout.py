"""Outputs follow SONATA's layout, and h5py reads them: attributes, types, order of spikes, maps of traces."""
import os
import sys
import tempfile

import h5py
import numpy

from nets import make_everything

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import expect, finish, recorded, run  # noqa: E402

MODELS = {"alpha": 11, "coba": 21, "coba_alpha": 13, "aeif": 17, "hh": 9, "izhikevich": 14, "izhikevich_rk": 10,
          "qif": 12, "no_leak": 10, "adaptive": 15, "traub": 8, "ring": 3}
SELECTED = {"some.E": 7, "some.crowd": 7, "E": 120, "D": 70, "F": 33, "single": 1, "point": 1, "few": 5, "crowd": 2500,
            **MODELS}
COLUMNS = {"trace": list(range(120)), "coarse": [1] + list(range(20, 33)), "lone": [0],
           **{f"of_models.{name}": list(range(size)) for name, size in MODELS.items()}}
WINDOWS = {"trace": (0, 40, 0.1), "coarse": (3, 37, 0.7), "lone": (0, 40, 2.5), "of_models": (0, 40, 0.5)}


PRECISIONS = {"single": numpy.float32, "double": numpy.float64}


def check_root(file):
    expect(file.attrs["magic"] == 0x0A7A and file.attrs["magic"].dtype == numpy.uint32, "root: magic")
    expect(file.attrs["version"].tolist() == [0, 1] and file.attrs["version"].dtype == numpy.uint32, "root: version")


def check_spikes(name, group):
    times, ids = group["timestamps"], group["node_ids"]
    sorting = group.attrs.get_id("sorting").get_type()
    names = {sorting.get_member_name(i): sorting.get_member_value(i) for i in range(3)}
    expect(names == {b"none": 0, b"by_id": 1, b"by_time": 2}, f"{name}: the enum of sorting is {names}")
    expect(sorting.get_super().equal(h5py.h5t.STD_U8LE), f"{name}: sorting is no enum on uint8")
    expect(group.attrs["sorting"] == 2, f"{name}: sorting is not by_time")
    expect(times.dtype == numpy.float64 and ids.dtype == numpy.uint64, f"{name}: types {times.dtype}, {ids.dtype}")
    expect(times.attrs["units"] in (b"ms", "ms"), f"{name}: units of times")
    expect(group.attrs["recorded_neurons"] == SELECTED[name], f"{name}: recorded_neurons")
    times, ids = times[:], ids[:]
    expect(len(times) == len(ids), f"{name}: {len(times)} times of {len(ids)} ids")
    order = numpy.lexsort((ids, times))
    expect((times[order] == times).all() and (ids[order] == ids).all(), f"{name}: not sorted by time, ties by id")
    start, stop = group.attrs["start_ms"], group.attrs["stop_ms"]
    expect(len(times) == 0 or (times[0] > start and times[-1] <= stop + 1e-9), f"{name}: spikes outside {start}-{stop}")
    expect(numpy.allclose(times, numpy.round(times / 0.1) * 0.1, rtol=0, atol=1e-9), f"{name}: times between steps")
    return times, ids


def check_selection(groups):
    """A recorder of some neurons in a window has what the one of all neurons has there."""
    for population in ("E", "crowd"):
        group = groups[population]
        times, ids = group["timestamps"][:], group["node_ids"][:]
        inside = numpy.isin(ids, [0, 7, 8, 9, 10, 11, 30]) & (times > 4 + 1e-9) & (times <= 33.3 + 1e-9)
        some = groups["some." + population]
        expect(inside.sum() > 0, f"some.{population}: no spikes to compare")
        expect((some["timestamps"][:] == times[inside]).all() and (some["node_ids"][:] == ids[inside]).all(),
               f"some.{population}: not the selection of {population}")


def check_trace(name, group, precision):
    recorder = name.split(".")[0]
    columns, (start, stop, interval) = COLUMNS.get(name, COLUMNS.get(recorder)), WINDOWS[recorder]
    data, mapping = group["data"], group["mapping"]
    n, rows = len(columns), int((stop - start) / interval + 1e-6)
    expect(data.shape == (rows, n) and data.dtype == PRECISIONS[precision], f"{name}: data {data.shape} {data.dtype}")
    expect("units" in data.attrs and "units" in mapping["time"].attrs, f"{name}: units are missing")
    expect(mapping["node_ids"][:].tolist() == columns, f"{name}: node_ids")
    expect(mapping["index_pointers"][:].tolist() == list(range(n + 1)), f"{name}: index_pointers")
    expect(mapping["index_pointer"][:].tolist() == list(range(n + 1)), f"{name}: index_pointer")
    expect(mapping["element_ids"][:].tolist() == n * [0], f"{name}: element_ids")
    expect(mapping["element_pos"][:].tolist() == n * [0], f"{name}: element_pos")
    types = [mapping[key].dtype for key in ("node_ids", "index_pointers", "element_ids", "element_pos", "time")]
    expect(types == [numpy.uint64, numpy.uint64, numpy.uint32, numpy.float32, numpy.float64], f"{name}: types {types}")
    expect(mapping["node_ids"].attrs["sorted"] == 1, f"{name}: node_ids are not called sorted")
    expect(numpy.allclose(mapping["time"][:], [start + interval, start + (rows + 1) * interval, interval], atol=1e-9),
           f"{name}: time {mapping['time'][:]}")
    moves = name != "coarse.F.kept"  # these neurons keep no input
    expect(numpy.isfinite(data[:]).all() and (numpy.ptp(data[:]) > 0) == moves, f"{name}: values")


def check_resets(file):
    """Traces and spikes tell the same story: who spiked at t becomes refractory there, and nobody else."""
    times, ids = file["spikes/E/timestamps"][:], file["spikes/E/node_ids"][:].astype(int)
    left = file["recorders/trace.refractory/report/E/data"][:]
    before = numpy.vstack([numpy.zeros(left.shape[1]), left[:-1]])
    begun = numpy.argwhere(left > before)
    spiked = {(round(t / 0.1) - 1, i) for t, i in zip(times, ids)}
    found = {(row, column) for row, column in begun}
    expect(found <= spiked, f"refractory without a spike: {sorted(found - spiked)[:5]}")
    silent = {(row, column) for row, column in spiked - found if left[row, column] > 0}
    expect(not silent, f"spikes without a refractory period: {sorted(silent)[:5]}")


def check_links(file, kind):
    """At the root stand populations and nothing else: each is the recorder of its name, else its first one."""
    groups = recorded(file, kind)
    populations = [text.decode() for text in file["volley/populations/name"][:]]
    expect(set(file[kind]) == {group.attrs["population"].decode() for group in groups.values()}, f"/{kind}: populations")
    expect(set(file[kind]) <= set(populations), f"/{kind}: {sorted(file[kind])} are not all populations")
    for name, group in groups.items():
        expect(group.name.endswith("/" + group.attrs["population"].decode()), f"{name}: {group.name}")
        if name in populations:
            expect(file[kind][name] == group, f"/{kind}/{name} is not the recorder of that name")
    if kind == "report":
        expect(file["report/E"] == groups["trace.V_m"], "/report/E is not the first recorder of E")


def main():
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, "layout.h5")
        for precision, compression in (("single", 0), ("double", 4)):
            settings = {"output.precision": precision, "output.compression": compression}
            run(make_everything(folder), output, settings, ranks=2)
            with h5py.File(output) as file:
                check_root(file)
                spikes = recorded(file, "spikes")
                expect(set(spikes) == set(SELECTED), f"recorders of spikes: {sorted(spikes)}")
                for name, group in spikes.items():
                    check_spikes(name, group)
                    expect(group["node_ids"].compression_opts == (compression or None), f"{name}: compression")
                for name, group in recorded(file, "report").items():
                    check_trace(name, group, precision)
                    expect(group["data"].compression_opts == (compression or None), f"{name}: compression")
                for kind in ("spikes", "report"):
                    check_links(file, kind)
                check_selection(spikes)
                check_resets(file)
    finish()


if __name__ == "__main__":
    main()
