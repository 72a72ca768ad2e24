import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from "react";

import { ApiError, changeProject } from "../api";
import {
  type Draft,
  LISTS,
  WrongField,
  changesOf,
  draftOf,
  isChanged,
  shorterIn,
} from "../settingsDraft";
import type { ProjectChanges, ProjectSettings } from "../types";
import { AlarmFields } from "./AlarmFields";
import { Field } from "./Field";
import { Icon } from "./Icon";
import { QuotaUse } from "./QuotaUse";
import { RetentionFields } from "./RetentionFields";
import { ShorterRetention } from "./ShorterRetention";

const ZONES = ["UTC", ...Intl.supportedValuesOf("timeZone")];

const LIST_TEXTS: Record<(typeof LISTS)[number], { label: string; help: string }> = {
  denied_properties: {
    label: "Properties to leave out",
    help: "Taken out of every event before it is stored. One name a line.",
  },
  denied_events: {
    label: "Events to drop",
    help: "One event name a line, exactly as it is sent.",
  },
  allowed_events: {
    label: "The only events to keep",
    help: "One event name a line. Empty: all are kept.",
  },
  denied_distinct_ids: {
    label: "Distinct IDs to drop",
    help: "Events of these senders are dropped. One ID a line.",
  },
};

interface Props {
  settings: ProjectSettings;
  onSaved: () => void;
}

type Outcome = { saved: true } | { saved: false; error: Error } | null;

export function SettingsForm({ settings, onSaved }: Props) {
  const [latest, setLatest] = useState(settings);
  const [draft, setDraft] = useState(() => draftOf(settings));
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome>(null);
  /** Changes by which something goes; the reader is asked first. */
  const [asked, setAsked] = useState<ProjectChanges | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const saved = draftOf(latest);
  const changed = isChanged(draft, saved);
  const error = outcome?.saved === false ? outcome.error : undefined;
  const wrong = error instanceof ApiError || error instanceof WrongField ? error.attr : null;
  const errorOf = (field: keyof Draft) => (wrong === field ? error?.message : undefined);

  // A keyboard goes on at the field that is wrong.
  // (Nothing is `disabled` while it may have the focus: that would drop it.)
  useEffect(() => {
    form.current?.querySelector<HTMLElement>("[aria-invalid='true']")?.focus();
  }, [outcome]);

  const edit = (change: Partial<Draft>) => {
    setDraft({ ...draft, ...change });
    setOutcome(null);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (busy || !changed) return;
    setOutcome(null);
    try {
      const changes = changesOf(draft, saved);
      if (Object.keys(shorterIn(changes, latest)).length > 0) setAsked(changes);
      else void save(changes);
    } catch (error) {
      setOutcome({ saved: false, error: error as WrongField });
    }
  };
  const save = async (changes: ProjectChanges) => {
    setAsked(null);
    setBusy(true);
    try {
      const answer = await changeProject(latest.id, changes);
      setLatest(answer);
      // What was edited meanwhile stays.
      setDraft((current) => (current === draft ? draftOf(answer) : current));
      setOutcome({ saved: true });
      onSaved();
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      setOutcome({ saved: false, error });
    } finally {
      setBusy(false);
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.metaKey || event.ctrlKey)) return;
    event.preventDefault();
    form.current?.requestSubmit();
  };

  return (
    <>
      <form
        ref={form}
        className="card settings-form"
        data-testid="settings-form"
        aria-busy={busy}
        noValidate
        onSubmit={submit}
        onKeyDown={onKeyDown}
      >
        <fieldset className="form-group">
          <legend>General</legend>
          <Field label="Name" error={errorOf("name")}>
            {(attributes) => (
              <input
                {...attributes}
                type="text"
                value={draft.name}
                maxLength={400}
                autoComplete="off"
                onChange={(event) => edit({ name: event.target.value })}
              />
            )}
          </Field>
          <Field label="Time zone" help="Days begin at its midnight." error={errorOf("timezone")}>
            {(attributes) => (
              <>
                <input
                  {...attributes}
                  type="text"
                  list="time-zones"
                  value={draft.timezone}
                  autoComplete="off"
                  spellCheck={false}
                  onChange={(event) => edit({ timezone: event.target.value })}
                />
                <datalist id="time-zones">
                  {ZONES.map((zone) => (
                    <option key={zone} value={zone} />
                  ))}
                </datalist>
              </>
            )}
          </Field>
        </fieldset>

        <fieldset className="form-group">
          <legend>What is kept of an event</legend>
          <Field
            check
            label="Anonymize IPs"
            help="The senders’ addresses are not stored."
            error={errorOf("anonymize_ips")}
          >
            {(attributes) => (
              <input
                {...attributes}
                type="checkbox"
                checked={draft.anonymize_ips}
                onChange={(event) => edit({ anonymize_ips: event.target.checked })}
              />
            )}
          </Field>
          {list("denied_properties")}
        </fieldset>

        <fieldset className="form-group">
          <legend>Which events are kept</legend>
          {list("denied_events")}
          {list("allowed_events")}
          {list("denied_distinct_ids")}
          <Field
            label="Daily quota"
            help={<QuotaUse settings={latest} />}
            error={errorOf("daily_event_quota")}
          >
            {(attributes) => (
              <input
                {...attributes}
                type="text"
                inputMode="numeric"
                placeholder="No quota"
                value={draft.daily_event_quota}
                autoComplete="off"
                onChange={(event) => edit({ daily_event_quota: event.target.value })}
              />
            )}
          </Field>
        </fieldset>

        <RetentionFields draft={draft} errorOf={errorOf} onEdit={edit} />
        <AlarmFields
          projectId={latest.id}
          draft={draft}
          saved={saved}
          errorOf={errorOf}
          onEdit={edit}
        />

        {error && (
          <div className="error-card" role="alert">
            <Icon name="warning" />
            <div className="error-text">
              <strong>Nothing was saved</strong>
              <p>{error.message}</p>
            </div>
          </div>
        )}
        <div className="form-actions">
          <button type="submit" className="button primary" aria-disabled={busy || !changed}>
            {busy ? "Saving…" : "Save"}
          </button>
          <button
            type="button"
            className="button"
            aria-disabled={busy || !changed}
            onClick={() => !busy && edit(saved)}
          >
            Discard changes
          </button>
          <span role="status" className="saved">
            {outcome?.saved && "Saved. New events follow within a minute."}
          </span>
          <span className="muted wide-only">
            <kbd>Ctrl</kbd> or <kbd>⌘</kbd> + <kbd>Enter</kbd>
          </span>
        </div>
      </form>
      {asked && (
        <ShorterRetention
          projectId={latest.id}
          shorter={shorterIn(asked, latest)}
          onConfirm={() => void save(asked)}
          onClose={() => setAsked(null)}
        />
      )}
    </>
  );

  function list(field: (typeof LISTS)[number]) {
    const { label, help } = LIST_TEXTS[field];
    return (
      <Field label={label} help={help} error={errorOf(field)}>
        {(attributes) => (
          <textarea
            {...attributes}
            value={draft[field]}
            rows={Math.min(Math.max(draft[field].split("\n").length + 1, 3), 12)}
            spellCheck={false}
            autoCapitalize="off"
            autoComplete="off"
            onChange={(event) => edit({ [field]: event.target.value })}
          />
        )}
      </Field>
    );
  }
}
