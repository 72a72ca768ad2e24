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
