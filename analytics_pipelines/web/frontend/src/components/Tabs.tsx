import { type KeyboardEvent, type ReactNode, useId, useRef, useState } from "react";

interface Tab {
  id: string;
  label: string;
}

interface Props<T extends Tab> {
  label: string;
  tabs: readonly T[];
  children: (tab: T) => ReactNode;
}

export function Tabs<T extends Tab>({ label, tabs, children }: Props<T>) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const [index, setIndex] = useState(0);
  const current = tabs[index];
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = (index + step + tabs.length) % tabs.length;
    setIndex(next);
    list.current?.querySelectorAll("button")[next]?.focus();
  };
  return (
    <div className="tabs">
      <div role="tablist" aria-label={label} ref={list} onKeyDown={onKeyDown}>
        {tabs.map((tab, place) => (
          <button
            key={tab.id}
            type="button"
            role="tab"
            id={`${id}-tab-${tab.id}`}
            aria-controls={`${id}-panel`}
            aria-selected={place === index}
            tabIndex={place === index ? 0 : -1}
            onClick={() => setIndex(place)}
          >
            {tab.label}
          </button>
        ))}
      </div>
      {current && (
        <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-tab-${current.id}`}>
          {children(current)}
        </div>
      )}
    </div>
  );
}
