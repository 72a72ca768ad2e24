import { expect, test } from "vitest";

import { pagePath, routeOf, sqlPath } from "./location";

test("routes", () => {
  expect(routeOf("/")).toEqual({ page: "home" });
  expect(routeOf("/project/3")).toEqual({ page: "overview", projectId: "3" });
  expect(routeOf("/project/3/")).toEqual({ page: "overview", projectId: "3" });
  expect(routeOf("/project/3/sql")).toEqual({ page: "sql", projectId: "3" });
  expect(routeOf("/project/3/settings")).toEqual({ page: "settings", projectId: "3" });
  expect(routeOf(pagePath("settings", 3))).toEqual({ page: "settings", projectId: "3" });
  expect(routeOf("/project/3/nothing")).toEqual({ page: "unknown" });
  expect(routeOf("/elsewhere")).toEqual({ page: "unknown" });
});

test("a query survives its way through the address", () => {
  const sql = "select 'a&b=c' -- 100% + ü\nfrom events";
  const address = new URL(sqlPath(1, sql), "http://x");
  expect(address.searchParams.get("q")).toBe(sql);
});
