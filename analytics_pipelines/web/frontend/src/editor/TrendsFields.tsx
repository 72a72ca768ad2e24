import { isTotal } from "../insights/trendsPicture";
import type { Breakdown, Display, TrendsQuery } from "../insights/queries";
import { BreakdownList } from "./BreakdownList";
import { Check } from "./Check";
import { CommitInput } from "./CommitInput";
import { IntervalSelect } from "./IntervalSelect";
import { Select } from "./Select";

const DISPLAYS: readonly { value: Display; label: string }[] = [
  { value: "ActionsLineGraph", label: "Line" },
  { value: "ActionsBar", label: "Stacked bars" },
  { value: "ActionsAreaGraph", label: "Area" },
  { value: "ActionsLineGraphCumulative", label: "Running total" },
  { value: "BoldNumber", label: "Number" },
  { value: "ActionsBarValue", label: "Bars of totals" },
  { value: "ActionsPie", label: "Pie" },
  { value: "ActionsTable", label: "Table" },
  { value: "WorldMap", label: "Countries" },
];

const COUNTRY = { type: "event", property: "$geoip_country_code" };

interface Props {
  question: TrendsQuery;
  onChange: (question: TrendsQuery) => void;
}

/** What is particular to trends. */
export function TrendsFields({ question, onChange }: Props) {
  const display = question.trendsFilter?.display ?? "ActionsLineGraph";
  const formula = question.trendsFilter?.formulaNodes?.[0]?.formula ?? "";
  const takeDisplay = (chosen: Display) => {
    const byCountry = chosen === "WorldMap" && breakdownsOf(question).length === 0;
    onChange({
      ...question,
      trendsFilter: { ...question.trendsFilter, display: chosen },
      ...(byCountry && { breakdownFilter: { breakdowns: [COUNTRY] } }),
    });
  };
  const takeFormula = (text: string) => {
    const { formulaNodes: _, ...rest } = question.trendsFilter ?? {};
    const nodes = text.trim() ? { formulaNodes: [{ formula: text.trim() }] } : {};
    onChange({ ...question, trendsFilter: { ...rest, ...nodes } });
  };
  return (
    <>
      <BreakdownList
        breakdowns={breakdownsOf(question)}
        most={3}
        onChange={(breakdowns) => {
          const { breakdown: _one, breakdown_type: _type, ...rest } = question.breakdownFilter ?? {};
          onChange({ ...question, breakdownFilter: { ...rest, breakdowns } });
        }}
      />
      <div className="editor-row">
        <Select label="Shown as" value={display} options={DISPLAYS} onChange={takeDisplay} />
        {!isTotal(display) && (
          <IntervalSelect
            value={question.interval}
            onChange={(interval) => onChange({ ...question, interval })}
          />
        )}
        <CommitInput label="Formula" value={formula} placeholder="A / B * 100" onCommit={takeFormula} />
        <Check
          label="Compare with the time before"
          checked={question.compareFilter?.compare === true}
          onChange={(compare) => onChange({ ...question, compareFilter: { compare } })}
        />
      </div>
    </>
  );
}

function breakdownsOf({ breakdownFilter }: TrendsQuery): Breakdown[] {
  const { breakdowns, breakdown, breakdown_type: type } = breakdownFilter ?? {};
  if (breakdowns?.length) return breakdowns;
  return typeof breakdown === "string" ? [{ type: type ?? "event", property: breakdown }] : [];
}
