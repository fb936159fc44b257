#!/usr/bin/env python3
"""Makes the recordings that experiments of this folder learn, in this folder.

song.csv               500 rows (10 ms) x 20 channels: the spectrogram of a synthetic birdsong of chirped syllables
movie.csv              64 rows (125 ms) x 192 pixels (12 lines of 16): a disc that bounces through the picture
ode_to_joy_long.csv    64 rows (notes) x 69 channels: five pitches and a clock of 64 channels
classification.h5      points in a square, their classes, and the gains of 2000 neurons (needs h5py)
"""
import os

import numpy

HERE = os.path.dirname(os.path.abspath(__file__))


def save(name, rows):
    numpy.savetxt(os.path.join(HERE, name), rows, fmt="%.4g", delimiter=",")


def blurred(rows, width):
    """Each column over time with a Gaussian of this width in rows; the first row follows the last one."""
    shifts = numpy.arange(-3 * width, 3 * width + 1)
    weights = numpy.exp(-0.5 * (shifts / width) ** 2)
    return sum(w * numpy.roll(rows, s, axis=0) for w, s in zip(weights / weights.sum(), shifts))


def make_song():
    """Syllables of 80 to 250 ms with pauses; in each the pitch rises, falls, or rises and falls. As in a spectrogram with
    wide windows they are blurred, by 80 ms and 2.5 channels: readouts with a decay of 20 ms cannot follow sharp edges."""
    random = numpy.random.default_rng(1)
    channels, rows, interval = 20, 500, 10.0

    def tone(pitch):
        return numpy.exp(-0.5 * ((numpy.arange(channels) - pitch) / 2.5) ** 2)

    song = numpy.zeros((rows, channels))
    start = 50.0
    while start < 4700:
        length = random.uniform(80, 250)
        low, high = numpy.sort(random.uniform(1, channels - 2, 2))
        shape = random.integers(3)
        for row in range(int(start / interval), int((start + length) / interval)):
            s = (row * interval - start) / length
            pitch = low + (high - low) * (s, 1 - s, numpy.sin(numpy.pi * s))[shape]
            loudness = numpy.sin(numpy.pi * max(s, 0))
            song[row] += loudness * (tone(pitch) + 0.4 * tone(1.6 * pitch))  # with a harmonic
        start += length + random.uniform(30, 90)
    song = blurred(song, 8)
    save("song.csv", song / song.max())


def make_movie():
    lines, columns, frames = 12, 16, 64
    y, x = numpy.mgrid[:lines, :columns]
    rows = []
    for frame in range(frames):
        phase = 2 * numpy.pi * frame / frames
        centre = (lines - 1) * (0.5 + 0.4 * numpy.sin(2 * phase)), (columns - 1) * (0.5 + 0.4 * numpy.sin(3 * phase))
        distance = numpy.hypot(y - centre[0], x - centre[1])
        rows.append(numpy.clip(1.5 - distance / 2.5, 0, 1).ravel())
    save("movie.csv", numpy.array(rows))


def make_ode_to_joy():
    notes = "3345543211233222" "3345543211232111" "2231243124321255" "3345543211232111"
    rows = numpy.zeros((64, 69))
    for number, note in enumerate(notes):
        rows[number, int(note) - 1] = rows[number, 5 + number] = 1
    save("ode_to_joy_long.csv", rows)


def make_classification():
    import h5py  # only here

    random = numpy.random.default_rng(2)
    points = random.uniform(0, 1, (3000, 2))
    order = numpy.concatenate([random.integers(0, 2000, 800), numpy.arange(2000, 3000)])  # then points never shown
    angles = random.uniform(0, 2 * numpy.pi, 2000)
    with h5py.File(os.path.join(HERE, "classification.h5"), "w") as file:
        file["points"] = points[order]
        file["targets"] = numpy.where(points[order, 1] > points[order, 0], 0.5, -0.5)[:, None]
        file["gains"] = 500 * numpy.column_stack([numpy.cos(angles), numpy.sin(angles)])


if __name__ == "__main__":
    make_song()
    make_movie()
    make_ode_to_joy()
    make_classification()
