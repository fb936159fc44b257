"""As test_digest.py, in all combinations."""
from test_digest import every_combination, main

if __name__ == "__main__":
    main(lambda number: every_combination())
