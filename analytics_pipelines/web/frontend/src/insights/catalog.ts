import { ApiError, request } from "../api";
import { useResource } from "../resource";

/** What the project's questions can be about: names of events and properties, actions, cohorts. */

export interface Catalog {
  events: string[];
  actions: { id: number; name: string }[];
  cohorts: { id: number; name: string }[];
  eventProperties: string[];
  personProperties: string[];
}

/** The most frequent names of each; others can be typed. */
const MOST_NAMES = "1000";

const NOTHING: Catalog = {
  events: [],
  actions: [],
  cohorts: [],
  eventProperties: [],
  personProperties: [],
};

export function useCatalog(projectId: number): { catalog: Catalog; error: Error | undefined } {
  const { data, error } = useResource(`catalog:${projectId}`, (signal) =>
    fetchCatalog(projectId, signal),
  );
  return { catalog: data ?? NOTHING, error };
}

async function fetchCatalog(projectId: number, signal: AbortSignal): Promise<Catalog> {
  const list = <T>(path: string, parameters: Record<string, string> = {}) =>
    fetchList<T>(`/api/projects/${projectId}/${path}/`, parameters, signal);
  const byVolume = { ordering: "-volume", limit: MOST_NAMES };
  const [events, actions, cohorts, eventProperties, personProperties] = await Promise.all([
    list<{ name: string }>("event_definitions", byVolume),
    list<{ id: number; name: string }>("actions"),
    list<{ id: number; name: string }>("cohorts"),
    list<{ name: string }>("property_definitions", { ...byVolume, type: "event" }),
    list<{ name: string }>("property_definitions", { ...byVolume, type: "person" }),
  ]);
  const names = (found: { name: string }[]) => found.map(({ name }) => name);
  return {
    events: names(events),
    actions,
    cohorts,
    eventProperties: names(eventProperties),
    personProperties: names(personProperties),
  };
}

/** Whoever may not see one of the lists still gets the others. */
async function fetchList<T>(
  path: string,
  parameters: Record<string, string>,
  signal: AbortSignal,
): Promise<T[]> {
  try {
    const { results } = await request<{ results?: T[] }>(
      `${path}?${new URLSearchParams(parameters)}`,
      { signal },
    );
    return Array.isArray(results) ? results : [];
  } catch (cause) {
    if (cause instanceof ApiError && (cause.status === 403 || cause.status === 404)) return [];
    throw cause;
  }
}
