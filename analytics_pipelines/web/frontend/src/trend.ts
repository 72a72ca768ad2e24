import type { ChartState } from "./chartState";
import { bucketName, calendarDay, millisOf } from "./moment";
import { counted, quantity } from "./quantity";
import type { Interval, TrendsAnswer, TrendsQuery } from "./types";

export interface TrendPoint {
  day: string;
  value: number;
  /** The bucket was still filling when the answer was computed. */
  incomplete: boolean;
}

export interface Trend {
  points: TrendPoint[];
  total: number;
  hogql: string | null;
  timezone: string;
  computedAt: number;
}

export function trendsQuery({ range, math }: ChartState): TrendsQuery {
  return {
    kind: "TrendsQuery",
    series: [{ kind: "EventsNode", event: null, name: "All events", math }],
    interval: range.interval,
    dateRange: { date_from: range.dateFrom },
  };
}

export function trendOf(answer: TrendsAnswer, interval: Interval, now: number): Trend {
  const row = answer.results[0];
  const computedAt = millisOf(answer.last_refresh) ?? now;
  const today = calendarDay(computedAt, answer.timezone);
  const width = interval === "month" ? "YYYY-MM".length : "YYYY-MM-DD".length;
  const points = (row?.days ?? []).map((day, index) => ({
    day,
    value: row?.data[index] ?? 0,
    incomplete: day.slice(0, width) >= today.slice(0, width),
  }));
  return {
    points,
    total: points.reduce((sum, point) => sum + point.value, 0),
    hogql: answer.hogql,
    timezone: answer.timezone,
    computedAt,
  };
}

/** The mean of the complete buckets, or null when there is none. */
export function averageOf(points: TrendPoint[]): number | null {
  const complete = points.filter((point) => !point.incomplete);
  if (complete.length === 0) return null;
  return complete.reduce((sum, point) => sum + point.value, 0) / complete.length;
}

export function trendTitle({ math, range }: ChartState): string {
  return `${math === "dau" ? "Unique people" : "Events"} a ${range.interval}`;
}

/** What the picture says, in words. */
export function trendSummary(state: ChartState, { points, total }: Trend): string {
  const { interval } = state.range;
  const first = points[0];
  const last = points.at(-1);
  const title = trendTitle(state);
  if (!first || !last) return `${title}: no data.`;
  const name = (point: TrendPoint) => bucketName(point.day, interval, true);
  const highest = points.reduce((best, point) => (point.value > best.value ? point : best), first);
  const sentences = [
    `${title} from ${name(first)} to ${name(last)}.`,
    state.math === "total" ? `${counted(total, "event")} in all.` : "",
    `Highest: ${quantity(highest.value)} ${interval === "month" ? "in" : "on"} ${name(highest)}.`,
    last.incomplete ? `The last ${interval} is not over: ${quantity(last.value)} so far.` : "",
  ];
  return sentences.filter(Boolean).join(" ");
}
