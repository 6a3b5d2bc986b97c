/**
 * Thrown for a write that failed because the disk is full or refuses writes, none of which was stored, and for a
 * document that can't be read. The message says why, and may be shown to callers.
 */
export class StorageFailure extends Error {}
