/** `http_events.content_type`. */
export const CONTENT_UNKNOWN = 0
export const CONTENT_JSON = 1
export const CONTENT_GRPC = 2
export type ContentType = typeof CONTENT_UNKNOWN | typeof CONTENT_JSON | typeof CONTENT_GRPC
