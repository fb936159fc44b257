"""As test_brunel.py, with 5 seeds."""
from test_brunel import main

if __name__ == "__main__":
    main(range(1, 6))
