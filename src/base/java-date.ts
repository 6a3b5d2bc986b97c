/** Returns a date as Java prints it: `Thu Aug 31 01:07:25 UTC 2017`. */
export function javaDate(ms: number): string {
  const [weekday, day, month, year, time] = new Date(ms).toUTCString().split(/,? /);
  return `${weekday} ${month} ${day} ${time} UTC ${year}`;
}
