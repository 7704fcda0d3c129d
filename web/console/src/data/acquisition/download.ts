/** A file that answers a POST: fetched with the session's token and handed to the browser as a download. */
import { fileFrom } from "@/api/client";

export async function csrfPost(path: string, body: unknown, name: string): Promise<void> {
  const file = await fileFrom(path, body);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
