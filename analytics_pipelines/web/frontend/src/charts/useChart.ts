import { type ECharts, type EChartsCoreOption, init } from "echarts/core";
import { type RefObject, useEffect, useRef } from "react";

import { useMediaQuery } from "../mediaQuery";
import { type Look, paletteOf } from "./look";

interface Handlers {
  onDrawn?: (() => void) | undefined;
  /** A mark was clicked: its place in the option's `series` and their `data`. */
  onClick?: ((mark: { series: number; index: number; isEdge: boolean }) => void) | undefined;
}

/** Draws `option` into the element that gets the ref, again when it, the size or the theme changes. */
export function useChart(
  option: (look: Look) => EChartsCoreOption,
  handlers: Handlers = {},
): RefObject<HTMLDivElement | null> {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts>(undefined);
  const latest = useRef(handlers);
  const dark = useMediaQuery("(prefers-color-scheme: dark)");
  const still = useMediaQuery("(prefers-reduced-motion: reduce)");
  useEffect(() => {
    latest.current = handlers;
  });

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const made = init(element, null, { renderer: "canvas" });
    made.on("finished", () => latest.current.onDrawn?.());
    made.on("click", (event) => {
      const { seriesIndex, dataIndex, dataType } = event as {
        seriesIndex?: number;
        dataIndex?: number;
        dataType?: string;
      };
      if (seriesIndex === undefined || dataIndex === undefined) return;
      latest.current.onClick?.({
        series: seriesIndex,
        index: dataIndex,
        isEdge: dataType === "edge",
      });
    });
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
    chart.current?.setOption(option(look), { notMerge: true });
  }, [option, dark, still]);

  return box;
}
