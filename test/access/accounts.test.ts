/** Which accounts may look, and what they may do. */
import { describe, expect, test } from 'bun:test'
import { Access } from '../../src/access/access'
import { Accounts, type Directory } from '../../src/access/accounts'
import { accountNamed, accountOf, groupNamed } from '../../src/access/libc'
import { Owners } from '../../src/access/owner'
import { Sessions } from '../../src/access/sessions'
import { NixieError } from '../../src/errors'

const PEOPLE = [
  { name: 'alice', uid: 1000, groups: [1000, 27] },
  { name: 'bob', uid: 1001, groups: [1001, 50] },
]
let asked = 0
const directory: Directory = {
  named: (name) => PEOPLE.find((person) => person.name === name),
  of: (uid) => {
    asked++
    return PEOPLE.find((person) => person.uid === uid)
  },
  group: (name) => ({ staff: 50, admin: 27 })[name],
}
const accounts = (allowUsers = '', allowGroups = '', sudoUid?: string) =>
  new Accounts({ allowUsers, allowGroups }, { uid: 500, sudoUid, directory })

describe('accounts', () => {
  test('by default root, Nixie’s own, and the one behind sudo', () => {
    const some = accounts('', '', '1000')
    expect([0, 500, 1000, 1001, 65534].map((uid) => some.mayLook(uid))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ])
    expect([0, 500, 1000].map((uid) => some.owns(uid))).toEqual([true, true, false])
    expect(accounts('', '', 'root; rm').mayLook(0)).toBe(true)
  })

  test('files of this Nixie may be owned by root, its own account, the one behind sudo and the service’s', () => {
    const some = new Accounts(
      { allowUsers: 'alice,bob', allowGroups: '' },
      {
        uid: 0,
        sudoUid: '1000',
        directory: {
          ...directory,
          named: (name) => (name === 'nixie' ? { name, uid: 998, groups: [] } : directory.named(name)),
        },
      },
    )
    expect([0, 1000, 998, 1001, 65534].map((uid) => some.mayOwn(uid))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ])
    expect(accounts('', '', '1000').mayOwn(998)).toBe(false)
  })

  test('by name and by number, with spaces', () => {
    const some = accounts(' alice , 4242,, ')
    expect([1000, 4242, 1001].map((uid) => some.mayLook(uid))).toEqual([true, true, false])
    expect(some.unknown).toEqual([])
  })

  test('by group; the directory is asked once a minute', () => {
    const some = accounts('', 'staff,7')
    asked = 0
    expect([1001, 1000].map((uid) => some.mayLook(uid))).toEqual([true, false])
    for (let i = 0; i < 100; i++) some.mayLook(1000)
    expect(asked).toBe(2)
  })

  test('a name that is not known lets nobody in, and is said', () => {
    const some = accounts('alcie,alice', 'stuff')
    expect(some.unknown).toEqual(['alcie', 'stuff'])
    expect(some.mayLook(1000)).toBe(true)
    expect(some.admitted).toBe('root and alice')
  })

  test('where the machine can’t be asked, numbers still do', () => {
    const fail = () => {
      throw new Error('no libc')
    }
    const some = new Accounts(
      { allowUsers: '7,alice', allowGroups: 'x' },
      { uid: 500, directory: { named: fail, of: fail, group: fail } },
    )
    expect([some.mayLook(7), some.mayLook(8), some.unknown.join()]).toEqual([true, false, 'alice,x'])
    expect(some.describe(8)).toBe('user id 8')
  })
})

test('this machine’s own directory', () => {
  expect(accountNamed('root')).toMatchObject({ name: 'root', uid: 0 })
  expect(accountOf(0)?.groups).toContain(0)
  expect(groupNamed('root')).toBe(0)
  expect([accountNamed('no-such-account'), accountOf(3_999_999_999), groupNamed('no-such-group')]).toEqual([
    undefined,
    undefined,
    undefined,
  ])
})

