import { useCallback, useEffect, useRef, useState } from "react";

/** Something loaded from the server, with what a card needs to be honest about it. */
export interface Resource<T> {
  data: T | undefined;
  error: Error | undefined;
  loading: boolean;
  /** Asks again at the reader's wish; the loader sees `manual = true`. */
  reload: () => void;
  /** Asks again quietly. */
  revalidate: () => void;
}

interface Settled<T> {
  key: string;
  data: T | undefined;
  error: Error | undefined;
  failures: number;
}

interface Attempt {
  count: number;
  manual: boolean;
}

const LONGEST_PAUSE_MS = 30_000;

/**
 * Loads when `key` changes, and every `poll` milliseconds after the last answer.
 * Data of another key is never shown; after a failed reload the old data stays beside the error.
 * A hidden page does not poll.
 */
export function useResource<T>(
  key: string,
  load: (signal: AbortSignal, manual: boolean) => Promise<T>,
  poll: number | null | ((data: T | undefined) => number | null) = null,
): Resource<T> {
  const [settled, setSettled] = useState<Settled<T> | null>(null);
  const [attempt, setAttempt] = useState<Attempt>({ count: 0, manual: false });
  const [busy, setBusy] = useState(true);
  const loader = useRef(load);
  useEffect(() => {
    loader.current = load;
  });

  useEffect(() => {
    const controller = new AbortController();
    setBusy(true);
    loader.current(controller.signal, attempt.manual).then(
      (data) => {
        if (controller.signal.aborted) return;
        setSettled({ key, data, error: undefined, failures: 0 });
        setBusy(false);
      },
      (cause: unknown) => {
        if (controller.signal.aborted) return;
        const error = cause instanceof Error ? cause : new Error(String(cause));
        setSettled((last) => {
          const same = last?.key === key ? last : undefined;
          return { key, data: same?.data, error, failures: (same?.failures ?? 0) + 1 };
        });
        setBusy(false);
      },
    );
    return () => controller.abort();
  }, [key, attempt]);

  const revalidate = useCallback(
    () => setAttempt(({ count }) => ({ count: count + 1, manual: false })),
    [],
  );
  const reload = useCallback(
    () => setAttempt(({ count }) => ({ count: count + 1, manual: true })),
    [],
  );

  const pollMs = typeof poll === "function" ? poll(settled?.data) : poll;
  useEffect(() => {
    if (pollMs === null || busy || settled?.key !== key) return;
    const backedOff = Math.min(pollMs * 2 ** settled.failures, LONGEST_PAUSE_MS);
    const onVisible = () => {
      if (!document.hidden) revalidate();
    };
    const timer = setTimeout(
      () => {
        if (document.hidden) document.addEventListener("visibilitychange", onVisible);
        else revalidate();
      },
      Math.max(pollMs, backedOff),
    );
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", onVisible);
    };
  }, [pollMs, busy, settled, key, revalidate]);

  const current = settled?.key === key ? settled : undefined;
  return {
    data: current?.data,
    error: current?.error,
    loading: busy || !current,
    reload,
    revalidate,
  };
}
