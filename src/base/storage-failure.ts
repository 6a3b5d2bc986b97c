/**
 * Thrown for a write that failed because the disk is full or refuses writes. None of it was stored. The message says
 * why, and may be shown to callers.
 */
export class StorageFailure extends Error {}
