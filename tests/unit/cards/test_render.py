"""The page: self-contained, escaped, accessible, every number a link to its proof."""

from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest
from markupsafe import escape

from ombud.domain.evidence import EvidenceKind
from ombud.domain.modality import TEXT
from ombud_cards import AnnexInputs, Statement, render_html
from ombud_cards.citing import resolve
from unit.cards import specimen

_VOID = {"meta", "link", "br", "hr", "img", "input", "circle", "line"}


class Page(HTMLParser):
    """Collects what the tests ask about, and checks that elements nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def text() -> str:
    return render_html(specimen.full_card())


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_elements_nest_and_ids_are_unique(page: Page) -> None:
    assert page.open == []
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))


def test_nothing_is_loaded_and_nothing_runs(text: str, page: Page) -> None:
    assert {t for t, _ in page.tags}.isdisjoint({"script", "link", "img", "iframe", "object", "embed"})
    assert not re.search(r"url\(|@import|src=|javascript:", text)
    assert not any(name.startswith("on") for _, a in page.tags for name in a)


def test_links_inside_the_page_lead_somewhere(page: Page) -> None:
    ids = {a["id"] for _, a in page.tags if "id" in a}
    inside = [str(a["href"])[1:] for a in page.all("a") if str(a["href"]).startswith("#")]
    labels = [word for _, a in page.tags for word in (a.get("aria-labelledby") or "").split()]
    assert set(inside) | set(labels) <= ids


def test_every_evidence_link_resolves(page: Page) -> None:
    documents = {e.digest: e for e in specimen.inputs().evidence.values()}
    followed = 0
    for link in page.all("a"):
        parts = urlsplit(str(link["href"]))
        if parts.path.startswith("/evidence/"):
            content = documents[parts.path.rpartition("/")[2]].content
            assert resolve(content, unquote(parts.fragment)) is not None
            followed += 1
    assert followed > 80


def test_a_number_says_what_it_rests_on(page: Page) -> None:
    titles = {str(a["title"]) for a in page.all("a") if a.get("class") == "number"}
    assert "n = 1,200; interval 0.902 to 0.943; evaluation by run run-evaluation; ledger entry 11" in titles


def test_every_table_has_a_caption_and_heads_with_scope(page: Page) -> None:
    assert len(page.all("table")) == len(page.all("caption")) > 10
    assert all(a.get("scope") in ("row", "col") for a in page.all("th"))


def test_headings_do_not_skip_a_level(page: Page) -> None:
    levels = [int(t[1]) for t, _ in page.tags if re.fullmatch("h[1-6]", t)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


@pytest.mark.parametrize(
    "markup", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}"]
)
def test_markup_in_a_field_shows_as_text(markup: str) -> None:
    hostile = {
        **specimen.CONTENTS[EvidenceKind.EVALUATION],
        "groups": [
            {
                "attribute": markup,
                "group": markup,
                "n": 3,
                "clusters": 1,
                "accuracy": specimen.number(0.5, None, None, 3),
            }
        ],
    }
    given = specimen.inputs(
        statements={
            "intended_use.direct": Statement(markup, markup),
            "identity.owners": Statement((markup,), markup, markup),
        },
        evidence={EvidenceKind.EVALUATION: specimen.evidence_of(EvidenceKind.EVALUATION, hostile)},
    )
    text = render_html(specimen.stored(given))
    page = Page(text)
    assert {t for t, _ in page.tags}.isdisjoint({"script", "img"})
    assert not any("onerror" in a for _, a in page.tags)
    assert str(escape(markup)) in text


def test_synthetic_data_is_named_at_every_measured_table(text: str) -> None:
    for caption in (
        "Accuracy and calibration by modality",
        "Accuracy by speaker_gender",
        "Rows by split and modality",
    ):
        assert re.search(re.escape(caption) + r' <span class="chip synthetic">synthetic data', text)
    assert "evaluated on synthetic data" in text
    assert "Accuracy by modality, with intervals (synthetic data)" in text


def test_real_data_is_not_called_synthetic() -> None:
    real = specimen.evidence_of(EvidenceKind.EVALUATION, specimen.evaluation(synthetic=False))
    text = render_html(specimen.stored(specimen.inputs(evidence={EvidenceKind.EVALUATION: real})))
    assert 'class="chip synthetic"' not in text


def test_not_applicable_comes_with_its_reason(text: str) -> None:
    assert "9 speakers; 30 would do" in text


def test_only_signatures_for_this_core_count(text: str) -> None:
    assert "2 approved, 0 refused" in text
    assert "no: the card or the model has changed since" in text


def test_an_empty_card_renders_and_says_so() -> None:
    bare = specimen.inputs(
        evidence={},
        ledger_seq={},
        statements={},
        declared={},
        clauses={},
        annex=AnnexInputs(),
        modalities=(TEXT,),
    )
    text = render_html(specimen.stored(bare))
    assert "no evaluation is on record" in text
    assert "Nobody has signed this version yet." in text
    assert Page(text).open == []
