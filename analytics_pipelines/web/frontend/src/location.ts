import { useSyncExternalStore } from "react";

/** The browser's address as a store; a change of it is the only way pages change. */

const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("popstate", listener);
  };
}

export function navigate(to: string, { replace = false } = {}): void {
  if (replace) window.history.replaceState(null, "", to);
  else window.history.pushState(null, "", to);
  for (const listener of listeners) listener();
}

export function usePathname(): string {
  return useSyncExternalStore(subscribe, () => window.location.pathname);
}

export function useSearch(): string {
  return useSyncExternalStore(subscribe, () => window.location.search);
}

export type Page = "overview" | "dashboards" | "insights" | "sql" | "destinations" | "settings";

export type Route =
  | { page: "home" }
  /** `item`: of the page's list, if one is opened. */
  | { page: Page; projectId: string; item: string | null }
  | { page: "unknown" };

const PAGES: readonly string[] = ["dashboards", "insights", "sql", "destinations", "settings"];
const WITH_ITEMS: readonly string[] = ["dashboards", "insights"];

export function routeOf(pathname: string): Route {
  if (pathname === "/") return { page: "home" };
  const [, projectId, page, item] =
    /^\/project\/([^/]+)(?:\/([^/]+)(?:\/([^/]+))?)?\/?$/.exec(pathname) ?? [];
  if (projectId === undefined) return { page: "unknown" };
  if (page === undefined) return { page: "overview", projectId, item: null };
  if (!PAGES.includes(page) || (item !== undefined && !WITH_ITEMS.includes(page))) {
    return { page: "unknown" };
  }
  return { page: page as Page, projectId, item: item ?? null };
}

export function overviewPath(projectId: number): string {
  return `/project/${projectId}`;
}

export function sqlPath(projectId: number, sql?: string): string {
  const path = `/project/${projectId}/sql`;
  return sql === undefined ? path : `${path}?${new URLSearchParams({ q: sql })}`;
}

export function insightPath(projectId: number, shortId: string): string {
  return `/project/${projectId}/insights/${encodeURIComponent(shortId)}`;
}

/** `search` may hold a question, and the dashboard that it is for. */
export function newInsightPath(projectId: number, search = ""): string {
  return `/project/${projectId}/insights/new${search}`;
}

export function dashboardPath(projectId: number, id: number): string {
  return `/project/${projectId}/dashboards/${id}`;
}

/** The same page of another project. */
export function pagePath(page: Page, projectId: number): string {
  return page === "overview" ? overviewPath(projectId) : `/project/${projectId}/${page}`;
}
