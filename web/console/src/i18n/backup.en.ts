/** English words of backups. */
import type { zhBackup } from "./backup.zh-CN";

export const enBackup: Record<keyof typeof zhBackup, string> = {
  "settings.backups": "Backups",
  "backup.now": "Back up now",
  "backup.asked": "The backup was asked for; see its progress among the jobs",
  "backup.folder": "Folder",
  "backup.schedule": "Schedule",
  "backup.every": "every {hours} hours, {keep} kept",
  "backup.onDemand": "on demand only, {keep} kept",
  "backup.last": "Latest",
  "backup.never": "none yet",
  "backup.taken": "Taken",
  "backup.id": "Id",
  "backup.size": "Size",
  "backup.files": "Files",
  "backup.events": "Events",
  "backup.verified": "Check",
  "backup.good": "verified",
  "backup.unverified": "not verified",
  "backup.cleansed": "without people erased since",
  "backup.none": "No backup yet",
  "backup.noneText": "A backup holds the database, the lake and the log that is not in the lake yet. It is made while the server works.",
  "backup.unset": "No folder for backups is set",
  "backup.unsetText": "Set backup.folder in weaktie.toml, best on another disk, and restart the server. From the command line:",
  "backup.key": "The master key is in no backup. Keep keys/master.key apart: nothing is restored without it.",
  "backup.problem": "Something is wrong with the folder of the backups",
};
