export { openReader, type StoreReader } from './reader'
export { openWriter, type Writer, type WriterOptions } from './writer'
