import { bucketName } from "../moment";
import { counted, percent, quantity } from "../quantity";
import { type Answer, rowsOf } from "./answers";
import { type Cartesian, type Cell, type Picture, type Point, colorOf } from "./picture";
import type { Interval, RetentionQuery } from "./queries";
import { breakdownName } from "./trendsPicture";

interface CohortRow {
  date: string;
  label: string;
  values: { count: number }[];
  breakdown_value?: unknown;
}

export function retentionPicture(query: RetentionQuery, answer: Answer): Picture {
  const rows = rowsOf<CohortRow>(
    answer.results,
    (row) => Array.isArray(row.values) && row.values.every((one) => typeof one?.count === "number"),
    "the counts of a row",
  );
  const period = query.retentionFilter.period ?? "Day";
  const interval = period.toLowerCase() as Interval;
  const groups = groupsOf(rows);
  const width = Math.max(0, ...rows.map(({ values }) => values.length));
  const names = Array.from({ length: width }, (_, index) => `${period} ${index}`);
  const asLine = query.retentionFilter.display === "ActionsLineGraph";
  const size = rows.reduce((sum, row) => sum + (row.values[0]?.count ?? 0), 0);
  const next = meanShares(rows)[1];
  return {
    summary: `Retention by ${interval}: ${counted(rows.length, "group")} of people who began, ${quantity(size)} in all.${
      next === undefined ? "" : ` ${percent(next)} came back after one ${interval}.`
    }`,
    chart: asLine ? lineChart(groups, names, interval) : null,
    table: {
      caption: `Share that came back, by ${interval} of the beginning`,
      head: "Began",
      columns: [{ name: "People", numeric: true }, ...names.map((name) => ({ name, numeric: true }))],
      rows: groups.flatMap(({ name, rows: cohorts }) => {
        const heads = cohorts.map((row, index) => ({
          head: `${name && `${name} · `}${bucketName(localDay(row.date), interval, interval === "week")}`,
          cells: cellsOf(row, index, interval),
        }));
        return [{ head: `${name && `${name} · `}Mean`, cells: meanCells(cohorts) }, ...heads];
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
}

function groupsOf(rows: CohortRow[]): Group[] {
  const groups: Group[] = [];
  for (const row of rows) {
    const name = row.breakdown_value === undefined ? "" : breakdownName(row.breakdown_value);
    const known = groups.find((group) => group.name === name);
    if (known) known.rows.push(row);
    else groups.push({ name, rows: [row] });
  }
  return groups;
}

function cellsOf(row: CohortRow, index: number, interval: Interval): Cell[] {
  const size = row.values[0]?.count ?? 0;
  const when = bucketName(localDay(row.date), interval, true);
  const point: Point = {
    name: `Began ${when}`,
    value: size,
    ofPeople: true,
    asks: {
      kind: "InsightActorsQuery",
      interval: index,
      ...(row.breakdown_value !== undefined && { breakdown: row.breakdown_value }),
    },
  };
  const shares = row.values.map(({ count }): Cell => {
    const share = size ? count / size : 0;
    return { text: percent(share), note: quantity(count), heat: size ? share : 0 };
  });
  return [{ text: quantity(size), point }, ...shares];
}

/** Of each column, the mean over all people whose rows reach it: big groups weigh more. */
function meanShares(rows: CohortRow[]): number[] {
  const width = Math.max(0, ...rows.map(({ values }) => values.length));
  return Array.from({ length: width }, (_, column) => {
    const reaching = rows.filter(({ values }) => values.length > column);
    const began = reaching.reduce((sum, { values }) => sum + (values[0]?.count ?? 0), 0);
    const came = reaching.reduce((sum, { values }) => sum + (values[column]?.count ?? 0), 0);
    return began ? came / began : 0;
  });
}

function meanCells(rows: CohortRow[]): Cell[] {
  const size = rows.reduce((sum, { values }) => sum + (values[0]?.count ?? 0), 0);
  const shares = meanShares(rows).map((share): Cell => ({ text: percent(share), heat: share }));
  return [{ text: quantity(size) }, ...shares];
}

function lineChart(groups: Group[], names: string[], interval: Interval): Cartesian {
  const single = groups.length === 1 ? groups[0] : undefined;
  const lines = single
    ? single.rows.map((row) => ({ name: bucketName(localDay(row.date), interval), rows: [row] }))
    : groups;
  return {
    type: "cartesian",
    categories: names,
    categoryName: `${interval}s since the beginning`,
    valueName: "Came back (%)",
    incompleteFrom: -1,
    lines: lines.map(({ name, rows }, index) => ({
      name,
      shape: "line",
      color: colorOf(index),
      values: meanShares(rows).map((share) => Math.round(share * 1000) / 10),
    })),
  };
}
