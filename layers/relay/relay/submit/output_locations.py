"""Output locations: predicted for each claim, and corrected by SageMaker's responses.

`Filename` names an output and `S3OutputPathExtension` its folder. The API reference says that the
extension is "appended to the Amazon S3 output path", and does not say what SageMaker puts before
and after the two. An existing endpoint may also write into a folder below the outputs. So the first
response corrects the predictions that follow; a wrong prediction costs a ledger write.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpointAsync.html
"""

from relay.inputs.inputs import Inputs
from relay.s3uri import S3Uri
from relay.submit.limits import output_extension


class OutputLocations:
    """The form of output locations: before, folder, joint, inference id, after.

    An object lives as long as the execution environment.

    Args:
        outputs: the folder that must contain every output.
        inputs: the folders whose subfolders are mirrored.
        mirror: whether the output of an input in a folder goes to a folder of the same name.
    """

    def __init__(self, outputs: S3Uri, inputs: Inputs, *, mirror: bool) -> None:
        self._outputs = outputs
        self._inputs = inputs
        self._mirror = mirror
        # If SageMaker appends without a slash, `outputsorders/` would be outside of the outputs. If
        # it adds a slash, the first location has two, and later extensions begin without one.
        self._slash = "/"
        self._before = str(outputs)
        self._joint: str | None = "/"  # None: SageMaker ignores the extension
        self._after = ""

    def extension(self, location: S3Uri | None) -> str:
        """Return the S3OutputPathExtension for an input; empty for none."""
        if not self._mirror:
            return ""
        folder = output_extension(location, self._inputs)
        return f"{self._slash}{folder}" if folder else ""

    def stop_mirroring(self) -> None:
        """Send no S3OutputPathExtension from now on."""
        self._mirror = False

    def predict(self, inference_id: str, extension: str) -> str:
        """Return the expected location of an output."""
        folder = extension.strip("/")
        inner = f"{folder}{self._joint}" if folder and self._joint is not None else ""
        return f"{self._before}{inner}{inference_id}{self._after}"

    def contains(self, location: str) -> bool:
        """Whether a location that SageMaker returned is under the outputs."""
        return self._outputs.contains_text(location)

    def learn(self, inference_id: str, extension: str, location: str) -> bool:
        """Adapt the prediction to the location of one output, which must be under the outputs.

        Return False if the location does not contain the inference id: then no location can be
        predicted, and each is written to the ledger.
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
