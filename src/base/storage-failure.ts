/**
 * A write that could not be kept, because the disk is full or takes nothing: none of it is there. The message says why,
 * and may be shown to callers.
 */
export class StorageFailure extends Error {}
