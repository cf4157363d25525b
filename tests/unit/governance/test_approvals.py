"""Approvals: four eyes, distinct people, required roles, current digests."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.storage_examples import at
from ombud.domain.approval import Approval, ApprovalKind, Decision
from ombud.domain.identity import Role
from ombud.errors import BadInput, Refused
from ombud.governance.approvals import ApprovalPolicy, ApprovalState, ApprovalStatus, check_signature, decide

POLICY = ApprovalPolicy(ApprovalKind.RELEASE, (Role.MODEL_OWNER, Role.COMPLIANCE_OFFICER), 2)


def signature(actor: str, role: Role, **changes: object) -> Approval:
    plain = Approval(
        f"s-{actor}", ApprovalKind.RELEASE, "digits", 2, "sha256:card", "sha256:model", actor, role,
        Decision.APPROVED, "Read the card.", at(),
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type]


OWNER = signature("olga", Role.MODEL_OWNER)
OFFICER = signature("carl", Role.COMPLIANCE_OFFICER)


def ask(*approvals: Approval, policy: ApprovalPolicy = POLICY, submitter: str = "ci") -> ApprovalState:
    return decide(
        policy, approvals, card_digest="sha256:card", model_digest="sha256:model", submitter=submitter
    )


def test_two_people_in_the_two_roles_approve() -> None:
    state = ask(OWNER, OFFICER)
    assert state.approved
    assert state == ApprovalState(ApprovalStatus.APPROVED, (), (OWNER, OFFICER))


@pytest.mark.parametrize(
    ("approvals", "missing"),
    [
        ((), ("2 more signatures (0 of 2)", "a signature in the role model_owner",
              "a signature in the role compliance_officer")),
        ((OWNER,), ("1 more signature (1 of 2)", "a signature in the role compliance_officer")),
        # Two people, but both in one role.
        ((OWNER, signature("otto", Role.MODEL_OWNER)), ("a signature in the role compliance_officer",)),
        # One person in both roles is one pair of eyes, however the name is spelled.
        ((OWNER, signature("Olga ", Role.COMPLIANCE_OFFICER)),
         ("1 more signature (1 of 2)", "a signature in the role compliance_officer")),
        # A role that the policy does not name.
        ((OWNER, signature("aud", Role.AUDITOR)),
         ("1 more signature (1 of 2)", "a signature in the role compliance_officer")),
        # Another kind, another card, another model.
        ((OWNER, replace(OFFICER, kind=ApprovalKind.PROMOTION)),
         ("1 more signature (1 of 2)", "a signature in the role compliance_officer")),
        ((OWNER, replace(OFFICER, card_digest="sha256:old")),
         ("1 more signature (1 of 2)", "a signature in the role compliance_officer")),
        ((OWNER, replace(OFFICER, model_digest="sha256:old")),
         ("1 more signature (1 of 2)", "a signature in the role compliance_officer")),
    ],
)  # fmt: skip
def test_what_is_missing_is_named(approvals: tuple[Approval, ...], missing: tuple[str, ...]) -> None:
    state = ask(*approvals)
    assert state.status is ApprovalStatus.PENDING
    assert state.missing == missing


@pytest.mark.parametrize("submitter", ["olga", "Olga", " OLGA "])
def test_the_submitter_never_counts(submitter: str) -> None:
    state = ask(OWNER, OFFICER, submitter=submitter)
    assert state.status is ApprovalStatus.PENDING
    assert state.counted == (OFFICER,)
    with pytest.raises(Refused, match="cannot sign their own"):
        check_signature(POLICY, OWNER, submitter)


def test_one_refusal_refuses_however_many_approve() -> None:
    no = signature("otto", Role.MODEL_OWNER, decision=Decision.REFUSED, reason="Too few voices.")
    state = ask(OWNER, OFFICER, no)
    assert state.status is ApprovalStatus.REFUSED
    assert state.missing == ("otto (model_owner) refused: Too few voices.",)


@pytest.mark.parametrize(
    "changes",
    [
        {"card_digest": "sha256:old"},
        {"model_digest": "sha256:old"},
        {"kind": ApprovalKind.PROMOTION},
        {"role": Role.AUDITOR},
        {"actor": "ci"},
    ],
)
def test_a_refusal_that_does_not_apply_refuses_nothing(changes: dict[str, object]) -> None:
    no = replace(signature("otto", Role.MODEL_OWNER, decision=Decision.REFUSED), **changes)  # type: ignore[arg-type]
    assert ask(OWNER, OFFICER, no).approved


def test_changing_card_or_model_voids_every_signature() -> None:
    for card_digest, model_digest in (("sha256:new", "sha256:model"), ("sha256:card", "sha256:new")):
        state = decide(
            POLICY, [OWNER, OFFICER], card_digest=card_digest, model_digest=model_digest, submitter="ci"
        )
        assert state.status is ApprovalStatus.PENDING
        assert state.counted == ()


def test_more_people_than_roles_may_be_asked_for() -> None:
    policy = replace(POLICY, signatures=3)
    assert ask(OWNER, OFFICER, policy=policy).missing == ("1 more signature (2 of 3)",)
    assert ask(OWNER, OFFICER, signature("otto", Role.MODEL_OWNER), policy=policy).approved


def test_without_roles_anybody_but_the_submitter_signs() -> None:
    policy = ApprovalPolicy(ApprovalKind.RELEASE, (), 1)
    assert ask(signature("aud", Role.AUDITOR), policy=policy).approved
    assert not ask(signature("ci", Role.AUDITOR), policy=policy).approved


@pytest.mark.parametrize(
    ("approval", "message"),
    [
        (signature("aud", Role.AUDITOR), r"expected one of the roles model_owner, compliance_officer, got"),
        (replace(OWNER, kind=ApprovalKind.PROMOTION), "expected a release signature, got promotion"),
        (replace(OWNER, reason=" \n"), "expected a reason, got none"),
    ],
)
def test_a_signature_that_could_never_count_is_refused_before_it_is_stored(
    approval: Approval, message: str
) -> None:
    with pytest.raises(Refused, match=message) as caught:
        check_signature(POLICY, approval, "ci")
    assert caught.value.remedy


def test_a_good_signature_is_let_through() -> None:
    check_signature(POLICY, OWNER, "ci")


def test_a_policy_asks_for_somebody() -> None:
    with pytest.raises(BadInput, match="expected at least 1 signature"):
        replace(POLICY, signatures=0)
