"""As test_plasticity_twin.py, of more rules."""
from test_plasticity_twin import main

if __name__ == "__main__":
    main(["variants.yaml"])
