import { request } from "../api";

export const PRESETS = ["generic", "slack", "discord", "teams"] as const;
export type Preset = (typeof PRESETS)[number];

export interface Health {
  state: "healthy" | "failing" | "parked" | "disabled";
  sent: number;
  backlog: number;
  parked: number;
  batches_waiting: number;
  lag_seconds: number;
  last_success_at: string | null;
  last_error: string | null;
}

/** The names by which people know what a destination is told of. */
export interface Filters {
  events?: { id: string | null; name?: string | null }[];
  actions?: { id: number | string; name?: string | null }[];
}

export interface Destination {
  id: number;
  name: string;
  preset: Preset;
  url: string;
  filters: Filters;
  enabled: boolean;
  health: Health;
}

export interface NewDestination {
  name: string;
  preset: Preset;
  url: string;
  filters: { events: { id: string; type: "events" }[] };
}

export interface Tested {
  success: boolean;
  status: number | null;
  answer: string | null;
  error: string | null;
}

export async function fetchDestinations(
  projectId: number,
  signal: AbortSignal,
): Promise<Destination[]> {
  const answer = await request<{ results?: Destination[] }>(base(projectId), { signal });
  return answer.results ?? [];
}

/** The signing secret is in this answer, and in no other. */
export function createDestination(
  projectId: number,
  body: NewDestination,
): Promise<Destination & { signing_secret: string }> {
  return request(base(projectId), { method: "POST", body });
}

export function enableDestination(projectId: number, id: number, enabled: boolean): Promise<void> {
  return request(`${base(projectId)}${id}/`, { method: "PATCH", body: { enabled } });
}

export function deleteDestination(projectId: number, id: number): Promise<void> {
  return request(`${base(projectId)}${id}/`, { method: "DELETE" });
}

export function testDestination(projectId: number, id: number): Promise<Tested> {
  return request(`${base(projectId)}${id}/test/`, { method: "POST" });
}

export function redrive(projectId: number, id: number): Promise<{ count: number }> {
  return request(`${base(projectId)}${id}/redrive/`, { method: "POST" });
}

function base(projectId: number): string {
  return `/api/projects/${projectId}/destinations/`;
}
