import { type ComponentType, Suspense, lazy } from "react";

import { Crash } from "../components/Crash";
import { Skeleton } from "../components/Skeleton";
import type { Chart, Picture, Point } from "../insights/picture";
import { Numbers } from "./Numbers";
import { PictureTable } from "./PictureTable";
import { StepBars } from "./StepBars";
import type { ChartProps } from "./chartProps";

const CartesianChart = lazy(() => import("./CartesianChart"));
const PieChart = lazy(() => import("./PieChart"));
const FlowChart = lazy(() => import("./FlowChart"));

interface Props {
  picture: Picture;
  asTable: boolean;
  onPoint: (point: Point) => void;
  onDrawn: () => void;
}

/** An answer as a chart or as a table; one without a chart is always a table. */
export function Figure({ picture, asTable, onPoint, onDrawn }: Props) {
  const { chart, summary, table } = picture;
  if (picture.empty) return <p className="nothing">Nothing matched in this time.</p>;
  if (asTable || !chart) return <PictureTable table={table} onPoint={onPoint} />;
  if (chart.type === "steps") return <StepBars chart={chart} onPoint={onPoint} />;
  if (chart.type === "number") return <Numbers chart={chart} onPoint={onPoint} />;
  return (
    <Crash title="The chart could not be drawn">
      <Suspense fallback={<Skeleton label="Loading the chart" size="plot" />}>
        {drawing(chart, { summary, onPoint, onDrawn })}
      </Suspense>
    </Crash>
  );
}

/** Whether a figure is done as soon as it is on the page: only a canvas is drawn later. */
export function isDrawnAtOnce({ chart, empty }: Picture, asTable: boolean): boolean {
  return empty || asTable || !chart || chart.type === "steps" || chart.type === "number";
}

function drawing(chart: Chart, rest: Omit<ChartProps<Chart>, "chart">) {
  const Drawing: ComponentType<ChartProps<never>> =
    chart.type === "pie" ? PieChart : chart.type === "flow" ? FlowChart : CartesianChart;
  return <Drawing chart={chart as never} {...rest} />;
}
