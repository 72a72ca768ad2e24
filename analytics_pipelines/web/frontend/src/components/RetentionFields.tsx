import { type Draft, RETENTION } from "../settingsDraft";
import { Field } from "./Field";

const TEXTS: Record<(typeof RETENTION)[number], { label: string; help: string }> = {
  event_retention_days: {
    label: "Days to keep events",
    help: "By the day on which they happened (UTC). Questions about days that are gone give less; persons stay.",
  },
  dead_letter_retention_days: {
    label: "Days to keep dead letters",
    help: "What was sent and was no event, by the day on which it arrived.",
  },
  recording_retention_days: {
    label: "Days to keep session recordings",
    help: "By the day on which they arrived.",
  },
  export_retention_days: {
    label: "Days to keep exported files",
    help: "Those in the installation’s folder, by the hour or day that they are of. Buckets and databases of yours are not touched.",
  },
};

interface Props {
  draft: Draft;
  errorOf: (field: keyof Draft) => string | undefined;
  onEdit: (change: Partial<Draft>) => void;
}

export function RetentionFields({ draft, errorOf, onEdit }: Props) {
  return (
    <fieldset className="form-group">
      <legend>How long it is kept</legend>
      <p className="field-help">
        What is older goes every night, for good. Empty: it is kept for ever.
      </p>
      {RETENTION.map((rule) => (
        <Field
          key={rule}
          label={TEXTS[rule].label}
          help={TEXTS[rule].help}
          error={errorOf(rule)}
        >
          {(attributes) => (
            <input
              {...attributes}
              type="text"
              inputMode="numeric"
              placeholder="For ever"
              value={draft[rule]}
              autoComplete="off"
              onChange={(event) => onEdit({ [rule]: event.target.value })}
            />
          )}
        </Field>
      ))}
    </fieldset>
  );
}
