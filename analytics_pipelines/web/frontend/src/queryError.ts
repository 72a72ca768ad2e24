/** Where in a query an error sits, as the lines that a reader has to look at. */
export interface ErrorPlace {
  line: number;
  column: number;
  /** The query cut at the offending range; offsets in UTF-16 units, as the text area counts. */
  from: number;
  to: number;
}

/** Offsets arrive in code points; an emoji before the error must not shift the mark. */
export function errorPlace(
  sql: string,
  start: number | null,
  end: number | null,
): ErrorPlace | null {
  if (start === null) return null;
  const points = Array.from(sql);
  const first = clamp(start, points.length);
  const last = Math.max(clamp(end ?? start + 1, points.length), first);
  const before = points.slice(0, first).join("");
  const newline = before.lastIndexOf("\n");
  return {
    line: before.split("\n").length,
    column: Array.from(before.slice(newline + 1)).length + 1,
    from: before.length,
    to: before.length + points.slice(first, last).join("").length,
  };
}

function clamp(offset: number, length: number): number {
  return Math.min(Math.max(Math.trunc(offset), 0), length);
}
