"""test_closed_forms.py with referees that calculate in 40 digits."""
from test_closed_forms import main

if __name__ == "__main__":
    main(is_long=True)
