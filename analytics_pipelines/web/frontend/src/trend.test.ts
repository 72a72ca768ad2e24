import { expect, test } from "vitest";

import { chartStateOf } from "./chartState";
import { TREND } from "./fakeServer";
import { averageOf, trendOf, trendSummary, trendsQuery } from "./trend";

const NOW = Date.UTC(2026, 11, 24);

test("the question follows the chosen range and count", () => {
  expect(trendsQuery(chartStateOf("?date_from=-12m&math=dau"))).toMatchObject({
    series: [{ math: "dau", event: null }],
    interval: "month",
    dateRange: { date_from: "-12m" },
  });
});

test("a day is incomplete by the clock of the answer and the project's zone", () => {
  const trend = trendOf(TREND, "day", NOW);
  expect(trend.points.map((point) => point.incomplete)).toEqual([false, true]);
  expect(trend.total).toBe(3);
  const midnightInBerlin = { ...TREND, last_refresh: "2026-11-02T23:00:00Z" };
  expect(trendOf(midnightInBerlin, "day", NOW).points[1]?.incomplete).toBe(false);
});

test("a month is incomplete until it is over", () => {
  const row = { label: "", count: 3, data: [1, 2], labels: [], days: ["2026-10-01", "2026-11-01"] };
  const trend = trendOf({ ...TREND, results: [row] }, "month", NOW);
  expect(trend.points.map((point) => point.incomplete)).toEqual([false, true]);
});

test("averages leave out what is incomplete", () => {
  expect(averageOf(trendOf(TREND, "day", NOW).points)).toBe(2);
  expect(averageOf([{ day: "2026-11-02", value: 1, incomplete: true }])).toBeNull();
});

test("the summary says what the picture shows", () => {
  expect(trendSummary(chartStateOf(""), trendOf(TREND, "day", NOW))).toBe(
    "Events a day from Sun, Nov 1, 2026 to Mon, Nov 2, 2026. 3 events in all. " +
      "Highest: 2 on Sun, Nov 1, 2026. The last day is not over: 1 so far.",
  );
});
