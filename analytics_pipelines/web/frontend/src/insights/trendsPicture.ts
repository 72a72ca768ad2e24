import { bucketName, millisOf } from "../moment";
import { amount } from "../quantity";
import { type Answer, isNumbers, rowsOf } from "./answers";
import { incompleteFrom, intervalOf } from "./buckets";
import { seriesLabel } from "./kinds";
import { mathOf } from "./maths";
import {
  type Cartesian,
  type Cell,
  type Chart,
  type Color,
  type Picture,
  type Point,
  type Row,
  colorOf,
} from "./picture";
import type { Display, Interval, TrendsQuery } from "./queries";

export interface TrendsRow {
  label: string;
  count: number;
  data: number[];
  days: string[];
  labels: string[];
  aggregated_value?: number | null;
  breakdown_value?: unknown;
  compare?: boolean;
  compare_label?: string;
  action?: { order?: number } | null;
}

/** Displays of one number for the whole range. */
const TOTALS: readonly Display[] = [
  "BoldNumber",
  "ActionsBarValue",
  "ActionsPie",
  "ActionsTable",
  "WorldMap",
];

export function isTotal(display: Display | undefined): boolean {
  return display !== undefined && TOTALS.includes(display);
}

export function trendsPicture(query: TrendsQuery, answer: Answer, now: number): Picture {
  const rows = rowsOf<TrendsRow>(
    answer.results,
    (row) => isNumbers(row.data) && row.data.length === (row.days ?? []).length,
    "a number for each day",
  );
  return isTotal(query.trendsFilter?.display)
    ? totals(query, rows)
    : series(query, rows, answer, now);
}

/** What a row is called: its series where there are several, and its breakdown. */
export function rowName(query: TrendsQuery, row: TrendsRow): string {
  const order = row.action?.order;
  const one = order === undefined ? undefined : query.series[order];
  const own = one ? seriesLabel(one) : row.label;
  const breakdown = row.breakdown_value == null ? null : breakdownName(row.breakdown_value);
  const many = query.series.length > 1 || order === undefined;
  const name = breakdown === null ? own : many ? `${own} · ${breakdown}` : breakdown;
  return row.compare_label === "previous" ? `${name} (before)` : name;
}

const NULL_LABEL = "$$_posthog_breakdown_null_$$";
const OTHER_LABEL = "$$_posthog_breakdown_other_$$";

export function breakdownName(value: unknown): string {
  if (Array.isArray(value)) return value.map(breakdownName).join(" · ");
  if (value === "" || value === NULL_LABEL) return "None";
  if (value === OTHER_LABEL) return "Other";
  return String(value);
}

function pointOf(
  query: TrendsQuery,
  row: TrendsRow,
  value: number,
  day: string | null,
  when: string,
): Point | null {
  const order = row.action?.order;
  const one = order === undefined ? undefined : query.series[order];
  if (!one || order === undefined) return null; // a formula counts nobody
  return {
    name: `${rowName(query, row)}, ${when}`,
    value,
    ofPeople: mathOf(one.math).counts === "people",
    asks: {
      kind: "InsightActorsQuery",
      series: order,
      ...(day !== null && { day }),
      ...(row.breakdown_value != null && { breakdown: row.breakdown_value }),
      ...(row.compare_label && { compare: row.compare_label }),
    },
  };
}

function valueName(query: TrendsQuery): string {
  if (query.trendsFilter?.formulaNodes?.length) return "Value";
  const kinds = new Set(query.series.map((one) => mathOf(one.math).counts));
  if (kinds.size !== 1) return "Value";
  return kinds.has("events") ? "Events" : kinds.has("people") ? "People" : "Value";
}

function series(query: TrendsQuery, rows: TrendsRow[], answer: Answer, now: number): Picture {
  const interval = intervalOf(query);
  const display = query.trendsFilter?.display ?? "ActionsLineGraph";
  const longest = rows.reduce<string[]>((best, { days }) => (days.length > best.length ? days : best), []);
  const at = millisOf(answer.last_refresh) ?? now;
  const current = rows.find((row) => row.compare_label !== "previous")?.days ?? longest;
  const cut = incompleteFrom(current, interval, at, answer.timezone);
  const colors = rowColors(query, rows);
  const points = rows.map((row) =>
    row.data.map((value, index) =>
      pointOf(query, row, value, row.days[index] ?? "", nameOf(row.days[index], interval)),
    ),
  );
  const bars = display === "ActionsBar";
  const chart: Cartesian = {
    type: "cartesian",
    categories: current.map((day) => bucketName(day, interval)),
    categoryName: interval,
    valueName: valueName(query),
    incompleteFrom: cut,
    lines: rows.map((row, index) => ({
      name: rowName(query, row),
      shape: bars ? "bar" : "line",
      color: colors[index] ?? 1,
      values: row.data,
      points: points[index] ?? [],
      ...((bars || display === "ActionsAreaGraph") && { stack: row.compare_label ?? "all" }),
      filled: display === "ActionsAreaGraph" || (!bars && rows.length === 1),
      faded: row.compare_label === "previous",
    })),
  };
  const table = {
    caption: `${valueName(query)} by ${interval}`,
    head: "Series",
    columns: [
      ...(display.endsWith("Cumulative") ? [] : [{ name: "Sum", numeric: true }]),
      ...current.map((day) => ({ name: bucketName(day, interval), numeric: true })),
    ],
    rows: rows.map((row, index): Row => {
      const cells: Cell[] = row.data.map((value, place) => ({
        text: amount(value),
        point: points[index]?.[place] ?? null,
        ...(cut !== -1 && place >= cut && row.compare_label !== "previous" && { unfinished: true }),
      }));
      const sum: Cell[] = display.endsWith("Cumulative")
        ? []
        : [{ text: addsUp(query, row) ? amount(row.count) : "–" }];
      return { head: rowName(query, row), color: colors[index] ?? 1, cells: [...sum, ...cells] };
    }),
  };
  const empty = rows.every(({ data }) => data.every((value) => value === 0));
  return { summary: seriesSummary(query, rows, interval), chart, table, empty };
}

