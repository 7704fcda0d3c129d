/** Versions of a text and what stands between two of them. Pure. */
import type { ConsentDraft, ConsentNotice, ConsentSubject } from "@/api/types";

/** The text that people are told now. */
export function publishedOf(subject: ConsentSubject): ConsentNotice | undefined {
  return subject.versions.find((one) => one.state === "published");
}

export function draftOf(subject: ConsentSubject): ConsentNotice | undefined {
  return subject.versions.find((one) => one.state === "draft");
}

/** The version before this one; versions come newest first. */
export function before(subject: ConsentSubject, version: number): ConsentNotice | undefined {
  return subject.versions.find((one) => one.version < version);
}

/** A new version begins with the draft there is, or else with what is published; a new one is not material until said so. */
export function draftFrom(subject: ConsentSubject): ConsentDraft {
  const from = draftOf(subject) ?? publishedOf(subject);
  return {
    title_zh: from?.title.zh ?? "",
    body_zh: from?.body.zh ?? "",
    title_en: from?.title.en ?? "",
    body_en: from?.body.en ?? "",
    material: from?.state === "draft" && from.material,
  };
}
