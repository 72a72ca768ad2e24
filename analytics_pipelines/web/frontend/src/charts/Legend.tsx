import type { Line } from "../insights/picture";

interface Props {
  lines: Line[];
  hidden: ReadonlySet<string>;
  onChange: (hidden: ReadonlySet<string>) => void;
}

/** Each line's name is a switch that hides it. */
export function Legend({ lines, hidden, onChange }: Props) {
  const toggle = (name: string) => {
    const next = new Set(hidden);
    if (!next.delete(name)) next.add(name);
    onChange(next);
  };
  return (
    <ul className="legend" aria-label="Lines of the chart">
      {lines.map(({ name, color, faded }, index) => (
        <li key={index}>
          <button
            type="button"
            aria-pressed={!hidden.has(name)}
            title={hidden.has(name) ? "Show" : "Hide"}
            onClick={() => toggle(name)}
          >
            <span className={`swatch swatch-${color}${faded ? " faded" : ""}`} aria-hidden="true" />
            <span className="foreign">{name}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
