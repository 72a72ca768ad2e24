import { useState } from "react";

import { type TestedChannel, testAlarms } from "../api";
import type { Draft } from "../settingsDraft";
import { Field } from "./Field";

interface Props {
  projectId: number;
  draft: Draft;
  saved: Draft;
  errorOf: (field: keyof Draft) => string | undefined;
  onEdit: (change: Partial<Draft>) => void;
}

/** Whom the project tells of what goes wrong in it, and a try of it. */
export function AlarmFields({ projectId, draft, saved, errorOf, onEdit }: Props) {
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState("");
  const isSaved = draft.alert_url === saved.alert_url && draft.alert_mail === saved.alert_mail;
  const nobody = saved.alert_url === "" && saved.alert_mail === "";

  const test = async () => {
    if (busy) return;
    if (!isSaved || nobody) {
      setSaid(isSaved ? "Nobody is told yet: name a webhook or an address." : "Save it first.");
      return;
    }
    setBusy(true);
    setSaid("Sending…");
    try {
      setSaid((await testAlarms(projectId)).map(sentence).join(" "));
    } catch (cause) {
      setSaid(cause instanceof Error ? cause.message : String(cause));
    } finally {
      setBusy(false);
    }
  };

  return (
    <fieldset className="form-group">
      <legend>Alarms</legend>
      <p className="field-help">
        Who is told when an export, an insight or a cohort of this project fails, a destination is
        parked, an erasure is broken off, or no new events are loaded: once an hour each, with what to
        do, and when it is over.
      </p>
      <Field
        label="Webhook"
        help="Of Slack, Discord or Teams, or any other public address that takes JSON."
        error={errorOf("alert_url")}
      >
        {(attributes) => (
          <input
            {...attributes}
            type="url"
            placeholder="None"
            value={draft.alert_url}
            maxLength={2000}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => onEdit({ alert_url: event.target.value })}
          />
        )}
      </Field>
      <Field
        label="Mail"
        help="Up to ten addresses, with commas between them."
        error={errorOf("alert_mail")}
      >
        {(attributes) => (
          <input
            {...attributes}
            type="text"
            inputMode="email"
            placeholder="None"
            value={draft.alert_mail}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => onEdit({ alert_mail: event.target.value })}
          />
        )}
      </Field>
      <div className="form-actions">
        <button
          type="button"
          className="button"
          aria-disabled={busy || !isSaved || nobody}
          onClick={test}
        >
          Send a test alarm
        </button>
        <span role="status" className="foreign">
          {said}
        </span>
      </div>
    </fieldset>
  );
}

function sentence({ name, told, error }: TestedChannel): string {
  const channel = name === "mail" ? "The mail server" : "The webhook";
  return told ? `${channel} took it.` : `${channel} did not take it: ${error ?? "no reason given"}`;
}
