/** Returns whether a UTF-16 code unit belongs to a class of characters. Both dialects of patterns use it. */
export type CharacterTest = (code: number) => boolean;

export const isDigit: CharacterTest = (code) => code >= 48 && code <= 57;

export const isWord: CharacterTest = (code) =>
  (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95;

export const not =
  (test: CharacterTest): CharacterTest =>
  (code) =>
    !test(code);

/**
 * Returns the classes `\d`, `\w`, `\s` and their opposites, by their letter. Dialects differ in what white space is.
 */
export const classEscapes = (isSpace: CharacterTest): Readonly<Record<string, CharacterTest>> => ({
  d: isDigit,
  D: not(isDigit),
  w: isWord,
  W: not(isWord),
  s: isSpace,
  S: not(isSpace),
});
