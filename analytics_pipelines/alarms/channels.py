"""Where alarms go: a webhook, mail, or both."""

import json
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from analytics_pipelines.alarms.messages import preset_of
from analytics_pipelines.outbound.addresses import AddressRefused, Allowed
from analytics_pipelines.outbound.client import Outbound, SendFailed
from analytics_pipelines.outbound.urls import WrongUrl
from analytics_pipelines.settings import Settings
from analytics_pipelines.webhooks.presets import plain_message

_SMTP_SECONDS = 10.0


class NotTold(Exception):
    """A channel did not take the message; the text says why, without secrets."""


class Channel(Protocol):
    """Somewhere a message goes."""

    @property
    def name(self) -> str: ...

    def tell(self, text: str, facts: dict[str, Any]) -> None:
        """Raises NotTold."""


@dataclass(frozen=True)
class Webhook:
    """A chat's webhook, or any other; a generic one gets `text` and the facts as JSON."""

    url: str = field(repr=False)  # of chats a secret by itself
    allowed: Allowed
    name: str = "webhook"

    def tell(self, text: str, facts: dict[str, Any]) -> None:
        body = json.dumps(plain_message(preset_of(self.url), text, facts)).encode()
        try:
            with Outbound(self.allowed) as client:
                reply = client.send("POST", self.url, {"Content-Type": "application/json"}, body)
        except AddressRefused as error:
            raise NotTold(f"{error} ANALYTICS_OUTBOUND_ALLOWED allows others.") from None
        except (WrongUrl, SendFailed) as error:
            raise NotTold(str(error)) from None
        if not reply.is_success:
            raise NotTold(f"It answered {reply.status}.")


@dataclass(frozen=True)
class Mail:
    """Mail through one server: `smtp://` (with STARTTLS when offered) or `smtps://`, with a login if there is one."""

    server: str = field(repr=False)  # may hold a password
    to: Sequence[str]
    sender: str
    name: str = "mail"

    def tell(self, text: str, facts: dict[str, Any]) -> None:
        mail = EmailMessage()
        mail["Subject"] = text.split("\n", 1)[0][:150]
        mail["From"], mail["To"] = self.sender, ", ".join(self.to)
        mail.set_content(text)
        parts = urlsplit(self.server)
        try:
            with self._connected(parts.scheme, parts.hostname or "", parts.port) as smtp:
                if parts.username:
                    smtp.login(unquote(parts.username), unquote(parts.password or ""))
                smtp.send_message(mail)
        except (OSError, smtplib.SMTPException) as error:
            said = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
            raise NotTold(f"The mail server {parts.hostname} did not take it: {said}.") from None

    @staticmethod
    def _connected(scheme: str, host: str, port: int | None) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if scheme == "smtps":
            return smtplib.SMTP_SSL(host, port or 465, timeout=_SMTP_SECONDS, context=context)
        smtp = smtplib.SMTP(host, port or 587, timeout=_SMTP_SECONDS)
        smtp.ehlo()
        if smtp.has_extn("starttls"):
            smtp.starttls(context=context)
        return smtp


def channels(settings: Settings) -> list[Channel]:
    """Those of the installation; none when nobody is to be told."""
    url = settings.alert_url.get_secret_value() if settings.alert_url else None
    return channels_of(url, settings.alert_mail, settings)


def channels_of(url: str | None, mail: str, settings: Settings) -> list[Channel]:
    """A webhook, and mail to addresses with commas between them, if the installation has a mail server."""
    found: list[Channel] = []
    if url:
        found.append(Webhook(url, Allowed.parse(settings.outbound_allowed)))
    to = [part.strip() for part in mail.split(",") if part.strip()]
    if to and settings.smtp_url:
        found.append(Mail(settings.smtp_url.get_secret_value(), to, settings.alert_from or to[0]))
    return found


def try_channels(channels: Sequence[Channel], now: datetime) -> dict[str, str | None]:
    """Send a test message to each; by name, why it was not told."""
    text = f"A test of alarms, {now:%Y-%m-%d %H:%M} UTC: nothing is wrong."
    errors: dict[str, str | None] = {}
    for channel in channels:
        try:
            channel.tell(text, {"subject": "test", "title": "A test of alarms"})
            errors[channel.name] = None
        except NotTold as error:
            errors[channel.name] = str(error)
    return errors
