"""As test_two_runs.py, 100 pairs."""
from test_two_runs import main

if __name__ == "__main__":
    main(100)
