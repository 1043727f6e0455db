"""Tags of models, configurations and endpoints."""

from collections.abc import Mapping, Sequence

from async_endpoint_emulator.errors import validation_exception
from async_endpoint_emulator.validation import Document

_MAX_TAGS = 50


class Tags:
    """AddTags, ListTags and DeleteTags, for every resource that was `put`, also without tags."""

    def __init__(self) -> None:
        self._tags: dict[str, dict[str, str]] = {}

    def put(self, arn: str, tags: Sequence[Document]) -> None:
        """Adds tags; a key that exists gets the new value."""
        merged = {**self._tags.get(arn, {}), **{tag["Key"]: tag["Value"] for tag in tags}}
        if len(merged) > _MAX_TAGS:
            raise validation_exception(f"A resource has at most {_MAX_TAGS} tags.")
        self._tags[arn] = merged

    def of(self, arn: str) -> Mapping[str, str]:
        """The tags of a resource; none where there is no such resource."""
        return self._tags.get(arn, {})

    def forget(self, arn: str) -> None:
        self._tags.pop(arn, None)

    async def add(self, request: Document) -> Document:
        self._find(request)
        self.put(request["ResourceArn"], request["Tags"])
        return await self.list_(request)

    async def list_(self, request: Document) -> Document:
        return {"Tags": [{"Key": k, "Value": v} for k, v in self._find(request).items()]}

    async def delete(self, request: Document) -> Document:
        tags = self._find(request)
        for key in request["TagKeys"]:
            tags.pop(key, None)
        return {}

    def _find(self, request: Document) -> dict[str, str]:
        arn: str = request["ResourceArn"]
        if arn not in self._tags:
            raise validation_exception(f'Could not find resource "{arn}".')
        return self._tags[arn]
