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

export function ValuePicker({ property, value, onChange }: Props) {
  const { cohorts } = useKnown();
  if (property.type !== "cohort") {
    return <PropertyValue property={property} value={value} onChange={onChange} />;
  }
  const choices = cohorts.map(({ id, name }) => ({ value: String(id), label: name }));
  return <Combobox label="Cohort" value={value} choices={choices} onChange={onChange} />;
}

/** The most frequent values of the last 30 days are offered once the field is opened. */
function PropertyValue({ property, value, onChange }: Props) {
  const { projectId } = useKnown();
  const [opened, setOpened] = useState(false);
  const sql = opened ? valuesSql(property) : null;
  const { data, loading } = useResource(`values:${projectId}:${sql}`, async (signal) =>
    sql === null ? [] : (await fetchRows(projectId, sql, signal)).results,
  );
  const values = (data ?? []).map(([found]) => String(found));
  return (
    <Combobox
      label={`Value of ${property.key}`}
      value={value}
      choices={values.map((one) => ({ value: one, label: one }))}
      placeholder="Value"
      free
      loading={opened && loading}
      onChange={onChange}
      onOpen={() => setOpened(true)}
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
