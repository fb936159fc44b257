"""Makes what orientation.yaml takes, in place of recordings: spikes.h5, trains of cells of the thalamus that see gratings drift
in eight directions, 250 ms each; and receptive.h5, the synapses from them onto a sheet of the cortex: Gabor functions whose
orientation changes smoothly from place to place, but for pinwheels."""
import h5py
import numpy

CELLS, SHEET, STIMULI, SPAN, STEP = 16, 20, 8, 250.0, 0.1  # along each side; ms
random = numpy.random.default_rng(1)


def grid(n):
    """Places on a square of extent 1, the first axis the fastest, as those of a grid are."""
    centres = (numpy.arange(n) + 0.5) / n - 0.5
    return numpy.tile(centres, n), numpy.repeat(centres, n)


x, y = grid(CELLS)
times = numpy.arange(STEP, STIMULI * SPAN + STEP / 2, STEP)
angle = numpy.pi / STIMULI * (times // (SPAN + 1e-9))
phase = 2 * numpy.pi * (8e-3 * times - 4 * (numpy.outer(x, numpy.cos(angle)) + numpy.outer(y, numpy.sin(angle))))
rate = 40 * numpy.maximum(numpy.concatenate([numpy.cos(phase), -numpy.cos(phase)]), 0)  # on and off; Hz
ids, steps = numpy.nonzero((random.random(rate.shape) < 1e-3 * STEP * rate).T)[::-1]
with h5py.File("spikes.h5", "w") as file:
    group = file.create_group("spikes/thalamus")
    group.create_dataset("timestamps", data=times[steps], compression=9, shuffle=True)
    group.create_dataset("node_ids", data=ids.astype("u2"), compression=9, shuffle=True)

u, v = grid(SHEET)
waves = 2 * numpy.pi * 2.2 * numpy.exp(2j * numpy.pi * numpy.arange(9) / 9 + 0.3j)
field = sum(numpy.exp(1j * (w.real * u + w.imag * v + random.uniform(0, 2 * numpy.pi))) for w in waves)
preferred = numpy.angle(field) / 2
dx, dy = u[:, None] - x, v[:, None] - y  # periodic
dx, dy = dx - numpy.rint(dx), dy - numpy.rint(dy)
along = dx * numpy.cos(preferred)[:, None] + dy * numpy.sin(preferred)[:, None]
gabor = numpy.exp(-(dx**2 + dy**2) / 2 / 0.15**2) * numpy.cos(2 * numpy.pi * 4 * along + random.uniform(0, 6.28, len(u))[:, None])
weights = numpy.concatenate([gabor, -gabor], axis=1)  # on cells where the function is positive, off cells where it is not
target, source = numpy.nonzero(weights > 0.15)
with h5py.File("receptive.h5", "w") as file:
    for name, data in (("source", source.astype("u2")), ("target", target.astype("u2")),
                       ("weight", numpy.round(160 * weights[target, source]).astype("f4"))):
        file.create_dataset("edges/" + name, data=data, compression=9, shuffle=True)
