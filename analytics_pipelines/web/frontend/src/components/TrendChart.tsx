import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, TooltipComponent } from "echarts/components";
import { type ECharts, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";

import { chartOption, paletteOf } from "../chartOption";
import type { TrendPoint } from "../trend";
import type { Interval, SeriesMath } from "../types";
import { useMediaQuery } from "../mediaQuery";

use([BarChart, LineChart, GridComponent, TooltipComponent, AriaComponent, CanvasRenderer]);

interface Props {
  points: TrendPoint[];
  interval: Interval;
  math: SeriesMath;
  summary: string;
  onDrawn: () => void;
}

export default function TrendChart({ points, interval, math, summary, onDrawn }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts>(undefined);
  const drawn = useRef(onDrawn);
  const dark = useMediaQuery("(prefers-color-scheme: dark)");
  const still = useMediaQuery("(prefers-reduced-motion: reduce)");
  useEffect(() => {
    drawn.current = onDrawn;
  });

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const made = init(element, null, { renderer: "canvas" });
    made.on("finished", () => drawn.current());
    const observer = new ResizeObserver(() => made.resize());
    observer.observe(element);
    chart.current = made;
    return () => {
      observer.disconnect();
      made.dispose();
    };
  }, []);

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const look = { palette: paletteOf(element), animated: !still };
    chart.current?.setOption(chartOption(points, interval, math, summary, look), {
      notMerge: true,
    });
  }, [points, interval, math, summary, dark, still]);

  return <div className="chart" ref={box} role="img" aria-label={summary} />;
}
