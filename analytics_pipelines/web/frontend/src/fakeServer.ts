import { vi } from "vitest";

import type { Ingestion, Instance, Project, ProjectSettings } from "./types";

/** For tests: answers requests from a table, and remembers them. */

type Answer = unknown | (() => Response | Promise<Response>);

export interface Seen {
  path: string;
  init: RequestInit;
  body: { query?: { kind: string; query?: string } & Record<string, unknown>; refresh?: string };
}

export function fakeServer(answerTo: (seen: Seen) => Answer): Seen[] {
  const seen: Seen[] = [];
  vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
    const one = { path, init, body: JSON.parse(String(init.body ?? "{}")) as Seen["body"] };
    seen.push(one);
    const answer = answerTo(one);
    return typeof answer === "function" ? (answer() as Promise<Response>) : json(answer);
  });
  return seen;
}

export function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "Content-Type": "application/json" },
  });
}

export const PROJECT: Project = {
  id: 7,
  name: "Shop",
  api_token: "phc_realKey",
  timezone: "Europe/Berlin",
  week_start_day: 1,
  is_demo: false,
  created_at: "2026-01-01T00:00:00Z",
};

export const SETTINGS: ProjectSettings = {
  ...PROJECT,
  anonymize_ips: false,
  denied_properties: ["email"],
  denied_events: [],
  allowed_events: [],
  denied_distinct_ids: [],
  daily_event_quota: null,
  event_retention_days: 400,
  dead_letter_retention_days: null,
  recording_retention_days: null,
  export_retention_days: null,
  alert_url: null,
  alert_mail: null,
  events_today: 1234,
};

export const INSTANCE: Instance = {
  version: "1.2.3",
  capture_url: "http://capture.example:8000/",
  dagster_url: null,
};

export const INGESTION: Ingestion = {
  lag_seconds: 1.5,
  pending_objects: 0,
  events_total: 3,
  dead_letters_total: 0,
  last_event_at: null,
  dropped_total: 0,
  dropped: [],
  warnings: [],
};

export const TREND = {
  results: [
    {
      label: "All events",
      count: 3,
      data: [2, 1],
      labels: ["1-Nov-2026", "2-Nov-2026"],
      days: ["2026-11-01", "2026-11-02"],
      action: { order: 0 },
    },
  ],
  hogql: "SELECT count() FROM events",
  last_refresh: "2026-11-02T10:00:00Z",
  timezone: "Europe/Berlin",
};

export function rows(columns: string[], results: unknown[][]) {
  return {
    results,
    columns,
    types: columns.map((column) => [column, "String"]),
    hogql: null,
    limit: 100,
    limit_applied: false,
    last_refresh: null,
    timezone: "UTC",
  };
}
