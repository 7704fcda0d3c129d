/** A key under which one act happens once, however often it is sent. `crypto.randomUUID` is missing on plain http. */
export function onceKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
