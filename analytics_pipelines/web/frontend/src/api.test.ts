import { beforeEach, describe, expect, test, vi } from "vitest";

import { ApiError, fetchMe, fetchProjects, fetchRows, fetchTrend, logout } from "./api";
import { TREND, fakeServer, json, rows } from "./fakeServer";
import { goToLogin } from "./login";
import { trendsQuery } from "./trend";
import { chartStateOf } from "./chartState";

vi.mock("./login", () => ({ goToLogin: vi.fn() }));

const QUESTION = trendsQuery(chartStateOf(""));

async function errorOf(promise: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await promise.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

beforeEach(() => vi.mocked(goToLogin).mockClear());

describe("errors", () => {
  test("carry the server's words, code and place", async () => {
    const body = {
      type: "validation_error",
      code: "unknown_table",
      detail: "No table x.",
      attr: "query",
      start: 14,
      end: 15,
    };
    fakeServer(() => () => json(body, 400));
    const error = await errorOf(fetchRows(1, "select 1 from x"));
    expect(error).toMatchObject({
      message: "No table x.",
      status: 400,
      code: "unknown_table",
      start: 14,
      end: 15,
    });
  });

  test("of a proxy that speaks HTML tell the status", async () => {
    fakeServer(() => () => new Response("<html>Bad gateway</html>", { status: 502 }));
    const error = await errorOf(fetchMe());
    expect(error.message).toBe("The server answered with status 502.");
    expect(error.status).toBe(502);
  });

  test("a success that is not JSON is an error", async () => {
    fakeServer(() => () => new Response("<html>", { status: 200 }));
    expect((await errorOf(fetchMe())).code).toBe("bad_answer");
  });

  test("no connection is an error in words", async () => {
    fakeServer(() => () => Promise.reject(new TypeError("Failed to fetch")));
    const error = await errorOf(fetchMe());
    expect(error).toMatchObject({ message: "The server cannot be reached.", status: null });
  });

  test("401 sends the browser to the log-in page", async () => {
    fakeServer(() => () => json({ detail: "no" }, 401));
    expect((await errorOf(fetchMe())).status).toBe(401);
    expect(goToLogin).toHaveBeenCalledOnce();
  });

  test("other refusals do not", async () => {
    fakeServer(() => () => json({ detail: "Not yours." }, 403));
    await errorOf(fetchMe());
    expect(goToLogin).not.toHaveBeenCalled();
  });

  test("an abort stays an abort", async () => {
    const controller = new AbortController();
    controller.abort();
    fakeServer(() => () => Promise.reject(new DOMException("Aborted", "AbortError")));
    await expect(fetchMe(controller.signal)).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("half answers are errors, not zeros", () => {
  test.each([
    ["no results", {}],
    ["an empty list", { ...TREND, results: [] }],
    ["fewer numbers than days", { ...TREND, results: [{ ...TREND.results[0], data: [1] }] }],
  ])("a trend with %s", async (_, answer) => {
    fakeServer(() => answer);
    expect((await errorOf(fetchTrend(1, QUESTION))).code).toBe("bad_answer");
  });

  test("rows without columns, projects without a list", async () => {
    fakeServer(() => ({ results: [[1]] }));
    expect((await errorOf(fetchRows(1, "select 1"))).code).toBe("bad_answer");
    fakeServer(() => ({}));
    expect((await errorOf(fetchProjects())).code).toBe("bad_answer");
  });
});

describe("requests", () => {
  test("that change something say that they are JSON", async () => {
    const seen = fakeServer(() => () => new Response(null, { status: 204 }));
    await logout();
    expect(seen[0]).toMatchObject({
      path: "/api/logout/",
      init: {
        method: "POST",
        body: "{}",
        credentials: "same-origin",
        headers: { "Content-Type": "application/json" },
      },
    });
  });

  test("ask for a new computation only when told to", async () => {
    const seen = fakeServer(() => rows(["a"], [[1]]));
    await fetchRows(5, "select 1");
    await fetchRows(5, "select 1", undefined, true);
    expect(seen.map(({ body }) => body)).toEqual([
      { query: { kind: "HogQLQuery", query: "select 1" } },
      { query: { kind: "HogQLQuery", query: "select 1" }, refresh: "force_blocking" },
    ]);
    expect(seen[0]?.path).toBe("/api/projects/5/query/");
  });
});
