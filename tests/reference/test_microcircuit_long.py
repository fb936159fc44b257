"""As test_microcircuit.py, with 10 seeds."""
from test_microcircuit import main

if __name__ == "__main__":
    main(range(1, 11))
