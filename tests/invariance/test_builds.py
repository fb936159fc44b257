"""The arithmetic of update loops comes to the same bits from every compiler that is here, for all instruction sets of x86-64 and
optimised more or less. test_builds_long.py compares states of whole networks."""
import os
import platform
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import SOURCE, expect, finish  # noqa: E402

FLAGS = [["-O2"], ["-O3", "-march=native"]] + [["-O3", "-march=x86-64-v3"]] * (platform.machine() == "x86_64")


def main():
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for compiler in ("gcc", "clang"):
            for flags in FLAGS if shutil.which(compiler) else []:
                made = os.path.join(folder, "arithmetic")
                subprocess.run([compiler, "-std=gnu11", *flags, "-ffp-contract=off", "-fno-trapping-math", "-fopenmp-simd",
                                f"-I{SOURCE}/src", os.path.join(HERE, "arithmetic.c"), "-o", made, "-lm"], check=True)
                found[" ".join([compiler, *flags])] = subprocess.run([made], capture_output=True, text=True, check=True).stdout.strip()
    expect(found, "no compiler")
    expect(len(set(found.values())) <= 1, f"other bits: {found}")
    finish()


main()
