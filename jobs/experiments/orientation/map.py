"""The map of orientation.yaml: which of the eight directions each neuron of the sheet prefers, and how much.

    python3 map.py orientation.h5 map.png"""
import sys

import h5py
import matplotlib
import numpy

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

SHEET, STIMULI, SPAN = 20, 8, 250.0
with h5py.File(sys.argv[1]) as file:
    times, ids = (file["spikes/cortex/" + name][:] for name in ("timestamps", "node_ids"))
shown = numpy.minimum((times - 1e-6) // SPAN, STIMULI - 1).astype(int)
counts = numpy.zeros((SHEET * SHEET, STIMULI))
numpy.add.at(counts, (ids.astype(int), shown), 1)
vector = counts @ numpy.exp(2j * numpy.pi * numpy.arange(STIMULI) / STIMULI) / numpy.maximum(counts.sum(1), 1)
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4))
image = left.imshow(numpy.degrees(numpy.angle(vector) / 2 % numpy.pi).reshape(SHEET, SHEET), cmap="hsv", vmin=0, vmax=180,
                    origin="lower", extent=(-0.5, 0.5, -0.5, 0.5))
figure.colorbar(image, ax=left, label="preferred direction (degrees)")
image = right.imshow(abs(vector).reshape(SHEET, SHEET), cmap="gray", vmin=0, vmax=1, origin="lower", extent=(-0.5, 0.5, -0.5, 0.5))
figure.colorbar(image, ax=right, label="selectivity")
for axes, title in ((left, "Orientation map"), (right, f"{1e3 * len(ids) / len(counts) / STIMULI / SPAN:.1f} Hz")):
    axes.set(title=title, xlabel="x", ylabel="y")
figure.tight_layout()
figure.savefig(sys.argv[2], dpi=120)
print(f"median selectivity {numpy.median(abs(vector)):.2f}")
