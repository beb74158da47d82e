export { checkPlace } from './place'
export { openReader, type Reader } from './reader'
export { openWriter, type Writer, type WriterOptions } from './writer'
