import { amount, counted } from "../quantity";
import { type Answer, badAnswer } from "./answers";
import type { Cell, Picture } from "./picture";

/** More rows than this are for the SQL page. */
const MOST_ROWS = 500;

/** Rows of text with one of numbers beside it are bars; anything else is a table. */
export function sqlPicture(answer: Answer): Picture {
  const { results, columns } = answer;
  if (!Array.isArray(results) || !Array.isArray(columns)) throw badAnswer("has no rows and columns");
  const rows = (results as unknown[][]).slice(0, MOST_ROWS);
  const numeric = columns.map((_, index) => isNumeric(rows, index));
  const [first = "", ...others] = columns;
  const values = numeric.findIndex((is, index) => is && index > 0);
  const drawable = columns.length === 2 && values === 1 && rows.length > 1 && rows.length <= 60;
  return {
    summary: `${counted(results.length, "row")} of ${columns.join(", ")}.`,
    chart: drawable
      ? {
          type: "cartesian",
          lying: numeric[0] !== true && rows.length <= 30,
          categories: rows.map(([name]) => cellText(name)),
          categoryName: first,
          valueName: columns[values] ?? "",
          incompleteFrom: -1,
          lines: [
            {
              name: columns[values] ?? "",
              shape: "bar",
              color: 1,
              values: rows.map((row) => (typeof row[values] === "number" ? row[values] : null)),
            },
          ],
        }
      : null,
    table: {
      caption: "Rows of the query",
      head: first,
      columns: others.map((name, index) => ({ name, numeric: numeric[index + 1] ?? false })),
      rows: rows.map(([head, ...rest]) => ({
        head: cellText(head),
        cells: rest.map((value): Cell => ({ text: cellText(value) })),
      })),
    },
    empty: results.length === 0,
  };
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "number") return amount(value);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function isNumeric(rows: unknown[][], index: number): boolean {
  const values = rows.map((row) => row[index]).filter((value) => value !== null);
  return values.length > 0 && values.every((value) => typeof value === "number");
}
