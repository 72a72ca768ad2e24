import { useState } from "react";

import { fetchRows } from "../api";
import { Combobox } from "../components/Combobox";
import { useResource } from "../resource";
import { useKnown } from "./catalogContext";
import type { Property } from "./PropertyPicker";

interface Props {
  property: Property;
  value: string;
  onChange: (value: string) => void;
}

/** The most frequent values of the last 30 days are offered once the field is opened. */
export function ValuePicker({ property, value, onChange }: Props) {
  const { projectId, cohorts } = useKnown();
  const [opened, setOpened] = useState(false);
  if (property.type === "cohort") {
    const choices = cohorts.map(({ id, name }) => ({ value: String(id), label: name }));
    return <Combobox label="Cohort" value={value} choices={choices} onChange={onChange} />;
  }
  const common = { property, value, onChange, onOpen: () => setOpened(true) };
  if (!opened) return <Values {...common} values={[]} />;
  return <Found projectId={projectId} {...common} />;
}

interface CommonProps extends Props {
  onOpen: () => void;
}

function Found({ projectId, ...rest }: CommonProps & { projectId: number }) {
  const sql = valuesSql(rest.property);
  const { data } = useResource(`values:${projectId}:${sql}`, (signal) =>
    fetchRows(projectId, sql, signal),
  );
  const values = (data?.results ?? []).map(([found]) => String(found));
  return <Values {...rest} values={values} />;
}

function Values({ property, value, values, onChange, onOpen }: CommonProps & { values: string[] }) {
  return (
    <Combobox
      label={`Value of ${property.key}`}
      value={value}
      choices={values.map((one) => ({ value: one, label: one }))}
      placeholder="Value"
      free
      onChange={onChange}
      onOpen={onOpen}
    />
  );
}

function valuesSql({ type, key }: Property): string {
  const name = `\`${key.replace(/[`\\]/g, "\\$&")}\``;
  const field =
    type === "person"
      ? `person.properties.${name}`
      : type === "session"
        ? `session.${name}`
        : `properties.${name}`;
  return (
    `select toString(${field}) as value, count() as events from events` +
    " where timestamp > now() - interval 30 day and isNotNull(value)" +
    " group by value order by events desc limit 50"
  );
}
