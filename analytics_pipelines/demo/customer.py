"""One visitor of the demo shop: who they are, what they hold, and what became of them. Pure."""

from dataclasses import dataclass
from datetime import datetime
from random import Random

from analytics_pipelines.demo.country import COUNTRIES, Country
from analytics_pipelines.demo.device import BOTS, DEVICES, Device

_BOT_SHARE = 0.022  # they look at little, so this is about 1 % of the events
_SECOND_DEVICE_SHARE = 0.3
_BUSINESS_SHARE = 0.09
_COMPANIES = 60

_INDUSTRIES = ["outdoor education", "tourism", "construction", "film production", "research"]


@dataclass(frozen=True)
class Company:
    """A business that several customers may buy for."""

    key: str
    name: str
    industry: str
    employees: int


def company(number: int) -> Company:
    """The company of that number, always the same."""
    random = Random(number)  # noqa: S311
    return Company(
        f"company-{number:03d}",
        f"Company {number:03d}",
        random.choice(_INDUSTRIES),
        random.choice([8, 15, 40, 120, 450]),
    )


@dataclass
class Customer:
    """`user_id` is None until the sign-up; the club's membership is from `club_from` to `club_until`."""

    number: int
    country: Country
    devices: list[Device]
    ip: str
    is_bot: bool
    company: Company | None
    user_id: str | None = None
    club_from: datetime | None = None
    club_until: datetime | None = None

    @property
    def email(self) -> str:
        """The address that a sign-up gives."""
        return f"user-{self.number:04d}@example.com"

    def is_in_club(self, at: datetime) -> bool:
        """Whether they pay for a membership then."""
        return bool(self.club_from and at >= self.club_from and (self.club_until is None or at < self.club_until))

    def plan(self, at: datetime) -> str:
        """What the shop calls them then: guest, basic, club or business."""
        if self.user_id is None:
            return "guest"
        if self.company:
            return "business"
        return "club" if self.is_in_club(at) else "basic"


def draw_customer(number: int, random: Random) -> Customer:
    """A stranger. Addresses are of the ranges that are kept for documentation."""
    is_bot = random.random() < _BOT_SHARE
    is_business = random.random() < _BUSINESS_SHARE
    works_for = company(int(_COMPANIES * random.random() ** 2))
    first = _device(BOTS if is_bot else DEVICES, random)
    others = [device for device in DEVICES if device.type != first.type]
    second = [_device(others, random)] if random.random() < _SECOND_DEVICE_SHARE and not is_bot else []
    country = random.choices(COUNTRIES, [each.weight for each in COUNTRIES])[0]
    network = random.choice(["198.51.100", "203.0.113"])
    return Customer(
        number=number,
        country=country,
        devices=[first, *second],
        ip=f"{network}.{random.randrange(1, 255)}",
        is_bot=is_bot,
        company=works_for if is_business and not is_bot else None,
    )


def _device(devices: list[Device], random: Random) -> Device:
    return random.choices(devices, [each.weight for each in devices])[0]
