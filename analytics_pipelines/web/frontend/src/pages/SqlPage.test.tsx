import { fireEvent, render, screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";

import { PROJECT, fakeServer, json, rows } from "../fakeServer";
import { SqlPage } from "./SqlPage";

const editor = () => screen.getByTestId<HTMLTextAreaElement>("sql-editor");

function run(sql: string) {
  fireEvent.change(editor(), { target: { value: sql } });
  fireEvent.keyDown(editor(), { key: "Enter", ctrlKey: true });
}

test("runs with the keyboard, shows rows and puts the query into the address", async () => {
  fakeServer(() => ({ ...rows(["n", "name"], [[1, null]]), limit_applied: true }));
  render(<SqlPage project={PROJECT} />);
  run("select 1 as n, null as name");
  const result = await screen.findByTestId("sql-result");
  expect(result.dataset.rows).toBe("1");
  expect(result.textContent).toContain("limited to 100 rows");
  expect(screen.getByRole("cell", { name: "null" })).toBeTruthy();
  expect(new URLSearchParams(window.location.search).get("q")).toBe("select 1 as n, null as name");
});

test("a link with a query shows its result", async () => {
  window.history.replaceState(null, "", "/project/7/sql?q=select+2");
  const seen = fakeServer(() => rows(["2"], [[2]]));
  render(<SqlPage project={PROJECT} />);
  expect(editor().value).toBe("select 2");
  await screen.findByTestId("sql-result");
  expect(seen).toHaveLength(1);
});

test("the same query runs again when asked again", async () => {
  const seen = fakeServer(() => rows(["1"], [[1]]));
  render(<SqlPage project={PROJECT} />);
  run("select 1");
  await screen.findByTestId("sql-result");
  fireEvent.click(screen.getByRole("button", { name: "Run" }));
  await waitFor(() => expect(seen).toHaveLength(2));
});

test("marks the offending part of a wrong query", async () => {
  const body = {
    type: "validation_error",
    code: "x",
    detail: "No table “evnts”.",
    attr: "query",
    start: 14,
    end: 19,
  };
  fakeServer(() => () => json(body, 400));
  render(<SqlPage project={PROJECT} />);
  run("select 1 from evnts");
  const alert = await screen.findByRole("alert");
  expect(alert.textContent).toContain("No table “evnts”.");
  expect(alert.querySelector("mark")?.textContent).toBe("evnts");
  expect(screen.queryByTestId("sql-result")).toBeNull();
});
