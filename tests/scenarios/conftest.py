"""The folder in which a story plays."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.folder import folder


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A folder of its own, in memory where the machine has it."""
    with folder(tmp_path) as found:
        yield found
