import { useEffect, useState } from "react";

import { copyText } from "../clipboard";

const ANSWER_MS = 2_000;

export function CopyButton({ text, label = "Copy" }: { text: string; label?: string }) {
  const [answer, setAnswer] = useState<"Copied" | "Copy by hand" | null>(null);
  useEffect(() => {
    if (!answer) return;
    const timer = setTimeout(() => setAnswer(null), ANSWER_MS);
    return () => clearTimeout(timer);
  }, [answer]);
  const copy = async () => setAnswer((await copyText(text)) ? "Copied" : "Copy by hand");
  return (
    <button type="button" className="button small" onClick={copy}>
      <span aria-live="polite">{answer ?? label}</span>
    </button>
  );
}
