import { expect, test } from "vitest";

import { csvOf } from "./csv";

test("numbers are bare, commas and quotes are kept, and no formula is run", () => {
  const table = {
    caption: "",
    head: "Series",
    columns: [
      { name: "Nov 2", numeric: true },
      { name: "a, b", numeric: false },
    ],
    rows: [
      { head: '=HYPERLINK("x")', cells: [{ text: "1,234.5" }, { text: "-77" }] },
      { head: "–", cells: [{ text: "40%" }, { text: "-x" }] },
    ],
  };
  expect(csvOf(table).split("\r\n")).toEqual([
    'Series,Nov 2,"a, b"',
    `"'=HYPERLINK(""x"")",1234.5,-77`,
    "–,40%,'-x",
  ]);
});
