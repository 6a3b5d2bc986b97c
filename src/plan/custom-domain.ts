/** What gateway threads know of a custom domain name. It is published apart from plans, because it acts at once. */
export interface CustomDomainPlan {
  readonly account: string;
  readonly region: string;
  /** Why no request of the name is served; absent: they are. */
  readonly closed?: string;
  /** In the order in which they are asked. The first that matches decides. */
  readonly rules: readonly RoutingRulePlan[];
  /** The longest key first. Asked if no rule matches; none if only rules decide. */
  readonly mappings: readonly ApiMappingPlan[];
}

/** All conditions have to match. */
export interface RoutingRulePlan {
  /** Of each list, one header has to match its glob, which has stars at its ends only. Names are in lower case. */
  readonly headers: readonly (readonly { readonly name: string; readonly glob: string }[])[];
  /** One has to begin the path, the longest first; absent: any path will do. */
  readonly basePaths?: readonly string[];
  readonly apiId: string;
  readonly stageName: string;
  /** The base path that matched is no part of the path below the stage. */
  readonly stripsBasePath: boolean;
}

export interface ApiMappingPlan {
  /** Segments, without slashes around them; empty: every path begins with it. */
  readonly key: string;
  readonly apiId: string;
  /** Absent: the path's next segment names the stage. */
  readonly stageName?: string;
}
