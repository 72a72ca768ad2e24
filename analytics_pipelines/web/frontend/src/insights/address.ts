import { knownQuestion } from "./kinds";
import type { Question } from "./queries";

/** A question in the address, so that a link says it all and "back" undoes a change. */

export function questionIn(search: string): Question | null {
  const text = new URLSearchParams(search).get("q");
  if (!text) return null;
  try {
    return knownQuestion(JSON.parse(text));
  } catch {
    return null;
  }
}

export function withQuestion(question: Question, search = ""): string {
  const params = new URLSearchParams(search);
  params.set("q", JSON.stringify(question));
  return `?${params}`;
}
