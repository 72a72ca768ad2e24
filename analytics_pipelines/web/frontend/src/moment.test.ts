import { describe, expect, test } from "vitest";

import { absoluteTime, bucketName, calendarDay, durationOf, millisOf, timeAgo } from "./moment";

const NOW = Date.UTC(2026, 10, 23, 12, 0, 0);
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe("time ago", () => {
  test.each([
    [0, "just now"],
    [1 * SECOND, "just now"],
    [5 * SECOND, "5 s ago"],
    [59 * SECOND, "59 s ago"],
    [60 * SECOND, "1 min ago"],
    [59 * MINUTE, "59 min ago"],
    [2 * HOUR, "2 h ago"],
    [47 * HOUR, "1 d ago"],
    [60 * DAY, "60 d ago"],
    [100 * DAY, "Aug 15, 2026"],
    [-3 * HOUR, "in 3 h"],
  ])("%i ms", (age, text) => {
    expect(timeAgo(NOW - age, NOW)).toBe(text);
  });
});

test("durations", () => {
  expect([0.4, 2.4, 90, 7300].map(durationOf)).toEqual(["under 1 s", "2 s", "1 min", "2 h"]);
});

test("API timestamps with and without a zone", () => {
  expect(millisOf("2026-11-23T12:00:00Z")).toBe(NOW);
  expect(millisOf("2026-11-23T13:00:00.000000+01:00")).toBe(NOW);
  expect(millisOf("2026-11-23 12:00:00.000")).toBe(NOW);
  expect(millisOf("soon")).toBeNull();
  expect(millisOf(null)).toBeNull();
});

test("the calendar day depends on the zone, and an unknown zone is UTC", () => {
  const lateEvening = Date.UTC(2026, 10, 23, 23, 30);
  expect(calendarDay(lateEvening, "UTC")).toBe("2026-11-23");
  expect(calendarDay(lateEvening, "Europe/Berlin")).toBe("2026-11-24");
  expect(calendarDay(lateEvening, "Mars/Olympus")).toBe("2026-11-23");
});

test("absolute times name their zone", () => {
  expect(absoluteTime(NOW, "Europe/Berlin")).toMatch(/Nov 23, 2026.*1:00:00.*Europe\/Berlin/);
});

test("bucket names do not shift by the reader's zone", () => {
  expect(bucketName("2026-11-01", "day")).toBe("Nov 1");
  expect(bucketName("2026-11-01", "day", true)).toBe("Sun, Nov 1, 2026");
  expect(bucketName("2026-11-01", "month")).toBe("Nov 2026");
  expect(bucketName("?", "day")).toBe("?");
});
