"""The story that several kinds of tests look at: played once a session, opened when somebody looks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.open_house import OpenHouse, Visitors
from e2e.played_story import PlayedStory, play

# A stranger's scripts: they run in processes of their own and import each other as such.
collect_ignore = ["e2e/pets_model.py", "e2e/pets_register.py"]

_STORY = ("test_story.py", "test_up.py", "test_pages.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Two workers share the tests file by file; all that looks at the story stays on one of them."""
    for item in items:
        group = "story" if item.path.name in _STORY else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> PlayedStory:
    """The played story.

    ``OMBUD_TEST_STORY=DIR`` keeps it there between sessions, for who works on these tests: the first
    session plays, later ones read.
    """
    kept = os.environ.get("OMBUD_TEST_STORY")
    folder = Path(kept).absolute() if kept else tmp_path_factory.mktemp("story")
    folder.mkdir(parents=True, exist_ok=True)
    return play(folder)


@pytest.fixture(scope="session")
def open_house(story: PlayedStory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenHouse]:
    """`ombud up` on the story's home, started and stopped by who wants it."""
    assert story.exit_code == 0, story.progress
    house = OpenHouse(story.home, tmp_path_factory.mktemp("up"))
    yield house
    house.end()


@pytest.fixture
def house(open_house: OpenHouse) -> Visitors:
    """The running house."""
    return open_house.visit()
