"""What goes wrong, as exceptions."""


class VolleyError(Exception):
    """A fault of a file, a description or a run; its text is what the program `volley` says of it."""


class UnknownName(VolleyError, KeyError):
    """There is nothing of that name."""

    def __str__(self) -> str:
        return str(self.args[0])
