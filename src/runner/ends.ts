/** Errors of runs that end before they are done. */
import { NixieError } from '../errors'

export const closedError = () => new NixieError('unavailable', 'Nixie is stopping', 'Ask again when it runs.')
export const cancelledError = () => new NixieError('cancelled', 'The query was cancelled')
export const unreadError = () => new NixieError('cancelled', 'The answer was not read in time')
export const tooManyError = () =>
  new NixieError('unavailable', 'Too many queries wait already', 'Try again in a few seconds.')
export const noTurnError = (lasts: boolean, seconds: number) =>
  new NixieError(
    'too_many_requests',
    lasts
      ? `Other clients read as many streams as there may be, and none ended within ${seconds} s`
      : `Other queries took all threads for ${seconds} s`,
    lasts
      ? 'Ask again later. JSON of up to 10,000 rows is no stream, and has threads of its own.'
      : 'Ask again later.',
  )
export const noDescriptorsError = () =>
  new NixieError(
    'unavailable',
    'Nixie may open no more files, so no query can begin',
    'Close connections to it, or raise its limit (LimitNOFILE, ulimit -n).',
  )
