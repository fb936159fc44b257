"""Files of stimuli that do not fit: check finds what run finds, one message and exit code 2; files that fit run. Every fourth run is
one of 3 ranks; of test_three_ranks_long.py all are."""
import os
import sys
import tempfile

import h5py
import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import execute, expect, finish  # noqa: E402

EXPERIMENT = """
populations:
  - {{name: A, model: parrot, size: 4}}
  - {{name: B, model: iaf_psc_exp, size: 2}}
stimuli:
  - {{name: s, target: A, {keys}}}
{more}
simulation: {{duration: 10 ms}}
"""
RATES = "type: inhomogeneous_poisson, file: data.csv"
IMAGES = "type: images, file: data.csv, slot: 1 ms, factor: 10 Hz"
LABELLED = IMAGES + ", label_column: 0"
TEACHER = "  - {type: teacher, target: B, images: s, amplitude: 3}"
HDF5 = "type: images, file: data.h5, dataset: images, slot: 1 ms, factor: 10 Hz"
CASES = [
    (RATES, "0,10\n5,20\n", "", None),
    (RATES, "0,1,2,3,4\n5,1,2,3,4\n", "", None),
    (RATES, "0,1,2,3\n", "", "the rows of 'data.csv' have 4 columns; 2 are possible (a time and a rate for all), or 5 "
     "(a time and the rates of 4 neurons)"),
    (RATES, "0,1\n5,1\n5,2\n", "", "row 2 (from 0) of 'data.csv' has the time 5 ms, which is not after that of the row "
     "before"),
    (RATES, "0,1\n5,-1\n", "", "row 1 (from 0) of 'data.csv' has the rate -1 Hz; from 0 to 10 MHz is possible"),
    (RATES, "0,1\n5,nan\n", "", "'data.csv', line 2: value 2 is not a number (NaN)"),
    (RATES, "", "", "'data.csv' holds no values"),
    (RATES + ", dataset: rates", "0,1\n", "", "'data.csv' is not an HDF5 file"),
    (RATES.replace("csv", "h5"), "", "", "'data.h5' is an HDF5 file; `dataset` must say where its values are"),
    (IMAGES, "1,2,3,4\n0,0,0,1\n", "", None),
    (IMAGES, "0,1,2,3,4\n", "", "the images of 'data.csv' have 5 pixels for 4 neurons of A; is one of the columns a "
     "label_column?"),
    (IMAGES, "0,1,2\n", "", "the images of 'data.csv' have 3 pixels for 4 neurons of A"),
    (IMAGES, "0,1,2,3\n0,1,2,-3\n", "", "pixel 3 of image 1 (from 0) of 'data.csv' is -3, a rate of -30 Hz"),
    (IMAGES + ", images: [0-1, 3]", 3 * "1,2,3,4\n", "", "image 3 is listed; 'data.csv' has images 0-2"),
    (LABELLED, "1,1,2,3,4\n0,1,2,3,4\n", TEACHER, None),
    (LABELLED, "1,1,2,3,4\n2,1,2,3,4\n", TEACHER, "image 1 of 's' has the label 2; the teacher reaches 2 neurons of B, "
     "one for each label from 0 up"),
    (LABELLED, "1,1,2,3,4\n0.5,1,2,3,4\n", "", "the label of image 1 (from 0) of 'data.csv' is 0.5"),
    (LABELLED.replace("0", "5"), "1,1,2,3,4\n", "", "label_column is 5; the rows of 'data.csv' have columns 0-4"),
    (IMAGES, "1,2,3,4\n", TEACHER, "the images of 's' have no labels: it needs label_column or label_dataset"),
    (HDF5, "", "", None),
    (HDF5 + ", label_dataset: labels", "", TEACHER, None),
    (HDF5 + ", label_dataset: images", "", TEACHER, "dataset 'images' of 'data.h5' holds 3 rows of 4 labels; there "
     "must be a label for each image, and there are 3"),
    (HDF5 + ", label_dataset: label", "", "", "dataset 'label' of 'data.h5' does not exist"),
]


def main(every):
    with tempfile.TemporaryDirectory() as folder:
        with h5py.File(os.path.join(folder, "data.h5"), "w") as file:
            file["images"] = numpy.ones((3, 2, 2), "uint8")
            file["labels"] = numpy.array([1, 0, 1], "int64")
        for number, (keys, data, more, text) in enumerate(CASES):
            with open(os.path.join(folder, "data.csv"), "w", encoding="utf-8") as file:
                file.write(data)
            with open(os.path.join(folder, "net.yaml"), "w", encoding="utf-8") as file:
                file.write(EXPERIMENT.format(keys=keys, more=more))
            for command, ranks in ((["check", "net.yaml"], 1), (["run", "net.yaml", "--overwrite"], 1 if number % every else 3)):
                result = execute(command, ranks, cwd=folder)
                messages = [line for line in result.stderr.splitlines() if line.startswith("volley: ")]
                is_right = result.returncode == 0 if text is None else (
                    result.returncode == 2 and len(messages) == 1 and text in messages[0])
                expect(is_right, f"{command[0]}, {ranks} ranks, {keys}: code {result.returncode}\n{result.stderr}")


if __name__ == "__main__":
    main(4)
    finish()
