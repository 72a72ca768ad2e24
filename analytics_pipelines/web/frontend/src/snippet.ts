/** Code that sends a first event, with the real key and address in it. */
export interface Snippet {
  id: string;
  label: string;
  code: string;
}

export function snippets(apiToken: string, captureUrl: string): Snippet[] {
  const host = captureUrl.replace(/\/+$/, "");
  const key = JSON.stringify(apiToken);
  const url = JSON.stringify(host);
  const event = `{"api_key": ${key},
       "event": "hello", "distinct_id": "user-1"}`;
  return [
    {
      id: "python",
      label: "Python",
      code: `# pip install posthog
from posthog import Posthog

posthog = Posthog(${key}, host=${url})
posthog.capture("hello", distinct_id="user-1")
posthog.shutdown()  # sends what is queued
`,
    },
    {
      id: "javascript",
      label: "JavaScript",
      code: `// npm install posthog-js
import posthog from "posthog-js";

posthog.init(${key}, { api_host: ${url} });
posthog.capture("hello");
`,
    },
    {
      id: "curl",
      label: "curl",
      code: `curl ${shellWord(`${host}/i/v0/e/`)} \\
  -H 'Content-Type: application/json' \\
  -d ${shellWord(event)}
`,
    },
  ];
}

function shellWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
