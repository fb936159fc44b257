"""What calls raise that should fail."""
import volley
from program import expect


def fails(call, *words):
    """Expects that a call raises VolleyError with these words."""
    try:
        call()
    except volley.VolleyError as fault:
        missing = [word for word in words if word not in str(fault)]
        expect(not missing, f"'{fault}' does not say {missing}")
        return
    expect(False, f"no fault that says {words}")
