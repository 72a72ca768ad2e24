"""Why a request is not taken, as its sender is told."""


class Rejected(Exception):
    """Nothing of the request is kept. `status` is the HTTP status: SDKs drop what gets a 4xx and repeat on 5xx.

    `tag` is one word for programs and metrics.
    """

    def __init__(self, status: int, message: str, tag: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.tag = tag or _TAGS.get(status, "rejected")


_TAGS = {400: "request_parsing_error", 401: "invalid_api_token", 413: "payload_too_large"}
