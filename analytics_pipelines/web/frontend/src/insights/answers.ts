import { ApiError } from "../api";

/** One statement that an answer was computed by. */
export interface Statement {
  hogql: string;
  sql: string;
  parameters?: Record<string, string>;
  rows: number;
  bytes: number;
  milliseconds: number;
}

/** What an answer was read from. */
export interface Explanation {
  /** "cache", or as `computed_from`. */
  answered_from: string;
  computed_from: string;
  rows_read: number;
  bytes_read: number;
  statements: Statement[];
  tables: {
    table: string;
    asset: string;
    changed_at: string | null;
    built_at?: string | null;
    days_waiting?: number;
  }[];
}

/** An answer, whatever the kind of its question. */
export interface Answer {
  results: unknown;
  columns?: string[] | null;
  types?: [string, string][] | null;
  hogql?: string | null;
  timezone: string;
  last_refresh: string | null;
  is_cached?: boolean;
  limit?: number | null;
  limit_applied?: boolean;
  explain?: Explanation;
  [other: string]: unknown;
}

/** Half an answer is an error: drawn as it is, what lacks would read as zero. */
export function badAnswer(reason: string): ApiError {
  return new ApiError(`The server's answer ${reason}.`, null, "bad_answer");
}

/** The rows of an answer as objects, each checked. */
export function rowsOf<T>(results: unknown, isRow: (row: Partial<T>) => boolean, lacks: string): T[] {
  if (!Array.isArray(results)) throw badAnswer("has no results");
  for (const row of results as unknown[]) {
    if (typeof row !== "object" || row === null || !isRow(row as Partial<T>)) {
      throw badAnswer(`lacks ${lacks}`);
    }
  }
  return results as T[];
}

export function isNumbers(values: unknown): values is number[] {
  return Array.isArray(values) && values.every((value) => typeof value === "number");
}
