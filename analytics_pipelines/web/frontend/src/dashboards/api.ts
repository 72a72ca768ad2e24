import { request } from "../api";
import { badAnswer } from "../insights/answers";
import type { Insight } from "../insights/api";
import type { PropertyFilter } from "../insights/queries";

export interface DashboardBasics {
  id: number;
  name: string;
  description: string;
  pinned: boolean;
  filters: Filters;
  last_modified_at: string;
}

/** They hold for every tile: dates replace those of an insight, properties come on top of its own. */
export interface Filters {
  date_from?: string | null;
  date_to?: string | null;
  properties?: PropertyFilter[] | null;
}

export interface Place {
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface Tile {
  id: number;
  layouts: { sm?: Partial<Place> };
  insight: Insight | null;
  text: { body: string } | null;
}

export interface Dashboard extends DashboardBasics {
  tiles: Tile[];
}

const dashboardsPath = (projectId: number) => `/api/projects/${projectId}/dashboards/`;

export async function fetchDashboards(
  projectId: number,
  signal?: AbortSignal,
): Promise<DashboardBasics[]> {
  const path = `${dashboardsPath(projectId)}?limit=500`;
  const { results } = await request<{ results?: DashboardBasics[] }>(path, { signal });
  if (!Array.isArray(results)) throw badAnswer("has no list of dashboards");
  return results;
}

export function createDashboard(projectId: number, name: string): Promise<Dashboard> {
  return request<Dashboard>(dashboardsPath(projectId), { method: "POST", body: { name } });
}

/** null: only what is stored. Else, in the background: what is stale, or everything. */
export type Refresh = "async" | "force_async" | null;

/** `override`: instead of the stored filters. */
export async function fetchDashboard(
  projectId: number,
  id: string,
  refresh: Refresh,
  override: Filters | null,
  signal?: AbortSignal,
): Promise<Dashboard> {
  const params = new URLSearchParams({ refresh: refresh ?? "force_cache" });
  if (override) params.set("filters_override", JSON.stringify(override));
  const path = `${dashboardsPath(projectId)}${encodeURIComponent(id)}/?${params}`;
  return dashboardOf(await request<Dashboard>(path, { signal }));
}

/** Computes the insight of a tile anew, as the dashboard asks it. */
export function refreshTile(
  projectId: number,
  dashboardId: number,
  insightId: number,
  override: Filters | null,
): Promise<Insight> {
  const params = new URLSearchParams({
    refresh: "force_blocking",
    from_dashboard: String(dashboardId),
  });
  if (override) params.set("filters_override", JSON.stringify(override));
  return request<Insight>(`/api/projects/${projectId}/insights/${insightId}/?${params}`);
}

export interface TileChange {
  id?: number;
  layouts?: Tile["layouts"];
  text?: { body: string };
  deleted?: boolean;
}

export interface DashboardChanges {
  name?: string;
  filters?: Filters;
  tiles?: TileChange[];
  deleted?: boolean;
}

export function changeDashboard(
  projectId: number,
  id: number,
  changes: DashboardChanges,
): Promise<Dashboard> {
  return request<Dashboard>(`${dashboardsPath(projectId)}${id}/`, { method: "PATCH", body: changes });
}

function dashboardOf(answer: Dashboard): Dashboard {
  if (!Array.isArray(answer?.tiles)) throw badAnswer("has no tiles");
  return answer;
}
