/** The one way to the server: JSON in and out, CSRF on unsafe methods, refusals as `ApiError`. */
import type { Words } from "./types";

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly words: Words,
    readonly place: string = "",
    readonly retryAfterS: number | null = null,
  ) {
    super(`${code}: ${words.en}`);
    this.name = "ApiError";
  }
}

export type Query = Record<string, string | number | boolean | null | undefined>;
type Method = "GET" | "POST" | "PATCH" | "DELETE" | "PUT";

let csrf = "";
let onSignedOut: () => void = () => undefined;

/** Keeps the token that GET /api/session gave, for every later unsafe request. */
export function setCsrf(token: string): void {
  csrf = token;
}

/** Called whenever the server says that the session is over. */
export function whenSignedOut(listener: () => void): void {
  onSignedOut = listener;
}

export function address(path: string, query?: Query): string {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== "") pairs.set(name, String(value));
  }
  const text = pairs.toString();
  return text ? `${path}?${text}` : path;
}

const UNREACHABLE: Words = {
  zh: "无法连接服务器，请检查网络后重试。",
  en: "The server cannot be reached. Check the network and try again.",
};

/** Reads the body of a refused answer; an answer that is not ours still gives a code. */
export function errorFrom(status: number, body: string, retryAfter: string | null = null): ApiError {
  const seconds = retryAfter === null ? NaN : Number(retryAfter);
  const wait = Number.isFinite(seconds) ? seconds : null;
  try {
    const parsed = JSON.parse(body) as { error?: { code?: string; message?: Words; place?: string } };
    if (parsed.error?.code && parsed.error.message) {
      return new ApiError(status, parsed.error.code, parsed.error.message, parsed.error.place ?? "", wait);
    }
  } catch {
    // not JSON: a proxy or a crash answered; the status is all there is
  }
  const words = { zh: `服务器返回了错误（${status}）。`, en: `The server answered with an error (${status}).` };
  return new ApiError(status, `http_${status}`, words, "", wait);
}

async function send<Answer>(method: Method, url: string, body?: unknown, signal?: AbortSignal): Promise<Answer> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRF-Token"] = csrf;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer: Response;
  try {
    answer = await fetch(url, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      signal,
    });
  } catch (problem) {
    if (problem instanceof DOMException && problem.name === "AbortError") throw problem;
    throw new ApiError(0, "unreachable", UNREACHABLE);
  }
  const text = await answer.text();
  if (!answer.ok) {
    const error = errorFrom(answer.status, text, answer.headers.get("Retry-After"));
    if (answer.status === 401 && !url.startsWith("/api/session")) onSignedOut();
    throw error;
  }
  return (text ? JSON.parse(text) : null) as Answer;
}

export const api = {
  get: <Answer>(path: string, query?: Query, signal?: AbortSignal) =>
    send<Answer>("GET", address(path, query), undefined, signal),
  post: <Answer>(path: string, body: unknown = {}) => send<Answer>("POST", path, body),
  put: <Answer>(path: string, body: unknown) => send<Answer>("PUT", path, body),
  patch: <Answer>(path: string, body: unknown) => send<Answer>("PATCH", path, body),
  remove: <Answer>(path: string) => send<Answer>("DELETE", path),
};

/** Sends a file as the raw body; `onProgress` gets 0..1. XMLHttpRequest, because fetch tells no upload progress. */
export function upload<Answer>(
  path: string,
  query: Query,
  file: Blob,
  onProgress: (share: number) => void,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", address(path, query));
    request.setRequestHeader("X-CSRF-Token", csrf);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (step) => {
      if (step.lengthComputable) onProgress(step.loaded / step.total);
    };
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve(JSON.parse(request.responseText) as Answer);
      else reject(errorFrom(request.status, request.responseText, request.getResponseHeader("Retry-After")));
    };
    request.onerror = () => reject(new ApiError(0, "unreachable", UNREACHABLE));
    request.send(file);
  });
}

/** The file that a POST answers with. */
export async function fileFrom(path: string, body: unknown): Promise<Blob> {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf },
    body: JSON.stringify(body),
    credentials: "same-origin",
  });
  if (!answer.ok) throw errorFrom(answer.status, await answer.text());
  return answer.blob();
}
