"""What runs came to when they were recorded: a change that is to change no result changes none of these.

tests/invariance/results.txt has a line for each run: its name, spike digest, and hashes of the output and, where there
is one, of its checkpoint (all datasets and attributes but those that tell when, where and by what program they were
written). The bits hold for one C library and one set of instructions: elsewhere nothing is compared, and that is said.

VOLLEY_RECORD=FILE: the lines of this run are added to FILE instead, for a change that is to change results."""
import hashlib
import os
import platform
import re

import h5py
import numpy

from program import SOURCE, expect

FILE = os.path.join(SOURCE, "tests", "invariance", "results.txt")
RECORD = os.environ.get("VOLLEY_RECORD")
# Paths in a file, attributes as path@name, that differ between two runs which come to the same.
PROVENANCE = re.compile(
    r"volley@(c_flags|compiler|git_commit|hdf5_version|host|hosts|mpi_version|openmp_version|petsc_version|started|version|"
    r"ranks|threads|experiment_file|inputs_hash|modified|library)"
    r"|volley/summary(@.*|/(cores|hosts|peak_rss_bytes|seconds_by_phase|of_rank(/.*)?)(@.*)?)?|images/\d+@file"
    r"|volley_checkpoint@(experiment_file|experiment_folder|experiment_hash|git_commit|host|output|version|written|ranks|threads)"
    r"|volley_checkpoint/(input_files|recorded_files|input_keys|experiment)(@checksum)?|volley/experiment"
    r"|eigenvalues/.*")


def where():
    """The C library and the instructions that the bits depend on."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            flags = set(re.search(r"^flags\s*:(.*)$", file.read(), re.MULTILINE)[1].split())
    except (OSError, TypeError):
        flags = set()
    words = [word for word in ("fma", "avx2", "avx512f") if word in flags]
    return " ".join(["#", *platform.libc_ver(), platform.machine(), *words])


def fingerprint(path):
    """A hash of all that a file holds but for its provenance."""
    found = []

    def note(name, value, dtype):
        if not PROVENANCE.fullmatch(name):
            value = numpy.asarray(value)
            found.append(repr((name, str(dtype), value.shape)).encode() + value.tobytes())

    def visit(name, item):
        for attribute in item.attrs:
            note(f"{name}@{attribute}", item.attrs[attribute], item.attrs.get_id(attribute).dtype)
        if isinstance(item, h5py.Dataset):
            note(name, item[()], item.dtype)

    with h5py.File(path) as file:
        visit("", file)
        file.visititems(visit)
    return hashlib.sha256(b"".join(sorted(found))).hexdigest()[:32]


def read_known():
    with open(FILE, encoding="utf-8") as file:
        lines = file.read().splitlines()
    if lines[0] != where():
        print(f"results are not compared with recorded ones: those are of '{lines[0]}', here is '{where()}'")
        return None
    return {line.split(": ")[0]: line for line in lines[1:]}


def expect_recorded(name, digest, output, checkpoint=None):
    """Expects that a run came to what was recorded under this name."""
    line = ": ".join([name, " ".join([digest, fingerprint(output), *([fingerprint(checkpoint)] if checkpoint else [])])])
    if RECORD:
        is_new = not os.path.exists(RECORD)
        with open(RECORD, "a", encoding="utf-8") as file:
            file.write((where() + "\n" if is_new else "") + line + "\n")
        return
    if not hasattr(expect_recorded, "known"):
        expect_recorded.known = read_known()
    if expect_recorded.known is not None:
        recorded = expect_recorded.known.get(name, "nothing")
        expect(recorded == line, f"other results than recorded (tests/invariance/results.txt)\n  {recorded}\n  {line}")
