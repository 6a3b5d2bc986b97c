import { randomBytes } from "node:crypto";

const lowerCaseAndDigits = "abcdefghijklmnopqrstuvwxyz0123456789";

/** Makes ids; passed in, so that tests can make them predictable. */
export interface IdSource {
  /** An id of AWS's form: `length` characters of a–z and 0–9. */
  id(length: number): string;
}

/** Ids from the system's randomness. */
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
