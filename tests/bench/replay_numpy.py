"""Replay of an image sequence at other speeds (jobs/experiments/force/movie.yaml) in NumPy; nothing is shared with Volley but
the parameters, which are the published ones unless words say otherwise.

    python3 tests/bench/replay_numpy.py [KEY=VALUE ...]

    python3 tests/bench/replay_numpy.py N=500 halve=1 dt=0.1 learn=32e3                          # 6 x 8 pixels; a minute
    python3 tests/bench/replay_numpy.py N=500 halve=1 dt=0.1 learn=32e3 Q=0 a=0.05               # neurons that adapt for 20 ms
    python3 tests/bench/replay_numpy.py N=500 halve=1 dt=0.1 learn=48e3 Q=0 speeds=8 hold=600    # hears speeds from 1 to 8

Prints for each speed the correlation of output and supervisor, the best one where the output is taken up to 200 ms earlier, and
the relative error there."""
import os
import sys

for variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "BLIS_NUM_THREADS"):
    os.environ[variable] = "1"
import numpy as np  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
# ms, pA and nS; W: strength of the clock; learn: ms; step: ms between learning steps; speeds: the fastest that is heard while it
# learns, in either direction, for `hold` ms each; halve: pixels are taken together by four; a: 1/ms, of the adaptation
USED = {"N": 1000, "G": 5e3, "Q": 400.0, "W": 4e3, "pulses": 32, "period": 8000.0, "frame": 125.0, "learn": 50e3, "step": 4.0,
        "p0": 2.0, "dt": 0.04, "seed": 1, "speeds": 1.0, "hold": 600.0, "halve": 0, "a": 0.002}
RISE, DECAY, SPARSENESS, D, V_T = 2.0, 20.0, 0.1, 100.0, -40.0


class Network:
    """Izhikevich's neurons as in the published programs, with a clock and an output that is fed back."""

    def __init__(self, used, rows):
        random = np.random.default_rng(used["seed"])
        n, outputs, self.used, self.rows, self.random = used["N"], rows.shape[1], used, rows, random
        present = random.random((n, n)) < SPARSENESS
        self.weights = np.where(present, random.standard_normal((n, n)), 0) * used["G"] / (SPARSENESS * n**0.5)  # [source][target]
        self.eta = used["Q"] * random.uniform(-1, 1, (n, outputs))
        self.clock = used["W"] * random.uniform(-1, 1, (used["pulses"], n))
        self.v, self.u = random.uniform(-60, 30, n), np.zeros(n)
        self.current, self.h, self.r, self.rising = (np.zeros(n) for _ in range(4))
        self.decoders, self.z, self.p = np.zeros((n, outputs)), np.zeros(outputs), used["p0"] * np.eye(n)
        self.phase = 0.0  # ms of signal time

    def step(self, speed):
        """One step; returns the supervisor."""
        dt, used = self.used["dt"], self.used
        keep_rise, keep_decay, jump = np.exp(-dt / RISE), np.exp(-dt / DECAY), 1 / (RISE * DECAY)
        self.phase += speed * dt
        turn = self.phase % used["period"]
        place = turn * used["pulses"] / used["period"]
        pulse = min(int(place), used["pulses"] - 1)
        inputs = self.current + 1000 + self.clock[pulse] * abs(np.sin(np.pi * (place - pulse)))
        if used["Q"] != 0:
            inputs = inputs + self.eta @ self.z
        before = self.v
        self.v = before + dt * (2.5 * (before + 60) * (before - V_T) - self.u + inputs) / 250
        self.u = self.u - dt * used["a"] * self.u
        spikes = np.flatnonzero(self.v >= 30)
        self.current = self.current * keep_rise + self.h * dt
        self.h *= keep_decay
        self.r = self.r * keep_rise + self.rising * dt
        self.rising *= keep_decay
        if len(spikes):
            self.h += self.weights[spikes].sum(axis=0) * jump
            self.rising[spikes] += jump
            self.u[spikes] += D
            self.v[spikes] = -65
        self.z = self.decoders.T @ self.r
        frame, part = divmod(turn / used["frame"], 1)
        first, second = self.rows[int(frame) % len(self.rows)], self.rows[(int(frame) + 1) % len(self.rows)]
        return first + part * (second - first)

    def run(self, duration, speed, learns):
        """Outputs and supervisors, one a ms: [rows][2][outputs]."""
        every, kept = round(self.used["step"] / self.used["dt"]), []
        for number in range(round(duration / self.used["dt"])):
            target = self.step(speed)
            if learns and number % every == 1:
                c = self.p @ self.r
                self.decoders -= np.outer(c, self.z - target)
                self.p -= np.outer(c, c / (1 + self.r @ c))
            if not learns and number % round(1 / self.used["dt"]) == 0:
                kept.append((self.z, target))
        return np.array(kept)


def judge(kept):
    z, at_once, best = kept[200:, 0], None, (-2,)
    for delay in range(0, 201, 2):
        x = kept[200 - delay:len(kept) - delay, 1]
        correlation = np.corrcoef(z.ravel(), x.ravel())[0, 1]
        at_once = correlation if delay == 0 else at_once
        if correlation > best[0]:
            best = correlation, delay, np.sqrt(((z - x) ** 2).sum() / (x**2).sum())
    return at_once, *best


def main():
    used = dict(USED)
    for word in sys.argv[1:]:
        key, value = word.split("=")
        used[key] = type(used[key])(float(value))
    rows = np.loadtxt(os.path.join(HERE, "..", "..", "jobs", "experiments", "force", "movie.csv"), delimiter=",")
    if used["halve"]:
        rows = rows.reshape(-1, 6, 2, 8, 2).mean((2, 4)).reshape(len(rows), -1)
    network = Network(used, rows)
    network.run(1000, 1, False)
    if used["speeds"] == 1:
        network.run(used["learn"], 1, True)
    for _ in range(round(used["learn"] / used["hold"]) if used["speeds"] > 1 else 0):
        network.run(used["hold"], used["speeds"] ** network.random.random() * network.random.choice([-1, 1]), True)
    for speed in (1, 2, 4, 5.4, 8.1, 16, -1, -2, -5.4, -8.1):
        kept = network.run(max(200 + used["period"] / abs(speed), 2200), speed, False)
        print("%6.1f  at once %.3f  best %.3f at %3d ms, error %.3f" % (speed, *judge(kept)), flush=True)


if __name__ == "__main__":
    main()
