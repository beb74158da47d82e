import { counter, defineTable, gauge, time, upid } from './table'

export const processStats = defineTable(
  'process_stats',
  'What each process uses, each second; counters only grow',
  {
    time_: time('When the counters were read'),
    upid: upid('The process'),
    major_faults: counter('Page faults that read from a device'),
    minor_faults: counter('Page faults that did not'),
    cpu_utime_ns: counter('Processor time in user space', 'ST_DURATION_NS'),
    cpu_ktime_ns: counter('Processor time in the kernel', 'ST_DURATION_NS'),
    num_threads: gauge('Threads'),
    vsize_bytes: gauge('Virtual memory', 'ST_BYTES'),
    rss_bytes: gauge('Resident memory', 'ST_BYTES'),
    rchar_bytes: counter('Bytes read by system calls', 'ST_BYTES'),
    wchar_bytes: counter('Bytes written by system calls', 'ST_BYTES'),
    read_bytes: counter('Bytes read from storage', 'ST_BYTES'),
    write_bytes: counter('Bytes written to storage', 'ST_BYTES'),
  },
)
