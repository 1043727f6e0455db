"""Tags of models, configurations and endpoints."""

from collections.abc import Iterable, Sequence

from local.sagemaker.errors import validation_exception
from local.sagemaker.identity import Authoriser, Caller
from local.sagemaker.resources import Named
from local.sagemaker.validation import Document

_MAX_TAGS = 50


class Tags:
    """AddTags, ListTags and DeleteTags."""

    def __init__(self, authoriser: Authoriser) -> None:
        self._authoriser = authoriser
        self._collections: list[Iterable[Named]] = []
        self._tags: dict[str, dict[str, str]] = {}

    def cover(self, collection: Iterable[Named]) -> None:
        """Lets the resources of a collection carry tags."""
        self._collections.append(collection)

    def put(self, arn: str, tags: Sequence[Document]) -> None:
        """Adds tags; a key that exists gets the new value."""
        merged = {**self._tags.get(arn, {}), **{tag["Key"]: tag["Value"] for tag in tags}}
        if len(merged) > _MAX_TAGS:
            raise validation_exception(f"A resource has at most {_MAX_TAGS} tags.")
        self._tags[arn] = merged

    def forget(self, arn: str) -> None:
        self._tags.pop(arn, None)

    def of(self, arn: str) -> dict[str, str]:
        return dict(self._tags.get(arn, {}))

    async def add(self, request: Document, caller: Caller) -> Document:
        arn = await self._require(caller, "sagemaker:AddTags", request)
        self.put(arn, request["Tags"])
        return {"Tags": self._listed(arn)}

    async def list_(self, request: Document, caller: Caller) -> Document:
        arn = await self._require(caller, "sagemaker:ListTags", request)
        return {"Tags": self._listed(arn)}

    async def delete(self, request: Document, caller: Caller) -> Document:
        arn = await self._require(caller, "sagemaker:DeleteTags", request)
        for key in request["TagKeys"]:
            self._tags.get(arn, {}).pop(key, None)
        return {}

    async def _require(self, caller: Caller, action: str, request: Document) -> str:
        arn: str = request["ResourceArn"]
        await self._authoriser.require(caller, action, arn)
        if not any(each.arn == arn for collection in self._collections for each in collection):
            raise validation_exception(f'Could not find resource "{arn}".')
        return arn

    def _listed(self, arn: str) -> list[Document]:
        return [{"Key": key, "Value": value} for key, value in self._tags.get(arn, {}).items()]
