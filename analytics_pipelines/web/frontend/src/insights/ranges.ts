import type { DateRange } from "./queries";

/** Date ranges with a name. */

export interface NamedRange {
  label: string;
  from: string;
  to: string | null;
}

const since = (label: string, from: string): NamedRange => ({ label, from, to: null });

export const RANGES: readonly NamedRange[] = [
  since("Today", "dStart"),
  { label: "Yesterday", from: "-1dStart", to: "-1dEnd" },
  since("Last 24 hours", "-24h"),
  since("Last 7 days", "-7d"),
  since("Last 14 days", "-14d"),
  since("Last 30 days", "-30d"),
  since("Last 90 days", "-90d"),
  since("Last 180 days", "-180d"),
  since("This month", "mStart"),
  { label: "Last month", from: "-1mStart", to: "-1mEnd" },
  since("This year", "yStart"),
  since("All time", "all"),
];

export const DEFAULT_FROM = "-7d";

export function namedRange({ date_from: from, date_to: to }: DateRange): NamedRange | undefined {
  return RANGES.find((range) => range.from === (from ?? DEFAULT_FROM) && range.to === (to ?? null));
}

export function rangeLabel(range: DateRange | undefined): string {
  const named = namedRange(range ?? {});
  if (named) return named.label;
  const [from, to] = [range?.date_from ?? DEFAULT_FROM, range?.date_to];
  return to ? `${from} to ${to}` : `Since ${from}`;
}
