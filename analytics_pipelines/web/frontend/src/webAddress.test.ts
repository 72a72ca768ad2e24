import { expect, test } from "vitest";

import { webAddress } from "./webAddress";

test.each([
  "javascript:alert(1)",
  " JaVaScRiPt:alert(1)",
  "data:text/html,x",
  "file:///etc/hosts",
  "/relative",
  "",
  null,
  5,
])("%j is no link", (address) => {
  expect(webAddress(address)).toBeNull();
});

test("web addresses are links", () => {
  expect(webAddress("https://example.com/a?b=c")).toBe("https://example.com/a?b=c");
  expect(webAddress("http://localhost:3000")).toBe("http://localhost:3000/");
});
