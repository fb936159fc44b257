"""Neurons and networks with exact spike times, from their equations alone: what the event engine is judged by.

Between events a linear neuron's potential is a sum of polynomials times exponentials. Where it reaches the threshold is
found without a guess: multiplied by exp(rate t) and differentiated often enough, such a sum loses a term; the roots of what
is left part the time into pieces in which the sum is monotonous (Rolle), and these are bisected. All arithmetic is that of
`exact` (mpmath, 40 digits, where it is installed) or of `math`: the caller chooses.

Units are Volley's: ms, mV, pA, pF; parameters have its names."""
import heapq
import math

try:
    import mpmath
    exact = mpmath.mp.clone() if hasattr(mpmath.mp, "clone") else mpmath.mp
    exact.dps = 40
    exact.exactly = exact.mpf
except ImportError:  # doubles then, which suffice for most
    exact = None


class _Doubles:
    exp, log, tan, tanh, atan, sqrt, pi, inf, exactly = (
        math.exp, math.log, math.tan, math.tanh, math.atan, math.sqrt, math.pi, math.inf, float)


doubles = _Doubles
exact = exact or doubles


def value(terms, t, m):
    """The sum over {rate: [c0, c1, ..]} of (c0 + c1 t + ..) exp(-rate t)."""
    total = 0
    for rate, polynomial in terms.items():
        factor = 0
        for coefficient in reversed(polynomial):
            factor = factor * t + coefficient
        total += factor * m.exp(-rate * t) if rate else factor
    return total


def derivative(terms):
    result = {}
    for rate, p in terms.items():
        q = [(k + 1) * p[k + 1] if k + 1 < len(p) else 0 for k in range(len(p))]
        q = [a - rate * b for a, b in zip(q, p)]
        while q and q[-1] == 0:
            q.pop()
        if q:
            result[rate] = q
    return result


def bisect(terms, low, high, m):
    """The root between two times at which the signs differ, to the last digit that the arithmetic can tell."""
    below = value(terms, low, m) < 0
    while True:
        middle = (low + high) / 2
        if not low < middle < high:
            return high
        if (value(terms, middle, m) < 0) == below:
            low = middle
        else:
            high = middle


def roots(terms, stop, m):
    """Ascending times in 0 .. stop at which the sum changes its sign."""
    if not terms:
        return []
    slowest = min(terms)
    shifted = {rate - slowest: p for rate, p in terms.items()}  # times exp(slowest t)
    if len(shifted) == 1 and len(shifted[0]) == 1:
        return []
    times = [0] + roots(derivative(shifted), stop, m) + [stop]
    signs = [value(shifted, t, m) < 0 for t in times]
    return [bisect(shifted, times[k], times[k + 1], m) for k in range(len(times) - 1) if signs[k] != signs[k + 1]]


