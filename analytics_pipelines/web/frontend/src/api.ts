import { goToLogin } from "./login";
import type {
  ErrorBody,
  HogQLAnswer,
  HogQLQuery,
  Ingestion,
  Instance,
  Me,
  Project,
  ProjectChanges,
  ProjectSettings,
  TrendsAnswer,
  TrendsQuery,
} from "./types";

/** `rows` is null for what is not counted. */
export interface WouldGo {
  kept_from: string;
  rows: number | null;
}

export interface TestedChannel {
  name: string;
  told: boolean;
  error: string | null;
}

/** A server that hangs must end as an error on the page, not as an endless skeleton. */
const TIMEOUT_MS = 90_000;

export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    message: string,
    readonly status: number | null,
    readonly code: string,
    /** Offending characters of a query, counted in Unicode code points. */
    readonly start: number | null = null,
    readonly end: number | null = null,
    /** The field of the request that is wrong. */
    readonly attr: string | null = null,
  ) {
    super(message);
  }
}

interface RequestOptions {
  method?: "GET" | "POST" | "PATCH" | "DELETE";
  body?: unknown;
  signal?: AbortSignal | undefined;
}

export async function request<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const response = await send(path, options);
  if (response.status === 401) {
    goToLogin();
    throw new ApiError("You are signed out.", 401, "not_authenticated");
  }
  if (!response.ok) throw await errorOf(response);
  if (response.status === 204) return undefined as T;
  try {
    return (await response.json()) as T;
  } catch (cause) {
    if (isAbort(cause)) throw cause;
    throw badAnswer("is not JSON", response.status);
  }
}

async function send(path: string, options: RequestOptions): Promise<Response> {
  const method = options.method ?? "GET";
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const init: RequestInit = {
    method,
    credentials: "same-origin",
    // The page's address may hold a whole SQL query: too long for a header, and nobody else's business.
    referrerPolicy: "origin",
    headers: { Accept: "application/json" },
    signal: options.signal ? AbortSignal.any([options.signal, timeout]) : timeout,
  };
  if (method !== "GET") {
    init.headers = { ...init.headers, "Content-Type": "application/json" };
    init.body = JSON.stringify(options.body ?? {});
  }
  try {
    return await fetch(path, init);
  } catch (cause) {
    if (options.signal?.aborted) throw cause;
    if (timeout.aborted) {
      throw new ApiError(`No answer within ${TIMEOUT_MS / 1000} seconds.`, null, "timeout");
    }
    throw new ApiError("The server cannot be reached.", null, "network");
  }
}

async function errorOf(response: Response): Promise<ApiError> {
  let body: ErrorBody = {};
  try {
    const parsed: unknown = await response.json();
    if (typeof parsed === "object" && parsed !== null) body = parsed;
  } catch {
    // A proxy's HTML page: the status is all there is to tell.
  }
  const detail = typeof body.detail === "string" && body.detail ? body.detail : null;
  return new ApiError(
    detail ?? `The server answered with status ${response.status}.`,
    response.status,
    typeof body.code === "string" ? body.code : "",
    typeof body.start === "number" ? body.start : null,
    typeof body.end === "number" ? body.end : null,
    typeof body.attr === "string" ? body.attr : null,
  );
}

function badAnswer(reason: string, status: number | null = null): ApiError {
  return new ApiError(`The server's answer ${reason}.`, status, "bad_answer");
}

function isAbort(cause: unknown): boolean {
  return cause instanceof DOMException && cause.name === "AbortError";
}

export function fetchMe(signal?: AbortSignal): Promise<Me> {
  return request<Me>("/api/users/@me/", { signal });
}

export function fetchInstance(signal?: AbortSignal): Promise<Instance> {
  return request<Instance>("/api/instance/", { signal });
}

export async function fetchProjects(signal?: AbortSignal): Promise<Project[]> {
  const { results } = await request<{ results?: Project[] }>("/api/projects/", { signal });
  if (!Array.isArray(results)) throw badAnswer("has no list of projects");
  return results;
}

