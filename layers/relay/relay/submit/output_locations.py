"""Where SageMaker writes outputs: predicted when a request is claimed, learnt from its answers.

`Filename` names an output and `S3OutputPathExtension` its folder. The API says of the latter that
it is "appended to the Amazon S3 output path", and of neither what SageMaker puts around it. An
endpoint that the relay has not made may also write into a folder of its own below the outputs. So
the first answer tells, and every prediction after it is correct; a wrong one costs a ledger write.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpointAsync.html
"""

from relay.s3uri import S3Uri
from relay.submit.limits import output_extension


class OutputLocations:
    """One environment's knowledge of locations: before, folder, joint, inference id, after.

    Args:
        outputs: the folder below which every output must lie.
        inputs: the folder whose subfolders are mirrored.
        mirror: whether the folder of an input is asked for as the folder of its output.
    """

    def __init__(self, outputs: S3Uri, inputs: S3Uri, *, mirror: bool) -> None:
        self._outputs = outputs
        self._inputs = inputs
        self._mirror = mirror
        # Where SageMaker appends without a slash of its own, `outputsorders/` would lie outside of
        # the outputs. Where it has its own, there are two, and the next extension has none.
        self._slash = "/"
        self._before = str(outputs)
        self._joint: str | None = "/"  # None: SageMaker ignores the extension
        self._after = ""

    def extension(self, location: S3Uri | None) -> str:
        """The S3OutputPathExtension for an input; empty for none."""
        if not self._mirror:
            return ""
        folder = output_extension(location, self._inputs)
        return f"{self._slash}{folder}" if folder else ""

    def stop_mirroring(self) -> None:
        """Ask for no folder any more: every output goes directly into the endpoint's own."""
        self._mirror = False

    def predict(self, inference_id: str, extension: str) -> str:
        folder = extension.strip("/")
        inner = f"{folder}{self._joint}" if folder and self._joint is not None else ""
        return f"{self._before}{inner}{inference_id}{self._after}"

    def contains(self, location: str) -> bool:
        """Whether a location that SageMaker names lies where outputs must lie."""
        return self._outputs.contains(S3Uri.parse(location))

    def learn(self, inference_id: str, extension: str, location: str) -> bool:
        """Predict as SageMaker has named this output, which must lie below the outputs.

        Return whether there was anything to learn. There is nothing where the name is SageMaker's
        own: then every location has to be written down.
        """
        before, named, after = location.rpartition(inference_id)
        if not named:
            return False
        folder = extension.strip("/")
        if folder:
            head, found, joint = before.rpartition(folder)
            mirrored = found and joint in ("/", "") and self.contains(head)
            self._joint = joint if mirrored and before != self._before else None
            if self._joint is not None:
                before = head
                if head.endswith("//"):
                    before, self._slash = head[:-1], ""
        self._before, self._after = before, after
        return True
