"""Whether what answers, the emulator or AWS, answers a case as the service model says."""

import re

from tests.support.emulator.conformance.cases import Case
from tests.support.emulator.conformance.wire import Response

_REFUSED_BY_THE_MODEL = re.compile(r"\d+ validation errors? detected: ")


def difference(case: Case, found: Response) -> str:
    """Empty if the response is the expected one."""
    by_model = found.code == "SerializationException" or _REFUSED_BY_THE_MODEL.match(found.message)
    if case.code is None:
        wrong = bool(by_model) or found.status >= 500
    elif case.message is None:
        wrong = found.code != case.code
    else:
        wrong = (found.status, found.code, found.message) != (400, case.code, case.message)
    got = f"{found.status} {found.code}: {found.message}"[:300]
    expected = f"{case.code}: {case.message}"[:300]
    return f"{case.kind} at {case.path or 'the request'}: {got}, not {expected}" if wrong else ""
