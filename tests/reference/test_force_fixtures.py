"""FORCE against the fixtures of an independent program: three networks of 50 neurons that learn for some thousand steps.

Every spike must be equal; outputs, decoders, P and the end state to 1e-10 relative; on one rank and on several the same bits.
A second population, B, gets the same spikes and the same feedback but is not read: it must fire as the first one does."""
import ast
import os
import sys
import tempfile

import h5py
import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import execute, expect, finish, recorded  # noqa: E402

MACHINES = {"lif": (3, 1), "theta": (2, 1), "iz": (2, 2)}  # ranks and threads, beside one

# name -> model, ms of the fixture's unit of time, parameters by the names of the fixture
MODELS = {
    "lif": ("lif", 1000, {"tau_m": ("tm", 1000), "t_ref": ("tref", 1000), "V_th": ("vth", 1), "V_reset": ("vre", 1)}),
    "theta": ("theta", 1000, {}),
    "iz": ("izhikevich_2007", 1, {"C": ("C", 1), "k": ("k", 1), "v_r": ("vr", 1), "v_t": ("vt", 1),
                                  "v_peak": ("vpk", 1), "a": ("a", 1), "b": ("b", 1), "c": ("vre", 1), "d": ("d", 1)}),
}


def read_fixture(name):
    with numpy.load(os.path.join(HERE, "data", "force", f"tiny_{name}.npz")) as file:
        fixture = {key: file[key] for key in file.files}
    fixture["par"] = ast.literal_eval(str(fixture["par"]))
    return fixture


def write_data(fixture, path):
    """Weights as edges (target by source in W), initial potentials, feedback and supervisor."""
    targets, sources = numpy.nonzero(fixture["W"])
    weights = fixture["W"][targets, sources]
    assert (weights.astype("float32") == weights).all()
    with h5py.File(path, "w") as file:
        file["edges/source"], file["edges/target"], file["edges/weight"] = sources, targets, weights
        file["v0"], file["eta"] = fixture["v0"], numpy.vstack([fixture["E"] / 2, fixture["E"]])  # of B, with twice the gain, and A
        file["supervisor"] = numpy.vstack([fixture["zx"][:1], fixture["zx"]])  # row n is at n dt


