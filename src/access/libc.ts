/** Accounts and groups as this machine knows them, of LDAP and the like too (getpwnam(3), getgrouplist(3)). */
import { CString, dlopen, type Pointer, ptr, read } from 'bun:ffi'

const open = () =>
  dlopen('libc.so.6', {
    getpwnam: { args: ['ptr'], returns: 'ptr' },
    getpwuid: { args: ['u32'], returns: 'ptr' },
    getgrnam: { args: ['ptr'], returns: 'ptr' },
    getgrouplist: { args: ['ptr', 'u32', 'ptr', 'ptr'], returns: 'i32' },
  }).symbols

let opened: ReturnType<typeof open> | undefined
/** Throws where there is no glibc. */
const libc = () => (opened ??= open())

const text = (value: string) => ptr(Buffer.from(`${value}\0`))

/** struct passwd and struct group begin alike: name, password, then the number. */
const NUMBER = 16
const PRIMARY_GROUP = 20
const MOST_GROUPS = 4096

export interface Account {
  readonly name: string
  readonly uid: number
  /** The primary one first. */
  readonly groups: readonly number[]
}

function groupsOf(name: Pointer, primary: number): readonly number[] {
  const groups = new Uint32Array(MOST_GROUPS)
  const count = new Int32Array([MOST_GROUPS])
  const found = libc().getgrouplist(name, primary, ptr(groups), ptr(count))
  return found < 0 ? [primary] : [...groups.subarray(0, found)]
}

function accountAt(entry: Pointer | null): Account | undefined {
  if (!entry) return undefined
  // The structure is overwritten by the next question.
  const namePointer = read.ptr(entry, 0) as Pointer
  const name = String(new CString(namePointer))
  const [uid, primary] = [read.u32(entry, NUMBER), read.u32(entry, PRIMARY_GROUP)]
  return { name, uid, groups: groupsOf(text(name), primary) }
}

export const accountNamed = (name: string): Account | undefined =>
  accountAt(libc().getpwnam(text(name)) as Pointer | null)

export const accountOf = (uid: number): Account | undefined =>
  accountAt(libc().getpwuid(uid) as Pointer | null)

export function groupNamed(name: string): number | undefined {
  const entry = libc().getgrnam(text(name)) as Pointer | null
  return entry ? read.u32(entry, NUMBER) : undefined
}
