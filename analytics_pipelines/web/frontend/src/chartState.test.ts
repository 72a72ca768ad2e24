import { describe, expect, test } from "vitest";

import { DATE_RANGES, chartStateOf, searchOf } from "./chartState";

describe("chart state in the address", () => {
  test("defaults to 30 days of events, and then says nothing", () => {
    const state = chartStateOf("");
    expect(state).toMatchObject({
      range: { dateFrom: "-30d", interval: "day" },
      math: "total",
      view: "chart",
    });
    expect(searchOf(state)).toBe("");
  });

  test.each(DATE_RANGES)("$label survives the way there and back", (range) => {
    const state = { range, math: "dau", view: "table" } as const;
    expect(chartStateOf(searchOf(state))).toEqual(state);
  });

  test("a year is counted by months", () => {
    expect(chartStateOf("?date_from=-12m").range.interval).toBe("month");
  });

  test("nonsense is the default", () => {
    expect(chartStateOf("?date_from=yesterday&math=sum&view=pie")).toEqual(chartStateOf(""));
  });

  test("what is not ours stays", () => {
    expect(searchOf(chartStateOf("?date_from=-7d"), "?theme=x")).toBe("?theme=x&date_from=-7d");
  });
});
