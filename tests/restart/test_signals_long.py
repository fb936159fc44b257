"""As test_signals.py, all cases."""
import test_signals

if __name__ == "__main__":
    test_signals.EVERY = 1
    test_signals.main()
