import { fireEvent, render, screen } from "@testing-library/react";
import { beforeEach, expect, test, vi } from "vitest";

import { Combobox } from "./Combobox";

const CHOICES = ["page", "pay", "sign up"].map((value) => ({ value, label: value }));
const onChange = vi.fn();

beforeEach(() => onChange.mockReset());

const field = () => screen.getByRole<HTMLInputElement>("combobox", { name: "Event" });
const press = (key: string) => fireEvent.keyDown(field(), { key });
const type = (value: string) => fireEvent.change(field(), { target: { value } });
const box = (free = false) =>
  render(<Combobox label="Event" value="page" choices={CHOICES} free={free} onChange={onChange} />);

test("arrows move, and Enter takes", () => {
  box();
  press("ArrowDown");
  press("ArrowDown");
  const active = document.getElementById(field().getAttribute("aria-activedescendant") ?? "");
  expect(active?.textContent).toBe("pay");
  press("Enter");
  expect(onChange).toHaveBeenCalledExactlyOnceWith("pay");
});

test("typing narrows, the mouse takes", () => {
  box();
  type("SIGN");
  expect(screen.getAllByRole("option").map(({ textContent }) => textContent)).toEqual(["sign up"]);
  fireEvent.mouseDown(screen.getByRole("option"));
  expect(onChange).toHaveBeenCalledExactlyOnceWith("sign up");
});

test("Escape and leaving change nothing", () => {
  box();
  type("pay");
  press("Escape");
  expect(field().value).toBe("page");
  expect(field().getAttribute("aria-expanded")).toBe("false");
  type("pay");
  fireEvent.blur(field());
  expect(onChange).not.toHaveBeenCalled();
});

test("what is not among the choices may be taken where that is free", () => {
  const { unmount } = box(true);
  type("my event");
  press("Enter");
  expect(onChange).toHaveBeenCalledExactlyOnceWith("my event");
  unmount();
  onChange.mockReset();
  box();
  type("my event");
  expect(screen.queryByRole("option")).toBeNull();
  press("Enter");
  expect(onChange).not.toHaveBeenCalled();
});
