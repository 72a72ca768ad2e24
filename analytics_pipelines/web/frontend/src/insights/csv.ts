import type { TableModel } from "./picture";

/** A table as comma-separated values. A text that a spreadsheet would run as a formula gets an apostrophe. */
export function csvOf({ head, columns, rows }: TableModel): string {
  const lines = [
    [head, ...columns.map(({ name }) => name)],
    ...rows.map((row) => [row.head, ...row.cells.map(({ text }) => text)]),
  ];
  return lines.map((line) => line.map(field).join(",")).join("\r\n");
}

function field(text: string): string {
  const isNumber = /^-?[\d,.]+%?$/.test(text);
  const safe = !isNumber && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  const plain = isNumber ? safe.replaceAll(",", "") : safe;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
