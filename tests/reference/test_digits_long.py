"""As test_digits.py, with 10 seeds."""
from test_digits import main

if __name__ == "__main__":
    main(range(1, 11), (2, 3), {})
