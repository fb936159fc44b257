#!/usr/bin/env python3
"""Sound to spectrogram, which a readout can learn, and back.

    python3 sound.py song.wav song.csv            # a row every 10 ms, a column for each of 20 bands of frequency
    python3 sound.py song.csv song.wav            # a tone for each band, as loud as it says
    python3 sound.py song.h5 sung.wav --start 50  # what readouts put out, from 50 s on

Bands lie evenly between --low and --high. Ode to Joy has five pitches instead: --pitches 261,293.6,329.6,349.23,392. A third
word, figure.png, draws the spectrogram of the sound. --window, 80 ms by default, is what the sound is looked at through:
readouts with a decay of 20 ms cannot follow sharp edges. Needs NumPy, SciPy; h5py for outputs, Matplotlib for figures."""
import argparse

import numpy
from scipy import signal
from scipy.io import wavfile

RATE = 22050  # samples a second that are written


def centres(options, bands):
    if options.pitches:
        return numpy.array([float(pitch) for pitch in options.pitches.split(",")])
    edges = numpy.linspace(options.low, options.high, bands + 1)
    return (edges[1:] + edges[:-1]) / 2


def read_sound(path):
    """Samples between -1 and 1, of all channels together, and how many there are in a second."""
    rate, samples = wavfile.read(path)
    if samples.dtype.kind == "u":
        samples = samples.astype(float) - 128
    samples = numpy.asarray(samples, float)
    samples = samples.mean(axis=1) if samples.ndim > 1 else samples
    return samples / max(abs(samples).max(), 1e-300), rate


def to_rows(samples, rate, options):
    """[rows][bands] amplitudes, of 1 at most: energy of each band within a window, looked at every interval."""
    pitches = centres(options, options.bands)
    borders = numpy.concatenate([[0], (pitches[1:] + pitches[:-1]) / 2, [rate]])
    window = max(16, round(1e-3 * options.window * rate))
    rows = []
    padded = numpy.pad(samples, window)
    taper = signal.windows.hann(window)
    band = numpy.searchsorted(borders, numpy.fft.rfftfreq(window, 1 / rate), side="right") - 1
    for middle in numpy.arange(0, len(samples), 1e-3 * options.interval * rate):
        at = int(middle) + window - window // 2
        energy = abs(numpy.fft.rfft(padded[at:at + window] * taper)) ** 2
        rows.append(numpy.sqrt(numpy.bincount(band, energy, len(pitches))[:len(pitches)]))
    rows = numpy.array(rows)
    return rows / max(rows.max(), 1e-300)


def to_sound(rows, options):
    """A tone for each column, whose amplitude is interpolated between the rows."""
    pitches = centres(options, rows.shape[1])
    times = numpy.arange(int(len(rows) * 1e-3 * options.interval * RATE)) / RATE
    at = 1e-3 * options.interval * numpy.arange(len(rows))
    sound = sum(numpy.interp(times, at, numpy.maximum(column, 0)) * numpy.sin(2 * numpy.pi * pitch * times)
                for pitch, column in zip(pitches, rows.T))
    return sound / max(abs(sound).max(), 1e-300)


def read_rows(path, options):
    if not path.endswith(".h5"):
        return numpy.loadtxt(path, delimiter=",", ndmin=2)
    import h5py

    with h5py.File(path) as file:
        group = file["readout"]
        name = options.readout or next(name for name in group if group[name].attrs["state"] == b"output")
        attributes, rows = dict(group[name].attrs), group[name]["data"][:]
    options.interval = float(attributes["interval_ms"])
    times = 1e-3 * (attributes["start_ms"] + options.interval * numpy.arange(1, len(rows) + 1))
    return rows[(times >= options.start) & (times <= options.stop)]


def draw(path, samples, rate, options):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    window = max(16, round(1e-3 * options.window * rate))
    frequencies, times, spectrum = signal.spectrogram(samples, rate, nperseg=window, noverlap=window * 3 // 4)
    top = 1.3 * centres(options, options.bands)[-1]
    level = 10 * numpy.log10(spectrum / spectrum.max() + 1e-12)
    figure, axes = plt.subplots(figsize=(9, 3.2))
    image = axes.pcolormesh(times, 1e-3 * frequencies, level, vmin=-50, vmax=0, cmap="magma", rasterized=True)
    axes.set(ylim=(0, 1e-3 * top), xlabel="time (s)", ylabel="frequency (kHz)")
    figure.colorbar(image, label="dB")
    figure.tight_layout()
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("figure", nargs="?")
    parser.add_argument("--bands", type=int, default=20)
    parser.add_argument("--low", type=float, default=1000, help="Hz")
    parser.add_argument("--high", type=float, default=8000, help="Hz")
    parser.add_argument("--pitches", help="Hz, instead of bands")
    parser.add_argument("--interval", type=float, default=10, help="ms between rows; outputs know theirs")
    parser.add_argument("--window", type=float, default=80, help="ms")
    parser.add_argument("--readout", help="name of a recorder of outputs, such as z.output; by default the first one")
    parser.add_argument("--start", type=float, default=0, help="s")
    parser.add_argument("--stop", type=float, default=numpy.inf, help="s")
    options = parser.parse_args()
    if options.source.endswith(".wav"):
        samples, rate = read_sound(options.source)
        numpy.savetxt(options.target, to_rows(samples, rate, options), fmt="%.4g", delimiter=",")
    else:
        samples, rate = to_sound(read_rows(options.source, options), options), RATE
        wavfile.write(options.target, rate, (32767 * samples).astype(numpy.int16))
    if options.figure:
        draw(options.figure, samples, rate, options)


if __name__ == "__main__":
    main()
