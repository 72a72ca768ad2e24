import { expect, test } from "vitest";

import type { Question } from "../insights/queries";
import type { Tile } from "./api";
import { overrideIn, withFilters, withOverride } from "./filters";
import { inOrder, moved, placed, resized, widthOf, withChanges } from "./layout";
import { starterInsights } from "./starter";

const tile = (id: number, sm?: object): Tile => ({
  id,
  layouts: sm ? { sm } : {},
  insight: null,
  text: { body: "" },
});

test("tiles stand in reading order, and those without a place come last", () => {
  const tiles = [tile(1), tile(2, { x: 6, y: 0, w: 6 }), tile(3, { x: 0, y: 5 }), tile(4, { x: 0, y: 0 })];
  expect(inOrder(tiles).map(({ id }) => id)).toEqual([4, 2, 3, 1]);
});

test("rows are filled up to twelve columns", () => {
  const tiles = [tile(1), tile(2), tile(3, { w: 12 }), tile(4, { w: 3 }), tile(5, { w: 8 }), tile(6, { w: 4 })];
  const places = placed(tiles).map(({ id, layouts }) => [id, layouts?.sm?.x, layouts?.sm?.y, layouts?.sm?.w]);
  expect(places).toEqual([
    [1, 0, 0, 6],
    [2, 6, 0, 6],
    [3, 0, 5, 12],
    [4, 0, 10, 3],
    [5, 3, 10, 8],
    [6, 0, 15, 4],
  ]);
});

test("a tile grows and shrinks by steps, to a whole row and a quarter", () => {
  expect([3, 5, 8].map((width) => resized(width, 1))).toEqual([4, 6, 12]);
  expect([12, 5, 4].map((width) => resized(width, -1))).toEqual([8, 4, 3]);
  expect([resized(12, 1), resized(3, -1)]).toEqual([null, null]);
  expect([tile(1), tile(1, { w: 1 }), tile(1, { w: 40 })].map(widthOf)).toEqual([6, 3, 12]);
});

test("only what moves is written, and what is written stands in that order", () => {
  const tiles = withChanges([tile(1), tile(2), tile(3)], placed([tile(1), tile(2), tile(3)]));
  expect(placed(tiles)).toEqual([]);
  const order = moved(tiles, 2, 0);
  const changes = placed(order);
  expect(inOrder(withChanges(tiles, changes)).map(({ id }) => id)).toEqual([3, 1, 2]);
  expect(placed(moved(tiles, 1, 2)).map(({ id }) => id)).toEqual([3, 2]);
});

test("filters in the address come back, and nonsense is none", () => {
  const filters = { date_from: "-30d", properties: [] };
  expect(overrideIn(withOverride(filters, "?x=1"))).toEqual(filters);
  expect(withOverride(null, "?x=1&filters={}")).toBe("?x=1");
  expect(overrideIn("?filters=[1]")).toBeNull();
});

test("a tile's people are asked for as the tile is: dates replaced, properties on top", () => {
  const own = { type: "event", key: "a", operator: "is_set" };
  const added = { type: "event", key: "b", operator: "is_set" };
  const question: Question = {
    kind: "TrendsQuery",
    series: [],
    dateRange: { date_from: "-7d" },
    properties: [own],
  };
  expect(withFilters(question, { date_from: "-90d", properties: [added] })).toMatchObject({
    dateRange: { date_from: "-90d", date_to: null },
    properties: [own, added],
  });
  expect(withFilters(question, {})).toEqual(question);
});

test("the first dashboard has an insight of each kind, about events that are there", () => {
  const insights = starterInsights(["$pageview", "signed up", "bought"]);
  expect(new Set(insights.map(({ query }) => query.kind)).size).toBe(7);
  const funnel = insights.find(({ query }) => query.kind === "FunnelsQuery")?.query;
  expect(funnel).toMatchObject({
    series: [{ event: "$pageview" }, { event: "signed up" }, { event: "bought" }],
  });
  expect(starterInsights([]).some(({ query }) => query.kind === "FunnelsQuery")).toBe(false);
});
