"""A person with a browser walks through the story: portal, Dagster, MLflow."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from browser.chromium import chromium
from e2e.open_house import Visitors
from e2e.played_story import PlayedStory

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]

_PATIENCE = 60_000
"""Milliseconds; two cores serve three web applications and a browser."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def page(browser: Browser, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A fresh window; what it showed last is kept as a picture beside the test's files."""
    context = browser.new_context(viewport={"width": 1300, "height": 900})
    context.set_default_timeout(_PATIENCE)
    expect.set_options(timeout=_PATIENCE)
    opened = context.new_page()
    yield opened
    folder = Path(os.environ.get("OMBUD_TEST_PICTURES", tmp_path))
    opened.screenshot(path=folder / f"{request.node.name}.png", full_page=True)
    context.close()


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser complains of: errors in its console, scripts that fail, answers that are none."""
    found: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            found.append(f"{page.url}: {message.text}")

    page.on("console", hear)
    page.on("pageerror", lambda error: found.append(f"{page.url}: {error}"))
    page.on("requestfailed", lambda request: found.append(f"{request.url}: {request.failure}"))
    return found


def test_from_the_front_page_to_the_proof_of_a_number(
    house: Visitors, story: PlayedStory, page: Page, complaints: list[str]
) -> None:
    sign_in(house, page)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    expect(page.get_by_text("champion v2")).to_be_visible()
    page.get_by_role("link", name="Alerts").click()
    page.get_by_role("link", name=story.report["alert"]["title"]).click()
    expect(page.get_by_text("Moved most")).to_be_visible()
    expect(page.get_by_role("rowheader", name=re.compile(r"audio\.harm")).first).to_be_visible()
    page.get_by_role("link", name="Card").click()
    expect(page).to_have_title(re.compile("Model card: digits, version 1"))
    number = page.locator('a[href*="/evidence/sha256:"][href*="accuracy.fused"]').first
    shown = number.inner_text()
    number.click()
    expect(page).to_have_url(re.compile("/evidence/sha256:[0-9a-f]{64}#/metrics/accuracy.fused"))
    proof = page.locator(":target")
    expect(proof).to_be_in_viewport()
    expect(proof).to_contain_text("accuracy.fused")
    with_value = page.locator('[id="/metrics/accuracy.fused/value"]').inner_text()
    assert round(float(with_value.split(":")[1].strip(" ,")), 3) == float(shown)
    assert complaints == []


def test_the_rollout_that_was_caught(
    house: Visitors, story: PlayedStory, page: Page, complaints: list[str]
) -> None:
    sign_in(house, page)
    page.get_by_role("link", name="Rollouts").click()
    page.get_by_role("link", name=story.rollout_id(3)).click()
    expect(page.get_by_text("rolled back", exact=True).first).to_be_visible()
    expect(page.get_by_text("crossed").first).to_be_visible()
    page.get_by_role("link", name="Ledger").click()
    expect(page.get_by_text("chain holds")).to_be_visible()
    assert complaints == []


def test_a_narrow_window_scrolls_no_page_sideways(
    house: Visitors, story: PlayedStory, page: Page, complaints: list[str]
) -> None:
    sign_in(house, page)
    page.set_viewport_size({"width": 400, "height": 800})
    paths = ("/", "/models/digits", "/models/digits/windows", "/ledger", f"/alerts/{story.alert_id}")
    for path in (*paths, f"/rollouts/{story.rollout_id(2)}", "/models/digits/versions/2/card"):
        page.goto(house.urls["portal"] + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 400, path
    assert complaints == []


def test_dagster_draws_the_way_from_data_to_champion(house: Visitors, page: Page) -> None:
    page.goto(f"{house.urls['dagster']}/asset-groups")
    for group in ("training", "governance", "production", "monitoring"):
        expect(page.get_by_text(group, exact=True).first).to_be_visible()
    assert page.get_by_text("Join the Dagster community").count() == 0
    page.goto(f"{house.urls['dagster']}/assets/champion?view=lineage&lineageScope=upstream&lineageDepth=9")
    for asset in ("training_data", "candidate", "evaluation", "release_gate", "champion"):
        expect(page.get_by_text(asset, exact=True).first).to_be_visible()


def test_dagster_shows_a_check_with_its_numbers(house: Visitors, page: Page) -> None:
    page.goto(f"{house.urls['dagster']}/assets/evaluation?view=checks")
    expect(page.get_by_text("accuracy_is_enough").first).to_be_visible()
    expect(page.get_by_text("threshold", exact=True).first).to_be_visible()


def test_mlflow_shows_the_registered_model(house: Visitors, page: Page) -> None:
    page.goto(f"{house.urls['mlflow']}/#/models")
    expect(page.get_by_role("link", name="digits").first).to_be_visible()
    page.goto(f"{house.urls['mlflow']}/#/models/digits/versions/2")
    expect(page.get_by_text("champion").first).to_be_visible()


def sign_in(house: Visitors, page: Page) -> None:
    """Paste the token that `ombud up` left."""
    page.goto(house.urls["portal"] + "/")
    page.get_by_label("Token").fill(house.token)
    page.get_by_role("button", name="Sign in").click()
