import { fireEvent, render, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";

import { ApiError } from "../api";
import { ErrorCard } from "./ErrorCard";

test("shows the message and retries", () => {
  const retry = vi.fn();
  const error = new ApiError("ClickHouse <b>is down</b>.", 503, "unavailable");
  render(<ErrorCard title="The chart could not be computed" error={error} onRetry={retry} />);
  const card = screen.getByRole("alert");
  expect(card.textContent).toContain("ClickHouse <b>is down</b>.");
  expect(card.textContent).toContain("Status 503 · unavailable");
  fireEvent.click(screen.getByRole("button", { name: "Retry" }));
  expect(retry).toHaveBeenCalledOnce();
});
