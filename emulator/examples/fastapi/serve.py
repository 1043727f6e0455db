"""A model server of FastAPI, with two worker processes."""

import os
from pathlib import Path
from typing import Annotated

import uvicorn
from fastapi import Body, FastAPI, Response

MODEL = Path(os.environ.get("SM_MODEL_DIR", "/opt/ml/model"))
PORT = int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080"))

app = FastAPI()


@app.get("/ping")
def ping() -> Response:
    return Response()


@app.post("/invocations")
def invocations(text: Annotated[str, Body(embed=True)]) -> dict[str, object]:
    """`{"text": "…"}`: which of the model's words are in the text."""
    words = (MODEL / "words.txt").read_text().split()
    return {"found": [word for word in words if word in text.lower()], "worker": os.getpid()}


if __name__ == "__main__":
    host = "127.0.0.1" if "SAGEMAKER_BIND_TO_PORT" in os.environ else "0.0.0.0"  # noqa: S104
    uvicorn.run("serve:app", host=host, port=PORT, workers=2, log_level="warning")
