import { act, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { useEffect } from "react";
import { beforeEach, describe, expect, test, vi } from "vitest";

import {
  INGESTION,
  INSTANCE,
  PROJECT,
  TREND,
  type Seen,
  fakeServer,
  json,
  rows,
} from "../fakeServer";
import { OverviewPage } from "./OverviewPage";

vi.mock("../components/TrendChart", () => ({
  default: function FakeChart({ summary, onDrawn }: { summary: string; onDrawn: () => void }) {
    useEffect(onDrawn);
    return <div role="img" aria-label={summary} />;
  },
}));

const UUID = "0190a0a0-0000-7000-8000-000000000001";
const EVENT = [
  "2026-11-02T09:00:00Z",
  "<script>x</script>",
  "ann",
  "javascript:alert(1)",
  "web",
  UUID,
];

const server = { ingestion: INGESTION, trend: () => json(TREND) };

function answerTo({ path, body }: Seen) {
  if (path.endsWith("/ingestion/")) return server.ingestion;
  if (body.query?.kind === "TrendsQuery") return server.trend;
  if (body.query?.query?.startsWith("select properties"))
    return rows(["properties"], [['{"plan":"pro"}']]);
  return rows(["timestamp", "event", "distinct_id", "$current_url", "$lib", "uuid"], [EVENT]);
}

const page = (project = PROJECT) => render(<OverviewPage project={project} instance={INSTANCE} />);

beforeEach(() => {
  server.ingestion = INGESTION;
  server.trend = () => json(TREND);
});

describe("a project without events", () => {
  test("shows the real key and address, and flips by itself", async () => {
    vi.useFakeTimers();
    server.ingestion = { ...INGESTION, events_total: 0 };
    fakeServer(answerTo);
    page();
    await act(() => vi.advanceTimersByTimeAsync(0));
    const empty = screen.getByTestId("empty-state");
    expect(empty.textContent).toContain("Waiting for your first event…");
    expect(empty.textContent).toContain(
      'Posthog("phc_realKey", host="http://capture.example:8000")',
    );
    fireEvent.click(screen.getByRole("tab", { name: "curl" }));
    expect(empty.textContent).toContain("curl 'http://capture.example:8000/i/v0/e/'");
    expect(screen.queryByTestId("events-chart")).toBeNull();

    server.ingestion = INGESTION;
    await act(() => vi.advanceTimersByTimeAsync(2000));
    expect(screen.queryByTestId("empty-state")).toBeNull();
    await act(() => vi.advanceTimersByTimeAsync(0));
    expect(screen.getByTestId("events-chart").dataset.total).toBe("3");
  });
});

describe("a project with events", () => {
  test("draws the chart and says when it is ready", async () => {
    fakeServer(answerTo);
    page();
    const chart = await screen.findByTestId("events-chart");
    expect(chart.dataset.total).toBe("3");
    await waitFor(() => expect(chart.dataset.ready).toBe("true"));
    expect(screen.getByRole("img").getAttribute("aria-label")).toContain("3 events in all");
    expect(screen.queryByTestId("demo-banner")).toBeNull();
  });

  test("gives the chart as a table", async () => {
    fakeServer(answerTo);
    page();
    fireEvent.click(await screen.findByText("View as table"));
    expect(screen.getByRole("rowheader", { name: /^Mon, Nov 2, 2026.*so far$/ })).toBeTruthy();
    expect(window.location.search).toBe("?view=table");
  });

  test("an error looks like an error, and retry mends it", async () => {
    server.trend = () => json({ detail: "ClickHouse does not answer." }, 503);
    fakeServer(answerTo);
    page();
    const alert = await screen.findByRole("alert");
    expect(alert.textContent).toContain("ClickHouse does not answer.");
    expect(screen.queryByTestId("events-chart")).toBeNull();
    server.trend = () => json(TREND);
    fireEvent.click(screen.getByRole("button", { name: "Retry" }));
    expect((await screen.findByTestId("events-chart")).dataset.total).toBe("3");
    expect(screen.queryByRole("alert")).toBeNull();
  });

  test("hostile events are text, and open to their properties", async () => {
    const seen = fakeServer(answerTo);
    page();
    expect(await screen.findByText("<script>x</script>")).toBeTruthy();
    expect(screen.getByText("javascript:alert(1)").closest("a")).toBeNull();
    fireEvent.click(screen.getByRole("button", { name: /^Properties of/ }));
    expect(await screen.findByText(/"plan": "pro"/)).toBeTruthy();
    expect(seen.at(-1)?.body.query?.query).toContain(`uuid = '${UUID}'`);
  });

  test("demo data is labelled", async () => {
    fakeServer(answerTo);
    page({ ...PROJECT, is_demo: true });
    expect(screen.getByTestId("demo-banner").textContent).toContain("analytics demo --clear");
    await screen.findByTestId("events-chart");
  });
});

describe("ingestion warnings", () => {
  const FUTURE = {
    type: "event_timestamp_in_future",
    title: "Timestamp in the future",
    meaning: "An event claimed a time more than 23 hours ahead.",
    advice: "Check the clock of the sender.",
    events: 1200,
    last_seen: "2026-11-02T09:00:00Z",
    example: { event: "<b>buy</b>", distinct_id: "ann", uuid: UUID, details: '{"said":"2090"}' },
  };

  test("say what happened, what to do, and show an example", async () => {
    server.ingestion = { ...INGESTION, warnings: [FUTURE] };
    fakeServer(answerTo);
    page();
    await screen.findByRole("heading", { name: "Timestamp in the future" });
    const card = screen.getByTestId("ingestion-warnings").textContent;
    expect(card).toContain("1,200 events, the last");
    expect(card).toContain("An event claimed a time more than 23 hours ahead.");
    expect(card).toContain("What to do: Check the clock of the sender.");
    expect(card).toContain("<b>buy</b>");
    expect(card).toContain('{"said":"2090"}');
  });

  test("about the project as a whole count no events", async () => {
    const example = { event: "", distinct_id: "", uuid: UUID, details: '{"limit":10000}' };
    const names = { ...FUTURE, type: "too_many_event_names", title: "Too many names", example };
    server.ingestion = { ...INGESTION, warnings: [{ ...names, events: 1 }] };
    fakeServer(answerTo);
    page();
    await screen.findByRole("heading", { name: "Too many names" });
    expect(screen.getByTestId("ingestion-warnings").textContent).not.toContain("1 event");
  });

  test("nothing yet teaches what would be there", async () => {
    fakeServer(answerTo);
    page();
    await screen.findByText("Nothing to warn of: every event was stored as it was sent.");
    expect(screen.getByTestId("ingestion-warnings").textContent).toContain("what to do");
  });
});
