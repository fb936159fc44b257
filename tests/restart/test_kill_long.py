"""As test_kill.py, at 100 moments."""
from test_kill import main

if __name__ == "__main__":
    main(range(100))
