import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";

export interface Choice {
  value: string;
  label: string;
  /** Of what sort it is: "action", "person property". */
  hint?: string;
}

interface Props {
  label: string;
  value: string;
  choices: readonly Choice[];
  placeholder?: string;
  /** What was typed may be chosen although it is not among the choices. */
  free?: boolean;
  /** The choices are on their way. */
  loading?: boolean;
  onChange: (value: string) => void;
  onOpen?: () => void;
}

/** More than this are found by typing on. */
const MOST_SHOWN = 50;

/** A text field that offers what matches; arrows move, Enter takes, Escape leaves all as it was. */
export function Combobox(props: Props) {
  const { label, value, choices, placeholder, free = false, loading = false, onChange, onOpen } = props;
  const id = useId();
  const list = useRef<HTMLUListElement>(null);
  const [text, setText] = useState<string | null>(null);
  const [active, setActive] = useState(0);
  const open = text !== null;
  const shown = useMemo(() => (text === null ? [] : matching(choices, text, free)), [choices, text, free]);
  const current = choices.find((choice) => choice.value === value)?.label ?? value;
  const activeIndex = Math.min(active, shown.length - 1);

  useEffect(() => {
    list.current?.querySelector("[aria-selected='true']")?.scrollIntoView?.({ block: "nearest" });
  }, [activeIndex, open]);

  const start = () => {
    if (open) return;
    setText("");
    setActive(0);
    onOpen?.();
  };
  const take = (choice: Choice | undefined) => {
    setText(null);
    if (choice && choice.value !== value) onChange(choice.value);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      if (!open) start();
      else setActive(Math.max(0, Math.min(activeIndex + step, shown.length - 1)));
    } else if (event.key === "Enter" && open) {
      event.preventDefault();
      take(shown[activeIndex]);
    } else if (event.key === "Escape" && open) {
      event.stopPropagation();
      setText(null);
    }
  };
  const leave = () => {
    if (free && text?.trim()) take({ value: text.trim(), label: text.trim() });
    else setText(null);
  };

  return (
    <span className="combobox">
      <input
        type="text"
        role="combobox"
        aria-label={label}
        aria-expanded={open}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={open && shown.length > 0 ? `${id}-${activeIndex}` : undefined}
        value={text ?? current}
        placeholder={open ? current || placeholder : placeholder}
        autoComplete="off"
        spellCheck={false}
        onClick={start}
        onChange={(event) => {
          if (!open) onOpen?.();
          setText(event.target.value);
          setActive(0);
        }}
        onKeyDown={onKeyDown}
        onBlur={leave}
      />
      {open && (
        <ul id={`${id}-list`} role="listbox" aria-label={label} ref={list}>
          {shown.map((choice, index) => (
            <li
              key={`${choice.hint ?? ""}:${choice.value}`}
              id={`${id}-${index}`}
              role="option"
              aria-selected={index === activeIndex}
              // Before the field loses the focus, which would close the list.
              onMouseDown={(event) => {
                event.preventDefault();
                take(choice);
              }}
            >
              <span className="foreign">{choice.label}</span>
              {choice.hint && <span className="muted">{choice.hint}</span>}
            </li>
          ))}
          {shown.length === 0 && <li className="muted">{loading ? "Loading…" : "Nothing matches"}</li>}
        </ul>
      )}
    </span>
  );
}

function matching(choices: readonly Choice[], text: string, free: boolean): Choice[] {
  const wanted = text.trim().toLowerCase();
  const found = choices.filter(({ label }) => label.toLowerCase().includes(wanted));
  const typed = text.trim();
  const known = found.some(({ label, value }) => label === typed || value === typed);
  const own = free && typed && !known ? [{ value: typed, label: typed, hint: "as typed" }] : [];
  return [...found.slice(0, MOST_SHOWN), ...own];
}
