import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, TooltipComponent } from "echarts/components";
import { use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useCallback } from "react";

import { chartOption } from "../chartOption";
import type { Look } from "../charts/look";
import { useChart } from "../charts/useChart";
import type { TrendPoint } from "../trend";
import type { Interval, SeriesMath } from "../types";

use([BarChart, LineChart, GridComponent, TooltipComponent, AriaComponent, CanvasRenderer]);

interface Props {
  points: TrendPoint[];
  interval: Interval;
  math: SeriesMath;
  summary: string;
  onDrawn: () => void;
}

export default function TrendChart({ points, interval, math, summary, onDrawn }: Props) {
  const option = useCallback(
    (look: Look) => chartOption(points, interval, math, summary, look),
    [points, interval, math, summary],
  );
  const box = useChart(option, { onDrawn });
  return <div className="chart" ref={box} role="img" aria-label={summary} />;
}
