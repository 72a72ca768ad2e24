import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, TooltipComponent } from "echarts/components";
import { use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useCallback, useMemo, useState } from "react";

import type { Cartesian } from "../insights/picture";
import { Legend } from "./Legend";
import { cartesianOption } from "./cartesianOption";
import type { ChartProps } from "./chartProps";
import type { Look } from "./look";
import { useChart } from "./useChart";

use([BarChart, LineChart, GridComponent, TooltipComponent, AriaComponent, CanvasRenderer]);

export default function CartesianChart({ chart, summary, onDrawn, onPoint }: ChartProps<Cartesian>) {
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const shown = useMemo(
    () => ({ ...chart, lines: chart.lines.filter(({ name }) => !hidden.has(name)) }),
    [chart, hidden],
  );
  const option = useCallback(
    (look: Look) => cartesianOption(shown, summary, look).option,
    [shown, summary],
  );
  const onClick = ({ series, index }: { series: number; index: number }) => {
    const look = { palette: BLIND, animated: false };
    const line = shown.lines[cartesianOption(shown, summary, look).lineOf[series] ?? -1];
    const point = line?.points?.[index];
    if (point) onPoint(point);
  };
  const box = useChart(option, { onDrawn, onClick });
  const tall = chart.lying && chart.categories.length > 10;
  return (
    <>
      {chart.lines.length > 1 && <Legend lines={chart.lines} hidden={hidden} onChange={setHidden} />}
      <div className={tall ? "chart tall" : "chart"} ref={box} role="img" aria-label={summary} />
    </>
  );
}

/** For asking what stands where, without drawing it. */
const BLIND = { accent: "", accentSoft: "", grid: "", text: "", card: "", of: () => "" };