class Linear:
    """iaf_psc_delta, iaf_psc_exp, iaf_psc_alpha and if, by their parameters."""
    kinds = {"iaf_psc_delta": None, "iaf_psc_exp": 1, "iaf_psc_alpha": 2, "if": 1}

    def __init__(self, model, parameters, v, m=exact):
        self.m, self.model = m, model
        p = {name: m.exactly(number) for name, number in parameters.items()}
        self.leak = 0 if model == "if" else 1 / p["tau_m"]
        self.rest = 0 if model == "if" else p["E_L"]
        self.capacity, self.current, self.threshold = p["C_m"], p.get("I_e", m.exactly(0)), p["V_th"]
        self.reset, self.t_ref = p["V_reset"], p["t_ref"]
        self.held = p.get("V_refractory", self.reset)
        self.keep = bool(parameters.get("refractory_input", 0))
        self.order = self.kinds[model]
        self.decays = [1 / p[name] for name in ("tau_syn_ex", "tau_syn_in")] if self.order else []
        self.longest = max([1 / rate for rate in self.decays + [self.leak] if rate])
        self.t, self.v, self.until, self.kept = m.exactly(0), m.exactly(v), -m.inf, m.exactly(0)
        self.currents = [[m.exactly(0)] * self.order for _ in self.decays]

    def drive(self):
        """The current into the membrane from now on, as {rate: polynomial}."""
        total = {0: [self.current]}
        for rate, current in zip(self.decays, self.currents):
            have = total.setdefault(rate, [self.m.exactly(0)] * self.order)
            for k, coefficient in enumerate(current):
                have[k] += coefficient
        return total

    def potential(self):
        """V from now on as such a sum: V' = -leak (V - rest) + drive / capacity."""
        terms, at_zero = {0: [self.rest]}, self.rest
        for rate, q in self.drive().items():
            if not any(q):
                continue
            q, k = [c / self.capacity for c in q], self.leak - rate
            if k == 0:
                p = [0] + [c / (j + 1) for j, c in enumerate(q)]
            else:  # p' + k p = q
                p = [0] * len(q)
                for j in reversed(range(len(q))):
                    p[j] = (q[j] - ((j + 1) * p[j + 1] if j + 1 < len(q) else 0)) / k
            self.add(terms, rate, p)
            at_zero += p[0]
        self.add(terms, self.leak, [self.v - at_zero])
        return terms

    @staticmethod
    def add(terms, rate, p):
        have = terms.setdefault(rate, [])
        have.extend([0] * (len(p) - len(have)))
        for j, coefficient in enumerate(p):
            have[j] += coefficient

    def advance(self, t):
        if t > self.until > self.t:
            self.advance(self.until)
        if t <= self.until:
            if t == self.until:
                self.v = self.held + self.kept
                self.kept = 0 * self.kept
            elif self.kept:
                self.kept *= self.m.exp(-(t - self.t) * self.leak)
        else:
            self.v = value(self.potential(), t - self.t, self.m)
        passed = t - self.t
        for rate, current in zip(self.decays, self.currents):
            factor = self.m.exp(-rate * passed)
            if self.order == 2:
                current[0] += current[1] * passed
                current[1] *= factor
            current[0] *= factor
        self.t = t

    def receive(self, weight, receptor=None):
        """An input now, after advance(); receptor "current": a change of the constant current."""
        if receptor == "current":
            self.current += weight
        elif self.order is None:
            if self.t > self.until:
                self.v += weight
            elif self.keep:
                self.kept += weight
        else:
            receptor = receptor if receptor is not None else int(weight < 0)
            slope = 1 if self.order == 1 else self.m.exp(self.m.exactly(1)) * self.decays[receptor]
            self.currents[receptor][self.order - 1] += weight * slope

    def fires_at(self):
        """When V reaches the threshold next if nothing else arrives, not before now; inf: never."""
        start = max(self.t, self.until)
        if start > self.t:
            later = self.copy()
            later.advance(start)
            return later.fires_at()
        if self.v >= self.threshold:
            return self.t
        if self.order and not self.may_fire():
            return self.m.inf
        terms = self.potential()
        terms[0] = [terms[0][0] - self.threshold] + terms[0][1:]
        last = self.stop(terms)
        found = roots(terms, last, self.m)
        return self.t + found[0] if found else self.m.inf

    def may_fire(self):
        """False where a bound tells at once that it does not: all that drives, and nothing that restrains."""
        highest = max(self.v, self.rest + (self.current / self.capacity / self.leak if self.leak else self.m.inf))
        if highest >= self.threshold:
            return True
        peak = 1 if self.order == 1 else None
        if peak is None or not self.leak:
            return True
        return highest + sum(max(c[0], 0) for c in self.currents) / self.capacity / self.leak >= self.threshold

    def stop(self, terms):
        """Long after all that decays has gone; without a leak, when the constant current has taken V there."""
        last = 100 * self.longest
        if not self.leak and self.current > 0:
            last += 2 * abs(terms[0][0]) / (self.current / self.capacity)
        return last

    def copy(self):
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other.currents = [list(current) for current in self.currents]
        return other

    def spike(self):
        """Now, after advance()."""
        self.until = self.t + self.t_ref
        self.v = self.held if self.t_ref > 0 else self.reset
        self.kept = 0 * self.kept


class Quadratic:
    """qif_delta: C V' = k (V - E_L) (V - V_c) + I_e, a spike at V_peak."""

    def __init__(self, parameters, v, m=exact):
        self.m = m
        p = {name: m.exactly(number) for name, number in parameters.items()}
        self.k, self.speed, self.centre = p["k"], p["k"] / p["C_m"], (p["E_L"] + p["V_c"]) / 2
        self.offset = p.get("I_e", 0) / p["k"] - ((p["E_L"] - p["V_c"]) / 2) ** 2
        self.peak, self.reset, self.t_ref = p["V_peak"], p["V_reset"], p.get("t_ref", m.exactly(0))
        self.held = p.get("V_refractory", self.reset)
        self.t, self.v, self.until = m.exactly(0), m.exactly(v), -m.inf

    def advance(self, t):
        if t > self.until:
            start = max(self.t, self.until)
            self.v = self.centre + course(self.v - self.centre, self.offset, self.speed * (t - start), self.m)
        self.t = t

    def receive(self, weight, receptor=None):
        if receptor == "current":
            self.offset += weight / self.k
        elif self.t > self.until:
            self.v += weight

    def fires_at(self):
        start = max(self.t, self.until)
        if self.v >= self.peak:
            return start
        taken = duration(self.v - self.centre, self.peak - self.centre, self.offset, self.m)
        return start + taken / self.speed

    def spike(self):
        self.until = self.t + self.t_ref
        self.v = self.held if self.t_ref > 0 else self.reset


