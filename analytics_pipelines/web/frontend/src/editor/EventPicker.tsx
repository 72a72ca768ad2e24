import { useMemo } from "react";

import { Combobox } from "../components/Combobox";
import { seriesName } from "../insights/kinds";
import type { Series } from "../insights/queries";
import { useKnown } from "./catalogContext";

interface Props {
  label: string;
  series: Series;
  /** The event or action alone. */
  onChange: (source: Series) => void;
}

const ALL = "*all";

/** Events by how many there were lately, and saved actions. */
export function EventPicker({ label, series, onChange }: Props) {
  const { events, actions } = useKnown();
  const choices = useMemo(
    () => [
      { value: ALL, label: "All events" },
      ...actions.map(({ id, name }) => ({ value: `action:${id}`, label: name, hint: "action" })),
      ...events.map((event) => ({ value: `event:${event}`, label: event })),
    ],
    [events, actions],
  );
  const take = (value: string) => {
    const action = actions.find(({ id }) => value === `action:${id}`);
    if (value === ALL) onChange({ kind: "EventsNode", event: null });
    else if (action) onChange({ kind: "ActionsNode", id: action.id, name: action.name });
    else onChange({ kind: "EventsNode", event: value.replace(/^event:/, "") });
  };
  const value =
    series.kind === "ActionsNode"
      ? `action:${series.id}`
      : series.event === null
        ? ALL
        : `event:${series.event}`;
  const known = choices.some((choice) => choice.value === value);
  return (
    <Combobox
      label={label}
      value={known ? value : seriesName(series)}
      choices={choices}
      placeholder="Choose an event"
      free
      onChange={take}
    />
  );
}
