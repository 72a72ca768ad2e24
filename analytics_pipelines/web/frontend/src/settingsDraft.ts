import type { ProjectChanges, ProjectSettings } from "./types";

/** What stands in the fields of the settings form: lists are texts with one entry a line. */
export interface Draft {
  name: string;
  timezone: string;
  anonymize_ips: boolean;
  denied_properties: string;
  denied_events: string;
  allowed_events: string;
  denied_distinct_ids: string;
  daily_event_quota: string;
  event_retention_days: string;
  dead_letter_retention_days: string;
  recording_retention_days: string;
  export_retention_days: string;
  alert_url: string;
  alert_mail: string;
}

export type Field = keyof Draft;

export const LISTS = [
  "denied_properties",
  "denied_events",
  "allowed_events",
  "denied_distinct_ids",
] as const;

export const RETENTION = [
  "event_retention_days",
  "dead_letter_retention_days",
  "recording_retention_days",
  "export_retention_days",
] as const;

const MOST_DAYS = 36_500;

export function draftOf(settings: ProjectSettings): Draft {
  return {
    name: settings.name,
    timezone: settings.timezone,
    anonymize_ips: settings.anonymize_ips,
    denied_properties: settings.denied_properties.join("\n"),
    denied_events: settings.denied_events.join("\n"),
    allowed_events: settings.allowed_events.join("\n"),
    denied_distinct_ids: settings.denied_distinct_ids.join("\n"),
    daily_event_quota: String(settings.daily_event_quota ?? ""),
    event_retention_days: String(settings.event_retention_days ?? ""),
    dead_letter_retention_days: String(settings.dead_letter_retention_days ?? ""),
    recording_retention_days: String(settings.recording_retention_days ?? ""),
    export_retention_days: String(settings.export_retention_days ?? ""),
    alert_url: settings.alert_url ?? "",
    alert_mail: settings.alert_mail ?? "",
  };
}

/** What the reader cannot mean; said before the server is asked. */
export class WrongField extends Error {
  constructor(
    readonly attr: Field,
    message: string,
  ) {
    super(message);
  }
}

/** Only the fields that differ: what somebody else changes meanwhile stays. Throws WrongField. */
export function changesOf(draft: Draft, saved: Draft): ProjectChanges {
  const changes: ProjectChanges = {};
  if (draft.name !== saved.name) changes.name = draft.name;
  if (draft.timezone !== saved.timezone) changes.timezone = draft.timezone.trim();
  if (draft.anonymize_ips !== saved.anonymize_ips) changes.anonymize_ips = draft.anonymize_ips;
  for (const list of LISTS) {
    if (draft[list] !== saved[list]) changes[list] = entriesOf(draft[list]);
  }
  if (draft.daily_event_quota !== saved.daily_event_quota) {
    changes.daily_event_quota = numberOf(draft, "daily_event_quota", "events");
  }
  for (const rule of RETENTION) {
    if (draft[rule] !== saved[rule]) changes[rule] = daysOf(draft, rule);
  }
  for (const field of ["alert_url", "alert_mail"] as const) {
    if (draft[field] !== saved[field]) changes[field] = draft[field].trim() || null;
  }
  return changes;
}

/** The rules by which something goes that was kept so far, in days. */
export function shorterIn(
  changes: ProjectChanges,
  settings: ProjectSettings,
): Partial<Record<(typeof RETENTION)[number], number>> {
  return Object.fromEntries(
    RETENTION.flatMap((rule) => {
      const days = changes[rule];
      return typeof days === "number" && days < (settings[rule] ?? Infinity) ? [[rule, days]] : [];
    }),
  );
}

export function isChanged(draft: Draft, saved: Draft): boolean {
  return (Object.keys(saved) as Field[]).some((field) => draft[field] !== saved[field]);
}

function entriesOf(text: string): string[] {
  const lines = text.split("\n").map((line) => line.trim());
  return [...new Set(lines.filter((line) => line !== ""))];
}

function daysOf(draft: Draft, rule: (typeof RETENTION)[number]): number | null {
  const days = numberOf(draft, rule, "days");
  if (days !== null && (days < 1 || days > MOST_DAYS)) {
    throw new WrongField(rule, "Write 1 to 36,500 days, or leave it empty to keep it for ever.");
  }
  return days;
}

/** What is written with or without separators; null when nothing is. Throws WrongField. */
function numberOf(draft: Draft, field: Field, unit: string): number | null {
  const written = String(draft[field]).trim();
  if (written === "") return null;
  const whole = /^(\d+|\d{1,3}([ ,._']\d{3})+)$/.test(written);
  const number = Number(written.replace(/\D/g, ""));
  if (!whole || !Number.isSafeInteger(number)) {
    throw new WrongField(field, `Write a whole number of ${unit}, or leave it empty.`);
  }
  return number;
}
