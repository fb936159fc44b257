"""As test_experiments.py: every experiment is checked."""
from test_experiments import main

if __name__ == "__main__":
    main(1)
