"""Nothing that serves draws from the chance that all of a Python process shares."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(
    file
    for folder in ("app", "voting", "admin")
    for file in (ROOT / folder).rglob("*.py")
    if "cli" not in file.relative_to(ROOT).parts
)


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_module_that_serves_imports_random(file: Path) -> None:
    """It can be guessed, forks share its state, and a thread would disturb who has seeded it."""
    tree = ast.parse(file.read_text("utf-8"))
    imported = {
        name
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert "random" not in imported
