/** Moments: how the API writes them, and how people read them. */

const LOCALE = "en";

/** Milliseconds of an API timestamp, or null. One without a zone is UTC. */
export function millisOf(text: unknown): number | null {
  if (typeof text !== "string") return null;
  const iso = text.trim().replace(" ", "T");
  const zoned = /(Z|[+-]\d\d:?\d\d)$/i.test(iso) ? iso : `${iso}Z`;
  const millis = Date.parse(zoned);
  return Number.isNaN(millis) ? null : millis;
}

const UNITS: readonly [string, number][] = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
];

const LONGEST_AGO_DAYS = 60;

export function timeAgo(then: number, now: number): string {
  const seconds = Math.round(Math.abs(now - then) / 1000);
  const future = then > now;
  if (seconds < 2) return "just now";
  if (seconds > LONGEST_AGO_DAYS * 86_400) return dateOf(then);
  for (const [unit, size] of UNITS) {
    if (seconds < size) continue;
    const text = `${Math.floor(seconds / size)} ${unit}`;
    return future ? `in ${text}` : `${text} ago`;
  }
  return "just now";
}

export function durationOf(seconds: number): string {
  if (seconds < 1) return "under 1 s";
  for (const [unit, size] of UNITS) {
    if (seconds >= size) return `${Math.floor(seconds / size)} ${unit}`;
  }
  return "under 1 s";
}

function dateOf(millis: number): string {
  return new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeZone: "UTC" }).format(millis);
}

export function absoluteTime(millis: number, timezone: string): string {
  const options = { dateStyle: "medium", timeStyle: "medium" } as const;
  const timeZone = knownZone(timezone);
  return `${new Intl.DateTimeFormat(LOCALE, { ...options, timeZone }).format(millis)} ${timeZone}`;
}

/** The calendar day of a moment in a zone: YYYY-MM-DD. */
export function calendarDay(millis: number, timezone: string): string {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone: knownZone(timezone),
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  }).formatToParts(millis);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? "";
  return `${part("year")}-${part("month")}-${part("day")}`;
}

/** A zone that the browser does not know must not take the page down. */
function knownZone(timezone: string): string {
  try {
    new Intl.DateTimeFormat(LOCALE, { timeZone: timezone });
    return timezone;
  } catch {
    return "UTC";
  }
}

/** The wall clock of a moment in a zone: YYYY-MM-DD hh:mm. */
export function calendarMinute(millis: number, timezone: string): string {
  const time = new Intl.DateTimeFormat("en-GB", {
    timeZone: knownZone(timezone),
    hour: "2-digit",
    minute: "2-digit",
  }).format(millis);
  return `${calendarDay(millis, timezone)} ${time}`;
}

const DAY_FORMAT = { day: "numeric", month: "short" } as const;
const LONG_DAY_FORMAT = { ...DAY_FORMAT, weekday: "short", year: "numeric" } as const;
const MONTH_FORMAT = { month: "short", year: "numeric" } as const;

/** A bucket's name. `day` is a wall clock of the project's zone, so it is read and written as UTC. */
export function bucketName(
  day: string,
  interval: "minute" | "hour" | "day" | "week" | "month",
  long = false,
): string {
  const [date = "", time = "00:00"] = day.replace(" ", "T").split("T");
  const millis = Date.parse(`${date}T${time.slice(0, 5)}:00Z`);
  if (Number.isNaN(millis)) return day;
  const format = interval === "month" ? MONTH_FORMAT : long ? LONG_DAY_FORMAT : DAY_FORMAT;
  const name = new Intl.DateTimeFormat(LOCALE, { ...format, timeZone: "UTC" }).format(millis);
  if (interval === "week" && long) return `Week of ${name}`;
  return interval === "hour" || interval === "minute" ? `${name}, ${time.slice(0, 5)}` : name;
}
