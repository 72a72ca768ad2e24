import { useChartState } from "../chartAddress";
import { DATE_RANGES } from "../chartState";
import { Segmented } from "./Segmented";

const OPTIONS = DATE_RANGES.map(({ dateFrom, label }) => ({ value: dateFrom, label }));

export function RangePicker() {
  const [state, setState] = useChartState();
  const choose = (dateFrom: string) =>
    setState({ range: DATE_RANGES.find((range) => range.dateFrom === dateFrom) ?? state.range });
  return (
    <Segmented
      label="Date range"
      options={OPTIONS}
      value={state.range.dateFrom}
      onChange={choose}
    />
  );
}
