"""As test_situations.py, every case on two ranks, too."""
import sys

from test_situations import main

if __name__ == "__main__":
    sys.exit(main(every=1))
