"""Selectors over the text in which events carry their elements."""

import re
from typing import Any

import pytest

from analytics_pipelines.events.elements_chain import elements_chain
from analytics_pipelines.insights.selectors import selector_pattern
from analytics_pipelines.sql.errors import QueryError

# A click on a text inside a link, as posthog-js writes it.
CHAIN = (
    'span.label.md:flex:attr__class="label md:flex"nth-child="2"nth-of-type="1"text="Buy \\"now\\""'
    ';a.big.red:attr__class="red big"attr__data-attr="buy"attr__href="/shop?a=1;b=2"attr__id="go"attr_id="go"'
    'href="/shop?a=1;b=2"nth-child="1"text="say button.fake:text=\\"x\\";p.fake:"'
    ';li:nth-child="3"nth-of-type="3"'
    ';ul.w-1.5.list:attr__class="list w-1.5"'
    ";body:"
)

FOUND = [
    "span",
    "SPAN",
    "*",
    ".label",
    "span.label",
    "a.red.big",
    "a.big.red",
    "#go",
    "a#go.red",
    '[id="go"]',
    "a[href]",
    '[href="/shop?a=1;b=2"]',
    "a[href='/shop?a=1;b=2']",
    "[href^='/shop']",
    "[href$='b=2']",
    '[href*="a=1"]',
    '[class~="big"]',
    "[data-attr=buy]",
    '[data-attr="buy"]#go[href][class]',
    '[href][data-attr="buy"]:nth-child(1)',
    '[text="Buy \\"now\\""]',
    "span:nth-child(2)",
    "span:nth-of-type(1)",
    "a:first-child",
    "a span",
    "a > span",
    "a>.label",
    "li span",
    "li > a > span",
    "ul li .label",
    "body > ul > li > a > span",
    "body a",
    ".md\\:flex",
    ".w-1\\.5",
    "div, a",
    "a , div",
]
NOT_FOUND = [
    "div",
    "spa",
    "pan",
    "ul.li",
    ".bi",
    ".igger",
    "span.red",
    "#g",
    "[href='/shop']",
    "[href^='shop']",
    '[class~="bi"]',
    "[data-attr]#no",
    "li > span",
    "span a",
    "span > a",
    "a a",
    "ul > a",
    "span:nth-child(1)",
    "span:nth-child(22)",
    ".md",
    ".flex",
    "button",
    ".fake",
    "p.fake",
    "[x]",
    "div, p",
]


@pytest.mark.parametrize("selector", FOUND)
def test_an_element_is_found(selector: str) -> None:
    assert re.search(selector_pattern(selector), CHAIN)


@pytest.mark.parametrize("selector", NOT_FOUND)
def test_another_is_not(selector: str) -> None:
    assert not re.search(selector_pattern(selector), CHAIN)


@pytest.mark.engines
def test_clickhouse_reads_the_expressions_alike(clickhouse: Any) -> None:
    for expected, selectors in ((1, FOUND), (0, NOT_FOUND)):
        patterns = [selector_pattern(each) for each in selectors]
        (found,) = clickhouse.query(
            "SELECT arrayMap(pattern -> match({chain:String}, pattern), {patterns:Array(String)})",
            {"chain": CHAIN, "patterns": patterns},
        ).one()
        assert found == [expected] * len(selectors)


@pytest.mark.parametrize(
    "selector",
    [
        "",
        " ",
        ",",
        "a,",
        ">",
        "a >",
        "> a",
        "a + b",
        "a ~ b",
        "a:hover",
        "a::before",
        "[",
        "[a",
        "[a=]",
        "..a",
        "a**b",
        "a(",
    ],
)
def test_what_is_no_selector_or_not_known_is_refused(selector: str) -> None:
    with pytest.raises(QueryError):
        selector_pattern(selector)


def test_too_many_attributes_or_characters_are_refused() -> None:
    with pytest.raises(QueryError, match="attributes"):
        selector_pattern("[a][b][c][d][e]")
    with pytest.raises(QueryError, match="characters"):
        selector_pattern("a" * 1001)


def test_chains_of_old_sdks_are_found_too() -> None:
    chain = elements_chain(
        [
            {"tag_name": "b", "$el_text": 'a "q" \\ b', "nth_child": "2"},
            {"tag_name": "div", "attr__class": "z\n a", "attr__id": "x"},
        ]
    )
    for selector in ("div.a.z > b", "#x b", '[text="a \\"q\\" \\\\ b"]', "b:nth-child(2)", "div#x.z"):
        assert re.search(selector_pattern(selector), chain), selector
