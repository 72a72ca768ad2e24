import { type PropertyFilter, isObject } from "./queries";

/** Operators of property filters, and filters in words. */

export interface Operator {
  value: string;
  label: string;
  /** Whether it compares with a value. */
  compares: boolean;
}

const comparing = (value: string, label: string): Operator => ({ value, label, compares: true });

const OPERATORS: readonly Operator[] = [
  comparing("exact", "is"),
  comparing("is_not", "is not"),
  comparing("icontains", "contains"),
  comparing("not_icontains", "does not contain"),
  comparing("regex", "matches the pattern"),
  comparing("not_regex", "does not match the pattern"),
  comparing("gt", "is greater than"),
  comparing("gte", "is at least"),
  comparing("lt", "is less than"),
  comparing("lte", "is at most"),
  comparing("is_date_before", "is before"),
  comparing("is_date_after", "is after"),
  { value: "is_set", label: "is set", compares: false },
  { value: "is_not_set", label: "is not set", compares: false },
];

const COHORT_OPERATORS: readonly Operator[] = [comparing("in", "is in"), comparing("not_in", "is not in")];

export function operatorsFor(type: string): readonly Operator[] {
  return type === "cohort" ? COHORT_OPERATORS : OPERATORS;
}

export function operatorOf({ operator, type }: PropertyFilter): Operator {
  const found = operatorsFor(type).find(({ value }) => value === operator);
  return found ?? comparing(operator, operator);
}

/** Several values are written with commas between them. */
export function valueText(value: unknown): string {
  if (Array.isArray(value)) return value.map(String).join(", ");
  return value === undefined || value === null ? "" : String(value);
}

/** For "is" and "is not", commas separate values of which any may hold; elsewhere a comma is a comma. */
export function valueOf(text: string, operator: string): string | string[] {
  if (operator !== "exact" && operator !== "is_not") return text.trim();
  const values = text.split(",").map((part) => part.trim());
  return values.filter(Boolean);
}

/** A filter from outside that a row of the form can show; groups of filters are not. */
export function isPlainFilter(filter: unknown): filter is PropertyFilter {
  return isObject(filter) && "key" in filter && typeof filter.type === "string";
}
