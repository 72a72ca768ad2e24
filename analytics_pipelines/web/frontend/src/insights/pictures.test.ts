import { describe, expect, test } from "vitest";

import type { Answer } from "./answers";
import type { Cartesian, Flow, Pie, Steps } from "./picture";
import { pictureOf } from "./pictureOf";
import type { Question, RetentionQuery, Series, TrendsQuery } from "./queries";

const AT = "2026-11-04T10:00:00Z";

const node = (event: string | null, math?: string): Series => ({
  kind: "EventsNode",
  event,
  ...(math !== undefined && { math }),
});

const answer = (results: unknown, more: Partial<Answer> = {}): Answer => ({
  results,
  timezone: "UTC",
  last_refresh: AT,
  ...more,
});

const DAYS = ["2026-11-02", "2026-11-03", "2026-11-04"];

const row = (data: number[], more: object = {}) => ({
  label: "x",
  data,
  days: DAYS,
  labels: DAYS,
  count: data.reduce((sum, value) => sum + value, 0),
  action: { order: 0 },
  ...more,
});

const trends = (more: Partial<TrendsQuery> = {}): TrendsQuery => ({
  kind: "TrendsQuery",
  series: [node("buy")],
  interval: "day",
  ...more,
});

const draw = (question: Question, results: unknown, more: Partial<Answer> = {}) =>
  pictureOf(question, answer(results, more));

describe("trends", () => {
  test("have a line, a row and a point for each bucket, and the last is not over", () => {
    const picture = draw(trends(), [row([3, 4, 1])]);
    const chart = picture.chart as Cartesian;
    expect(chart.categories).toEqual(["Nov 2", "Nov 3", "Nov 4"]);
    expect(chart).toMatchObject({ incompleteFrom: 2, valueName: "Events", categoryName: "day" });
    expect(chart.lines[0]).toMatchObject({ name: "buy", shape: "line", values: [3, 4, 1] });
    expect(chart.lines[0]?.points?.[1]).toMatchObject({
      value: 4,
      ofPeople: false,
      asks: { kind: "InsightActorsQuery", day: "2026-11-03", series: 0 },
    });
    expect(picture.table.rows[0]?.cells.map(({ text }) => text)).toEqual(["8", "3", "4", "1"]);
    expect(picture.table.rows[0]?.cells[3]?.unfinished).toBe(true);
    expect(picture.summary).toContain("highest 4 on Tue, Nov 3, 2026");
  });

  test("people of several days have no sum", () => {
    const { table, chart } = draw(trends({ series: [node("buy", "dau")] }), [row([3, 4, 1])]);
    expect(table.rows[0]?.cells[0]?.text).toBe("–");
    expect((chart as Cartesian).lines[0]?.points?.[0]?.ofPeople).toBe(true);
  });

  test("a breakdown names its lines; missing and other values have words", () => {
    const rows = ["Chrome", "$$_posthog_breakdown_null_$$", "$$_posthog_breakdown_other_$$"].map(
      (value) => row([1, 1, 1], { breakdown_value: value }),
    );
    const { chart } = draw(trends(), rows);
    expect((chart as Cartesian).lines.map(({ name }) => name)).toEqual(["Chrome", "None", "Other"]);
    expect((chart as Cartesian).lines[1]?.points?.[0]?.asks.breakdown).toBe(
      "$$_posthog_breakdown_null_$$",
    );
  });

  test("the time before stands behind in the same colour, and is over", () => {
    const before = row([2, 2, 2], { compare: true, compare_label: "previous" });
    const { chart, table } = draw(trends(), [row([3, 4, 1], { compare_label: "current" }), before]);
    const [now, then] = (chart as Cartesian).lines;
    expect(then).toMatchObject({ name: "buy (before)", faded: true, color: now?.color });
    expect(then?.points?.[0]?.asks.compare).toBe("previous");
    expect(table.rows[1]?.cells[3]?.unfinished).toBeUndefined();
  });

  test("a formula opens to nobody", () => {
    const { chart } = draw(trends(), [row([1, 2, 3], { action: null, label: "Formula (A+B)" })]);
    expect((chart as Cartesian).lines[0]).toMatchObject({ name: "Formula (A+B)" });
    expect((chart as Cartesian).lines[0]?.points).toEqual([null, null, null]);
  });

  test("totals are a number with the one before", () => {
    const total = (value: number, more = {}) => row([], { days: [], aggregated_value: value, ...more });
    const query = trends({ trendsFilter: { display: "BoldNumber" }, series: [node(null, "dau")] });
    const { chart } = draw(query, [total(12), total(10, { compare_label: "previous" })]);
    expect(chart).toMatchObject({
      type: "number",
      numbers: [{ name: "All events, unique people", value: 12, before: 10 }],
    });
  });

  test("a pie has the values that are not nothing; countries have their names", () => {
    const total = (breakdown: string, value: number) =>
      row([], { days: [], aggregated_value: value, breakdown_value: breakdown });
    const pie = draw(trends({ trendsFilter: { display: "ActionsPie" } }), [total("a", 2), total("b", 0)]);
    expect((pie.chart as Pie).slices.map(({ name }) => name)).toEqual(["a"]);
    const map = draw(trends({ trendsFilter: { display: "WorldMap" } }), [total("DE", 2), total("??", 1)]);
    expect(map.chart).toBeNull();
    expect(map.table.rows.map(({ head }) => head)).toEqual(["Germany", "??"]);
  });

  test("nothing anywhere is said, and half an answer is an error", () => {
    expect(draw(trends(), [row([0, 0, 0])]).empty).toBe(true);
    expect(() => draw(trends(), [row([1])])).toThrow("lacks a number for each day");
    expect(() => draw(trends(), null)).toThrow("has no results");
  });
});

