import { expect, test } from "vitest";

import { questionIn, withQuestion } from "./address";
import { KINDS, asKind, knownQuestion, missing, seriesLabel } from "./kinds";
import { valueOf, valueText } from "./operators";
import type { TrendsQuery } from "./queries";
import { questionOf, savedQuery } from "./queries";
import { rangeLabel } from "./ranges";

const TRENDS: TrendsQuery = {
  kind: "TrendsQuery",
  series: [
    { kind: "EventsNode", event: "see", math: "dau" },
    { kind: "EventsNode", event: "buy" },
  ],
  dateRange: { date_from: "-90d" },
  properties: [{ type: "event", key: "plan", operator: "exact", value: ["pro"] }],
};

test("another kind keeps the events, the dates and the filters", () => {
  const funnel = asKind(TRENDS, "FunnelsQuery");
  expect(funnel).toEqual({
    kind: "FunnelsQuery",
    series: [
      { kind: "EventsNode", event: "see" },
      { kind: "EventsNode", event: "buy" },
    ],
    dateRange: TRENDS.dateRange,
    properties: TRENDS.properties,
  });
  expect(asKind(funnel, "LifecycleQuery")).toMatchObject({ series: [{ event: "see" }] });
  expect(asKind(TRENDS, "RetentionQuery")).toMatchObject({
    retentionFilter: { targetEntity: { id: "see", type: "events" } },
  });
});

test.each(KINDS)("a new $label survives the address and the server", ({ kind }) => {
  const question = asKind(null, kind);
  expect(knownQuestion(question)).toEqual(question);
  expect(questionIn(withQuestion(question, "?dashboard=3"))).toEqual(question);
  expect(questionOf(savedQuery(question))).toEqual(question);
});

test.each(["", "?q=", "?q=x", "?q=[]", '?q={"kind":"TrendsQuery"}', '?q={"kind":"DropTable"}'])(
  "%s holds no question",
  (search) => expect(questionIn(search)).toBeNull(),
);

test("what lacks is said before it is asked", () => {
  expect(missing(asKind(null, "FunnelsQuery"))).toContain("two steps");
  expect(missing({ kind: "HogQLQuery", query: " " })).toBe("Write a query.");
  expect(missing(TRENDS)).toBeNull();
});

test("a series says how it is counted, unless that is all there is", () => {
  expect(TRENDS.series.map(seriesLabel)).toEqual(["see, unique people", "buy"]);
  const sum = { kind: "EventsNode", event: "buy", math: "sum", math_property: "price" } as const;
  expect(seriesLabel(sum)).toBe("buy, sum of price");
});

test("commas separate values where any of several may hold, and are text elsewhere", () => {
  expect(valueOf("a, b,", "exact")).toEqual(["a", "b"]);
  expect(valueOf("a, b", "icontains")).toBe("a, b");
  expect(valueText(["a", "b"])).toBe("a, b");
});

test("ranges have names, or say from when", () => {
  expect(rangeLabel(undefined)).toBe("Last 7 days");
  expect(rangeLabel({ date_from: "-1dStart", date_to: "-1dEnd" })).toBe("Yesterday");
  expect(rangeLabel({ date_from: "2026-01-01", date_to: "2026-02-01" })).toBe("2026-01-01 to 2026-02-01");
});
