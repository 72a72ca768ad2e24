/** What an answer looks like: a chart, the same as a table, and the same in words. Pure data. */

/** A number of an answer that opens to the people behind it. */
export interface Point {
  /** What the number is, for the heading of the list. */
  name: string;
  value: number;
  /** Whether the number counts the people themselves, rather than what they did. */
  ofPeople: boolean;
  /** The rest of the question about it, in PostHog's shape: `{kind, day, series, …}`. */
  asks: { kind: "InsightActorsQuery" | "FunnelsActorsQuery" | "StickinessActorsQuery" } & Record<
    string,
    unknown
  >;
  /** An expression that leaves only some of whom that names. */
  where?: string;
}

export interface Cell {
  text: string;
  point?: Point | null;
  /** Share of the greatest, 0 to 1, for a heat map. */
  heat?: number;
  /** The number is still growing. */
  unfinished?: boolean;
  /** Said after the text. */
  note?: string;
}

export interface Row {
  head: string;
  /** Of the chart's colours, to find a row's line. */
  color?: Color;
  cells: Cell[];
}

export interface TableModel {
  caption: string;
  head: string;
  columns: { name: string; numeric: boolean }[];
  rows: Row[];
}

export type Color = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | "good" | "bad" | "muted";

/** Eight colours that are told apart; then again from the first. */
export function colorOf(index: number): Color {
  return ((index % 8) + 1) as Color;
}

export interface Line {
  name: string;
  shape: "line" | "bar";
  color: Color;
  values: (number | null)[];
  points?: (Point | null)[];
  /** Lines of the same stack stand on one another. */
  stack?: string;
  filled?: boolean;
  /** Stands behind: the period before. */
  faded?: boolean;
}

export interface Cartesian {
  type: "cartesian";
  /** Names of the places along the first axis. */
  categories: string[];
  categoryName: string;
  valueName: string;
  lines: Line[];
  /** Bars lie, for long names. */
  lying?: boolean;
  percent?: boolean;
  /** From this place on, values are still growing; -1 if none are. */
  incompleteFrom: number;
}

export interface Pie {
  type: "pie";
  valueName: string;
  slices: { name: string; value: number; color: Color; point: Point | null }[];
}

export interface BigNumber {
  type: "number";
  numbers: { name: string; value: number; before: number | null; point: Point | null }[];
}

export interface Steps {
  type: "steps";
  steps: Step[];
}

export interface Step {
  name: string;
  bars: StepBar[];
}

export interface StepBar {
  /** Of the breakdown; empty without one. */
  name: string;
  color: Color;
  count: number;
  /** Of those who took the first step, 0 to 1. */
  share: number;
  /** Of those who took the step before; null at the first. */
  ofPrevious: number | null;
  dropped: number;
  averageSeconds: number | null;
  medianSeconds: number | null;
  converted: Point | null;
  lost: Point | null;
}

export interface Flow {
  type: "flow";
  /** `label` is short enough for a chart. */
  nodes: { id: string; name: string; label: string; layer: number }[];
  links: { source: string; target: string; value: number; point: Point }[];
}

export type Chart = Cartesian | Pie | BigNumber | Steps | Flow;

export interface Picture {
  /** What the chart shows, in a sentence or two. */
  summary: string;
  /** null: the table is all there is. */
  chart: Chart | null;
  table: TableModel;
  /** Nothing was found, and the chart would be blank. */
  empty: boolean;
}
