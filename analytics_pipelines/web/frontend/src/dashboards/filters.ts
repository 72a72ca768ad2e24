import type { PropertyFilter, Question } from "../insights/queries";
import { isObject } from "../insights/queries";
import type { Filters } from "./api";

/** A dashboard's filters: in the address, and on the question of a tile. */

/** Filters that hold for this look only, as the address has them; null when the stored ones hold. */
export function overrideIn(search: string): Filters | null {
  const text = new URLSearchParams(search).get("filters");
  if (!text) return null;
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? (parsed as Filters) : null;
  } catch {
    return null;
  }
}

export function withOverride(filters: Filters | null, search: string): string {
  const params = new URLSearchParams(search);
  if (filters) params.set("filters", JSON.stringify(filters));
  else params.delete("filters");
  const text = params.toString();
  return text && `?${text}`;
}

/** The question as the server asks it for a tile: dates replaced, properties on top of its own. */
export function withFilters(question: Question, filters: Filters): Question {
  const dates = filters.date_from || filters.date_to;
  const dateRange = { date_from: filters.date_from ?? null, date_to: filters.date_to ?? null };
  const added = filters.properties ?? [];
  if (question.kind === "HogQLQuery") return question; // its numbers open to nobody
  return {
    ...question,
    ...(dates && { dateRange }),
    ...(added.length > 0 && { properties: anded(question.properties, added) }),
  };
}

function anded(own: PropertyFilter[] | undefined, added: PropertyFilter[]): PropertyFilter[] {
  if (own === undefined || Array.isArray(own)) return [...(own ?? []), ...added];
  const group = { type: "AND", values: [own, { type: "AND", values: added }] };
  return group as unknown as PropertyFilter[]; // groups are taken wherever lists are
}
