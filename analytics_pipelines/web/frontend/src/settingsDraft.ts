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
}

export type Field = keyof Draft;

export const LISTS = [
  "denied_properties",
  "denied_events",
  "allowed_events",
  "denied_distinct_ids",
] as const;

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
    changes.daily_event_quota = quotaOf(draft.daily_event_quota);
  }
  return changes;
}

export function isChanged(draft: Draft, saved: Draft): boolean {
  return (Object.keys(saved) as Field[]).some((field) => draft[field] !== saved[field]);
}

function entriesOf(text: string): string[] {
  const lines = text.split("\n").map((line) => line.trim());
  return [...new Set(lines.filter((line) => line !== ""))];
}

function quotaOf(text: string): number | null {
  const written = text.trim();
  if (written === "") return null;
  const whole = /^(\d+|\d{1,3}([ ,._']\d{3})+)$/.test(written);
  const quota = Number(written.replace(/\D/g, ""));
  if (!whole || !Number.isSafeInteger(quota)) {
    throw new WrongField("daily_event_quota", "Write a whole number of events, or leave it empty.");
  }
  return quota;
}
