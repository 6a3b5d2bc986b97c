import { randomBytes } from "node:crypto";

const lowerCaseAndDigits = "abcdefghijklmnopqrstuvwxyz0123456789";

/** Makes ids. It is passed in, so that tests can make them predictable. */
export interface IdSource {
  /** Returns an id in AWS's form: `length` characters of a–z and 0–9. */
  id(length: number): string;
}

/** Makes ids from the system's randomness. */
export const randomIds: IdSource = {
  id(length) {
    let text = "";
    while (text.length < length) {
      for (const byte of randomBytes(length * 2)) {
        // 252 = 7 × 36: bytes above would make the first letters likelier.
        if (byte < 252 && text.length < length) text += lowerCaseAndDigits[byte % 36];
      }
    }
    return text;
  },
};
