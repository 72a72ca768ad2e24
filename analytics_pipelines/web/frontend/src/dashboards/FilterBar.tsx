import { useMemo, useState } from "react";

import { DateRangePicker } from "../editor/DateRangePicker";
import { FilterList } from "../editor/FilterList";
import { CatalogProvider } from "../editor/catalogContext";
import { useCatalog } from "../insights/catalog";
import type { Filters } from "./api";

interface Props {
  projectId: number;
  filters: Filters;
  /** They are this look's only, and can be saved or dropped. */
  temporary: boolean;
  onChange: (filters: Filters) => void;
  onSave: () => void;
  onReset: () => void;
}

/** Dates and property filters that hold for all tiles. */
export function FilterBar({ projectId, filters, temporary, onChange, onSave, onReset }: Props) {
  const [filtering, setFiltering] = useState((filters.properties?.length ?? 0) > 0);
  const dated = Boolean(filters.date_from || filters.date_to);
  const common = { filters, onChange };
  return (
    <div className="filter-bar" role="group" aria-label="Dates and filters of the dashboard">
      <DateRangePicker
        range={dated ? dateRangeOf(filters) : undefined}
        none="As each insight has them"
        onChange={(range) => {
          const { date_from: _from, date_to: _to, ...rest } = filters;
          onChange({ ...rest, ...range });
        }}
      />
      {filtering ? (
        <Properties projectId={projectId} {...common} />
      ) : (
        <button type="button" className="link-button" onClick={() => setFiltering(true)}>
          Filter…
        </button>
      )}
      {temporary && (
        <span className="filter-actions">
          <button type="button" className="button small" onClick={onSave}>
            Save for everyone
          </button>
          <button type="button" className="link-button" onClick={onReset}>
            Reset
          </button>
        </span>
      )}
    </div>
  );
}

function dateRangeOf({ date_from, date_to }: Filters) {
  return { ...(date_from && { date_from }), ...(date_to && { date_to }) };
}

/** The names of properties are loaded once somebody wants to filter. */
function Properties({ projectId, filters, onChange }: Pick<Props, "projectId" | "filters" | "onChange">) {
  const { catalog } = useCatalog(projectId);
  const known = useMemo(() => ({ ...catalog, projectId }), [catalog, projectId]);
  return (
    <CatalogProvider value={known}>
      <FilterList
        of="the dashboard"
        filters={filters.properties ?? []}
        onChange={(properties) => onChange({ ...filters, properties })}
      />
    </CatalogProvider>
  );
}
