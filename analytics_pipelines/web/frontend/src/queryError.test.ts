import { expect, test } from "vitest";

import { errorPlace } from "./queryError";

test("finds line and column of the marked range", () => {
  const sql = "select 1\nfrom evnts";
  const place = errorPlace(sql, 14, 19);
  expect(place).toEqual({ line: 2, column: 6, from: 14, to: 19 });
});

test("offsets count characters, not UTF-16 units", () => {
  const sql = "select '😀' from x";
  const place = errorPlace(sql, 16, 17);
  expect(sql.slice(place?.from, place?.to)).toBe("x");
});

test("a range beyond the query, or no range, does no harm", () => {
  expect(errorPlace("abc", 50, 60)).toEqual({ line: 1, column: 4, from: 3, to: 3 });
  expect(errorPlace("abc", 1, null)).toMatchObject({ from: 1, to: 2 });
  expect(errorPlace("abc", null, null)).toBeNull();
});
