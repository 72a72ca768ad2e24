"""Why a request is not taken, as its sender is told."""


class Rejected(Exception):
    """Nothing of the request is kept. `status` is the HTTP status: SDKs drop what gets a 4xx and repeat on 5xx."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
