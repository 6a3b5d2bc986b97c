/** The members of the second version's inputs that only one kind of API has. */

/** As AWS words it for a member that HTTP APIs lack. */
export const notForHttp = (member: string): string => `${member} cannot be set for HTTP protocol Apis.`;

/** As AWS words it for a member that WebSocket APIs lack. */
export const notForWebSocket = (member: string): string => `${member} cannot be set for WEBSOCKET protocol Apis.`;
