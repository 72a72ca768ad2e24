import { useState } from "react";

import type { Breakdown } from "../insights/queries";
import { PropertyPicker } from "./PropertyPicker";

interface Props {
  breakdowns: Breakdown[];
  most: number;
  onChange: (breakdowns: Breakdown[]) => void;
}

export function BreakdownList({ breakdowns, most, onChange }: Props) {
  const [adding, setAdding] = useState(false);
  return (
    <div className="filters" role="group" aria-label="Breakdown">
      <span className="filters-name">Broken down by</span>
      {breakdowns.map(({ type, property }, index) => (
        <span className="filter" key={index}>
          <span className="foreign" title={`${type} property`}>
            {property}
          </span>
          <button
            type="button"
            className="icon-button"
            title="Remove"
            onClick={() => onChange(breakdowns.filter((_, place) => place !== index))}
          >
            <span aria-hidden="true">×</span>
            <span className="visually-hidden">Remove the breakdown by {property}</span>
          </button>
        </span>
      ))}
      {adding ? (
        <PropertyPicker
          label="Property to break down by"
          property={null}
          onChange={({ type, key }) => {
            setAdding(false);
            onChange([...breakdowns, { type, property: key }]);
          }}
        />
      ) : (
        breakdowns.length < most && (
          <button type="button" className="link-button" onClick={() => setAdding(true)}>
            + Breakdown
          </button>
        )
      )}
    </div>
  );
}
