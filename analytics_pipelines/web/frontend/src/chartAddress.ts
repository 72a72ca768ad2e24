import { useMemo } from "react";

import { type ChartState, chartStateOf, searchOf } from "./chartState";
import { navigate, useSearch } from "./location";

/** The chart's state as the address holds it; a change is a step in the history. */
export function useChartState(): [ChartState, (change: Partial<ChartState>) => void] {
  const search = useSearch();
  const state = useMemo(() => chartStateOf(search), [search]);
  const change = (part: Partial<ChartState>) =>
    navigate(window.location.pathname + searchOf({ ...state, ...part }, search));
  return [state, change];
}
