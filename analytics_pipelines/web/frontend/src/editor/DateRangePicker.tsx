import { useState } from "react";

import { DEFAULT_FROM, RANGES, namedRange, rangeLabel } from "../insights/ranges";
import type { DateRange } from "../insights/queries";
import { CommitInput } from "./CommitInput";
import { Select } from "./Select";

interface Props {
  range: DateRange | undefined;
  /** What holds without a choice: "As each insight has it". */
  none?: string;
  onChange: (range: DateRange | null) => void;
}

const CUSTOM = "custom";
const NONE = "none";

/** Ranges with a name, or two days of one's own. */
export function DateRangePicker({ range, none, onChange }: Props) {
  const [picking, setPicking] = useState(false);
  const named = range === undefined && none !== undefined ? undefined : namedRange(range ?? {});
  const custom = picking || (range !== undefined && !named);
  const value = custom ? CUSTOM : named ? named.label : NONE;
  const options = [
    ...(none === undefined ? [] : [{ value: NONE, label: none }]),
    ...RANGES.map(({ label }) => ({ value: label, label })),
    { value: CUSTOM, label: custom && range && !named ? rangeLabel(range) : "From … to …" },
  ];
  const take = (chosen: string) => {
    setPicking(chosen === CUSTOM);
    if (chosen === NONE) onChange(null);
    const found = RANGES.find(({ label }) => label === chosen);
    if (found) onChange({ date_from: found.from, ...(found.to && { date_to: found.to }) });
  };
  const from = range?.date_from ?? DEFAULT_FROM;
  const day = (text: string | null | undefined) => (text && /^\d{4}-\d\d-\d\d/.test(text) ? text.slice(0, 10) : "");
  return (
    <span className="date-range">
      <Select label="Dates" value={value} options={options} onChange={take} />
      {custom && (
        <>
          <CommitInput
            label="From"
            type="date"
            value={day(range?.date_from)}
            onCommit={(date) => date && onChange({ ...range, date_from: date })}
          />
          <CommitInput
            label="To"
            type="date"
            value={day(range?.date_to)}
            onCommit={(date) => onChange({ date_from: from, ...(date && { date_to: date }) })}
          />
        </>
      )}
    </span>
  );
}
