import { act, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { beforeEach, describe, expect, test, vi } from "vitest";

import { PROJECT, type Seen, fakeServer, json } from "../fakeServer";
import DashboardPage from "./DashboardPage";

vi.mock("../charts/CartesianChart", () => ({
  default: ({ summary }: { summary: string }) => <div role="img" aria-label={summary} />,
}));

const insight = (id: number, name: string, more: object = {}) => ({
  id,
  short_id: `s${id}`,
  name,
  derived_name: "",
  query: {
    kind: "InsightVizNode",
    source: {
      kind: "TrendsQuery",
      series: [{ kind: "EventsNode", event: "buy" }],
      trendsFilter: { display: "BoldNumber" },
    },
  },
  dashboards: [3],
  result: [{ label: "buy", data: [], days: [], count: 0, aggregated_value: id * 10, action: { order: 0 } }],
  last_refresh: "2026-11-03T10:00:00Z",
  query_status: null,
  result_error: null,
  timezone: "UTC",
  ...more,
});

const tile = (id: number, shown: object, x: number, y: number) => ({
  id,
  layouts: { sm: { x, y, w: 6, h: 5 } },
  insight: shown,
  text: null,
});

type Board = { id: number; name: string; filters: object; tiles: object[] };
const BOARD: Board = {
  id: 3,
  name: "Shop",
  filters: {},
  tiles: [tile(1, insight(1, "One"), 0, 0), tile(2, insight(2, "Two"), 6, 0)],
};

const server = { board: () => json(BOARD) };

function answerTo({ path, init }: Seen) {
  if (path.includes("/dashboards/3/")) return init.method === "GET" ? () => server.board() : BOARD;
  if (path.includes("/insights/1/")) return insight(1, "One");
  return () => json({ detail: "no such page" }, 404);
}

function page(search = "") {
  window.history.replaceState(null, "", `/project/7/dashboards/3${search}`);
  const seen = fakeServer(answerTo);
  render(<DashboardPage project={PROJECT} item="3" />);
  const looks = () => seen.filter(({ init }) => init.method === "GET").map(({ path }) => path);
  const patches = () =>
    seen.filter(({ init }) => init.method === "PATCH").map(({ body }) => body as unknown);
  return { looks, patches };
}

const names = () => screen.getAllByTestId("tile").map((one) => within(one).getByRole("heading").textContent);

beforeEach(() => {
  server.board = () => json(BOARD);
});

describe("tiles", () => {
  test("show their stored number and how old it is", async () => {
    const { looks } = page();
    const [one] = await screen.findAllByTestId("tile");
    expect(one?.textContent).toContain("10");
    expect(one?.textContent).toContain("computed ");
    expect(one?.querySelector("time")?.dateTime).toBe("2026-11-03T10:00:00.000Z");
    expect(looks()).toEqual(["/api/projects/7/dashboards/3/?refresh=async"]);
  });

  test("an error is the tile's own", async () => {
    const failed = insight(1, "One", {
      result: null,
      last_refresh: null,
      result_error: { status: 400, code: "invalid_query", detail: "There is no action 9." },
    });
    server.board = () => json({ ...BOARD, tiles: [tile(1, failed, 0, 0), BOARD.tiles[1]] });
    page();
    const [one, two] = await screen.findAllByTestId("tile");
    expect(within(one as HTMLElement).getByRole("alert").textContent).toContain("There is no action 9.");
    expect(within(two as HTMLElement).queryByRole("alert")).toBeNull();
    expect(two?.textContent).toContain("20");
  });

  test("half an answer is an error too", async () => {
    const half = insight(1, "One", { result: [{ label: "x" }] });
    server.board = () => json({ ...BOARD, tiles: [tile(1, half, 0, 0)] });
    page();
    expect((await screen.findByRole("alert")).textContent).toContain("lacks a number for each day");
  });

  test("what is being computed is looked for until it is there, without setting it going again", async () => {
    vi.useFakeTimers();
    const underway = insight(1, "One", { result: null, last_refresh: null, query_status: {} });
    server.board = () => json({ ...BOARD, tiles: [tile(1, underway, 0, 0)] });
    const { looks } = page();
    await act(() => vi.advanceTimersByTimeAsync(0));
    expect(screen.getByText("Computing…")).toBeTruthy();
    server.board = () => json(BOARD);
    await act(() => vi.advanceTimersByTimeAsync(1_500));
    expect(screen.getAllByTestId("tile")[0]?.textContent).toContain("10");
    await act(() => vi.advanceTimersByTimeAsync(10_000));
    expect(looks()).toEqual([
      "/api/projects/7/dashboards/3/?refresh=async",
      "/api/projects/7/dashboards/3/?refresh=force_cache",
    ]);
  });

  test("are refreshed in place, one by one", async () => {
    const { looks } = page();
    fireEvent.click(await screen.findByRole("button", { name: /^refresh\s*One$/ }));
    await waitFor(() => expect(looks()).toHaveLength(3));
    expect(looks().slice(1)).toEqual([
      "/api/projects/7/insights/1/?refresh=force_blocking&from_dashboard=3",
      "/api/projects/7/dashboards/3/?refresh=force_cache",
    ]);
  });

  test("move, widen and go by their menu, and it is said", async () => {
    const { patches } = page();
    await screen.findAllByTestId("tile");
    const menu = (index: number) => within(screen.getAllByTestId("tile")[index] as HTMLElement);
    fireEvent.click(menu(0).getByRole("button", { name: "Move later", hidden: true }));
    expect(names()).toEqual(["Two", "One"]);
    expect(screen.getByText("One is now tile 2 of 2.")).toBeTruthy();
    expect(patches()[0]).toMatchObject({
      tiles: [
        { id: 2, layouts: { sm: { x: 0 } } },
        { id: 1, layouts: { sm: { x: 6 } } },
      ],
    });
    fireEvent.click(menu(0).getByRole("button", { name: "Remove from dashboard", hidden: true }));
    await waitFor(() => expect(patches()).toHaveLength(2));
    expect(patches()[1]).toMatchObject({ tiles: [{ deleted: true }] });
  });
});

describe("dates and filters", () => {
  test("hold for this look, in the address, until they are saved", async () => {
    const { looks, patches } = page();
    await screen.findAllByTestId("tile");
    server.board = () => json({ ...BOARD, filters: { date_from: "-90d" } });
    fireEvent.change(screen.getByLabelText("Dates"), { target: { value: "Last 90 days" } });
    await waitFor(() => expect(looks()).toHaveLength(2));
    expect(looks()[1]).toBe(
      `/api/projects/7/dashboards/3/?${new URLSearchParams({ refresh: "async", filters_override: '{"date_from":"-90d"}' })}`,
    );
    fireEvent.click(await screen.findByRole("button", { name: "Save for everyone" }));
    await waitFor(() => expect(window.location.search).toBe(""));
    expect(patches()).toEqual([{ filters: { date_from: "-90d" } }]);
  });
});

test("an empty dashboard teaches what would be there", async () => {
  server.board = () => json({ ...BOARD, tiles: [] });
  page();
  expect(await screen.findByText("Nothing is on this dashboard yet")).toBeTruthy();
  expect(screen.getByRole("button", { name: "Add the first tile" })).toBeTruthy();
});

test("a dashboard that cannot be loaded is an error, and retry mends it", async () => {
  server.board = () => json({ detail: "Postgres does not answer." }, 503);
  page();
  expect((await screen.findByRole("alert")).textContent).toContain("Postgres does not answer.");
  server.board = () => json(BOARD);
  fireEvent.click(screen.getByRole("button", { name: "Retry" }));
  expect(await screen.findAllByTestId("tile")).toHaveLength(2);
});
