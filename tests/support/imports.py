"""The imports of a package, read from its code."""

import ast
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path


def modules_in(directory: Path, package: str) -> Mapping[str, Path]:
    """Every module of the package in `directory`, by its full name."""
    return {
        _name(path.relative_to(directory)): path for path in (directory / package).rglob("*.py")
    }


def _name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path, modules: Collection[str]) -> set[str]:
    """Every module that a file imports, under its full name; also those for types alone.

    `modules`: what is a module and not a name in one.
    """
    found: set[str] = set()
    for node in _statements(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        else:
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            known = {f"{module}.{alias.name}" for alias in node.names} & set(modules)
            found |= known or {module}
    return found


@cache
def _statements(path: Path) -> list[ast.Import | ast.ImportFrom]:
    nodes = ast.walk(ast.parse(path.read_text()))
    return [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]


def circles(graph: Mapping[str, Collection[str]]) -> Iterator[str]:
    """Every way by which a module imports itself: `a -> b -> a`."""
    done: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> Iterator[str]:
        if module in way:
            yield " -> ".join((*way[way.index(module) :], module))
        elif module not in done:
            for imported in sorted(graph.get(module, ())):
                yield from visit(imported, (*way, module))
            done.add(module)

    for module in sorted(graph):
        yield from visit(module, ())
