"""What one would write in an afternoon: Flask, a file for each request, and an fsync before the answer."""

import gzip
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from flask import Flask, Response, jsonify, request

FOLDER = Path(os.environ["BENCHMARK_FOLDER"])

app = Flask(__name__)


@app.get("/livez")
def livez() -> Response:
    """Whether it serves."""
    return jsonify({"status": "Ok"})


@app.post("/e/")
@app.post("/batch/")
def take() -> Response:
    """Store the events of a request, durably."""
    if request.headers.get("Content-Encoding") == "gzip":
        body = json.loads(gzip.decompress(request.get_data()))
    else:
        body = request.get_json(force=True)
    events = body.get("batch", [body])
    received_at = datetime.now(UTC).isoformat()
    lines = [
        json.dumps({"received_at": received_at, "ip": request.remote_addr, "uuid": event["uuid"], "event": event})
        for event in events
    ]
    _write("\n".join(lines).encode())
    return jsonify({"status": "Ok"})


def _write(lines: bytes) -> None:
    with (FOLDER / f"{uuid4().hex}.jsonl").open("wb") as file:
        file.write(lines)
        file.flush()
        os.fsync(file.fileno())
    folder = os.open(FOLDER, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
