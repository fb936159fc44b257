"""As test_restart.py, with all ways of interruption, and killed at many moments."""
from test_restart import STOPS, WAYS, main

if __name__ == "__main__":
    main(WAYS, STOPS, 10)
