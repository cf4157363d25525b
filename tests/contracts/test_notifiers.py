"""The contract of the notifiers, with a real receiver on loopback for those that use the network."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from rich.console import Console

from ombud.adapters.memory.notifiers import MemoryNotifier
from ombud.adapters.notifiers import AppriseNotifier, ConsoleNotifier, FileNotifier, WebhookNotifier
from ombud.domain.alert import Alert, AlertStatus, Severity
from ombud.domain.modality import AUDIO
from ombud.domain.ports import Notifier
from ombud.domain.verdict import Grade
from ombud.errors import BadInput, Unavailable

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALERT = Alert(
    alert_id="al-1",
    fingerprint="digits/1/drift/audio",
    model="digits",
    version=1,
    kind="drift",
    modality=AUDIO,
    grade=Grade.ESTIMATED_HARM,
    severity=Severity.WARNING,
    title="digits v1: estimated accuracy of audio fell",
    cause="It fell from 93% to 55% [bold]ünï[/bold].",
    evidence=("w1/audio.harm/mean",),
    links={"Window": "http://127.0.0.1:8600/w"},
    status=AlertStatus.OPEN,
    opened_at=NOON,
    updated_at=NOON,
)


@dataclass
class Receiver:
    """What arrived, and what will be answered."""

    url: str = ""
    status: int = 200
    arrived: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    known = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            known.arrived.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(known.status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield known
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Case:
    """A notifier, and how to count what it delivered."""

    notifier: Notifier
    count: Callable[[], int]
    drops_repeats: bool


@pytest.fixture(params=["memory", "console", "file", "webhook", "apprise"])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    if request.param == "memory":
        memory = MemoryNotifier()
        return Case(memory, lambda: len(memory.delivered), True)
    if request.param == "console":
        screen = io.StringIO()
        console = ConsoleNotifier(Console(file=screen, width=100))
        return Case(console, lambda: screen.getvalue().count(ALERT.title), True)
    if request.param == "file":
        path = tmp_path / "new" / "alerts.jsonl"
        return Case(FileNotifier(path), lambda: len(path.read_text("utf-8").splitlines()), True)
    there: Receiver = request.getfixturevalue("receiver")
    if request.param == "webhook":
        return Case(WebhookNotifier(there.url), lambda: len(there.arrived), False)
    return Case(AppriseNotifier(there.url.replace("http", "json", 1)), lambda: len(there.arrived), False)


def test_an_alert_arrives_once_per_key_or_carries_the_key_for_the_other_side_to_drop_it(case: Case) -> None:
    case.notifier.deliver(ALERT, event="opened", idempotency_key="alert:al-1:here")
    assert case.count() == 1
    case.notifier.deliver(ALERT, event="opened", idempotency_key="alert:al-1:here")
    assert case.count() == (1 if case.drops_repeats else 2)
    case.notifier.deliver(ALERT, event="resolved", idempotency_key="alert:al-1:here:resolved")
    assert case.count() == (2 if case.drops_repeats else 3)


def test_routes_are_stable_and_say_what_kind_they_are(case: Case, request: pytest.FixtureRequest) -> None:
    kind = request.node.callspec.params["case"]
    assert case.notifier.route == case.notifier.route
    assert case.notifier.route.startswith(kind)


def test_a_webhook_carries_key_body_and_signature(receiver: Receiver) -> None:
    WebhookNotifier(f"{receiver.url}/hook?token=x", secret="s3cret").deliver(
        ALERT, event="opened", idempotency_key="k-1"
    )
    ((path, headers, body),) = receiver.arrived
    assert path == "/hook?token=x"
    assert headers["idempotency-key"] == "k-1"
    expected = hmac.new(b"s3cret", b"k-1." + body, hashlib.sha256).hexdigest()
    assert headers["ombud-signature"] == f"v1={expected}"
    sent = json.loads(body)
    assert (sent["type"], sent["modality"], sent["cause"]) == ("alert.opened", "audio", ALERT.cause)
    assert sent["evidence"] == ["w1/audio.harm/mean"]


@pytest.mark.parametrize("status", [301, 404, 503])
def test_a_webhook_that_is_refused_says_so_and_follows_nobody(receiver: Receiver, status: int) -> None:
    receiver.status = status
    with pytest.raises(Unavailable, match=str(status)):
        WebhookNotifier(receiver.url).deliver(ALERT, event="opened", idempotency_key="k")
    assert len(receiver.arrived) == 1


def test_nobody_there_is_unavailable_without_giving_secrets_away(tmp_path: Path) -> None:
    webhook = WebhookNotifier("http://user:hunter2@127.0.0.1:1/services/T0/s3cret?token=abc")
    (tmp_path / "taken").write_text("")
    for notifier in (
        webhook,
        AppriseNotifier("json://127.0.0.1:1/s3cret"),
        FileNotifier(tmp_path / "taken" / "f"),
    ):
        with pytest.raises(Unavailable) as caught:
            notifier.deliver(ALERT, event="opened", idempotency_key="k")
        for secret in ("hunter2", "s3cret", "abc"):
            assert secret not in str(caught.value)
            assert secret not in notifier.route


def test_a_target_that_is_no_address_is_refused_at_once() -> None:
    for target in ("", "alerts.jsonl", "ftp://host/x", "http://"):
        with pytest.raises(BadInput, match="http"):
            WebhookNotifier(target)
    with pytest.raises(BadInput, match="Apprise"):
        AppriseNotifier("nonsense://")


def test_a_line_cut_short_by_a_crash_does_not_swallow_the_next(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    path.write_text('{"idempotency_key": "k-0", "ti')
    FileNotifier(path).deliver(ALERT, event="opened", idempotency_key="k-1")
    lines = path.read_text("utf-8").splitlines()
    assert len(lines) == 2
    assert json.loads(lines[1])["idempotency_key"] == "k-1"


def test_the_console_prints_brackets_as_they_are() -> None:
    screen = io.StringIO()
    ConsoleNotifier(Console(file=screen, width=100)).deliver(ALERT, event="opened", idempotency_key="k")
    assert "[bold]ünï[/bold]" in screen.getvalue()
    assert "http://127.0.0.1:8600/w" in screen.getvalue()
