import { act, renderHook, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";

import { useResource } from "./resource";

test("keeps the old data beside the error of a failed reload", async () => {
  const load = vi.fn().mockResolvedValueOnce("one").mockRejectedValueOnce(new Error("gone"));
  const { result } = renderHook(() => useResource("key", load));
  await waitFor(() => expect(result.current.data).toBe("one"));
  act(() => result.current.reload());
  await waitFor(() => expect(result.current.error?.message).toBe("gone"));
  expect(result.current).toMatchObject({ data: "one", loading: false });
});

test("never shows the data of another key", async () => {
  const load = (key: string) => () =>
    key === "a" ? Promise.resolve("data of a") : new Promise<string>(() => {});
  const { result, rerender } = renderHook(({ key }) => useResource(key, load(key)), {
    initialProps: { key: "a" },
  });
  await waitFor(() => expect(result.current.data).toBe("data of a"));
  rerender({ key: "b" });
  expect(result.current).toMatchObject({ data: undefined, loading: true });
});

test("polls, slower after failures, and not while paused", async () => {
  vi.useFakeTimers();
  const load = vi
    .fn()
    .mockResolvedValueOnce(1)
    .mockRejectedValueOnce(new Error("x"))
    .mockResolvedValue(2);
  const { rerender } = renderHook(({ poll }) => useResource("key", load, poll), {
    initialProps: { poll: 1000 as number | null },
  });
  await act(() => vi.advanceTimersByTimeAsync(0));
  await act(() => vi.advanceTimersByTimeAsync(1000));
  expect(load).toHaveBeenCalledTimes(2);
  await act(() => vi.advanceTimersByTimeAsync(1500));
  expect(load).toHaveBeenCalledTimes(2);
  await act(() => vi.advanceTimersByTimeAsync(500));
  expect(load).toHaveBeenCalledTimes(3);
  rerender({ poll: null });
  await act(() => vi.advanceTimersByTimeAsync(10_000));
  expect(load).toHaveBeenCalledTimes(3);
});

test("aborts what nobody waits for", async () => {
  let signal: AbortSignal | undefined;
  const { unmount } = renderHook(() =>
    useResource("key", (given) => {
      signal = given;
      return new Promise<void>(() => {});
    }),
  );
  unmount();
  expect(signal?.aborted).toBe(true);
});
