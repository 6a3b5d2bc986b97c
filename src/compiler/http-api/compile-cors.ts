import type { CorsConfiguration } from "../../definition/http-api.ts";
import type { CorsPlan } from "../../plan/http-api-plan.ts";

/** Compiles `corsConfiguration`; undefined if the API has none. */
export function compileCors(cors: CorsConfiguration | undefined): CorsPlan | undefined {
  if (cors === undefined) return undefined;
  return {
    allowOrigins: cors.AllowOrigins ?? [],
    allowMethods: cors.AllowMethods ?? [],
    allowHeaders: cors.AllowHeaders ?? [],
    exposeHeaders: cors.ExposeHeaders ?? [],
    allowCredentials: cors.AllowCredentials === true,
    ...(cors.MaxAge === undefined ? {} : { maxAgeSeconds: cors.MaxAge }),
  };
}
