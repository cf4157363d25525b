"""Asking a model again, one input at a time: what is drawn, what goes on record, what users notice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from ombud.domain.inference import Inference
from ombud.domain.modality import IMAGE, TEXT
from ombud.domain.rollout import RolloutState
from ombud_app.gateway import GatewayLimits
from unit.gateway.served import Served, outputs, png

TERSE = 8


@contextmanager
def serving(folder: Path, share: float, *, most: int = 64) -> Iterator[Served]:
    limits = GatewayLimits(predict_seconds=0.3, queue=5000, second_questions=share, shadows=most)
    house = Served(folder, limits)
    with house.running():
        house.champion(TERSE)
        yield house


def by_id(records: list[Inference]) -> dict[str, Inference]:
    assert len({r.request_id for r in records}) == len(records)
    return {r.request_id: r for r in records}


def test_the_record_says_what_each_input_alone_would_have_given(tmp_path: Path) -> None:
    with serving(tmp_path, 1.0) as served:
        answer = served.ask(["two", "two", None], image=[png(), None, png()])
        assert outputs(answer)["probabilities"] == pytest.approx([0.3, 0.7, 0.6, 0.4, 0.7, 0.3])
        both, text, image = (by_id(served.records())[f"q-{i}"] for i in range(3))
    np.testing.assert_allclose(both.unimodal[TEXT], [0.6, 0.4], atol=1e-6)
    np.testing.assert_allclose(both.unimodal[IMAGE], [0.7, 0.3], atol=1e-6)
    assert (set(text.unimodal), set(image.unimodal)) == ({TEXT}, {IMAGE})
    np.testing.assert_array_equal(image.unimodal[IMAGE], image.probabilities)


def test_only_what_the_model_leaves_open_is_asked(tmp_path: Path) -> None:
    limits = GatewayLimits(predict_seconds=0.3, second_questions=1.0)
    served = Served(tmp_path, limits)
    with served.running():
        served.champion(1)
        served.ask(["two"], image=[png()])
        (record,) = served.records()
        batches = served.gateway.fleet.get("digits", 1).predictor.batches  # type: ignore[attr-defined]
    assert set(record.unimodal) == {TEXT, IMAGE}
    assert batches == [1, 1]


def test_every_arm_is_asked_about_its_own_requests_and_shadows_are_not(tmp_path: Path) -> None:
    with serving(tmp_path, 1.0) as served:
        served.walk(1, RolloutState.SHADOW)
        served.wait_route(shadow=1)
        served.ask(["two"], image=[png()])
        champion, shadow = sorted(served.records(), key=lambda r: -r.version)
    assert set(champion.unimodal) == {TEXT, IMAGE}
    assert set(shadow.unimodal) == {TEXT}, "what version 1 says by itself"


def test_a_sample_is_drawn_by_request_id_whatever_was_asked(tmp_path: Path) -> None:
    def drawn(folder: Path) -> dict[str, bool]:
        with serving(folder, 0.3) as served:
            for batch in range(20):
                text = ["two"] * 10 + [None] * 10
                served.ask(text, image=[png()] * 20, id=f"b{batch}")
            return {i: bool(r.unimodal) for i, r in by_id(served.records()).items()}

    first = drawn(tmp_path / "a")
    assert len(first) == 400
    for inputs in (range(10), range(10, 20)):
        share = np.mean([first[f"b{b}-{i}"] for b in range(20) for i in inputs])
        assert 0.2 < share < 0.4
    assert drawn(tmp_path / "b") == first


def test_nothing_is_asked_twice_where_nobody_wants_it(tmp_path: Path) -> None:
    with serving(tmp_path, 0.0) as served:
        served.ask(["two"], image=[png()])
        (record,) = served.records()
    assert record.unimodal == {}


def test_a_model_that_hangs_on_a_second_question_loses_no_record(tmp_path: Path) -> None:
    with serving(tmp_path, 1.0) as served:
        answer = served.ask(["two"], image=[png(b"PNG slow")])
        assert outputs(answer)["prediction"] == ["yes"]
        (record,) = served.records()
        assert record.unimodal == {}
        served.ask(["two"], image=[png(b"PNG slow")], id="last")
    # The server is gone; what was under way has been written on the way out.
    assert {r.request_id for r in served.records()} == {"q-0", "last-0"}


def test_too_much_at_once_goes_on_record_as_it_is(tmp_path: Path) -> None:
    with serving(tmp_path, 1.0, most=0) as served:
        served.ask(["two"], image=[png()])
        (record,) = served.records()
    assert record.unimodal == {}