def write_experiment(name, fixture, folder):
    model, unit, names = MODELS[name]
    dt, steps = float(fixture["dt"]) * unit, int(fixture["nt"])
    parameters = {key: fixture["par"][ours] * factor for key, (ours, factor) in names.items()}
    parameters.update(tau_rise=float(fixture["tr"]) * unit, tau_decay=float(fixture["td"]) * unit)
    if name != "theta":
        parameters["I_e"] = float(fixture["bias"])
    if name == "lif":
        parameters["published_refractory"] = 1
    given = ", ".join(f"{key}: {value!r}" for key, value in parameters.items())
    text = f"""
simulation: {{dt: {dt!r}, duration: {dt * steps!r}}}
output: {{precision: double}}
populations:
  - name: [A, B]
    model: {model}
    size: 50
    parameters: {{{given}}}
    initial: {{V_m: {{file: data.h5, dataset: v0}}}}
projections:
  - {{source: A, target: [A, B], rule: edges, file: data.h5, group: edges, delay: {dt!r}}}
readouts:
  - name: out
    population: A
    filter: {{rise: {parameters['tau_rise']!r}, decay: {parameters['tau_decay']!r}}}
    supervisor: {{type: series, file: data.h5, dataset: supervisor, interval: {dt!r}}}
    learning: {{solver: rls, initial_p: {float(fixture['p0'])!r}, interval: {dt * int(fixture['step'])!r},
                start: {dt * int(fixture['n_on'])!r}, stop: {dt * int(fixture['n_off'])!r}}}
    feedback: {{population: [B, A], gain: [2, 1], eta: {{file: data.h5, dataset: eta}}}}
recorders:
  - {{type: spikes, population: [A, B]}}
  - {{name: state, type: traces, population: A, states: [V_m{', U_m' if name == 'iz' else ''}]}}
  - {{name: out, type: readout, readout: out, values: [output, decoders]}}
checkpoint: {{every: {dt * steps!r} model}}
"""
    path = os.path.join(folder, "fixture.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def expect_close(what, found, wanted, tolerance=1e-10):
    error = numpy.abs(found - wanted).max() / numpy.abs(wanted).max()
    print(f"{what}: {error:.1e} relative")
    expect(error <= tolerance, f"{what}: off by {error:.3g} relative")


def distance_of(eigenvalues, wanted):
    """The largest distance of any to its nearest of those wanted, each of which is taken once."""
    left, distance = list(wanted), 0
    for value in eigenvalues:
        nearest = min(range(len(left)), key=lambda i: abs(left[i] - value))
        distance = max(distance, abs(left.pop(nearest) - value))
    return distance


def expect_eigenvalues(what, fixture, output, number):
    """All, or the leading ones, of W before learning and of W + E D' after, against NumPy's."""
    with h5py.File(output) as file:
        found = {when: file[f"eigenvalues/out/{when}"][:] for when in ("before", "after")}
        decoders = file["readout/out.decoders/data"][-1].reshape(fixture["end_D"].shape)
    for when, matrix in (("before", fixture["W"]), ("after", fixture["W"] + fixture["E"] @ decoders.T)):
        wanted = numpy.linalg.eigvals(matrix)
        wanted = wanted[numpy.argsort(-abs(wanted))]
        values = found[when][:, 0] + 1j * found[when][:, 1]
        expect(len(values) == number, f"{what}: {len(values)} eigenvalues {when} learning, {number} are right")
        away = distance_of(values, wanted) / abs(wanted[0])
        print(f"{what}, {number} eigenvalues {when} learning: {away:.1e} relative to the largest")
        expect(away < 1e-6, f"{what}: eigenvalues {when} learning off by {away:.3g}")
        largest = abs(wanted[:number]) / abs(wanted[0])
        expect(numpy.abs(abs(values) / abs(wanted[0]) - largest).max() < 1e-6, f"{what}: not the largest, in order")


def expect_fixture(name, fixture, output, ranks):
    what = f"{name} on {ranks} ranks"
    dt = float(fixture["dt"]) * MODELS[name][1]
    with h5py.File(output) as file:
        times, ids = file["spikes/A/timestamps"][:], file["spikes/A/node_ids"][:]
        fed = sorted(zip(file["spikes/B/timestamps"][:], file["spikes/B/node_ids"][:]))
        z = file["readout/out.output/data"][:]
        decoders = file["readout/out.decoders/data"][-1].reshape(fixture["end_D"].shape)
        end = {group.attrs["state"].decode(): group["data"][-1] for group in recorded(file, "report").values()}
    steps = numpy.round(times / dt).astype(int)
    wanted = fixture["spikes"]
    spikes = sorted(zip(steps.tolist(), ids.tolist()))
    first = 0 if wanted[:, 1].min() == 0 else 1
    expect(spikes == sorted((int(n), int(i) - first) for n, i in wanted), f"{what}: spikes differ")
    expect(fed == sorted(zip(times, ids)), f"{what}: what is fed but not read fires otherwise")
    expect_close(f"{what}, z", z, fixture["z"])
    expect_close(f"{what}, decoders", decoders, fixture["end_D"])
    expect_close(f"{what}, V_m", end["V_m"], fixture["end_v"])
    if name == "iz":
        expect_close(f"{what}, U_m", end["U_m"], fixture["end_u"])
    with h5py.File(output.replace(".h5", ".checkpoint.h5")) as file:
        group = file["readouts/out"]
        pending = group["pending"][:].reshape(-1, 50)[:-4]  # without what the last learning step leaves
        p = group["P"][:].reshape(50, 50) - pending.T @ pending
    expect_close(f"{what}, P", p, fixture["end_P"])
    expect((p == p.T).all() or numpy.abs(p - p.T).max() < 1e-14 * numpy.abs(p).max(), f"{what}: P is not symmetric")
    return z


def main():
    with tempfile.TemporaryDirectory() as folder:
        for name in MODELS:
            fixture = read_fixture(name)
            write_data(fixture, os.path.join(folder, "data.h5"))
            experiment = write_experiment(name, fixture, folder)
            outputs = []
            for ranks, threads in ((1, 1), MACHINES[name]):
                output = os.path.join(folder, f"{name}{ranks}.h5")
                eigenvalues = 50 if ranks < 3 else 12
                result = execute(["run", experiment, "-o", output, "--progress", "off", "--set",
                                  f"readouts.out.eigenvalues={'all' if eigenvalues == 50 else eigenvalues}"],
                                 ranks, threads)
                if result.returncode:
                    sys.exit(result.stdout + result.stderr)
                expect_eigenvalues(f"{name} on {ranks} ranks", fixture, output, eigenvalues)
                outputs.append(expect_fixture(name, fixture, output, ranks))
            expect(all((z == outputs[0]).all() for z in outputs), f"{name}: z differs between numbers of ranks")
    finish()


if __name__ == "__main__":
    main()
