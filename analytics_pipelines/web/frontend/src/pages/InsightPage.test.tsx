import { fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { beforeEach, describe, expect, test, vi } from "vitest";

import { PROJECT, type Seen, fakeServer, json } from "../fakeServer";
import { withQuestion } from "../insights/address";
import type { Question } from "../insights/queries";
import InsightPage from "./InsightPage";

vi.mock("../charts/CartesianChart", () => ({
  default: ({ summary }: { summary: string }) => <div role="img" aria-label={summary} />,
}));

const QUESTION: Question = {
  kind: "TrendsQuery",
  series: [{ kind: "EventsNode", event: "buy", math: "dau" }],
  interval: "day",
};
const SAVED = {
  id: 5,
  short_id: "aBc",
  name: "Buyers",
  derived_name: "",
  description: "",
  query: { kind: "InsightVizNode", source: QUESTION },
  dashboards: [],
  timezone: "UTC",
};
const DAYS = ["2026-11-02", "2026-11-03"];

const server = { people: 4, query: () => json(trend([3, 4])) };

function trend(data: number[]) {
  const row = { label: "buy", data, days: DAYS, labels: DAYS, count: 7, action: { order: 0 } };
  return {
    results: [row],
    timezone: "UTC",
    last_refresh: "2026-11-03T10:00:00Z",
    explain: {
      answered_from: "cache",
      computed_from: "rollup",
      rows_read: 1234,
      bytes_read: 5_000,
      statements: [{ hogql: "SELECT 1", sql: "SELECT 1", rows: 1234, bytes: 5_000, milliseconds: 2 }],
      tables: [{ table: "event_counts_hourly", asset: "event_counts_hourly", changed_at: null }],
    },
  };
}

function answerTo({ path, init, body }: Seen) {
  if (path.includes("/event_definitions/")) return { results: [{ name: "buy" }, { name: "see" }] };
  if (path.includes("/insights/")) {
    return init.method === "GET" ? SAVED : { ...SAVED, short_id: "nEw" };
  }
  if (!path.endsWith("/query/")) return () => json({ detail: "no such page" }, 404);
  if (body.query?.kind !== "ActorsQuery") return () => server.query();
  const counts = JSON.stringify(body.query.select) === '["count()"]';
  const ann = { id: "p1", distinct_ids: ["ann"], properties: { email: "ann@example.com" } };
  return { results: counts ? [[server.people]] : [[ann]], timezone: "UTC", last_refresh: null };
}

function page(item: string, search = "") {
  window.history.replaceState(null, "", `/project/7/insights/${item}${search}`);
  const seen = fakeServer(answerTo);
  render(<InsightPage project={PROJECT} dagsterUrl="http://dagster.example/" item={item} />);
  const asked = () => seen.flatMap(({ body }) => (body.query ? [body.query as unknown] : []));
  return { seen, asked };
}

beforeEach(() => {
  server.people = 4;
  server.query = () => json(trend([3, 4]));
});

describe("an answer", () => {
  test("is a chart, the same as a table, and says what it was read from", async () => {
    page("new", withQuestion(QUESTION));
    expect((await screen.findByRole("img")).getAttribute("aria-label")).toContain("last 4");
    const table = screen.getByRole("table", { name: "People by day" });
    expect(within(table).getByRole("button", { name: /^4: / }).textContent).toBe("4");
    const explained = screen.getByTestId("explain");
    expect(explained.textContent).toContain(
      "Answered from the cache; computed from a rollup: 1,234 rows (5 KB) read in 2 ms.",
    );
    expect(within(explained).getByText("event_counts_hourly", { selector: "a" })).toHaveProperty(
      "href",
      "http://dagster.example/assets/event_counts_hourly",
    );
  });

  test("opens to the people behind a number, as many as it says", async () => {
    const { asked } = page("new", withQuestion(QUESTION));
    fireEvent.click(await screen.findByRole("button", { name: /^4: / }));
    const people = await screen.findByTestId("people");
    expect(people.dataset.count).toBe("4");
    expect(people.textContent).toContain("ann@example.com");
    expect(people.textContent).not.toContain("has changed");
    expect(asked().at(-1)).toMatchObject({
      kind: "ActorsQuery",
      source: { kind: "InsightActorsQuery", source: QUESTION, day: "2026-11-03", series: 0 },
    });
  });

  test("that has become another number meanwhile says so", async () => {
    server.people = 5;
    page("new", withQuestion(QUESTION));
    fireEvent.click(await screen.findByRole("button", { name: /^4: / }));
    expect((await screen.findByTestId("people")).textContent).toContain("The chart says 4");
  });

  test("that fails is an error, and retry mends it", async () => {
    server.query = () => json({ detail: "ClickHouse does not answer." }, 503);
    page("new", withQuestion(QUESTION));
    expect((await screen.findByRole("alert")).textContent).toContain("ClickHouse does not answer.");
    server.query = () => json(trend([1, 2]));
    fireEvent.click(screen.getByRole("button", { name: "Retry" }));
    expect(await screen.findByRole("img")).toBeTruthy();
  });
});

describe("the form", () => {
  test("puts each change into the address and asks anew; back undoes it", async () => {
    const { asked } = page("new", withQuestion(QUESTION));
    await screen.findByRole("img");
    fireEvent.change(screen.getByLabelText("By"), { target: { value: "week" } });
    await waitFor(() => expect(asked()).toHaveLength(2));
    expect(asked()[1]).toMatchObject({ interval: "week", series: QUESTION.series });
    expect(new URLSearchParams(window.location.search).get("q")).toContain('"interval":"week"');
    window.history.back();
    await waitFor(() =>
      expect(screen.getByLabelText<HTMLSelectElement>("By").value).toBe("day"),
    );
  });

  test("offers the project's events", async () => {
    const { asked } = page("new", withQuestion(QUESTION));
    await screen.findByRole("img");
    const field = screen.getByRole("combobox", { name: "Event of Series A" });
    fireEvent.change(field, { target: { value: "se" } });
    fireEvent.keyDown(field, { key: "Enter" });
    await waitFor(() => expect(asked()).toHaveLength(2));
    expect(asked()[1]).toMatchObject({ series: [{ event: "see", math: "dau" }] });
  });

  test("asks nothing before there is enough to ask", async () => {
    const { asked } = page("new", withQuestion({ kind: "FunnelsQuery", series: [] }));
    expect(await screen.findByText(/A funnel needs two steps or more/)).toBeTruthy();
    expect(asked()).toEqual([]);
  });
});

describe("saving", () => {
  test("a new insight goes to the dashboard that it was made for", async () => {
    const { seen } = page("new", withQuestion(QUESTION, "?dashboard=3"));
    fireEvent.change(await screen.findByLabelText("Name of the insight"), {
      target: { value: "Buyers" },
    });
    fireEvent.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(window.location.pathname).toBe("/project/7/insights/nEw"));
    const post = seen.find(({ path }) => path === "/api/projects/7/insights/");
    expect(post?.body).toEqual({
      name: "Buyers",
      query: { kind: "InsightVizNode", source: QUESTION },
      dashboards: [3],
    });
  });

  test("a saved one is saved again only when it was changed", async () => {
    const { seen } = page("aBc");
    const button = await screen.findByRole("button", { name: "Saved" });
    expect(button.getAttribute("aria-disabled")).toBe("true");
    fireEvent.change(screen.getByLabelText("By"), { target: { value: "month" } });
    fireEvent.click(await screen.findByRole("button", { name: "Save" }));
    await waitFor(() => expect(seen.some(({ init }) => init.method === "PATCH")).toBe(true));
    const patch = seen.find(({ init }) => init.method === "PATCH");
    expect(patch?.path).toBe("/api/projects/7/insights/5/");
    expect(patch?.body).toMatchObject({ query: { source: { interval: "month" } } });
  });
});
