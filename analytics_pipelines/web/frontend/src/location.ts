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

export type Page = "overview" | "sql" | "settings";

export type Route = { page: "home" } | { page: Page; projectId: string } | { page: "unknown" };

export function routeOf(pathname: string): Route {
  if (pathname === "/") return { page: "home" };
  const [, projectId, rest] = /^\/project\/([^/]+)(\/.*)?$/.exec(pathname) ?? [];
  if (projectId === undefined) return { page: "unknown" };
  if (rest === undefined || rest === "/") return { page: "overview", projectId };
  if (rest === "/sql" || rest === "/sql/") return { page: "sql", projectId };
  if (rest === "/settings" || rest === "/settings/") return { page: "settings", projectId };
  return { page: "unknown" };
}

export function overviewPath(projectId: number): string {
  return `/project/${projectId}`;
}

export function sqlPath(projectId: number, sql?: string): string {
  const path = `/project/${projectId}/sql`;
  return sql === undefined ? path : `${path}?${new URLSearchParams({ q: sql })}`;
}

export function settingsPath(projectId: number): string {
  return `/project/${projectId}/settings`;
}

/** The same page of another project. */
export function pagePath(page: Page, projectId: number): string {
  if (page === "sql") return sqlPath(projectId);
  return page === "settings" ? settingsPath(projectId) : overviewPath(projectId);
}
