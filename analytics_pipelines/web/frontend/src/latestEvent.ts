import { ApiError, fetchRows } from "./api";

export interface LatestEvent {
  timestamp: string;
  event: string;
  distinctId: string;
  url: string;
  library: string;
  uuid: string;
}

export const LATEST_EVENTS_SQL =
  "select timestamp, event, distinct_id, properties.$current_url, properties.$lib, uuid " +
  "from events order by timestamp desc limit 50";

export async function fetchLatestEvents(
  projectId: number,
  signal: AbortSignal,
): Promise<LatestEvent[]> {
  const { results } = await fetchRows(projectId, LATEST_EVENTS_SQL, signal);
  return results.map(([timestamp, event, distinctId, url, library, uuid]) => ({
    timestamp: text(timestamp),
    event: text(event),
    distinctId: text(distinctId),
    url: text(url),
    library: text(library),
    uuid: text(uuid),
  }));
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The event's properties, indented. */
export async function fetchProperties(
  projectId: number,
  uuid: string,
  signal: AbortSignal,
): Promise<string> {
  if (!UUID.test(uuid)) throw new ApiError("The event has no valid id.", null, "bad_uuid");
  const sql = `select properties from events where uuid = '${uuid}' limit 1`;
  const { results } = await fetchRows(projectId, sql, signal);
  const row = results[0];
  if (!row) throw new ApiError("The event is no longer there.", null, "not_found");
  return indented(row[0]);
}

function indented(properties: unknown): string {
  if (typeof properties !== "string") return JSON.stringify(properties, null, 2);
  try {
    return JSON.stringify(JSON.parse(properties), null, 2);
  } catch {
    return properties;
  }
}

function text(value: unknown): string {
  return value === null || value === undefined ? "" : String(value);
}
