import { cleanup, configure } from "@testing-library/react";
import { afterEach, beforeEach, vi } from "vitest";

// What jsdom lacks.
window.matchMedia = (query) =>
  ({ matches: false, media: query, addEventListener() {}, removeEventListener() {} }) as never;
window.scrollTo = () => {};
HTMLDialogElement.prototype.showModal = function () {
  this.open = true;
};
HTMLDialogElement.prototype.close = function () {
  this.open = false;
  this.dispatchEvent(new Event("close"));
};

// A busy machine is slow, not wrong.
configure({ asyncUtilTimeout: 5_000 });

beforeEach(() => window.history.replaceState(null, "", "/"));

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});
