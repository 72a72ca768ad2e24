import { act, fireEvent, render, screen } from "@testing-library/react";
import { expect, test } from "vitest";

import { RangePicker } from "./RangePicker";

const pressed = () => screen.getByRole("button", { pressed: true }).textContent;

test("a choice goes into the address, and back undoes it", async () => {
  window.history.replaceState(null, "", "/project/1");
  render(<RangePicker />);
  expect(pressed()).toBe("30 days");

  fireEvent.click(screen.getByText("7 days"));
  expect(window.location.search).toBe("?date_from=-7d");
  expect(pressed()).toBe("7 days");

  await act(async () => {
    const gone = new Promise((resolve) =>
      window.addEventListener("popstate", resolve, { once: true }),
    );
    window.history.back();
    await gone;
  });
  expect(window.location.search).toBe("");
  expect(pressed()).toBe("30 days");
});
