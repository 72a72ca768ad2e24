import { expect, test } from "vitest";

import { bytes, timeSpan } from "../quantity";
import { incompleteFrom } from "./buckets";

const at = (text: string) => Date.parse(text);

test("a day is over at midnight of the project's zone", () => {
  const days = ["2026-11-02", "2026-11-03"];
  expect(incompleteFrom(days, "day", at("2026-11-03T20:00:00Z"), "UTC")).toBe(1);
  expect(incompleteFrom(days, "day", at("2026-11-03T20:00:00Z"), "Asia/Tokyo")).toBe(-1);
});

test("an hour, a week and a month are over in their turn", () => {
  const hours = ["2026-11-03 09:00:00", "2026-11-03T10:00:00"];
  expect(incompleteFrom(hours, "hour", at("2026-11-03T10:59:00Z"), "UTC")).toBe(1);
  expect(incompleteFrom(hours, "hour", at("2026-11-03T11:00:00Z"), "UTC")).toBe(-1);
  const weeks = ["2026-10-25", "2026-11-01"];
  expect(incompleteFrom(weeks, "week", at("2026-11-07T23:59:00Z"), "UTC")).toBe(1);
  expect(incompleteFrom(weeks, "week", at("2026-11-08T00:00:00Z"), "UTC")).toBe(-1);
  expect(incompleteFrom(["2026-10-01", "2026-11-01"], "month", at("2026-11-30T00:00:00Z"), "UTC")).toBe(1);
});

test("spans and sizes have two units at most", () => {
  expect([0, 59.6, 3_725, 90_061].map(timeSpan)).toEqual(["0 s", "1 min", "1 h 2 min", "1 d 1 h"]);
  expect([0, 999, 1_300_000, 2e12].map(bytes)).toEqual(["0 B", "999 B", "1.3 MB", "2 TB"]);
});
