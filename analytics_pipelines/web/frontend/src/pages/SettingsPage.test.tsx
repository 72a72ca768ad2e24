import { act, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { beforeEach, describe, expect, test, vi } from "vitest";

import { INGESTION, PROJECT, SETTINGS, type Seen, fakeServer, json } from "../fakeServer";
import { SettingsPage } from "./SettingsPage";

const server = {
  settings: () => json(SETTINGS),
  ingestion: () => json(INGESTION),
  patch: (changes: object) => json({ ...SETTINGS, ...changes }),
};
const onChange = vi.fn();

function answerTo({ path, init, body }: Seen) {
  if (path.endsWith("/ingestion/")) return server.ingestion;
  return init.method === "PATCH" ? () => server.patch(body) : server.settings;
}

async function page() {
  const seen = fakeServer(answerTo);
  render(<SettingsPage project={PROJECT} onChange={onChange} />);
  await screen.findByTestId("settings-form");
  return { patches: () => seen.filter(({ init }) => init.method === "PATCH") };
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
