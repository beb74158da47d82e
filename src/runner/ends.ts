/** Errors of runs that end before they are done. */
import { NixieError } from '../errors'

export const closedError = () => new NixieError('unavailable', 'Nixie is stopping', 'Ask again when it runs.')
export const cancelledError = () => new NixieError('cancelled', 'The query was cancelled')
export const unreadError = () => new NixieError('cancelled', 'The answer was not read in time')
export const tooManyError = () =>
  new NixieError('unavailable', 'Too many queries wait already', 'Try again in a few seconds.')
export const noDescriptorsError = () =>
  new NixieError(
    'unavailable',
    'Nixie may open no more files, so no query can begin',
    'Close connections to it, or raise its limit (LimitNOFILE, ulimit -n).',
  )
