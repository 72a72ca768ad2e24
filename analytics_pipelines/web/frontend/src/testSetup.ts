import { cleanup } from "@testing-library/react";
import { afterEach, beforeEach, vi } from "vitest";

// What jsdom lacks.
window.matchMedia = (query) =>
  ({ matches: false, media: query, addEventListener() {}, removeEventListener() {} }) as never;
window.scrollTo = () => {};

beforeEach(() => window.history.replaceState(null, "", "/"));

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});
