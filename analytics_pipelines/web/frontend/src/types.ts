/** The JSON of the web API, as far as these pages read it. */

export interface Me {
  id: number | string;
  email: string;
  name: string;
  organization: { id: number | string; name: string } | null;
}

export interface Project {
  id: number;
  name: string;
  api_token: string;
  timezone: string;
  week_start_day: number;
  is_demo: boolean;
  created_at: string;
}

/** What the settings page reads of a project, and changes. */
export interface ProjectSettings extends Project {
  anonymize_ips: boolean;
  denied_properties: string[];
  denied_events: string[];
  allowed_events: string[];
  denied_distinct_ids: string[];
  daily_event_quota: number | null;
  /** Days; null: for ever. */
  event_retention_days: number | null;
  dead_letter_retention_days: number | null;
  recording_retention_days: number | null;
  export_retention_days: number | null;
  alert_url: string | null;
  alert_mail: string | null;
  /** Of this UTC day of arrival. */
  events_today: number;
}

export type ProjectChanges = Partial<
  Omit<ProjectSettings, "id" | "api_token" | "is_demo" | "created_at" | "events_today">
>;

/** How many events of a name a rule of the project kept out. */
export interface Dropped {
  rule: string;
  event: string;
  events: number;
}

/** Events that were stored, but not as their sender may have meant them. */
export interface Warning {
  type: string;
  title: string;
  meaning: string;
  advice: string;
  events: number;
  last_seen: string;
  /** `details` is JSON, or empty. */
  example: { event: string; distinct_id: string; uuid: string; details: string };
}

export interface Instance {
  version: string;
  capture_url: string;
  dagster_url: string | null;
}

export interface Ingestion {
  lag_seconds: number | null;
  pending_objects: number;
  events_total: number;
  dead_letters_total: number;
  last_event_at: string | null;
  dropped_total: number;
  /** The most frequent of the last 30 days. */
  dropped: Dropped[];
  /** Of the last 30 days by type, the latest first. */
  warnings: Warning[];
}

export interface HogQLQuery {
  kind: "HogQLQuery";
  query: string;
}

export interface HogQLAnswer {
  results: unknown[][];
  columns: string[];
  types: [string, string][];
  hogql: string | null;
  limit: number | null;
  limit_applied: boolean;
  last_refresh: string | null;
  timezone: string;
}

export type SeriesMath = "total" | "dau";
export type Interval = "day" | "month";

export interface TrendsQuery {
  kind: "TrendsQuery";
  series: { kind: "EventsNode"; event: string | null; name: string; math: SeriesMath }[];
  interval: Interval;
  dateRange: { date_from: string };
}

export interface TrendsRow {
  label: string;
  count: number;
  data: number[];
  labels: string[];
  days: string[];
}

export interface TrendsAnswer {
  results: TrendsRow[];
  hogql: string | null;
  last_refresh: string | null;
  timezone: string;
}

/** The body of every answer that is not a success. */
export interface ErrorBody {
  type?: string;
  code?: string;
  detail?: string;
  attr?: string | null;
  start?: number | null;
  end?: number | null;
}
