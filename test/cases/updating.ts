/** With `UPDATE=1`, a runner of case files writes what comes into the files instead of failing; the diff is reviewed. */
export const isUpdating = process.env["UPDATE"] === "1";
