const WHOLE = new Intl.NumberFormat("en");
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export function quantity(value: number): string {
  return WHOLE.format(value);
}

/** For axes: 1.2K, 3M. */
export function compactQuantity(value: number): string {
  return COMPACT.format(value);
}

export function counted(value: number, one: string, many = `${one}s`): string {
  return `${quantity(value)} ${value === 1 ? one : many}`;
}

const DECIMAL = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });

/** A value of any kind, with two decimals where it has them. */
export function amount(value: number): string {
  return DECIMAL.format(value);
}

const PERCENT = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });

/** `share` is 0 to 1. */
export function percent(share: number): string {
  return PERCENT.format(share);
}

const SPANS: readonly [string, number][] = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
];

/** A span of time in its two largest units: 2 h 5 min. */
export function timeSpan(seconds: number): string {
  const whole = Math.round(seconds);
  const first = SPANS.findIndex(([, size]) => whole >= size);
  if (first === -1) return "0 s";
  let rest = whole;
  const parts: string[] = [];
  for (const [unit, size] of SPANS.slice(first, first + 2)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.join(" ");
}

const SIZES = ["B", "KB", "MB", "GB", "TB"] as const;

export function bytes(value: number): string {
  const power = value < 1 ? 0 : Math.min(Math.floor(Math.log10(value) / 3), SIZES.length - 1);
  return `${DECIMAL.format(Math.round((value / 1000 ** power) * 10) / 10)} ${SIZES[power]}`;
}
