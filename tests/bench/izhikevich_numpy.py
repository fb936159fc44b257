"""FORCE training of Izhikevich's neurons on a product of sines in NumPy: jobs/experiments/force/izhikevich_complex.yaml, product, sine.
Nothing is shared with Volley but the parameters, which are the published ones unless words say otherwise.

    python3 tests/bench/izhikevich_numpy.py [KEY=VALUE ...]

    python3 tests/bench/izhikevich_numpy.py                                          # three sines; ten minutes
    python3 tests/bench/izhikevich_numpy.py G=5e3 Q=5e3 learn=5e3 test=5e3 hz=5      # one sine

Prints the error in the last second of learning, errors in windows of a second after it, each at the best shift in time (mean, most), and
the periods of output and supervisor."""
import os
import sys

for variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "BLIS_NUM_THREADS"):
    os.environ[variable] = "1"
import numpy as np  # noqa: E402

# ms and pA; hz: of the sines that are multiplied; step: ms between learning steps; exact: decoders move by the gain after the update of P
USED = {"N": 2000, "G": 1e4, "Q": 1e4, "p0": 2.0, "step": 0.8, "before": 5e3, "learn": 20e3, "test": 25e3, "dt": 0.04, "seed": 1,
        "exact": 0}
RISE, DECAY, SPARSENESS, A, B, D, V_T = 2.0, 20.0, 0.1, 0.01, -2.0, 200.0, -19.2


def simulate(used, supervisor):
    """Outputs, one a ms."""
    random, n, dt = np.random.default_rng(used["seed"]), used["N"], used["dt"]
    present = random.random((n, n)) < SPARSENESS
    weights = np.where(present, random.standard_normal((n, n)), 0) * used["G"] / (SPARSENESS * n**0.5)  # [source][target]
    eta = used["Q"] * random.uniform(-1, 1, n)
    v, u = random.uniform(-60, 30, n), np.zeros(n)
    current, h, r, rising, decoders = (np.zeros(n) for _ in range(5))
    p, z, kept = used["p0"] * np.eye(n), 0.0, []
    keep_rise, keep_decay, jump = np.exp(-dt / RISE), np.exp(-dt / DECAY), 1 / (RISE * DECAY)
    begin, end, stop = (round(t / dt) for t in np.cumsum([used["before"], used["learn"], used["test"]]))
    every, row = round(used["step"] / dt), round(1 / dt)
    for step in range(1, stop + 1):
        before = v
        v = before + dt * (2.5 * (before + 60) * (before - V_T) - u + current + eta * z + 1000) / 250
        u = u + dt * A * (B * (before + 60) - u)
        spikes = np.flatnonzero(v >= 30)
        current = current * keep_rise + h * dt
        h *= keep_decay
        r = r * keep_rise + rising * dt
        rising *= keep_decay
        if len(spikes):
            h += weights[spikes].sum(axis=0) * jump
            rising[spikes] += jump
            u[spikes] += D
            v[spikes] = -65
        z = decoders @ r
        if step % every == 1 and begin < step < end:
            c = p @ r
            divisor = 1 + r @ c
            decoders -= c * ((z - supervisor(step * dt)) / (divisor if used["exact"] else 1))
            for first in range(0, n, 64):  # a piece at a time that stays in the cache
                p[first:first + 64] -= np.multiply.outer(c[first:first + 64] / divisor, c)
        if step % row == 0:
            kept.append(z)
    return np.array(kept)


def period(x):
    """ms after which the autocorrelation, once it has fallen, is highest first; 0: below 0.9."""
    x = x - x.mean()
    fell, before, now = False, 1.0, 1.0
    for lag in range(1, min(len(x) // 2, 5000)):
        after = np.corrcoef(x[:-lag], x[lag:])[0, 1]
        fell = fell or after < 0.5
        if fell and now > 0.9 and now >= before and now > after:
            return lag - 1
        before, now = now, after
    return 0


def main():
    used, hz = dict(USED), [2.0, 3.0, 7.0]
    for word in sys.argv[1:]:
        key, value = word.split("=")
        if key == "hz":
            hz = [float(f) for f in value.split(",")]
        else:
            used[key] = type(used[key])(float(value))

    def supervisor(ms):
        return np.prod([np.sin(2e-3 * np.pi * f * ms) for f in hz], axis=0)

    z = simulate(used, supervisor)
    x = supervisor(np.arange(1, len(z) + 1, dtype=float))
    end = round(used["before"] + used["learn"])

    def error(a, b):
        return np.linalg.norm(a - b) / np.linalg.norm(b)

    turn = period(x[end:])
    windows = [min(error(z[at:at + 1000], x[at - shift:at - shift + 1000]) for shift in range(turn + 1))
               for at in range(end, len(z) - 999, 1000)]
    print("train %.4f, win %.4f/%.4f, period %d (%d) ms" % (error(z[end - 1000:end], x[end - 1000:end]), np.mean(windows),
                                                            max(windows), period(z[end:]), turn))


if __name__ == "__main__":
    main()