describe("funnels", () => {
  const funnel: Question = { kind: "FunnelsQuery", series: [node("see"), node("buy")] };
  const step = (order: number, name: string, count: number, seconds: number | null, more = {}) => ({
    order,
    name,
    count,
    average_conversion_time: seconds,
    median_conversion_time: seconds,
    ...more,
  });

  test("shares are of the first step and of the one before; those who left have a point", () => {
    const { chart, table } = draw(funnel, [
      step(0, "see", 200, null),
      step(1, "cart", 50, 90),
      step(2, "buy", 20, 3_700),
    ]);
    const [first, second, third] = (chart as Steps).steps.map(({ bars }) => bars[0]);
    expect(first).toMatchObject({ share: 1, ofPrevious: null, lost: null });
    expect(second).toMatchObject({ share: 0.25, ofPrevious: 0.25, dropped: 150 });
    expect(third).toMatchObject({ share: 0.1, ofPrevious: 0.4, dropped: 30 });
    expect(third?.converted?.asks).toEqual({ kind: "FunnelsActorsQuery", funnelStep: 3 });
    expect(third?.lost).toMatchObject({ value: 30, asks: { funnelStep: -3 } });
    expect(table.rows[2]?.cells.map(({ text }) => text)).toEqual([
      "20",
      "10%",
      "40%",
      "30",
      "1 h 1 min",
      "1 h 1 min",
    ]);
  });

  test("a breakdown gives each step a bar a value", () => {
    const of = (value: string) => [
      step(0, "see", 10, null, { breakdown_value: [value] }),
      step(1, "buy", 5, 60, { breakdown_value: [value] }),
    ];
    const { chart } = draw(funnel, [of("Chrome"), of("Safari")]);
    expect((chart as Steps).steps[1]?.bars.map(({ name }) => name)).toEqual(["Chrome", "Safari"]);
    expect((chart as Steps).steps[1]?.bars[1]?.converted?.asks.funnelStepBreakdown).toEqual([
      "Safari",
    ]);
  });

  test("nobody is no division by zero", () => {
    const { chart, empty } = draw(funnel, [step(0, "see", 0, null), step(1, "buy", 0, null)]);
    expect(empty).toBe(true);
    expect((chart as Steps).steps[1]?.bars[0]).toMatchObject({ share: 0, ofPrevious: 0 });
  });

  test("time to convert is a histogram with its average", () => {
    const query = { ...funnel, funnelsFilter: { funnelVizType: "time_to_convert" } } as Question;
    const picture = draw(query, { bins: [[0, 3], [60, 1]], average_conversion_time: 45 });
    expect(picture.summary).toBe("Time to convert: 45 s on average.");
    expect((picture.chart as Cartesian).lines[0]?.values).toEqual([3, 1]);
  });
});

