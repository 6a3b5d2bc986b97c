import { readFileSync } from "node:fs";
import { type AsnResponse, type CityResponse, Reader } from "mmdb-lib";
import { UserError } from "../base/user-error.ts";
import type { GeoDatabase } from "../waf/statement-type.ts";
import type { ServerConfig } from "./config.ts";

/** The files of `--geo-database` and `--asn-database`, in memory that all threads share. */
export interface GeoFiles {
  readonly countries?: SharedArrayBuffer;
  readonly systems?: SharedArrayBuffer;
}

/** Reads the databases of addresses. Throws a `UserError` for a file that is none. */
export function readGeoFiles({
  geoDatabase,
  asnDatabase,
}: Pick<ServerConfig, "geoDatabase" | "asnDatabase">): GeoFiles {
  return {
    ...(geoDatabase === undefined
      ? {}
      : { countries: readDatabase(geoDatabase, "--geo-database", /Country|City|Enterprise/) }),
    ...(asnDatabase === undefined ? {} : { systems: readDatabase(asnDatabase, "--asn-database", /ASN|ISP/) }),
  };
}

function readDatabase(path: string, flag: string, type: RegExp): SharedArrayBuffer {
  const refuse = (why: string, cause?: unknown): never => {
    const next = `${flag} takes a database in MaxMind's format (.mmdb), such as GeoLite2 Country or ASN.`;
    throw new UserError({ what: `The file ${path} is no database of addresses.`, why, next, cause });
  };
  try {
    const bytes = readFileSync(path);
    const shared = new SharedArrayBuffer(bytes.length);
    Buffer.from(shared).set(bytes);
    const { databaseType } = new Reader(Buffer.from(shared)).metadata;
    return type.test(databaseType) ? shared : refuse(`It is a database of the type ${databaseType.slice(0, 64)}.`);
  } catch (error) {
    if (error instanceof UserError) throw error;
    return refuse(error instanceof Error ? error.message : String(error), error);
  }
}

/** Opens the databases for look-ups; undefined without one. */
export function openGeoDatabase({ countries, systems }: GeoFiles): GeoDatabase | undefined {
  if (countries === undefined && systems === undefined) return undefined;
  const cities = countries && new Reader<CityResponse>(Buffer.from(countries));
  const asns = systems && new Reader<AsnResponse>(Buffer.from(systems));
  return {
    ...(cities && {
      country(address: string) {
        const found = cities.get(address);
        const country = found?.country?.iso_code ?? found?.registered_country?.iso_code;
        const region = found?.subdivisions?.[0]?.iso_code;
        return country === undefined ? undefined : { country, ...(region === undefined ? {} : { region }) };
      },
    }),
    ...(asns && { asn: (address: string) => asns.get(address)?.autonomous_system_number }),
  };
}
