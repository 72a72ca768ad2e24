"""Channel types: by which kind of road a visit came, from where it was linked and how the link was tagged.

`data/channels.csv` holds the names. Its kind `source` are values of utm_source and hosts of referrers, `medium` values
of utm_medium; `anywhere` are sources too, and also the sites of that name under any country's domain (google.com.br).
"""

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

# A campaign is of shopping when it says "shopping", or "shop" after an e or no letter ("eshop", not "workshop").
_SHOPPING = "'(([^a-df-z]|^)shop|shopping)'"
_PAID_MEDIUMS = "('cpc', 'cpm', 'cpv', 'cpa', 'ppc', 'retargeting')"
# The site's name where all that follows is a short domain of a country or .com.
_SITE = r"'^([a-z0-9-]+)\\.(?:com|co|ne|[a-z]{2})(?:\\.[a-z]{2})?$'"


def channel_type(columns: Mapping[str, str]) -> str:
    """The SQL expression of the channel type.

    `columns` gives a SQL expression, Nullable(String), for each of: campaign, medium, source, referrer (a domain, or
    `$direct`), gclid, gad_source, fbclid. Letters' case does not matter; '' and 'null' count as missing.
    """
    said = {name: f"nullIf(nullIf(lower(trimBoth({column})), ''), 'null')" for name, column in columns.items()}
    campaign, medium, source, referrer = (said[name] for name in ("campaign", "medium", "source", "referrer"))
    gclid, gad_source, fbclid = (f"({said[name]} IS NOT NULL)" for name in ("gclid", "gad_source", "fbclid"))
    shopping = f"ifNull(match({campaign}, {_SHOPPING}), false)"
    video = f"ifNull(match({campaign}, 'video'), false)"
    direct = f"ifNull({referrer} = '$direct', false)"
    paid = (
        f"coalesce({_of_source(source, 'paid')}, if({shopping}, 'Paid Shopping', NULL), {_of_medium(medium, 'paid')},"
        f" {_of_source(referrer, 'paid')}, multiIf(ifNull({said['gad_source']} = '1', false), 'Paid Search',"
        f" {video}, 'Paid Video', {fbclid}, 'Paid Social', 'Paid Unknown'))"
    )
    organic = (
        f"coalesce({_of_source(source, 'organic')}, if({shopping}, 'Organic Shopping', NULL),"
        f" {_of_medium(medium, 'organic')}, {_of_source(referrer, 'organic')},"
        f" multiIf({video}, 'Organic Video', ifNull(endsWith({medium}, 'push'), false), 'Push',"
        f" {fbclid}, 'Organic Social', {direct}, 'Direct', {referrer} IS NOT NULL, 'Referral', 'Unknown'))"
    )
    return (
        f"multiIf(ifNull(position({campaign}, 'cross-network') > 0, false), 'Cross Network',"
        f" ifNull({medium} IN {_PAID_MEDIUMS} OR startsWith({medium}, 'paid'), false) OR {gclid} OR {gad_source},"
        f" {paid},"
        f" {direct} AND {medium} IS NULL AND ifNull({source} IN ('(direct)', 'direct', '$direct'), true)"
        f" AND NOT {fbclid}, 'Direct', {organic})"
    )


def _of_source(value: str, way: str) -> str:
    """The type of a source or host: by the whole of it, then by its site, then by the site's name alone."""
    site = f"cutToFirstSignificantSubdomain({value})"
    return (
        f"coalesce({_look_up(f'cutWWW({value})', way, 'source', 'anywhere')}, {_look_up(site, way, 'source')},"
        f" {_look_up(f'extract({site}, {_SITE})', way, 'anywhere')})"
    )


def _of_medium(value: str, way: str) -> str:
    return _look_up(value, way, "medium")


def _look_up(value: str, way: str, *kinds: str) -> str:
    found = {name: kind for kind in kinds for name, kind in _names(kind, way).items()}
    names, types = (", ".join(f"'{text}'" for text in texts) for texts in (found, found.values()))
    return f"nullIf(transform({value}, [{names}], [{types}], ''), '')"


@cache
def _names(kind: str, way: str) -> dict[str, str]:
    with (files(__package__) / "data" / "channels.csv").open() as table:
        rows = [row for row in csv.DictReader(table) if row["kind"] == kind and row[way]]
    return {name: row[way] for row in rows for name in row["names"].split("|")}
