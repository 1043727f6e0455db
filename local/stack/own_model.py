"""A model, and a model server, of one's own behind the relay's endpoint."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from async_endpoint_emulator.serve_in import serve_in
from async_endpoint_emulator.testing.model_data import pack

from local.errors import LocalStackError
from local.stack.emulator import add_containers
from local.stack.settings import StackSettings


def _image() -> str:
    """Another image at each deployment, so that the endpoint is updated to the server as it is."""
    return f"own-model:{datetime.now(UTC):%Y%m%dT%H%M%S%f}"


@dataclass(frozen=True, slots=True)
class OwnModel:
    """Without a server, the local stack's XGBoost server reads the model."""

    model: str = ""
    """A file, a directory, or the S3 URI of a model.tar.gz in the stack; empty: none."""
    server: str = ""
    """Command of the model server."""
    directory: Path = field(default_factory=Path.cwd)
    """Where the server runs."""
    content_type: str = ""
    """Of requests that state none."""
    image: str = field(default_factory=_image)

    @classmethod
    def from_options(
        cls, model: str, server: str, directory: str, content_type: str
    ) -> Self | None:
        """None when no option is given.

        Raises:
            LocalStackError: there is nothing at a path, the command is empty or has an open
                quotation, or no model and no server is given.
        """
        if not (model or server):
            if directory or content_type:
                raise LocalStackError("give MODEL, SERVER or both with DIRECTORY and CONTENT_TYPE")
            return None
        if model and not model.startswith("s3://") and not Path(model).exists():
            raise LocalStackError(f"MODEL={model}: no such file or directory")
        if directory and not Path(directory).is_dir():
            raise LocalStackError(f"DIRECTORY={directory}: no such directory")
        where = Path(directory or Path.cwd())
        if server:
            try:
                serve_in(where, server)
            except ValueError as exc:
                raise LocalStackError(f"SERVER={server}: {exc}") from exc
        return cls(model, server, where, content_type)

    @property
    def parameters(self) -> Mapping[str, str]:
        """Those of the template."""
        image = {"ImageUri": self.image} if self.server else {}
        accepted = {"DefaultContentType": self.content_type} if self.content_type else {}
        return {**image, **accepted}

    def artifact(self, settings: StackSettings) -> Path | str:
        """A model.tar.gz, or the URI of one; empty where there is no model."""
        if not self.model or self.model.startswith("s3://"):
            return self.model
        archive = settings.directory / "model" / "own.tar.gz"
        archive.parent.mkdir(parents=True, exist_ok=True)
        archive.write_bytes(pack(Path(self.model)))
        return archive

    def register(self, settings: StackSettings) -> None:
        """Has the emulator run the server for the image. Raises LocalStackError."""
        if self.server:
            command = serve_in(self.directory, self.server)
            add_containers(settings, {f"^{re.escape(self.image)}$": command})