describe('access', () => {
  const sessions = new Sessions()
  const access = (uids: readonly number[], token?: string) => {
    const owners = new Owners()
    owners.of = () => uids
    return new Access({ accounts: accounts('alice'), owners, sessions, token, wayIn: 'sudo nixie ui' })
  }
  const ASKER = { peer: { address: '127.0.0.1', port: 1 }, listener: { port: 6494 } }
  const refusal = (work: () => unknown): NixieError => {
    try {
      work()
    } catch (cause) {
      if (cause instanceof NixieError) return cause
    }
    throw new Error('it was let in')
  }

  test('root may change, who is let in may look, others get the way in', () => {
    expect(access([0]).admit(ASKER).may).toBe('change')
    expect(access([500]).admit(ASKER).may).toBe('change')
    expect(access([1000]).admit(ASKER).may).toBe('look')
    const { shape, status } = refusal(() => access([65534]).admit(ASKER))
    expect([shape.code, status]).toEqual(['forbidden', 403])
    expect(shape.message).toBe(
      'Only root and alice may look at what this Nixie captured, and this connection is of user id 65534',
    )
    expect(shape.hint).toContain("'sudo nixie ui' prints a link")
  })

  test('an account that can’t be told is let in by nothing but a token or a session', () => {
    expect(refusal(() => access([]).admit(ASKER)).shape.code).toBe('forbidden')
    expect(refusal(() => access([0, 65534]).admit(ASKER)).shape.code).toBe('forbidden')
    expect(refusal(() => access([0]).admit({ peer: undefined, listener: { port: 1 } })).shape.code).toBe(
      'forbidden',
    )
  })

  test('through a proxy that says to be one nobody is its account: a token or a session is needed', () => {
    const asker = { ...ASKER, isForwarded: true }
    for (const uids of [[0], [500], [1000]])
      expect(refusal(() => access(uids).admit(asker)).message).toContain('a proxy passed this on')
    expect(access([0], 'right').admit({ ...asker, authorization: 'Bearer right' }).may).toBe('change')
    expect(refusal(() => access([0], 'right').admit(asker)).status).toBe(401)
  })

  test('the token stands beside it', () => {
    const authorization = 'Bearer right'
    expect(access([65534], 'right').admit({ ...ASKER, authorization }).may).toBe('change')
    expect(access([0], 'right').admit(ASKER).may).toBe('change')
    const wrong = refusal(() => access([65534], 'right').admit({ ...ASKER, authorization: 'Bearer wrong' }))
    expect(wrong.shape).toMatchObject({ code: 'unauthorized', message: 'The token is not the right one' })
    // Without a token file no token is right.
    expect(refusal(() => access([65534]).admit({ ...ASKER, authorization: 'Bearer ' })).status).toBe(403)
  })

  test('a link opens once, and its session is good for that account only', () => {
    const link = sessions.link(undefined)
    const session = sessions.enter(link, 'user 65534', [65534])!
    expect(sessions.enter(link, 'user 65534', [65534])).toBeUndefined()
    expect(access([65534]).admit({ ...ASKER, session }).may).toBe('change')
    expect(refusal(() => access([1001]).admit({ ...ASKER, session })).status).toBe(403)
    expect(refusal(() => access([]).admit({ ...ASKER, session })).status).toBe(403)
    expect(refusal(() => access([65534]).admit({ ...ASKER, session: link })).status).toBe(403)
  })

  test('a link for one account is not spent by another', () => {
    const link = sessions.link(1001)
    expect(sessions.enter(link, 'user 65534', [65534])).toBeUndefined()
    expect(sessions.enter(link, 'address 10.0.0.1', [])).toBeUndefined()
    expect(sessions.enter(link, 'user 1001', [1001])).toBeDefined()
  })

  test('links that are not opened are few', () => {
    const first = sessions.link(undefined)
    for (let i = 0; i < 64; i++) sessions.link(undefined)
    expect(sessions.enter(first, 'x', [])).toBeUndefined()
  })
})
