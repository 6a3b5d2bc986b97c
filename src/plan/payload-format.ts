/** The form of the events and answers of an HTTP API's functions. */
export type PayloadFormat = "1.0" | "2.0";
