import { expect, test } from "vitest";

import { dashboardPath, insightPath, newInsightPath, pagePath, routeOf, sqlPath } from "./location";

test("routes", () => {
  expect(routeOf("/")).toEqual({ page: "home" });
  expect(routeOf("/project/3")).toEqual({ page: "overview", projectId: "3", item: null });
  expect(routeOf("/project/3/")).toEqual({ page: "overview", projectId: "3", item: null });
  expect(routeOf("/project/3/sql")).toEqual({ page: "sql", projectId: "3", item: null });
  expect(routeOf(pagePath("settings", 3))).toMatchObject({ page: "settings", projectId: "3" });
  expect(routeOf(dashboardPath(3, 5))).toEqual({ page: "dashboards", projectId: "3", item: "5" });
  expect(routeOf(insightPath(3, "aB"))).toEqual({ page: "insights", projectId: "3", item: "aB" });
  expect(routeOf(newInsightPath(3))).toEqual({ page: "insights", projectId: "3", item: "new" });
});

test.each(["/project/3/nothing", "/project/3/sql/1", "/project/3/insights/a/b", "/elsewhere"])(
  "%s is no page",
  (path) => expect(routeOf(path)).toEqual({ page: "unknown" }),
);

test("a query survives its way through the address", () => {
  const sql = "select 'a&b=c' -- 100% + ü\nfrom events";
  const address = new URL(sqlPath(1, sql), "http://x");
  expect(address.searchParams.get("q")).toBe(sql);
});
