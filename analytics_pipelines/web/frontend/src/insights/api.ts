import { request } from "../api";
import { type Answer, badAnswer } from "./answers";
import type { Point } from "./picture";
import { type Question, isObject, savedQuery } from "./queries";

/** Asking questions, and the insights that are saved. */

export interface Insight {
  id: number;
  short_id: string;
  name: string;
  derived_name: string;
  description: string;
  query: unknown;
  dashboards: number[];
  last_modified_at: string;
  /** Stored at the last computation; null when there was none. */
  result: unknown;
  last_refresh: string | null;
  is_stale?: boolean;
  /** Not null: it is being computed. */
  query_status?: object | null;
  /** Of the last attempt. */
  result_error?: { status: number; code: string; detail: string } | null;
  timezone: string;
  columns?: string[] | null;
  types?: [string, string][] | null;
  hogql?: string | null;
}

export function insightName(insight: Insight): string {
  return insight.name || insight.derived_name || "Untitled insight";
}

/** `fresh` asks for a new computation instead of a cached answer. */
export async function ask(
  projectId: number,
  question: object,
  signal?: AbortSignal,
  fresh = false,
): Promise<Answer> {
  const refresh = fresh ? "force_blocking" : "blocking";
  const answer = await request<Answer>(`/api/projects/${projectId}/query/`, {
    method: "POST",
    body: { query: question, refresh, explain: true },
    signal,
  });
  if (!isObject(answer) || answer.results === undefined) throw badAnswer("has no results");
  return answer;
}

const insightsPath = (projectId: number) => `/api/projects/${projectId}/insights/`;

export async function fetchInsights(
  projectId: number,
  search: string,
  signal?: AbortSignal,
): Promise<Insight[]> {
  const params = new URLSearchParams({ saved: "true", basic: "true", limit: "200", search });
  const { results } = await request<{ results?: Insight[] }>(
    `${insightsPath(projectId)}?${params}`,
    { signal },
  );
  if (!Array.isArray(results)) throw badAnswer("has no list of insights");
  return results;
}

export function fetchInsight(
  projectId: number,
  insight: string,
  signal?: AbortSignal,
): Promise<Insight> {
  return request<Insight>(`${insightsPath(projectId)}${encodeURIComponent(insight)}/`, { signal });
}

export interface InsightChanges {
  name?: string;
  query?: Question;
  dashboards?: number[];
  deleted?: boolean;
}

function bodyOf({ query, ...rest }: InsightChanges): object {
  return query ? { ...rest, query: savedQuery(query) } : rest;
}

export function createInsight(projectId: number, changes: InsightChanges): Promise<Insight> {
  return request<Insight>(insightsPath(projectId), { method: "POST", body: bodyOf(changes) });
}

export function changeInsight(
  projectId: number,
  id: number,
  changes: InsightChanges,
): Promise<Insight> {
  return request<Insight>(`${insightsPath(projectId)}${id}/`, {
    method: "PATCH",
    body: bodyOf(changes),
  });
}

export interface Actor {
  id: string;
  distinct_ids?: string[];
  properties?: Record<string, unknown>;
  created_at?: string;
}

export interface ActorsPage {
  actors: Actor[];
  more: boolean;
}

/** The first people behind a point of an answer. */
export async function fetchActors(
  projectId: number,
  question: Question,
  point: Point,
  limit: number,
  signal?: AbortSignal,
): Promise<ActorsPage> {
  const query = { ...actorsQuery(question, point), select: ["person"], limit };
  const answer = await ask(projectId, query, signal);
  if (!Array.isArray(answer.results)) throw badAnswer("has no people");
  const actors = (answer.results as unknown[]).map((row) =>
    actorOf(Array.isArray(row) ? row[0] : row),
  );
  return { actors, more: answer.hasMore === true };
}

export async function countActors(
  projectId: number,
  question: Question,
  point: Point,
  signal?: AbortSignal,
): Promise<number> {
  const query = { ...actorsQuery(question, point), select: ["count()"] };
  const { results } = await ask(projectId, query, signal);
  const row: unknown = Array.isArray(results) ? results[0] : undefined;
  const count: unknown = Array.isArray(row) ? row[0] : undefined;
  if (typeof count !== "number") throw badAnswer("has no number of people");
  return count;
}

function actorsQuery(question: Question, point: Point) {
  const properties = point.where ? [{ type: "hogql", key: point.where }] : [];
  return { kind: "ActorsQuery", source: { ...point.asks, source: question }, properties };
}

function actorOf(value: unknown): Actor {
  if (isObject(value) && value.id !== undefined) return { ...value, id: String(value.id) };
  if (typeof value === "string") return { id: value };
  throw badAnswer("names no people");
}
