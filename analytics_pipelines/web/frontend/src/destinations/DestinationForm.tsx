import { type FormEvent, useEffect, useRef, useState } from "react";

import { ApiError } from "../api";
import { Field } from "../components/Field";
import { type NewDestination, PRESETS, type Preset } from "./api";

interface Props {
  onCreate: (destination: NewDestination) => Promise<void>;
}

const LABELS: Record<Preset, string> = {
  generic: "Any that takes JSON",
  slack: "Slack",
  discord: "Discord",
  teams: "Teams",
};

/** What most destinations need; the API has the rest. */
export function DestinationForm({ onCreate }: Props) {
  const [name, setName] = useState("");
  const [preset, setPreset] = useState<Preset>("generic");
  const [url, setUrl] = useState("");
  const [events, setEvents] = useState("");
  const [failure, setFailure] = useState<Error | null>(null);
  const [busy, setBusy] = useState(false);

  const form = useRef<HTMLFormElement>(null);
  // A keyboard goes on at the field that is wrong.
  useEffect(() => {
    form.current?.querySelector<HTMLElement>("[aria-invalid='true']")?.focus();
  }, [failure]);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (busy || !name.trim() || !url.trim()) return;
    setBusy(true);
    setFailure(null);
    const names = events.split("\n").map((one) => one.trim());
    const chosen = [...new Set(names)].filter(Boolean);
    try {
      await onCreate({
        name: name.trim(),
        preset,
        url: url.trim(),
        filters: { events: chosen.map((id) => ({ id, type: "events" })) },
      });
      setName("");
      setUrl("");
      setEvents("");
    } catch (cause) {
      setFailure(cause instanceof Error ? cause : new Error(String(cause)));
    } finally {
      setBusy(false);
    }
  };

  const attr = failure instanceof ApiError ? failure.attr : null;
  const errorOf = (field: string) => (failure && attr === field ? failure.message : undefined);
  return (
    <form ref={form} className="card" onSubmit={submit} aria-label="New destination">
      <h2>New destination</h2>
      <Field label="Name" error={errorOf("name")}>
        {(attributes) => (
          <input
            {...attributes}
            type="text"
            required
            maxLength={400}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        )}
      </Field>
      <Field label="Receiver">
        {(attributes) => (
          <select
            {...attributes}
            value={preset}
            onChange={(event) => setPreset(event.target.value as Preset)}
          >
            {PRESETS.map((one) => (
              <option key={one} value={one}>
                {LABELS[one]}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field
        label="URL"
        help="A public address on port 80 or 443. Redirects are not followed."
        error={errorOf("url")}
      >
        {(attributes) => (
          <input
            {...attributes}
            type="url"
            required
            maxLength={2000}
            value={url}
            onChange={(event) => setUrl(event.target.value)}
          />
        )}
      </Field>
      <Field label="Events" help="One name a line; empty: every event." error={errorOf("filters")}>
        {(attributes) => (
          <textarea
            {...attributes}
            rows={3}
            value={events}
            onChange={(event) => setEvents(event.target.value)}
          />
        )}
      </Field>
      {failure && !["name", "url", "filters"].includes(attr ?? "") && (
        <p className="field-error" role="alert">
          {failure.message}
        </p>
      )}
      <p>
        <button type="submit" className="button primary" aria-disabled={busy}>
          {busy ? "Saving…" : "Create"}
        </button>
      </p>
    </form>
  );
}
