import { useMemo } from "react";

import { type Choice, Combobox } from "../components/Combobox";
import { useKnown } from "./catalogContext";

export interface Property {
  type: string;
  key: string;
}

const SESSION_PROPERTIES = [
  "$session_duration",
  "$channel_type",
  "$entry_current_url",
  "$entry_pathname",
  "$entry_referring_domain",
  "$entry_utm_source",
  "$is_bounce",
  "$pageview_count",
];

interface Props {
  label: string;
  property: Property | null;
  /** Also cohorts, as a property that people have. */
  withCohorts?: boolean;
  only?: "event";
  onChange: (property: Property) => void;
}

export function PropertyPicker({ label, property, withCohorts = false, only, onChange }: Props) {
  const { eventProperties, personProperties, cohorts } = useKnown();
  const choices = useMemo((): Choice[] => {
    const of = (type: string, names: readonly string[], hint: string) =>
      names.map((name) => ({ value: `${type}:${name}`, label: name, hint }));
    const ofEvents = of("event", eventProperties, "event");
    if (only) return ofEvents;
    return [
      ...(withCohorts && cohorts.length > 0 ? [{ value: "cohort:id", label: "Cohort" }] : []),
      ...ofEvents,
      ...of("person", personProperties, "person"),
      ...of("session", SESSION_PROPERTIES, "session"),
    ];
  }, [eventProperties, personProperties, cohorts, withCohorts, only]);
  const value = property ? `${property.type}:${property.key}` : "";
  const known = choices.some((choice) => choice.value === value);
  const take = (chosen: string) => {
    const [, type, key] = /^(event|person|session|cohort):(.*)$/s.exec(chosen) ?? [];
    onChange(type !== undefined && key !== undefined ? { type, key } : { type: "event", key: chosen });
  };
  return (
    <Combobox
      label={label}
      value={known || !property ? value : property.key}
      choices={choices}
      placeholder="Choose a property"
      free
      onChange={take}
    />
  );
}
