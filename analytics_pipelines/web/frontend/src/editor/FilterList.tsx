import { useState } from "react";

import { isPlainFilter, operatorOf, operatorsFor, valueOf, valueText } from "../insights/operators";
import type { PropertyFilter } from "../insights/queries";
import { PropertyPicker } from "./PropertyPicker";
import { Select } from "./Select";
import { ValuePicker } from "./ValuePicker";

interface Props {
  /** Of what: "all series", or the name of one. */
  of: string;
  filters: PropertyFilter[] | undefined;
  /** Words before the list. */
  lead?: string;
  onChange: (filters: PropertyFilter[]) => void;
}

export function FilterList({ of, filters, lead, onChange }: Props) {
  const [adding, setAdding] = useState(false);
  if (filters !== undefined && !Array.isArray(filters)) {
    return <p className="muted">Its filters are nested; they hold, and can be changed by the API.</p>;
  }
  const shown = filters ?? [];
  const put = (index: number, filter: PropertyFilter) =>
    onChange(shown.map((one, place) => (place === index ? filter : one)));
  return (
    <div className="filters" role="group" aria-label={`Filters on ${of}`}>
      {lead && <span>{lead}</span>}
      {shown.map((filter, index) => (
        <FilterRow
          key={index}
          filter={filter}
          onChange={(changed) => put(index, changed)}
          onRemove={() => onChange(shown.filter((_, place) => place !== index))}
        />
      ))}
      {adding ? (
        <PropertyPicker
          label={`Property to filter ${of} by`}
          property={null}
          withCohorts
          onChange={({ type, key }) => {
            setAdding(false);
            onChange([...shown, { type, key, operator: type === "cohort" ? "in" : "exact" }]);
          }}
        />
      ) : (
        <button type="button" className="link-button" onClick={() => setAdding(true)}>
          + Filter
        </button>
      )}
    </div>
  );
}

interface RowProps {
  filter: PropertyFilter;
  onChange: (filter: PropertyFilter) => void;
  onRemove: () => void;
}

function FilterRow({ filter, onChange, onRemove }: RowProps) {
  if (!isPlainFilter(filter)) {
    return <p className="muted">A group of filters; it can be changed by the API.</p>;
  }
  const { type, key, operator, value } = filter;
  const takeOperator = (chosen: string) => {
    const { value: _, ...rest } = filter;
    const compares = operatorsFor(type).find((one) => one.value === chosen)?.compares;
    onChange({
      ...rest,
      operator: chosen,
      ...(compares && value !== undefined && { value: valueOf(valueText(value), chosen) }),
    });
  };
  return (
    <div className="filter">
      <span className="foreign" title={`${type} property`}>
        {type === "cohort" ? "Cohort" : key}
      </span>
      <Select
        quiet
        label={`How ${key} is compared`}
        value={operator}
        options={operatorsFor(type)}
        onChange={takeOperator}
      />
      {operatorOf(filter).compares && (
        <ValuePicker
          property={filter}
          value={valueText(value)}
          onChange={(text) =>
            onChange({ ...filter, value: type === "cohort" ? Number(text) : valueOf(text, operator) })
          }
        />
      )}
      <button type="button" className="icon-button" title="Remove" onClick={onRemove}>
        <span aria-hidden="true">×</span>
        <span className="visually-hidden">Remove the filter on {key}</span>
      </button>
    </div>
  );
}
