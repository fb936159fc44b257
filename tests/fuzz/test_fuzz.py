"""The first 300 cases of the fuzzer on this build; test_fuzz_long.py goes on."""
import sys

import fuzz

if __name__ == "__main__":
    sys.exit(fuzz.main(checks=250, runs=50))
