"""Where the demo shop's visitors live. Pure."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Country:
    """`offset` is what its clocks show beyond UTC (summer time is left out); `weight` is its share."""

    code: str
    name: str
    timezone: str
    offset: timedelta
    language: str
    weight: float


COUNTRIES = [
    Country("US", "United States", "America/Chicago", timedelta(hours=-6), "en-US", 34),
    Country("GB", "United Kingdom", "Europe/London", timedelta(0), "en-GB", 16),
    Country("DE", "Germany", "Europe/Berlin", timedelta(hours=1), "de-DE", 16),
    Country("CA", "Canada", "America/Toronto", timedelta(hours=-5), "en-CA", 9),
    Country("FR", "France", "Europe/Paris", timedelta(hours=1), "fr-FR", 8),
    Country("NL", "Netherlands", "Europe/Amsterdam", timedelta(hours=1), "nl-NL", 7),
    Country("AU", "Australia", "Australia/Brisbane", timedelta(hours=10), "en-AU", 5),
    Country("ES", "Spain", "Europe/Madrid", timedelta(hours=1), "es-ES", 5),
]
