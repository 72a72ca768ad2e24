import type { Interval } from "../insights/queries";
import { Select } from "./Select";

const INTERVALS: readonly { value: Interval; label: string }[] = [
  { value: "hour", label: "hour" },
  { value: "day", label: "day" },
  { value: "week", label: "week" },
  { value: "month", label: "month" },
];

interface Props {
  value: Interval | undefined;
  onChange: (interval: Interval) => void;
}

export function IntervalSelect({ value, onChange }: Props) {
  return <Select label="By" value={value ?? "day"} options={INTERVALS} onChange={onChange} />;
}
