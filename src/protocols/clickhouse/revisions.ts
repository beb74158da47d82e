/** From which revision on packets have a field (ClickHouse's ProtocolDefines.h). Both ends use the older one of theirs. */
export const TIMEZONE = 54058
export const QUOTA_KEY = 54060
export const DISPLAY_NAME = 54372
export const PATCH = 54401
export const WRITE_INFO = 54420
export const SETTINGS_AS_TEXT = 54429
export const SECRET = 54441
export const OPENTELEMETRY = 54442
export const DEPTH = 54448
export const START_TIME = 54449
export const PARALLEL_REPLICAS = 54453
export const CUSTOM_SERIALIZATION = 54454
export const ADDENDUM = 54458
export const PARAMETERS = 54459
export const QUERY_TIME = 54460
export const PASSWORD_RULES = 54461
export const SECRET_2 = 54462
export const TOTAL_BYTES = 54463
/** What is newer isn't known, and neither are revisions older than the first. */
export const NEWEST = 54468
export const OLDEST = 54032

/** Where the login wasn't seen each of these is tried, the newest first. */
export const CANDIDATES: readonly number[] = [
  NEWEST,
  ADDENDUM,
  PARALLEL_REPLICAS - 1,
  START_TIME - 1,
  DEPTH - 1,
  OPENTELEMETRY - 1,
  SECRET - 1,
  SETTINGS_AS_TEXT - 1,
  PATCH - 1,
  OLDEST,
]
