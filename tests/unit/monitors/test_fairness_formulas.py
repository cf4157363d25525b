"""The fast formulas agree with Fairlearn, and dealing groups anew respects the units."""

import warnings

import numpy as np
import pytest
from fairlearn.metrics import demographic_parity_difference, equalized_odds_difference

from ombud.domain.observations import Observations
from ombud_monitors.fairness import confusions, disaggregation
from ombud_monitors.fairness.grouping import grouping
from ombud_monitors.fairness.holm import holm


@pytest.mark.parametrize("seed", range(5))
def test_formulas_agree_with_fairlearn(seed):
    rng = np.random.default_rng(seed)
    n, k = 300, 5
    truth, codes = rng.integers(0, k, n), rng.integers(0, 3, n)
    predicted = np.where(rng.random(n) < 0.7, truth, rng.integers(-1, k, n))
    names = np.array(["a", "b", "c"])[codes]
    tables = confusions.tables(codes, confusions.cells(truth, predicted, k), 3, k)
    classes = np.array([True, True, False, True, True])
    by_group = disaggregation.by_group(truth, predicted, names, k)
    np.testing.assert_allclose(confusions.accuracy(tables), list(by_group["accuracy"].values()))
    np.testing.assert_allclose(confusions.macro_recall(tables), list(by_group["macro_recall"].values()))
    parity, odds = disaggregation.between_groups(truth, predicted, names, k, classes)
    assert confusions.demographic_parity(tables) == pytest.approx(parity)
    assert confusions.equalized_odds(tables, classes) == pytest.approx(odds)
    per_class = [(truth == c, predicted == c) for c in range(k)]
    assert parity == pytest.approx(
        np.mean([demographic_parity_difference(*pair, sensitive_features=names) for pair in per_class])
    )
    assert odds == pytest.approx(
        np.mean(
            [
                equalized_odds_difference(*pair, sensitive_features=names)
                for pair, taking in zip(per_class, classes, strict=True)
                if taking
            ]
        )
    )


def test_a_class_that_nobody_has_raises_no_warning():
    tables = np.zeros((2, 3, 4))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(confusions.accuracy(tables)).all()
        assert np.isnan(confusions.demographic_parity(tables))


def seen(gender, speaker, hand):
    n = len(gender)
    attributes = {"speaker_gender": gender, "speaker_id": speaker, "speaker_hand": hand}
    p = np.full((n, 2), 0.5, np.float32)
    return Observations(
        tuple(map(str, range(n))),
        ("x", "y"),
        p,
        np.zeros(n, np.int64),
        {},
        {k: np.array(v) for k, v in attributes.items()},
    )


def test_whole_speakers_are_dealt_where_a_speaker_has_one_group():
    speaker = [f"s{i // 4}" for i in range(40)]
    gender = ["f" if i < 12 else "m" for i in range(40)]
    divided = grouping(seen(gender, speaker, gender), ["speaker_gender"], {"audio": "speaker_id"})
    shuffle, rng = divided.shuffler(), np.random.default_rng(0)
    for _ in range(20):
        dealt = shuffle(rng).reshape(10, 4)
        assert (dealt == dealt[:, :1]).all()
        assert (dealt[:, 0] == 0).sum() == 3
    assert np.exp(divided.log_arrangements()) == pytest.approx(120)


def test_rows_are_dealt_within_speakers_where_a_speaker_has_both_groups():
    speaker = [f"s{i // 4}" for i in range(40)]
    hand = ["left", "right", "right", "right"] * 10
    divided = grouping(seen(hand, speaker, hand), ["speaker_hand"], {"audio": "speaker_id"})
    dealt = divided.shuffler()(np.random.default_rng(0)).reshape(10, 4)
    assert ((dealt == 0).sum(axis=1) == 1).all()
    assert np.exp(divided.log_arrangements()) == pytest.approx(4.0**10)


def test_the_parts_of_an_intersection_are_dealt_each_by_its_own_unit():
    speaker = [f"s{i // 4}" for i in range(40)]
    gender = ["f" if i < 12 else "m" for i in range(40)]
    hand = ["left", "right", "right", "right"] * 10
    divided = grouping(
        seen(gender, speaker, hand), ["speaker_gender", "speaker_hand"], {"audio": "speaker_id"}
    )
    assert divided.groups == ("f × left", "f × right", "m × left", "m × right")
    dealt = divided.shuffler()(np.random.default_rng(0))
    assert np.bincount(dealt, minlength=4).tolist() == [3, 9, 7, 21]


def test_holm_by_hand_and_for_nothing():
    assert holm([0.04, 0.01, 0.03, 0.005]) == pytest.approx([0.06, 0.03, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
