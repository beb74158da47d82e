import { counter, defineTable, gauge, time, upid } from './table'

export const jvmStats = defineTable(
  'jvm_stats',
  'Heap and garbage collection of each Java process, each second',
  {
    time_: time('When the counters were read'),
    upid: upid('The process'),
    young_gc_time: counter('Time spent collecting the young generation', 'ST_DURATION_NS'),
    full_gc_time: counter('Time spent in full collections', 'ST_DURATION_NS'),
    used_heap_size: gauge('Bytes of heap in use'),
    total_heap_size: gauge('Bytes of heap that are committed'),
    max_heap_size: gauge('Bytes that the heap may grow to'),
  },
)
