"""The base of all errors that refuse what a person asked for."""


class ActionRefused(Exception):
    """Nothing was done; `message` tells the person why and what to do. `except` names the subclass that is expected."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
