import { fireEvent, render, screen, within } from "@testing-library/react";
import { expect, test, vi } from "vitest";

import { PROJECT, type Seen, fakeServer, json } from "../fakeServer";
import DestinationsPage from "./DestinationsPage";

const HEALTH = {
  state: "parked",
  sent: 1234,
  backlog: 5,
  parked: 2,
  batches_waiting: 0,
  lag_seconds: 3,
  last_success_at: null,
  last_error: "It answered 410.",
};
const ONE = {
  id: 3,
  name: "CRM",
  preset: "generic",
  url: "https://crm.example/secret-path",
  filters: { events: ["buy", "signed up", "left", "came back"].map((id) => ({ id, type: "events" })) },
  enabled: true,
  health: HEALTH,
};

function serve(destinations: object[], others: (seen: Seen) => unknown = () => ({})) {
  return fakeServer((seen) =>
    seen.init.method === "GET" ? { results: destinations } : others(seen),
  );
}

test("says what destinations are for when there are none, and makes one", async () => {
  const seen = serve([], () => () => json({ ...ONE, signing_secret: "whsec_once" }, 201));
  render(<DestinationsPage project={PROJECT} />);
  expect(await screen.findByTestId("no-destinations")).toBeTruthy();
  const fill = (label: string, value: string) =>
    fireEvent.change(screen.getByLabelText(label), { target: { value } });
  fill("Name", "CRM");
  fill("URL", "https://crm.example/hook");
  fill("Events", "buy\n\nsigned up\nbuy");
  fireEvent.click(screen.getByRole("button", { name: "Create" }));
  expect(await screen.findByText("whsec_once")).toBeTruthy();
  const made = seen.find(({ init }) => init.method === "POST");
  expect(made?.body).toEqual({
    name: "CRM",
    preset: "generic",
    url: "https://crm.example/hook",
    filters: {
      events: [
        { id: "buy", type: "events" },
        { id: "signed up", type: "events" },
      ],
    },
  });
});

test("shows what is wrong beside the field", async () => {
  const detail = "This address can't be reached from here.";
  serve([], () => () => json({ type: "x", code: "invalid_input", detail, attr: "url" }, 400));
  render(<DestinationsPage project={PROJECT} />);
  await screen.findByTestId("no-destinations");
  for (const [label, value] of [
    ["Name", "x"],
    ["URL", "http://10.0.0.1/"],
  ] as const) {
    fireEvent.change(screen.getByLabelText(label), { target: { value } });
  }
  fireEvent.click(screen.getByRole("button", { name: "Create" }));
  expect(await screen.findByText(detail)).toBeTruthy();
  expect(screen.getByLabelText("URL").getAttribute("aria-invalid")).toBe("true");
  expect(document.activeElement).toBe(screen.getByLabelText("URL"));
});

test("shows how a destination does, and not the whole of its URL", async () => {
  serve([ONE]);
  render(<DestinationsPage project={PROJECT} />);
  const row = (await screen.findByText("CRM")).closest("tr") as HTMLElement;
  for (const text of ["crm.example", "parked", "It answered 410.", "1,234", "2 parked", "never", "buy, signed up, left and 1 more"]) {
    expect(within(row).getByText(text)).toBeTruthy();
  }
  expect(row.textContent).not.toContain("secret-path");
});

test("sends a sample and what is parked, and says what came of it", async () => {
  const seen = serve([ONE], ({ path }) =>
    path.endsWith("/test/")
      ? { success: false, status: 410, answer: "gone", error: null }
      : { count: 2 },
  );
  render(<DestinationsPage project={PROJECT} />);
  fireEvent.click(await screen.findByRole("button", { name: "Test: CRM" }));
  expect(await screen.findByText("The receiver answered 410: gone")).toBeTruthy();
  fireEvent.click(screen.getByRole("button", { name: "Send again: CRM" }));
  expect(await screen.findByText("2 events will be sent again.")).toBeTruthy();
  expect(seen.filter(({ init }) => init.method === "POST").map(({ path }) => path)).toEqual([
    "/api/projects/7/destinations/3/test/",
    "/api/projects/7/destinations/3/redrive/",
  ]);
});

test("deletes only what is confirmed", async () => {
  const seen = serve([ONE], () => () => new Response(null, { status: 204 }));
  const confirm = vi.spyOn(window, "confirm").mockReturnValueOnce(false).mockReturnValueOnce(true);
  render(<DestinationsPage project={PROJECT} />);
  const button = await screen.findByRole("button", { name: "Delete: CRM" });
  fireEvent.click(button);
  fireEvent.click(button);
  await vi.waitFor(() =>
    expect(seen.filter(({ init }) => init.method === "DELETE")).toHaveLength(1),
  );
  expect(confirm).toHaveBeenCalledTimes(2);
});
