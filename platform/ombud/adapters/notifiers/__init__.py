"""Ways of telling people and systems about an alert: console, file, webhook, and Apprise's hundred more.

All of them may be asked to deliver the same thing again: file and console skip a key they have
delivered, a webhook's receiver sees the same ``Idempotency-Key``.
"""

from ombud.adapters.notifiers.apprise import AppriseNotifier
from ombud.adapters.notifiers.console import ConsoleNotifier
from ombud.adapters.notifiers.file import FileNotifier
from ombud.adapters.notifiers.webhook import WebhookNotifier

__all__ = ["AppriseNotifier", "ConsoleNotifier", "FileNotifier", "WebhookNotifier"]