describe("retention", () => {
  const query: RetentionQuery = { kind: "RetentionQuery", retentionFilter: { period: "Day" } };
  const cohort = (date: string, counts: number[]) => ({
    date: `${date}T00:00:00+00:00`,
    label: "",
    values: counts.map((count) => ({ count, label: "" })),
    breakdown_value: null,
  });
  const rows = [cohort("2026-11-02", [10, 4, 1]), cohort("2026-11-03", [30, 3]), cohort("2026-11-04", [5])];

  test("cells are shares, and the means leave out what is not over", () => {
    const { table } = draw(query, rows);
    const texts = table.rows.map(({ head, cells }) => [head, ...cells.map(({ text }) => text)]);
    expect(texts).toEqual([
      ["Mean", "45", "100%", "40%", "10%"],
      ["Nov 2", "10", "100%", "40%", "10%"],
      ["Nov 3", "30", "100%", "10%"],
      ["Nov 4", "5", "100%"],
    ]);
    expect(table.rows[1]?.cells.map(({ unfinished }) => unfinished ?? false)).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });

  test("a cell opens to those of the row who came back then", () => {
    const point = draw(query, rows).table.rows[1]?.cells[2]?.point;
    expect(point).toMatchObject({
      value: 4,
      asks: { kind: "InsightActorsQuery", interval: 0 },
      where: "has(appearances, 1)",
    });
  });

  test("lines are shares by the time since the beginning", () => {
    const lines = draw({ ...query, retentionFilter: { display: "ActionsLineGraph" } }, rows).chart;
    expect((lines as Cartesian).lines[0]).toMatchObject({ name: "Nov 2", values: [100, 40, 10] });
  });
});

test("dormant people lie below zero, and open to as many", () => {
  const of = (status: string, data: number[]) => ({ status, data, days: DAYS });
  const picture = draw({ kind: "LifecycleQuery", series: [node(null)], interval: "day" }, [
    of("new", [1, 0, 0]),
    of("dormant", [0, -2, 0]),
  ]);
  const dormant = (picture.chart as Cartesian).lines.find(({ name }) => name === "Dormant");
  expect(dormant?.values).toEqual([0, -2, 0]);
  expect(dormant?.points?.[1]).toMatchObject({
    value: 2,
    asks: { day: "2026-11-03", status: "dormant" },
  });
});

test("stickiness counts people by their number of days", () => {
  const picture = draw(
    { kind: "StickinessQuery", series: [node("buy")], interval: "day" },
    [{ label: "buy", data: [5, 2], days: [1, 2], action: { order: 0 } }],
  );
  expect(picture.table.columns.map(({ name }) => name)).toEqual(["1 day", "2 days"]);
  expect((picture.chart as Cartesian).lines[0]?.points?.[1]?.asks).toEqual({
    kind: "StickinessActorsQuery",
    day: 2,
    series: 0,
    operator: "exact",
  });
});

test("paths are links between steps; addresses are short in the chart and whole in the table", () => {
  const picture = draw({ kind: "PathsQuery" }, [
    { source: "1_https://x.test/", target: "2_https://x.test/a_b?c", value: 7, average_conversion_time: 61_000 },
  ]);
  expect((picture.chart as Flow).nodes).toEqual([
    { id: "1_https://x.test/", name: "https://x.test/", label: "/", layer: 0 },
    { id: "2_https://x.test/a_b?c", name: "https://x.test/a_b?c", label: "/a_b?c", layer: 1 },
  ]);
  expect(picture.table.rows[0]?.cells.map(({ text }) => text)).toEqual([
    "https://x.test/a_b?c",
    "1",
    "7",
    "1 min 1 s",
  ]);
  expect((picture.chart as Flow).links[0]?.point.asks).toMatchObject({
    pathStartKey: "1_https://x.test/",
    pathEndKey: "2_https://x.test/a_b?c",
  });
});

describe("SQL", () => {
  const sql: Question = { kind: "HogQLQuery", query: "select 1" };

  test("names with one number are bars", () => {
    const picture = draw(sql, [["a", 2], ["b", 1]], { columns: ["event", "n"] });
    expect(picture.chart).toMatchObject({ lying: true, categories: ["a", "b"], valueName: "n" });
  });

  test("anything else is a table, with nulls and objects told apart", () => {
    const picture = draw(sql, [[1, null, { a: 1 }]], { columns: ["x", "y", "z"] });
    expect(picture.chart).toBeNull();
    expect(picture.table.rows[0]).toEqual({ head: "1", cells: [{ text: "null" }, { text: '{"a":1}' }] });
  });
});

test("a rate of a funnel opens to those who converted of those who entered then", () => {
  const query = {
    kind: "FunnelsQuery",
    series: [node("see"), node("buy")],
    funnelsFilter: { funnelVizType: "trends" },
  } as Question;
  const { chart, table } = draw(query, [
    { data: [50, 0, 0], days: DAYS, reached_from_step_count: [4, 1, 0], reached_to_step_count: [2, 0, 0] },
  ]);
  expect((chart as Cartesian).lines[0]?.points?.[0]).toMatchObject({
    value: 2,
    asks: { funnelTrendsEntrancePeriodStart: "2026-11-02", funnelTrendsDropOff: false },
  });
  expect(table.rows[0]?.cells[0]).toMatchObject({ text: "50%", note: "2 of 4" });
});
