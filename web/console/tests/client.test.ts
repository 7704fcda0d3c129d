import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { address, api, ApiError, errorFrom, setCsrf, whenSignedOut } from "@/api/client";

const answer = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Response(body === null ? null : JSON.stringify(body), { status, headers });
const refused = { error: { code: "bad_cursor", message: { zh: "无效", en: "not valid" }, place: "cursor" } };

let sent: { url: string; init: RequestInit }[];
let next: Response | Error;

beforeEach(() => {
  sent = [];
  vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
    sent.push({ url, init });
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
  });
  setCsrf("token-1");
});
afterEach(() => {
  vi.unstubAllGlobals();
  whenSignedOut(() => undefined);
});
const header = (name: string) => (sent[0]!.init.headers as Record<string, string>)[name];

describe("addresses", () => {
  it("leave out what is empty and encode the rest", () => {
    expect(address("/api/users", { search: "a&b 林", tier: "", cursor: undefined, n: 0 })).toBe(
      "/api/users?search=a%26b+%E6%9E%97&n=0",
    );
    expect(address("/api/users")).toBe("/api/users");
  });
});

describe("requests", () => {
  it("carry the CSRF token on unsafe methods only", async () => {
    next = answer(200, { ok: true });
    await api.get("/api/tags");
    expect(header("X-CSRF-Token")).toBeUndefined();
    sent = [];
    next = answer(200, { ok: true });
    await api.post("/api/jobs", { kind: "build" });
    expect(header("X-CSRF-Token")).toBe("token-1");
    expect(sent[0]!.init).toMatchObject({ method: "POST", body: '{"kind":"build"}', credentials: "same-origin" });
  });
  it("take the newest token", async () => {
    setCsrf("token-2");
    next = answer(204, null);
    expect(await api.remove("/api/keys/1")).toBeNull();
    expect(header("X-CSRF-Token")).toBe("token-2");
  });
});

describe("refusals", () => {
  it("keep code, words and place", async () => {
    next = answer(400, refused);
    const error = await api.get("/api/users").catch((problem: unknown) => problem);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 400, code: "bad_cursor", words: refused.error.message, place: "cursor" });
  });
  it("say when to come back", async () => {
    next = answer(429, refused, { "Retry-After": "30" });
    await expect(api.post("/api/session")).rejects.toMatchObject({ status: 429, retryAfterS: 30 });
  });
  it("that are not ours still have a code", () => {
    expect(errorFrom(502, "<html>bad gateway</html>")).toMatchObject({ status: 502, code: "http_502" });
    expect(errorFrom(500, '{"detail":"x"}').code).toBe("http_500");
  });
  it("a server that is away is named", async () => {
    next = new TypeError("failed to fetch");
    await expect(api.get("/api/tags")).rejects.toMatchObject({ status: 0, code: "unreachable" });
  });
  it("an ended session is told once, a wrong password is not one", async () => {
    const ended = vi.fn();
    whenSignedOut(ended);
    next = answer(401, refused);
    await expect(api.post("/api/session")).rejects.toBeInstanceOf(ApiError);
    expect(ended).not.toHaveBeenCalled();
    next = answer(401, refused);
    await expect(api.get("/api/users")).rejects.toBeInstanceOf(ApiError);
    expect(ended).toHaveBeenCalledOnce();
  });
});
