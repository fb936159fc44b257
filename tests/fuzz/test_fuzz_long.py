"""Ten thousand checks and a thousand short runs of the fuzzer under the address and undefined behaviour sanitizers."""
import os
import subprocess
import sys

SOURCE = os.environ["VOLLEY_SOURCE"]


def main():
    for words in (["--preset", "asan"], ["--build", "--preset", "asan", "--parallel", "2", "--target", "volley", "volley_ready"]):
        subprocess.run(["cmake", *words], cwd=SOURCE, check=True, stdout=subprocess.DEVNULL)
    environment = {**os.environ, "VOLLEY": os.path.join(SOURCE, "build", "asan", "volley"),
                   "VOLLEY_READY": os.path.join(SOURCE, "build", "asan", "volley_ready"), "VOLLEY_TEST_C_FLAGS": "-fsanitize=address,undefined"}
    fuzz = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fuzz.py")
    return subprocess.run([sys.executable, fuzz, "--checks", "10000", "--runs", "1000", *sys.argv[1:]], env=environment,
                          check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
