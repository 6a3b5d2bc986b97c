import { InvalidPath } from "./path-syntax.ts";

/**
 * Thrown for a read beyond the text. Jayway's parsers run into that, and catch it elsewhere than the exceptions that
 * they throw themselves.
 */
export class OutOfText extends Error {}

/** A place in a path's text. `end` is exclusive and may be moved in; `offset` is where the text begins in the whole path. */
export class Cursor {
  readonly text: string;
  readonly offset: number;
  at = 0;
  end: number;

  constructor(text: string, offset: number) {
    this.text = text;
    this.offset = offset;
    this.end = text.length;
  }

  charAt(index: number): string {
    const character = this.text[index];
    if (character === undefined) throw new OutOfText();
    return character;
  }

  get current(): string {
    return this.charAt(this.at);
  }

  get isTail(): boolean {
    return this.at >= this.end - 1;
  }

  has(index: number): boolean {
    return index >= 0 && index < this.end;
  }

  column(index = this.at): number {
    return Math.max(1, this.offset + index + 1);
  }

  fail(message: string, index = this.at): InvalidPath {
    return new InvalidPath(message, this.column(index));
  }

  skipBlanks(): this {
    while (this.at < this.end - 1 && this.current === " ") this.at++;
    return this;
  }

  trim(): void {
    this.skipBlanks();
    while (this.at < this.end - 1 && this.charAt(this.end - 1) === " ") this.end--;
  }

  /** Returns the first place after `index` that is not a blank. */
  nextIndex(index = this.at): number {
    let next = index + 1;
    while (this.has(next) && this.text[next] === " ") next++;
    return next;
  }

  nextSignificant(index = this.at): string {
    const next = this.nextIndex(index);
    return this.has(next) ? this.charAt(next) : " ";
  }

  /** Returns the last place before `index` that is not a blank, or -1. */
  previousIndex(index = this.at): number {
    let previous = index - 1;
    while (this.has(previous) && this.text[previous] === " ") previous--;
    return this.has(previous) ? previous : -1;
  }

  /** Returns the place of the next unescaped `character` after `index`, or -1. */
  nextUnescaped(character: string, index = this.at): number {
    for (let next = index + 1; this.has(next); next++) {
      if (this.text[next] === "\\") next++;
      else if (this.text[next] === character) return next;
    }
    return -1;
  }

  /**
   * Returns the place of the `close` that belongs to the `open` at `index`, or -1. Strings (and patterns) are skipped.
   */
  closing(index: number, open: string, close: string, hasPatterns: boolean): number {
    if (this.charAt(index) !== open) throw this.fail(`Expected ${open} but found ${this.charAt(index)}`, index);
    let opened = 1;
    for (let at = index + 1; this.has(at); at++) {
      if (this.text[at] === "'" || this.text[at] === '"') at = this.#pastUnescaped(this.charAt(at), at);
      if (hasPatterns && this.text[at] === "/") at = this.#pastUnescaped("/", at);
      const character = this.charAt(at);
      if (character === open) opened++;
      if (character === close && --opened === 0) return at;
    }
    return -1;
  }

  #pastUnescaped(character: string, index: number): number {
    const end = this.nextUnescaped(character, index);
    if (end < 0) throw this.fail(`Could not find matching close for ${character}`, index);
    return end + 1;
  }
}
