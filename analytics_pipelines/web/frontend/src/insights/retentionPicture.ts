import { bucketName, millisOf } from "../moment";
import { counted, percent, quantity } from "../quantity";
import { type Answer, rowsOf } from "./answers";
import { incompleteFrom } from "./buckets";
import { type Cartesian, type Cell, type Picture, type Point, colorOf } from "./picture";
import type { Interval, RetentionQuery } from "./queries";
import { breakdownName } from "./trendsPicture";

interface CohortRow {
  date: string;
  label: string;
  values: { count: number }[];
  /** null: there is no breakdown. */
  breakdown_value: unknown;
}

export function retentionPicture(query: RetentionQuery, answer: Answer, now: number): Picture {
  const rows = rowsOf<CohortRow>(
    answer.results,
    (row) => Array.isArray(row.values) && row.values.every((one) => typeof one?.count === "number"),
    "the counts of a row",
  ).map((row) => ({ ...row, breakdown_value: row.breakdown_value ?? null }));
  const period = query.retentionFilter.period ?? "Day";
  const interval = period.toLowerCase() as Interval;
  const at = millisOf(answer.last_refresh) ?? now;
  const groups = groupsOf(rows).map((group) => ({
    ...group,
    open: openFrom(query, group.rows, interval, at, answer.timezone),
  }));
  const width = Math.max(0, ...rows.map(({ values }) => values.length));
  const names = Array.from({ length: width }, (_, index) => `${period} ${index}`);
  const asLine = query.retentionFilter.display === "ActionsLineGraph";
  const size = rows.reduce((sum, row) => sum + (row.values[0]?.count ?? 0), 0);
  const next = meanShares(rows, Infinity)[1];
  return {
    summary: `Retention by ${interval}: ${counted(rows.length, "group")} of people who began, ${quantity(size)} in all.${
      next === undefined ? "" : ` ${percent(next)} came back after one ${interval}.`
    }`,
    chart: asLine ? lineChart(groups, names, interval) : null,
    table: {
      caption: `Share that came back, by ${interval} of the beginning`,
      head: "Began",
      columns: [{ name: "People", numeric: true }, ...names.map((name) => ({ name, numeric: true }))],
      rows: groups.flatMap(({ name, rows: cohorts, open }) => {
        const heads = cohorts.map((row, index) => ({
          head: `${name && `${name} · `}${bucketName(localDay(row.date), interval, interval === "week")}`,
          cells: cellsOf(row, index, interval, open),
        }));
        return [{ head: `${name && `${name} · `}Mean`, cells: meanCells(cohorts, open) }, ...heads];
      }),
    },
    empty: size === 0,
  };
}

/** Dates of rows have a time and maybe a zone, but what they name is a day. */
function localDay(date: string): string {
  return date.replace(/(\.\d+)?(Z|[+-]\d\d:?\d\d)$/, "");
}

interface Group {
  name: string;
  rows: CohortRow[];
  /** Cells of which the row and the column add up to this, or more, are of an interval that is not over. */
  open: number;
}

function openFrom(
  query: RetentionQuery,
  rows: CohortRow[],
  interval: Interval,
  at: number,
  timezone: string,
): number {
  const { retentionCustomBrackets: brackets, timeWindowMode: mode } = query.retentionFilter as Record<string, unknown>;
  if (brackets || mode === "24_hour_windows") return Infinity; // columns are no intervals of the calendar
  const days = rows.map(({ date }) => localDay(date));
  const first = incompleteFrom(days, interval, at, timezone);
  return first === -1 ? Infinity : first;
}

function groupsOf(rows: CohortRow[]): Omit<Group, "open">[] {
  const groups: Omit<Group, "open">[] = [];
  for (const row of rows) {
    const name = row.breakdown_value === null ? "" : breakdownName(row.breakdown_value);
    const known = groups.find((group) => group.name === name);
    if (known) known.rows.push(row);
    else groups.push({ name, rows: [row] });
  }
  return groups;
}

/** `index`: of the row among those of its group, as the answer counts them. */
function cellsOf(row: CohortRow, index: number, interval: Interval, open: number): Cell[] {
  const size = row.values[0]?.count ?? 0;
  const when = bucketName(localDay(row.date), interval, true);
  const began: Point = {
    name: `Began ${when}`,
    value: size,
    ofPeople: true,
    asks: {
      kind: "InsightActorsQuery",
      interval: index,
      ...(row.breakdown_value !== null && { breakdown: row.breakdown_value }),
    },
  };
  const shares = row.values.map(({ count }, column): Cell => {
    const share = size ? count / size : 0;
    const point = {
      ...began,
      name: `Began ${when}, came back after ${counted(column, interval)}`,
      value: count,
      where: `has(appearances, ${column})`,
    };
    return {
      text: percent(share),
      note: quantity(count),
      heat: share,
      ...(column > 0 && { point }),
      ...(index + column >= open && { unfinished: true }),
    };
  });
  return [{ text: quantity(size), point: began }, ...shares];
}

/**
 * Of each column, the mean over all people whose rows reach it: big groups weigh more. What is not over is left out,
 * except in a column that has nothing else.
 */
function meanShares(rows: CohortRow[], open: number): number[] {
  const width = Math.max(0, ...rows.map(({ values }) => values.length));
  return Array.from({ length: width }, (_, column) => {
    const reaching = rows.filter(({ values }) => values.length > column);
    const over = reaching.filter((row) => rows.indexOf(row) + column < open);
    const counted = over.length > 0 ? over : reaching;
    const began = counted.reduce((sum, { values }) => sum + (values[0]?.count ?? 0), 0);
    const came = counted.reduce((sum, { values }) => sum + (values[column]?.count ?? 0), 0);
    return began ? came / began : 0;
  });
}

function meanCells(rows: CohortRow[], open: number): Cell[] {
  const size = rows.reduce((sum, { values }) => sum + (values[0]?.count ?? 0), 0);
  const shares = meanShares(rows, open).map((share): Cell => ({ text: percent(share), heat: share }));
  return [{ text: quantity(size) }, ...shares];
}

function lineChart(groups: Group[], names: string[], interval: Interval): Cartesian {
  const single = groups.length === 1 ? groups[0] : undefined;
  const lines = single
    ? single.rows.map((row, index) => ({
        name: bucketName(localDay(row.date), interval),
        rows: [row],
        open: single.open - index,
      }))
    : groups;
  return {
    type: "cartesian",
    categories: names,
    categoryName: `${interval}s since the beginning`,
    valueName: "Came back (%)",
    incompleteFrom: -1,
    lines: lines.map(({ name, rows, open }, index) => ({
      name,
      shape: "line",
      color: colorOf(index),
      values: meanShares(rows, open).map((share) => Math.round(share * 1000) / 10),
    })),
  };
}
