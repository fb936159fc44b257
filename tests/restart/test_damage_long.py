"""As test_damage.py, more damages, all of them at three ranks too."""
from test_damage import main

if __name__ == "__main__":
    main(is_all=True)
