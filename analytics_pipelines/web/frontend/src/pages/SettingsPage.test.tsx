import { act, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { beforeEach, describe, expect, test, vi } from "vitest";

import { INGESTION, PROJECT, SETTINGS, type Seen, fakeServer, json } from "../fakeServer";
import { SettingsPage } from "./SettingsPage";

const server = {
  settings: () => json(SETTINGS),
  ingestion: () => json(INGESTION),
  patch: (changes: object) => json({ ...SETTINGS, ...changes }),
  wouldGo: () => json({ rules: { event_retention_days: { kept_from: "2026-10-25", rows: 12345 } } }),
  tested: () => json({ channels: [{ name: "webhook", told: true, error: null }] }),
};
const onChange = vi.fn();

function answerTo({ path, init, body }: Seen) {
  if (path.endsWith("/ingestion/")) return server.ingestion;
  if (path.includes("/retention/")) return server.wouldGo;
  if (path.endsWith("/alarms/test/")) return server.tested;
  return init.method === "PATCH" ? () => server.patch(body) : server.settings;
}

async function page() {
  const seen = fakeServer(answerTo);
  render(<SettingsPage project={PROJECT} onChange={onChange} />);
  await screen.findByTestId("settings-form");
  return { seen, patches: () => seen.filter(({ init }) => init.method === "PATCH") };
}

const field = (label: string) => screen.getByLabelText<HTMLInputElement>(label);
const type = (label: string, value: string) =>
  fireEvent.change(field(label), { target: { value } });
const saveButton = () => screen.getByRole<HTMLButtonElement>("button", { name: "Save" });
const isIdle = () => saveButton().getAttribute("aria-disabled") === "true";

beforeEach(() => {
  onChange.mockReset();
  server.settings = () => json(SETTINGS);
  server.ingestion = () => json(INGESTION);
  server.patch = (changes) => json({ ...SETTINGS, ...changes });
  server.wouldGo = () =>
    json({ rules: { event_retention_days: { kept_from: "2026-10-25", rows: 12345 } } });
  server.tested = () => json({ channels: [{ name: "webhook", told: true, error: null }] });
});

describe("the form", () => {
  test("shows what is set, and saves nothing that is not changed", async () => {
    await page();
    expect(field("Name").value).toBe("Shop");
    expect(field("Time zone").value).toBe("Europe/Berlin");
    expect(field("Anonymize IPs").checked).toBe(false);
    expect(field("Properties to leave out").value).toBe("email");
    expect(field("Daily quota").value).toBe("");
    expect(screen.getByText(/Today \(UTC\): 1,234 events\./)).toBeTruthy();
    expect(isIdle()).toBe(true);
  });

  test("sends only what was changed, and says that it is saved", async () => {
    const { patches } = await page();
    type("Events to drop", " noisy \n\n$pageleave\nnoisy");
    type("Daily quota", "5,000");
    fireEvent.click(field("Anonymize IPs"));
    fireEvent.click(saveButton());
    expect(await screen.findByText(/^Saved\./)).toBeTruthy();
    expect(patches().map(({ path, body }) => [path, body])).toEqual([
      [
        "/api/projects/7/",
        {
          anonymize_ips: true,
          denied_events: ["noisy", "$pageleave"],
          daily_event_quota: 5000,
        },
      ],
    ]);
    expect(field("Events to drop").value).toBe("noisy\n$pageleave");
    expect(screen.getByText(/1,234 events of 5,000\./)).toBeTruthy();
    expect(isIdle()).toBe(true);
    expect(onChange).toHaveBeenCalledOnce();
  });

  test("empty lists and an empty quota lift the rules", async () => {
    server.settings = () => json({ ...SETTINGS, daily_event_quota: 1000 });
    const { patches } = await page();
    expect(screen.getByText(/The quota is used up/)).toBeTruthy();
    type("Properties to leave out", "");
    type("Daily quota", " ");
    fireEvent.click(saveButton());
    await screen.findByText(/^Saved\./);
    expect(patches()[0]?.body).toEqual({ denied_properties: [], daily_event_quota: null });
  });

  test("a refusal stands at its field, takes the focus and loses nothing", async () => {
    server.patch = () =>
      json({ code: "invalid_input", detail: "'Berlin' is no time zone.", attr: "timezone" }, 400);
    await page();
    type("Name", "New");
    type("Time zone", "Berlin");
    fireEvent.click(saveButton());
    const alert = await screen.findByRole("alert");
    expect(alert.textContent).toContain("Nothing was saved");
    const zone = field("Time zone");
    expect(zone.getAttribute("aria-invalid")).toBe("true");
    expect(document.activeElement).toBe(zone);
    const described = zone.getAttribute("aria-describedby")?.split(" ") ?? [];
    const texts = described.map((id) => document.getElementById(id)?.textContent);
    expect(texts).toContain("'Berlin' is no time zone.");
    expect([field("Name").value, zone.value]).toEqual(["New", "Berlin"]);
    expect(screen.queryByText(/^Saved\./)).toBeNull();
    expect(onChange).not.toHaveBeenCalled();

    server.patch = (changes) => json({ ...SETTINGS, ...changes });
    type("Time zone", "UTC");
    expect(screen.queryByRole("alert")).toBeNull();
    fireEvent.click(saveButton());
    expect(await screen.findByText(/^Saved\./)).toBeTruthy();
  });

  test("a server that is away is an error, and what was typed stays", async () => {
    server.patch = () => json({ detail: "A part of the platform does not answer." }, 503);
    await page();
    type("Name", "New");
    fireEvent.click(saveButton());
    expect((await screen.findByRole("alert")).textContent).toContain("does not answer");
    expect(field("Name").value).toBe("New");
    expect(isIdle()).toBe(false);
  });

  test.each(["many", "-5", "1.5", "99999999999999999999"])(
    "a quota of %s is refused before it is sent",
    async (quota) => {
      const { patches } = await page();
      type("Daily quota", quota);
      fireEvent.click(saveButton());
      expect((await screen.findByRole("alert")).textContent).toContain("whole number");
      expect(document.activeElement).toBe(field("Daily quota"));
      expect(patches()).toEqual([]);
    },
  );

  test("saves from the keyboard out of a text with lines", async () => {
    const { patches } = await page();
    type("Distinct IDs to drop", "bot");
    fireEvent.keyDown(field("Distinct IDs to drop"), { key: "Enter", ctrlKey: true });
    await screen.findByText(/^Saved\./);
    expect(patches()[0]?.body).toEqual({ denied_distinct_ids: ["bot"] });
  });

  test("what is typed while it saves is not lost", async () => {
    let answer: (response: Response) => void = () => {};
    server.patch = () => new Promise<Response>((resolve) => (answer = resolve)) as never;
    await page();
    type("Name", "New");
    fireEvent.click(saveButton());
    expect(await screen.findByText("Saving…")).toBeTruthy();
    type("Events to drop", "noisy");
    await act(async () => answer(json({ ...SETTINGS, name: "New" })));
    expect(field("Events to drop").value).toBe("noisy");
    expect(isIdle()).toBe(false);
  });

  test("changes can be discarded", async () => {
    const { patches } = await page();
    type("The only events to keep", "page");
    fireEvent.click(screen.getByRole("button", { name: "Discard changes" }));
    expect(field("The only events to keep").value).toBe("");
    expect(patches()).toEqual([]);
  });

  test("settings that cannot be loaded are an error, and retry mends it", async () => {
    server.settings = () => json({ detail: "Postgres does not answer." }, 503);
    fakeServer(answerTo);
    render(<SettingsPage project={PROJECT} onChange={onChange} />);
    expect((await screen.findByRole("alert")).textContent).toContain("Postgres does not answer.");
    expect(screen.queryByTestId("settings-form")).toBeNull();
    server.settings = () => json(SETTINGS);
    fireEvent.click(screen.getByRole("button", { name: "Retry" }));
    expect(await screen.findByTestId("settings-form")).toBeTruthy();
  });

  test("an answer without settings is an error, not an empty form", async () => {
    server.settings = () => json(PROJECT);
    fakeServer(answerTo);
    render(<SettingsPage project={PROJECT} onChange={onChange} />);
    expect((await screen.findByRole("alert")).textContent).toContain("has no settings");
  });
});

describe("how long it is kept", () => {
  const confirm = () => screen.findByRole("button", { name: "Save, and delete it" });

  test("a shorter time is saved only after the reader saw what would go", async () => {
    const { seen, patches } = await page();
    expect(field("Days to keep events").value).toBe("400");
    type("Days to keep events", "30");
    fireEvent.click(saveButton());
    const dialog = await screen.findByRole("dialog");
    await waitFor(() => expect(dialog.textContent).toContain("12,345 events"));
    expect(dialog.textContent).toContain("that happened before October 25, 2026 (UTC)");
    const asked = seen.filter(({ path }) => path.includes("/retention/"));
    expect(asked.map(({ path }) => path)).toEqual([
      "/api/projects/7/retention/?event_retention_days=30",
    ]);
    expect(patches()).toEqual([]);

    fireEvent.click(screen.getByRole("button", { name: "Keep it" }));
    expect(screen.queryByRole("dialog")).toBeNull();
    expect([field("Days to keep events").value, patches().length]).toEqual(["30", 0]);

    fireEvent.click(saveButton());
    fireEvent.click(screen.getByRole("button", { name: "Save, and delete it" }));
    expect(patches()).toEqual([]); // not while it counts
    await screen.findByText("12,345 events");
    fireEvent.click(await confirm());
    expect(await screen.findByText(/^Saved\./)).toBeTruthy();
    expect(patches().map(({ body }) => body)).toEqual([{ event_retention_days: 30 }]);
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  test("what cannot be counted is said, and can be saved all the same", async () => {
    server.wouldGo = () => json({ detail: "ClickHouse does not answer." }, 503);
    const { patches } = await page();
    type("Days to keep session recordings", "7");
    fireEvent.click(saveButton());
    expect((await screen.findByRole("alert")).textContent).toContain("ClickHouse");
    fireEvent.click(await confirm());
    await screen.findByText(/^Saved\./);
    expect(patches()[0]?.body).toEqual({ recording_retention_days: 7 });
  });

  test("a longer time, or for ever, deletes nothing and needs no question", async () => {
    const { patches } = await page();
    type("Days to keep events", "");
    fireEvent.click(saveButton());
    await screen.findByText(/^Saved\./);
    expect(patches()[0]?.body).toEqual({ event_retention_days: null });
  });

  test.each(["0", "36501", "a year"])("%s days are refused at the field", async (days) => {
    const { patches } = await page();
    type("Days to keep dead letters", days);
    fireEvent.click(saveButton());
    expect((await screen.findByRole("alert")).textContent).toContain("days");
    expect(document.activeElement).toBe(field("Days to keep dead letters"));
    expect(patches()).toEqual([]);
  });
});

describe("alarms", () => {
  const testButton = () => screen.getByRole("button", { name: "Send a test alarm" });

  test("are tried once they are saved, and the page says who took the test", async () => {
    const { seen, patches } = await page();
    const tests = () => seen.filter(({ path }) => path.endsWith("/alarms/test/")).length;
    fireEvent.click(testButton());
    expect(screen.getByText(/Nobody is told yet/)).toBeTruthy();
    type("Webhook", " https://hooks.slack.com/services/T/B/x ");
    fireEvent.click(testButton());
    expect(screen.getByText("Save it first.")).toBeTruthy();
    expect(tests()).toBe(0);
    fireEvent.click(saveButton());
    await screen.findByText(/^Saved\./);
    expect(patches()[0]?.body).toEqual({ alert_url: "https://hooks.slack.com/services/T/B/x" });
    fireEvent.click(testButton());
    expect(await screen.findByText("The webhook took it.")).toBeTruthy();
    server.tested = () =>
      json({ channels: [{ name: "webhook", told: false, error: "It answered 403." }] });
    fireEvent.click(testButton());
    expect(
      await screen.findByText("The webhook did not take it: It answered 403."),
    ).toBeTruthy();
    expect(tests()).toBe(2);
  });

  test("an address that may not be reached is refused at its field", async () => {
    server.patch = () =>
      json({ code: "invalid_input", detail: "It must be a public host.", attr: "alert_url" }, 400);
    await page();
    type("Webhook", "http://10.0.0.1/");
    fireEvent.click(saveButton());
    await screen.findByRole("alert");
    expect(document.activeElement).toBe(field("Webhook"));
  });
});

describe("what the rules dropped", () => {
  test("nothing yet teaches how", async () => {
    await page();
    await screen.findByText("No event was dropped in the last 30 days.");
    expect(screen.getByTestId("dropped-events").textContent).toContain("Events to drop");
    expect(screen.queryByRole("table")).toBeNull();
  });

  test("is listed by event and rule, and comes up to date by itself", async () => {
    vi.useFakeTimers();
    fakeServer(answerTo);
    render(<SettingsPage project={PROJECT} onChange={onChange} />);
    await act(() => vi.advanceTimersByTimeAsync(0));
    server.ingestion = () =>
      json({
        ...INGESTION,
        dropped_total: 1234,
        dropped: [
          { rule: "denied_event", event: "<b>noisy</b>", events: 1200 },
          { rule: "a_new_rule", event: "", events: 34 },
        ],
      });
    await act(() => vi.advanceTimersByTimeAsync(15_000));
    await act(() => vi.advanceTimersByTimeAsync(0));
    const texts = screen.getAllByRole("row").map((row) => row.textContent);
    expect(texts).toEqual([
      "EventRuleEvents",
      "<b>noisy</b>Events to drop1,200",
      "no namea_new_rule34",
    ]);
    expect(screen.getByText("1,234 events dropped in all.")).toBeTruthy();
  });

  test("an error looks like an error", async () => {
    server.ingestion = () => json({ detail: "ClickHouse does not answer." }, 503);
    await page();
    await waitFor(() => expect(screen.getByRole("alert").textContent).toContain("ClickHouse"));
    expect(screen.queryByText("No event was dropped in the last 30 days.")).toBeNull();
  });
});
