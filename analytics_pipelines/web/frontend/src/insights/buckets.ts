import { calendarMinute } from "../moment";
import { isObject, type Interval } from "./queries";

/** Buckets of time, as answers name them: "2026-11-02" or "2026-11-02 10:00:00", in the project's zone. */

const WIDTH: Record<Exclude<Interval, "week">, number> = { minute: 16, hour: 13, day: 10, month: 7 };

/** The place of the first bucket that was not over at that moment; -1 if all were. */
export function incompleteFrom(
  days: string[],
  interval: Interval,
  at: number,
  timezone: string,
): number {
  const now = calendarMinute(at, timezone);
  if (interval === "week") {
    const weekAgo = daysBefore(now.slice(0, 10), 7);
    return days.findIndex((day) => day.slice(0, 10) > weekAgo);
  }
  const width = WIDTH[interval];
  return days.findIndex((day) => plain(day).slice(0, width) >= now.slice(0, width));
}

function plain(day: string): string {
  const text = day.replace("T", " ");
  return text.length > 10 ? text : `${text} 00:00`;
}

function daysBefore(day: string, count: number): string {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() - count);
  return date.toISOString().slice(0, 10);
}

const INTERVALS: readonly string[] = ["minute", "hour", "day", "week", "month"];

export function intervalOf(question: object): Interval {
  const interval = isObject(question) ? question.interval : undefined;
  return INTERVALS.includes(String(interval)) ? (interval as Interval) : "day";
}
