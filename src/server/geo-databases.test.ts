// Databases of addresses: what is read from them, and what is refused.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { aRequest, matches } from "../../test/waf/a-web-acl.ts";
import { writeMmdb } from "../../test/waf/write-mmdb.ts";
import { UserError } from "../base/user-error.ts";
import type { Statement } from "../waf/web-acl.ts";
import { openGeoDatabase, readGeoFiles } from "./geo-databases.ts";

const folder = mkdtempSync(join(tmpdir(), "portico-geo-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, content: Buffer): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const geoDatabase = file(
  "country.mmdb",
  writeMmdb("GeoLite2-Country", {
    "192.0.2.0/24": { country: { iso_code: "DE" }, subdivisions: [{ iso_code: "BE" }] },
    "198.51.100.0/24": { registered_country: { iso_code: "FR" } },
    "2001:db8::/32": { country: { iso_code: "US" } },
  }),
);
const asnDatabase = file(
  "asn.mmdb",
  writeMmdb("GeoLite2-ASN", { "192.0.2.0/24": { autonomous_system_number: 64_500 } }),
);
const geo = openGeoDatabase(readGeoFiles({ geoDatabase, asnDatabase }))!;

test("countries and systems are looked up by the client's address or one of a header", () => {
  const from = (sourceAddress: string) => aRequest({ sourceAddress });
  const forwarded = { HeaderName: "x-forwarded-for", FallbackBehavior: "MATCH" as const };
  const de: Statement = { GeoMatchStatement: { CountryCodes: ["DE", "FR"] } };
  const rows: readonly (readonly [Statement, ReturnType<typeof aRequest>, boolean])[] = [
    [de, from("192.0.2.9"), true],
    [de, from("::ffff:192.0.2.9"), true],
    [de, from("198.51.100.1"), true],
    [de, from("2001:db8::1"), false],
    [{ GeoMatchStatement: { CountryCodes: ["US"] } }, from("2001:db8::1"), true],
    [de, from("203.0.113.1"), false],
    [de, from("nonsense"), false],
    [
      { GeoMatchStatement: { CountryCodes: ["DE"], ForwardedIPConfig: forwarded } },
      aRequest({ headers: ["X-Forwarded-For: 192.0.2.1, 10.0.0.1"] }),
      true,
    ],
    [
      { GeoMatchStatement: { CountryCodes: ["DE"], ForwardedIPConfig: forwarded } },
      aRequest({ headers: ["X-Forwarded-For: nonsense"] }),
      true,
    ],
    [
      { GeoMatchStatement: { CountryCodes: ["DE"], ForwardedIPConfig: forwarded } },
      aRequest({ sourceAddress: "192.0.2.1" }),
      false,
    ],
    [{ AsnMatchStatement: { AsnList: [64_500] } }, from("192.0.2.9"), true],
    [{ AsnMatchStatement: { AsnList: [64_500] } }, from("203.0.113.1"), false],
    // AWS: an address without a system has the number 0.
    [{ AsnMatchStatement: { AsnList: [0] } }, from("203.0.113.1"), true],
  ];
  for (const [statement, request, expected] of rows) {
    assert.equal(matches(statement, request, { geo }), expected, JSON.stringify([statement, request.sourceAddress]));
  }
  assert.deepEqual(geo.country?.("192.0.2.1"), { country: "DE", region: "BE" });
});

test("a file that is no such database is refused at start, with what would help", () => {
  const garbage = file("garbage.mmdb", Buffer.from("no database"));
  const rows: readonly (readonly [Parameters<typeof readGeoFiles>[0], RegExp])[] = [
    [{ geoDatabase: garbage, asnDatabase: undefined }, /garbage\.mmdb is no database/],
    [{ geoDatabase: join(folder, "none.mmdb"), asnDatabase: undefined }, /none\.mmdb is no database/],
    [{ geoDatabase: asnDatabase, asnDatabase: undefined }, /asn\.mmdb is no database/],
    [{ geoDatabase: undefined, asnDatabase: geoDatabase }, /country\.mmdb is no database/],
  ];
  for (const [files, message] of rows) {
    assert.throws(
      () => readGeoFiles(files),
      (error) => error instanceof UserError && message.test(error.message),
    );
  }
  assert.equal(openGeoDatabase(readGeoFiles({ geoDatabase: undefined, asnDatabase: undefined })), undefined);
});
