import { expect, test } from "vitest";

import { snippets } from "./snippet";

test("every snippet holds the real key and address", () => {
  for (const { code } of snippets("phc_abc", "http://capture.example:8000/")) {
    expect(code).toContain("phc_abc");
    expect(code).toContain("http://capture.example:8000");
    expect(code).not.toContain("8000//");
  }
});

test("quotes cannot end a string", () => {
  const codes = snippets(`a"b'c`, "http://x");
  expect(codes.find(({ id }) => id === "python")?.code).toContain(String.raw`"a\"b'c"`);
  expect(codes.find(({ id }) => id === "curl")?.code).toContain(String.raw`a\"b'\''c`);
});