/** People of several days are not added: who came twice would count twice. */
function addsUp({ series }: TrendsQuery, { action }: TrendsRow): boolean {
  const one = series[action?.order ?? -1];
  return one === undefined || one.math === "sum" || mathOf(one.math).counts === "events";
}

function nameOf(day: string | undefined, interval: Interval): string {
  return day === undefined ? "" : bucketName(day, interval, true);
}

/** The period before has the colour of the present one. */
function rowColors(query: TrendsQuery, rows: TrendsRow[]): Color[] {
  const names: string[] = [];
  return rows.map((row) => {
    const { compare_label: _, ...rest } = row;
    const name = rowName(query, rest);
    if (!names.includes(name)) names.push(name);
    return colorOf(names.indexOf(name));
  });
}

function seriesSummary(query: TrendsQuery, rows: TrendsRow[], interval: Interval): string {
  const sentences = rows.slice(0, 5).map((row) => {
    const highest = row.data.indexOf(Math.max(...row.data));
    const day = row.days[highest];
    const peak = day === undefined ? "" : `, highest ${amount(row.data[highest] ?? 0)} on ${bucketName(day, interval, true)}`;
    const last = row.data.at(-1);
    return `${rowName(query, row)}: last ${amount(last ?? 0)}${peak}.`;
  });
  const more = rows.length > 5 ? ` And ${rows.length - 5} more lines.` : "";
  return `${valueName(query)} by ${interval}. ${sentences.join(" ")}${more}`;
}

function totals(query: TrendsQuery, rows: TrendsRow[]): Picture {
  const display = query.trendsFilter?.display;
  const entries = rows.map((row, index) => {
    const value = row.aggregated_value ?? row.count;
    const name = rowName(query, row);
    return { name, value, color: colorOf(index), point: pointOf(query, row, value, null, "in all"), row };
  });
  const name = valueName(query);
  const chart: Chart | null =
    display === "BoldNumber"
      ? { type: "number", numbers: numbersOf(entries) }
      : display === "ActionsPie"
        ? { type: "pie", valueName: name, slices: entries.filter(({ value }) => value > 0) }
        : display === "ActionsBarValue"
          ? lyingBars(entries, name)
          : null;
  return {
    summary: `${name} in all. ${entries
      .slice(0, 8)
      .map((entry) => `${entry.name}: ${amount(entry.value)}.`)
      .join(" ")}`,
    chart,
    table: {
      caption: `${name} in all`,
      head: display === "WorldMap" ? "Country" : "Series",
      columns: [{ name, numeric: true }],
      rows: entries.map((entry) => ({
        head: display === "WorldMap" ? countryName(entry.name) : entry.name,
        cells: [{ text: amount(entry.value), point: entry.point }],
        ...(chart && { color: entry.color }),
      })),
    },
    empty: display !== "BoldNumber" && entries.every(({ value }) => value === 0),
  };
}

interface Entry {
  name: string;
  value: number;
  color: Color;
  point: Point | null;
  row: TrendsRow;
}

function numbersOf(entries: Entry[]) {
  const present = entries.filter(({ row }) => row.compare_label !== "previous");
  const before = entries.filter(({ row }) => row.compare_label === "previous");
  return present.map(({ name, value, point }, index) => ({
    name,
    value,
    point,
    before: before[index]?.value ?? null,
  }));
}

function lyingBars(entries: Entry[], name: string): Cartesian {
  return {
    type: "cartesian",
    lying: true,
    categories: entries.map((entry) => entry.name),
    categoryName: "series",
    valueName: name,
    incompleteFrom: -1,
    lines: [
      {
        name,
        shape: "bar",
        color: 1,
        values: entries.map(({ value }) => value),
        points: entries.map(({ point }) => point),
      },
    ],
  };
}

/** DE → Germany; what is no code of a country stays. */
function countryName(code: string): string {
  if (!/^[A-Z]{2}$/.test(code)) return code;
  try {
    return new Intl.DisplayNames("en", { type: "region" }).of(code) ?? code;
  } catch {
    return code;
  }
}