class Theta:
    """theta_delta: x = tan(V / 2) has x' = x^2 + pi^2 I_e (t in s), an input of weight w (s) adds pi^2 w to x, and
    a spike is where x is infinite. Kept as the phase, for x = -infinity after a spike."""

    def __init__(self, parameters, v, m=exact):
        self.m = m
        self.offset = m.pi ** 2 * m.exactly(parameters["I_e"])
        self.t, self.v = m.exactly(0), m.exactly(v)

    def x(self):
        return self.m.tan(self.v / 2) if self.v > -self.m.pi else -self.m.inf

    def advance(self, t):
        x = course(self.x(), self.offset, (t - self.t) / 1000, self.m)
        self.v = 2 * self.m.atan(x) if x > -self.m.inf else -self.m.pi
        self.t = t  # at the very end of a course a spike() follows, whatever v is

    def receive(self, weight, receptor=None):
        if receptor == "current":
            self.offset += self.m.pi ** 2 * weight
        elif self.v > -self.m.pi:
            self.v = 2 * self.m.atan(self.x() + self.m.pi ** 2 * weight)

    def fires_at(self):
        return self.t + 1000 * duration(self.x(), self.m.inf, self.offset, self.m)

    def spike(self):
        self.v = -self.m.pi


def course(x, offset, t, m):
    """x(t) of x' = x^2 + offset, which does not reach infinity before t; x may be -inf."""
    if t == 0:
        return x
    if offset > 0:
        w = m.sqrt(offset)
        start = m.atan(x / w) if x > -m.inf else -m.pi / 2
        return w * m.tan(start + w * t)
    if offset == 0:
        return -1 / t if x == -m.inf else m.inf if x * t == 1 else x / (1 - x * t)
    w = m.sqrt(-offset)
    if x == -m.inf:
        return -w / m.tanh(w * t)
    moved = m.tanh(w * t)
    return w * (x - w * moved) / (w - x * moved) if w != x * moved else m.inf


def duration(x, end, offset, m):
    """What x' = x^2 + offset takes from x to end > x; inf: it never comes there. x may be -inf and end inf."""
    if offset > 0:
        w = m.sqrt(offset)
        angles = [m.pi / 2 if y == m.inf else -m.pi / 2 if y == -m.inf else m.atan(y / w) for y in (x, end)]
        return (angles[1] - angles[0]) / w
    w = m.sqrt(-offset)
    if x <= w:
        return m.inf
    if offset == 0:
        return 1 / x - (0 if end == m.inf else 1 / end)
    ratios = [1 if y == m.inf else (y - w) / (y + w) for y in (x, end)]
    return m.log(ratios[1] / ratios[0]) / (2 * w)


def simulate(neurons, edges, inputs, stop):
    """All spikes (time, neuron) up to `stop`, ascending.

    edges: [(source, target, weight, delay)]; inputs: [(time, target, weight)] from stimuli, delays included, or
    [(time, target, change, "current")]. What comes to a neuron at one time is added, synapses by their source, then by the time of its spike, then by number, then stimuli, and
    then it is asked whether it fires; a threshold that it reaches by itself at that time comes first."""
    m = neurons[0].m
    out = {}
    for number, (source, target, weight, delay) in enumerate(edges):
        out.setdefault(source, []).append((target, number, m.exactly(weight), m.exactly(delay)))
    queue = [(m.exactly(t), target, len(neurons), 0, number, m.exactly(w), *receptor)
             for number, (t, target, w, *receptor) in enumerate(inputs)]
    due = [neuron.fires_at() for neuron in neurons]
    own = [(t, i) for i, t in enumerate(due) if t <= stop]
    heapq.heapify(queue)
    heapq.heapify(own)
    spikes = []
    while queue or own:
        if own and (not queue or own[0][0] <= queue[0][0]):
            t, i = heapq.heappop(own)
            if due[i] != t:
                continue  # moved by an input since
            neurons[i].advance(t)
            neurons[i].spike()
            spikes.append((t, i))
            for target, number, weight, delay in out.get(i, []):
                heapq.heappush(queue, (t + delay, target, i, t, number, weight))
        else:
            t, i = queue[0][:2]
            if t > stop:
                break
            neurons[i].advance(t)
            while queue and queue[0][:2] == (t, i):
                neurons[i].receive(*heapq.heappop(queue)[5:])
        due[i] = neurons[i].fires_at()
        if due[i] <= stop:
            heapq.heappush(own, (due[i], i))
    return sorted(spikes)
