"""Which requests are meant for this server and come from a program, and not from a web page.

A page that a browser shows can send requests to 127.0.0.1, also under a name of its own that leads
there (DNS rebinding). Browsers then name the page's origin or the mode of the request, which pages
cannot prevent: https://developer.mozilla.org/docs/Glossary/Forbidden_request_header
"""

from collections.abc import Collection, Mapping


def own_hosts(port: int, *names: str) -> frozenset[str]:
    """The values of Host that mean the server at this port."""
    every = ("127.0.0.1", "localhost", *names)
    return frozenset(f"{with_brackets(name)}:{port}".lower() for name in every)


def with_brackets(host: str) -> str:
    """The host as a URL has it: an address of IPv6 in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def refusal(headers: Mapping[str, str], hosts: Collection[str]) -> str | None:
    """Says why a request is refused; None for one that is taken. Headers in any case."""
    lower = {name.lower(): value for name, value in headers.items()}
    host = lower.get("host", "")
    if host.lower() not in hosts:
        return f"Host is {host!r}; this server is {' or '.join(sorted(hosts))}"
    for name in lower:
        if name == "origin" or name.startswith(("sec-fetch-", "sec-ch-")):
            return f"{name} is a header of browsers, whose requests are refused"
    return None