export async function fetchSettings(
  projectId: number,
  signal?: AbortSignal,
): Promise<ProjectSettings> {
  return settingsOf(await request<ProjectSettings>(`/api/projects/${projectId}/`, { signal }));
}

/** Only what is named changes; the answer is the project as it is then. */
export async function changeProject(
  projectId: number,
  changes: ProjectChanges,
): Promise<ProjectSettings> {
  return settingsOf(
    await request<ProjectSettings>(`/api/projects/${projectId}/`, {
      method: "PATCH",
      body: changes,
    }),
  );
}

/** What would go by rules of retention, each in days, before they are saved. */
export async function fetchWouldGo(
  projectId: number,
  days: Record<string, number>,
  signal?: AbortSignal,
): Promise<Record<string, WouldGo>> {
  const query = new URLSearchParams(
    Object.entries(days).map(([rule, value]) => [rule, String(value)]),
  );
  const path = `/api/projects/${projectId}/retention/?${query}`;
  const answer = await request<{ rules?: Record<string, WouldGo> }>(path, { signal });
  if (!Object.keys(days).every((rule) => answer?.rules?.[rule])) {
    throw badAnswer("says nothing of the rules");
  }
  return answer.rules ?? {};
}

/** A test message to each channel of the project's alarms that is saved. */
export async function testAlarms(projectId: number): Promise<TestedChannel[]> {
  const path = `/api/projects/${projectId}/alarms/test/`;
  const answer = await request<{ channels?: TestedChannel[] }>(path, { method: "POST" });
  if (!Array.isArray(answer?.channels)) throw badAnswer("names no channel");
  return answer.channels;
}

/** A form over half an answer would save the missing half as empty. */
function settingsOf(answer: ProjectSettings): ProjectSettings {
  const lists = [
    answer?.denied_properties,
    answer?.denied_events,
    answer?.allowed_events,
    answer?.denied_distinct_ids,
  ];
  if (!lists.every(Array.isArray)) throw badAnswer("has no settings");
  return answer;
}

export async function fetchIngestion(projectId: number, signal?: AbortSignal): Promise<Ingestion> {
  const ingestion = await request<Ingestion>(`/api/projects/${projectId}/ingestion/`, { signal });
  if (typeof ingestion?.events_total !== "number") throw badAnswer("has no number of events");
  return ingestion;
}

/** `fresh` asks for a new computation instead of a cached answer. */
function query<T>(
  projectId: number,
  question: HogQLQuery | TrendsQuery,
  signal?: AbortSignal,
  fresh = false,
): Promise<T> {
  const body = fresh ? { query: question, refresh: "force_blocking" } : { query: question };
  return request<T>(`/api/projects/${projectId}/query/`, { method: "POST", body, signal });
}

export async function fetchRows(
  projectId: number,
  sql: string,
  signal?: AbortSignal,
  fresh = false,
): Promise<HogQLAnswer> {
  const answer = await query<HogQLAnswer>(
    projectId,
    { kind: "HogQLQuery", query: sql },
    signal,
    fresh,
  );
  if (!Array.isArray(answer?.results) || !Array.isArray(answer.columns)) {
    throw badAnswer("has no rows and columns");
  }
  return answer;
}

/** Anything but one number a day is an error: a chart of a half answer would read as zero. */
export async function fetchTrend(
  projectId: number,
  question: TrendsQuery,
  signal?: AbortSignal,
  fresh = false,
): Promise<TrendsAnswer> {
  const answer = await query<TrendsAnswer>(projectId, question, signal, fresh);
  const row = answer?.results?.[0];
  if (!row || !Array.isArray(row.data) || row.data.length !== row.days?.length) {
    throw badAnswer("has no series");
  }
  return answer;
}

export function logout(): Promise<void> {
  return request<void>("/api/logout/", { method: "POST" });
}
