import type { Interval, SeriesMath } from "./types";

/** What the chart shows, held in the address so that a link says it all and "back" undoes it. */
export interface ChartState {
  range: DateRange;
  math: SeriesMath;
  view: "chart" | "table";
}

export interface DateRange {
  dateFrom: string;
  label: string;
  interval: Interval;
}

const DEFAULT_RANGE: DateRange = { dateFrom: "-30d", label: "30 days", interval: "day" };

export const DATE_RANGES: readonly DateRange[] = [
  { dateFrom: "-7d", label: "7 days", interval: "day" },
  DEFAULT_RANGE,
  { dateFrom: "-90d", label: "90 days", interval: "day" },
  { dateFrom: "-12m", label: "12 months", interval: "month" },
];

export function chartStateOf(search: string): ChartState {
  const params = new URLSearchParams(search);
  const dateFrom = params.get("date_from");
  return {
    range: DATE_RANGES.find((range) => range.dateFrom === dateFrom) ?? DEFAULT_RANGE,
    math: params.get("math") === "dau" ? "dau" : "total",
    view: params.get("view") === "table" ? "table" : "chart",
  };
}

/** The query string of `state`; what is default is left out, what is not ours is kept. */
export function searchOf(state: ChartState, search = ""): string {
  const params = new URLSearchParams(search);
  const put = (name: string, value: string, standard: string) =>
    value === standard ? params.delete(name) : params.set(name, value);
  put("date_from", state.range.dateFrom, DEFAULT_RANGE.dateFrom);
  put("math", state.math, "total");
  put("view", state.view, "chart");
  const text = params.toString();
  return text && `?${text}`;
}
